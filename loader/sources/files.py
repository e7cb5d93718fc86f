"""Files as a source: synapse rows or weighted pairs, and annotation tables."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from graphapi.errors import InputError, SourceSchemaError
from loader.sources.annotationfile import AnnotationFile, Names, stage_annotations
from loader.sources.idcolumns import Ids, find_column
from loader.sources.tablefile import TableFile, view
from loader.work.duck import database, identifier, literal, one_row
from loader.work.steps import ANNOTATIONS, EXTRACTED, NAMES, ROWS, Origin, RowsInfo
from loader.work.workspace import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from loader.stages.aggregate import Layout
    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

#: Column names that are known without a mapping, by our name; the first found is taken.
KNOWN_COLUMNS = {
    "pre": ("pre", "pre_pt_root_id", "pre_root_id"),
    "post": ("post", "post_pt_root_id", "post_root_id"),
    "weight": ("weight", "syn_count", "n_syn"),
    "size": ("size",),
    "size_sum": ("size_sum",),
    "valid": ("valid",),
}
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


class FileSource:
    """A connectome in files.

    Parameters
    ----------
    path
        File, or files of equal columns, with one synapse a row or `pre, post, weight`.
        A table is taken for weighted pairs when it has a weight column.
    annotations
        Annotation tables: paths, or `AnnotationFile` where a column must be named.
    columns
        Our column name to the file's, where `KNOWN_COLUMNS` does not suffice:
        `{'weight': 'chemical'}`.
    ids
        `numbers`, `names`, or `auto`: names where no id is a number. Cells with names get
        root ids 1, 2, ... in the names' order, and the property `name`.
    datastack, version
        What the graph is to be called; the file's name and 0 when not given.
    one_is_unresolved
        Root id 1 is CAVE's "not looked up"; when not given, True for tables that have
        CAVE's column `pre_pt_root_id`, where 0 and 1 are no neurons.
    synthetic
        The data are made up, and the graph's record says so.
    """

    def __init__(
        self,
        path: str | Path | Sequence[str | Path],
        *,
        annotations: Sequence[str | Path | AnnotationFile] = (),
        columns: Mapping[str, str] | None = None,
        ids: Ids = "auto",
        datastack: str = "",
        version: int = 0,
        one_is_unresolved: bool | None = None,
        synthetic: bool = False,
    ) -> None:
        paths = [path] if isinstance(path, (str, Path)) else list(path)
        if not paths:
            raise InputError("no file to load", hint="name a file of synapse rows or connections")
        self.files = [TableFile(Path(p).expanduser().resolve()) for p in paths]
        self.annotations = [AnnotationFile.of(a) for a in annotations]
        self._columns = dict(columns or {})
        if unknown := sorted(self._columns.keys() - KNOWN_COLUMNS.keys()):
            raise InputError(
                f"columns: {unknown} are none of ours", hint=f"ours are {list(KNOWN_COLUMNS)}"
            )
        self._ids: Ids = ids
        self._datastack = datastack or self.files[0].path.name.split(".")[0]
        self._version = version
        self._one_is_unresolved = one_is_unresolved
        self._synthetic = synthetic
        self._origin: Origin | None = None

    def origin(self) -> Origin:
        """Say what this is; reads the files once, for their checksums."""
        if self._origin is None:
            self._origin = Origin(
                kind="files",
                datastack=self._datastack,
                version=self._version,
                key={
                    "files": [[str(f.path), sha256_of(f.path)] for f in self.files],
                    "annotations": [a.key() for a in self.annotations],
                    "columns": self._columns,
                    "ids": self._ids,
                    "one_is_unresolved": self._one_is_unresolved,
                    "synthetic": self._synthetic,
                },
                record={
                    "synapse_table": self.files[0].path.name,
                    "synthetic": self._synthetic,
                },
            )
        return self._origin

    def extract(self, workspace: Workspace, settings: Settings) -> None:
        """Finish the extraction; see `loader.work.steps.Source.extract`."""
        if workspace.is_done(EXTRACTED):
            return
        scratch, limit = workspace.scratch(), settings.memory_limit
        with (
            database(scratch, memory_limit=limit, threads=settings.threads) as large,
            database(scratch, memory_limit=limit, threads=settings.threads, ordered=True) as small,
        ):
            rows = _RowFiles(large, self.files, scratch, self._columns, self._ids)
            names = self._names(small, workspace, rows)
            if not workspace.is_done(ROWS):
                rows.stage(workspace, names, self._one_is_unresolved)
            for number, annotation in enumerate(self.annotations):
                step = f"{ANNOTATIONS}{number:03}"
                if not workspace.is_done(step):
                    stage_annotations(small, workspace, step, annotation, names=names)
        workspace.finish(EXTRACTED)

    def _names(
        self, connection: duckdb.DuckDBPyConnection, workspace: Workspace, rows: _RowFiles
    ) -> Names | None:
        if not rows.has_names:
            return None
        if not workspace.is_done(NAMES):
            found = rows.names()
            for annotation in self.annotations:
                found |= annotation.names(connection, workspace.scratch())
            with workspace.new_file("names.parquet") as path:
                Names.make(found).write(path)
            workspace.finish(NAMES, ["names.parquet"])
        return Names.read(workspace.files(NAMES)[0])


class _RowFiles:
    """The files of rows, behind one DuckDB view."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[TableFile],
        scratch: Path,
        columns: Mapping[str, str],
        ids: Ids,
    ) -> None:
        self._connection = connection
        self._files = files
        self._types = _view_of_all(connection, files, scratch)
        self._where = f"'{files[0].path}'"
        self._columns = _find_columns(self._types, columns, self._where)
        self._pre, self._post = (
            find_column(
                connection, "source_rows", self._columns[n], self._types, self._where, ids=ids
            )
            for n in ("pre", "post")
        )
        if self.has_names != (self._post.kind == "names"):
            raise SourceSchemaError(
                f"{self._where}: one of '{self._pre.column}' and '{self._post.column}' holds "
                "names, the other numbers"
            )

    @property
    def has_names(self) -> bool:
        """True where ids are names of cells."""
        return self._pre.kind == "names"

    def names(self) -> set[str]:
        """Give all names, of both sides."""
        rows = self._connection.execute(
            f"SELECT {self._pre.sql} FROM source_rows "
            f"UNION SELECT {self._post.sql} FROM source_rows"
        ).fetchall()
        return {row[0] for row in rows if row[0] is not None}

    def stage(self, workspace: Workspace, names: Names | None, one: bool | None) -> None:
        """Finish the step `rows`: read in place where possible, else written as Parquet."""
        _check_weights(self._connection, self._columns, self._types, self._where)
        is_cave = "pre_pt_root_id" in self._types
        layout: Layout = "pairs" if "weight" in self._columns else "synapses"
        if self._readable_in_place():
            info = RowsInfo(
                layout=layout,
                columns=self._columns,
                paths=tuple(str(f.path) for f in self._files),
                one_is_unresolved=is_cave if one is None else one,
            )
            workspace.finish(ROWS, info=asdict(info))
            return
        with workspace.new_file("rows.parquet") as path:
            self._connection.execute(
                f"COPY ({self._canonical(names)}) TO {literal(path)} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
        info = RowsInfo(
            layout=layout,
            columns={name: name for name in self._columns},
            one_is_unresolved=is_cave if one is None else one,
        )
        workspace.finish(ROWS, ["rows.parquet"], asdict(info))

    def _readable_in_place(self) -> bool:
        whole = [
            self._columns[n] for n in ("pre", "post", "weight", "size_sum") if n in self._columns
        ]
        return (
            all(f.format == "parquet" and not f.is_packed for f in self._files)
            and all(self._types[column] in _WHOLE for column in whole)
            and self._types.get(self._columns.get("valid", ""), "BOOLEAN") == "BOOLEAN"
            and self._types.get(self._columns.get("size", ""), "DOUBLE") != "VARCHAR"
        )

    def _canonical(self, names: Names | None) -> str:
        select = {"pre": self._pre.sql, "post": self._post.sql}
        for name in ("weight", "size_sum"):
            if name in self._columns:
                select[name] = f"CAST({identifier(self._columns[name])} AS BIGINT)"
        if "size" in self._columns:
            select["size"] = f"CAST({identifier(self._columns['size'])} AS DOUBLE)"
        if "valid" in self._columns:
            column = identifier(self._columns["valid"])
            select["valid"] = f"CAST({column} AS BOOLEAN)"
        fields = ", ".join(f"{sql} AS {name}" for name, sql in select.items())
        rows = f"SELECT {fields} FROM source_rows"
        if names is None:
            return rows
        self._connection.register("names", names.table())
        rest = "".join(f", r.{name}" for name in select if name not in ("pre", "post"))
        return (
            f"SELECT a.root_id AS pre, b.root_id AS post{rest} FROM ({rows}) r "
            "LEFT JOIN names a ON a.name = r.pre LEFT JOIN names b ON b.name = r.post"
        )


def _view_of_all(
    connection: duckdb.DuckDBPyConnection, files: Sequence[TableFile], scratch: Path
) -> dict[str, str]:
    types: dict[str, str] = {}
    for number, file in enumerate(files):
        found = view(connection, file, f"source_{number}", scratch)
        if number and found != types:
            raise SourceSchemaError(
                f"'{file.path}' has other columns or types than '{files[0].path}'",
                hint="give files of equal columns",
            )
        types = found
    parts = " UNION ALL ".join(f"SELECT * FROM source_{n}" for n in range(len(files)))
    connection.execute(f"CREATE VIEW source_rows AS {parts}")
    return types


def _find_columns(
    types: Mapping[str, str], mapping: Mapping[str, str], where: str
) -> dict[str, str]:
    if missing := sorted(set(mapping.values()) - types.keys()):
        raise SourceSchemaError(f"{where}: no column {missing}", hint=f"it has {list(types)}")
    found = {}
    for name, known in KNOWN_COLUMNS.items():
        columns = [mapping[name]] if name in mapping else [k for k in known if k in types]
        if columns:
            found[name] = columns[0]
    if missing := [name for name in ("pre", "post") if name not in found]:
        raise SourceSchemaError(
            f"{where}: no column for {missing}; it has {list(types)}",
            hint="say which, as columns={'pre': ..., 'post': ...}",
        )
    if "weight" in found:
        found.pop("size", None)
    else:
        found.pop("size_sum", None)
    return found


def _check_weights(
    connection: duckdb.DuckDBPyConnection,
    columns: Mapping[str, str],
    types: Mapping[str, str],
    where: str,
) -> None:
    for name in ("weight", "size_sum"):
        if name not in columns:
            continue
        column = columns[name]
        value = f"TRY_CAST({identifier(column)} AS DOUBLE)"
        needed = f"{value} IS NULL OR" if name == "weight" else f"{value} IS NOT NULL AND ("
        found = one_row(
            connection,
            f"""SELECT count(*) AS bad, any_value(CAST({identifier(column)} AS VARCHAR)) AS example
                FROM source_rows
                WHERE {needed} {value} < 0 OR {value} <> floor({value}) OR {value} >= 9e15
                {")" if name == "size_sum" else ""}""",
        )
        bad, example = found["bad"], found["example"]
        if bad:
            raise SourceSchemaError(
                f"{where}, column '{column}': {bad} values are no whole numbers >= 0, "
                f"such as {example!r} ({types[column]})",
                hint="a weight is a number of synapses; name another column with "
                "columns={'weight': ...}",
            )
