"""Tell what a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from graphapi.errors import SourceSchemaError

#: Number of bytes that tell what a file is.
HEAD = 512
_AS_CSV = "save the sheet as 'CSV UTF-8'"
_AS_PARQUET = "write pre, post and weight as Parquet"


@dataclass(frozen=True)
class Signature:
    """How files of one kind begin.

    Parameters
    ----------
    begin
        Their first bytes.
    what
        The kind, for messages.
    remedy
        What to do with such a file if its name says something else.
    format
        The format that reads it; empty for none.
    """

    begin: bytes
    what: str
    remedy: str
    format: str = ""


_XLSX = Signature(b"PK\x03\x04", "an Excel workbook", _AS_CSV)
_RDS = Signature(b"\x1f\x8b", "an R object", "write it with arrow::write_parquet")
_SIGNATURES = (
    Signature(b"PAR1", "Parquet", "rename it to .parquet", "parquet"),
    Signature(b"ARROW1", "Feather", "rename it to .feather", "feather"),
    Signature(b"FEA1", "Feather of version 1", "write it again, as Parquet"),
    Signature(
        b"\xff\xff\xff\xff",
        "an Arrow stream",
        "write it as a file, for example with pyarrow.feather.write_feather",
    ),
    Signature(b"PK\x03\x04", "a zip archive", "rename it to .zip", "zip"),
    Signature(b"\x1f\x8b", "compressed with gzip", "add .gz to its name", "gzip"),
    Signature(b"BZh91AY&SY", "compressed with bzip2", "add .bz2 to its name", "bz2"),
    Signature(b"\x28\xb5\x2f\xfd", "compressed with zstandard", "add .zst to its name", "zstd"),
    Signature(b"\xfd7zXZ\0", "compressed with xz", "decompress it with xz -d"),
    Signature(b"SQLite format 3\0", "an SQLite database", "export its table as CSV"),
    Signature(b"\x89HDF\r\n\x1a\n", "HDF5", _AS_PARQUET),
    Signature(b"\xd0\xcf\x11\xe0", "an Excel workbook", _AS_CSV),
    Signature(b"RDX3\n", "an R object", _RDS.remedy),
    Signature(b"\x93NUMPY", "a NumPy array", _AS_PARQUET),
    Signature(b"Obj\x01", "Avro", "write it as Parquet, for example with fastavro and pandas"),
    Signature(b"%PDF", "a PDF document", "get the table itself"),
    Signature(b"<!doctype html", "a web page", "get the file itself; sign in first if need be"),
    Signature(b"<html", "a web page", "get the file itself; sign in first if need be"),
    Signature(
        b"<?xml",
        "XML: an error of the server, or a graph",
        "open it in a text editor; get the file again, or write a graph's edges as CSV",
    ),
    Signature(b"version https://git-lfs", "a Git LFS pointer", "get the file with git lfs pull"),
    Signature(b"{", "JSON", "rename it to .json", "json"),
)
_TEXT = ("csv", "tsv", "json")


def signature(head: bytes) -> Signature | None:
    """Return what a file is by its first bytes; None if they say nothing."""
    # Web pages are written in small or capital letters.
    start = head.lower() if head[:1] == b"<" else head
    found = next((s for s in _SIGNATURES if start.startswith(s.begin)), None)
    if found and found.format == "zip" and (b"xl/" in head or b"[Content_Types]" in head):
        return _XLSX
    if found and found.format == "gzip":
        try:
            inner = zlib.decompressobj(31).decompress(head)
        except zlib.error:
            return found
        if inner.startswith((b"X\n", b"B\n", b"A\n", b"RDX3\n")):
            return _RDS
    return found


def require_format(head: bytes, expected: str, where: str) -> None:
    """Refuse a file whose first bytes are those of another format.

    Parameters
    ----------
    head
        Its first bytes.
    expected
        The format by its name: `csv`, `tsv`, `parquet`, `feather`, `json`, or a compression.
    where
        The file, for messages.

    Raises
    ------
    SourceSchemaError
        The file is something else, or begins with nothing but null characters.
    """
    found = signature(head)
    if found is not None and found.format != expected:
        raise SourceSchemaError(f"{where} is {found.what}, not {expected}", hint=found.remedy)
    if head and not head.strip(b"\0"):
        raise SourceSchemaError(
            f"{where} is damaged: it begins with nothing but null characters", hint="get it again"
        )
    if found is None and expected not in _TEXT and _is_text(head):
        raise SourceSchemaError(
            f"{where} is a text file, not {expected}",
            hint="correct its extension: .csv, .tsv or .jsonl",
        )


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut at the end.
        return len(head) == HEAD and error.start >= HEAD - 3
    return bool(head) and b"\0" not in head
