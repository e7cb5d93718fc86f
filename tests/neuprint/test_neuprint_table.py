"""The table of docs/from-neuprint.md: every call of neuprint-python is in it, and tested."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import requests
from hemibrain import APL, BODIES, FRAGMENTS, SOURCE, Hemibrain
from neuprint_client import as_default

import neuprint
from neuprint import admin

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "from-neuprint.md"
Call = Callable[[neuprint.Client], object]
#: What the server cannot answer, and how it is asked.
CANNOT: dict[str, Call] = {
    "fetch_mitochondria": lambda c: neuprint.fetch_mitochondria(APL, client=c),
    "fetch_connection_mitochondria": lambda c: neuprint.fetch_connection_mitochondria(
        APL, SOURCE, client=c
    ),
    "fetch_synapses_and_closest_mitochondria": lambda c: (
        neuprint.fetch_synapses_and_closest_mitochondria(APL, client=c)
    ),
    "MitoCriteria": lambda c: neuprint.fetch_mitochondria(
        APL, neuprint.MitoCriteria(mitoType="dark", client=c), client=c
    ),
    "Client.fetch_roi_mesh": lambda c: c.fetch_roi_mesh("EB"),
    "Client.fetch_help": lambda c: c.fetch_help(),
    "Client.fetch_token": lambda c: c.fetch_token(),
    "Client.fetch_daily_type": lambda c: c.fetch_daily_type(),
    "Client.fetch_raw_keyvalue": lambda c: c.fetch_raw_keyvalue("a", "b"),
    "Client.post_raw_keyvalue": lambda c: c.post_raw_keyvalue("a", "b", b"c"),
    "admin.Transaction": lambda c: admin.Transaction(c.dataset, client=c).__enter__(),
}


def rows_of(page: str) -> dict[str, str]:
    """By call, what the table says of it."""
    found = {}
    for names, said in re.findall(r"^\| (`[^|]+`) \| (works|differs|cannot|local) \|", page, re.M):
        for name in re.findall(r"`([\w.]+)`", names):
            assert name not in found, f"{name} is in two rows"
            found[name] = said
    return found


TABLE = rows_of(PAGE.read_text("utf-8"))


def test_all_that_neuprint_python_has_is_in_the_table() -> None:
    own = {
        name
        for name, one in inspect.getmembers(neuprint, callable)
        if not name.startswith("_") and one.__module__.startswith("neuprint")
    }
    methods = {
        f"Client.{n}"
        for n in dir(neuprint.Client)
        if re.match("fetch|post|arrow|meta|all|primary", n)
    }
    doubled = {"Client.fetch_custom", "Client.fetch_skeleton"}  # functions of the same name
    assert set(TABLE) == own | methods - doubled | {"admin.Transaction"}


def test_every_row_has_a_test() -> None:
    called = set()
    for path in (*HERE.glob("test_*.py"), HERE / "neuprint_client.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                called |= {n.attr for n in ast.walk(function) if isinstance(n, ast.Attribute)}
                called |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    untested = {
        name
        for name, said in TABLE.items()
        if said in ("works", "differs") and name.removeprefix("Client.") not in called
    }
    assert untested == set()
    assert set(CANNOT) == {name for name, said in TABLE.items() if said == "cannot"}


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_answered_is_refused(hemibrain_client: neuprint.Client, name: str) -> None:
    with as_default(hemibrain_client), pytest.raises(requests.HTTPError) as refused:
        CANNOT[name](hemibrain_client)
    assert refused.value.response.status_code in (400, 404)


@pytest.mark.parametrize("name", [name for name, said in TABLE.items() if said == "local"])
def test_what_asks_no_server_takes_no_client(name: str) -> None:
    assert "client" not in inspect.signature(getattr(neuprint, name)).parameters


def test_a_client_is_the_default_until_another_is(hemibrain_client: neuprint.Client) -> None:
    with as_default(hemibrain_client):
        assert neuprint.default_client() == hemibrain_client
        assert hemibrain_client in neuprint.list_all_clients()
        found = neuprint.fetch_neurons(neuprint.SegmentCriteria(bodyId=APL), omit_rois=True)
    assert found["type"].tolist() == ["APL"]


def test_neurons_have_the_fields_of_the_file(
    hemibrain_client: neuprint.Client, hemibrain: Hemibrain
) -> None:
    fields = ["bodyId", "type", "instance", "status", "statusLabel", "cropped", "size",
              "cellBodyFiber", "somaRadius", "somaLocation"]  # fmt: skip
    wanted = hemibrain.neurons.sort_values("bodyId", ignore_index=True)[fields]
    found, _ = neuprint.fetch_neurons(wanted["bodyId"].tolist(), client=hemibrain_client)
    pd.testing.assert_frame_equal(found[fields], wanted, check_dtype=False)
    one, _ = neuprint.fetch_custom_neurons(
        f"MATCH (n:Neuron) WHERE n.bodyId = {APL} RETURN n", client=hemibrain_client
    )
    row = wanted[wanted["bodyId"] == APL].iloc[0]
    assert {name: one[name].iloc[0] for name in fields} == row.to_dict()


def test_criteria_of_the_files_fields(
    hemibrain_client: neuprint.Client, hemibrain: Hemibrain
) -> None:
    cells = hemibrain.neurons.set_index("bodyId").sort_index()
    for asked, kept in (
        ({"status": "Traced", "cropped": True}, cells["cropped"]),
        ({"type": neuprint.NotNull}, cells["type"].notna()),
        ({"type": neuprint.IsNull, "status": neuprint.NotNull}, cells["type"].isna()),
        ({"status": "Orphan"}, cells["status"] == "Orphan"),
        ({"type": ["FB.*", "ExR."], "regex": True}, cells["type"].str.match("FB|ExR").eq(True)),
        ({"cellBodyFiber": "PDM1"}, cells["cellBodyFiber"] == "PDM1"),
    ):
        criteria = neuprint.NeuronCriteria(**asked, client=hemibrain_client)
        found = neuprint.fetch_neurons(criteria, omit_rois=True, client=hemibrain_client)
        assert found["bodyId"].tolist() == cells.index[kept].tolist(), asked
        assert len(found), asked


def test_orphans_downstream(hemibrain_client: neuprint.Client, hemibrain: Hemibrain) -> None:
    with as_default(hemibrain_client):
        found = neuprint.fetch_downstream_orphan_tasks(SOURCE, client=hemibrain_client)
    weights = hemibrain.weights[SOURCE]
    known = hemibrain.neurons.set_index("bodyId")["status"]
    orphans = weights[weights.index.map(known) != "Traced"]
    told = dict(zip(found["bodyId_post"], found["orphan_weight"], strict=True))
    assert told == orphans.to_dict()
    assert len(set(told) & set(FRAGMENTS)) > 1000
    assert found["cum_completeness"].iloc[-1] == 1


def test_what_the_client_asks_about_the_server(
    hemibrain_client: neuprint.Client, hemibrain: Hemibrain
) -> None:
    client = hemibrain_client
    assert client.fetch_version() == client.fetch_db_version() >= "1.7.3"
    assert client.arrow_endpoint()
    assert client.fetch_database()["Location"] == "hemibrain v0"
    assert list(client.fetch_datasets(reload_cache=True)) == [client.dataset]
    assert client.fetch_instances() == {}
    assert client.fetch_profile()["AuthLevel"] == "readonly"
    assert {*hemibrain.neurons.columns, "pre", "post", "roiInfo"} <= set(client.fetch_neuron_keys())
    assert client.fetch_synapse_nt_keys() == []
    assert client.meta["dataset"] == "hemibrain"
    assert set(client.primary_rois) < set(client.all_rois)
    assert client.meta["totalPostCount"] == hemibrain.rows["weight"].sum()


def test_lists_of_all_kinds_and_counts(hemibrain_client: neuprint.Client) -> None:
    found = neuprint.fetch_custom(
        "WITH [425790257, 2, 2.5] AS a, [1, -2] AS b, [1, 'x', null] AS c, [] AS d "
        "MATCH (n:Neuron) WHERE n.bodyId IN a OR n.bodyId = [611, 612][1] "
        "RETURN a, b, c, d, count(n) AS n, count(n.type) AS t, count(DISTINCT n) AS e",
        client=hemibrain_client,
    )
    assert found.iloc[0].tolist() == [[APL, 2, 2.5], [1, -2], [1, "x", None], [], 2, 2, 2]


def test_navis_asks_as_neuprint_python_does(
    hemibrain_client: neuprint.Client, hemibrain: Hemibrain, capsys: pytest.CaptureFixture[str]
) -> None:
    from navis.interfaces import neuprint as interface

    neurons, _ = interface.fetch_neurons(list(BODIES), client=hemibrain_client)
    assert neurons["type"].tolist() == [BODIES[one] for one in sorted(BODIES)]
    _, found = interface.fetch_adjacencies(
        list(BODIES), list(BODIES), omit_rois=True, client=hemibrain_client
    )
    weights = hemibrain.weights
    wanted = {(a, b): w for (a, b), w in weights.items() if a in BODIES and b in BODIES}
    rows = found[["bodyId_pre", "bodyId_post", "weight"]].itertuples(index=False)
    assert {(a, b): w for a, b, w in rows} == wanted
    with pytest.raises(requests.HTTPError, match="404"):
        interface.fetch_roi("EB", client=hemibrain_client)
    # navis prints the reason, and goes on with the others
    assert not len(interface.fetch_skeletons([APL], parallel=False, client=hemibrain_client))
    assert "no skeletons" in capsys.readouterr().out
