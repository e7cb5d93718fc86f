"""Text tables: their header, their separator, and explanations of errors."""

from __future__ import annotations

import csv
import io
import os
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.errors import SourceSchemaError
from loader.sources.packed import first_bytes

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 1 << 16
_LARGEST_HEAD = 1 << 24
_SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "pipes"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_SQL_TYPE = re.compile(
    r"(big|small)?int(eger)?$|text$|bool(ean)?$|float\d?$|real$|double( precision)?$|numeric|"
    r"(var)?char|timestamp|geometry",
    re.IGNORECASE,
)
_MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
#: The line that tells Excel the separator.
_FOR_EXCEL = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)


def is_number(text: str) -> bool:
    """Return whether a text is a number."""
    return bool(_NUMBER.match(text.strip()))


def lacks_line_end(path: Path) -> bool:
    """Return whether the last line of a plain file has no line break, as where it was cut off."""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        if not file.tell():
            return False
        file.seek(-1, os.SEEK_END)
        return file.read() not in (b"\n", b"\r")


@dataclass(frozen=True)
class Header:
    """The first line of a text table.

    Parameters
    ----------
    cells
        Its texts, one per column.
    separator
        The character between columns.
    skipped
        Number of lines above it: 1 for Excel's `sep=;`.
    """

    cells: tuple[str, ...]
    separator: str
    skipped: int = 0

    @property
    def names(self) -> list[str]:
        """Return the column names; `column0`, `column1`, ... for those without."""
        return [cell or f"column{number}" for number, cell in enumerate(self.cells)]

    @property
    def numbers(self) -> list[str]:
        """Return the cells that are numbers."""
        return [cell for cell in self.cells if is_number(cell)]


def read_header(path: Path, separator: str, where: str) -> Header:
    """Read the first line of a text table, plain or gzip.

    Parameters
    ----------
    path
        The file.
    separator
        The separator by the file's extension; if the line does not have it, another is found.
    where
        The file, for messages.

    Raises
    ------
    SourceSchemaError
        The file is empty or is not UTF-8.
    """
    size = _HEAD
    while True:
        head = _first_bytes(path, size, where)
        text = _decoded(head, whole=len(head) < size, where=where)
        line = _first_line(text, whole=len(head) < size)
        told = _FOR_EXCEL.match(line) if line is not None else None
        if told:
            rest = text[len(line or "") :].removeprefix("\r").removeprefix("\n")
            line = _first_line(rest, whole=len(head) < size)
        if line is not None or size >= _LARGEST_HEAD:
            break
        size *= 8
    if line is None or not line.strip():
        raise SourceSchemaError(
            f"{where} cannot be read: "
            + ("its first line is empty" if text.strip() else "it has no header line"),
            hint="remove the lines above the header"
            if text.strip()
            else "check that the file is complete",
        )
    found = told[1] if told else separator
    if found not in line:
        found = next((s for s in _SEPARATORS if s in line), None) or (
            " " if _is_spaced(line, text[text.index(line) + len(line) :]) else separator
        )
    cells = next(csv.reader(io.StringIO(line, newline=""), delimiter=found))
    return Header(tuple(cell.strip() for cell in cells), found, 1 if told else 0)


def read_names(path: Path) -> tuple[str, ...]:
    """Read column names from a separate file.

    Parameters
    ----------
    path
        A file with one column per line, as `name,type` or `name`, or all columns in one line.

    Raises
    ------
    SourceSchemaError
        The file has no names, or a name twice.
    """
    where = f"'{path}'"
    text = _decoded(path.read_bytes(), whole=True, where=where)
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(row)]
    across = len(rows) == 1 and not (len(rows[0]) == 2 and _SQL_TYPE.match(rows[0][1].strip()))
    names = rows[0] if across else [row[0] for row in rows]
    names = [name.strip() for name in names]
    require_names(names, where)
    return tuple(names)


