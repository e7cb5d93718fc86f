"""DuckDB over the folder's Parquet files; it loads only what a query needs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import duckdb

from loader.work.duck import literal

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

_MEMORY = "1GB"


class Store:
    """Runs SQL; safe to use from several threads.

    Parameters
    ----------
    folder
        The only folder that SQL may read from.
    """

    def __init__(self, folder: Path) -> None:
        self._connection = duckdb.connect(":memory:")
        self._opening = threading.Lock()
        for statement in (
            f"SET memory_limit = '{_MEMORY}'",
            "SET TimeZone = 'UTC'",
            "SET preserve_insertion_order = true",
            f"SET allowed_directories = [{literal(f'{folder}/')}]",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._connection.execute(statement)

    def arrow(self, sql: str, parameters: list[Any] | None = None) -> pa.Table:
        """Run a query and return its rows."""
        with self._cursor() as cursor:
            relation = cursor.sql(sql, params=parameters or [])
            table: pa.Table = relation.to_arrow_table()
            return table

    def number(self, sql: str, parameters: list[Any] | None = None) -> int:
        """Run a query, and return its single whole number."""
        with self._cursor() as cursor:
            row = cursor.execute(sql, parameters or []).fetchone()
        return int(row[0]) if row else 0

    def run(self, sql: str, parameters: list[Any] | None = None) -> None:
        """Run a statement that creates or changes a table in memory."""
        with self._cursor() as cursor:
            cursor.execute(sql, parameters or [])

    def close(self) -> None:
        """Free the memory; the store cannot be used afterwards."""
        self._connection.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._opening:
            return self._connection.cursor()


def microseconds(expression: str) -> str:
    """Return SQL that turns a time of any precision or zone into microseconds since 1970."""
    return f"epoch_us(CAST({expression} AS TIMESTAMPTZ))"


def parquet(path: Path) -> str:
    """Return SQL for the rows of a Parquet file."""
    return f"read_parquet({literal(path)})"
