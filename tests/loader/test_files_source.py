"""Files as a source: formats, ids, weights, and what bad files get."""

from __future__ import annotations

import gzip
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from graphapi.errors import CavegraphError, InputError, NotFoundError, SourceSchemaError
from loader import AnnotationFile, FileSource, load
from loader.stages.make import Stages, make
from loader.work.settings import Settings
from loader.work.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

BIG = 576460752773799604  # not a multiple of 64: no float64 holds it
PAIRS = [(BIG, BIG + 1, 3), (BIG + 1, BIG + 3, 1), (BIG, BIG + 3, 2)]


def staged(tmp_path: Path, source: FileSource, min_size: float | None = None) -> Stages:
    with Workspace(tmp_path / "stages", source.origin().key) as workspace:
        source.extract(workspace, Settings(progress=False))
        return make(workspace, min_size, Settings(progress=False))


def edges(made: Stages) -> set[tuple[int, int, int]]:
    table = pq.read_table(made.connections).to_pydict()
    return set(zip(table["pre"], table["post"], table["weight"], strict=True))


def roots(made: Stages) -> list[int]:
    return pq.read_table(made.neurons)["root_id"].to_pylist()


def write(path: Path, frame: pd.DataFrame) -> Path:
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    if plain.suffix in (".csv", ".tsv"):
        frame.to_csv(plain, index=False, sep="\t" if plain.suffix == ".tsv" else ",")
    elif plain.suffix == ".parquet":
        frame.to_parquet(plain, index=False)
    else:
        feather.write_feather(pa.Table.from_pandas(frame, preserve_index=False), plain)
    if path.suffix == ".gz":
        with plain.open("rb") as source, gzip.open(path, "wb") as target:
            shutil.copyfileobj(source, target)
        plain.unlink()
    return path


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "feather", "arrow"])
@pytest.mark.parametrize("as_text", [False, True])
def test_every_format_gives_the_same_exact_ids(tmp_path, ending, packed, as_text):
    frame = pd.DataFrame(PAIRS, columns=["pre", "post", "weight"])
    table = pd.DataFrame({"root_id": [BIG, BIG + 7], "side": ["left", "right"]})
    if as_text:
        frame = frame.astype({"pre": str, "post": str})
        table = table.astype({"root_id": str})
    rows = write(tmp_path / f"rows.{ending}{packed}", frame)
    annotations = write(tmp_path / f"table.{ending}{packed}", table)
    made = staged(tmp_path, FileSource(rows, annotations=[annotations]))
    assert edges(made) == set(PAIRS)
    assert roots(made) == [BIG, BIG + 1, BIG + 3, BIG + 7]
    stored = pq.read_table(made.annotations).to_pylist()
    assert [(r["root_id"], r["side"]) for r in stored] == [(BIG, "left"), (BIG + 7, "right")]


def test_several_files_are_one_table(tmp_path):
    frame = pd.DataFrame(PAIRS, columns=["pre", "post", "weight"])
    one, two = tmp_path / "a.parquet", tmp_path / "b.parquet"
    frame.to_parquet(one)
    frame[:1].to_parquet(two)
    made = staged(tmp_path, FileSource([one, two]))
    assert (BIG, BIG + 1, 6) in edges(made)
    frame.rename(columns={"weight": "n_syn"}).to_parquet(two)
    with pytest.raises(SourceSchemaError, match="other columns"):
        staged(tmp_path / "x", FileSource([one, two]))


def test_rows_of_one_pair_are_summed(tmp_path):
    path = tmp_path / "regions.csv"
    path.write_text("pre,post,region,syn_count\n1,2,FB,3\n1,2,EB,4\n2,1,EB,1\n")
    assert edges(staged(tmp_path, FileSource(path))) == {(1, 2, 7), (2, 1, 1)}


