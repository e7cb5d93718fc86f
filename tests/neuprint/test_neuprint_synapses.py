"""neuprint-python asks for synapses: CAVE's rows, against the served table by pandas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
from neuprint_client import client_of

import graphapi
import neuprint
from graphapi.errors import CaveResponseError
from loader import CaveSource, load
from loader.sandbox.standin import serve, write_folder
from neuprint import SynapseCriteria

BASE = 576460752700000000
REGIONS = ["AL(R)", "LH(R)"]
#: Rows of the region that is not named when the graph is loaded belong to none.
NEUROPILS = [*REGIONS, "", None]
COLUMNS = ["bodyId", "type", "roi", "x", "y", "z", "confidence", "id", "size"]


def made_rows() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    count = 240
    roots = np.array([0, *(BASE + np.arange(1, 8))])
    rows = pd.DataFrame({"id": np.cumsum(rng.integers(1, 9, count)) + 2**40})
    for end in ("pre", "post"):
        rows[f"{end}_pt_root_id"] = rng.choice(roots, count)
    rows["size"] = rng.integers(1, 60, count)
    rows["confidence"] = rng.integers(1, 100, count) / 128
    rows["neuropil"] = rng.choice(np.array(NEUROPILS, dtype=object), count)
    for end in ("pre", "post", "ctr"):
        for axis, most in zip("xyz", (90_000, 50_000, 4_000), strict=True):
            rows[f"{end}_pt_position_{axis}"] = rng.integers(0, most, count)
    return rows


ROWS = made_rows()
#: Of two neurons: one tree whose points are in no order, and one in two pieces.
SKELETONS = pd.DataFrame(
    [
        *((BASE + 1, 4000, 80, 400, 90, 3, 2), (BASE + 1, 8000, 80, 400, 70, 3, 0)),
        *((BASE + 1, 40, 80, 400, 3000, 1, -1), (BASE + 1, 40, 8000, 4000, 50, 2, 2)),
        *((BASE + 2, 4, 4, 40, 8, 0, -1), (BASE + 2, 8, 4, 40, 8, 0, 0)),
        *((BASE + 2, 400, 4, 40, 8, 0, -1), (BASE + 2, 404, 4, 40, 8, 0, 2)),
    ],
    columns=["root_id", "x", "y", "z", "radius", "compartment", "parent"],
)
_ENDS = ROWS[["pre_pt_root_id", "post_pt_root_id"]]
#: Without background and autapses, as the graph's weights.
KEPT = ROWS[(_ENDS > 0).all(axis=1) & _ENDS.nunique(axis=1).eq(2)]


def expected(side: str, roots: list[int]) -> pd.DataFrame:
    """The synapses of some neurons at one end, in neuPrint's columns."""
    rows = KEPT[KEPT[f"{side}_pt_root_id"].isin(roots)]
    named = {f"{side}_pt_root_id": "bodyId", "neuropil": "roi"}
    named |= {f"{side}_pt_position_{axis}": axis for axis in "xyz"}
    found = rows.rename(columns=named).assign(type=side)
    return found.assign(roi=found["roi"].replace("", None))[COLUMNS]


