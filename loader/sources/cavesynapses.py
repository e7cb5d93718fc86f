"""The synapse table of a CAVE datastack, fetched in pieces, with the region of each synapse."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from graphapi.cave.complete import fetch_range, id_ranges, require_total
from graphapi.cave.pieces import IdRange
from graphapi.errors import IncompleteAnswerError, SourceSchemaError
from loader.sources import cavetables, dumps, regionpoints, regionvolume
from loader.sources.cavepieces import fetch_pieces, step_names, write_step
from loader.sources.regions import RegionColumn, RegionTable, RegionVolume
from loader.sources.rowfilter import kept_rows
from loader.work.duck import database, literal, one_row, write_parquet
from loader.work.steps import ROWS, RowsInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pyarrow as pa

    from graphapi.cave.connection import Cave
    from loader.sources.regions import Regions
    from loader.sources.rowfilter import RowFilter
    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

_SYNAPSES, _TABLE, _REGIONS = "synapses/", "region_table/", "regions/"
#: The column of a reference table that holds the id of the row it is about.
_TARGET = "target_id"
#: Columns that may hold regions in reference tables of CAVE's general schemas.
_GENERAL = ("tag", "value")


@dataclass(frozen=True)
class SynapseTable:
    """A synapse table at one version.

    Parameters
    ----------
    cave, name, version
        The table.
    size_column, needs_size
        Column with sizes, and whether it must exist.
    keep
        Keep only rows that meet all of these conditions.
    regions
        Where regions come from, as `found_regions` returns it; None for no regions.
    """

    cave: Cave
    name: str
    version: int
    size_column: str
    needs_size: bool = False
    keep: Sequence[RowFilter] = ()
    regions: Regions | None = None

    def extract(self, workspace: Workspace, settings: Settings) -> None:
        """Finish the step `rows`, resumably.

        Raises
        ------
        SourceSchemaError
            The table lacks columns, no row is kept, or a synapse has two regions.
        IncompleteAnswerError
            The server's rows and counts disagree; what was fetched is dropped.
        """
        schema = self.cave.schema(self.name, self.version)
        where = f"table '{self.name}'"
        columns = cavetables.synapse_columns(
            schema, self.name, self.size_column, needs_size=self.needs_size
        )
        point = self._point(schema.names)
        own = [self.regions.column] if isinstance(self.regions, RegionColumn) else []
        others = [*columns, *own, *(f.column for f in self.keep)]
        # The server is asked for whole positions, and splits them into axes.
        sent = [*others, *(point[0].removesuffix("_x") for _ in point[:1])]
        for condition in self.keep:
            condition.sql(dict.fromkeys(schema.names, "VARCHAR"), where)  # no such column: refused

        def staged(rows: pa.Table) -> pa.Table:
            made = cavetables.synapse_rows(rows, self.size_column)
            if own:
                made = made.append_column("region", _texts(rows[own[0]]))
            for axis, column in zip(regionpoints.POINT, point, strict=False):
                made = made.append_column(axis, rows[column])
            return made

        def kept(rows: pa.Table) -> pa.Table:
            return staged(kept_rows(rows, self.keep, where))

        steps, totals = _fetched(self, workspace, settings, _SYNAPSES, sent, kept)
        total, left = totals["rows"], totals["kept"]
        if total and not left:
            raise SourceSchemaError(
                f"{where}: no row meets {' and '.join(map(str, self.keep))}",
                hint="check the values of the column in CAVE",
            )
        if not total:
            empty = staged(schema.empty_table().select(list(dict.fromkeys([*others, *point]))))
            write_step(workspace, steps[0], empty)
        files = [f"{step}.parquet" for step in steps]
        told: list[str] = []
        if isinstance(self.regions, RegionTable):
            files, told = self._joined(workspace, settings, self.regions, files)
        elif isinstance(self.regions, RegionVolume):
            files, told = regionvolume.located(workspace, settings, self.regions, files, where)
        names = {"pre": "pre", "post": "post"}
        if self.size_column in schema.names:
            names["size"] = "size"
        info = RowsInfo(
            layout="synapses",
            columns=names,
            extras={} if self.regions is None else {"region": "region"},
            one_is_unresolved=True,
            rows_counted=total,
            rows_filtered=total - left,
            reading=self._reading(told),
        )
        workspace.finish(ROWS, files, asdict(info))

    def _point(self, names: Sequence[str]) -> tuple[str, ...]:
        if not isinstance(self.regions, RegionVolume):
            return ()
        return regionpoints.point_of(
            dict.fromkeys(names, "BIGINT"), self.regions.point, f"table '{self.name}'"
        )

    def _reading(self, told: Sequence[str]) -> dict[str, Any]:
        keep = [str(f) for f in self.keep]
        if isinstance(self.regions, RegionColumn):
            told = [f"regions from column '{self.regions.column}'"]
        if not keep and not told:
            return {}
        found = {"table": self.name, "what": "synapses, one per row", "keep": keep}
        return found | ({"regions": list(told)} if told else {})

    def _joined(
        self, workspace: Workspace, settings: Settings, table: RegionTable, files: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        """Write the synapse rows with the regions of a reference table."""
        name = f"{_REGIONS}rows.parquet"
        about = replace(self, name=table.name)
        schema = self.cave.schema(table.name, self.version)
        sent = [_TARGET, table.column, *(["valid"] if "valid" in schema.names else [])]
        steps, _ = _fetched(about, workspace, settings, _TABLE, sent, _regions(table))
        if not workspace.is_done(f"{_REGIONS}rows"):
            there = [p for step in steps if workspace.is_done(step) for p in workspace.files(step)]
            with database(
                workspace.scratch(), memory_limit=settings.memory_limit, threads=settings.threads
            ) as connection:
                _require_one_region(connection, there, table)
                given = _parquet([workspace.folder / file for file in files])
                sql = f"SELECT s.*, r.region FROM {given} s LEFT JOIN known r USING (id)"
                with workspace.new_file(name) as path:
                    write_parquet(connection, sql, path)
                found = one_row(
                    connection,
                    f"SELECT count(*) AS n, count(region) AS met "
                    f"FROM {_parquet([workspace.folder / name])}",
                )
            if found["n"] and not found["met"]:
                raise SourceSchemaError(
                    f"table '{table.name}' has a region for none of {found['n']:,} synapses",
                    hint=f"is it about the rows of '{self.name}'?",
                )
            workspace.finish(f"{_REGIONS}rows", [name], found)
        found = workspace.info(f"{_REGIONS}rows")
        told = (
            f"regions from table '{table.name}', column '{table.column}': "
            f"{found['met']:,} of {found['n']:,} synapses have one"
        )
        return [name], [told]


def found_regions(
    cave: Cave, asked: RegionTable | RegionVolume | None, synapses: str, version: int
) -> Regions | None:
    """Decide where the regions of a synapse table come from.

    Parameters
    ----------
    cave, synapses, version
        The synapse table.
    asked
        What the user says; None for the synapse table's own column, if it has one.

    Raises
    ------
    SourceSchemaError
        The named table is not about these synapses, or has no column of regions.
    """
    if isinstance(asked, RegionVolume):
        if asked.resolution is not None:
            return asked
        return replace(asked, resolution=cave.table_info(synapses, version).voxel_resolution)
    if asked is None:
        own = dumps.named("region", cave.schema(synapses, version).names)
        return RegionColumn(own[0]) if len(own) == 1 else None
    where, names = f"table '{asked.name}'", cave.schema(asked.name, version).names
    about = cave.table_info(asked.name, version).reference_table
    if _TARGET not in names or about not in (None, "", synapses):
        told = f"it refers to '{about}'" if about else f"it has no column '{_TARGET}'"
        raise SourceSchemaError(
            f"{where} does not say regions of the synapses in '{synapses}': {told}",
            hint="name a reference table of the synapse table",
        )
    known = [asked.column] if asked.column else dumps.named("region", names)
    known = known or [name for name in _GENERAL if name in names]
    if len(known) != 1 or known[0] not in names:
        raise SourceSchemaError(
            f"{where} has {f'no column {asked.column!r}' if asked.column else 'no clear column'} "
            "of regions",
            hint=f"--regions '{asked.name}?region=COLUMN'; its columns: {', '.join(names)}",
        )
    return replace(asked, column=known[0])


def described_regions(regions: Regions | None) -> dict[str, str]:
    """Return where regions come from as the graph's record says it; empty for nowhere."""
    if isinstance(regions, RegionColumn):
        return {"column": regions.column}
    if isinstance(regions, RegionTable):
        return {"table": regions.name, "column": regions.column}
    return regionvolume.described(regions) if regions else {}


