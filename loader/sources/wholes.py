"""Columns of whole numbers: weights, and sums of sizes."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphapi.errors import SourceSchemaError
from loader.work.duck import identifier, one_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

#: How some programs write a thousand, and others one.
_THOUSANDS = r"[1-9][0-9]{0,2}([.]000)+"
_SEPARATED = re.compile(r"\s*(\d{1,3}([.,' \u00a0\u202f\u2019]\d{3})+|\d+,\d+)\s*")
_WITHOUT_SIGNS = "write whole numbers without signs between the digits: 1000, not 1,000 or 1.000"
#: DuckDB's types of whole numbers.
TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


def value(column: str, types: Mapping[str, str]) -> str:
    """Return SQL for a column of checked whole numbers; in text they may be written as 3.0."""
    name = identifier(column)
    number = name if types[column] in TYPES else f"TRY_CAST({name} AS DOUBLE)"
    return f"CAST({number} AS BIGINT)"


def require(
    connection: duckdb.DuckDBPyConnection,
    column: str,
    types: Mapping[str, str],
    where: str,
    condition: str,
    *,
    may_lack: bool,
    is_matrix: bool = False,
) -> None:
    """Require whole numbers >= 0, or none if `may_lack`."""
    if types[column] == "BOOLEAN":
        raise SourceSchemaError(
            f"{where}: contains true and false, not numbers of synapses",
            hint="choose another column with --column weight=NAME, or --column weight=none if each "
            "row is one synapse",
        )
    name = text = identifier(column)
    number = name
    is_lacking, is_bad = f"{name} IS NULL", f"{name} < 0"
    if types[column] not in TYPES:
        text, number = f"trim(CAST({name} AS VARCHAR))", f"TRY_CAST({name} AS DOUBLE)"
        is_lacking = f"({name} IS NULL OR {text} = '')"
        # Not isnan: DuckDB takes a Parquet file's word that it has no NaN, which is often wrong.
        is_bad = (
            f"({number} IS NULL OR NOT isfinite({number}) OR {number} < 0 "
            f"OR {number} <> floor({number}) OR {number} >= 9e15)"
        )
    found = one_row(
        connection,
        f"""SELECT count(*) FILTER ({is_lacking}) AS lacking,
                   count(*) FILTER (NOT {is_lacking} AND {is_bad}) AS bad,
                   any_value({text}) FILTER (NOT {is_lacking} AND {is_bad}) AS example,
                   coalesce(sum({number}) FILTER ({number} > 0), 0) >= 9e18 AS is_too_much
            FROM source_rows WHERE {condition}""",
    )
    if found["is_too_much"] and not found["bad"]:
        raise SourceSchemaError(
            f"{where}: the sum of all values does not fit into 64 bits",
            hint="a weight is a number of synapses; choose another column with "
            "--column weight=NAME (in Python, columns={'weight': ...})",
        )
    if types[column] == "VARCHAR":
        _require_one_way_of_writing(connection, text, where, condition)
    lacking, bad, example = found["lacking"], found["bad"], found["example"]
    if lacking and not may_lack:
        raise SourceSchemaError(
            f"{where}: {lacking:,} rows have no value, but whole numbers >= 0 are needed",
            hint=f"leave them out with --keep '{column}!=', or choose another column with "
            "--column weight=NAME",
        )
    if bad:
        raise SourceSchemaError(
            f"{where}: {bad:,} values are not whole numbers >= 0, such as {example!r} "
            f"({types[column]})",
            hint=_WITHOUT_SIGNS
            if _SEPARATED.fullmatch(str(example))
            else "a weight is a number of synapses; "
            + (
                "load the matrix of counts, not of shares or signs"
                if is_matrix
                else "choose another column with --column weight=NAME "
                "(in Python, columns={'weight': ...})"
            ),
        )


def _require_one_way_of_writing(
    connection: duckdb.DuckDBPyConnection, text: str, where: str, condition: str
) -> None:
    """Refuse `1.000` among numbers without a point: it may be one, or a thousand."""
    found = one_row(
        connection,
        f"""SELECT any_value({text}) FILTER (regexp_full_match({text}, '{_THOUSANDS}')) AS dotted,
                   count(*) FILTER (regexp_full_match({text}, '[0-9]+')) AS plain
            FROM source_rows WHERE {condition}""",
    )
    if found["dotted"] and found["plain"]:
        raise SourceSchemaError(
            f"{where}: '{found['dotted']}' may be {found['dotted'].split('.')[0]} or "
            f"{found['dotted'].replace('.', ',')}, since other values have no point",
            hint=_WITHOUT_SIGNS,
        )
