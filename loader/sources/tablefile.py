"""Table files: find their format, and open them as a DuckDB view.

Text formats are read only as text: the caller decides the types, never from a sample of rows, and
no id passes through a float.
"""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast, get_args

from graphapi.common.madeup import is_marked_synthetic
from graphapi.errors import InputError, NotFoundError, SourceSchemaError
from loader.sources.endings import ENDINGS, FOREIGN, FORMATS, Format
from loader.sources.idcolumns import WHOLE_TYPES
from loader.sources.packed import PACKINGS, first_bytes, readable
from loader.sources.signature import HEAD, require_format, signature
from loader.sources.textfile import is_number, read_header, reason_in_words, require_names
from loader.stages.names import told_apart
from loader.work.duck import column_types, database, identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb
    import pyarrow as pa

_SEPARATOR = {"csv": ",", "tsv": "\t"}


@dataclass(frozen=True)
class TableFile:
    """A file that holds one table.

    Parameters
    ----------
    path
        The file; its extension is its format, and `.gz`, `.bz2` or `.zst` may follow.
    member
        The table in an archive (`.zip`, `.tar`, ...); empty if the file is the table.
    names
        Column names of a text table without a header; empty if it has one.
    """

    path: Path
    member: str = ""
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise NotFoundError(f"there is no file '{self.path}'", hint="check the path")
        _ = self.format

    @property
    def where(self) -> str:
        """Return the file, for messages."""
        return f"'{self.path}::{self.member}'" if self.member else f"'{self.path}'"

    @property
    def name(self) -> str:
        """The file's name, with the member's if it is in an archive."""
        return f"{self.path.name}::{self.member}" if self.member else self.path.name

    @property
    def suffixes(self) -> list[str]:
        """Return the extensions without that of the compression."""
        found = [s.lower() for s in Path(self.member or self.path.name).suffixes]
        return found[:-1] if found and found[-1] in PACKINGS else found

    @property
    def format(self) -> Format:
        """Return the format, by extension, or by the first bytes if there is none.

        Raises
        ------
        InputError
            The format is unknown.
        """
        ending = self.suffixes[-1] if self.suffixes else ""
        if ending in FORMATS:
            return FORMATS[ending]
        if not ending and not self.member:
            found = signature(first_bytes(self.path, HEAD, packed=False))
            if found and found.format in get_args(Format):
                return cast("Format", found.format)
            if found:
                raise InputError(
                    f"{self.where} is {found.what}, which cannot be read", hint=found.remedy
                )
        if ending in FOREIGN:
            raise InputError(
                f"{self.where} has a format that cannot be read",
                hint=f"it is {FOREIGN[ending]}",
            )
        if ending == ".lbug":
            raise InputError(
                f"{self.where} is a graph already, not a table",
                hint="ask it: `cavegraph info --graph FILE`; to load tables, name these",
            )
        raise InputError(
            f"{self.where}: unknown file extension", hint=f"known extensions: {ENDINGS}"
        )

    @property
    def is_text(self) -> bool:
        """Return whether all columns are read as text."""
        return self.format in _SEPARATOR

    @property
    def is_packed(self) -> bool:
        """Return whether the whole file is compressed."""
        return self.path.suffix.lower() in PACKINGS

    @property
    def is_plain(self) -> bool:
        """Return whether the file itself can be read: not compressed, and no pattern."""
        return not self.member and not self.is_packed and not self.is_odd

    @property
    def is_odd(self) -> bool:
        """Return whether the path has characters of a pattern, such as `*`."""
        return any(sign in str(self.path) for sign in "*?[")


def view(
    connection: duckdb.DuckDBPyConnection, file: TableFile, name: str, scratch: Path
) -> dict[str, str]:
    """Create a view of a file's rows.

    Parameters
    ----------
    connection
        Connection from `loader.work.duck.database`.
    file
        The file.
    name
        Name of the view.
    scratch
        Folder for a decompressed copy, if one is needed.

    Returns
    -------
    dict
        DuckDB's type of each column, in the file's order; all VARCHAR for text formats.

    Raises
    ------
    SourceSchemaError
        The file does not have its format, or two columns have the same name or none.
    """
    import duckdb

    packed = ("gz",) if file.is_text or file.format == "json" else ()
    path = readable(
        file.path, file.member, scratch, as_it_is=packed, odd=file.is_odd, where=file.where
    )
    require_format(first_bytes(path, HEAD, packed=True), file.format, file.where)
    try:
        if file.format == "feather":
            _view_feather(connection, file, path, name)
        elif file.format == "json":
            _view_json(connection, path, name)
        else:
            source = _text_scan(file, path) if file.is_text else _parquet_scan(file, path)
            connection.execute(f"CREATE VIEW {identifier(name)} AS SELECT * FROM {source}")
        return column_types(connection, name)
    except duckdb.Error as error:
        raise _unreadable(file, error) from error


