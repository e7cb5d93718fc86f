"""Ids, kinds and files in other disguises than usual: right or refused, never another graph."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphapi.errors import CavegraphError
from loader import FileSource
from loader.work.settings import Settings
from loader.work.workspace import Workspace

A, B, C = 720575940622771976, 720575940626783065, 720575940622754342
RIGHT = [(A, B, 3), (B, C, 2)]
SETTINGS = Settings(progress=False, threads=1)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def extract(tmp_path: Path, *files: Path, **options: object) -> list:
    """The staged rows."""
    source = FileSource(list(files), **options)
    with Workspace(tmp_path / "work", source.origin().key) as workspace:
        source.extract(workspace, SETTINGS)
        info = workspace.info("rows")
        paths = info["paths"] or workspace.files("rows")
        rows = pa.concat_tables(pq.read_table(path) for path in paths).to_pylist()
    names = info["columns"]
    return sorted(tuple(row[names[n]] for n in ("pre", "post", "weight")) for row in rows)


def refused(tmp_path: Path, *files: Path, match: str) -> None:
    with pytest.raises(CavegraphError, match=match) as caught:
        extract(tmp_path, *files)
    assert caught.value.hint


def written(tmp_path: Path, text: str, name: str = "e.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


DISGUISES = {
    "spaces": lambda i: f"{i:,}".replace(",", " "),
    "no-break spaces": lambda i: f"{i:,}".replace(",", "\u00a0"),
    "narrow spaces": lambda i: f"{i:,}".replace(",", "\u202f"),
    "space of no width": lambda i: f"\u200b{i}",
    "dots": lambda i: f"{i:,}".replace(",", "."),
    "apostrophes": lambda i: f"{i:,}".replace(",", "'"),
    "underscores": lambda i: f"{i:_}",
    "hexadecimal": hex,
    "scientific": lambda i: f"{i:.15e}",
    "float": lambda i: f"{i}.0",
    "comma": lambda i: f'"{i},0"',
    "negative": lambda i: f"-{i}",
    "plus": lambda i: f"+{i}",
    "arabic": lambda i: "".join(chr(0x660 + int(d)) for d in str(i)),
    "full width": lambda i: "".join(chr(0xFF10 + int(d)) for d in str(i)),
    "brackets": lambda i: f"[{i}]",
    "number sign": lambda i: f"#{i}",
    "address": lambda i: f"https://x/{i}",
    "numpy": lambda i: f"np.int64({i})",
    "C": lambda i: f"{i}ULL",
    "prefix": lambda i: f"seg{i}",
    "typographic": lambda i: f"\u2019{i}",
}


@pytest.mark.parametrize("how", DISGUISES)
def test_ids_in_a_disguise_are_not_names(tmp_path, how):
    write = DISGUISES[how]
    text = f"pre,post,weight\n{write(A)},{write(B)},3\n{write(B)},{write(C)},2\n"
    refused(tmp_path, written(tmp_path, text), match="column 'pre'")


def test_names_with_digits_are_names(tmp_path):
    path = written(tmp_path, "pre,post,weight\nVB1,12L,3\n12L,DA9,2\n")
    assert extract(tmp_path, path) == [(1, 2, 2), (3, 1, 3)]  # 12L, DA9, VB1


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        ("synapse_type", "c", "e"),
        ("kind", "S", "EJ"),
        ("edge_type", "0", "2"),
        ("Type", "Send", "EJ"),
        ("how", "chem", "elec"),
        ("how", "chemical synapse", "gap junction"),
        ("how", "excitatory", "Electrical_synapse"),
        ("is_electrical", "False", "True"),
        ("version", "1", "2"),
        ("dataset", "N2U", "JSE"),
    ],
)
def test_rows_of_two_kinds_are_not_summed(tmp_path, column, one, other):
    rows = f"{A},{B},{one},3\n{A},{B},{other},4\n{B},{C},{one},2\n"
    path = written(tmp_path, f"pre,post,{column},weight\n{rows}")
    refused(tmp_path, path, match="different kinds")
    assert extract(tmp_path / "one", path, keep=[f"{column}={one}"]) == RIGHT


def test_one_kind_alone_is_loaded(tmp_path):
    rows = f"{A},{B},Directed,3\n{B},{C},Directed,2\n"
    assert extract(tmp_path, written(tmp_path, f"pre,post,type,weight\n{rows}")) == RIGHT


def test_files_of_two_kinds_are_not_summed(tmp_path):
    one = written(tmp_path, f"pre,post,weight\n{A},{B},3\n", "chemical.csv")
    two = written(tmp_path, f"pre,post,weight\n{A},{B},4\n", "electrical.csv")
    refused(tmp_path, one, two, match="different kinds")


def test_the_same_rows_are_not_counted_twice(tmp_path):
    text = f"pre,post,weight\n{A},{B},3\n{B},{C},2\n"
    one, two = written(tmp_path, text), written(tmp_path, text, "copy.csv")
    for files in ((one, one), (one, two)):
        refused(tmp_path, *files, match="same content")


@pytest.mark.parametrize("header", ["pre,post,weight,Weight", "Pre,post,weight,pre"])
def test_columns_that_differ_in_case_only_are_asked_about(tmp_path, header):
    path = written(tmp_path, f"{header}\n{A},{B},3,30\n{B},{C},2,20\n")
    refused(tmp_path, path, match="could be the column")


def test_pipes_and_zstandard(tmp_path):
    path = written(tmp_path, f"pre|post|weight\n{A}|{B}|3\n{B}|{C}|2\n")
    assert extract(tmp_path, path) == RIGHT
    packed = tmp_path / "e.csv.zst"
    packed.write_bytes(pa.compress(path.read_bytes(), "zstd", asbytes=True))
    assert extract(tmp_path / "z", packed) == RIGHT


@pytest.mark.parametrize("damage", ["deletion vector", "log", "pattern"])
def test_delta_tables_that_would_be_read_wrong_are_refused(tmp_path, damage):
    folder = tmp_path / "t"
    (folder / "_delta_log").mkdir(parents=True)
    pq.write_table(pa.table({"pre": [A], "post": [B], "weight": [3]}), folder / "p.parquet")
    add: dict[str, object] = {"path": "p.parquet", "partitionValues": {}}
    if damage == "deletion vector":
        add["deletionVector"] = {"storageType": "u"}
    text = "{no json" if damage == "log" else json.dumps({"add": add})
    (folder / "_delta_log" / f"{0:020}.json").write_text(text)
    place = folder / "*.parquet" if damage == "pattern" else folder
    refused(tmp_path, place, match="Delta Lake")
