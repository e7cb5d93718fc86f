"""Ids, kinds and files in other disguises than usual: right or refused, never another graph."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

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


@pytest.mark.parametrize(
    "damage",
    ["deletion vector", "log", "pattern", "outside", "elsewhere", "lost version", "checkpoint"],
)
def test_delta_tables_that_would_be_read_wrong_are_refused(tmp_path, damage):
    folder = tmp_path / "t"
    (folder / "_delta_log").mkdir(parents=True)
    pq.write_table(pa.table({"pre": [A], "post": [B], "weight": [3]}), folder / "p.parquet")
    add: dict[str, object] = {"path": "p.parquet", "partitionValues": {}}
    if damage == "deletion vector":
        add["deletionVector"] = {"storageType": "u"}
    (tmp_path / "other.parquet").write_bytes((folder / "p.parquet").read_bytes())
    elsewhere = {"outside": "%2E%2E/other.parquet", "elsewhere": str(tmp_path / "other.parquet")}
    add["path"] = elsewhere.get(damage, "p.parquet")
    text = "{no json" if damage == "log" else json.dumps({"add": add})
    version = 1 if damage == "lost version" else 0
    (folder / "_delta_log" / f"{version:020}.json").write_text(text)
    if damage == "checkpoint":
        (folder / "_delta_log" / f"{0:020}.checkpoint.parquet").write_bytes(b"PAR1 cut")
    place = folder / "*.parquet" if damage == "pattern" else folder
    refused(tmp_path, place, match="Delta Lake")


ROWS = f"pre,post,weight\n{A},{B},3\n{B},{C},2\n".encode()


def packed_in(name: str) -> bytes:
    file = io.BytesIO()
    if name.endswith("zip"):
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("e.csv", ROWS)
    else:
        with tarfile.open(fileobj=file, mode=f"w:{name.rpartition('.')[2]}") as tar:
            member = tarfile.TarInfo("e.csv")
            member.size = len(ROWS)
            tar.addfile(member, io.BytesIO(ROWS))
    return file.getvalue()


PACKED = {
    "e.csv.gz": gzip.compress(ROWS),
    "e.csv.bz2": bz2.compress(ROWS),
    "e.csv.zst": pa.compress(ROWS, "zstd", asbytes=True),
    "e.zip": packed_in("e.zip"),
    "e.tar.gz": packed_in("e.tar.gz"),
    "e.tar.bz2": packed_in("e.tar.bz2"),
    "e.tar.xz": packed_in("e.tar.xz"),
}


@pytest.mark.parametrize("name", PACKED)
def test_damaged_packed_files_are_refused(tmp_path, name):
    path, whole = tmp_path / name, PACKED[name]
    path.write_bytes(whole)
    assert extract(tmp_path / "whole", path) == RIGHT
    for cut in (3, 6, 8, 20):
        path.write_bytes(whole[:-cut])
        refused(tmp_path / f"cut{cut}", path, match="damaged")


def test_a_wrong_checksum_is_noticed(tmp_path):
    for name, end in (("e.csv.gz", 8), ("e.csv.gz", 4), ("e.tar.gz", 8)):
        content = bytearray(PACKED[name])
        content[-end] ^= 0xFF
        path = tmp_path / name
        path.write_bytes(content)
        refused(tmp_path / f"w{end}{name}", path, match="damaged")
        with zipfile.ZipFile(tmp_path / f"{end}.zip", "w") as archive:
            archive.writestr("e.csv.gz", content)
        if name == "e.csv.gz":
            refused(tmp_path / f"z{end}", tmp_path / f"{end}.zip", match="damaged")
    content = bytearray(PACKED["e.zip"])
    content[content.index(b"PK\x01\x02") + 16] ^= 0xFF  # the checksum that counts
    (tmp_path / "e.zip").write_bytes(content)
    refused(tmp_path / "zip", tmp_path / "e.zip", match="damaged")


def written_by(write: Callable[..., object], *more: object) -> bytes:
    file = io.BytesIO()
    write(pa.table({"pre": [A, B], "post": [B, C], "weight": [3, 2]}), file, *more)
    return file.getvalue()


def stream(table: pa.Table, file: io.BytesIO) -> None:
    with pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)


KINDS = {
    "Parquet": written_by(pq.write_table),
    "Feather": written_by(feather.write_feather),
    "an Arrow stream": written_by(stream),
    "compressed with gzip": gzip.compress(ROWS),
    "a zip archive": PACKED["e.zip"],
    "an Excel workbook": b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml",
    "an SQLite database": b"SQLite format 3\0" + bytes(100),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "an R object": gzip.compress(b"X\n\0\0\0\3" + bytes(100)),
    "a web page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 1\n",
    "JSON": b'{"pre": 1, "post": 2, "weight": 3}\n',
    "a text file": ROWS,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_told_by_its_first_bytes(tmp_path, kind):
    of_its_own = {"Parquet": ".parquet", "Feather": ".feather", "a text file": ".csv"}
    for ending in (".csv", ".parquet", ".feather", ".csv.gz", ".csv.zst", ".zip"):
        packed = ending == ".csv.gz" and kind in ("compressed with gzip", "an R object")
        if packed or of_its_own.get(kind) == ending or (kind, ending) == ("a zip archive", ".zip"):
            continue
        path = tmp_path / f"e{ending}"
        path.write_bytes(KINDS[kind])
        refused(tmp_path / f"w{ending}", path, match=f"is {kind}, not")


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_that_tells_excel_the_separator(tmp_path, line):
    text = ROWS.decode().replace(",", ";")
    assert extract(tmp_path, written(tmp_path, f"{line}\n{text}")) == RIGHT
    windows = written(tmp_path, f"{line}\n{text}".replace("\n", "\r\n"), "w.csv")
    assert extract(tmp_path / "w", windows) == RIGHT


def test_rows_with_a_name_that_the_header_has_not(tmp_path):
    for text in ("a,b,c\na,0,3,0\nb,0,0,2\nc,0,0,0\n", "pre,post,weight\n1,5,6,3\n2,6,7,2\n"):
        path = written(tmp_path, text)
        refused(tmp_path / str(len(text)), path, match="line 2: 4 values, but the header has 3")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2.5])
@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_weights_that_are_not_finite(tmp_path, value, ending):
    path = tmp_path / f"e.{ending}"
    table = pa.table({"pre": [A, B], "post": [B, C], "weight": [3.0, value]})
    {"parquet": pq.write_table, "feather": feather.write_feather}[ending](table, path)
    refused(tmp_path, path, match="not whole numbers >= 0, such as")


def test_weights_that_are_true_or_false(tmp_path):
    path = tmp_path / "e.parquet"
    pq.write_table(pa.table({"pre": [A, B], "post": [B, C], "weight": [True, False]}), path)
    refused(tmp_path, path, match="contains true and false")


@pytest.mark.parametrize(
    ("encoding", "mark", "says"),
    [
        ("utf-16-le", b"\xff\xfe", "UTF-16"),
        ("utf-16-be", b"\xfe\xff", "UTF-16"),
        ("utf-16-le", b"", "UTF-16"),
        ("utf-16-be", b"", "UTF-16"),
        ("utf-32-le", b"\xff\xfe\0\0", "UTF-32"),
    ],
)
def test_wide_characters_and_what_converts_them(tmp_path, encoding, mark, says):
    text = ROWS.decode().replace("\n", "\r\n", 1)
    path = tmp_path / "e.csv"
    path.write_bytes(mark + text.encode(encoding))
    with pytest.raises(CavegraphError, match=f"it is {says}") as caught:
        extract(tmp_path, path)
    command = caught.value.hint.partition("or: ")[2]
    command = command.replace("OLD", str(path)).replace("NEW", str(tmp_path / "new.csv"))
    done = subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True)
    assert not done.stderr
    assert extract(tmp_path / "new", tmp_path / "new.csv") == RIGHT


def test_null_characters_are_not_an_encoding(tmp_path):
    for place in (20, len(ROWS) - 1):
        path = written(tmp_path, (ROWS[:place] + b"\0" + ROWS[place:]).decode())
        refused(tmp_path / str(place), path, match="null characters")
