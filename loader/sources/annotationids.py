"""Find the column of an annotation table that has the ids of the graph's neurons."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.sources.idcolumns import holds_wholes
from loader.work.duck import identifier, literal, one_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

#: Only columns with such a name can be id columns.
_LIKE_IDS = re.compile(r"id|root|body|segment|neuron|cell", re.IGNORECASE)
#: If a smaller share of a column's ids is in the graph, other columns are tried.
_GOOD = 0.5
#: Share of distinct ids in an id column: ids rarely repeat from row to row.
_DIFFERENT = 0.9


@dataclass(frozen=True)
class Meeting:
    """How well an id column matches the graph.

    Parameters
    ----------
    column
        Its name.
    rows, ids, met
        Number of rows with an id, of distinct ids, and of ids with connections.
    """

    column: str
    rows: int
    ids: int
    met: int

    @property
    def share(self) -> float:
        """Return the share of ids that have connections."""
        return self.met / self.ids if self.ids else 0.0


def choose(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    types: Mapping[str, str],
    usual: str,
    connected: Path,
) -> tuple[str, str]:
    """Choose the id column that matches the graph.

    Parameters
    ----------
    connection, view, types
        The annotation table.
    usual
        The id column by its name. It is used unless fewer than half of its ids have connections
        and another column matches far better.
    connected
        Parquet file with the ids of all connected neurons.

    Returns
    -------
    column
        The chosen column.
    note
        Why it is not the usual one; empty if it is.
    """
    first = _meeting(connection, view, usual, types[usual], connected)
    if first is None or first.share >= _GOOD:
        return usual, ""
    best = first
    for name, kind in types.items():
        if name == usual or not _LIKE_IDS.search(name):
            continue
        found = _meeting(connection, view, name, kind, connected)
        if found and found.ids >= _DIFFERENT * found.rows and found.met > 2 * best.met:
            best = found
    if best is first or best.share < _GOOD:
        return usual, ""
    return best.column, (
        f"ids are taken from '{best.column}' ({best.met:,} of {best.ids:,} have connections), not "
        f"from '{usual}' ({first.met:,} of {first.ids:,})"
    )


def _meeting(
    connection: duckdb.DuckDBPyConnection, view: str, column: str, kind: str, connected: Path
) -> Meeting | None:
    if not holds_wholes(connection, view, column, kind):
        return None
    value = f"TRY_CAST(trim(CAST({identifier(column)} AS VARCHAR)) AS BIGINT)"
    ends = f"read_parquet({literal(connected)})"
    found = one_row(
        connection,
        f"""WITH v AS (SELECT {value} AS id FROM {view})
            SELECT count(id) AS rows, count(DISTINCT id) AS ids,
                   count(DISTINCT id) FILTER (id IN (SELECT id FROM {ends})) AS met
            FROM v WHERE id > 0""",
    )
    return Meeting(column, found["rows"], found["ids"], found["met"])
