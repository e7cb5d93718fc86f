"""Answers that fit into an assistant's context: bounded, and they say what was left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphapi.errors import CavegraphError

#: Most characters of an answer, both as text and as JSON.
MOST_CHARACTERS = 30_000
#: Most characters of what is told beside the table, and where the answer comes from.
_MOST_BESIDE = 9_000
_MOST_ORIGIN = 3_000
#: Most columns, and most characters of all their names, of one row, and of other single texts.
_MOST_COLUMNS = 40
_MOST_NAMES = 3_000
_MOST_ROW = 8_000
_MOST_TEXT = 800
#: Lines of Python that open the graph and make one call.
_ONE_CALL = 4
#: Characters that a row, a column or a sentence takes beside its own.
_FRAME = 40

_TABLE = ("columns", "rows", "total", "offset")


def bounded(said: dict[str, Any], rest: str = "") -> dict[str, Any]:
    """Return an answer that is short enough, and says what it leaves out.

    Parameters
    ----------
    said
        An answer of the HTTP API; see `Desk.told`.
    rest
        How to get what the question itself left out (`cut_off`).

    Returns
    -------
    dict
        The same, with `next_offset` (the first row that is not shown; None if there is none)
        and `left_out` (one sentence for each thing that was left out).
    """
    left = [rest] if said.get("cut_off") and rest else []
    beside = {n: v for n, v in said.items() if n not in (*_TABLE, "provenance", "as", "notes")}
    made = _fitting(beside, _MOST_BESIDE, "", left)
    made["provenance"] = _fitting(said["provenance"], _MOST_ORIGIN, "provenance", left)
    made["as"] = {n: text if _size(text) <= _MOST_TEXT else "" for n, text in said["as"].items()}
    made |= _fitting({"notes": said["notes"]}, _MOST_ORIGIN, "", left)
    made["left_out"] = left
    if "rows" in said:
        _fill(made, said, left)
    return made


def _size(value: object) -> int:
    """Return the characters of a value as JSON, with all that is not ASCII escaped."""
    return len(json.dumps(value, separators=(",", ":")))


def _fitting(parts: dict[str, Any], most: int, name: str, left: list[str]) -> dict[str, Any]:
    """Return as much of some values by name as fits, and say what does not."""
    made = _shared(parts, most)
    if len(made) < len(parts):
        left.append(f"{name}: {len(made):,} of {len(parts):,} shown")
    for one, cut in made.items():
        whole = parts[one]
        label = _start(f"{name}.{one}" if name else one, 2 * _FRAME)
        if isinstance(whole, (list, dict)) and len(cut) < len(whole):
            left.append(f"{label}: {len(cut):,} of {len(whole):,} shown")
        elif cut is not whole:
            left.append(f"{label}: shortened")
    return made


def _shared(parts: dict[str, Any], most: int) -> dict[str, Any]:
    """Share the room among values by name: what the short ones leave is for the long ones."""
    made = {one: parts[one] for one in _first(parts, most // 2)}
    room, waiting = most - _size(dict.fromkeys(made, 0)), len(made)
    for one in sorted(made, key=lambda one: _size(made[one])):
        made[one] = _cut(made[one], max(room // waiting, _FRAME))
        room, waiting = room - _size(made[one]), waiting - 1
    return made


def _cut(value: Any, most: int) -> Any:
    """Return as much of a value as fits."""
    if _size(value) <= most:
        return value
    if isinstance(value, dict):
        return _shared(value, most)
    if isinstance(value, list):
        return _first((_cut(one, most // 2) for one in value), most)
    return _start(str(value), most)


def _first(values: Iterable[Any], most: int) -> list[Any]:
    """Return the first values that fit."""
    kept = []
    for value in values:
        most -= _size(value) + 1
        if most < 0:
            break
        kept.append(value)
    return kept


def _start(text: str, most: int) -> str:
    """Return the beginning of a text, with a sign that it goes on."""
    if _size(text) <= most:
        return text
    kept = text[:most]
    while _size(kept) > most - _FRAME and kept:
        kept = kept[: len(kept) // 2]
    return f"{kept}… ({len(text):,} characters)"


def _fill(made: dict[str, Any], said: dict[str, Any], left: list[str]) -> None:
    """Add the columns, and as many rows as there is room for."""
    columns = [one | {"name": _start(one["name"], _MOST_TEXT)} for one in said["columns"]]
    columns = _first(columns[:_MOST_COLUMNS], _MOST_NAMES)
    if len(columns) < len(said["columns"]):
        left.append(
            f"{len(columns)} of {len(said['columns']):,} columns shown; columns=[...] chooses"
        )
    made["columns"] = columns
    room = MOST_CHARACTERS - _size(made) - 10 * _FRAME
    rows: list[list[Any]] = []
    short: dict[str, None] = {}
    for row in said["rows"]:
        cells = [_cell(value, _MOST_ROW // len(columns)) for value in row[: len(columns)]]
        room -= _size(cells) + 1
        if room < 0:
            break
        rows.append(cells)
        pairs = zip(columns, row, cells, strict=False)
        short |= {one["name"]: None for one, before, after in pairs if after is not before}
    if short:
        left.append(f"long cells shortened in {_start(', '.join(short), 4 * _FRAME)}")
    total, begin = said["total"], said["offset"]
    end = begin + len(rows)
    if end < total:
        left.append(
            f"rows {begin + 1:,} to {end:,} of {total:,} shown; offset={end} shows the next"
        )
    elif begin > total:
        left.append(f"there are {total:,} rows: offset={begin} is after the last one")
    made |= {"rows": rows, "total": total, "offset": begin}
    made["next_offset"] = end if end < total else None


def _cell(value: Any, most: int) -> Any:
    """Return a cell, shortened if it is long."""
    if _size(value) <= most:
        return value
    if isinstance(value, list):
        kept = _first(value, most - _FRAME)
        return [*kept, f"… and {len(value) - len(kept):,} more"]
    return _start(value if isinstance(value, str) else json.dumps(value), most)


def readable(made: dict[str, Any]) -> str:
    """Return a bounded answer as text: the table with tabs, then what is told beside it."""
    lines = []
    if "rows" in made:
        names = [column["name"] for column in made["columns"]]
        total = made["total"]
        counted = f"{total:,} row{'' if total == 1 else 's'}"
        lines += [*_table(names, made["rows"]), "", counted]
    own = (*_TABLE, "next_offset", "left_out", "provenance", "as", "notes")
    for name, value in made.items():
        if name in own or value in (None, "", [], {}):
            continue
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            names = list(value[0])
            rows = [[one.get(each) for each in names] for one in value]
            lines += [f"{name}:", *_table(names, rows), ""]
        else:
            lines.append(f"{name}: {_written(value)}")
    lines += [f"Not all shown: {_written(one)}" for one in made["left_out"]]
    lines += [f"Note: {_written(note['message'])}" for note in made["notes"]]
    python = made["as"]["python"].splitlines()
    if len(python) == _ONE_CALL:
        lines.append(f"In Python: {_written(python[-1])}")
    return "\n".join([*lines, _origin(made["provenance"])])


def _table(names: list[str], rows: list[list[Any]]) -> list[str]:
    """Return a table as lines with tabs."""
    return ["\t".join(map(_written, row)) for row in ([*names], *rows)]


def readable_error(error: CavegraphError) -> str:
    """Return what went wrong, and what to do next."""
    lines = error.message.splitlines() + ([f"-> {error.hint}"] if error.hint else [])
    return _start("\n".join(map(_written, lines)), _MOST_ORIGIN)


def _origin(provenance: dict[str, Any]) -> str:
    """Return in one line where an answer comes from."""
    kind = ", SYNTHETIC (made up, not measured)" if provenance["synthetic"] else ""
    version = f"materialization version {provenance['version']}"
    parts = [
        f"From: {_written(provenance['datastack'])}, {version}{kind}",
        f"as of {_written(provenance['timestamp'])}",
        f"answered by the {_written(provenance['source'])}",
        f"load {_written(provenance['load_id'])}",
        f"checked: {', '.join(map(_written, provenance['checks']))}",
    ]
    if mapped := provenance["id_mapping"]:
        pairs = ", ".join(f"{old} -> {new}" for old, new in mapped.items())
        parts.append(f"ids of other versions mapped: {pairs}")
    return "; ".join(parts)


def _written(value: Any) -> str:
    """Return a value as text; characters that nobody sees are escaped."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "surrogatepass").decode()
        for sign in text
    )
