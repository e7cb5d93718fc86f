"""DuckDB with limits: memory, a folder to spill to, and errors of this project."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError, LoadError, SourceSchemaError
from loader.work.room import full_disk, is_full

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

#: Default memory limit: enough to write a fly's brain, 17 M connections, in one piece.
DEFAULT_MEMORY = "4GB"


@contextmanager
def database(
    spill: Path | None = None,
    *,
    memory_limit: str = DEFAULT_MEMORY,
    threads: int = 0,
    ordered: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB that spills to disk instead of growing.

    Parameters
    ----------
    spill
        Folder for spilled data; None to spill nothing.
    memory_limit
        Memory limit, such as `2GB` or `500MB`.
    threads
        Limit of threads; 0 for all cores.
    ordered
        Keep rows in the order of their file. This needs memory with large files; otherwise the
        order is arbitrary.

    Raises
    ------
    InputError
        The memory limit cannot be read.
    LoadError
        Memory or disk was not enough.
    SourceSchemaError
        A source file does not have the format of its name.
    """
    import duckdb

    connection = duckdb.connect()
    try:
        _set(connection, "memory_limit", memory_limit)
        if spill is not None:
            _set(connection, "temp_directory", str(spill))
        if threads:
            _set(connection, "threads", threads)
        _set(connection, "preserve_insertion_order", ordered)
        _set(connection, "autoinstall_known_extensions", False)
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise LoadError(
            f"the load needs more than {memory_limit} of memory, or more disk: {error}",
            hint="allow more with --memory, or choose a folder on a larger disk with --work",
        ) from error
    except duckdb.IOException as error:
        if is_full(error):
            raise full_disk(spill) from error
        raise LoadError(
            f"reading or writing a file failed: {_first_line(error)}",
            hint="check the free space and permissions of the working folder, then run the "
            "same load again: it continues where it stopped",
        ) from error
    except duckdb.Error as error:
        if not _is_about_a_file(error):
            raise
        raise SourceSchemaError(
            f"a source file cannot be read: {_first_line(error)}",
            hint="check that the file is complete and has the right extension",
        ) from error
    finally:
        connection.close()


def literal(text: object) -> str:
    """Quote a text, such as a file name, for SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a column name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def one_row(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Sequence[object] = ()
) -> dict[str, Any]:
    """Run a query that gives exactly one row, and return the row by column name."""
    found = connection.execute(sql, list(params))
    names = [column[0] for column in found.description or ()]
    # fetchall, not fetchone: a result that is not read completely blocks the connection.
    (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))


def column_types(connection: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    """Return DuckDB's types of the columns of a view, in order."""
    rows = connection.execute(f"DESCRIBE {identifier(view)}").fetchall()
    return {row[0]: row[1] for row in rows}


def write_parquet(
    connection: duckdb.DuckDBPyConnection, sql: str, path: Path, **options: str | int
) -> None:
    """Write the rows of a query to a Parquet file."""
    said = "".join(f", {name} {value}" for name, value in options.items())
    connection.execute(f"COPY ({sql}) TO {literal(path)} (FORMAT parquet{said})")


def _set(connection: duckdb.DuckDBPyConnection, name: str, value: object) -> None:
    import duckdb

    try:
        connection.execute(f"SET {name} = {literal(value)}")
    except (duckdb.ParserException, duckdb.InvalidInputException) as error:
        raise InputError(
            f"{name.replace('_', ' ')}: {value!r} cannot be used", hint="for example 2GB"
        ) from error


def _is_about_a_file(error: Exception) -> bool:
    """Return whether an error is about an unreadable file, not about our SQL."""
    import duckdb

    if isinstance(error, duckdb.InvalidInputException):
        return True
    # Some errors of damaged Parquet files have no special class.
    return not isinstance(error, duckdb.ProgrammingError)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
