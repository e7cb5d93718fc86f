"""Ends of connections that may not be neurons: none at all, the node 0, and totals."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphapi.errors import SourceSchemaError
from loader.work.duck import one_row

if TYPE_CHECKING:
    import duckdb

    from loader.sources.idcolumns import IdColumn

#: Names of columns in which 0 means background, as in CAVE; and names in which it mostly does.
_BACKGROUND = re.compile(r"root|supervoxel|segid|segment", re.IGNORECASE)
_MOSTLY = ("pre", "post")
#: Numbers from 0 on are much denser than ids of segments: at most so many times their number.
_DENSE = 10
_MOST_NODES = 10**8
#: Largest percentage of rows without an id; a single such row is always allowed.
_MOST_LACKING = 5
_TOTALS = r"((grand|row|column|col)[ _-]?)?(total|sum)s?|subtotal"


def require_ids(
    connection: duckdb.DuckDBPyConnection,
    ends: tuple[IdColumn, IdColumn],
    condition: str,
    kept: int,
    where: str,
) -> None:
    """Refuse a table if more than a few of its rows lack an id.

    Parameters
    ----------
    connection, ends
        DuckDB, and the columns of pre and post.
    condition, kept
        SQL of the rows that are kept, and their number.
    where
        The table, for messages.

    Raises
    ------
    SourceSchemaError
        More than a twentieth of the rows lack an id.
    """
    pre, post = ends
    if pre.lacking == post.lacking == 0:
        return
    lacking = one_row(
        connection,
        f"SELECT count(*) AS n FROM {pre.view} WHERE ({condition}) AND "
        f"({pre.sql} IS NULL OR {post.sql} IS NULL)",
    )["n"]
    if lacking > 1 and lacking * 100 > kept * _MOST_LACKING:
        raise SourceSchemaError(
            f"{where}: {lacking:,} of {kept:,} rows lack an id in '{pre.column}' or "
            f"'{post.column}'",
            hint="if a missing id means the same as in the row above, fill it in; to leave "
            f"these rows out, use --keep '{pre.column}!=' --keep '{post.column}!='",
        )


def require_neurons(
    connection: duckdb.DuckDBPyConnection,
    ends: tuple[IdColumn, IdColumn],
    condition: str,
    where: str,
    *,
    is_matrix: bool,
) -> list[str]:
    """Refuse totals among names, and a 0 that may be the first node rather than background.

    Parameters
    ----------
    connection, ends
        DuckDB, and the columns of pre and post.
    condition
        SQL of the rows that are kept.
    where
        The table, for messages.
    is_matrix
        Whether the ids are labels of a matrix, where nothing is background.

    Returns
    -------
    list of str
        What to tell the user, if 0 is taken for background although it may be a node.

    Raises
    ------
    SourceSchemaError
        An end is called a total; or ids are 0, 1, 2, ... and 0 would be left out.
    """
    names = " and ".join(f"--keep '{end.column}!={{0}}'" for end in ends)
    both = " UNION ALL ".join(
        f"SELECT {end.sql} AS id FROM {end.view} WHERE {condition}" for end in ends
    )
    if ends[0].kind == "names":
        found = one_row(
            connection,
            f"SELECT min(id) AS id FROM ({both}) WHERE regexp_full_match(lower(id), '{_TOTALS}')",
        )["id"]
        if found is not None:
            raise SourceSchemaError(
                f"{where}: '{found}' looks like a sum over neurons, not a neuron",
                hint=f"leave it out with {names.format(found)}, or correct the file",
            )
        return []
    highest = max(end.high or 0 for end in ends)
    if highest > _MOST_NODES or any(_BACKGROUND.search(end.column) for end in ends):
        return []
    found = one_row(
        connection,
        f"""SELECT count(*) FILTER (id = 0) AS zeros, coalesce(bool_or(id = 1), false) AS has_one
            FROM ({both})""",
    )
    if not (found["zeros"] and found["has_one"]):
        return []
    ids = one_row(connection, f"SELECT count(DISTINCT id) AS n FROM ({both})")["n"]
    if highest >= _DENSE * ids:
        return []
    rows = f"{found['zeros']:,} ends of rows"
    if not is_matrix and any(end.column in _MOSTLY for end in ends):
        told = f"  id 0 is taken for background and left out ({rows}), but ids run from 0"
        return [
            f"{told} to {highest}:",
            "  if 0 is a neuron too, use --ids names (in Python, ids='names')",
        ]
    raise SourceSchemaError(
        f"{where}: nodes are numbered from 0 to {highest}, but 0 usually means background, "
        f"which is left out ({rows})",
        hint="use --ids names (in Python, ids='names') if 0 is a neuron too: each number then "
        f"becomes the name of a neuron; or leave 0 out with {names.format(0)}",
    )
