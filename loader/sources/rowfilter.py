"""`--keep`: keep only rows with certain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.errors import InputError, SourceSchemaError
from loader.work.duck import column_types, identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

_SIGNS = ("!=", "<=", ">=", "=", "<", ">")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)$")
#: Exact for root ids, unlike a float.
_EXACT = "DECIMAL(38,9)"


@dataclass(frozen=True)
class RowFilter:
    """A condition on a column; rows that do not meet it are left out.

    Parameters
    ----------
    column, sign, value
        Such as `cleft_score`, `>=`, `50`. `=` and `!=` compare numbers as numbers and texts as
        texts; an empty value means no value. The other signs compare numbers, and rows without a
        number do not meet them.
    """

    column: str
    sign: str
    value: str

    @classmethod
    def read(cls, text: str) -> RowFilter:
        """Read `COLUMN SIGN VALUE`.

        Raises
        ------
        InputError
            The text has no sign, or has `<` or the like without a number.
        """
        places = [(text.index(sign), -len(sign), sign) for sign in _SIGNS if sign in text]
        if places:
            place, _, sign = min(places)
            column, value = text[:place].strip(), text[place + len(sign) :].strip()
            value = (
                value[1:-1] if value[:1] == value[-1:] in ("'", '"') and len(value) > 1 else value
            )
            if column and (sign in ("=", "!=") or _NUMBER.match(value)):
                return cls(column, sign, value)
        raise InputError(
            f"'{text}' is not a condition on rows",
            hint="write --keep 'COLUMN=VALUE'; signs are = and !=, and < <= > >= for numbers",
        )

    def __str__(self) -> str:
        return f"{self.column}{self.sign}{self.value}"

    def sql(self, types: Mapping[str, str], where: str) -> str:
        """Return the condition as SQL, true or false for every row.

        Raises
        ------
        SourceSchemaError
            The table has no such column.
        """
        if self.column not in types:
            raise SourceSchemaError(
                f"{where}: no column '{self.column}' for --keep", hint=f"columns: {list(types)}"
            )
        name = identifier(self.column)
        text = f"coalesce(trim(CAST({name} AS VARCHAR)), '')"
        number = f"TRY_CAST({name} AS {_EXACT})"
        if types[self.column] in ("FLOAT", "DOUBLE", "VARCHAR"):
            # A text in scientific notation, or a number too large for the exact type.
            number = f"coalesce({number}, TRY_CAST(TRY_CAST({name} AS DOUBLE) AS {_EXACT}))"
        if not _NUMBER.match(self.value):
            return f"{text} {self.sign.replace('!=', '<>')} {literal(self.value)}"
        sign = "<>" if self.sign == "!=" else self.sign
        met = f"{number} {sign} CAST({literal(self.value)} AS {_EXACT})"
        return f"coalesce({met}, {'true' if self.sign == '!=' else 'false'})"


def read_filters(texts: Sequence[str | RowFilter]) -> tuple[RowFilter, ...]:
    """Read several conditions; a row must meet all of them."""
    return tuple(t if isinstance(t, RowFilter) else RowFilter.read(t) for t in texts)


def kept_rows(rows: pa.Table, filters: Sequence[RowFilter], where: str) -> pa.Table:
    """Return the rows that meet all conditions.

    Raises
    ------
    SourceSchemaError
        The table has no such column.
    """
    if not filters:
        return rows
    import duckdb

    with duckdb.connect() as connection:
        connection.register("given", rows)
        types = column_types(connection, "given")
        condition = " AND ".join(f"({f.sql(types, where)})" for f in filters)
        kept: pa.Table = connection.sql(f"SELECT * FROM given WHERE {condition}").to_arrow_table()  # noqa: S608
    return kept
