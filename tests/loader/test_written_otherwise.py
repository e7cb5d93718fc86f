"""A table as other programs write it: the same graph, or refused with what to do.

Each case changes how the same four rows are written, by text or by pyarrow alone.
"""

from __future__ import annotations

import gzip
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv, feather

from graphapi.errors import CavegraphError
from loader import FileSource
from loader.work.settings import Settings
from loader.work.workspace import Workspace

A, B, C = 720575940622771976, 720575940626783065, 720575940622754342
ROWS = [(A, B, 1000), (A, C, 3), (B, C, 950), (C, A, 7)]
SETTINGS = Settings(progress=False, threads=1)
HEADER = "pre,post,weight"
LINES = [f"{a},{b},{n}" for a, b, n in ROWS]
TEXT = "\n".join([HEADER, *LINES, ""])


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def extract(tmp_path: Path, *files: Path) -> list[tuple[int, int, int]]:
    source = FileSource(list(files))
    with Workspace(tmp_path / "work", source.origin().key) as workspace:
        source.extract(workspace, SETTINGS)
        info = workspace.info("rows")
        paths = info["paths"] or workspace.files("rows")
        rows = pa.concat_tables(pq.read_table(path) for path in paths).to_pylist()
    names = [info["columns"][n] for n in ("pre", "post", "weight")]
    return sorted(tuple(int(row[n]) for n in names) for row in rows)


def weighed(write: str) -> str:
    """The table with its weights written in another way."""
    return "\n".join([HEADER, *(f'{a},{b},"{write.format(n)}"' for a, b, n in ROWS), ""])


READ = {
    "byte order mark": "\ufeff" + TEXT,
    "windows": TEXT.replace("\n", "\r\n") + "\r\n\r\n",
    "old mac": TEXT.replace("\n", "\r"),
    "semicolons": TEXT.replace(",", ";"),
    "quoted": "\n".join(",".join(f'"{v}"' for v in line.split(",")) for line in TEXT.split()),
    "more columns": TEXT.replace("\n", ",,\n"),
    "blank lines": TEXT.replace("\n", "\n\n").replace("\n\n", "\n", 1),
    "other order": "\n".join(",".join(line.split(",")[::-1]) for line in TEXT.split()),
    "row numbers": "\n".join(f"{n or ''},{line}" for n, line in enumerate(TEXT.split())),
    "floats": weighed("{}.0"),
    "three decimals": weighed("{}.000"),
    "spaces": TEXT.replace(",", " "),
    "large header": TEXT.replace(HEADER, HEADER.upper()),
}


@pytest.mark.parametrize("how", READ)
def test_text_that_is_read_right(tmp_path, how):
    path = tmp_path / "e.csv"
    path.write_bytes(READ[how].encode())
    assert extract(tmp_path, path) == sorted(ROWS)


#: The text, what the error says, and what its hint says.
REFUSED = {
    "thousands with commas": (weighed("{:,}"), "such as '1,000'", "without signs"),
    "thousands with points": (
        weighed("{:,}").replace("1,000", "1.000"), "may be 1 or 1,000", "without signs",
    ),
    "decimal commas": (weighed("{},0"), "such as", "without signs"),
    "the header again": (f"{TEXT}{TEXT}", "1 rows repeat the header", "remove these lines"),
    "the header first again": (f"{HEADER}\n{TEXT}", "repeat the header", "remove these lines"),
    "the header among names": (
        "pre,post\nAVA,RIA\nAVA,RIA\npre,post\nAVB,RIA\n", "repeat the header", "remove these",
    ),
    "types below the header": (TEXT.replace("weight\n", "weight\nbigint,bigint,int\n"),
                               "not ids, such as 'bigint'", "correct the rows"),
    "a comment": (f"# made by a program\n{TEXT}", "no column for", "remove the line"),
    "the header as comment": (f"#{TEXT}", "no column for", "only its '#'"),
    "a title": (f"Table S1\n{TEXT}", "no column for", "remove lines above it"),
    "a title of many cells": (f"Table S1,,\n{TEXT}", "no column for", "no name; remove lines"),
    "an empty line first": (f"\n{TEXT}", "its first line is empty", "above the header"),
    "one column": ("pre\n11\n12\n", "no column for", "separated by commas"),
    "nothing": ("", "no header line", "is complete"),
    "a sum": (f"{TEXT}Total,,1960\n", "not ids, such as 'Total'", "correct the rows"),
    "cut": (TEXT[:-25], "line 5", "correct the line"),
}  # fmt: skip


@pytest.mark.parametrize("how", REFUSED)
def test_text_that_is_refused(tmp_path, how):
    text, says, hint = REFUSED[how]
    path = tmp_path / "e.csv"
    path.write_text(text)
    with pytest.raises(CavegraphError, match=says) as caught:
        extract(tmp_path, path)
    assert hint in caught.value.hint


def columns(**other: Any) -> pa.Table:
    pre, post, weight = (list(values) for values in zip(*ROWS, strict=True))
    return pa.table({"pre": pre, "post": post, "weight": weight} | other)