def require_names(names: list[str], where: str) -> None:
    """Refuse column names that are not unique.

    Raises
    ------
    SourceSchemaError
        Two columns have the same name, or there are no columns.
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        told = f"a column name twice: {', '.join(twice[:5])}" if twice else "no column names"
        raise SourceSchemaError(
            f"{where} has {told}", hint="give each column a unique name, and load again"
        )


def reason_in_words(error: str) -> tuple[str, str]:
    """Turn DuckDB's error about a text table into a cause and a remedy."""
    first = error.splitlines()[0]
    line = re.search(r"Line: (\d+)", error)
    place = f"line {line[1]}: " if line else ""
    if "invalid state" in error:
        return (
            "some lines end as on Windows (CRLF), others as on Unix (LF)",
            "make all line ends the same: tr -d '\\r' < OLD > NEW",
        )
    if "unicode" in error or "utf-8" in error:
        return (
            f"{place}it is not UTF-8, perhaps Latin-1, as Excel saves it",
            "save it as 'CSV UTF-8', or: iconv -f latin1 -t utf-8 OLD > NEW",
        )
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", error)
    if counts:
        hint = "correct the line; a value that contains the separator must be in double quotes"
        if int(counts[2]) == int(counts[1]) + 1 and line and line[1] == "2":
            hint = f"if each row begins with a name, name that column in the header; else {hint}"
        return f"{place}{counts[2]} values, but the header has {counts[1]} columns", hint
    if "quote" in error:
        return f"{place}a double quote is not closed", "correct the line"
    return f"{place}{first}", "check that the file is complete and has the right extension"


def _first_bytes(path: Path, size: int, where: str) -> bytes:
    try:
        return first_bytes(path, size, packed=True)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceSchemaError(
            f"{where} cannot be read as text: {error}",
            hint="check that the file is complete and has the right extension",
        ) from error


def _decoded(head: bytes, *, whole: bool, where: str) -> str:
    if wide := _wide_encoding(head):
        told = ", as Excel's 'Unicode text' is" if wide == "utf-16" else ""
        raise SourceSchemaError(
            f"{where} cannot be read: it is {wide[:6].upper()}{told}",
            hint=f"save it as 'CSV UTF-8', or: iconv -f {wide} -t utf-8 OLD | tr -d '\\r' > NEW",
        )
    if b"\0" in head:
        line = head[: head.index(b"\0")].count(b"\n") + 1
        raise SourceSchemaError(
            f"{where} cannot be read: line {line} has null characters; it is damaged, "
            "or is not text",
            hint="get the file again",
        )
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if not whole and error.end >= len(head) - 3:
            return head[: error.start].decode("utf-8-sig")
        line = head[: error.start].count(b"\n") + 1
        raise SourceSchemaError(
            f"{where} cannot be read: line {line} is not UTF-8, perhaps Latin-1, as Excel saves it",
            hint="save it as 'CSV UTF-8', or: iconv -f latin1 -t utf-8 OLD > NEW",
        ) from error


def _wide_encoding(head: bytes) -> str:
    """Return UTF-16 or UTF-32, by the mark at the beginning or by where null bytes are."""
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return name
    pairs = head[: min(len(head), 200) // 2 * 2]
    first, second = pairs[::2], pairs[1::2]
    for name, empty, full in (("utf-16le", second, first), ("utf-16be", first, second)):
        if empty and empty.count(0) > len(empty) * 0.8 and full.count(0) < len(full) * 0.2:
            return name
    return ""


def _is_spaced(line: str, rest: str) -> bool:
    """Return whether single spaces separate as many values in the next line as in the first."""
    pieces = line.split(" ")
    below = (_first_line(rest.lstrip("\r\n"), whole=True) or "").split(" ")
    return len(pieces) > 1 and len(pieces) == len(below) and all((*pieces, *below))


def _first_line(text: str, *, whole: bool) -> str | None:
    """Return the first record, which may have line breaks in quotes."""
    quoted = False
    for place, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        elif sign in "\r\n" and not quoted:
            return text[:place]
    return text if whole else None
