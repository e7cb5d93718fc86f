"""Id columns in files: whole numbers, digits as text, or cell names."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from graphapi.errors import SourceSchemaError
from loader.work.duck import identifier, one_row

if TYPE_CHECKING:
    import duckdb

Kind = Literal["whole", "digits", "names"]
#: The kind of ids; `auto` decides by the values, see `find_column`.
Ids = Literal["auto", "numbers", "names"]

#: DuckDB's types of whole numbers, of any size.
WHOLE_TYPES = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
}  # fmt: skip
_FLOATS = ("FLOAT", "DOUBLE")
_DIGITS = r"^\s*[0-9]+\s*$"
_FLOAT = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
#: Ids written so that spreadsheets and R do not change them: '7, ="7", 7L, 7,205,759.
_DISGUISED = r"""^\s*(('|=?")?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)"?|[0-9]{10,}[LnN])\s*$"""
#: A number written in yet another way, which is not the name of a cell: digits of any script
#: without a letter, hexadecimal, or as many digits as a root id has.
_HIDDEN = r"^[^\p{L}]*\p{Nd}[^\p{L}]*$|^\s*0[xX][0-9a-fA-F]+\s*$|(\p{Nd}[^\p{L}\p{Nd}]?){15}"
#: Texts that mean no value, in small letters, as SQL.
NO_VALUE = "('', 'nan', 'none', 'null', '<na>', 'na', 'n/a', '#n/a', '#na')"
#: Number of digits of an id whose first digits are in the name of its column.
_FULL_LENGTH = 18
#: The smallest id that a spreadsheet or a float would round, and that no shortened id reaches.
_LONG = 10**15
#: Shortened ids are smaller.
_SHORT = 10**12
#: Number of digits that DuckDB can read as a number; of more it makes no value.
_MOST_DIGITS = 38


@dataclass(frozen=True)
class IdColumn:
    """A column of ids in a DuckDB view.

    Parameters
    ----------
    view, column
        The view and the column.
    kind
        `whole` numbers, `digits` as text, or `names`.
    where
        File and column, for messages.
    prefix
        Digits that belong in front of every id.
    disguised
        Ids are texts such as `'720575940622771976`, written so that no program rounds them.
    high
        The largest id, including the prefix; None for names, or if there are no ids but 0.
    lacking
        Number of rows without an id; None if they were not counted.
    """

    view: str
    column: str
    kind: Kind
    where: str
    prefix: str = ""
    disguised: bool = False
    high: int | None = None
    lacking: int | None = None

    @property
    def sql(self) -> str:
        """Return the ids as a SQL expression: BIGINT, or VARCHAR for names; null for no id."""
        name = identifier(self.column)
        if self.kind == "names":
            return f"nullif(trim(CAST({name} AS VARCHAR)), '')"
        if self.kind == "whole":
            number = f"CAST({name} AS BIGINT)"
        else:
            text = _plain(name) if self.disguised else _trimmed(name)
            # The column was checked: everything else in it means no value.
            number = f"TRY_CAST({text} AS BIGINT)"
        return _with_prefix(number, self.prefix) if self.prefix else number


def find_column(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    column: str,
    types: dict[str, str],
    where: str,
    *,
    ids: Ids = "auto",
    prefix: str = "",
) -> IdColumn:
    """Read a whole column of ids, and find their kind.

    Parameters
    ----------
    connection, view, column, types
        The view, the column and the DuckDB types of the view's columns.
    where
        The file, for messages.
    ids
        `numbers` or `names` if the caller knows; `auto` treats texts as names only if none of
        them is a number.
    prefix
        Digits that belong in front of every id.

    Raises
    ------
    SourceSchemaError
        The ids are floats, are mixed, are negative, do not fit into int64, or were rounded.
    """
    place = f"{where}, column '{column}'"
    kind = types[column]
    if kind in WHOLE_TYPES or (kind.startswith("DECIMAL") and kind.endswith(",0)")):
        if ids == "names":
            return IdColumn(view, column, "names", place, prefix)
        found = IdColumn(view, column, "whole", place, prefix)
        is_wide = kind.startswith(("DECIMAL", "HUGE", "UHUGE"))
        name = identifier(column)
        return _ranged(connection, found, f"CAST({name} AS HUGEINT)" if is_wide else name)
    if kind.startswith((*_FLOATS, "DECIMAL")):
        raise SourceSchemaError(
            f"{place}: root ids of type {kind.lower()} are not exact",
            hint="export the table again with ids as int64 or as text; do not convert these, "
            "they may already be the ids of other neurons",
        )
    if not is_text(kind):
        raise SourceSchemaError(
            f"{place}: {kind} cannot be root ids",
            hint="write the table again with ids as int64 or as text, or name another column",
        )
    return _text_column(connection, IdColumn(view, column, "names", place, prefix), ids)


def require_alike(
    connection: duckdb.DuckDBPyConnection, pre: IdColumn, post: IdColumn, where: str
) -> None:
    """Refuse ids of two kinds: names and numbers, or complete and shortened ids.

    Raises
    ------
    SourceSchemaError
        The ids of the two columns are of different kinds.
    """
    if (pre.kind == "names") != (post.kind == "names"):
        raise SourceSchemaError(
            f"{where}: one of '{pre.column}' and '{post.column}' contains names, the other numbers",
            hint="name other columns with --column pre=NAME --column post=NAME",
        )
    for one, other in ((pre, post), (post, pre)):
        if (one.high or 0) < _LONG or not other.high or other.high >= _SHORT:
            continue
        short = f"SELECT 1 FROM {one.view} WHERE {one.sql} BETWEEN 1 AND {_LONG}"
        if not one_row(connection, f"SELECT EXISTS ({short}) AS there")["there"]:
            raise SourceSchemaError(
                f"{where}: '{one.column}' has ids such as {one.high}, but '{other.column}' has ids "
                f"such as {other.high}",
                hint="name the right columns with --column pre=NAME --column post=NAME",
            )


def is_text(kind: str) -> bool:
    """Return whether a type of DuckDB holds texts."""
    return kind == "VARCHAR" or kind.startswith("ENUM")


def holds_wholes(connection: duckdb.DuckDBPyConnection, view: str, column: str, kind: str) -> bool:
    """Return whether all values of a column are whole numbers, like ids and counts."""
    if kind in WHOLE_TYPES:
        return True
    if not is_text(kind):
        return False
    name = _trimmed(identifier(column))
    found = one_row(
        connection,
        f"SELECT coalesce(bool_and(regexp_matches(v, $1)), false) AS whole FROM "
        f"(SELECT {name} AS v FROM {view} WHERE lower({name}) NOT IN {NO_VALUE})",
        [_DIGITS],
    )
    return bool(found["whole"])


def _text_column(connection: duckdb.DuckDBPyConnection, found: IdColumn, ids: Ids) -> IdColumn:
    name, place = identifier(found.column), found.where
    counted = one_row(
        connection,
        f"""SELECT count(*) FILTER (kind = 'digits') AS digits,
                   count(*) FILTER (kind = 'float') AS floats,
                   count(*) FILTER (kind = 'disguised') AS disguised,
                   count(*) FILTER (kind IN ('disguised', 'hidden', 'other')) AS others,
                   count(*) FILTER (kind = 'hidden') AS hidden,
                   min(v) FILTER (kind = 'hidden') AS hidden_example,
                   min(v) FILTER (kind <> 'digits') AS example,
                   count(*) FILTER (trim(v) = $5) AS headers
            FROM (SELECT v, CASE WHEN regexp_matches(v, $1) THEN 'digits'
                                 WHEN lower(trim(v)) IN {NO_VALUE} THEN NULL
                                 WHEN regexp_matches(v, $2) THEN 'float'
                                 WHEN regexp_matches(v, $3) THEN 'disguised'
                                 WHEN regexp_matches(v, $4) THEN 'hidden'
                                 WHEN v IS NOT NULL THEN 'other' END AS kind
                  FROM (SELECT CAST({name} AS VARCHAR) AS v FROM {found.view}))""",
        [_DIGITS, _FLOAT, _DISGUISED, _HIDDEN, found.column],
    )
    if counted["headers"]:
        raise SourceSchemaError(
            f"{place}: {counted['headers']} rows repeat the header, as where files were joined",
            hint="remove these lines, or load the single files: name them all, or a pattern",
        )
    digits, floats, others = counted["digits"], counted["floats"], counted["others"]
    example, disguised = counted["example"], counted["disguised"]
    if ids != "names" and disguised and disguised == others and not floats:
        hidden = IdColumn(found.view, found.column, "digits", place, found.prefix, disguised=True)
        return _ranged(connection, hidden, f"TRY_CAST({_plain(name)} AS HUGEINT)")
    if ids != "names" and counted["hidden"]:
        raise SourceSchemaError(
            f"{place}: {counted['hidden']} ids are not written as plain whole numbers, such as "
            f"'{counted['hidden_example']}'",
            hint="export the table again with ids as plain digits, or use --ids names (in Python, "
            "ids='names') if they are cell names",
        )
    if ids == "names" or (ids == "auto" and others and not digits and not floats):
        return found
    if floats:
        raise SourceSchemaError(
            f"{place}: {floats} ids are written as floats or with a sign, such as '{example}'",
            hint="export the table again with ids as plain digits; floats are not exact, and if a "
            "negative number means no neuron, leave it empty",
        )
    if others:
        raise SourceSchemaError(
            f"{place}: {others} values are not ids, such as '{example}'; {digits} are",
            hint="correct the rows, or use --ids names (in Python, ids='names') if all are cell "
            "names",
        )
    plain = IdColumn(found.view, found.column, "digits", place, found.prefix)
    return _ranged(connection, plain, f"TRY_CAST({_trimmed(name)} AS HUGEINT)")


def _ranged(connection: duckdb.DuckDBPyConnection, found: IdColumn, expression: str) -> IdColumn:
    """Check the range of a column, and that its ids were not rounded."""
    ends = one_row(
        connection,
        f"SELECT min(v) AS low, max(v) AS high, count(*) - count(v) AS lacking "
        f"FROM (SELECT {expression} AS v FROM {found.view})",
    )
    if found.kind == "digits":
        text = f"length(ltrim({_plain(identifier(found.column))}, '0'))"
        longest = one_row(connection, f"SELECT max({text}) AS n FROM {found.view}")["n"]
        if longest and longest > _MOST_DIGITS:
            raise SourceSchemaError(
                f"{found.where}: a number of {longest} digits is not a root id",
                hint="ids are from 0 to 2**63 - 1",
            )
    for value in (ends["low"], ends["high"]):
        if value is not None and not 0 <= int(value) < 2**63:
            raise SourceSchemaError(
                f"{found.where}: {value} is not a root id",
                hint="ids are from 0 to 2**63 - 1; if a negative number means no neuron, leave it "
                "empty; with --ids names (in Python, ids='names') any number is the name of a "
                "neuron",
            )
    if ends["high"] is not None and ends["high"] >= _LONG:
        _require_not_rounded(connection, found, expression)
    high = ends["high"] or None
    if found.prefix and high is not None:
        if len(str(high)) + len(found.prefix) > _FULL_LENGTH:
            raise SourceSchemaError(
                f"{found.where}: {high} is too long for an id without its first digits "
                f"'{found.prefix}'",
                hint="if the ids are complete, rename the column to pre_root_id or post_root_id",
            )
        high = _prefixed(found.prefix, int(high))
    return replace(found, high=high, lacking=ends["lacking"])


def _require_not_rounded(
    connection: duckdb.DuckDBPyConnection, found: IdColumn, expression: str
) -> None:
    """Refuse ids that all end like rounded ones, which happens to one in a thousand by chance."""
    long = f"FROM {found.view} WHERE {expression} >= {_LONG}"

    def all_end_in(divisor: int) -> bool:
        # The first other id answers this, long before the end of most columns.
        sql = f"SELECT EXISTS (SELECT 1 {long} AND {expression} % {divisor} <> 0) AS other"
        return not one_row(connection, sql)["other"]

    by_excel = all_end_in(1000)
    if not by_excel and not all_end_in(64):
        return
    different = one_row(connection, f"SELECT count(DISTINCT {expression}) AS n {long}")["n"]
    if different >= (2 if by_excel else 4):
        how = "to 15 digits, as Excel does" if by_excel else "by a float"
        raise SourceSchemaError(
            f"{found.where}: all {different} ids look rounded {how}, so they are wrong",
            hint="export the table again with ids as text; rounded ids cannot be repaired",
        )


def _prefixed(prefix: str, value: int) -> int:
    return int(prefix + str(value).zfill(_FULL_LENGTH - len(prefix)))


def _with_prefix(number: str, prefix: str) -> str:
    front = int(prefix) * 10 ** (_FULL_LENGTH - len(prefix))
    return f"CASE WHEN {number} = 0 THEN 0 ELSE {number} + {front} END"


def _trimmed(name: str) -> str:
    return f"trim(CAST({name} AS VARCHAR))"


def _plain(name: str) -> str:
    return f"regexp_replace({_trimmed(name)}, '[^0-9]', '', 'g')"