def both_ends(roots: list[int]) -> pd.DataFrame:
    return pd.concat([expected("pre", roots), expected("post", roots)])


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Compare rows in any order; no value is a float that was a whole number."""
    keys = [name for name in ("bodyId", "bodyId_pre", "type", "id", "id_pre") if name in wanted]
    tables = [
        frame[list(wanted.columns)]
        .astype({name: object for name in wanted if name.startswith(("roi", "type"))})
        .sort_values(keys, ignore_index=True)
        for frame in (found, wanted)
    ]
    tables = [one.where(one.notna(), None) for one in tables]
    pd.testing.assert_frame_equal(*tables, check_dtype=False)
    assert len(wanted) > 0


@pytest.fixture(scope="module")
def graphs(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, graphapi.Connectome]]:
    """Graphs of two tables: one says regions and confidence, the other has neither."""
    folder = tmp_path_factory.mktemp("rows")
    plain = ROWS.drop(columns=["neuropil", "confidence"])
    write_folder(folder / "served", {"synapses": ROWS, "plain": plain}, synapse_table="synapses")
    SKELETONS.to_parquet(folder / "served" / "skeletons.parquet")
    with serve(folder / "served") as server:
        opened = {}
        for table in ("synapses", "plain"):
            source = CaveSource(
                server.datastack, server=server.url, token="0" * 32, synapse_table=table
            )
            load(source, folder / f"{table}.lbug", work=folder / f"{table}.work", progress=False)
            opened[table] = graphapi.Connectome.open(
                folder / f"{table}.lbug", server=server.url, token="0" * 32
            )
        yield opened
        for one in opened.values():
            one.close()


@pytest.fixture(scope="module")
def client(
    graphs: dict[str, graphapi.Connectome], certificate: tuple[Path, Path]
) -> Iterator[neuprint.Client]:
    with client_of(graphs["synapses"], certificate) as made:
        yield made


@pytest.fixture(scope="module")
def plain(
    graphs: dict[str, graphapi.Connectome], certificate: tuple[Path, Path]
) -> Iterator[neuprint.Client]:
    with client_of(graphs["plain"], certificate) as made:
        yield made


def test_synapses_of_neurons(client: neuprint.Client) -> None:
    roots = [BASE + 1, BASE + 2, BASE + 5]
    same(neuprint.fetch_synapses(roots, batch_size=2, client=client), both_ends(roots))
    assert client.meta["voxelSize"] == [4, 4, 40]
    assert "voxels of voxelSize" in client.meta["info"]


@pytest.mark.parametrize(
    ("criteria", "wanted"),
    [
        ({"type": "pre"}, lambda rows: rows["type"] == "pre"),
        ({"confidence": 0.5}, lambda rows: rows["confidence"] > 0.5),
        ({"rois": ["AL(R)"]}, lambda rows: rows["roi"] == "AL(R)"),
        (
            {"rois": REGIONS, "type": "post"},
            lambda rows: rows["roi"].isin(REGIONS) & (rows["type"] == "post"),
        ),
        ({"primary_only": False}, lambda rows: rows["id"] > 0),
    ],
)
def test_criteria_of_synapses(client: neuprint.Client, criteria: dict, wanted: object) -> None:
    roots = [BASE + 3, BASE + 4]
    chosen = SynapseCriteria(client=client, **criteria)
    found = neuprint.fetch_synapses(roots, chosen, client=client)
    every = both_ends(roots)
    same(found, every[wanted(every)])


def test_mean_synapses(client: neuprint.Client) -> None:
    roots = [BASE + 1, BASE + 6]
    numbers = ["x", "y", "z", "confidence"]
    for by_roi, keys in ((True, ["bodyId", "roi", "type"]), (False, ["bodyId", "type"])):
        found = neuprint.fetch_mean_synapses(roots, by_roi=by_roi, client=client)
        groups = both_ends(roots).groupby(keys)
        wanted = groups[numbers].mean().join(groups.size().rename("count"))
        found = found.astype({"type": str}).set_index(keys).sort_index()
        pd.testing.assert_frame_equal(found[wanted.columns], wanted, check_dtype=False, rtol=1e-5)


@pytest.mark.parametrize(
    ("pre", "post", "rois"),
    [([1, 2], [3, 4, 5], None), ([1], None, None), (None, [2, 6], None), ([1, 2], None, ["LH(R)"])],
)
def test_synapse_connections(
    client: neuprint.Client, pre: list | None, post: list | None, rois: list | None
) -> None:
    ends = [None if one is None else [BASE + number for number in one] for one in (pre, post)]
    chosen = SynapseCriteria(rois=rois, client=client)
    found = neuprint.fetch_synapse_connections(*ends, chosen, client=client)
    wanted = KEPT
    for side, ids in zip(("pre", "post"), ends, strict=True):
        wanted = wanted if ids is None else wanted[wanted[f"{side}_pt_root_id"].isin(ids)]
        named = {f"{side}_pt_root_id": f"bodyId_{side}"}
        named |= {f"{side}_pt_position_{axis}": f"{axis}_{side}" for axis in "xyz"}
        wanted = wanted.rename(columns=named)
        more = {f"{name}_{side}": wanted[name] for name in ("confidence", "id", "size")}
        wanted = wanted.assign(**more, **{f"roi_{side}": wanted["neuropil"].replace("", None)})
    if rois:
        wanted = wanted[wanted["neuropil"].isin(rois)]
    same(found, wanted[[name for name in wanted if name.endswith(("_pre", "_post"))]])


def test_weights_count_the_synapses(client: neuprint.Client) -> None:
    _, edges = neuprint.fetch_adjacencies(BASE + 1, BASE + 2, client=client)
    rows = neuprint.fetch_synapse_connections(BASE + 1, BASE + 2, client=client)
    strong = neuprint.fetch_synapse_connections(
        BASE + 1, BASE + 2, min_total_weight=len(rows) + 1, client=client
    )
    assert edges["weight"].sum() == len(rows) > 0
    assert strong.empty


def test_a_table_without_confidence_and_regions(plain: neuprint.Client) -> None:
    """What the rows have is answered; what they lack is refused, and not an empty table."""
    wanted = both_ends([BASE + 1]).assign(roi=None, confidence=np.nan)
    same(neuprint.fetch_synapses(BASE + 1, client=plain), wanted)
    sure = SynapseCriteria(confidence=0.5, client=plain)
    with pytest.raises(requests.HTTPError, match="have no property 'confidence'"):
        neuprint.fetch_synapses(BASE + 1, sure, client=plain)
    with pytest.raises(requests.HTTPError, match="by_roi=False"):
        neuprint.fetch_mean_synapses(BASE + 1, client=plain)
    found = neuprint.fetch_mean_synapses(BASE + 1, by_roi=False, client=plain)
    assert found["count"].tolist() == wanted.groupby("type").size()[found["type"]].tolist()


def test_what_cave_is_not_asked_is_refused(client: neuprint.Client) -> None:
    for call in (neuprint.fetch_mitochondria, neuprint.fetch_synapses_and_closest_mitochondria):
        with pytest.raises(requests.HTTPError, match="get_cave_client"):
            call(BASE + 1, client=client)
    with pytest.raises(requests.HTTPError, match="another shape"):
        client.fetch_custom("MATCH (s:Synapse) RETURN s")
    with pytest.raises(RuntimeError, match="No neurotransmitter"):
        neuprint.fetch_synapses(BASE + 1, nt="max", client=client)


def test_a_synapse_as_a_whole(client: neuprint.Client) -> None:
    found = client.fetch_custom(
        f"MATCH (n:Neuron {{bodyId: {BASE + 2}}})-[:Contains]->(:SynapseSet)-[:Contains]->"
        "(s:Synapse) WHERE s.type = 'post' RETURN id(s) AS id, s.location AS place, s",
    )
    by_id = KEPT.set_index("id")
    assert sorted(found["id"]) == sorted(by_id.index[by_id["post_pt_root_id"] == BASE + 2])
    for one, place, whole in found.to_numpy().tolist():
        row = by_id.loc[one]
        coordinates = [row[f"post_pt_position_{axis}"] for axis in "xyz"]
        assert place == {"type": "Point", "coordinates": coordinates}
        assert whole["location"] == place
        assert whole["size"] == row["size"]


def test_synapses_lie_in_larger_regions_too(
    graphs: dict[str, graphapi.Connectome], certificate: tuple[Path, Path]
) -> None:
    larger = {"regions": {"BOTH": REGIONS}}
    with client_of(graphs["synapses"], certificate, neuprint=larger) as client:
        found = client.fetch_custom(
            "MATCH (n:Neuron)-[:Contains]->(:SynapseSet)-[:Contains]->(s:Synapse) "
            f"WHERE n.bodyId = {BASE + 1} AND s.BOTH RETURN s.id AS id, s.type AS type"
        )
    rows = both_ends([BASE + 1])
    wanted = rows.loc[rows["roi"].isin(REGIONS), ["id", "type"]]
    assert sorted(found.itertuples(index=False)) == sorted(wanted.itertuples(index=False))
    assert 0 < len(wanted) < len(rows)


@pytest.mark.parametrize("side", ["pre", "post"])
def test_synapses_as_neuprintr_asks(client: neuprint.Client, side: str) -> None:
    """Two neurons by rows of a list; the synapse itself, its row's id and the partner."""
    roots = [BASE + 3, BASE + 7]
    ends = {
        "pre": "(c:SynapseSet)-[:Contains]->(s:Synapse)-[:SynapsesTo]->(:Synapse)",
        "post": "(:SynapseSet)-[:Contains]->(p:Synapse)<-[:SynapsesTo]-(s:Synapse)",
    }
    own = "s" if side == "pre" else "p"
    found = client.fetch_custom(
        f"WITH {roots} AS bodyIds UNWIND bodyIds AS bodyId MATCH (a:`Segment`)-[:Contains]->"
        f"{ends[side]}<-[:Contains]-(:SynapseSet)<-[:Contains]-(b:`Segment`) "
        "WHERE a.bodyId=bodyId AND (s.type='pre') AND (exists(s.`AL(R)`)) RETURN DISTINCT id(s) AS "
        f"connector_id, {own}.type AS prepost, {own}.location.x AS x ,{own}.location.y AS y, "
        f"{own}.location.z AS z, {own}.confidence AS confidence, a.bodyId AS bodyid, "
        "b.bodyId AS partner"
    )
    rows = KEPT[KEPT[f"{side}_pt_root_id"].isin(roots) & (KEPT["neuropil"] == "AL(R)")]
    rows = rows.assign(type=side)
    names = ["id", "type", *(f"{side}_pt_position_{axis}" for axis in "xyz"), "confidence"]
    names += [
        f"{one}_pt_root_id" for one in (("pre", "post") if side == "pre" else ("post", "pre"))
    ]
    assert sorted(found.to_numpy().tolist()) == sorted(rows[names].to_numpy().tolist()) != []


