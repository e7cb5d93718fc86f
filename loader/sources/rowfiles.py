"""Files of connections or synapse rows: inspect them, and stage them for the aggregation."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from graphapi.errors import SourceSchemaError
from loader.sources import dumps, matrix, repeats, taken, wholes
from loader.sources.idcolumns import find_column, require_alike
from loader.sources.oddends import require_ids, require_neurons
from loader.sources.regionpoints import POINT, numbers_of, point_of
from loader.sources.regionvolume import located
from loader.sources.roiinfo import spread
from loader.sources.rowroles import MATRIX, RowsInDoubt, assign
from loader.sources.tablefile import (
    explained,
    header_numbers,
    require_header,
    says_synthetic,
    view_of_all,
)
from loader.work.duck import identifier, literal, one_row, write_parquet
from loader.work.steps import ROWS, RowsInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from loader.sources.annotationfile import Names
    from loader.sources.idcolumns import IdColumn, Ids
    from loader.sources.regions import RegionVolume
    from loader.sources.rowfilter import RowFilter
    from loader.sources.tablefile import TableFile
    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

#: The step of rows whose regions are still to be looked up, and the file of staged rows.
_WRITTEN, _ROWS = "rows_written", "rows.parquet"


@dataclass(frozen=True)
class Asked:
    """The user's settings for files of connections.

    Parameters
    ----------
    columns
        Our column name to the files'.
    ids
        `numbers`, `names` or `auto`.
    keep
        Keep only rows that meet all of these conditions.
    regions
        The volume in which the region of each synapse is looked up; None for none.
    region_names
        Which regions of a column like `roiInfo` count; empty for all.
    """

    columns: Mapping[str, str]
    ids: Ids = "auto"
    keep: tuple[RowFilter, ...] = ()
    regions: RegionVolume | None = None
    region_names: tuple[str, ...] = ()


class RowFiles:
    """The files of rows, as one DuckDB view.

    Parameters
    ----------
    connection, files, scratch
        DuckDB, the files, and a folder for temporary files.
    asked, settings
        What the user says of the files, and how the load runs.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[TableFile],
        scratch: Path,
        asked: Asked,
        settings: Settings,
    ) -> None:
        self._connection = connection
        self._files = files
        self._asked = asked
        self._where = files[0].where
        self._all, self._is_mixed = view_of_all(connection, files, scratch)
        self._synthetic = [f.name for f in files if says_synthetic(f, scratch)]
        self._types = self._all
        self._is_matrix = self._read_matrix(scratch)
        names = [f.name for f in files]
        settings.tell(taken.cut_off(files))
        if self._is_matrix:
            self._roles = MATRIX
            settings.tell(taken.of_matrix(names, asked.columns))
        else:
            self._roles = assign(self._types, asked.columns, self._where)
            settings.tell(taken.of_rows(names, self._roles, asked.columns))
        self._settings = settings
        self._point, self._region_counts = self._find_point(), self._find_region_counts()
        with explained(files[0]):
            repeats.require_each_once(connection, len(files), self._all, self._roles)
        self._read_once(scratch)
        self._pre, self._post = (self._id_column(end) for end in ("pre", "post"))
        require_alike(connection, self._pre, self._post, self._where)
        ends, kept = (self._pre.sql, self._post.sql), [f.column for f in asked.keep]
        self._repeated = repeats.count_once(
            connection, self._all, self._roles, ends, kept, self._where
        )
        if self._repeated:
            there = connection.sql("SELECT * FROM source_rows").columns
            self._types = {name: self._types[name] for name in there}
        self._spread_regions()
        self._rows = one_row(connection, "SELECT count(*) AS n FROM source_rows")["n"]

    @property
    def has_names(self) -> bool:
        """Return whether ids are cell names."""
        return bool(self._pre.kind == "names")

    def names(self) -> set[str]:
        """Return all names on either side."""
        rows = self._connection.execute(f"SELECT DISTINCT id FROM ({self._ends()})").fetchall()
        return {row[0] for row in rows}

    def write_ids(self, path: Path) -> Path:
        """Write the distinct ids on either side as Parquet, in a column `id`."""
        write_parquet(self._connection, f"SELECT DISTINCT id FROM ({self._ends()})", path)
        return path

    def stage(self, workspace: Workspace, names: Names | None, one: bool | None) -> None:
        """Finish the step `rows`: use the files themselves if possible, else write Parquet."""
        kept = self._check()
        shape = self._roles.shape
        is_cave = shape.one_is_unresolved if shape else "pre_pt_root_id" in self._types
        reading = self._reading()
        if self._readable_in_place():
            info = RowsInfo(
                layout=self._roles.rows,
                columns=self._roles.columns,
                extras=self._roles.extras,
                paths=tuple(str(f.path) for f in self._files),
                one_is_unresolved=is_cave if one is None else one,
                reading=reading,
            )
            workspace.finish(ROWS, info=asdict(info))
            return
        files = [_ROWS]
        if not workspace.is_done(_WRITTEN):
            with workspace.new_file(_ROWS) as path:
                write_parquet(self._connection, self._canonical(names), path, COMPRESSION="zstd")
        if self._asked.regions is not None:
            workspace.finish(_WRITTEN, files)
            asked, where = self._asked.regions, self._where
            files, told = located(workspace, self._settings, asked, files, where)
            reading["regions"] = told
        extras = [*self._roles.extras, *(["region"] if self._point else [])]
        info = RowsInfo(
            layout=self._roles.rows,
            columns={name: name for name in self._roles.columns},
            extras={name: name for name in extras},
            one_is_unresolved=is_cave if one is None else one,
            rows_filtered=self._rows - kept,
            rows_repeated=self._repeated,
            reading=reading,
        )
        workspace.finish(ROWS, files, asdict(info))

    def _spread_regions(self) -> None:
        """Give each region of neuPrint's `roiInfo` a row of its own, if regions are named."""
        column, names = self._region_counts, self._asked.region_names
        if column:
            weight = self._roles.columns["weight"]
            spread(self._connection, column, weight, names, self._where)
            self._types |= {weight: "BIGINT", "region": "VARCHAR"}
            self._roles.extras["region"] = "region"

    def _find_region_counts(self) -> str:
        """Return the column of synapses by region; empty if no regions are named."""
        if not self._asked.region_names:
            return ""
        column = self._roles.shape.about.get("region_counts") if self._roles.shape else None
        if column is None or column not in self._all:
            raise SourceSchemaError(
                f"{self._where} has no column of synapses by region, such as 'roiInfo:string'",
                hint="a list of names in --regions is for neuPrint's connections",
            )
        return column

    def _find_point(self) -> tuple[str, ...]:
        """Return SQL of the point of each synapse: x, y, z; empty if no regions are looked up."""
        asked = self._asked.regions
        if asked is None:
            return ()
        if self._is_matrix or self._roles.rows != "synapses":
            raise SourceSchemaError(
                f"{self._where}: each row is a connection with its weight, and has no point",
                hint="--regions VOLUME needs rows of synapses; name a column of regions with "
                "--column region=NAME",
            )
        self._roles.extras.pop("region", None)
        return point_of(self._types, asked.point, self._where)

    def _read_matrix(self, scratch: Path) -> bool:
        """Turn a matrix into pairs; any other table must have a header."""
        if len(self._files) == 1 and self._files[0].format != "json":
            names = list(self._types)
            ends = {"pre", "post"} & self._asked.columns.keys()
            is_told = any(self._asked.columns[end] in names for end in ends)
            plain = header_numbers(self._files[0], scratch) or not (
                dumps.named("pre", names) and dumps.named("post", names)
            )
            asked = matrix.is_asked_for(self._asked.columns, names)
            if not is_told and plain and (asked or self._is_square(names)):
                self._types = matrix.as_pairs(
                    self._connection, "source_rows", names, self._asked.columns, self._where
                )
                return True
        for file in self._files:
            require_header(file, scratch)
        return False

    def _is_square(self, names: list[str]) -> bool:
        with explained(self._files[0]):
            return matrix.is_square(self._connection, "source_rows", names)

    def _read_once(self, scratch: Path) -> None:
        """Write the needed columns of text and JSON as Parquet, which is faster to read again."""
        if all(f.format in ("parquet", "feather") for f in self._files):
            return
        needed = list(self._types)
        if self._roles.shape is not None and (
            self._roles.rows == "synapses" or repeats.says_nothing_of_rows(self._all, self._roles)
        ):
            wanted = {
                *self._roles.columns.values(),
                *self._roles.extras.values(),
                *self._point,
                self._region_counts,
                *(f.column for f in self._asked.keep),
                self._roles.shape.kinds,
                "id",
            }
            needed = [name for name in self._types if name in wanted]
        fields = ", ".join(self._filled(name) for name in needed)
        path = scratch / "rows-as-read.parquet"
        # Filling down needs the order of the file.
        self._connection.execute(f"SET preserve_insertion_order = {self._roles.fills_down}")
        with explained(self._files[0]):
            write_parquet(self._connection, f"SELECT {fields} FROM source_rows", path)
        self._connection.execute("SET preserve_insertion_order = false")
        self._connection.execute("DROP VIEW source_rows")
        self._connection.execute(
            f"CREATE VIEW source_rows AS SELECT * FROM read_parquet({literal(path)})"
        )
        self._types = {name: self._types[name] for name in needed}

    def _filled(self, name: str) -> str:
        ends = (self._roles.columns["pre"], self._roles.columns["post"])
        if not self._roles.fills_down or name not in ends:
            return identifier(name)
        column = f"nullif(trim({identifier(name)}), '')"
        return (
            f"last_value({column} IGNORE NULLS) OVER "
            f"(ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS {identifier(name)}"
        )

    def _id_column(self, end: str) -> IdColumn:
        column = self._roles.columns[end]
        return find_column(
            self._connection,
            "source_rows",
            column,
            self._types,
            self._where,
            ids=self._asked.ids,
            prefix=dumps.id_prefix(column),
        )

    def _check(self) -> int:
        """Check the rows before they are summed; return how many are kept."""
        roles, where = self._roles, self._where
        kept = self._rows
        if self._asked.keep:
            kept = one_row(
                self._connection, f"SELECT count(*) AS n FROM source_rows WHERE {self._condition()}"
            )["n"]
            if self._rows and not kept:
                raise SourceSchemaError(
                    f"{where}: no row meets {' and '.join(map(str, self._asked.keep))}",
                    hint=self._values_hint(),
                )
        doubt = RowsInDoubt(self._connection, "source_rows", self._types, roles, where)
        if not self._is_matrix:
            doubt.require_one_kind(self._asked.keep)
        if roles.rows == "synapses" and not roles.is_certain:
            doubt.require_rows_are_synapses()
        both = self._pre, self._post
        if roles.shape is None or not roles.shape.may_lack_ids:
            require_ids(self._connection, both, self._condition(), kept, where)
        self._settings.tell(
            require_neurons(
                self._connection, both, self._condition(), where, is_matrix=self._is_matrix
            )
        )
        if not self._is_matrix:
            repeats.require_distinct(
                self._connection, self._types, roles, both, self._condition(), where
            )
            repeats.require_ids_once(
                self._connection, self._types, roles, both, self._condition(), where
            )
        self._check_weights()
        return int(kept)

    def _check_weights(self) -> None:
        for ours in ("weight", "size_sum"):
            if ours in self._roles.columns:
                wholes.require(
                    self._connection,
                    self._roles.columns[ours],
                    self._types,
                    f"{self._where}, column '{self._roles.columns[ours]}'",
                    f"({self._condition()})",
                    may_lack=ours == "size_sum",
                    is_matrix=self._is_matrix,
                )

    def _values_hint(self) -> str:
        column = self._asked.keep[0].column
        rows = self._connection.execute(
            f"SELECT DISTINCT {identifier(column)} FROM source_rows ORDER BY 1 LIMIT 8"
        ).fetchall()
        return f"values of '{column}': {', '.join(str(row[0]) for row in rows)}"

    def _condition(self) -> str:
        if not self._asked.keep:
            return "true"
        return " AND ".join(f"({f.sql(self._types, self._where)})" for f in self._asked.keep)

    def _readable_in_place(self) -> bool:
        columns = self._roles.columns
        whole = [columns[n] for n in ("pre", "post", "weight", "size_sum") if n in columns]
        return (
            all(f.format == "parquet" and f.is_plain for f in self._files)
            and not self._is_mixed
            and not self.has_names
            and not self._asked.keep
            and not self._point
            and not self._region_counts
            and not self._pre.prefix
            and not self._repeated
            and all(self._types[column] in wholes.TYPES for column in whole)
            and self._types.get(columns.get("valid", ""), "BOOLEAN") == "BOOLEAN"
            and self._types.get(columns.get("size", ""), "DOUBLE") != "VARCHAR"
        )

    def _ends(self) -> str:
        return " UNION ALL ".join(
            f"SELECT {end.sql} AS id FROM source_rows "
            f"WHERE {end.sql} IS NOT NULL AND {self._condition()}"
            for end in (self._pre, self._post)
        )

    def _canonical(self, names: Names | None) -> str:
        columns = self._roles.columns
        select = {"pre": self._pre.sql, "post": self._post.sql}
        for name in ("weight", "size_sum"):
            if name in columns:
                select[name] = wholes.value(columns[name], self._types)
        if "size" in columns:
            select["size"] = f"CAST({identifier(columns['size'])} AS DOUBLE)"
        if "valid" in columns:
            select["valid"] = f"CAST({identifier(columns['valid'])} AS BOOLEAN)"
        for name, column in self._roles.extras.items():
            kind = "VARCHAR" if name in dumps.EXTRA_ROLES else "DOUBLE"
            select[name] = f"TRY_CAST({identifier(column)} AS {kind})"
        if self._point:
            numbers = numbers_of(self._connection, self._types, self._point)
            select |= dict(zip(POINT, numbers, strict=True))
        fields = ", ".join(f"{sql} AS {name}" for name, sql in select.items())
        rows = f"SELECT {fields} FROM source_rows WHERE {self._condition()}"
        if names is None:
            return rows
        self._connection.register("names", names.table())
        rest = "".join(f", r.{name}" for name in select if name not in ("pre", "post"))
        return (
            f"SELECT a.root_id AS pre, b.root_id AS post{rest} FROM ({rows}) r "
            "LEFT JOIN names a ON a.name = r.pre LEFT JOIN names b ON b.name = r.post"
        )

    def _reading(self) -> dict[str, Any]:
        """Return what the record says about these files: what they were taken for."""
        roles, shape = self._roles, self._roles.shape
        told: dict[str, Any] = {
            "files": [f.name for f in self._files],
            "what": "synapses, one per row"
            if roles.rows == "synapses"
            else "connections with their weights",
        }
        if self._synthetic:
            told["synthetic"] = self._synthetic
        if self._is_matrix:
            pre = matrix.presynaptic(self._asked.columns)
            return told | {"what": f"matrix, {pre} presynaptic"}
        if shape:
            told |= shape.described()
        told["columns"] = roles.columns | roles.extras
        used = {
            *roles.columns.values(),
            *roles.extras.values(),
            *self._point,
            self._region_counts,
            *(f.column for f in self._asked.keep),
        }
        if self._region_counts:
            told["regions"] = [f"regions from '{self._region_counts}', a row for each"]
        told["not_used"] = [name for name in self._all if name not in used]
        if repeats.says_nothing_of_rows(self._all, roles):
            told["one_row_a_pair"] = True
        if self._asked.keep:
            told["keep"] = [str(f) for f in self._asked.keep]
        if self._pre.prefix:
            told["id_prefix"] = self._pre.prefix
        return told
