"""Files on which loads went wrong once: read right, or refused with the cause, never otherwise."""

from __future__ import annotations

import bz2
import json
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from graphapi.errors import CavegraphError, InputError, NotFoundError, SourceSchemaError
from loader import AnnotationFile, FileSource
from loader.sources.idlist import read_ids, read_only
from loader.sources.places import is_place
from loader.sources.rowfilter import RowFilter
from loader.stages.make import Stages, make
from loader.stages.plausible import check_plausible
from loader.work.settings import Settings
from loader.work.workspace import Workspace

A, B, C = 720575940622771976, 720575940626783065, 720575940622754342
ROWS = f"pre,post,weight\n{A},{B},3\n{B},{C},2\n"
RIGHT = [(B, C, 2), (A, B, 3)]


def staged(
    work: Path, source: FileSource, only: str | None = None, *, force: bool = False
) -> Stages:
    with Workspace(work, source.origin().key) as workspace:
        source.extract(workspace, Settings(progress=False))
        chosen = read_only(only) if only else None
        made = make(workspace, None, Settings(progress=False), chosen)
        return check_plausible(made, force_annotations=force)


def edges(made: Stages) -> list[tuple[int, int, int]]:
    rows = pq.read_table(made.connections).to_pylist()
    return sorted((r["pre"], r["post"], r["weight"]) for r in rows)


def refused(tmp_path: Path, text: str | bytes, name: str = "rows.csv", **options) -> str:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    source = FileSource(path, **options)
    with (
        Workspace(Path(mkdtemp(dir=tmp_path)), source.origin().key) as workspace,
        pytest.raises(SourceSchemaError) as caught,
    ):
        source.extract(workspace, Settings(progress=False))
    assert caught.value.hint
    assert "columns={" not in str(caught.value).replace("(in Python, columns={", "")
    return str(caught.value)


@pytest.mark.parametrize("write", ["'{}", '"=""{}"""', '"{:,}"', "{}L", '"\'{}"', " {} "], ids=str)
def test_ids_in_disguise_are_ids(tmp_path, write):
    path = tmp_path / "rows.csv"
    lines = "".join(f"{write.format(a)},{write.format(b)},{n}\n" for a, b, n in RIGHT)
    path.write_text("pre,post,weight\n" + lines)
    assert edges(staged(tmp_path / "w", FileSource(path))) == sorted(RIGHT)


def test_rounded_ids_are_refused(tmp_path):
    excel = "pre,post,weight\n720575940622772000,720575940626783000,3\n"
    excel += "720575940626783000,720575940622754000,1\n"
    assert "rounded to 15 digits" in refused(tmp_path, excel)
    ids = [int(float(i)) for i in (A, B, C, A + 12345, B + 54321, C + 999)]
    text = "pre,post,weight\n" + "".join(f"{a},{b},1\n" for a, b in pairwise(ids))
    assert "rounded by a float" in refused(tmp_path, text)


