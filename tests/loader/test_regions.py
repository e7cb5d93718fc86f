"""Weights by region: published samples and drawn rows, on both engines, against plain pandas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphapi
from graphapi.engines import open_engine
from graphapi.engines.ladybug import LadybugEngine
from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph import ranges
from graphapi.graph.readthrough import read_through
from loader import FileSource, load, verify_graph
from support.samples import make_samples

ROWS = pd.DataFrame(
    [(1, 2, "AL", 5), (1, 2, "LH", 3), (2, 1, "AL", 4), (1, 3, None, 2), (3, 1, " ", 1),
     (3, 2, "LH", 7), (2, 2, "AL", 9), (1, 2, None, 1)],
    columns=["pre", "post", "neuropil", "weight"],
)  # fmt: skip
ALL = "MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron) RETURN a.root_id, b.root_id, c.region, c.weight"


@pytest.fixture(scope="module", params=[0, 1, 2])
def samples(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return folder, make_samples(folder, request.param)


def put(rows: pd.DataFrame, place: str, folder: Path, **columns: str) -> graphapi.Connectome:
    rows.to_parquet(folder / "rows.parquet")
    source = FileSource(folder / "rows.parquet", columns=columns)
    load(source, place, work=folder / "w", progress=False, replace=True)
    return graphapi.Connectome.open(place)


@pytest.mark.parametrize(
    "name", ["codex", "codex_synapse_table", "zenodo", "zenodo_synapses", "hemibrain_roi"]
)
def test_regions_of_samples_are_right(samples, name, place, tmp_path):
    folder, told = samples[0], samples[1][name]
    files = [folder / file for file in told["files"]]
    load(FileSource(files), place, work=tmp_path / "w", progress=False)
    with graphapi.Connectome.open(place) as connectome:
        neurons = connectome.root_ids()
        found = connectome.get_connectivity(neurons, by_region=True)
        whole = connectome.get_connectivity(neurons)
    rows = sorted(found[["pre", "post", "region", "weight"]].values.tolist())
    assert rows == sorted(told["regions"])
    assert sorted(whole.values.tolist()) == sorted(told["weights"])


def test_rows_without_a_region_count_under_one_name(place, tmp_path):
    with put(ROWS, place, tmp_path) as connectome:
        rows = sorted(connectome.cypher(ALL).values.tolist())
        assert rows == [
            [1, 2, "AL", 5], [1, 2, "LH", 3], [1, 2, "unassigned", 1], [1, 3, "unassigned", 2],
            [2, 1, "AL", 4], [3, 1, "unassigned", 1], [3, 2, "LH", 7],
        ]  # fmt: skip
        assert connectome.materialization.regions == ("AL", "LH", "unassigned")
        sizes = connectome.get_regions()
        assert sizes.values.tolist() == [["LH", 2, 10], ["AL", 2, 9], ["unassigned", 3, 4]]
        assert connectome.get_regions([1]).values.tolist() == [
            [1, "AL", 4, 5, 1, 1], [1, "unassigned", 1, 3, 1, 2], [1, "LH", 0, 3, 0, 1]
        ]  # fmt: skip


def test_every_question_can_be_asked_in_regions(place, tmp_path):
    with put(ROWS, place, tmp_path) as connectome:
        some = connectome.get_connectivity([1], regions=["AL", "LH"])
        assert some.values.tolist() == [[1, 2, 8], [2, 1, 4]]
        assert some.attrs["regions"] == ["AL", "LH"]
        # the threshold is on the pair's sum over the regions asked for
        assert connectome.get_connectivity([1], regions="AL", threshold=5).values.tolist() == [
            [1, 2, 5]
        ]
        by_region = connectome.get_connectivity([1], upstream=False, by_region=True, threshold=3)
        assert by_region.values.tolist() == [
            [1, 2, "AL", 5], [1, 2, "LH", 3], [1, 2, "unassigned", 1]
        ]  # fmt: skip
        matrix = connectome.get_adjacency([1, 2, 3], [1, 2, 3], regions="LH")
        assert matrix.to_numpy().tolist() == [[0, 3, 0], [0, 0, 0], [0, 7, 0]]
        whole = connectome.to_sparse(regions="LH")
        assert whole.to_sparse().toarray().tolist() == matrix.to_numpy().tolist()
        counts = connectome.get_synapse_counts([2, 1], regions="LH")
        assert counts["upstream_partners"].tolist() == [2, 0]
        assert counts["output_synapses"].tolist() == [0, 3]
        each = connectome.get_synapse_counts([2, 1, 2], by_region=True)
        assert [list(key) for key in each.index] == [
            [2, "AL"], [2, "LH"], [2, "unassigned"],
            [1, "AL"], [1, "LH"], [1, "unassigned"],
            [2, "AL"], [2, "LH"], [2, "unassigned"],
        ]  # fmt: skip
        assert each["output_synapses"].tolist() == [4, 0, 0, 5, 3, 3, 4, 0, 0]
        assert each["upstream_partners"].tolist() == [1, 2, 1, 1, 0, 1, 1, 2, 1]
        strong = connectome.get_synapse_counts([1], 9, regions=["AL", "LH"], by_region=True)
        assert strong.empty
        with pytest.raises(InputError, match="no region 'LA'"):
            connectome.get_connectivity([1], regions="LA")
        with pytest.raises(InputError, match="own synapses only"):
            connectome.get_connectivity([1], regions="AL", clean=False)


def test_types_in_regions(place, tmp_path):
    ROWS.to_parquet(tmp_path / "rows.parquet")
    kinds, words = ["A", "B", "B"], ["GABA", "ACH", None]
    pd.DataFrame({"root_id": [1, 2, 3], "kind": kinds, "nt_type": words}).to_parquet(
        tmp_path / "t.parquet"
    )
    source = FileSource(tmp_path / "rows.parquet", annotations=[tmp_path / "t.parquet"])
    load(source, place, work=tmp_path / "w", progress=False)
    with graphapi.Connectome.open(place) as connectome:
        in_al = connectome.get_type_connectivity("kind", regions="AL")
        assert in_al[["pre_type", "post_type", "connections", "synapses"]].values.tolist() == [
            ["A", "B", 1, 5], ["B", "A", 1, 4]
        ]  # fmt: skip
        each = connectome.get_type_connectivity("kind", by_region=True)
        whole = connectome.get_type_connectivity("kind")
        keys = ["pre_type", "post_type"]
        assert each.groupby(keys)["synapses"].sum().tolist() == whole["synapses"].tolist()
        assert each["share_of_output"].groupby(each["pre_type"]).sum().tolist() == pytest.approx(
            [1, 1]
        )
        signed = connectome.get_type_connectivity("kind", by_region=True, signed=True, signs="fly")
        assert signed[[*keys, "region", "synapses", "signed_synapses"]].values.tolist() == [
            ["A", "B", "AL", 5, -5], ["A", "B", "LH", 3, -3], ["A", "B", "unassigned", 3, -3],
            ["B", "A", "AL", 4, 4], ["B", "A", "unassigned", 1, 0], ["B", "B", "LH", 7, 0],
        ]  # fmt: skip
        whole = connectome.get_type_connectivity("kind", signed=True, signs="fly")
        summed = signed.groupby(keys)["signed_synapses"].sum()
        assert whole["signed_synapses"].tolist() == summed.tolist() == [-11, 4, 0]
        assert signed.attrs["signs"] == whole.attrs["signs"]


def test_saved_queries_about_regions(place, tmp_path):
    with put(ROWS, place, tmp_path) as connectome:

        def pasted(name: str, **changes: str) -> list[list[object]]:
            query = catalog()[name]
            text = query.text_for(connectome.engine.name)
            for old, new in changes.values():
                assert old in text
                text = text.replace(old, new)
            frame = connectome.cypher(text)
            assert list(frame.columns) == [item.name for item in query.columns]
            return frame.to_numpy().tolist()

        assert pasted("region_table") == [["LH", 2, 10], ["AL", 2, 9], ["unassigned", 3, 4]]
        one = ("576460752732847432", "1")
        assert pasted("outputs_by_region", root=one) == [
            ["AL", 1, 5], ["LH", 1, 3], ["unassigned", 2, 3]
        ]  # fmt: skip
        there = {"region": ("'AL_L'", "'AL'"), "least": ("5 AS least", "4 AS least")}
        assert pasted("connections_in_region", **there) == [[1, 2, 5], [2, 1, 4]]


def test_a_graph_without_regions_says_so(tmp_path):
    with put(ROWS, str(tmp_path / "g.lbug"), tmp_path, region="none") as connectome:
        assert connectome.materialization.regions == ()
        for ask in (
            connectome.get_regions,
            lambda: connectome.get_connectivity([1], by_region=True),
            lambda: connectome.to_sparse(regions="AL"),
        ):
            with pytest.raises(InputError, match="has no regions"):
                ask()


def test_rows_that_are_no_connections_leave_no_regions(place, tmp_path):
    with put(ROWS[ROWS["pre"] == ROWS["post"]], place, tmp_path) as connectome:
        assert connectome.materialization.regions == ()
        assert verify_graph(connectome.engine, progress=False).ok


MUTATIONS = {
    "moved to another region": (
        "MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron) WHERE a.root_id = 3 AND b.root_id = 2 "
        "SET c.region = 'AL'"
    ),
    "one synapse less": (
        "MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron) WHERE a.root_id = 3 AND b.root_id = 2 "
        "SET c.weight = 6"
    ),
    "deleted": (
        "MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron) WHERE a.root_id = 2 AND b.root_id = 1 "
        "DELETE c"
    ),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_verify_sees_a_changed_region(what, place, tmp_path, run_raw):
    put(ROWS, place, tmp_path).close()

    def failed() -> set[str]:
        engine = open_engine(place)
        try:
            return {check.name for check in verify_graph(engine, progress=False).failed}
        finally:
            engine.close()

    assert failed() == set()
    run_raw(MUTATIONS[what])
    found = failed()
    assert "regions.content" in found
    # the sum over regions no longer equals the weight, but where the sum stays
    assert ("regions.unequal" in found) == (what != "moved to another region")


def test_regions_and_transmitters_are_verified_a_range_at_a_time(tmp_path, monkeypatch):
    """What is asked per range holds few connections in memory, and adds up to the same."""
    words = ["ACH", "ACH", "GABA", None, "GLUT", "ACH", "ACH", "GABA"]
    put(ROWS.assign(nt_type=words), str(tmp_path / "g.lbug"), tmp_path).close()
    monkeypatch.setattr(ranges, "_NEURONS", 1)
    asked: list[str] = []
    real = LadybugEngine.run

    def run(engine, query, *given, **more):
        asked.append(query.name)
        return real(engine, query, *given, **more)

    monkeypatch.setattr(LadybugEngine, "run", run)
    engine = LadybugEngine.open(tmp_path / "g.lbug")
    report = verify_graph(engine, progress=False)
    engine.close()
    assert report.ok
    names = {check.name for check in report.checks}
    assert names > {"connections.transmitters", "regions.content", "regions.unequal"}
    for name in (
        "transmitters_checksum", "regions_checksum", "connections_spread", "regions_spread",
    ):  # fmt: skip
        assert asked.count(name) == 3  # once per neuron
    read_through(tmp_path / "g.lbug")


rows_drawn = st.lists(
    st.tuples(
        st.integers(1, 6), st.integers(1, 6),
        st.sampled_from(["A", "B", "C", "", None]), st.integers(0, 9),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@given(rows=rows_drawn)
@settings(
    max_examples=5, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_regions_sum_to_the_weight(rows, tmp_path):
    frame = pd.DataFrame(rows, columns=["pre", "post", "region", "weight"])
    frame = pd.concat([frame, pd.DataFrame([(1, 2, "A", 1)], columns=frame.columns)])
    folder = tmp_path / str(abs(hash(tuple(rows))))
    folder.mkdir(exist_ok=True)
    with put(frame, str(folder / "g.lbug"), folder, weight="weight") as connectome:
        neurons = connectome.root_ids()
        parts = connectome.get_connectivity(neurons, by_region=True)
        whole = connectome.get_connectivity(neurons).set_index(["pre", "post"])["weight"]
    summed = parts.groupby(["pre", "post"])["weight"].sum()
    assert summed.to_dict() == whole.to_dict()
    used = frame[(frame["pre"] != frame["post"]) & (frame["weight"] > 0)]
    region = used["region"].fillna("").replace("", "unassigned")
    want = used.groupby(["pre", "post", region])["weight"].sum()
    assert parts.set_index(["pre", "post", "region"])["weight"].to_dict() == want.to_dict()
    assert np.issubdtype(parts["weight"].dtype, np.int64)
