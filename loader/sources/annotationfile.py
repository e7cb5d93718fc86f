"""Annotation tables in files."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from graphapi.errors import InputError, SourceSchemaError
from loader.sources import dumps, places, taken
from loader.sources.annotationids import choose
from loader.sources.idcolumns import IdColumn, Ids, find_column
from loader.sources.tablefile import (
    TableFile,
    explained,
    fetch,
    require_header,
    says_synthetic,
    view,
)
from loader.stages.fieldtypes import normalised, parsed, split, whole_despite_gaps, without
from loader.stages.names import graph_names, without_type
from loader.work.duck import column_types, identifier, literal, one_row
from loader.work.steps import AnnotationInfo
from loader.work.workspace import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import duckdb
    import pyarrow as pa

    from loader.work.workspace import Workspace

#: Our names for columns of an annotation table.
ROLES = ("root_id", "supervoxel_id", "row_id", *dumps.TRANSMITTER_ROLES)
#: Texts that mean no value, unless the user names others.
NA = (
    "NA", "N/A", "n/a", "nan", "NaN", "None", "null", "Null", "NULL", "<NA>",
    "#N/A", "#NA", "#NULL!", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NUM!",
)  # fmt: skip

_ROOT, _SUPERVOXEL = "cavegraph root", "cavegraph supervoxel"


class Resolver(Protocol):
    """Finds the roots of rows at the graph's timestamp; see `loader.sources.resolve`."""

    def __call__(
        self, roots: Sequence[int | None], supervoxels: Sequence[int | None]
    ) -> tuple[list[int | None], list[str]]:
        """Return the root of each row, and notes for the user."""
        ...


@dataclass(frozen=True)
class AnnotationFile:
    """An annotation table in a file.

    Parameters
    ----------
    path
        The file; also a member of an archive or an address, as in `FileSource`.
    columns
        Our column name (`root_id`, `supervoxel_id`, `row_id`, `transmitter`,
        `transmitter_score`) to the file's, if it is not recognised by its name.
        `{'transmitter': 'none'}` leaves transmitters out.
    name
        Name of the table in the graph; by default the file's name.
    lists
        Text columns with several values joined by commas, as in a SeaTable export to CSV; they
        become lists.
    ids
        As in `FileSource`.
    likely_lists
        Like `lists`, but these columns may be missing.
    na
        Texts that mean no value, besides empty text; by default `NA`, `nan`, `None` and the like.
    """

    path: str | Path
    columns: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    ids: Ids = "auto"
    lists: tuple[str, ...] = ()
    likely_lists: tuple[str, ...] = ()
    na: tuple[str, ...] | None = None

    @classmethod
    def of(cls, value: str | Path | AnnotationFile) -> AnnotationFile:
        """Turn a path into an `AnnotationFile`; return an `AnnotationFile` unchanged."""
        found = value if isinstance(value, AnnotationFile) else cls(value)
        if unknown := sorted(found.columns.keys() - set(ROLES)):
            raise InputError(
                f"'{found.path}': columns: unknown names {unknown}",
                hint=f"use {list(ROLES)}",
            )
        file = found.table
        whole = Path(found.path).expanduser()
        path = whole.resolve() if whole.exists() else str(found.path)
        name = found.name or Path(file.member or file.path.name).name.split(".")[0]
        return replace(found, path=path, name=name)

    @property
    def table(self) -> TableFile:
        """Return the table file."""
        return places.table(self.path)

    def key(self) -> list[Any]:
        """Return what determines this table's rows, for the key of a load."""
        na = None if self.na is None else list(self.na)
        how = [dict(self.columns), self.ids, list(self.lists), list(self.likely_lists), na]
        file = self.table
        return [self.name, str(file.path), file.member, sha256_of(file.path), *how]

    def names(self, connection: duckdb.DuckDBPyConnection, scratch: Path) -> set[str]:
        """Return the cell names in the id column.

        Raises
        ------
        SourceSchemaError
            The ids are numbers.
        """
        opened = _open(connection, self, scratch)
        if opened.root is None:
            raise opened.no_ids()
        if opened.root.kind != "names":
            raise SourceSchemaError(
                f"'{self.path}': the ids are numbers, but those of the connections are names",
                hint="choose the column with names: --annotation-column root_id=NAME",
            )
        rows = connection.execute(
            f"SELECT DISTINCT {opened.root.sql} FROM {opened.root.view}"
        ).fetchall()
        return {row[0] for row in rows if row[0] is not None}


