"""Transmitters of neurons and connections: published samples, both engines, and hand-made tables.

The right words come from the samples' `expected.json` and from `WORDS` below, which shares no
code with the loader.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import graphapi
from graphapi.common.transmitters import SPELLINGS, transmitter
from graphapi.engines import open_engine
from graphapi.errors import InputError, SourceSchemaError, UnknownFieldError
from loader import AnnotationFile, FileSource, load, verify_graph
from loader.sources.annotationtable import AnnotationTable
from loader.sources.cavetables import annotation_rows
from support.samples import make_samples

WORDS = {
    "ACH": "acetylcholine", "GABA": "gaba", "GLUT": "glutamate", "ach": "acetylcholine",
    "gaba": "gaba", "glut": "glutamate", "acetylcholine": "acetylcholine",
    "glutamate": "glutamate", "histamine": "histamine",
}  # fmt: skip
EDGES = pd.DataFrame({"pre": [1, 1, 2, 3, 4], "post": [2, 3, 3, 4, 1], "weight": [5, 3, 2, 7, 4]})


@pytest.fixture(scope="module", params=[0, 1, 2])
def samples(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return folder, make_samples(folder, request.param)


def loaded(samples, name: str, place: str, tmp_path: Path) -> graphapi.Connectome:
    folder, told = samples[0], samples[1][name]
    files = [folder / file for file in told["files"]]
    annotations = [folder / file for file in told.get("annotations", [])]
    load(FileSource(files, annotations=annotations), place, work=tmp_path / "w", progress=False)
    return graphapi.Connectome.open(place)


@pytest.mark.parametrize("name", ["codex", "male_cns"])
def test_neurons_of_samples_have_the_right_transmitter(samples, name, place, tmp_path):
    with loaded(samples, name, place, tmp_path) as connectome:
        found = connectome.get_neurons(connectome.root_ids())
    want = {int(root): WORDS[text] for root, text in samples[1][name]["transmitter"].items()}
    assert dict(zip(found["root_id"], found["transmitter"], strict=True)) == want
    assert found["transmitter_score"].notna().all()
    assert found["transmitter_source"].str.contains("nt").all()


def test_connections_of_samples_have_the_right_transmitter(samples, place, tmp_path):
    text = "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) RETURN a.root_id AS pre, c.transmitter AS t"
    with loaded(samples, "zenodo", place, tmp_path) as connectome:
        rows = connectome.cypher(text)
        neurons = connectome.get_neurons(np.unique(rows["pre"])).set_index("root_id")
        record = connectome.materialization
    told = samples[1]["zenodo"]
    want = {int(root): WORDS[text] for root, text in told["edge_transmitter"].items()}
    assert len(rows) == len(told["weights"])
    assert list(rows["t"]) == [want[pre] for pre in rows["pre"]]
    # with no table of neurons, a neuron has what its output speaks for, and says so
    assert neurons["transmitter"].to_dict() == {pre: want[pre] for pre in neurons.index}
    assert set(neurons["transmitter_source"]) == {"outgoing connections"}
    assert [item.name for item in record.connection_fields] == ["transmitter"]


def test_verify_sees_a_changed_transmitter(place, tmp_path, run_raw):
    path = tmp_path / "edges.parquet"
    EDGES.assign(nt_type=["ACH", "ACH", "GABA", None, "GLUT"]).to_parquet(path)
    load(path, place, work=tmp_path / "w", progress=False)

    def failed() -> list[str]:
        engine = open_engine(place)
        try:
            return [check.name for check in verify_graph(engine, progress=False).failed]
        finally:
            engine.close()

    assert failed() == []
    # two connections exchange their transmitters: all counts stay
    one = "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) WHERE a.root_id = {} AND b.root_id = {} "
    run_raw(one.format(1, 2) + "SET c.transmitter = 'gaba'")
    run_raw(one.format(2, 3) + "SET c.transmitter = 'acetylcholine'")
    assert failed() == ["connections.transmitters"]


def staged(tmp_path: Path, tables: dict[str, pd.DataFrame], edges: pd.DataFrame = EDGES, **said):
    folder = Path(tmp_path)
    edges.to_parquet(folder / "edges.parquet")
    files = []
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet")
        files.append(AnnotationFile(folder / f"{name}.parquet", **said.get(name, {})))
    source = FileSource(folder / "edges.parquet", annotations=files)
    return load(source, folder / "g.lbug", work=folder / "w", progress=False)


def neurons_of(tmp_path: Path) -> pd.DataFrame:
    with graphapi.Connectome.open(tmp_path / "g.lbug") as connectome:
        return connectome.get_neurons(connectome.root_ids()).set_index("root_id")


def test_texts_that_are_not_transmitters_are_left_out_and_reported(tmp_path):
    texts = ["ach", "ACH, GABA", "unclear", " 5-HT "]
    report = staged(tmp_path, {"t": pd.DataFrame({"root_id": [1, 2, 3, 4], "nt_type": texts})})
    found = neurons_of(tmp_path)["transmitter"]
    assert found.to_dict() == {1: "acetylcholine", 2: None, 3: None, 4: "serotonin"}
    (note,) = [note for note in report.record.notes if "not names of transmitters" in note]
    assert "'ACH, GABA' (1 rows)" in note
    assert "unclear" not in note
    assert report.counts["neurons_with_transmitter"] == 2
    assert "2 of 4 neurons have a transmitter" in str(report)


def test_the_first_table_decides_and_the_conflict_is_reported(tmp_path):
    first = pd.DataFrame({"root_id": [1, 2], "top_nt": ["gaba", None], "top_nt_conf": [0.7, 0.1]})
    second = pd.DataFrame({"root_id": [1, 2, 3], "nt_type": ["ACH", "GLUT", "da"]})
    report = staged(tmp_path, {"first": first, "second": second})
    found = neurons_of(tmp_path)
    assert found["transmitter"].to_dict() == {1: "gaba", 2: "glutamate", 3: "dopamine", 4: None}
    assert found["transmitter_source"][1] == "first, top_nt"
    assert found["transmitter_source"][2] == "second, nt_type"
    assert found["transmitter_score"][1] == 0.7
    assert np.isnan(found["transmitter_score"][2])
    conflicts = report.conflicts[report.conflicts["field"] == "transmitter"]
    (row,) = conflicts.to_dict("records")
    assert (row["root_id"], list(row["values"]), row["chosen"]) == (
        1, ["gaba", "acetylcholine"], "gaba"
    )  # fmt: skip


def test_the_highest_average_decides_and_a_tie_decides_nothing(tmp_path):
    table = pd.DataFrame(
        {
            "root_id": [1, 2, 3, 4],
            "ach_avg": [0.5, 0.4, 0.0, None],
            "gaba_avg": [0.2, 0.4, 0.0, 0.6],
            "oct_avg": [0.3, 0.2, 0.0, None],
        }
    )
    staged(tmp_path, {"averages": table})
    found = neurons_of(tmp_path)
    assert found["transmitter"].to_dict() == {1: "acetylcholine", 2: None, 3: None, 4: "gaba"}
    assert found["transmitter_score"][1] == 0.5
    assert "highest of" in found["transmitter_source"][4]


def test_a_column_can_be_named_or_refused(tmp_path):
    table = pd.DataFrame({"root_id": [1, 2], "nt_type": ["ach", "ach"], "mine": ["gaba", "glut"]})
    named, none, wrong = (tmp_path / name for name in ("named", "none", "wrong"))
    for folder in (named, none, wrong):
        folder.mkdir()
    staged(named, {"t": table}, t={"columns": {"transmitter": "mine"}})
    assert neurons_of(named)["transmitter"][1] == "gaba"
    staged(none, {"t": table}, t={"columns": {"transmitter": "none"}})
    assert "transmitter" not in neurons_of(none)
    with pytest.raises(SourceSchemaError, match="no column 'other'"):
        staged(wrong, {"t": table}, t={"columns": {"transmitter": "other"}})


def test_a_column_called_transmitter_keeps_its_raw_texts_beside(tmp_path):
    staged(tmp_path, {"t": pd.DataFrame({"root_id": [1], "transmitter": ["ACH?"]})})
    found = neurons_of(tmp_path)
    assert found["raw_transmitter"][1] == "ACH?"
    assert found["transmitter"][1] is None


def test_a_pair_with_rows_of_several_transmitters_keeps_that_of_most_synapses(tmp_path):
    edges = pd.DataFrame(
        [(1, 2, 5, "ACH"), (1, 2, 3, "GABA"), (1, 2, 3, "gaba"), (2, 1, 4, "ACH"),
         (2, 1, 4, "GLUT"), (1, 3, 2, None), (3, 1, 1, "what?")],
        columns=["pre", "post", "weight", "nt_type"],
    )  # fmt: skip
    report = staged(tmp_path, {}, edges)
    with graphapi.Connectome.open(tmp_path / "g.lbug") as connectome:
        rows = connectome.cypher(
            "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) "
            "RETURN a.root_id AS a, b.root_id AS b, c.transmitter AS t"
        )
    found = {(row["a"], row["b"]): row["t"] for row in rows.to_dict("records")}
    assert found == {(1, 2): "gaba", (2, 1): None, (1, 3): None, (3, 1): None}
    notes = " ".join(report.record.notes)
    assert "2 pairs of neurons have rows of several transmitters" in notes
    assert "'what?' (1 rows)" in notes


def test_a_column_of_free_text_is_not_one_of_transmitters(tmp_path):
    rows = 1_500
    edges = pd.DataFrame({"pre": range(rows), "post": range(1, rows + 1), "weight": 1})
    edges["nt_type"] = [f"text {k}" for k in range(rows)]
    with pytest.raises(SourceSchemaError, match="different texts"):
        staged(tmp_path, {}, edges)


def test_a_cave_table_says_transmitters_too():
    rows = pa.table({"id": [1, 2], "pt_root_id": [11, 12], "mine": ["ACH", "gaba"]})
    table = AnnotationTable("nt", transmitter={"transmitter": "mine"})
    staged_rows, info = annotation_rows(table.reshape(rows), "nt", table.transmitter)
    assert info.transmitter == {"transmitter": "mine"}
    assert staged_rows["mine"].to_pylist() == ["ACH", "gaba"]
    with pytest.raises(SourceSchemaError, match="no column"):
        AnnotationTable("nt", transmitter={"transmitter": "absent"}).reshape(rows)
    _, plain = annotation_rows(rows.rename_columns(["id", "pt_root_id", "top_nt"]), "nt")
    assert plain.transmitter == {"transmitter": "top_nt"}


def test_every_spelling_means_one_transmitter():
    spellings = [word for ours, others in SPELLINGS.items() for word in (ours, *others)]
    assert len(spellings) == len(set(spellings))
    for ours, others in SPELLINGS.items():
        assert {transmitter(f" {text.upper()} ") for text in (ours, *others)} == {ours}


def draw(seed: int) -> tuple[pd.DataFrame, dict[int, str | None], dict[int, str]]:
    chance = np.random.default_rng(seed)
    ids = range(10, 10 + int(chance.integers(4, 13)))
    rows = {
        (pre, post): int(chance.integers(1, 10))
        for pre in ids
        for post in ids
        if pre != post and chance.random() < 0.5
    }
    frame = pd.DataFrame(
        [(a, b, w) for (a, b), w in rows.items()], columns=["pre", "post", "weight"]
    )
    names = ["acetylcholine", "gaba", "glutamate", "dopamine", None]
    return (
        frame,
        {root: names[chance.integers(len(names))] for root in ids},
        {root: "AB"[chance.integers(2)] for root in ids},
    )


@pytest.mark.parametrize("seed", range(3))
def test_signed_answers_are_what_pandas_says(seed, place, tmp_path):
    edges, names, types = draw(seed)
    table = pd.DataFrame(
        {"root_id": list(names), "nt_type": names.values(), "kind": types.values()}
    )
    edges.to_parquet(tmp_path / "edges.parquet")
    table.to_parquet(tmp_path / "t.parquet")
    source = FileSource(tmp_path / "edges.parquet", annotations=[tmp_path / "t.parquet"])
    load(source, place, work=tmp_path / "w", progress=False)
    own = {"acetylcholine": 1, "gaba": -1, "glutamate": 1, "dopamine": 0, "unknown": -1}
    fly = {"acetylcholine": 1, "gaba": -1, "glutamate": -1}
    with graphapi.Connectome.open(place) as connectome:
        for signs, table_of, unknown in (("fly", fly, 0), (own, own, -1)):
            sign = edges["pre"].map(lambda root: names[root] or "unknown").map(
                {**dict.fromkeys(["dopamine", "unknown"], 0), **table_of}
            )  # fmt: skip
            signed = edges.assign(weight=edges["weight"] * sign)
            strong = signed[edges["weight"] >= 3]
            whole = connectome.to_sparse(3, signed=True, signs=signs)
            assert as_dict(whole.connections.to_frame()) == as_dict(strong[strong["weight"] != 0])
            roots = sorted(names)
            frame = connectome.get_adjacency(roots, roots, signed=True, signs=signs)
            want = signed.pivot_table(
                index="pre", columns="post", values="weight", fill_value=0
            ).reindex(index=roots, columns=roots, fill_value=0)
            assert (frame.to_numpy() == want.to_numpy()).all()
            told = frame.attrs["signs"]
            pre = set(edges["pre"])
            assert told["unknown"] == unknown
            assert told["neurons_unknown"] == sum(names[root] is None for root in pre)
            assert told["connections_left_out"] == int((sign == 0).sum())
            kinds = connectome.get_type_connectivity("kind", signed=True, signs=signs)
            by = [signed["pre"].map(types), signed["post"].map(types)]
            sums = signed.groupby(by)["weight"].sum()
            pairs = zip(kinds["pre_type"], kinds["post_type"], strict=True)
            assert list(kinds["signed_synapses"]) == [sums[pair] for pair in pairs]
            assert graphapi.type_matrix(kinds, "signed_synapses").to_numpy().sum() == sums.sum()
        assert connectome.get_signs("mammal").to_dict() == {
            root: {"acetylcholine": 1, "glutamate": 1, "gaba": -1}.get(name or "", 0)
            for root, name in names.items()
        }


def as_dict(frame: pd.DataFrame) -> dict[tuple[int, int], int]:
    return {(a, b): w for a, b, w in frame.itertuples(index=False)}


def test_nothing_is_assumed_about_signs(tmp_path):
    table = pd.DataFrame({"root_id": [1, 2, 3], "nt_type": ["ACH", "GLUT", None]})
    staged(tmp_path, {"t": table})
    with graphapi.Connectome.open(tmp_path / "g.lbug") as connectome:
        for ask in (
            connectome.to_sparse,
            lambda **signed: connectome.get_type_connectivity("nt_type", **signed),
            lambda **signed: connectome.get_adjacency([1], **signed),
        ):
            with pytest.raises(InputError, match="glutamate"):
                ask(signed=True)
        with pytest.raises(InputError, match="no sign for glutamate, unknown"):
            connectome.get_adjacency([1, 2, 3], signed=True, signs={"acetylcholine": 1})
        with pytest.raises(InputError, match="no table 'bird'"):
            connectome.to_sparse(signed=True, signs="bird")
        with pytest.raises(InputError, match="'cement' is not a transmitter"):
            connectome.get_signs({"cement": 1})
        with pytest.raises(InputError, match="is not a sign"):
            connectome.get_signs({"gaba": 0.5})
        assert connectome.to_sparse().connections.weight.min() > 0


def test_without_transmitters_signs_are_refused_with_the_remedy(tmp_path):
    staged(tmp_path, {})
    with graphapi.Connectome.open(tmp_path / "g.lbug") as connectome:
        with pytest.raises(UnknownFieldError, match="no transmitters") as raised:
            connectome.to_sparse(signed=True, signs="fly")
        assert "transmitter=COLUMN" in raised.value.hint


def test_the_record_of_a_load_names_no_columns_of_connections_where_there_are_none(tmp_path):
    report = staged(tmp_path, {})
    assert "connection_fields" not in json.loads(report.record.to_json())
    assert pq.read_schema(tmp_path / "w" / "connections.parquet").names == [
        "pre", "post", "weight", "size_sum"
    ]  # fmt: skip
