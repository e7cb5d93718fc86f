"""What fuzzing found once: each was an exception of some library, or went unseen."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pytest

from graphapi import Connectome
from graphapi.errors import InputError, SourceSchemaError, StageError, StandinError
from loader import FileSource, load
from loader.sandbox.standin import serve, write_folder
from loader.sources import cavetables
from loader.stages.fieldtypes import normalised
from loader.work.duck import database
from loader.work.workspace import Workspace

ENDS = {"id": [1, 2], "pre_pt_root_id": [5, 6], "post_pt_root_id": [6, 7]}


def test_a_gzip_file_with_a_damaged_middle(tmp_path):
    import pyarrow.parquet as pq

    plain, packed = tmp_path / "rows.parquet", tmp_path / "rows.parquet.gz"
    pq.write_table(pa.table({"pre": range(500), "post": range(500), "weight": [1] * 500}), plain)
    content = bytearray(gzip.compress(plain.read_bytes()))
    content[14:40] = bytes(26 * [255])
    packed.write_bytes(content)
    with pytest.raises(SourceSchemaError, match="not a complete gzip file"):
        load(FileSource(packed), tmp_path / "g.lbug", work=tmp_path / "w")


def test_what_duckdb_says_of_a_damaged_file_is_an_error_of_ours():
    import duckdb

    for kind in (duckdb.Error, duckdb.ConversionException, duckdb.InternalException):
        with pytest.raises(SourceSchemaError, match="cannot be read: oh") as caught, database():
            raise kind("oh")
        assert "check that the file is complete" in str(caught.value)
    with pytest.raises(duckdb.BinderException), database() as connection:  # a mistake of ours
        connection.execute("SELECT nothing")


@pytest.mark.parametrize(
    "steps", [None, [], {"rows": None}, {"rows": {"files": None, "info": {}}}, {"rows": {}}]
)
def test_a_manifest_of_another_shape(tmp_path, steps):
    with Workspace(tmp_path, {"a": 1}) as workspace:
        workspace.finish("rows", info={"n": 3})
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "steps": steps}))
    with pytest.raises(StageError, match="changed since") as caught:
        Workspace(tmp_path, {"a": 1})
    assert "remove the folder" in str(caught.value)
    path.write_text(json.dumps(manifest))
    with Workspace(tmp_path, {"a": 1}) as workspace:
        assert workspace.info("rows") == {"n": 3}


def test_steps_that_are_forgotten_are_done_again(tmp_path):
    with Workspace(tmp_path, {"a": 1}) as workspace:
        for step in ("synapses/0", "synapses/1", "rows"):
            workspace.finish(step)
        workspace.forget("synapses/")
    with Workspace(tmp_path, {"a": 1}) as workspace:
        assert [workspace.is_done(s) for s in ("synapses/0", "synapses/1", "rows")] == [
            False, False, True,
        ]  # fmt: skip
        with pytest.raises(StageError, match="no finished step 'synapses/0'"):
            workspace.files("synapses/0")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("id", pa.array(["a", "b"])),
        ("id", pa.array([1.0, 2.0])),
        ("pre_pt_root_id", pa.array([[1], [2]])),
        ("pre_pt_root_id", pa.array([5, 2**64 - 1], pa.uint64())),
        ("size", pa.array(["small", "large"])),
        ("size", pa.array([True, False])),
    ],
)
def test_synapse_columns_of_odd_types(name, values):
    table = pa.table({**ENDS, "size": [1.5, 2.5], name: values})
    with pytest.raises(SourceSchemaError, match=f"column '{name}'"):
        cavetables.synapse_rows(table, "size")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("pt_root_id", pa.array(["5", "6"])),
        ("pt_root_id", pa.array([[1, 2, 3]] * 2, pa.list_(pa.int32(), 3))),
        ("pt_supervoxel_id", pa.array([0.5, 1.5])),
        ("pt_position_x", pa.array(["a", "b"])),
        ("volume", pa.array(["a", "b"])),
    ],
)
def test_nuclei_of_odd_types(name, values):
    columns = {"id": [1, 2], "pt_root_id": [5, 6], "pt_supervoxel_id": [7, 8], "volume": [1.0, 2.0]}
    columns |= {f"pt_position_{axis}": [1, 2] for axis in "xyz"}
    with pytest.raises(SourceSchemaError, match=f"column '{name}'"):
        cavetables.nuclei(pa.table({**columns, name: values}), "n", (4, 4, 40))


def test_annotation_rows_without_an_id():
    with pytest.raises(SourceSchemaError, match="has no column 'id'"):
        cavetables.annotation_rows(pa.table({"pt_root_id": [5, 6]}), "cells")


def test_times_finer_or_farther_than_python_knows():
    fine = pa.chunked_array([pa.array([1_500, None], pa.timestamp("ns", "UTC"))])
    assert normalised(fine, "x").to_pylist() == ["1970-01-01T00:00:00.000001+00:00", None]
    far = pa.chunked_array([pa.array([2**60], pa.timestamp("s", "UTC"))])
    with pytest.raises(SourceSchemaError, match="a time cannot be read"):
        normalised(far, "x")


@pytest.mark.parametrize(
    "versions", [None, 3, [None], [{"version": "1", "timestamp": "2024-01-01"}]]
)
def test_a_served_folder_with_odd_versions(tmp_path, versions):
    folder = write_folder(tmp_path / "served", {"synapses": pa.table(ENDS)})
    record = json.loads((folder / "datastack.json").read_text())
    (folder / "datastack.json").write_text(json.dumps({**record, "versions": versions}))
    with pytest.raises(StandinError, match="version"):
        serve(folder)


def test_a_seatable_export_as_it_is_downloaded(tmp_path):
    """A byte order mark, Windows line ends, quoted texts over two lines, joined choices."""
    from loader.sources.annotations import read_annotation
    from loader.sources.presets import read_preset

    rows, export = tmp_path / "rows.csv", tmp_path / "CRANTb_meta.csv"
    rows.write_text("pre,post,weight\n1,2,3\n")
    export.write_bytes(
        (
            "\ufeff_id,root_id,supervoxel_id,cell_class,region,notes,proofread\r\n"
            'a1,1,11,"ER","EB,NO","one\r\ntwo, ""so"" ",true\r\na2,2,12,PBt,PB,,\r\n'
        ).encode()
    )
    import pyarrow.parquet as pq

    table = read_annotation(export, read_preset("kronauer_ant"))
    source = FileSource(rows, annotations=[table])
    load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    stored = pq.read_table(tmp_path / "w" / "annotations.parquet").to_pydict()
    assert stored["root_id"] == [1, 2]
    assert stored["row_id"] == ["a1", "a2"]
    assert stored["region"] == [["EB", "NO"], ["PB"]]
    assert stored["notes"] == ['one\r\ntwo, "so" ', None]
    assert stored["proofread"] == [True, None]


@pytest.mark.parametrize("least", [None, 2])
def test_sizes_that_are_not_numbers_are_no_sizes(tmp_path, least):
    """A Parquet file may say that its largest size is 3 and have NaN all the same."""
    import pyarrow.parquet as pq

    path = tmp_path / "rows.parquet"
    table = pa.table(
        {
            "id": [1, 2, 3, 4],
            "pre": [5, 5, 6, 7],
            "post": [6, 6, 7, 5],
            "size": [3.0, float("nan"), 1.0, float("nan")],
        }
    )
    pq.write_table(table, path)
    report = load(
        FileSource(path), tmp_path / "g.lbug", work=tmp_path / "w", min_size=least, progress=False
    )
    with Connectome.open(tmp_path / "g.lbug") as graph:
        parts = [part.to_pylist() for part in graph.iter_connections()]
    found = {(row["pre"], row["post"]): row["weight"] for part in parts for row in part}
    assert found == ({(5, 6): 1} if least else {(5, 6): 2, (6, 7): 1, (7, 5): 1})
    assert report.counts.get("rows_below_min_size", 0) == (3 if least else 0)


def small(tmp_path, text="pre,post,weight\n5,6,3\n6,7,2\n", name="e.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_load_that_leaves_no_connection_says_so(tmp_path):
    ids = small(tmp_path, "root_id\n5\n7\n", "ids.csv")
    named = small(tmp_path, "root_id,cell_type\n5,a\n7,b\n", "ann.csv")
    source = FileSource(small(tmp_path), annotations=[named])
    with pytest.warns(UserWarning, match="no connection is left of 2 rows: 2 not between"):
        report = load(source, tmp_path / "g.lbug", work=tmp_path / "w", only=ids, progress=False)
    assert "note: no connection is left of 2 rows" in str(report)
    source = FileSource(small(tmp_path))
    strangers = small(tmp_path, "root_id\n8\n9\n", "strangers.csv")
    with pytest.raises(InputError, match="no connection is left of 2 rows: 2 not between"):
        load(source, tmp_path / "h.lbug", work=tmp_path / "v", only=strangers, progress=False)
    assert not (tmp_path / "h.lbug").exists()


@pytest.mark.parametrize("sign", "*?[")
def test_a_working_folder_that_is_a_pattern_too(tmp_path, sign):
    with pytest.raises(InputError, match="may mean other files too"):
        load(FileSource(small(tmp_path)), tmp_path / "g.lbug", work=tmp_path / f"w{sign}")
    assert not (tmp_path / f"w{sign}").exists()


@pytest.mark.parametrize("word", ["#N/A", "n/a", "Null", "#VALUE!", "#DIV/0!"])
def test_words_of_spreadsheets_for_no_value(tmp_path, word):
    named = small(tmp_path, f"root_id,cell_type\n5,a\n6,{word}\n7,unknown\n", "ann.csv")
    source = FileSource(small(tmp_path), annotations=[named])
    load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    with Connectome.open(tmp_path / "g.lbug") as graph:
        found = graph.cypher("MATCH (n:Neuron) RETURN n.root_id AS r, n.cell_type AS t ORDER BY r")
    assert [None if t != t else t for t in found["t"]] == ["a", None, "unknown"]


@pytest.mark.parametrize("word", ["#N/A", "N/A", "n/a"])
def test_ids_of_spreadsheets_that_are_no_value(tmp_path, word):
    named = small(tmp_path, f"root_id,cell_type\n5,a\n{word},b\n7,c\n", "ann.csv")
    source = FileSource(small(tmp_path), annotations=[named])
    report = load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    assert (report.counts["annotation_rows"], report.counts["annotation_rows_attached"]) == (3, 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("root_id,cell_type\r\n5,a\n6,b\n", "some lines end as on Windows"),
        ("root_id,cell_type,note\n5,a\n6,b,c\n", "line 2: 2 values, but the header has 3"),
    ],
)
def test_what_is_wrong_with_an_annotation_file(tmp_path, text, says):
    path = tmp_path / "ann.csv"
    path.write_bytes(text.encode())
    source = FileSource(small(tmp_path), annotations=[path])
    with pytest.raises(SourceSchemaError, match=says):
        load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)


def test_a_header_file_with_one_column(tmp_path):
    named = small(tmp_path, "5,a\n6,b\n", "ann.csv")
    small(tmp_path, "root_id,bigint\n", "ann_header.csv")
    source = FileSource(small(tmp_path), annotations=[named])
    with pytest.raises(SourceSchemaError, match="has 2 columns, but its header has 1"):
        load(source, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
