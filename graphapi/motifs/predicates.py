"""Evaluate conditions on fields for all neurons or connections at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from graphapi.motifs.pattern import Condition

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


def meets_all(columns: dict[str, pa.Array], where: Iterable[Condition], size: int) -> Mask:
    """Return which rows meet all conditions; a missing value meets none.

    Parameters
    ----------
    columns
        Arrow array of each field.
    where
        Bound conditions.
    size
        Number of rows.

    Returns
    -------
    numpy.ndarray
        bool, (size,).
    """
    mask = np.ones(size, dtype=np.bool_)
    for one in where:
        mask &= meets(columns[one.field], one)
    return mask


def meets(column: pa.Array, one: Condition) -> Mask:
    """Return which rows meet one bound condition."""
    import pyarrow.compute as pc

    negative = one.op.startswith("!") and one.op != "!="
    positive = one.op.removeprefix("!") if negative else one.op
    if positive == "in":
        mask = _is_in(column, one.value)
    elif positive == "contains":
        mask = _as_mask(pc.match_substring(column, str(one.value)))
    elif positive == "has":
        rows = column.to_pylist()
        mask = np.array([row is not None and one.value in row for row in rows], dtype=np.bool_)
    else:
        mask = _as_mask(_compare(positive)(column, _scalar(column, one.value)))
    if negative:
        mask = ~mask & _as_mask(pc.is_valid(column))
    return mask


def codes_of(columns: list[pa.Array]) -> list[Codes]:
    """Replace values by their rank among the values of all columns together.

    Returns
    -------
    list of numpy.ndarray
        int64; equal values have equal ranks, larger values larger ones; -1 for missing.
    """
    import pyarrow.compute as pc

    valid = [_as_mask(pc.is_valid(column)) for column in columns]
    values = [_plain(column, mask) for column, mask in zip(columns, valid, strict=True)]
    _, ranks = np.unique(np.concatenate(values), return_inverse=True)
    coded, start = [], 0
    for mask, part in zip(valid, values, strict=True):
        codes = np.full(mask.size, -1, dtype=np.int64)
        codes[mask] = ranks[start : start + part.size]
        start += part.size
        coded.append(codes)
    return coded


def _plain(column: pa.Array, valid: Mask) -> npt.NDArray[Any]:
    """Return the values that are not missing, exact: as int64 or as Python objects."""
    import pyarrow as pa

    there = column.filter(pa.array(valid))
    if pa.types.is_integer(there.type):
        return np.asarray(there.to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.array(there.to_pylist(), dtype=object)


def _is_in(column: pa.Array, value: object) -> Mask:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(value, str):
        parts = [v for v in pc.unique(column).to_pylist() if v is not None and v in value]
        return _as_mask(pc.is_in(column, value_set=pa.array(parts, column.type)))
    values = pa.array(list(value), column.type)  # type: ignore[call-overload]
    return _as_mask(pc.is_in(column, value_set=values))


def _scalar(column: pa.Array, value: object) -> object:
    import pyarrow as pa

    return pa.scalar(value, column.type) if isinstance(value, (int, bool)) else value


def _compare(op: str) -> Any:
    import pyarrow.compute as pc

    return {
        "=": pc.equal,
        "!=": pc.not_equal,
        "<": pc.less,
        "<=": pc.less_equal,
        ">": pc.greater,
        ">=": pc.greater_equal,
    }[op]


def _as_mask(column: pa.Array) -> Mask:
    import pyarrow.compute as pc

    return np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
