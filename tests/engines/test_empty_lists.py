"""Lists without any element: the engine leaves the offsets of their texts unset."""

from __future__ import annotations

import pyarrow as pa
import pytest

from graphapi.engines.columns import with_offsets


def unset_texts() -> pa.Array:
    """No text, and an offset that is whatever the memory held."""
    return pa.Array.from_buffers(
        pa.string(), 0, [None, pa.py_buffer(b"\x90" * 4), pa.py_buffer(b"")]
    )


def lists(values: pa.Array, rows: list[list[int] | None]) -> pa.Array:
    """Lists of the given length, or missing."""
    ends = [0]
    for row in rows:
        ends.append(ends[-1] + len(row or []))
    missing = pa.array([row is None for row in rows])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values, mask=missing)


@pytest.mark.parametrize(
    ("made", "right"),
    [
        (lists(unset_texts(), [None, [], None]), [None, [], None]),
        (lists(lists(unset_texts(), [[], None]), [[1, 1], None, []]), [[[], None], None, []]),
        (
            pa.StructArray.from_arrays(
                [pa.array(["a", "b"]), lists(unset_texts(), [None, []])], names=["s", "l"]
            ),
            [{"s": "a", "l": None}, {"s": "b", "l": []}],
        ),
    ],
    ids=["lists", "lists of lists", "structs of lists"],
)
def test_the_same_values_in_valid_arrays(made: pa.Array, right: list[object]) -> None:
    table = pa.table({"n": [1] * len(made), "x": made})
    with pytest.raises(pa.ArrowInvalid, match="negative offset"):
        table.validate(full=True)
    sound = with_offsets(table)
    sound.validate(full=True)
    assert sound.schema == table.schema
    assert sound.column("x").to_pylist() == right
    assert sound.column("n").to_pylist() == [1] * len(made)


def test_what_has_elements_is_left_alone() -> None:
    column = pa.chunked_array([[["a"], None], [[], ["b", "c"]]])
    assert with_offsets(pa.table({"x": column})).column("x").equals(column)