PRE = [row[0] for row in ROWS]
WEIGHTS = [row[2] for row in ROWS]
#: Values of one column, and whether they are read; if not, what the error says.
TYPES: dict[str, tuple[str, pa.Array, str]] = {
    "unsigned": ("pre", pa.array(PRE, pa.uint64()), ""),
    "decimals": ("pre", pa.array(map(Decimal, PRE), pa.decimal128(38, 0)), ""),
    "categories": ("pre", pa.array(PRE).dictionary_encode(), ""),
    "categories of text": ("pre", pa.array(map(str, PRE)).dictionary_encode(), ""),
    "large text": ("pre", pa.array(map(str, PRE), pa.large_string()), ""),
    "small weights": ("weight", pa.array(WEIGHTS, pa.int16()), ""),
    "whole floats": ("weight", pa.array(WEIGHTS, pa.float32()), ""),
    "float ids": ("pre", pa.array(map(float, PRE)), "not exact"),
    "decimal places": ("pre", pa.array(map(Decimal, PRE), pa.decimal128(38, 2)), "not exact"),
    "too large": ("pre", pa.array([2**63 + 5, *PRE[1:]], pa.uint64()), "is not a root id"),
    "negative": ("pre", pa.array([-1, *PRE[1:]]), "is not a root id"),
    "lists": ("pre", pa.array([[v] for v in PRE]), "cannot be root ids"),
    "true": ("pre", pa.array([True] * 4), "cannot be root ids"),
    "times": ("pre", pa.array(PRE, pa.timestamp("ns")), "cannot be root ids"),
    "negative weight": ("weight", pa.array([-1, *WEIGHTS[1:]]), "whole numbers >= 0"),
    "no weight": ("weight", pa.array([None, *WEIGHTS[1:]]), "have no value"),
    "not a number": ("weight", pa.array([float("nan"), 3, 950, 7]), "whole numbers >= 0"),
    "shares": ("weight", pa.array([v / 1000 for v in WEIGHTS]), "whole numbers >= 0"),
    "weights of times": ("weight", pa.array(WEIGHTS, pa.timestamp("s")), "whole numbers >= 0"),
    "list of weights": ("weight", pa.array([[v] for v in WEIGHTS]), "whole numbers >= 0"),
}


@pytest.mark.parametrize("kind", TYPES)
def test_columns_of_other_types(tmp_path, kind):
    name, values, says = TYPES[kind]
    table = columns(**{name: values})
    pq.write_table(table, tmp_path / "e.parquet")
    feather.write_feather(table, tmp_path / "e.feather")
    for path in (tmp_path / "e.parquet", tmp_path / "e.feather"):
        if not says:
            assert extract(tmp_path / path.suffix, path) == sorted(ROWS)
            continue
        with pytest.raises(CavegraphError, match=says) as caught:
            extract(tmp_path / path.suffix, path)
        assert caught.value.hint


def test_a_table_and_its_compressed_copy_are_not_summed(tmp_path):
    for name, write in (("e.csv", bytes), ("e.csv.gz", gzip.compress)):
        (tmp_path / name).write_bytes(write(TEXT.encode()))
    for given in ([tmp_path], [tmp_path / "e.csv.gz", tmp_path / "e.csv"]):
        with pytest.raises(CavegraphError, match="are one table, once compressed") as caught:
            extract(tmp_path, *given)
        assert "only one of them" in caught.value.hint


def as_json(part: pa.Table, path: Path) -> None:
    part.to_pandas().to_json(path, orient="records", lines=True)


WRITERS = {
    "parquet": pq.write_table,
    "feather": feather.write_feather,
    "csv": csv.write_csv,
    "jsonl": as_json,
}


@pytest.mark.parametrize("first", [0, "s"])
@pytest.mark.parametrize("ending", WRITERS)
def test_synapses_in_two_files_are_not_counted_twice(tmp_path, ending, first):
    ids = [f"s{n}" for n in range(6)] if first == "s" else list(range(6))
    table = pa.table({"id": ids, "pre": [A] * 6, "post": [B, B, C, C, B, B], "size": range(6)})
    shards = [tmp_path / f"{number}.{ending}" for number in range(2)]

    def rows(*parts: pa.Table) -> int:
        for path, part in zip(shards, parts, strict=True):
            WRITERS[ending](part, path)
        source = FileSource(shards)
        with Workspace(tmp_path / str(len(list(tmp_path.iterdir()))), {}) as workspace:
            source.extract(workspace, SETTINGS)
            info = workspace.info("rows")
            paths = info["paths"] or workspace.files("rows")
            return sum(pq.read_metadata(path).num_rows for path in paths)

    assert rows(table[:3], table[3:]) == 6
    assert rows(table.take([0, 2, 4]), table.take([1, 3, 5])) == 6
    for other in (table.take([5, 4, 3, 2, 1, 0]), table[2:4]):
        with pytest.raises(CavegraphError, match="synapses occur more than once") as caught:
            rows(table, other)
        assert "no files that overlap" in caught.value.hint
    # Files that number their rows anew have other synapses.
    assert rows(table[:3], table[3:].set_column(0, "id", pa.array(ids[:3]))) == 6


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_a_file_with_a_damaged_schema_is_refused(tmp_path, ending):
    path = tmp_path / f"e.{ending}"
    write = pq.write_table if ending == "parquet" else feather.write_feather
    write(pa.table({"pre": PRE, "post": PRE[::-1], "many_synapses": WEIGHTS}), path)
    path.write_bytes(path.read_bytes().replace(b"many_synapses", b"many\x8asynapses"))
    with pytest.raises(CavegraphError, match=f"cannot be read as {ending}") as caught:
        extract(tmp_path, path)
    assert caught.value.hint
