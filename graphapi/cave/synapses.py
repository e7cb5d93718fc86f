"""Synapse rows of some neurons, complete; and the connectivity that they add up to."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from graphapi.cave.complete import POST, PRE, fetch_rows
from graphapi.cave.live import fetch_live_rows
from graphapi.cave.positions import NANOMETRE, position_columns, with_positions
from graphapi.errors import InputError, SourceSchemaError, TableNotFoundError

if TYPE_CHECKING:
    from graphapi.cave.connection import Cave
    from graphapi.cave.records import Resolution
    from graphapi.ids import IdArray

#: Roots up to this one are no neurons: 0 is background, 1 is not looked up yet.
UNRESOLVED = 1


def synapse_rows(
    cave: Cave,
    version: int | datetime,
    pre_ids: IdArray | None = None,
    post_ids: IdArray | None = None,
    *,
    threshold: int = 1,
    min_size: float | None = None,
    clean: bool = True,
    return_pixels: bool = True,
    resolution: Resolution | None = None,
    synapse_table: str | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Read synapse rows from CAVE.

    Parameters
    ----------
    cave
        The datastack.
    version
        A materialization version's number, or a moment, not before the newest version, whose
        roots are meant.
    pre_ids, post_ids
        Root ids of that version; rows match both where both are given. One must be.
    threshold
        Synapses that an ordered pair must have for its rows to stay, counted after
        `min_size` and before `clean`.
    min_size
        Smallest `size` that stays, inclusive; None for all.
    clean
        Drop autapses and rows with background (root 0) or an unresolved end (root 1, which
        versions that are not merged give to supervoxels not looked up yet) on either side.
    return_pixels
        Positions in voxels of `resolution`, rounded down; False for nanometres.
    resolution
        Nanometres a voxel, x, y, z; by default the datastack's viewer resolution.
    synapse_table
        By default the datastack's.
    progress
        Whether to show a bar.

    Returns
    -------
    pandas.DataFrame
        `pre_pt_root_id`, `post_pt_root_id` first, the other columns in the server's order,
        positions last as lists `[x, y, z]`. Ascending by `id`, RangeIndex. Types as served,
        but root ids always int64 (a missing one is 0) and whole numbers with gaps `Int64`.
        Empty: no rows, the same columns and types.

    Raises
    ------
    InputError
        Neither side is given, or `threshold` or `min_size` is no such number.
    TableNotFoundError
        The datastack has no synapse table.
    IncompleteAnswerError
        The server's rows and counts disagree and go on doing so.
    """
    if threshold < 1:
        raise InputError(f"threshold: {threshold} is below 1", hint="1 keeps every synapse")
    table = synapse_table or cave.info.synapse_table
    if table is None:
        raise TableNotFoundError(
            f"datastack '{cave.datastack}' names no synapse table", hint="pass synapse_table"
        )
    if isinstance(version, datetime):
        rows, base = fetch_live_rows(
            cave, table, pre_ids=pre_ids, post_ids=post_ids, timestamp=version, progress=progress
        )
    else:
        rows, base = (
            fetch_rows(cave, table, version, pre_ids=pre_ids, post_ids=post_ids, progress=progress),
            version,
        )
    rows = kept_rows(rows, threshold=threshold, min_size=min_size, clean=clean)
    frame = to_frame(rows)
    if position_columns(rows.column_names):
        stored = cave.table_info(table, base).voxel_resolution
        wanted = (resolution or cave.info.viewer_resolution) if return_pixels else NANOMETRE
        frame = with_positions(frame, rows, stored, wanted)
    return frame[[PRE, POST, *(name for name in frame.columns if name not in (PRE, POST))]]


def kept_rows(
    rows: pa.Table, *, threshold: int = 1, min_size: float | None = None, clean: bool = True
) -> pa.Table:
    """Apply `min_size`, then `threshold`, then `clean`; see `synapse_rows`.

    Returns
    -------
    pyarrow.Table
        The rows that stay, order and columns as they were.

    Raises
    ------
    SourceSchemaError
        `min_size` is asked of a table without sizes.
    """
    keep = np.ones(rows.num_rows, dtype=bool)
    pre, post = root_array(rows, PRE), root_array(rows, POST)
    if min_size is not None:
        if "size" not in rows.column_names:
            raise SourceSchemaError(
                "min_size needs a column 'size', which the synapse table does not have"
            )
        keep &= rows["size"].to_numpy() >= min_size
    if threshold > 1:
        pairs = pd.DataFrame({"pre": pre[keep], "post": post[keep]})
        weights = pairs.groupby(["pre", "post"])["pre"].transform("size").to_numpy()
        keep[keep] = weights >= threshold
    if clean:
        keep &= (pre != post) & (pre > UNRESOLVED) & (post > UNRESOLVED)
    return rows.filter(pa.array(keep))


def root_array(rows: pa.Table, column: str) -> IdArray:
    """Return a column of root ids as int64; 0 where a row has none."""
    return np.asarray(rows[column].fill_null(0).cast(pa.int64()).to_numpy())


def to_frame(rows: pa.Table) -> pd.DataFrame:
    """Turn rows into a frame; whole numbers stay whole, root ids are int64."""
    columns = {}
    for name in rows.column_names:
        column = rows[name]
        if name in (PRE, POST):
            columns[name] = pd.Series(root_array(rows, name))
        elif pa.types.is_integer(column.type) and column.null_count:
            columns[name] = column.cast(pa.int64()).to_pandas(types_mapper=_nullable)
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns)


def connectivity_from_rows(rows: pd.DataFrame, *, threshold: int = 1) -> pd.DataFrame:
    """Add synapse rows up to connections.

    Parameters
    ----------
    rows
        Synapse rows, each once, as `synapse_rows` gives them.
    threshold
        Smallest weight that stays.

    Returns
    -------
    pandas.DataFrame
        `pre`, `post`, `weight`, int64; by weight descending, then pre, then post.
    """
    pairs = rows.groupby([PRE, POST], sort=True).size().reset_index(name="weight")
    pairs.columns = pd.Index(["pre", "post", "weight"])
    pairs = pairs[pairs["weight"] >= threshold].astype("int64")
    return pairs.sort_values(
        ["weight", "pre", "post"], ascending=[False, True, True], ignore_index=True
    )


def _nullable(_kind: pa.DataType) -> pd.Int64Dtype:
    return pd.Int64Dtype()