def test_decimal_ids_are_exact(tmp_path):
    table = pa.table(
        {
            "pre": pa.array([A, B], pa.int64()).cast(pa.decimal128(20, 0)),
            "post": pa.array([B, C], pa.int64()).cast(pa.decimal128(20, 0)),
            "weight": [3, 2],
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    assert edges(staged(tmp_path / "w", FileSource(tmp_path / "rows.parquet"))) == sorted(RIGHT)


def test_categories_of_ids_are_ids(tmp_path):
    table = pa.table({"pre": [str(A), str(B)], "post": [str(B), str(C)], "weight": [3, 2]})
    columns = [table["pre"].dictionary_encode(), table["post"].dictionary_encode(), table["weight"]]
    feather.write_feather(pa.table(columns, table.column_names), tmp_path / "rows.feather")
    assert edges(staged(tmp_path / "w", FileSource(tmp_path / "rows.feather"))) == sorted(RIGHT)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pre,post,weight,weight\n1,2,3,9\n", "a column name twice: weight"),
        (f"{A},{B},3\n{B},{C},2\n", "has no header"),
        ("pre,post,weight\n1,2,\n3,4,5\n", "have no value"),
        (b"pre,post,weight,note\n1,2,3,M\xfcller\n", "not UTF-8, perhaps Latin-1"),
        ("pre,post,weight\n1,2,3\n".encode("utf-16"), "UTF-16"),
        (b"pre,post,weight\r\n1,2,3\n2,3,4\n", "some lines end as on Windows"),
        ("pre,post,weight\n1,2,3,4\n", "4 values, but the header has 3"),
        ("pre,post,how_many\n1,2,3\n2,3,4\n", "is a row one synapse, or is 'how_many'"),
        ("pre,post,region,n_of\n1,2,a,3\n1,2,b,4\n", "is a row one synapse, or is 'n_of'"),
        ("pre,post\n1,2\n2,3\n", "each row occurs once"),
        ("pre,post,region\n1,2,FB\n1,2,EB\n", "each row occurs once"),
        ("pre,post,weight,count\n1,2,3,4\n", "could be the column 'weight'"),
        ("pre,post,x\n1,2,7\n,,7\n,,8\n,3,9\n", "3 of 4 rows lack an id"),
        (
            f"pre_root_id,post_root_id,weight\n{A},7,1\n{B},8,1\n",
            "but 'post_root_id' has ids such as 8",
        ),
        ("pre_root_id_720575940,post_root_id,size\n1,2,3\n", "name different first digits"),
        ("pre,post,sort,weight\nAVA,RIA,chemical,1\nAVA,RIA,gap junction,2\n", "different kinds"),
    ],
)
def test_the_cause_is_named(tmp_path, text, says):
    assert says in refused(tmp_path, text)


def test_two_columns_of_one_name_in_any_format(tmp_path):
    table = pa.table([[1], [2], [3], [9]], names=["pre", "post", "weight", "weight"])
    pq.write_table(table, tmp_path / "a.parquet")
    feather.write_feather(table, tmp_path / "a.feather")
    for name in ("a.parquet", "a.feather"):
        assert "a column name twice: weight" in refused(
            tmp_path, (tmp_path / name).read_bytes(), name
        )


def test_semicolons_and_tabs_are_seen_in_the_header(tmp_path):
    for number, text in enumerate((ROWS.replace(",", ";"), ROWS.replace(",", "\t"))):
        path = tmp_path / f"rows{number}.csv"
        path.write_text(text)
        assert edges(staged(tmp_path / f"w{number}", FileSource(path))) == sorted(RIGHT)


def test_rows_of_one_pair_that_nothing_tells_apart_are_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("pre,post,weight\n1,2,3\n1,2,4\n2,3,1\n")
    with pytest.raises(SourceSchemaError, match="1 rows repeat a pair"):
        staged(tmp_path / "a", FileSource(path))
    made = staged(tmp_path / "b", FileSource(path, columns={"weight": "weight"}))
    assert edges(made) == [(1, 2, 7), (2, 3, 1)]


def test_rows_that_repeat_are_synapses_and_none_says_so(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("pre,post\n1,2\n1,2\n2,3\n")
    assert edges(staged(tmp_path / "a", FileSource(path))) == [(1, 2, 2), (2, 3, 1)]
    path.write_text("pre,post,how_many\n1,2,3\n2,3,4\n")
    made = staged(tmp_path / "b", FileSource(path, columns={"weight": "none"}))
    assert edges(made) == [(1, 2, 1), (2, 3, 1)]
    made = staged(tmp_path / "c", FileSource(path, columns={"weight": "how_many"}))
    assert edges(made) == [(1, 2, 3), (2, 3, 4)]


@pytest.mark.parametrize(
    ("keep", "right"),
    [
        (["score>=50"], [(1, 2, 1), (2, 3, 1)]),
        (["score<50"], [(1, 2, 1)]),
        (["score=50"], [(2, 3, 1)]),
        (["score!=50"], [(1, 2, 2), (3, 1, 1)]),
        (["kind=a"], [(1, 2, 1), (2, 3, 1)]),
        (["kind = 'a'", "score > 50"], [(1, 2, 1)]),
        (["kind!="], [(1, 2, 2), (2, 3, 1)]),
        (["kind="], [(3, 1, 1)]),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rows_are_kept_by_their_values(tmp_path, keep, right, ending):
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "pre": [1, 1, 2, 3],
            "post": [2, 2, 3, 1],
            "score": [90.5, 7, 50, None],
            "kind": ["a", "b", "a", None],
        }
    )
    path = tmp_path / f"rows.{ending}"
    frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path, index=False)
    made = staged(tmp_path / "w", FileSource(path, keep=keep))
    assert edges(made) == right
    kept = sum(n for *_, n in right)
    assert made.counts["rows"] == 4
    assert made.counts["rows_filtered"] == 4 - kept


