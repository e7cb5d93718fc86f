"""Whole loads from frames, into both engines, against plain pandas."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import readback
from oracle_load import expected

from graphapi.engines import open_engine
from graphapi.errors import (
    GraphExistsError,
    GraphFileError,
    GraphIncompleteError,
    InputError,
    VerificationError,
)
from graphapi.graph.materialization import read_materialization
from loader import AnnotationFile, FileSource, load, verify_graph
from support import build_graph, connections_frame, example_frames

DATA = Path(__file__).parents[3] / "shared" / "data"
FIELDS = ["cell_class", "side", "region", "hemilineage_score", "proofread", "soma_count"]


def test_graph_holds_what_pandas_says(tmp_path, place):
    connections, annotations = example_frames()
    build_graph(tmp_path, connections, annotations, to=place)
    known = set(annotations["root_id"].dropna().astype("int64"))
    want = expected(connections, known, weighted=True)
    assert readback.edges(place) == want.edges
    assert readback.totals(place) == want.totals


def test_annotation_rows_come_back_as_they_went_in(tmp_path, place):
    connections, annotations = example_frames()
    build_graph(tmp_path, connections, annotations, to=place)
    rows = readback.annotations(place, FIELDS)
    assert [r["annotation_id"] for r in rows] == list(range(len(annotations)))
    for got, (_, want) in zip(rows, annotations.iterrows(), strict=True):
        root = None if pd.isna(want["root_id"]) else int(want["root_id"])
        assert got["root_id"] == got["attached"] == root
        for name in FIELDS:
            value = want[name]
            if isinstance(value, (list, np.ndarray)):
                assert list(got[name]) == list(value)
            else:
                assert got[name] == (None if pd.isna(value) else value), name
    assert isinstance(rows[0]["soma_count"], int)
    assert isinstance(rows[0]["proofread"], bool)


def test_neurons_get_merged_fields_and_conflicts_are_reported(tmp_path, place):
    connections, annotations = example_frames()
    b = int(annotations["root_id"][1])
    path = tmp_path / "rows.parquet"
    table = tmp_path / "annotations.parquet"
    connections.to_parquet(path)
    annotations.to_parquet(table)
    report = load(FileSource(path, annotations=[table]), place, work=tmp_path / "w")
    merged = readback.neurons(place, FIELDS)[b]
    assert merged["cell_class"] == "FBt"  # the first row decides
    assert merged["side"] == "right"  # the first has none
    assert merged["region"] == ["FB", "PB"]  # lists are united, in order
    assert merged["hemilineage_score"] == 1.25
    assert merged["proofread"] is False
    assert merged["soma_count"] == 2
    (conflict,) = report.conflicts.to_dict("records")
    assert {**conflict, "values": list(conflict["values"])} == {
        "root_id": b, "field": "cell_class", "values": ["FBt", "PBt"], "chosen": "FBt",
    }  # fmt: skip
    assert report.counts["annotation_rows"] == 6
    assert report.counts["annotation_rows_attached"] == 5
    assert "1 conflicts" in str(report)


@pytest.mark.parametrize(
    ("damage", "seen"),
    [
        (
            "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) WHERE c.weight = 2 DELETE c",
            {"connections.connections", "connections.weight_sum", "neurons.wrong_out_totals"},
        ),
        (
            "MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) WHERE c.weight = 7 SET c.weight = 8",
            {"connections.weight_sum", "connections.weights", "neurons.wrong_in_totals"},
        ),
        (
            "MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) WHERE c.weight = 1 SET c.size_sum = 1",
            {"connections.size_sum", "connections.sizes"},
        ),
        (
            "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) WHERE c.weight = 7 DELETE c",
            {"connections.connections", "neurons.wrong_in_totals", "neurons.wrong_out_totals"},
        ),
        ("CREATE (:Neuron {root_id: 77})", {"neurons.neurons", "neurons.roots"}),
        (
            "MATCH (n:Neuron) WHERE n.autapses = 4 SET n.autapses = 0",
            {"neurons.autapses", "neurons.totals"},
        ),
        ("MATCH (n:Neuron) WHERE n.side = 'right' SET n.side = 'left'", {"neurons.content"}),
        (
            "MATCH (a:Annotation) WHERE a.cell_class = 'PBt' SET a.cell_class = 'EBc'",
            {"annotations.content"},
        ),
        (
            "MATCH (a:Annotation)-[r:ANNOTATES]->(:Neuron) WHERE a.cell_class = 'PBt' DELETE r",
            {"annotations.attached"},
        ),
        (
            "MATCH (a:Annotation) WHERE a.cell_class = 'PBt' DETACH DELETE a",
            {"annotations.rows", "annotations.attached", "annotations.content"},
        ),
    ],
)
def test_damage_is_detected(tmp_path, place, run_raw, damage, seen):
    connections, annotations = example_frames()
    build_graph(tmp_path, connections, annotations, to=place)
    engine = open_engine(place)
    assert verify_graph(engine).ok
    engine.close()
    run_raw(damage)
    engine = open_engine(place)
    report = verify_graph(engine)
    engine.close()
    assert seen <= {check.name for check in report.failed}
    assert "NOT what was loaded" in str(report)
    with pytest.raises(VerificationError, match="does not hold what was loaded"):
        report.raise_if_wrong()


def test_two_weights_swapped_are_detected(tmp_path, place, run_raw):
    frame = connections_frame([(11, 12, 3), (11, 13, 4), (14, 13, 3), (14, 12, 4)])
    build_graph(tmp_path, frame, to=place)
    # Every sum and every neuron's totals stay as they were.
    run_raw("MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) SET c.weight = 7 - c.weight")
    engine = open_engine(place)
    report = verify_graph(engine)
    engine.close()
    assert {check.name for check in report.failed} == {"connections.weights"}


def test_record_says_what_the_graph_is(tmp_path, place):
    connections, annotations = example_frames()
    build_graph(tmp_path, connections, annotations, to=place, datastack="toy", version=3)
    engine = open_engine(place)
    record = read_materialization(engine)
    (node,) = engine.run_text(
        "MATCH (m:Materialization) RETURN m.datastack AS datastack, m.version AS version, "
        "m.status AS status, m.synapses AS synapses, m.source AS source, m.record AS record"
    ).to_pylist()
    engine.close()
    assert (record.datastack, record.version, record.source) == ("toy", 3, "files")
    assert {k: node[k] for k in ("datastack", "version", "status", "synapses", "source")} == {
        "datastack": "toy", "version": 3, "status": "complete", "synapses": 18, "source": "files",
    }  # fmt: skip
    assert json.loads(node["record"])["load_id"] == record.load_id
    types = {f.name: f.type for f in record.annotation_fields}
    assert types == {
        "root_id": "int", "cell_class": "string", "side": "string", "region": "list[string]",
        "hemilineage_score": "float", "proofread": "bool", "soma_count": "int",
        "annotation_table": "string", "row_id": "string",
    }  # fmt: skip
    assert record.counts["rows_autapse"] == 2
    assert record.counts["synapses_autapse"] == 6


def test_another_graph_is_not_replaced_without_being_told(tmp_path, place):
    connections, annotations = example_frames()
    build_graph(tmp_path, connections, annotations, to=place)
    other = tmp_path / "other.csv"
    other.write_text("pre,post,weight\n5,6,7\n")
    with pytest.raises(GraphExistsError, match="toy at version 1") as caught:
        load(other, place, work=tmp_path / "w1")
    assert "replace" in str(caught.value)
    assert len(readback.edges(place)) == 5
    load(other, place, work=tmp_path / "w2", replace=True)
    assert readback.edges(place) == {(5, 6): (7, 0)}


def test_the_same_load_again_does_nothing(tmp_path, place):
    path = tmp_path / "rows.csv"
    path.write_text("pre,post,weight\n5,6,7\n")
    first = load(path, place, work=tmp_path / "w1")
    again = load(path, place, work=tmp_path / "w1")
    assert again.was_there
    assert again.record.loaded_at == first.record.loaded_at
    assert "nothing to do" in str(again)


def test_synapse_rows_with_a_smallest_size(tmp_path, place):
    rng = np.random.default_rng(7)
    rows = pd.DataFrame(
        {
            "id": np.arange(2000),
            "pre_pt_root_id": rng.choice([0, 1, *range(100, 120)], 2000),
            "post_pt_root_id": rng.choice([0, 1, *range(100, 120)], 2000),
            "size": rng.integers(1, 50, 2000),
        }
    )
    path = tmp_path / "synapses.parquet"
    rows.to_parquet(path)
    report = load(path, place, work=tmp_path / "w", min_size=10)
    plain = rows.rename(columns={"pre_pt_root_id": "pre", "post_pt_root_id": "post"})
    ends = plain[["pre", "post"]]
    resolved = plain[~(ends == 1).any(axis=1)]
    real = resolved[~(resolved[["pre", "post"]] == 0).any(axis=1)]
    large = real[real["size"] >= 10]
    want = expected(large, set(), weighted=False)
    assert readback.edges(place) == want.edges
    assert readback.totals(place) == want.totals
    autapses = int((large["pre"] == large["post"]).sum())
    assert {k: v for k, v in report.counts.items() if k.startswith("rows")} == {
        "rows": 2000,
        "rows_invalid": 0,
        "rows_unresolved": 2000 - len(resolved),
        "rows_background": len(resolved) - len(real),
        "rows_below_min_size": len(real) - len(large),
        "rows_zero_weight": 0,
        "rows_autapse": autapses,
        "rows_kept": len(large) - autapses,
    }


def test_foreign_neurons_are_never_deleted(tmp_path, neo4j_place):
    import os

    import neo4j

    path = tmp_path / "rows.csv"
    path.write_text("pre,post,weight\n5,6,7\n")
    auth = (os.environ["CAVEGRAPH_NEO4J_USER"], os.environ["CAVEGRAPH_NEO4J_PASSWORD"])
    with neo4j.GraphDatabase.driver(neo4j_place, auth=auth) as driver:
        driver.execute_query("CREATE (:Neuron {name: 'not ours'}), (:Paper {title: 'theirs'})")
        with pytest.raises(GraphFileError, match="not made by cavegraph"):
            load(path, neo4j_place, work=tmp_path / "w", replace=True)
        driver.execute_query("MATCH (n:Neuron) DETACH DELETE n")
        load(path, neo4j_place, work=tmp_path / "w")
        load(path, neo4j_place, work=tmp_path / "w", replace=True)
        papers = driver.execute_query("MATCH (p:Paper) RETURN count(p) AS n").records[0]["n"]
    assert papers == 1


def test_a_file_that_is_no_graph_is_never_replaced(tmp_path):
    thesis = tmp_path / "thesis.lbug"
    thesis.write_text("years of work")
    path = tmp_path / "rows.csv"
    path.write_text("pre,post,weight\n5,6,7\n")
    with pytest.raises(GraphFileError, match="is not a graph"):
        load(path, thesis, work=tmp_path / "w", replace=True)
    assert thesis.read_text() == "years of work"


def test_a_half_written_graph_on_neo4j_is_not_readable(tmp_path, neo4j_place, monkeypatch):
    from loader.writers import neo4j as writer

    connections, annotations = example_frames()
    build_graph(tmp_path, connections, annotations, to=neo4j_place)
    path = tmp_path / "rows.csv"
    path.write_text("pre,post,weight\n5,6,7\n")

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(writer.Neo4jWriter, "_fill", broken)
        with pytest.raises(KeyboardInterrupt):
            load(path, neo4j_place, work=tmp_path / "w", replace=True)
    engine = open_engine(neo4j_place)
    with pytest.raises(GraphIncompleteError):
        read_materialization(engine)
    engine.close()
    other = tmp_path / "other.csv"
    other.write_text("pre,post,weight\n8,9,1\n")
    with pytest.raises(GraphExistsError, match="was interrupted"):
        load(other, neo4j_place, work=tmp_path / "w3")
    load(path, neo4j_place, work=tmp_path / "w")  # the same load may go on
    assert readback.edges(neo4j_place) == {(5, 6): (7, 0)}


def test_an_empty_table_gives_an_empty_graph(tmp_path, place):
    path = tmp_path / "rows.csv"
    path.write_text("pre,post,weight\n")
    report = load(path, place, work=tmp_path / "w")
    assert report.counts["neurons"] == 0
    assert readback.edges(place) == {}


def test_a_target_that_cannot_be_written_is_found_before_anything_is_fetched(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("pre,post,weight\n5,6,7\n")
    steps: list[str] = []
    with pytest.raises(InputError, match="cannot be used"):
        load(path, path / "g.lbug", work=tmp_path / "w", on_step=steps.append)
    assert steps == []
    assert not (tmp_path / "w").exists()


def test_min_size_needs_sizes(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("pre,post,weight\n5,6,7\n")
    with pytest.raises(InputError, match="no synapse sizes"):
        load(path, tmp_path / "g.lbug", work=tmp_path / "w", min_size=3)
    assert not (tmp_path / "g.lbug").exists()


def computed(name: str) -> dict[str, int]:
    return json.loads((DATA / "reference" / "computed.json").read_text())[name]


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize(
    ("name", "make", "table", "weight"),
    [
        (
            "larva_winding2023 (all types)",
            lambda d: FileSource(
                d / "larva_winding2023" / "edges.parquet",
                annotations=[d / "larva_winding2023" / "neurons.parquet"],
            ),
            "larva_winding2023/edges.parquet",
            "weight",
        ),
        (
            "celegans_cook2019 hermaphrodite (chemical, all cells)",
            lambda d: FileSource(
                d / "celegans_cook2019" / "hermaphrodite_edges.parquet",
                annotations=[
                    AnnotationFile(d / "celegans_cook2019" / "hermaphrodite_cells.parquet")
                ],
                columns={"weight": "chemical"},
            ),
            "celegans_cook2019/hermaphrodite_edges.parquet",
            "chemical",
        ),
        (
            "microns_pinky100_v185",
            lambda d: FileSource(d / "microns_pinky100_v185" / "synapses.parquet"),
            "microns_pinky100_v185/synapses.parquet",
            "",
        ),
    ],
)
def test_real_connectomes_have_their_known_totals(tmp_path, place, name, make, table, weight):
    load(make(DATA), place, work=tmp_path / "w")
    want = computed(name)
    seen = readback.totals(place)
    totals = np.array(list(seen.values()))
    edges = readback.edges(place)
    weights = np.array([w for w, _ in edges.values()])
    in_an_edge = {root for pair in edges for root in pair}
    reciprocal = sum((post, pre) in edges for pre, post in edges) // 2
    assert len(edges) == want["edges"]
    assert weights.sum() == want["weight_sum"] == totals[:, 0].sum() == totals[:, 1].sum()
    assert weights.sum() + totals[:, 4].sum() == want["weight_sum_with_autapses"]
    assert weights.max() == want["weight_max"]
    assert reciprocal == want["reciprocal_pairs"]
    assert 2 * reciprocal / len(edges) == pytest.approx(want["reciprocity"], abs=1e-12)
    assert len(in_an_edge | {r for r, t in seen.items() if t[4]}) == want["nodes"]

    # degrees and strengths, straight from the file; sorted, because names became ids
    rows = pd.read_parquet(DATA / table)
    rows = rows.rename(columns={"pre_pt_root_id": "pre", "post_pt_root_id": "post"})
    rows["w"] = rows[weight] if weight else 1
    rows = rows[(rows["w"] > 0) & (rows["pre"] != rows["post"])]
    pairs = rows.groupby(["pre", "post"], as_index=False)["w"].sum()
    for column, end, measure in (
        (0, "post", "sum"),
        (1, "pre", "sum"),
        (2, "post", "size"),
        (3, "pre", "size"),
    ):
        of_each = pairs.groupby(end)["w"].agg(measure)
        assert sorted(t[column] for t in seen.values() if t[column]) == sorted(of_each)
