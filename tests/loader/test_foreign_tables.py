"""Tables of others as they may come: right, or refused with what to do; never another graph.

What is right is written out by hand, or is what the rows of a plain table give.
"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphapi.errors import CavegraphError
from loader import FileSource
from loader.cli import main
from loader.stages.make import Stages, make
from loader.stages.plausible import check_plausible
from loader.work.settings import Settings
from loader.work.workspace import Workspace

SETTINGS = Settings(progress=False, threads=1)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def staged(work: Path, *files: Path, **options: object) -> Stages:
    source = FileSource([str(file) for file in files], **options)
    with Workspace(work / "work", source.origin().key) as workspace:
        source.extract(workspace, SETTINGS)
        return check_plausible(make(workspace, None, SETTINGS))


def weights(made: Stages) -> list[tuple[int, int, int]]:
    rows = pq.read_table(made.connections).to_pylist()
    return sorted((row["pre"], row["post"], row["weight"]) for row in rows)


def refused(work: Path, *files: Path, match: str, **options: object) -> None:
    with pytest.raises(CavegraphError, match=match) as caught:
        staged(work, *files, **options)
    assert caught.value.hint


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_may_order_their_columns_otherwise(tmp_path, ending):
    one = pd.DataFrame({"pre": ["1", "2"], "post": ["2", "3"], "weight": [5, 6]})
    two = pd.DataFrame({"post": ["4"], "pre": ["3"], "weight": [7]})
    folder = tmp_path / "f"
    folder.mkdir()
    for name, frame in (("a", one), ("b", two)):
        path = folder / f"{name}.{ending}"
        frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path, index=False)
    assert weights(staged(tmp_path, folder)) == [(1, 2, 5), (2, 3, 6), (3, 4, 7)]


VIEW = "pre_pt_root_id,post_pt_root_id,n_syn,sum_size,pre_nuc_id,post_nuc_id\n"


def test_a_connection_repeated_for_a_second_nucleus_counts_once(tmp_path):
    path = written(tmp_path, "v.csv", f"{VIEW}11,12,3,150,7,9\n11,12,3,150,8,9\n12,13,2,90,9,\n")
    made = staged(tmp_path, path)
    assert weights(made) == [(11, 12, 3), (12, 13, 2)]
    assert (made.counts["rows"], made.counts["rows_repeated"]) == (3, 1)
    bare = VIEW.replace("sum_size,", "")  # of no known shape
    path = written(tmp_path, "b.csv", f"{bare}11,12,3,7,9\n11,12,3,8,9\n12,13,2,9,\n")
    assert weights(staged(tmp_path / "b", path)) == [(11, 12, 3), (12, 13, 2)]
    path = written(tmp_path, "w.csv", f"{VIEW}11,12,3,150,7,9\n11,12,4,150,8,9\n12,13,2,90,9,\n")
    refused(tmp_path / "w", path, match="may be parts of its weight")


#: Published tables in which a pair, or a pair in a region, has one row; and the same row again.
SUMMED = {
    "body_pre,body_post,weight,type_pre,type_post": "11,12,{},A,B",
    "pre,post,count,norm,post_count,pre_count": "11,12,{},0.5,9,9",
    "pre_root_id,post_root_id,neuropil,syn_count,nt_type": "11,12,AL,{},ACH",
    "Presynaptic_ID,Postsynaptic_ID,Presynaptic_Index,Postsynaptic_Index,Connectivity,Excitatory": (
        "11,12,0,1,{},1"
    ),
    ",pre,post,region,weight": "0,11,12,AL,{}",
}


@pytest.mark.parametrize("header", SUMMED)
def test_a_pair_that_is_summed_already_is_not_summed_again(tmp_path, header):
    row = SUMMED[header]
    both = written(tmp_path, "both.csv", f"{header}\n{row.format(5)}\n{row.format(6)}\n")
    refused(tmp_path / "one", both, match="1 rows repeat a pair")
    parts = [
        written(tmp_path, f"{n}.csv", f"{header}\n{row.format(n)}\n") for n in (5, 6)
    ]  # as two versions of one table
    refused(tmp_path / "two", *parts, match="1 rows repeat a pair")


def test_a_folder_with_tables_in_its_subfolders_too_is_refused(tmp_path):
    for name in ("f/a.csv", "f/more/b.csv"):
        written(tmp_path, name, "pre,post,weight\n11,12,3\n")
    refused(tmp_path, tmp_path / "f", match="its subfolders have more")


def test_json_text_stays_as_it_is_written(tmp_path):
    big = 720575940622771976
    rows = [
        {"root_id": str(big), "at": "10:00", "on": {"day": "2020-01-02"}, "tag": "x"},
        {"root_id": big + 1, "at": "11:30", "on": {"day": "2020-01-03"}, "tag": 5},
    ]
    table = written(tmp_path, "a.json", "\n".join(map(json.dumps, rows)))
    edges = written(tmp_path, "e.csv", f"pre,post,weight\n{big},{big + 1},3\n")
    neurons = pq.read_table(staged(tmp_path, edges, annotations=[str(table)]).neurons).to_pylist()
    found = [(n["root_id"], n["at"], n["on.day"], n["tag"]) for n in neurons]
    assert found == [(big, "10:00", "2020-01-02", "x"), (big + 1, "11:30", "2020-01-03", "5")]


def test_annotations_that_cave_has_deleted_are_left_out(tmp_path):
    table = "id,valid,pt_root_id,cell_type\n1,t,11,x\n2,f,12,y\n3,,13,z\n"
    edges = written(tmp_path, "e.csv", "pre,post,weight\n11,12,3\n12,13,2\n")
    made = staged(tmp_path, edges, annotations=[str(written(tmp_path, "a.csv", table))])
    neurons = pq.read_table(made.neurons).to_pylist()
    assert [n["cell_type"] for n in neurons] == ["x", None, "z"]
    assert "a: 1 rows are not valid, so they were left out" in made.notes


def test_numbers_that_do_not_fit_are_refused(tmp_path):
    long = written(tmp_path, "l.csv", f"pre,post,weight\n1{'0' * 40},12,3\n12,13,2\n13,14,1\n")
    refused(tmp_path / "l", long, match="a number of 41 digits is not a root id")
    heavy = tmp_path / "h.parquet"
    pq.write_table(pa.table({"pre": [1] * 3, "post": [2] * 3, "weight": [2**62] * 3}), heavy)
    refused(tmp_path / "h", heavy, match="does not fit into 64 bits")


def test_archives_that_cannot_be_opened(tmp_path):
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("e.csv", "pre,post,weight\n11,12,3\n")
    content = bytearray(path.read_bytes())
    for place in (6, content.index(b"PK\x01\x02") + 8):
        content[place] |= 1  # needs a password
    path.write_bytes(content)
    refused(tmp_path / "p", path, match="password")
    plain = written(tmp_path, "e.csv", "pre,post,weight\n11,12,3\n")
    refused(tmp_path / "m", Path(f"{plain}::e.csv"), match="is not an archive")


def test_conflicts_are_printed_without_terminal_escapes(monkeypatch, capsys):
    told = pd.DataFrame({"root_id": [1], "field": ["t"], "values": [["a\x1b]0;x\x07", "b"]]})
    report = SimpleNamespace(conflicts=told)
    monkeypatch.setattr("loader.load", lambda *_, **__: report)
    with pytest.raises(SystemExit):
        main(["load", "e.csv", "--to", "x.lbug"])
    assert "\x1b" not in capsys.readouterr().out
