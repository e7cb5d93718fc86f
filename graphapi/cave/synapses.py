"""Complete synapse rows of some neurons, and connectivity computed from them."""

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
from graphapi.ids import UNRESOLVED

if TYPE_CHECKING:
    from graphapi.cave.connection import Cave
    from graphapi.cave.records import Resolution
    from graphapi.ids import IdArray


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
        Number of a materialization version; or a time, not before the newest version, at which
        the root ids are valid.
    pre_ids, post_ids
        Root ids at that version. At least one is required; if both are given, rows match both.
    threshold
        Keep the rows of connections with at least this many synapses, counted after
        `min_size` and before `clean`.
    min_size
        Keep synapses of at least this `size`; None for all.
    clean
        Drop autapses, and rows where either end is background (root 0) or unresolved (root 1:
        in split versions, a supervoxel that was not looked up yet).
    return_pixels
        Return positions in voxels of `resolution`, rounded down; False for nanometres.
    resolution
        Voxel size in nm (x, y, z); by default the datastack's viewer resolution.
    synapse_table
        Name of the table; by default the datastack's synapse table.
    progress
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        `pre_pt_root_id` and `post_pt_root_id` first, then the other columns in the server's
        order, positions last as lists `[x, y, z]`. Sorted by `id`, with a RangeIndex. Types as
        served, except that root ids are always int64 (0 if missing) and whole numbers with
        missing values are `Int64`. Without a match: no rows, the same columns and types.

    Raises
    ------
    InputError
        Neither `pre_ids` nor `post_ids` is given, or `threshold` or `min_size` is invalid.
    TableNotFoundError
        The datastack has no synapse table.
    IncompleteAnswerError
        The server's rows and counts disagree, even after a second try.
    """
    if threshold < 1:
        raise InputError(f"threshold: {threshold} is below 1", hint="1 keeps every synapse")
    table = synapse_table or cave.info.synapse_table
    if table is None:
        raise TableNotFoundError(
            f"datastack '{cave.datastack}' has no synapse table", hint="pass synapse_table"
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
        The rows that remain, with order and columns unchanged.

    Raises
    ------
    SourceSchemaError
        `min_size` is given but the table has no `size` column.
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
    """Return a column of root ids as int64; 0 where missing."""
    return np.asarray(rows[column].fill_null(0).cast(pa.int64()).to_numpy())


def to_frame(rows: pa.Table) -> pd.DataFrame:
    """Convert rows to a DataFrame; whole numbers stay whole, root ids are int64."""
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
    """Count the synapse rows of each connection.

    Parameters
    ----------
    rows
        Distinct synapse rows, as returned by `synapse_rows`.
    threshold
        Keep connections of at least this weight.

    Returns
    -------
    pandas.DataFrame
        `pre`, `post`, `weight`, int64; sorted by weight descending, then pre, then post.
    """
    pairs = rows.groupby([PRE, POST], sort=True).size().reset_index(name="weight")
    pairs.columns = pd.Index(["pre", "post", "weight"])
    pairs = pairs[pairs["weight"] >= threshold].astype("int64")
    return pairs.sort_values(
        ["weight", "pre", "post"], ascending=[False, True, True], ignore_index=True
    )


def _nullable(_kind: pa.DataType) -> pd.Int64Dtype:
    return pd.Int64Dtype()