@pytest.mark.parametrize("body", [BASE + 1, BASE + 2])
def test_skeletons_are_caves(client: neuprint.Client, body: int) -> None:
    points = SKELETONS[SKELETONS["root_id"] == body].reset_index(drop=True)
    points[["x", "y", "z", "radius"]] /= (4, 4, 40, 4)
    above = points.join(points[["x", "y", "z"]], on="parent", rsuffix="_above")
    columns = ["x", "y", "z", "radius", "x_above", "y_above", "z_above"]
    found = neuprint.fetch_skeleton(body, client=client)
    assert found["rowId"].tolist() == [1, 2, 3, 4]
    assert (found["link"] < found["rowId"]).all()
    by_number = found.set_index("rowId")[["x", "y", "z"]]
    met = found.join(by_number, on="link", rsuffix="_above")[columns]
    order = ["x", "y"]
    pd.testing.assert_frame_equal(
        met.sort_values(order, ignore_index=True),
        above[columns].sort_values(order, ignore_index=True),
        check_dtype=False,
    )
    address = f"{client.server}/api/skeletons/skeleton/{client.dataset}/{body}"
    table = client.session.get(address, verify=client.verify, timeout=60).json()
    assert table["columns"] == list(found)
    assert table["data"] == found.to_numpy().tolist()
    healed = neuprint.NeuronModel(body, client=client).skeleton_df
    assert (healed["link"] == -1).sum() == 1


