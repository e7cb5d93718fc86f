"""The tables of every version, as the stand-in serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

    from loader.sandbox.demo.brain import Ints

#: The first version is a merged one: no creation times, and no unresolved rows.
MERGED_VERSIONS: Final = (1,)


def write_table(path: Path, columns: dict[str, Any]) -> None:
    """Write columns to Parquet: int64 (n, 3) arrays as lists, all else as Arrow takes it.

    The file depends on the columns' values alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({name: _arrow(values) for name, values in columns.items()})
    pq.write_table(table, path, compression="zstd", compression_level=1)


def only(columns: dict[str, Any], rows: Any, *, merged: bool) -> dict[str, Any]:
    """Keep some rows, and for a merged version only the columns that it has."""
    dropped = ("created", "superceded_id") if merged else ()
    return {
        name: values.filter(pa.array(rows)) if isinstance(values, pa.Array) else values[rows]
        for name, values in columns.items()
        if name not in dropped
    }


def utc(times: Any) -> pa.Array:
    """Return naive UTC datetime64[us] as Arrow timestamps that say UTC."""
    return pa.array(times, type=pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))


def nothing(count: int) -> pa.Array:
    """Return an int64 column of nulls: no row of a frozen table has been superseded."""
    return pa.nulls(count, pa.int64())


def _arrow(values: Any) -> Any:
    if isinstance(values, np.ndarray) and values.ndim == 2:
        return _as_lists(values)
    return values if isinstance(values, pa.Array) else pa.array(values)


def _as_lists(points: Ints) -> pa.Array:
    offsets = np.arange(0, points.size + 1, points.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(points.ravel()))
