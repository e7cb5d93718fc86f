"""Tables in files: which format, and a DuckDB view on the rows with nothing guessed.

Text formats are read as text only: types are decided by the caller, never by a sample of
the rows, and no id goes through a float.
"""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

import gzip
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from graphapi.errors import InputError, NotFoundError, SourceSchemaError
from loader.work.duck import identifier, literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Format = Literal["csv", "tsv", "parquet", "feather"]

_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
}
#: The formats by their file endings, for messages.
ENDINGS = ".csv, .tsv, .parquet, .feather, each also with .gz"


@dataclass(frozen=True)
class TableFile:
    """A file that holds one table.

    Parameters
    ----------
    path
        Its format is told by its ending; `.gz` may follow.
    """

    path: Path

    def __post_init__(self) -> None:
        if any(sign in str(self.path) for sign in "*?["):
            raise InputError(
                f"'{self.path}' has one of * ? [ in its name",
                hint="rename the file; these signs would match several files",
            )
        if not self.path.is_file():
            raise NotFoundError(f"there is no file '{self.path}'", hint="check the path")
        _ = self.format

    @property
    def format(self) -> Format:
        """The format, from the ending.

        Raises
        ------
        InputError
            The ending is not known.
        """
        suffixes = [s.lower() for s in self.path.suffixes]
        if suffixes and suffixes[-1] == ".gz":
            suffixes.pop()
        if not suffixes or suffixes[-1] not in _FORMATS:
            raise InputError(
                f"'{self.path}': the ending does not tell the format",
                hint=f"known endings: {ENDINGS}",
            )
        return _FORMATS[suffixes[-1]]

    @property
    def is_text(self) -> bool:
        """True where every column is read as text."""
        return self.format in ("csv", "tsv")

    @property
    def is_packed(self) -> bool:
        """True where the file as a whole is compressed with gzip."""
        return self.path.suffix.lower() == ".gz"


def looks_like_file(text: str) -> bool:
    """Tell whether a text is meant as a table file, not as the name of a table."""
    ending = Path(text.lower().removesuffix(".gz")).suffix
    return ending in _FORMATS or "/" in text or "\\" in text


def view(
    connection: duckdb.DuckDBPyConnection, file: TableFile, name: str, scratch: Path
) -> dict[str, str]:
    """Make a view on a file's rows.

    Parameters
    ----------
    connection
        From `loader.work.duck.database`.
    file
        The file.
    name
        The view's name.
    scratch
        Folder to unpack into where the format cannot be read packed.

    Returns
    -------
    dict
        DuckDB's type of each column, in the file's order; VARCHAR for all in text formats.

    Raises
    ------
    SourceSchemaError
        The file is not of its format, or has two columns of one name, or none.
    """
    import duckdb

    try:
        if file.format == "feather":
            _view_feather(connection, file, name, scratch)
        else:
            source = _text_scan(file) if file.is_text else _parquet_scan(file, scratch)
            connection.execute(f"CREATE VIEW {identifier(name)} AS SELECT * FROM {source}")
        rows = connection.execute(f"DESCRIBE {identifier(name)}").fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise SourceSchemaError(
            f"'{file.path}' cannot be read as {file.format}: {reason}",
            hint="check that the file is whole and its ending right",
        ) from error
    return {row[0]: row[1] for row in rows}


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, file: TableFile) -> pa.Table:
    """Run a query on a file's view and give the rows as Arrow.

    Raises
    ------
    SourceSchemaError
        A row of the file cannot be read.
    """
    import duckdb

    try:
        table: pa.Table = connection.sql(sql).to_arrow_table()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise SourceSchemaError(f"'{file.path}' has a row that cannot be read: {reason}") from error
    return table


def _text_scan(file: TableFile) -> str:
    delimiter = "," if file.format == "csv" else "\\t"
    return (
        f"read_csv({literal(file.path)}, delim={'E' if delimiter != ',' else ''}'{delimiter}', "
        "header=true, all_varchar=true, skip=0, comment='', nullstr='', quote='\"', escape='\"')"
    )


def _parquet_scan(file: TableFile, scratch: Path) -> str:
    return f"read_parquet({literal(_unpacked(file, scratch))})"


def _view_feather(
    connection: duckdb.DuckDBPyConnection, file: TableFile, name: str, scratch: Path
) -> None:
    import pyarrow as pa
    import pyarrow.dataset as ds

    try:
        dataset = ds.dataset(str(_unpacked(file, scratch)), format="feather")
        connection.register(name, dataset)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceSchemaError(
            f"'{file.path}' cannot be read as feather: {str(error).splitlines()[0]}",
            hint="old feather files (version 1) must be written anew",
        ) from error


def _unpacked(file: TableFile, scratch: Path) -> Path:
    if not file.is_packed:
        return file.path
    target = scratch / f"unpacked-{abs(hash(str(file.path)))}-{file.path.stem}"
    try:
        with gzip.open(file.path) as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceSchemaError(f"'{file.path}' is no whole gzip file: {error}") from error
    return target
