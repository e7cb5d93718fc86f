"""Convert values between a driver and Arrow columns, with exact types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa

from graphapi.engines.graphvalues import plain
from graphapi.engines.queries import arrow_type
from graphapi.errors import InputError, QueryFileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphapi.engines.queries import Query

_INT64 = range(-(2**63), 2**63)
_EXACT_IN_JSON = range(-(2**53), 2**53 + 1)
#: Declared types, and other types that may be converted to them. An int column that arrives as
#: float is an error, because it may already be rounded.
_WIDENED = {("float", pa.int64()), ("list[float]", pa.list_(pa.int64()))}


def declared_table(query: Query, parts: Sequence[Sequence[Sequence[object]]]) -> pa.Table:
    """Make the table that a query file declares.

    Parameters
    ----------
    query
        Names and types of the columns.
    parts
        Pieces of the answer, each a sequence of columns; none if there are no rows.

    Raises
    ------
    QueryFileError
        A value does not have the declared type.
    """
    columns = []
    for i, item in enumerate(query.columns):
        pieces = [part[i] for part in parts] or [[]]
        if item.type == "any":
            columns.append(inferred_column([plain(v) for piece in pieces for v in piece]))
            continue
        where = f"{query.path}, column '{item.name}'"
        chunks = [declared_column(piece, item.type, where) for piece in pieces]
        columns.append(pa.chunked_array(chunks))
    return pa.table(columns, names=[item.name for item in query.columns])


def declared_column(values: Sequence[object], declared: str, where: str) -> pa.Array:
    """Make a column of a declared type.

    Parameters
    ----------
    values
        Plain Python values; None for null.
    declared
        `int`, `float`, `string`, `bool`, or `list[...]` of the first three.
    where
        Query file and column, for the error message.

    Returns
    -------
    pyarrow.Array
        The column has the declared type, even if `values` is empty or all null.

    Raises
    ------
    QueryFileError
        A value has another type. Floats are refused for `int`, even whole ones, because ids
        must not pass through floats.
    """
    wanted = arrow_type(declared)
    try:
        found = pa.array(values)
        fits = found.type == wanted or (declared, found.type) in _WIDENED or _is_null(found.type)
        if fits:
            return found.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise QueryFileError(
            f"{where}: declared {declared}, got other values too: {error}"
        ) from error
    raise QueryFileError(f"{where}: declared {declared}, got {found.type}")


def inferred_column(values: Sequence[object]) -> pa.Array:
    """Make a column of the type that its values share.

    Returns
    -------
    pyarrow.Array
        Maps become structs with the union of their keys. Values without one common type
        become JSON text, in which integers beyond 2**53 are strings. All null, or empty:
        type null.
    """
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if v is None else _as_json(v) for v in values], pa.string())


def plain_params(params: Mapping[str, object] | None) -> dict[str, object]:
    """Turn parameters into plain Python values, exactly.

    Raises
    ------
    InputError
        A value has a type that no property can have, is an integer beyond int64, or is text
        that UTF-8 cannot encode.
    """
    return {name: _plain(value, name) for name, value in (params or {}).items()}


def _plain(value: object, name: str) -> object:
    if hasattr(value, "to_pylist"):  # Arrow
        value = value.to_pylist()
    elif hasattr(value, "tolist"):  # numpy, pandas
        value = value.tolist()
    if value is None or isinstance(value, (bool, float, bytes)):
        return value
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise InputError(f"parameter '{name}': {value!r} is not valid text")
        return str(value)
    if isinstance(value, int):
        if value not in _INT64:
            raise InputError(f"parameter '{name}': {value} does not fit into 64 bits")
        return int(value)
    if isinstance(value, dict):
        return {str(key): _plain(item, name) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return [_plain(item, name) for item in value]
    raise InputError(
        f"parameter '{name}' cannot be a {type(value).__name__}",
        hint="pass numbers, texts, booleans, lists or dictionaries of them",
    )


def refuse_mixed_lists(params: Mapping[str, object]) -> None:
    """Refuse lists of mixed types, for an engine whose lists have one type.

    LadybugDB silently reads `[{'a': 1}, {'b': 2}]` as `[{'b': 1}, {'b': 2}]`.

    Raises
    ------
    InputError
        Items of a list have no common type, or an integer among floats would be rounded.
    """
    for name, value in params.items():
        try:
            _type_of(value)
        except _NoCommonTypeError as error:
            raise InputError(
                f"parameter '{name}': a list holds {error}; on this engine a list has one type",
                hint="give all items one type, such as text, or pass several parameters",
            ) from None


class _NoCommonTypeError(Exception):
    """Two types have no common one; never leaves this module."""


def _type_of(value: object) -> object:
    """Return the type of plain values: a name, ('list', type) or a dict; None for any type."""
    if isinstance(value, dict):
        return {key: _type_of(item) for key, item in value.items()}
    if isinstance(value, list):
        found: object = None
        for item in value:
            found = _common(found, _type_of(item))
        return ("list", found)
    if isinstance(value, int) and value not in _EXACT_IN_JSON:
        return "int too large for a float"
    return None if value is None else type(value).__name__


def _common(one: object, other: object) -> object:
    if one is None or other is None or one == other:
        return other if one is None else one
    both = {str(one), str(other)}
    if both == {"int", "float"}:
        return "float"
    if both == {"int", "int too large for a float"}:
        return "int too large for a float"
    if isinstance(one, tuple) and isinstance(other, tuple):
        return ("list", _common(one[1], other[1]))
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        return {key: _common(kind, other[key]) for key, kind in one.items()}
    raise _NoCommonTypeError(f"{_said(one)} and {_said(other)}")


def _said(kind: object) -> str:
    if isinstance(kind, tuple):
        return "a list"
    return f"a map of {', '.join(map(str, kind))}" if isinstance(kind, dict) else str(kind)


def _is_null(kind: pa.DataType) -> bool:
    return pa.types.is_null(kind) or (pa.types.is_list(kind) and _is_null(kind.value_type))


def _as_json(value: object) -> str:
    return json.dumps(_json_safe(value), ensure_ascii=False, default=str)


def _json_safe(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, list, dict)):
        return value
    if isinstance(value, int):
        return value if value in _EXACT_IN_JSON else str(value)
    if isinstance(value, list):
        return [_json_safe(item) for item in value]
    return {key: _json_safe(item) for key, item in value.items()}


def with_offsets(table: pa.Table) -> pa.Table:
    """Return the same rows with valid arrays where a list column has no element at all.

    The engine leaves the offsets of such empty texts unset: whatever the memory held.
    """
    for place, item in enumerate(table.schema):
        if pa.types.is_nested(item.type):
            chunks = [_with_offsets(chunk) for chunk in table.column(place).chunks]
            table = table.set_column(place, item, pa.chunked_array(chunks, item.type))
    return table


def _with_offsets(array: pa.Array) -> pa.Array:
    kind = array.type
    if not len(array):
        return pa.nulls(0, kind)
    if pa.types.is_list(kind):
        values = array.values
        made = _with_offsets(values)
        if made is values:
            return array
        return pa.ListArray.from_arrays(array.offsets, made, kind, mask=array.is_null())
    if pa.types.is_struct(kind):
        parts = array.flatten()
        made = [_with_offsets(part) for part in parts]
        if all(one is part for one, part in zip(made, parts, strict=True)):
            return array
        return pa.StructArray.from_arrays(made, fields=list(kind), mask=array.is_null())
    return array
