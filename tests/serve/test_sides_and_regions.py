"""Left against right, and regions, on a graph that has both; counted again in pandas."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from serve_client import Client

import graphapi
from graphapi.serve.running import serve
from graphapi.serve.settings import Settings
from support.graphs import build_graph

TYPES = {1: "A", 2: "A", 3: "A", 4: "B", 5: "C", 6: "D"}
SIDES = {1: "left", 2: "right", 3: "right", 4: "left", 5: "right", 6: None}
ROWS = pd.DataFrame(
    [(1, 4, 5, "EB"), (1, 4, 2, "FB"), (2, 4, 3, "FB"), (3, 5, 4, "EB"), (6, 1, 9, "EB")],
    columns=["pre", "post", "weight", "region"],
)


@pytest.fixture(scope="module")
def connectome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[graphapi.Connectome]:
    annotations = pd.DataFrame(
        {"root_id": list(TYPES), "cell_type": list(TYPES.values()), "side": list(SIDES.values())}
    )
    place = build_graph(tmp_path_factory.mktemp("sides"), ROWS, annotations)
    with graphapi.Connectome.open(place) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(connectome: graphapi.Connectome) -> Iterator[Client]:
    with serve(connectome, Settings()) as running:
        yield Client(running)


def test_left_against_right(client: Client) -> None:
    answer = client.get("sides", neurons="cell_type=A", by="cell_type")
    assert answer["members"] == {"left": ["1"], "right": ["2", "3"]}
    found = {
        (row["direction"], row["partner_type"]): (row["left"], row["right"], row["missing_on"])
        for row in client.records("sides", neurons="cell_type=A", by="cell_type")
    }
    assert found == {
        ("downstream", "B"): (7, 3, None),
        ("downstream", "C"): (0, 4, "left"),
        ("upstream", "D"): (9, 0, "right"),
    }
    first = client.records("sides", neurons="cell_type=A", by="cell_type", sort="-left")[0]
    assert (first["left_per_neuron"], first["right_per_neuron"]) == (9, 0)


def test_a_side_without_members_lacks_nothing(client: Client) -> None:
    rows = client.records("sides", neurons="1,6", by="cell_type")
    assert {row["missing_on"] for row in rows} == {None}
    assert client.get("sides", neurons="6", by="cell_type")["without_side"] == ["6"]


@pytest.mark.parametrize("regions", [["EB"], ["EB", "FB"]])
def test_partners_in_regions(client: Client, regions: list[str]) -> None:
    rows = client.records("partners", neurons="cell_type=A", regions=regions)
    inside = ROWS[ROWS["region"].isin(regions) & ROWS["pre"].map(TYPES).eq("A")]
    expected = inside.groupby(["pre", "post"])["weight"].sum()
    found = {(int(row["neuron"]), int(row["partner"])): row["weight"] for row in rows}
    assert found == expected.to_dict()
    whole = ROWS.groupby("pre")["weight"].sum()
    for row in rows:
        share = row["weight"] / whole[int(row["neuron"])]
        assert row["share_of_output"] == pytest.approx(share)


def test_regions(client: Client) -> None:
    expected = ROWS.groupby("region")["weight"].sum().to_dict()
    assert {row["region"]: row["synapses"] for row in client.records("regions")} == expected
    one = client.get("neuron", id="1", by="cell_type")["regions"]
    assert one["total"] == 2
    by_region = client.records("connectivity", neurons="1", by_region=1, direction="downstream")
    assert sorted((row["region"], row["weight"]) for row in by_region) == [("EB", 5), ("FB", 2)]


def test_an_unknown_id_in_among_is_an_error(client: Client) -> None:
    answer = client.ask("partners", neurons="1", among="4,77")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "unknown_root_id")


def test_influence_says_the_class_of_each_neuron(client: Client) -> None:
    rows = client.records("influence", seeds="6", threshold=1, fields="cell_type")
    assert {int(row["neuron_id"]): row["cell_type"] for row in rows}.items() <= TYPES.items()
    assert {row["cell_type"] for row in rows} >= {"A", "B"}
    refused = client.ask("influence", seeds="6", fields="cell_type", by="side")
    assert "groups have no properties" in refused.json()["error"]["message"]
    unknown = client.ask("influence", seeds="6", fields="colour")
    assert "no such property: 'colour'" in unknown.json()["error"]["message"]