def test_one_is_an_id_in_files_and_not_looked_up_in_cave_tables(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("pre,post,weight\n1,2,3\n0,2,3\n,2,3\n")
    made = staged(tmp_path, FileSource(path))
    assert edges(made) == {(1, 2, 3)}
    assert made.counts["rows_background"] == made.counts["rows_unresolved"] == 1
    cave = tmp_path / "cave.csv"
    cave.write_text("id,pre_pt_root_id,post_pt_root_id\n7,1,2\n8,3,2\n")
    made = staged(tmp_path / "c", FileSource(cave))
    assert edges(made) == {(3, 2, 1)}
    assert roots(made) == [2, 3]
    assert made.counts["rows_unresolved"] == 1


def test_invalid_rows_of_a_dump_are_left_out(tmp_path):
    path = tmp_path / "dump.csv"
    path.write_text("id,pre_pt_root_id,post_pt_root_id,valid\n1,5,6,t\n2,5,6,f\n3,5,6,\n")
    made = staged(tmp_path, FileSource(path))
    assert edges(made) == {(5, 6, 2)}
    assert made.counts["rows_invalid"] == 1


def test_sizes_are_summed_and_gaps_count_nothing(tmp_path):
    frame = pd.DataFrame({"pre": [5, 5, 5, 6], "post": [6, 6, 6, 5]})
    frame["size"] = [10.0, 20.4, np.nan, 3.0]
    path = tmp_path / "rows.parquet"
    frame.to_parquet(path)
    table = pq.read_table(staged(tmp_path, FileSource(path)).connections).to_pylist()
    assert {(r["pre"], r["post"], r["weight"], r["size_sum"]) for r in table} == {
        (5, 6, 3, 30),
        (6, 5, 1, 3),
    }
    made = staged(tmp_path / "m", FileSource(path), min_size=5)
    assert edges(made) == {(5, 6, 2)}
    assert made.counts["rows_below_min_size"] == 2


def test_names_become_ids_in_their_order(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("pre,post,chemical\nRIA,AVA,3\nAVA,RIA,0\nAVA,NA,2\n")
    table = tmp_path / "cells.csv"
    table.write_text("cell,type\nAVA,inter\nZZZ,\n")
    made = staged(tmp_path, FileSource(rows, annotations=[table], columns={"weight": "chemical"}))
    stored = pq.read_table(made.neurons).to_pylist()
    assert [(r["root_id"], r["name"], r["type"]) for r in stored] == [
        (1, "AVA", "inter"), (2, "NA", None), (3, "RIA", None), (4, "ZZZ", None),
    ]  # fmt: skip
    assert (3, 1, 3) in edges(made)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pre,post,weight\n1.0,2.0,3\n", "floats"),
        ("pre,post,weight\n5.764e17,2,3\n", "floats"),
        ("pre,post,weight\n1,abc,3\n2,3,1\n", "names"),
        ("pre,post,weight\n1,abc,3\n2,3,1\n1,2,3\n", "names|no ids"),
        ("pre,post,weight\n12,abc,3\n12,17,1\n", "not ids"),
        ("pre,post,weight\n-1,2,3\n", "not a root id|not ids|names|floats"),
        ("pre,post,weight\n99999999999999999999,2,3\n", "not a root id"),
        ("pre,post,weight\n1,2,2.5\n", "whole numbers"),
        ("pre,post,weight\n1,2,-2\n", "whole numbers"),
        ("pre,post,weight\n1,2,\n", "whole numbers"),
        ("pre,post,weight\n1,2,many\n", "whole numbers"),
        ("from,to,weight\n1,2,3\n", "no column for"),
        ("root_id,class\n1,x\n", "a table of neurons goes with -a"),
        ("pre,post,weight\n1,2,3,4,5\n1,2\n", "cannot be read|row that cannot"),
        ("", "cannot be read|no column"),
    ],
)
def test_bad_rows_are_refused_with_the_file_named(tmp_path, text, says):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(CavegraphError, match=says) as caught:
        staged(tmp_path, FileSource(path))
    assert isinstance(caught.value, SourceSchemaError)


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_float_ids_are_refused_even_when_whole(tmp_path, kind):
    path = tmp_path / "rows.parquet"
    frame = pd.DataFrame({"pre": [1.0, 2.0], "post": [2, 3], "weight": [1, 1]})
    frame.astype({"pre": kind}).to_parquet(path)
    with pytest.raises(SourceSchemaError, match="not exact"):
        staged(tmp_path, FileSource(path))