def test_navis_fetches_them(
    graphs: dict[str, graphapi.Connectome], certificate: tuple[Path, Path]
) -> None:
    interface = pytest.importorskip("navis.interfaces.neuprint")
    given = {"size": "out_synapses"}
    with client_of(graphs["synapses"], certificate, neuprint=given) as client:
        asked = {"with_synapses": True, "parallel": False, "client": client}
        (neuron,) = interface.fetch_skeletons([BASE + 1], **asked)
    points = SKELETONS[SKELETONS["root_id"] == BASE + 1]
    wanted = (points[["x", "y", "z"]] / (4, 4, 40)).to_numpy().tolist()
    assert sorted(neuron.nodes[["x", "y", "z"]].to_numpy().tolist()) == sorted(wanted)
    assert [float(one.magnitude) for one in neuron.units_xyz] == [4, 4, 40]
    assert len(neuron.connectors) == len(both_ends([BASE + 1]))


def test_graphapi_has_them_in_nanometres(graphs: dict[str, graphapi.Connectome]) -> None:
    found = graphs["plain"].get_skeletons([BASE + 2, BASE + 1], progress=False)
    assert list(found) == [BASE + 2, BASE + 1]
    names = ["x", "y", "z", "radius", "compartment"]
    for body, skeleton in found.items():
        points = SKELETONS[SKELETONS["root_id"] == body]
        wanted = points[names].itertuples(index=False, name=None)
        assert sorted(skeleton[names].itertuples(index=False, name=None)) == sorted(wanted)
    with pytest.raises(CaveResponseError, match="not a valid root id"):
        graphs["plain"].get_skeletons([BASE + 1, BASE + 3], progress=False)


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        (f"DATASET/{BASE + 3}", 400, "not a valid root id"),
        (f"DATASET/{BASE + 90}", 404, str(BASE + 90)),
        (f"hemibrain/{BASE + 1}", 404, "hemibrain"),
        (f"DATASET/{BASE + 1}?format=obj", 400, "obj"),
        ("DATASET/nobody", 400, "nobody"),
    ],
)
def test_a_skeleton_that_is_not_there_has_a_reason(
    client: neuprint.Client, path: str, status: int, reason: str
) -> None:
    address = f"{client.server}/api/skeletons/skeleton/{path.replace('DATASET', client.dataset)}"
    answer = client.session.get(address, verify=client.verify, timeout=60)
    assert re.search(reason, answer.json()["error"])
    assert answer.status_code == status
