"""Convert CAVE's split position columns to `[x, y, z]` in one unit."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from graphapi.cave.records import Resolution

NANOMETRE: Resolution = (1.0, 1.0, 1.0)


def position_columns(names: list[str]) -> list[str]:
    """Return the position columns: `p` for three adjacent columns `p_x`, `p_y`, `p_z`."""
    found = []
    for i, name in enumerate(names[:-2]):
        stem = name.removesuffix("_x")
        if stem != name and names[i + 1 : i + 3] == [f"{stem}_y", f"{stem}_z"]:
            found.append(stem)
    return found


def positions(
    table: pa.Table, stem: str, stored: Resolution, wanted: Resolution
) -> list[list[Any] | None]:
    """Return one position column in another unit.

    Parameters
    ----------
    table
        Rows with `<stem>_x`, `_y`, `_z`.
    stem
        Name of the position.
    stored, wanted
        Size in nm (x, y, z) of the table's unit and of the wanted unit.

    Returns
    -------
    list
        `[x, y, z]` for each row; None where the row has no position. Whole numbers, rounded
        down. Floats only if `wanted` is nanometres and the table's unit is not a whole number
        of nanometres.
    """
    whole = wanted != NANOMETRE or all(float(size).is_integer() for size in stored)
    axes = [f"{stem}_{axis}" for axis in "xyz"]
    given = np.logical_and.reduce([table[axis].is_valid().to_numpy() for axis in axes])
    scaled = [
        _scaled(
            table[axis].to_numpy(),
            Fraction(a).limit_denominator(10**6),
            Fraction(b).limit_denominator(10**6),
            whole,
        )
        for axis, a, b in zip(axes, stored, wanted, strict=True)
    ]
    rows = np.stack(scaled, axis=1).tolist()
    return [row if there else None for row, there in zip(rows, given.tolist(), strict=True)]


def with_positions(
    frame: pd.DataFrame, table: pa.Table, stored: Resolution, wanted: Resolution
) -> pd.DataFrame:
    """Replace the split positions of a frame with one column of lists each, at the end."""
    for stem in position_columns(table.column_names):
        frame = frame.drop(columns=[f"{stem}_{axis}" for axis in "xyz"])
        values = np.empty(table.num_rows, dtype=object)
        values[:] = positions(table, stem, stored, wanted)
        frame[stem] = values
    return frame


def _scaled(
    values: npt.NDArray[Any], stored: Fraction, wanted: Fraction, whole: bool
) -> npt.NDArray[Any]:
    scale = stored / wanted
    if not whole:
        return np.asarray(values, dtype=np.float64) * float(scale)
    if values.dtype.kind in "iu":  # exact: rounding a float could give the wrong voxel
        return np.asarray(values.astype(np.int64) * scale.numerator // scale.denominator)
    floored: npt.NDArray[Any] = np.floor(np.nan_to_num(values) * float(scale)).astype(np.int64)
    return floored
