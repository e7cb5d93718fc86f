"""Convert annotation fields to the types that both engines can store.

A field is `int`, `float`, `string`, `bool` or a list of the first three. Times become ISO text in
UTC, decimals and nested values become text, and NaN and empty text become missing values. Nothing
else changes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from graphapi.errors import SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

_WHOLE = re.compile(r"(0|-?[1-9]\d*)$")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
#: Whole numbers below this are exact as floats.
_EXACT = 2**53
_BOOL = {"true": True, "false": False}
#: Missing values in a column whose other texts are all numbers, or all true and false.
_MISSING = frozenset({"nan", "na", "n/a", "none", "null", "<na>"})


def field_type(kind: pa.DataType) -> str:
    """Return the type of a normalised column as the graph's record names it."""
    import pyarrow as pa

    if pa.types.is_list(kind):
        return f"list[{field_type(kind.value_type)}]"
    return {pa.int64(): "int", pa.float64(): "float", pa.string(): "string", pa.bool_(): "bool"}[
        kind
    ]


def normalised(column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    """Convert a column to one of the types that a graph can store.

    Parameters
    ----------
    column
        Any Arrow column.
    where
        Table and column, for messages.

    Returns
    -------
    pyarrow.ChunkedArray
        int64, float64, string, bool, or a list of the first three without nulls in it.

    Raises
    ------
    SourceSchemaError
        The column is binary, or a whole number does not fit into int64.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        return normalised(column.cast(kind.value_type), where)
    if _is_list(kind):
        return _normalised_list(column, where)
    if pa.types.is_integer(kind):
        return cast(column, pa.int64(), where)
    if pa.types.is_floating(kind):
        wide = column.cast(pa.float64())
        return pc.if_else(pc.is_nan(wide), pa.scalar(None, pa.float64()), wide)
    if pa.types.is_boolean(kind):
        return column
    if pa.types.is_timestamp(kind):
        return _iso(column, where)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return without(column.cast(pa.string()), ())
    if pa.types.is_date(kind) or pa.types.is_decimal(kind) or pa.types.is_time(kind):
        return column.cast(pa.string())
    if pa.types.is_struct(kind) or pa.types.is_map(kind):
        return _as_json(column)
    raise SourceSchemaError(
        f"{where}: values of type {kind} cannot be stored in a graph",
        hint="drop the column, or turn it into text or numbers",
    )


def parsed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert a column of text to numbers or booleans, if all of its values are.

    Parameters
    ----------
    column
        Strings, as read from a text file.

    Returns
    -------
    pyarrow.ChunkedArray
        int64, float64 or bool if every text is such a value, written as Python writes it, and no
        two texts are the same value; else the strings, unchanged. So `1.10` stays a label, and
        `1E1` is not merged with `10`.
    """
    import pyarrow as pa

    texts = column.to_pylist()
    present = {t for t in texts if t is not None and t.strip().lower() not in _MISSING}
    if not present:
        return column
    if all(_is_int64(t.strip()) for t in present):
        return _mapped(texts, present, int, pa.int64())
    if all(_is_number(t.strip()) for t in present) and len(present) == len(
        set(map(float, present))
    ):
        return _mapped(texts, present, float, pa.float64())
    if all(t.strip().lower() in _BOOL for t in present):
        return _mapped(texts, present, lambda t: _BOOL[t.strip().lower()], pa.bool_())
    return column


def without(column: pa.ChunkedArray, words: Sequence[str]) -> pa.ChunkedArray:
    """Replace empty texts, and these words, by nulls."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.type):
        return column
    trimmed = pc.utf8_trim_whitespace(column)
    absent = pc.is_in(trimmed, value_set=pa.array(["", *words], pa.string()))
    return pc.if_else(absent, pa.scalar(None, pa.string()), column)


def whole_despite_gaps(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert floats to whole numbers if only missing values made them floats, as in pandas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type) or not 0 < column.null_count < len(column):
        return column
    values = column.drop_null()
    exact = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), _EXACT))
    return column.cast(pa.int64()) if pc.all(exact).as_py() else column


def split(column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    """Split texts that hold several values joined by commas.

    Returns
    -------
    pyarrow.ChunkedArray
        list<string>, without empty values and surrounding spaces; null if there is no text.
        A column of lists is only normalised.

    Raises
    ------
    SourceSchemaError
        The column holds neither text nor lists.
    """
    import pyarrow as pa

    known = normalised(column, where)
    if pa.types.is_list(known.type):
        return known
    if not pa.types.is_string(known.type):
        raise SourceSchemaError(f"{where}: {column.type} cannot be split at commas")
    lists = [
        None if text is None else [part.strip() for part in text.split(",") if part.strip()]
        for text in known.to_pylist()
    ]
    return pa.chunked_array([pa.array(lists, pa.list_(pa.string()))])


def _is_int64(text: str) -> bool:
    return _WHOLE.match(text) is not None and -(2**63) <= int(text) < 2**63


def _is_number(text: str) -> bool:
    """Return whether a text is a number, written exactly as Python writes it."""
    if _is_int64(text):
        return abs(int(text)) < _EXACT
    return _NUMBER.match(text) is not None and repr(float(text)) == text


def _mapped(
    texts: list[str | None], present: set[str], read: object, kind: pa.DataType
) -> pa.ChunkedArray:
    import pyarrow as pa

    values = {text: read(text) for text in present}  # type: ignore[operator]
    return pa.chunked_array([pa.array([values.get(t) for t in texts], kind)])  # type: ignore[arg-type]


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _normalised_list(column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = column.combine_chunks()
    if pa.types.is_boolean(whole.type.value_type) or _is_list(whole.type.value_type):
        return _as_json(column)
    values = normalised(pa.chunked_array([whole.flatten()]), where).combine_chunks()
    parents = pc.list_parent_indices(whole)
    kept = values.is_valid()
    values, parents = values.filter(kept), parents.filter(kept)
    lengths = np.bincount(parents.to_numpy(zero_copy_only=False), minlength=len(whole))
    offsets = pa.array([0, *lengths.cumsum().tolist()], pa.int32())
    lists = pa.ListArray.from_arrays(offsets, values, mask=whole.is_null())
    return pa.chunked_array([lists])


def cast(column: pa.ChunkedArray, kind: pa.DataType, where: str) -> pa.ChunkedArray:
    """Cast a column.

    Raises
    ------
    SourceSchemaError
        A value does not fit into the type.
    """
    import pyarrow as pa

    try:
        return column.cast(kind)
    except pa.ArrowInvalid as error:
        raise SourceSchemaError(
            f"{where}: a value does not fit into {kind}: {error}",
            hint="write the column as text, or leave it out",
        ) from error


def _iso(column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    import pyarrow as pa

    zone = column.type.tz
    try:
        # Nanoseconds are dropped: Python's times have none.
        kind = pa.timestamp("us", "UTC" if zone else None)
        times = column.cast(kind, safe=column.type.unit != "ns").to_pylist()
    except (pa.ArrowInvalid, ValueError, OverflowError) as error:
        raise SourceSchemaError(f"{where}: a time cannot be read: {error}") from error
    texts = [
        None
        if value is None
        else value.replace(tzinfo=None).isoformat() + ("+00:00" if zone else "")
        for value in times
    ]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    texts = [None if v is None else json.dumps(v, default=str) for v in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])