def column_names(file: TableFile) -> list[str]:
    """Read the column names of a file."""
    with TemporaryDirectory() as scratch, database() as connection:
        return list(view(connection, file, "looked_at", Path(scratch)))


def says_synthetic(file: TableFile, scratch: Path) -> bool:
    """Return whether a file is marked as synthetic; text and JSON files never are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if file.format not in ("parquet", "feather"):
        return False
    path = readable(file.path, file.member, scratch, as_it_is=(), odd=file.is_odd, where=file.where)
    if file.format == "parquet":
        return is_marked_synthetic(pq.read_schema(path))
    with pa.memory_map(str(path)) as mapped:
        return is_marked_synthetic(pa.ipc.open_file(mapped).schema)


def header_numbers(file: TableFile, scratch: Path) -> list[str]:
    """Return column names that are numbers, as in a text table without a header."""
    if not file.is_text or file.names:
        return []
    path = readable(
        file.path, file.member, scratch, as_it_is=("gz",), odd=file.is_odd, where=file.where
    )
    return read_header(path, _SEPARATOR[file.format], file.where).numbers


def require_header(file: TableFile, scratch: Path) -> None:
    """Refuse a text table whose first line has numbers, and so is not a header.

    Raises
    ------
    SourceSchemaError
        The first line has a number.
    """
    if numbers := header_numbers(file, scratch):
        raise _headless(file, numbers[0])


def _headless(file: TableFile, number: str) -> SourceSchemaError:
    return SourceSchemaError(
        f"{file.where} has no header: its first line has numbers, such as '{number}'",
        hint="list its columns, one per line, in a file for --header, or beside it in "
        f"'{file.path.name.split('.')[0]}_header.csv'",
    )


def _require_names(file: TableFile, names: list[str]) -> None:
    """Refuse names that are not unique; numbers are not names, and often occur twice in a row."""
    twice = [name for name in names if names.count(name) > 1]
    if not file.names and twice and is_number(twice[0]):
        raise _headless(file, twice[0])
    require_names(names, file.where)


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, file: TableFile) -> pa.Table:
    """Run a query on a file's view and return the rows as Arrow.

    Raises
    ------
    SourceSchemaError
        A row of the file cannot be read.
    """
    with explained(file):
        table: pa.Table = connection.sql(sql).to_arrow_table()
    return table


@contextmanager
def explained(file: TableFile) -> Iterator[None]:
    """Explain errors of DuckDB that say why it cannot read a file.

    Raises
    ------
    SourceSchemaError
        A row of the file cannot be read.
    """
    import duckdb

    try:
        yield
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: TableFile, error: Exception) -> SourceSchemaError:
    if file.is_text:
        reason, hint = reason_in_words(str(error))
    else:
        reason = str(error).splitlines()[0]
        hint = "check that the file is complete and has the right extension"
    return SourceSchemaError(f"{file.where} cannot be read as {file.format}: {reason}", hint=hint)


def _text_scan(file: TableFile, path: Path) -> str:
    first = read_header(path, _SEPARATOR[file.format], file.where)
    names, has_header = first.names, True
    if file.names:
        names = list(file.names)
        if len(first.cells) != len(names):
            raise SourceSchemaError(
                f"{file.where} has {len(first.cells)} columns, but its header has {len(names)}",
                hint="check that the header belongs to the file",
            )
        # Some copies also have the header; then their first line is not a row.
        has_header = list(first.cells) == names
    _require_names(file, names)
    seen: set[str] = set()
    apart = [told_apart(name, seen, first=1) for name in names]  # as DuckDB numbers them
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in apart)
    return (
        f"read_csv({literal(path)}, columns={{{columns}}}, auto_detect=false, "
        f"delim={literal(first.separator)}, header={str(has_header).lower()}, "
        f"skip={first.skipped}, comment='', nullstr='', quote='\"', escape='\"')"
    )


def _parquet_scan(file: TableFile, path: Path) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        require_names(pq.read_schema(path).names, file.where)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SourceSchemaError(
            f"{file.where} cannot be read as parquet: {str(error).splitlines()[0]}",
            hint="check that the file is complete and has the right extension",
        ) from error
    return f"read_parquet({literal(path)})"


def _view_feather(
    connection: duckdb.DuckDBPyConnection, file: TableFile, path: Path, name: str
) -> None:
    import pyarrow as pa
    import pyarrow.dataset as ds

    try:
        with pa.memory_map(str(path)) as mapped:
            require_names(pa.ipc.open_file(mapped).schema.names, file.where)
        dataset = ds.dataset(str(path), format="feather")
        connection.register(name, dataset)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SourceSchemaError(
            f"{file.where} cannot be read as feather: {str(error).splitlines()[0]}",
            hint="get the file again; feather files of version 1 must be written again",
        ) from error


def _view_json(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Create a view with a column for each value in nested objects: `outer.inner`."""
    size = "maximum_object_size=67108864"
    scan = f"read_json({literal(path)}, sample_size=-1, {size})"
    found = connection.sql(f"SELECT * FROM {scan}")
    kinds = {
        column: _untimed(kind) for column, kind in zip(found.columns, found.types, strict=True)
    }
    if list(kinds.values()) != list(map(str, found.types)):
        told = ", ".join(f"{literal(column)}: {literal(kind)}" for column, kind in kinds.items())
        scan = f"read_json({literal(path)}, columns={{{told}}}, {size})"
        found = connection.sql(f"SELECT * FROM {scan}")
    leaves = [
        leaf
        for column, kind in zip(found.columns, found.types, strict=True)
        for leaf in _leaves([column], kind)
    ]
    fields = ", ".join(
        # Text among numbers, without its quotes.
        f"{value} ->> '$' AS {label}" if str(kind) == "JSON" else f"{value} AS {label}"
        for place, kind in leaves
        for value, label in [(".".join(map(identifier, place)), identifier(".".join(place)))]
    )
    connection.execute(f"CREATE VIEW {identifier(name)} AS SELECT {fields} FROM {scan}")


