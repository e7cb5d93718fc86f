"""The columns that hold the point of a synapse: three numbers, or one list."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.errors import SourceSchemaError
from loader.work.duck import identifier, one_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

#: Columns of staged rows that hold the point of a synapse.
POINT = ("point_x", "point_y", "point_z")
#: Points that a synapse may have, the most usual first; the last are `x`, `y`, `z` alone.
_STEMS = ("ctr", "pre", "post", "pt", "")
#: How names of columns are made of a stem and an axis; `x_pre` as in Janelia's files.
_NAMES = ("{stem}_pt_position_{axis}", "{stem}_position_{axis}", "{stem}_{axis}", "{axis}_{stem}")
_LISTS = ("{stem}_pt_position", "{stem}_position", "{stem}")


def point_of(types: Mapping[str, str], asked: str, where: str) -> tuple[str, ...]:
    """Find the columns with the point of each synapse.

    Parameters
    ----------
    types
        DuckDB's type of each column.
    asked
        The first part of their names, such as `post`; empty for the first of the usual ones.
    where
        The table, for messages.

    Returns
    -------
    tuple of str
        The columns of x, y and z; or one column of lists.

    Raises
    ------
    SourceSchemaError
        There are no such columns.
    """
    for stem in (asked,) if asked else _STEMS:
        for name in _NAMES if stem else ("{axis}",):
            columns = tuple(name.format(stem=stem, axis=axis) for axis in "xyz")
            if set(columns) <= types.keys():
                return columns
        for name in _LISTS if stem else ("position",):
            column = name.format(stem=stem)
            if types.get(column, "").endswith("]"):
                return (column,)
    what = f"'{asked}'" if asked else "a synapse"
    raise SourceSchemaError(
        f"{where} has no columns with the point of {what}, such as '{asked or 'ctr'}_x', _y, _z",
        hint=f"name another with --regions 'VOLUME?point=NAME'; columns: {', '.join(types)}",
    )


def numbers_of(
    connection: duckdb.DuckDBPyConnection, types: Mapping[str, str], columns: Sequence[str]
) -> list[str]:
    """Return SQL of the numbers of a point in `source_rows`; null where a text is none.

    Whole numbers stay whole in each axis, because they are voxels and not places.
    """
    if len(columns) == 1:
        values = [f"{identifier(columns[0])}[{axis}]" for axis in (1, 2, 3)]
        kinds = [types[columns[0]].partition("[")[0]] * 3
    else:
        values, kinds = [identifier(name) for name in columns], [types[name] for name in columns]
    found = []
    for value, kind in zip(values, kinds, strict=True):
        number = f"TRY_CAST({value} AS DOUBLE)"
        whole = "INT" in kind
        if kind == "VARCHAR":
            sql = f"SELECT count(*) AS n FROM source_rows WHERE {number} <> floor({number})"
            whole = one_row(connection, sql)["n"] == 0
        found.append(f"TRY_CAST({value} AS BIGINT)" if whole else number)
    return found
