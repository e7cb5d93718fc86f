"""Whole annotation tables, joined with the table they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphapi.cave.complete import fetch_matching, fetch_range, id_ranges, require_total
from graphapi.cave.reader import Reader
from graphapi.common.progress import Progress
from graphapi.common.threads import in_order
from graphapi.errors import SourceSchemaError

if TYPE_CHECKING:
    from graphapi.cave.connection import Cave

#: Suffix of all columns that come from the target table.
TARGET_SUFFIX = "_ref"


def fetch_table(
    cave: Cave,
    table: str,
    version: int,
    *,
    with_target: bool = True,
    progress: bool = True,
) -> pa.Table:
    """Read all rows of a table; for a reference table, also the rows it refers to.

    The two tables are joined here, not by the server. The server's join drops rows whose target
    is no longer valid. It also adds a suffix only to duplicate names, so that column names would
    depend on the tables.

    Parameters
    ----------
    cave, table, version
        What to read.
    with_target
        For a reference table: add the columns of its target table.
    progress
        Whether to show a progress bar.

    Returns
    -------
    pyarrow.Table
        Sorted by `id`, positions split into `_x`, `_y`, `_z`. The columns of the target table
        end in `_ref` (`id_ref`, `pt_root_id_ref`, ...) and are null where it has no such row.

    Raises
    ------
    TableNotFoundError, VersionNotFoundError
        The table, or its target table, does not exist at this version.
    IncompleteAnswerError
        The server's rows and counts disagree, even after a second try.
    SourceSchemaError
        A reference table has no `target_id` column.
    """
    info = cave.table_info(table, version)
    joining = info.reference_table if with_target else None
    rows = _whole(cave, table, version, progress)
    if joining is None:
        return rows
    if "target_id" not in rows.column_names:
        raise SourceSchemaError(
            f"table '{table}' refers to '{joining}' but has no column 'target_id'"
        )
    targets = np.unique(rows["target_id"].drop_null().to_numpy().astype(np.int64))
    target = fetch_matching(cave, joining, version, {"id": targets}, progress=progress)
    return _beside(rows, target)


def _whole(cave: Cave, table: str, version: int, progress: bool) -> pa.Table:
    ranges = id_ranges(cave, table, version)
    parts = []
    total = sum(one.rows for one in ranges)
    with Progress(f"rows of {table}", total, shown=progress) as bar:
        for part in in_order(
            lambda one: fetch_range(cave, table, version, one),
            ranges,
            at_once=cave.max_in_flight,
        ):
            parts.append(part)
            bar.advance(part.num_rows)
    require_total(cave, table, version, sum(part.num_rows for part in parts))
    return Reader(cave, table, version).finished(parts)


def _beside(rows: pa.Table, target: pa.Table) -> pa.Table:
    """Join each row with its target row (targets sorted by id); null where there is none."""
    missing = rows["target_id"].is_null().to_numpy()
    wanted = pc.fill_null(rows["target_id"], 0).to_numpy()
    ids = target["id"].to_numpy()
    places = np.searchsorted(ids, wanted)
    safe = np.minimum(places, max(len(ids) - 1, 0))
    found = ~missing & (ids[safe] == wanted) if len(ids) else np.zeros(len(wanted), dtype=bool)
    beside = target.take(pa.array(safe, mask=~found))
    for name in beside.column_names:
        rows = rows.append_column(f"{name}{TARGET_SUFFIX}", beside[name])
    return rows
