"""Which column of an annotation table holds the ids of the graph's neurons."""

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

#: A column may be one of ids only if it is called like one.
_LIKE_IDS = re.compile(r"id|root|body|segment|neuron|cell", re.IGNORECASE)
#: Less than this share of a column's ids in the graph: another column is looked for.
_GOOD = 0.5
#: Ids of neurons hardly repeat from row to row.
_DIFFERENT = 0.9


@dataclass(frozen=True)
class Meeting:
    """How a column of ids meets the graph.

    Parameters
    ----------
    column
        Its name.
    rows, ids, met
        Rows that have an id, different ids, and how many of them have connections.
    """

    column: str
    rows: int
    ids: int
    met: int

    @property
    def share(self) -> float:
        """Share of the ids that have connections."""
        return self.met / self.ids if self.ids else 0.0


def choose(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    types: Mapping[str, str],
    usual: str,
    connected: Path,
) -> tuple[str, str]:
    """Choose the column of ids that meets the graph.

    Parameters
    ----------
    connection, view, types
        The annotation table.
    usual
        The column that its name speaks for. It is taken unless fewer than half of its ids
        have connections and another column does better by far.
    connected
        Parquet file with the ids of all ends of connections.

    Returns
    -------
    column
        The one chosen.
    note
        Why it is not the usual one; empty where it is.
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
        f"ids are those of '{best.column}' ({best.met:,} of {best.ids:,} have connections), not "
        f"of '{usual}' ({first.met:,} of {first.ids:,})"
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