def _fetched(
    table: SynapseTable,
    workspace: Workspace,
    settings: Settings,
    prefix: str,
    columns: Sequence[str],
    staged: Callable[[pa.Table], pa.Table],
) -> tuple[list[str], dict[str, int]]:
    """Fetch a whole table in steps, and count it again at the end."""
    ranges = _ranges(table, workspace, f"{prefix}ranges")
    sent = list(dict.fromkeys(columns))

    def fetch(ids: IdRange) -> tuple[pa.Table, dict[str, int]]:
        rows = fetch_range(table.cave, table.name, table.version, ids, sent)
        left = staged(rows)
        return left, {"rows": rows.num_rows, "kept": left.num_rows}

    steps = step_names(prefix, ranges)
    pieces = dict(zip(steps, ranges, strict=False))
    totals = fetch_pieces(workspace, settings, table.name, pieces, fetch)
    try:
        require_total(table.cave, table.name, table.version, totals["rows"])
    except IncompleteAnswerError as error:
        workspace.forget(prefix)
        raise IncompleteAnswerError(
            error.message,
            hint="the fetched rows of this table were dropped: run the same load again. "
            "If it persists, tell the server's administrators",
        ) from error
    return steps, {"rows": totals["rows"], "kept": totals["kept"]}


def _ranges(table: SynapseTable, workspace: Workspace, step: str) -> list[IdRange]:
    if not workspace.is_done(step):
        found = id_ranges(table.cave, table.name, table.version)
        workspace.finish(step, info={"ranges": [[r.lo, r.hi, r.rows] for r in found]})
    return [IdRange(*numbers) for numbers in workspace.info(step)["ranges"]]