def checksums(
    annotations: Sequence[object], keys: Sequence[Sequence[Any]]
) -> tuple[tuple[str, str], ...]:
    """Return name and SHA-256 of those annotations that are files, from their keys."""
    both = zip(annotations, keys, strict=True)
    return tuple((a.table.name, key[3]) for a, key in both if isinstance(a, AnnotationFile))


@dataclass(frozen=True)
class Names:
    """Root ids for cells that have only names: 1, 2, ... in the order of the names."""

    root_ids: Mapping[str, int]

    @classmethod
    def make(cls, names: Iterable[str]) -> Names:
        """Return ids for names: their place in the sorted names."""
        return cls({name: number for number, name in enumerate(sorted(names), 1)})

    @classmethod
    def read(cls, path: Path) -> Names:
        """Read a table that `write` wrote."""
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        pairs = zip(table["name"].to_pylist(), table["root_id"].to_pylist(), strict=True)
        return cls(dict(pairs))

    def table(self) -> pa.Table:
        """Return `root_id` int64 and `name`, ascending."""
        import pyarrow as pa

        return pa.table(
            {
                "root_id": pa.array(self.root_ids.values(), pa.int64()),
                "name": pa.array(self.root_ids.keys(), pa.string()),
            }
        )

    def write(self, path: Path) -> None:
        """Write the table as Parquet."""
        import pyarrow.parquet as pq

        pq.write_table(self.table(), path)


def stage_annotations(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    step: str,
    file: AnnotationFile,
    *,
    names: Names | None = None,
    resolver: Resolver | None = None,
    connected: Path | None = None,
    tell: Callable[[Sequence[str]], None] | None = None,
) -> None:
    """Finish the step of one annotation file.

    Parameters
    ----------
    connection, workspace, step, file
        DuckDB, the working folder, the step's name, and the file.
    names
        Root ids of named cells.
    resolver
        Finds the roots of all rows. Their own root ids, which may be from another time, are kept
        as `raw_root_id`.
    connected
        Parquet file with the ids of all connected neurons. If a table has several id columns, the
        one with these ids is used.
    tell
        Called with what the file is taken for, before its rows are read.

    Raises
    ------
    SourceSchemaError
        The table has no id column, or one that cannot be used.
    """
    import pyarrow.parquet as pq

    opened = _open(connection, file, workspace.scratch(), connected)
    if tell is not None:
        tell([*taken.cut_off([file.table]), *opened.taken()])
    table, info = opened.read(names, resolver)
    name = f"{step}.parquet"
    with workspace.new_file(name) as path:
        pq.write_table(table, path)
    workspace.finish(step, [name], asdict(info))


def _open(
    connection: duckdb.DuckDBPyConnection,
    file: AnnotationFile,
    scratch: Path,
    connected: Path | None = None,
) -> _Opened:
    with explained(file.table):
        return _Opened(connection, file, scratch, connected)


