"""Columns of root ids in files: exact whole numbers, digits as text, or names of cells."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from graphapi.errors import SourceSchemaError
from loader.work.duck import identifier, one_row

if TYPE_CHECKING:
    import duckdb

Kind = Literal["whole", "digits", "names"]
#: How the caller says what ids are; `auto` decides by the values, as `find_kind` says.
Ids = Literal["auto", "numbers", "names"]

_WHOLE_TYPES = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
}  # fmt: skip
_INEXACT_TYPES = ("FLOAT", "DOUBLE", "DECIMAL")
_DIGITS = r"^\s*[0-9]+\s*$"
_FLOAT = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
_NO_VALUE = "('', 'nan', 'none', 'null', '<na>', 'na')"


@dataclass(frozen=True)
class IdColumn:
    """A column of ids in a DuckDB view.

    Parameters
    ----------
    view, column
        Where the ids are.
    kind
        `whole` numbers, `digits` as text, or `names`.
    where
        File and column, for messages.
    """

    view: str
    column: str
    kind: Kind
    where: str

    @property
    def sql(self) -> str:
        """The ids as a SQL expression: BIGINT, or VARCHAR for names; null for no id."""
        name = identifier(self.column)
        if self.kind == "whole":
            return f"CAST({name} AS BIGINT)"
        if self.kind == "names":
            return f"nullif(trim({name}), '')"
        absent = f"lower(trim({name})) IN {_NO_VALUE}"
        return f"CASE WHEN {absent} THEN NULL ELSE CAST(trim({name}) AS BIGINT) END"


def find_column(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    column: str,
    types: dict[str, str],
    where: str,
    *,
    ids: Ids = "auto",
) -> IdColumn:
    """Look at a column of ids, all of it, and say of which kind they are.

    Parameters
    ----------
    connection, view, column, types
        The view, the column and the DuckDB types of the view's columns.
    where
        The file, for messages.
    ids
        `numbers` or `names` where the caller knows; `auto` takes texts for names only when
        not one of them is a number.

    Raises
    ------
    SourceSchemaError
        The ids are floats, are mixed, are negative or do not fit into int64.
    """
    place = f"{where}, column '{column}'"
    kind = types[column]
    if kind in _WHOLE_TYPES:
        if ids == "names":
            raise SourceSchemaError(
                f"{place}: holds numbers, not names", hint="leave out ids='names'"
            )
        _check_range(connection, view, f"{identifier(column)}", place)
        return IdColumn(view, column, "whole", place)
    if kind.startswith(_INEXACT_TYPES):
        raise SourceSchemaError(
            f"{place}: root ids as {kind.lower()} are not exact",
            hint="write the table anew with ids as int64 or as text; do not convert these, "
            "they may already be other neurons' ids",
        )
    if kind != "VARCHAR":
        raise SourceSchemaError(f"{place}: {kind} cannot be root ids")
    return _text_column(connection, view, column, place, ids)


def _text_column(
    connection: duckdb.DuckDBPyConnection, view: str, column: str, place: str, ids: Ids
) -> IdColumn:
    name = identifier(column)
    found = one_row(
        connection,
        f"""SELECT count(*) FILTER (regexp_matches(v, $1)) AS digits,
                   count(*) FILTER (regexp_matches(v, $2) AND NOT regexp_matches(v, $1)) AS floats,
                   count(*) FILTER (NOT regexp_matches(v, $2)) AS others,
                   min(v) FILTER (NOT regexp_matches(v, $1)) AS example
            FROM (SELECT {name} AS v FROM {view} WHERE lower(trim({name})) NOT IN {_NO_VALUE})""",
        [_DIGITS, _FLOAT],
    )
    digits, floats, others = found["digits"], found["floats"], found["others"]
    example = found["example"]
    if ids == "names" or (ids == "auto" and others and not digits and not floats):
        return IdColumn(view, column, "names", place)
    if floats:
        raise SourceSchemaError(
            f"{place}: {floats} ids are written as floats, such as '{example}'",
            hint="export the table anew with whole ids; floats do not hold them exactly",
        )
    if others:
        raise SourceSchemaError(
            f"{place}: {others} values are no ids, such as '{example}', beside {digits} that are",
            hint="mend the rows, or say ids='names' when all are names of cells",
        )
    _check_range(connection, view, f"TRY_CAST(trim({name}) AS HUGEINT)", place)
    return IdColumn(view, column, "digits", place)


def _check_range(
    connection: duckdb.DuckDBPyConnection, view: str, expression: str, place: str
) -> None:
    ends = one_row(
        connection, f"SELECT min({expression}) AS low, max({expression}) AS high FROM {view}"
    )
    for value in ends.values():
        if value is not None and not 0 <= int(value) < 2**63:
            raise SourceSchemaError(
                f"{place}: {value} is no root id", hint="ids are from 0 to 2**63 - 1"
            )