def test_ids_are_compared_exactly(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(f"id,pre,post\n1,{A},{B}\n2,{A + 1},{B}\n")
    made = staged(tmp_path / "w", FileSource(path, keep=[f"pre={A}"]))
    assert edges(made) == [(A, B, 1)]


@pytest.mark.parametrize("text", ["score", "=5", "score>many", "", ">="])
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(InputError, match="not a condition"):
        RowFilter.read(text)


def test_a_filter_that_keeps_nothing_says_what_there_is(tmp_path):
    text = "pre,post,kind,weight\n1,2,a,3\n2,3,b,4\n"
    assert "values of 'kind': a, b" in refused(tmp_path, text, keep=["kind=c"])
    assert "no column 'kid'" in refused(tmp_path, text, keep=["kid=c"])


def test_labels_that_look_like_numbers_stay_labels(tmp_path):
    rows, table = tmp_path / "rows.csv", tmp_path / "cells.csv"
    rows.write_text(ROWS)
    table.write_text(
        f"root_id,cluster,well,score,n\n{A},1.1,1E1,0.5,1\n{B},1.10,10,2,\n{C},1.2,1e1,1e-05,3\n"
    )
    made = staged(tmp_path / "w", FileSource(rows, annotations=[table]))
    by_root = {r["root_id"]: r for r in pq.read_table(made.neurons).to_pylist()}
    assert [by_root[i]["cluster"] for i in (A, B, C)] == ["1.1", "1.10", "1.2"]
    assert [by_root[i]["well"] for i in (A, B, C)] == ["1E1", "10", "1e1"]
    assert [by_root[i]["score"] for i in (A, B, C)] == [0.5, 2.0, 1e-05]
    assert [by_root[i]["n"] for i in (A, B, C)] == [1, None, 3]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_an_empty_text_does_not_win_over_a_value(tmp_path, ending):
    rows, table = tmp_path / "rows.csv", tmp_path / f"cells.{ending}"
    rows.write_text(ROWS)
    frame = pd.DataFrame({"root_id": [A, A, B], "kind": ["", "KC", " "]})
    frame.to_csv(table, index=False) if ending == "csv" else frame.to_parquet(table, index=False)
    made = staged(tmp_path / "w", FileSource(rows, annotations=[table]))
    by_root = {r["root_id"]: r["kind"] for r in pq.read_table(made.neurons).to_pylist()}
    assert (by_root[A], by_root[B]) == ("KC", None)
    assert made.conflict_frame().empty


def test_annotations_of_other_neurons_are_an_error_unless_forced(tmp_path):
    rows, table = tmp_path / "rows.csv", tmp_path / "cells.csv"
    rows.write_text(ROWS)
    table.write_text(f"root_id,cell_type\n{A + 1},KC\n{B + 1},ER\n")
    with pytest.raises(SourceSchemaError, match="0 of their 2 neurons have a connection") as caught:
        staged(tmp_path / "w", FileSource(rows, annotations=[table]))
    assert "--force-annotations" in str(caught.value)
    made = staged(tmp_path / "v", FileSource(rows, annotations=[table]), force=True)
    assert made.counts["neurons_annotated_unconnected"] == 2
    assert made.counts["neurons_unannotated"] == 3


def test_a_numeric_column_cell_makes_no_neurons(tmp_path):
    rows, table = tmp_path / "rows.csv", tmp_path / "cells.csv"
    rows.write_text(ROWS)
    table.write_text(f"bodyId,cell\n{A},1\n{B},2\n")
    made = staged(tmp_path / "w", FileSource(rows, annotations=[table]))
    assert sorted(pq.read_table(made.neurons)["root_id"].to_pylist()) == sorted({A, B, C})
    table.write_text(f"cell,segment_id\n1,{A}\n2,{B}\n")
    made = staged(tmp_path / "v", FileSource(rows, annotations=[table]))
    assert made.reading["annotations"][0]["id_column"] == "segment_id"
    assert "ids are taken from 'segment_id'" in made.reading["annotations"][0]["note"]


def test_an_annotation_file_may_be_named_by_a_text(tmp_path):
    rows, table = tmp_path / "rows.csv", tmp_path / "cells.parquet"
    rows.write_text(ROWS)
    pd.DataFrame({"root_id": [A], "kind": ["x"]}).to_parquet(table)
    made = staged(tmp_path / "w", FileSource(rows, annotations=[AnnotationFile(str(table))]))
    assert made.counts["annotation_rows_attached"] == 1


@pytest.mark.parametrize(
    ("only", "right", "neurons"),
    [
        ("annotated", [(A, B, 3)], {A, B}),
        ("kind=KC", [], {A}),
        ("kind=KC,ER", [(A, B, 3)], {A, B}),
    ],
)
def test_only_connections_between_given_neurons(tmp_path, only, right, neurons):
    rows, table = tmp_path / "rows.csv", tmp_path / "cells.csv"
    rows.write_text(ROWS)
    table.write_text(f"root_id,kind\n{A},KC\n{B},ER\n")
    made = staged(tmp_path / "w", FileSource(rows, annotations=[table]), only)
    assert edges(made) == right
    assert set(pq.read_table(made.neurons)["root_id"].to_pylist()) == neurons
    assert made.counts["rows_outside"] == 2 - len(right)
    assert made.reading["only"] == only


def test_only_says_what_is_wrong(tmp_path):
    rows, table = tmp_path / "rows.csv", tmp_path / "cells.csv"
    rows.write_text(ROWS)
    table.write_text(f"root_id,kind\n{A},KC\n{B},ER\n")
    source = FileSource(rows, annotations=[table])
    with pytest.raises(NotFoundError, match="no annotation row matches") as caught:
        staged(tmp_path / "a", source, "kind=XX")
    assert "ER, KC" in str(caught.value)
    with pytest.raises(InputError, match="no annotation field 'knd'"):
        staged(tmp_path / "b", source, "knd=KC")
    with pytest.raises(NotFoundError, match="not a file"):
        read_only("nothing.npy")


@pytest.mark.parametrize("name", ["ids.npy", "ids.csv", "bare.csv", "ids.parquet"])
def test_lists_of_ids_in_any_form(tmp_path, name):
    path = tmp_path / name
    if name == "ids.npy":
        np.save(path, np.array([A, B]))
    elif name == "ids.parquet":
        pd.DataFrame({"root_id": [A, B], "x": [1, 2]}).to_parquet(path)
    else:
        path.write_text(("" if name == "bare.csv" else "some_ids\n") + f"{A}\n{B}\n")
    assert read_ids(path).tolist() == [A, B]


def test_floats_are_no_list_of_ids(tmp_path):
    np.save(tmp_path / "ids.npy", np.array([float(A)]))
    with pytest.raises(SourceSchemaError, match="float64"):
        read_ids(tmp_path / "ids.npy")


def delta(folder: Path) -> None:
    """A Delta Lake table of three versions: a file written, one added, the first replaced."""
    log = folder / "_delta_log"
    log.mkdir(parents=True)
    whole = pd.DataFrame(RIGHT, columns=["pre", "post", "weight"])
    for number, frame in enumerate((whole[:1].assign(weight=99), whole[1:], whole[:1])):
        frame.to_parquet(folder / f"part {number}.parquet", index=False)
    protocol = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
    adds = [{"add": {"path": f"part%20{n}.parquet", "partitionValues": {}}} for n in range(3)]
    commits = [[protocol, adds[0]], [adds[1]], [{"remove": {"path": "part%200.parquet"}}, adds[2]]]
    for number, actions in enumerate(commits):
        text = "\n".join(json.dumps(action) for action in actions)
        (log / f"{number:020}.json").write_text(text + "\n")


def test_a_delta_lake_folder_is_its_newest_version(tmp_path):
    delta(tmp_path / "lake")
    assert edges(staged(tmp_path / "w", FileSource(tmp_path / "lake"))) == sorted(RIGHT)


def test_folders_of_several_formats_are_refused(tmp_path):
    (tmp_path / "f").mkdir()
    with pytest.raises(NotFoundError, match="has no table files"):
        FileSource(tmp_path / "f")
    (tmp_path / "f" / "a.csv").write_text(ROWS)
    pd.DataFrame(RIGHT, columns=["pre", "post", "weight"]).to_parquet(tmp_path / "f" / "b.parquet")
    with pytest.raises(InputError, match="several formats"):
        FileSource(tmp_path / "f")


def test_what_exists_is_never_a_datastack(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "minnie65").mkdir()
    (tmp_path / "book.xlsx").write_bytes(b"PK")
    for text in ("minnie65", "book.xlsx", "a/b", "part-*", "x.zip::y.csv", "gs://a/b", "a.csv.zst"):
        assert is_place(text), text
    for text in ("minnie65_phase3_v1", "demo_ant", "flywire_fafb_public"):
        assert not is_place(text), text
    with pytest.raises(InputError, match="a format that cannot be read") as caught:
        FileSource("book.xlsx")
    assert "Excel" in str(caught.value)


def test_names_with_odd_signs_are_files(tmp_path):
    for number, name in enumerate(("a[1].csv", "b*?.tsv.bz2", "ü ' x.csv")):
        path = tmp_path / name
        text = ROWS.replace(",", "\t") if ".tsv" in name else ROWS
        path.write_bytes(bz2.compress(text.encode()) if name.endswith("bz2") else text.encode())
        assert edges(staged(tmp_path / f"w{number}", FileSource(path))) == sorted(RIGHT)


@pytest.mark.parametrize("packing", ["zst", "bz2"])
def test_other_packings(tmp_path, packing):
    frame = pd.DataFrame(RIGHT, columns=["pre", "post", "weight"])
    table = pa.Table.from_pandas(frame)
    plain = tmp_path / "rows.feather"
    feather.write_feather(table, plain)
    codec = {"zst": "zstd", "bz2": "bz2"}[packing]
    packed = tmp_path / f"rows.feather.{packing}"
    with pa.CompressedOutputStream(str(packed), codec) as file:
        file.write(plain.read_bytes())
    assert edges(staged(tmp_path / "w", FileSource(packed))) == sorted(RIGHT)
    packed.write_bytes(packed.read_bytes()[:40])
    with pytest.raises(CavegraphError, match="not a complete"):
        staged(tmp_path / "v", FileSource(packed))


@pytest.mark.parametrize("ids", ["supervoxels alone", "empty", "words for nothing"])
def test_annotations_that_belong_to_no_neuron_are_refused(tmp_path, ids):
    rows = tmp_path / "edges.csv"
    rows.write_text("pre,post,weight\n101,102,3\n102,103,4\n")
    table = tmp_path / "ann.csv"
    column, one, other = {
        "supervoxels alone": ("supervoxel_id", "780", "781"),
        "empty": ("root_id", "", ""),
        "words for nothing": ("root_id", "NA", "None"),
    }[ids]
    table.write_text(f"{column},cell_type\n{one},A\n{other},B\n")
    with pytest.raises(CavegraphError, match=r"no column of root ids|do not belong"):
        staged(tmp_path / "w", FileSource(rows, annotations=[table]))
