"""Synapse rows under current root ids.

CAVE's tables are frozen at materialization versions. Current root ids are mapped back to the
newest version, all their rows are read there, the rows' root ids are updated through their
supervoxels, and the rows are filtered again. Synapses added to the table after that version are
not included.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from graphapi.cave.complete import POST, PRE, fetch_rows
from graphapi.cave.ids import check_current, roots_of
from graphapi.errors import SourceSchemaError, UnknownRootIdError

if TYPE_CHECKING:
    from graphapi.cave.connection import Cave
    from graphapi.ids import IdArray

_IDS_AT_A_TIME = 500


def fetch_live_rows(
    cave: Cave,
    table: str,
    *,
    pre_ids: IdArray | None = None,
    post_ids: IdArray | None = None,
    timestamp: datetime | None = None,
    progress: bool = True,
) -> tuple[pa.Table, int]:
    """Read all synapse rows of some neurons, with the segmentation at a given time.

    Parameters
    ----------
    cave, table
        What to read.
    pre_ids, post_ids
        Root ids at that time; if both are given, rows match both.
    timestamp
        Timezone-aware, not before the newest version; None for now.
    progress
        Whether to show a progress bar.

    Returns
    -------
    rows : pyarrow.Table
        As from `fetch_rows`, with the root ids at that time.
    version : int
        The version that the rows were read from.

    Raises
    ------
    UnknownRootIdError
        An id is not a root at that time.
    """
    at = timestamp or datetime.now(UTC)
    base = cave.resolve_version("latest")
    sides = {PRE: pre_ids, POST: post_ids}
    past: dict[str, IdArray | None] = {
        column: None if ids is None else _past(cave, ids, base.timestamp, at)
        for column, ids in sides.items()
    }
    rows = fetch_rows(
        cave, table, base.version, pre_ids=past[PRE], post_ids=past[POST], progress=progress
    )
    for column in sides:
        rows = _brought_forward(cave, rows, column, at)
    for column, ids in sides.items():
        if ids is not None:
            keep = np.isin(rows[column].to_numpy(), ids)
            rows = rows.filter(pa.array(keep))
    return rows, base.version


def _past(cave: Cave, ids: IdArray, past: datetime, at: datetime) -> IdArray:
    distinct = np.unique(ids)
    current = check_current(cave, distinct, at)
    if not current.all():
        raise UnknownRootIdError(
            distinct[~current].tolist(),
            f"the segmentation of '{cave.datastack}' at {at:%Y-%m-%d %H:%M} UTC",
            hint="pass update_ids=True to map stale ids to current ones",
        )
    found: set[int] = set()
    for start in range(0, len(distinct), _IDS_AT_A_TIME):
        batch = distinct[start : start + _IDS_AT_A_TIME]
        for root_id, ancestors in cave.segmentation.past_ids(batch, past, at).items():
            found.update(ancestors or [root_id])
    return np.array(sorted(found), dtype=np.int64)


def _brought_forward(cave: Cave, rows: pa.Table, column: str, at: datetime) -> pa.Table:
    """Replace stale root ids with the roots that now hold the row's supervoxels."""
    supervoxels = column.replace("root_id", "supervoxel_id")
    if supervoxels not in rows.column_names:
        raise SourceSchemaError(
            f"live queries need the column '{supervoxels}', which the synapse table does not have"
        )
    roots = rows[column].fill_null(0).cast(pa.int64()).to_numpy().copy()
    marks = rows[supervoxels].fill_null(0).cast(pa.int64()).to_numpy()
    distinct = np.unique(roots[roots > 0])
    stale = distinct[~check_current(cave, distinct, at)]
    moved = np.isin(roots, stale)
    roots[moved] = roots_of(cave, marks[moved], at)
    place = rows.column_names.index(column)
    return rows.set_column(place, column, pa.array(roots))
