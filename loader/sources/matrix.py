"""Read matrices as connections: a row for each neuron of one end, a column for each other."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphapi.errors import SourceSchemaError
from loader.sources.idcolumns import NO_VALUE
from loader.work.duck import column_types, identifier, one_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

#: Values of `--column pre=...` for a matrix.
ROWS, COLUMNS = "rows", "columns"
_INDEX = re.compile(r"__index_level_0__$|index$")


def is_square(connection: duckdb.DuckDBPyConnection, view: str, names: Sequence[str]) -> bool:
    """Return whether the first column of a table names the same cells as its header."""
    if len(names) < 3:
        return False
    names = label_first(names)
    first = identifier(names[0])
    rows = connection.execute(
        f"SELECT trim(CAST({first} AS VARCHAR)) FROM {view} LIMIT {len(names)}"
    ).fetchall()
    cells = [row[0] for row in rows]
    return len(cells) == len(names) - 1 and set(cells) == set(names[1:])


def presynaptic(asked: Mapping[str, str]) -> str:
    """Return what is presynaptic, rows or columns, by the user's setting for either end."""
    return COLUMNS if asked.get("pre") == COLUMNS or asked.get("post") == ROWS else ROWS


def label_first(names: Sequence[str]) -> list[str]:
    """Return the columns with that of the labels first; pandas writes its index last."""
    return sorted(names, key=lambda name: not _INDEX.match(name))


def is_asked_for(asked: Mapping[str, str], names: Sequence[str]) -> bool:
    """Return whether the user says which neurons are the rows of a matrix."""
    said = {asked.get(end) for end in ("pre", "post")}
    return bool(said & {ROWS, COLUMNS}) and not said & set(names)


def as_pairs(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    names: Sequence[str],
    asked: Mapping[str, str],
    where: str,
) -> dict[str, str]:
    """Replace a view of a matrix by a view of its connections.

    Parameters
    ----------
    connection, view, names
        The matrix and its columns.
    asked
        The user's setting: `{'pre': 'columns'}` if the columns are presynaptic.
    where
        The file, for messages.

    Returns
    -------
    dict
        The types of the new view's columns: `pre`, `post`, `weight`.

    Raises
    ------
    SourceSchemaError
        The user named something other than rows or columns.
    """
    if wrong := [
        v for k, v in asked.items() if k not in ("pre", "post") or v not in (ROWS, COLUMNS)
    ]:
        raise SourceSchemaError(
            f"{where} is a matrix: it has no column {wrong}",
            hint="its rows are read as presynaptic; use --column pre=columns to swap them",
        )
    if asked.get("pre", "") == asked.get("post"):
        raise SourceSchemaError(
            f"{where} is a matrix: its {asked['pre']} cannot be both pre and post",
            hint="use --column pre=rows or --column pre=columns",
        )
    first = identifier(label_first(names)[0])
    labels = one_row(connection, f"SELECT count(*) - count(DISTINCT {first}) AS n FROM {view}")
    if labels["n"]:
        raise SourceSchemaError(
            f"{where}: {labels['n']:,} rows of the matrix have no label, or that of another row",
            hint="the first column must name each row once",
        )
    ends = (first, "cell") if presynaptic(asked) == ROWS else ("cell", first)
    cells = f"{view}_cells"
    connection.execute(f"ALTER VIEW {view} RENAME TO {cells}")
    # The columns may have several types, but the values of one column have one.
    connection.execute(
        f"CREATE VIEW {view}_texts AS SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {cells}"
    )
    connection.execute(
        f"""CREATE VIEW {view} AS
            SELECT CAST({ends[0]} AS VARCHAR) AS pre, CAST({ends[1]} AS VARCHAR) AS post, weight
            FROM (UNPIVOT {view}_texts ON COLUMNS(* EXCLUDE {first}) INTO NAME cell VALUE weight)
            WHERE TRY_CAST(weight AS DOUBLE) IS DISTINCT FROM 0
              AND lower(trim(weight)) NOT IN {NO_VALUE}"""
    )
    return column_types(connection, view)