def _untimed(kind: Any) -> str:
    """Return a type with text for times and the like, which DuckDB sees in any text like one."""
    if kind.id == "struct":
        inner = ", ".join(f"{identifier(name)} {_untimed(part)}" for name, part in kind.children)
        return f"STRUCT({inner})"
    if kind.id == "list":
        return f"{_untimed(kind.children[0][1])}[]"
    text = str(kind)
    return "VARCHAR" if text.startswith(("DATE", "TIME", "UUID")) else text


def _leaves(place: list[str], kind: Any) -> list[tuple[list[str], Any]]:
    if kind.id != "struct":
        return [(place, kind)]
    return [leaf for name, inner in kind.children for leaf in _leaves([*place, name], inner)]


def view_of_all(
    connection: duckdb.DuckDBPyConnection, files: Sequence[TableFile], scratch: Path
) -> tuple[dict[str, str], bool]:
    """Make the view `source_rows` of all files.

    Returns
    -------
    types
        DuckDB's type of each of its columns.
    is_mixed
        Whether the types of the files differ from these.

    Raises
    ------
    SourceSchemaError
        The files do not have the same columns.
    """
    types: dict[str, str] = {}
    is_mixed = False
    # JSON files may leave out columns, and their types may differ; others may order them otherwise.
    is_json = all(file.format == "json" for file in files)
    for number, file in enumerate(files):
        found = view(connection, file, f"source_{number}", scratch)
        if number and found != types and not is_json:
            is_mixed = True
            if difference := _difference(found, types):
                raise SourceSchemaError(
                    f"{file.where} has other columns or types than {files[0].where}: {difference}",
                    hint="files with the same columns are loaded together; give annotation tables "
                    "with -a (in Python, annotations=), one by one",
                )
        types = types or found
    if not is_mixed and all(file.format == "parquet" and file.is_plain for file in files):
        # One scan, by column name: it knows the number of rows, and stops early where it may.
        paths = ", ".join(literal(file.path) for file in files)
        parts = f"SELECT * FROM read_parquet([{paths}])"
    else:
        parts = " UNION ALL BY NAME ".join(f"SELECT * FROM source_{n}" for n in range(len(files)))
    connection.execute(f"CREATE VIEW source_rows AS {parts}")
    return column_types(connection, "source_rows"), is_mixed


def _difference(found: dict[str, str], first: dict[str, str]) -> str:
    """Return how columns differ from those of the first file; whole numbers may differ in size."""
    lacks = [f"'{name}'" for name in first if name not in found]
    more = [f"'{name}'" for name in found if name not in first]
    if lacks or more:
        told = [("lacks", lacks), ("also has", more)]
        parts = [f"{verb} {', '.join(names[:5])}" for verb, names in told if names]
        return f"it {' and '.join(parts)}"
    for name, kind in found.items():
        if kind != first[name] and not {kind, first[name]} <= WHOLE_TYPES:
            return f"'{name}' is {kind.lower()}, not {first[name].lower()}"
    return ""