def test_bad_files_are_refused(tmp_path):
    with pytest.raises(NotFoundError, match="no file"):
        FileSource(tmp_path / "absent.csv")
    strange = tmp_path / "rows.xlsx"
    strange.write_text("x")
    with pytest.raises(InputError, match="format"):
        FileSource(strange)
    (graph := tmp_path / "fly.lbug").write_text("x")
    with pytest.raises(InputError, match="a graph already"):
        FileSource(graph)
    for name in ("a.parquet", "a.feather", "a.csv.gz", "a.parquet.gz"):
        path = tmp_path / name
        path.write_bytes(b"not what the name says")
        with pytest.raises(SourceSchemaError, match=name):
            staged(tmp_path / f"work of {name}", FileSource(path))


def test_a_file_name_cannot_run_sql(tmp_path):
    path = tmp_path / "rows'); DROP VIEW x; --.csv"
    path.write_text('pre,post,"weight"\n1,2,3\n')
    assert edges(staged(tmp_path, FileSource(path))) == {(1, 2, 3)}


def test_field_types_are_kept(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("pre,post,weight\n1,2,3\n")
    table = pa.table(
        {
            "root_id": pa.array([1, 2, 2], pa.uint64()),
            "small": pa.array([1, None, 3], pa.int8()),
            "half": pa.array([0.5, None, float("nan")], pa.float32()),
            "flag": pa.array([True, None, False]),
            "kind": pa.array(["a", None, "a"]).dictionary_encode(),
            "when": pa.array([0, None, 1_500_000], pa.timestamp("us", "UTC")),
            "day": pa.array([0, None, 1], pa.date32()),
            "tags": pa.array([["x", None, "y"], None, []], pa.list_(pa.string())),
            "point": pa.array([[1, 2, 3], None, [4, 5, 6]], pa.list_(pa.int32(), 3)),
            "nothing": pa.nulls(3),
            "deep": pa.array([{"a": 1}, None, {"a": 2}]),
        }
    )
    path = tmp_path / "table.parquet"
    pq.write_table(table, path)
    made = staged(tmp_path, FileSource(rows, annotations=[path]))
    stored = pq.read_table(made.annotations)
    types = {f.name: f.type for f in made.annotation_fields}
    assert types == {
        "root_id": "int", "small": "int", "half": "float", "flag": "bool", "kind": "string",
        "when": "string", "day": "string", "tags": "list[string]", "point": "list[int]",
        "nothing": "string", "deep": "string", "annotation_table": "string", "row_id": "string",
    }  # fmt: skip
    assert stored["half"].to_pylist() == [0.5, None, None]
    assert stored["when"].to_pylist()[0] == "1970-01-01T00:00:00+00:00"
    assert stored["day"].to_pylist()[2] == "1970-01-02"
    assert stored["tags"].to_pylist() == [["x", "y"], None, []]
    assert stored["point"].to_pylist() == [[1, 2, 3], None, [4, 5, 6]]
    assert stored["deep"].to_pylist() == ['{"a": 1}', None, '{"a": 2}']


def test_texts_get_the_type_that_all_of_them_have(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("pre,post,weight\n1,2,3\n")
    path = tmp_path / "table.csv"
    path.write_text(
        "root_id,whole,number,flag,code,mixed,status,long\n"
        "1,3,0.5,True,007,3,NA,12345678901234567890\n"
        "2,,1000.0,false,012,x,,5\n"
        "2,NA,nan,NA,100,,NA,6\n"
    )
    made = staged(tmp_path, FileSource(rows, annotations=[path]))
    stored = pq.read_table(made.annotations).to_pydict()
    assert stored["whole"] == [3, None, None]
    assert stored["number"] == [0.5, 1000.0, None]
    assert stored["flag"] == [True, False, None]
    assert stored["code"] == ["007", "012", "100"]
    assert stored["mixed"] == ["3", "x", None]
    assert stored["status"] == [None, None, None]
    assert stored["long"] == ["12345678901234567890", "5", "6"]


def test_fields_called_like_ours_get_a_prefix(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("pre,post,weight\n1,2,3\n")
    path = tmp_path / "table.csv"
    path.write_text("root_id,in_synapses,Autapses,_id,_label,Side,side\n1,9,8,r7,x,L,R\n")
    made = staged(tmp_path, FileSource(rows, annotations=[path]))
    names = [f.name for f in made.annotation_fields]
    assert names == [
        "root_id", "raw_in_synapses", "raw_Autapses", "raw__id", "raw__label", "Side", "side_1",
        "annotation_table", "row_id",
    ]  # fmt: skip
    neuron = pq.read_table(made.neurons).to_pylist()[0]
    assert (neuron["in_synapses"], neuron["raw_in_synapses"]) == (0, 9)
    assert pq.read_table(made.annotations)["row_id"].to_pylist() == ["r7"]
    assert "raw__id" not in neuron


@pytest.mark.parametrize("name", ["a`b", "a\\b", "a\x07b"])
def test_names_that_cannot_be_quoted_are_refused(tmp_path, name):
    rows = tmp_path / "rows.csv"
    rows.write_text("pre,post,weight\n1,2,3\n")
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"root_id": [1], name: ["x"]}), path)
    with pytest.raises(SourceSchemaError, match="cannot be a property name"):
        staged(tmp_path, FileSource(rows, annotations=[path]))


