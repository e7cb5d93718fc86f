"""Turn columns into Arrow tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from loader.sandbox.demo.brain import Ints


def as_table(columns: Mapping[str, Any] | pd.DataFrame) -> pa.Table:
    """Return columns as Arrow: int64 (n, 3) arrays become lists, objects their values."""
    return pa.table({str(name): _arrow(values) for name, values in columns.items()})


def only(columns: dict[str, Any], rows: Any, *, merged: bool) -> dict[str, Any]:
    """Keep some rows; a merged version keeps only the columns that it has."""
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