class _Opened:
    """An annotation file behind a DuckDB view."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: AnnotationFile,
        scratch: Path,
        connected: Path | None = None,
    ) -> None:
        self._connection = connection
        self._spec = file
        self._file = file.table
        connection.execute("DROP VIEW IF EXISTS annotation_rows")
        self._types = view(connection, self._file, "annotation_rows", scratch)
        self._where = self._file.where
        self._is_synthetic = says_synthetic(self._file, scratch)
        require_header(self._file, scratch)
        if absent := sorted(set(file.lists) - self._types.keys()):
            raise SourceSchemaError(
                f"{self._where}: no column {absent}", hint=f"columns: {list(self._types)}"
            )
        told = "root_id" in file.columns
        self._shape = None if told else dumps.recognise(self._types, "annotations", self._where)
        if self._shape and self._shape.twin:
            self._types = self._one_neuron_a_row(self._shape)
        self._note = ""
        self._root_column = self._column("root_id")
        if connected is not None and self._root_column and not told and file.ids != "names":
            self._root_column, self._note = choose(
                connection, "annotation_rows", self._types, self._root_column, connected
            )
        self.root = self._id_column("root_id", self._root_column)
        self._supervoxel = self._id_column("supervoxel_id", self._column("supervoxel_id"))

    def no_ids(self) -> SourceSchemaError:
        """Return the error for a table whose id column is not known."""
        return SourceSchemaError(
            f"{self._where}: no column of root ids among {list(self._types)}",
            hint="name it with --annotation-column root_id=NAME "
            "(in Python, columns={'root_id': ...})",
        )

    def taken(self) -> list[str]:
        """Return what the file is taken for, as lines."""
        twin = self._shape.twin if self._shape else ""
        ids = f"{self._shape.root_id}, {twin}" if self._shape and twin else ""
        ids = ids or (self.root.column if self.root else "")
        files, told = [self._file.name], list(self._spec.columns)
        return taken.of_annotations(files, self._shape, ids, self._transmitter(), told)

    def read(
        self, names: Names | None, resolver: Resolver | None
    ) -> tuple[pa.Table, AnnotationInfo]:
        """Return the normalised rows in the file's order, and the record of the step."""
        import pyarrow as pa

        if self.root is None and (resolver is None or self._supervoxel is None):
            raise self.no_ids()
        rows = self._rows()
        raw = rows.drop_columns([_ROOT, _SUPERVOXEL])
        notes: list[str] = []
        sql = f"SELECT count(*) AS n FROM annotation_rows WHERE NOT ({self._valid})"
        if deleted := one_row(self._connection, sql)["n"]:
            notes.append(f"{deleted} rows are not valid, so they were left out")
        roots = self._roots(rows.column(_ROOT).to_pylist(), names)
        if resolver is not None:
            roots, told = resolver(roots, rows.column(_SUPERVOXEL).to_pylist())
            notes += told
        if absent := sum(root is None for root in roots):
            notes.append(f"{absent} rows have no root id, so they belong to no neuron")
        is_root = "root_id" if resolver is None and self._is_root_column("root_id") else None
        kept = [column for column in raw.column_names if column != is_root]
        reserved = ("name",) if names is not None else ()
        names_there = [without_type(column) for column in kept]
        called = graph_names(names_there, self._where, reserved=reserved)
        stored = dict(zip(kept, called, strict=True))
        fields = {stored[column]: self._field(raw, column) for column in kept}
        columns = {
            "root_id": pa.array(roots, pa.int64()),
            "row_id": pa.array(self._row_ids(raw), pa.string()),
        }
        info = AnnotationInfo(
            table=self._spec.name,
            merged=tuple(stored[column] for column in kept if column not in self._not_merged()),
            supervoxel=stored[self._supervoxel.column] if self._supervoxel else "",
            transmitter={ours: stored[column] for ours, column in self._transmitter().items()},
            notes=tuple(f"{self._spec.name}: {note}" for note in notes),
            reading=self._reading(),
        )
        return pa.table({**columns, **fields}), info

    def _one_neuron_a_row(self, shape: dumps.Shape) -> dict[str, str]:
        """Repeat each row for the second neuron that it is about, with its id in `root_id`."""
        missing = ", ".join(map(literal, (*NA, *shape.na)))
        ids = [f"trim(CAST({identifier(c)} AS VARCHAR))" for c in (shape.root_id, shape.twin)]
        self._connection.execute("DROP VIEW IF EXISTS annotation_pairs")
        self._connection.execute("ALTER VIEW annotation_rows RENAME TO annotation_pairs")
        parts = " UNION ALL ".join(
            f"SELECT {one} AS root_id, * FROM annotation_pairs WHERE {one} NOT IN ('', {missing})"
            for one in ids
        )
        self._connection.execute(f"CREATE VIEW annotation_rows AS {parts}")
        return column_types(self._connection, "annotation_rows")

    def _rows(self) -> pa.Table:
        root = self.root.sql if self.root else "NULL"
        supervoxel = self._supervoxel.sql if self._supervoxel else "NULL"
        sql = (
            f"SELECT *, {root} AS {identifier(_ROOT)}, {supervoxel} AS {identifier(_SUPERVOXEL)} "
            f"FROM annotation_rows WHERE {self._valid}"
        )
        return fetch(self._connection, sql, self._file)

    @property
    def _valid(self) -> str:
        """Return SQL that leaves out rows which CAVE's dumps mark as deleted."""
        is_dump = {"valid", "pt_root_id"} <= self._types.keys()
        return "TRY_CAST(valid AS BOOLEAN) IS DISTINCT FROM false" if is_dump else "true"

    def _not_merged(self) -> set[str]:
        """Return the columns that describe the row, not the cell."""
        row = self._column("row_id")
        about_row = {row} if row and not self._is_root_column(row) else set()
        supervoxel = {self._supervoxel.column} if self._supervoxel else set()
        return {*about_row, *supervoxel, "root_id"}

    def _field(self, raw: pa.Table, column: str) -> pa.ChunkedArray:
        values = raw.column(column)
        where = f"{self._where}, column '{column}'"
        lists = self._shape.lists if self._shape else ()
        if column in (*self._spec.lists, *self._spec.likely_lists, *lists):
            return split(values, where)
        known = without(normalised(values, where), self._na)
        return whole_despite_gaps(parsed(known) if self._file.is_text else known)

    @property
    def _na(self) -> tuple[str, ...]:
        if self._spec.na is not None:
            return self._spec.na
        return (*NA, *(self._shape.na if self._shape else ()))

    def _reading(self) -> dict[str, Any]:
        """Return how this file was read, for the graph's record."""
        told: dict[str, Any] = {"table": self._spec.name, "files": [self._file.name]}
        if self._is_synthetic:
            told["synthetic"] = told["files"]
        if self._shape:
            told |= self._shape.described()
        told["id_column"] = self.root.column if self.root else ""
        if self._note:
            told["note"] = self._note
        if columns := self._transmitter():
            told["transmitter"] = ", ".join(columns.values())
        return told

    def _transmitter(self) -> dict[str, str]:
        said = self._spec.columns
        for role in dumps.TRANSMITTER_ROLES:
            if said.get(role) != dumps.NO_COLUMN:
                self._column(role)  # an error where the user names one that is not there
        return dumps.transmitter_columns(self._types, self._shape, said)

    def _id_column(self, name: str, column: str | None) -> IdColumn | None:
        if column is None:
            return None
        ids: Ids = self._spec.ids if name == "root_id" else "numbers"
        return find_column(
            self._connection, "annotation_rows", column, self._types, self._where, ids=ids
        )

    def _column(self, name: str) -> str | None:
        if name in self._spec.columns:
            column = self._spec.columns[name]
            if column not in self._types:
                raise SourceSchemaError(
                    f"{self._where}: no column '{column}'", hint=f"columns: {list(self._types)}"
                )
            return column
        if name == "root_id" and self._shape and not self._shape.twin:
            return dumps.find(self._shape.root_id, self._types)
        return next(iter(dumps.named(name, self._types)), None)

    def _is_root_column(self, column: str) -> bool:
        return self.root is not None and self.root.column == column

    def _roots(self, values: list[Any], names: Names | None) -> list[int | None]:
        if self.root is None:
            return [None] * len(values)
        if (self.root.kind == "names") != (names is not None):
            raise SourceSchemaError(
                f"{self.root.where}: ids are {self.root.kind}, but not those of the connections",
                hint="both tables must use the same kind of id",
            )
        if names is not None:
            return [None if value is None else names.root_ids[value] for value in values]
        return [value or None for value in values]

    def _row_ids(self, raw: pa.Table) -> list[str]:
        column = self._column("row_id")
        if column is not None and not self._is_root_column(column):
            values = [str(value) for value in raw.column(column).to_pylist()]
            if len(set(values)) == len(values):
                return values
        return [str(number) for number in range(1, raw.num_rows + 1)]