def test_tables_are_merged_in_the_order_given(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("pre,post,weight\n1,2,3\n")
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("row_id,root_id,kind,score\n10,1,late,1\n9,1,early,\n")
    two.write_text("root_id,kind,score,extra\n1,other,x,5\n2,two,y,6\n")
    made = staged(tmp_path, FileSource(rows, annotations=[one, two]))
    by_root = {r["root_id"]: r for r in pq.read_table(made.neurons).to_pylist()}
    assert by_root[1]["kind"] == "early"  # row 9 before row 10, table one before two
    assert by_root[1]["score"] == 1
    assert by_root[1]["two_score"] == "x"  # another type: another field
    assert by_root[2]["kind"] == "two"
    assert made.conflict_frame()["field"].tolist() == ["kind"]
    assert list(made.conflict_frame()["values"][0]) == ["early", "late", "other"]
    turned = staged(tmp_path / "t", FileSource(rows, annotations=[two, one]))
    by_root = {r["root_id"]: r for r in pq.read_table(turned.neurons).to_pylist()}
    assert by_root[1]["kind"] == "other"


def test_the_column_of_ids_can_be_named(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("source,target,n\n5,6,3\n")
    path = tmp_path / "table.csv"
    path.write_text("segment,kind\n6,x\n")
    columns = {"pre": "source", "post": "target", "weight": "n"}
    with pytest.raises(SourceSchemaError, match="no column of root ids"):
        staged(tmp_path / "a", FileSource(rows, columns=columns, annotations=[path]))
    table = AnnotationFile(path, columns={"root_id": "segment"})
    made = staged(tmp_path, FileSource(rows, columns=columns, annotations=[table]))
    by_root = {r["root_id"]: r["kind"] for r in pq.read_table(made.neurons).to_pylist()}
    assert by_root == {5: None, 6: "x"}
    with pytest.raises(InputError, match="unknown names"):
        FileSource(rows, columns={"weigth": "n"})


def test_joined_texts_become_lists_when_asked(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("pre,post,weight\n1,2,3\n")
    path = tmp_path / "table.csv"
    path.write_text('root_id,region,side\n1,"CX, MB,",left\n2,,right\n2,AL,right\n')
    table = AnnotationFile(path, lists=("region",))
    made = staged(tmp_path, FileSource(rows, annotations=[table]))
    stored = pq.read_table(made.annotations)
    assert stored["region"].to_pylist() == [["CX", "MB"], None, ["AL"]]
    assert made.conflict_frame().empty
    with pytest.raises(SourceSchemaError, match="no column"):
        staged(tmp_path / "x", FileSource(rows, annotations=[AnnotationFile(path, lists=("a",))]))


def test_a_version_is_a_number_or_latest(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("pre,post,weight\n1,2,3\n")
    versions = {
        said: FileSource(rows, version=said).origin().version for said in (7, "7", "latest")
    }
    assert versions == {7: 7, "7": 7, "latest": 0}
    with pytest.raises(InputError, match="version 'newest' is not a number"):
        load(rows, tmp_path / "g.lbug", version="newest")