def _regions(table: RegionTable) -> Callable[[pa.Table], pa.Table]:
    def staged(rows: pa.Table) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        if "valid" in rows.column_names:
            rows = rows.filter(pc.fill_null(rows["valid"], True))
        ids = rows[_TARGET].cast(pa.int64())
        return pa.table({"id": ids, "region": _texts(rows[table.column])})

    return staged


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    return column.cast(pa.string())


def _require_one_region(connection: Any, files: Sequence[Path], table: RegionTable) -> None:
    """Make the view `known`, of one region for each synapse; refuse two."""
    rows = _parquet(files) if files else "(SELECT 0::BIGINT AS id, '' AS region LIMIT 0)"
    connection.execute(
        f"CREATE TABLE known AS SELECT id, min(region) AS region, max(region) AS other "
        f"FROM (SELECT id, nullif(trim(region), '') AS region FROM {rows}) GROUP BY id"
    )
    twice = connection.execute(
        "SELECT id, region, other FROM known WHERE region <> other ORDER BY id LIMIT 1"
    ).fetchall()
    if twice:
        synapse, one, other = twice[0]
        raise SourceSchemaError(
            f"table '{table.name}': synapse {synapse} has two regions, {one!r} and {other!r}",
            hint="a synapse is in one region; choose a table whose regions do not overlap",
        )


def _parquet(files: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(literal(file) for file in files)}])"
