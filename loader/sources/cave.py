"""CAVE as a source: one datastack at one version."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.cave.complete import fetch_range, id_ranges, require_total
from graphapi.cave.connection import Cave
from graphapi.cave.pieces import IdRange
from graphapi.cave.tables import fetch_table
from graphapi.cave.trust import trust
from graphapi.cave.views import ConnectionsView
from graphapi.errors import (
    IncompleteAnswerError,
    InputError,
    SourceSchemaError,
    TableNotFoundError,
)
from loader.sources import cavetables, caveview
from loader.sources.annotationfile import AnnotationFile, checksums, stage_annotations
from loader.sources.annotations import read_annotation, with_preset
from loader.sources.annotationtable import AnnotationTable
from loader.sources.cavepieces import fetch_pieces, step_names, write_step
from loader.sources.resolve import CaveRoots
from loader.sources.rowfilter import kept_rows, read_filters
from loader.sources.spotcheck import (
    require_equal,
    sample_of_stage,
    totals_by_cave,
    totals_by_view,
)
from loader.work.duck import database
from loader.work.steps import (
    ANNOTATIONS,
    COMPARED,
    EXTRACTED,
    NUCLEI,
    ROWS,
    Origin,
    RowsInfo,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from graphapi.cave.records import Resolution, VersionInfo
    from loader.sources.annotations import Annotations
    from loader.sources.presets import Preset
    from loader.sources.rowfilter import RowFilter
    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

_SYNAPSES = "synapses/"
_RANGES = f"{_SYNAPSES}ranges"


class CaveSource:
    """One materialization version of a CAVE datastack.

    Parameters
    ----------
    datastack
        Name of the datastack.
    version
        Number, or `latest`, which is resolved once.
    annotations
        Names of CAVE tables, `AnnotationTable`, paths of files, or `AnnotationFile`; in order of
        precedence. Root ids of rows in files are updated to the version's timestamp, by
        supervoxel, else by root id.
    server, token
        CAVE server and token, if not the configured ones.
    synapse_table, soma_table
        Tables, if not those of the datastack's record; `soma_table=""` for none.
    connections_view
        A view with a row for each connection (`connections_with_nuclei`), read instead of the
        synapse table. The API still queries the synapse table for single synapses.
    keep
        Conditions on rows, such as `cleft_score>=50`; only rows that meet all of them are summed.
    size_column
        Column with synapse sizes, which must exist; `""` for none. By default `size`, if it
        exists.
    brain_mesh_source
        Address of the whole brain's mesh, for the graph's record.
    synapse_resolution, viewer_resolution
        Expected nanometres per voxel: x, y, z; the load stops if the server's differ. None accepts
        the server's.
    synthetic
        Whether the data are made up; by default, whether the datastack's description says
        "synthetic".
    cave
        An open connection to use instead of a new one.
    """

    def __init__(
        self,
        datastack: str,
        *,
        version: int | str = "latest",
        annotations: Sequence[Annotations] = (),
        server: str = "",
        token: str | None = None,
        synapse_table: str = "",
        soma_table: str | None = None,
        connections_view: str = "",
        keep: Sequence[str | RowFilter] = (),
        size_column: str | None = None,
        brain_mesh_source: str = "",
        synapse_resolution: Resolution | None = None,
        viewer_resolution: Resolution | None = None,
        synthetic: bool | None = None,
        in_flight: int = 4,
        cave: Cave | None = None,
    ) -> None:
        self._datastack = datastack
        self._version = _number(version)
        self._annotations = [read_annotation(a) for a in annotations]
        self._confirmed = {"synapse": synapse_resolution, "viewer": viewer_resolution}
        self._server, self._token = server, token
        self._synapse_table = synapse_table
        self._soma_table = soma_table
        self._view_name, self._keep = connections_view, read_filters(keep)
        self._size_column = "size" if size_column is None else size_column
        self._needs_size = bool(size_column)
        self._brain_mesh_source = brain_mesh_source
        self._synthetic = synthetic
        self._in_flight = in_flight
        self._cave = cave
        self._origin: Origin | None = None
        self._info: VersionInfo | None = None

    @classmethod
    def from_preset(
        cls,
        preset: Preset | str | Path,
        *,
        annotations: Sequence[Annotations] = (),
        server: str = "",
        **options: Any,
    ) -> CaveSource:
        """Make a source from a preset.

        Parameters
        ----------
        preset
            A preset, its name, or the path of a TOML file.
        annotations
            Annotations that take precedence over the preset's tables. Files given by their paths
            are read with the preset's settings.
        server
            CAVE server, if not the preset's.
        options
            Further arguments of `CaveSource`; they override the preset.

        Raises
        ------
        NotFoundError, InputError
            There is no such preset, or its file has a mistake.
        """
        from loader.sources.presets import Preset, read_preset

        known = preset if isinstance(preset, Preset) else read_preset(preset)
        return cls(
            known.datastack,
            annotations=with_preset(annotations, known),
            server=server or known.server,
            **{**known.options(), **options},
        )

    @property
    def cave(self) -> Cave:
        """Return the connection, opened on first use."""
        if self._cave is None:
            self._cave = Cave.connect(
                self._datastack,
                server=self._server or None,
                token=self._token,
                max_in_flight=self._in_flight,
            )
            info = self._cave.info
            named = (info.local_server, info.image_source, info.segmentation_source)
            trust(self._cave.server, *named)
        return self._cave

    @property
    def version(self) -> VersionInfo:
        """Return the version, resolved once."""
        if self._info is None:
            self._info = self.cave.resolve_version(self._version)
        return self._info

    def origin(self) -> Origin:
        """Return the identity of the source; the first call queries the server.

        Raises
        ------
        TableNotFoundError
            The datastack has no synapse table, or a named table is not in this version.
        """
        if self._origin is None:
            self._origin = self._ask_origin()
        return self._origin

    def extract(self, workspace: Workspace, settings: Settings) -> None:
        """Finish the extraction; see `loader.work.steps.Source.extract`."""
        if workspace.is_done(EXTRACTED):
            return
        self._extract_annotations(workspace, settings)
        self._extract_nuclei(workspace, settings)
        if not workspace.is_done(ROWS):
            if self._view_name:
                view = ConnectionsView(self.cave, self._view_name, self.version.version)
                caveview.extract(view, workspace, settings)
            else:
                self._extract_synapses(workspace, settings)
        workspace.finish(EXTRACTED)

    def compare(self, workspace: Workspace, neurons: Path, min_size: float | None) -> None:
        """Compare the totals of some neurons with CAVE; see `loader.work.steps.Countable`."""
        if workspace.is_done(COMPARED):
            return
        sample = sample_of_stage(neurons, workspace.load_id)
        roots = np.array(list(sample), dtype=np.int64)
        if self._view_name:
            asked = totals_by_view(self.cave, self._view_name, self.version.version, roots)
        else:
            asked = totals_by_cave(
                self.cave,
                self.origin().record["synapse_table"],
                self.version.version,
                roots,
                min_size=min_size,
                size_column=self._size_column,
                keep=self._keep,
            )
        require_equal(sample, asked, f"stages in '{workspace.folder}'")
        workspace.finish(COMPARED, info={"neurons": len(sample)})

    def _ask_origin(self) -> Origin:
        cave, version = self.cave, self.version
        info = cave.info
        synapse_table = self._synapse_table or info.synapse_table or ""
        if not synapse_table:
            raise TableNotFoundError(
                f"datastack '{self._datastack}' has no synapse table",
                hint="name one: CaveSource(..., synapse_table=...)",
            )
        described = cave.table_info(synapse_table, version.version)
        tables = cave.tables(version.version)
        for table in self._annotations:
            if isinstance(table, AnnotationTable) and table.name not in tables:
                raise caveview.no_table(cave, table.name, version.version, tables)
        if self._view_name:
            caveview.require_view(cave, self._view_name, version.version)
            if self._keep or self._needs_size:
                raise InputError(
                    "--keep and --size-column are for rows of the synapse table, but a view of "
                    "connections is read",
                    hint="leave them out, or leave out --connections-view",
                )
        self._confirm("synapse", described.voxel_resolution)
        self._confirm("viewer", info.viewer_resolution)
        soma_table = self._find_soma_table(tables)
        synthetic = "synthetic" in info.description.lower()
        annotations = [a.key() for a in self._annotations]
        return Origin(
            kind="cave",
            datastack=self._datastack,
            version=version.version,
            timestamp=version.timestamp.isoformat(),
            server=cave.server,
            key={
                "synapse_table": synapse_table,
                "soma_table": soma_table,
                "size_column": self._size_column,
                "annotations": annotations,
                **({"connections_view": self._view_name} if self._view_name else {}),
                **({"keep": [str(f) for f in self._keep]} if self._keep else {}),
            },
            record={
                "synapse_table": synapse_table,
                "soma_table": soma_table,
                "segmentation_table": info.segmentation_table or "",
                "viewer_resolution": tuple(info.viewer_resolution),
                "synapse_resolution": tuple(described.voxel_resolution),
                "image_source": info.image_source or "",
                "segmentation_source": info.segmentation_source or "",
                "brain_mesh_source": self._brain_mesh_source,
                "synthetic": synthetic if self._synthetic is None else self._synthetic,
            },
            sha256=checksums(self._annotations, annotations),
        )

    def _confirm(self, which: str, said: Sequence[float]) -> None:
        expected = self._confirmed[which]
        if expected is not None and tuple(expected) != tuple(said):
            raise SourceSchemaError(
                f"datastack '{self._datastack}': the {which} resolution is {list(said)} nm, not "
                f"{list(expected)} nm as expected",
                hint="correct the preset (a copy of it, with --preset), or use --no-preset",
            )

    def _find_soma_table(self, tables: Sequence[str]) -> str:
        if self._soma_table is not None:
            if self._soma_table and self._soma_table not in tables:
                raise TableNotFoundError(
                    f"datastack '{self._datastack}' has no soma table '{self._soma_table}' at "
                    f"version {self.version.version}",
                    hint=f"its tables: {', '.join(tables)}",
                )
            return self._soma_table
        named = self.cave.info.soma_table or ""
        if named and named not in tables:
            raise TableNotFoundError(
                f"the soma table '{named}' of datastack '{self._datastack}' is not in version "
                f"{self.version.version}",
                hint="load without somata, CaveSource(..., soma_table=''), or load another version",
            )
        return named

    def _extract_synapses(self, workspace: Workspace, settings: Settings) -> None:
        table, version = self.origin().record["synapse_table"], self.version.version
        ranges = self._ranges(workspace, table, version)
        schema = self.cave.schema(table, version)
        columns = cavetables.synapse_columns(
            schema, table, self._size_column, needs_size=self._needs_size
        )
        columns = list(dict.fromkeys([*columns, *(f.column for f in self._keep)]))
        where = f"table '{table}'"
        for condition in self._keep:
            condition.sql(dict.fromkeys(schema.names, "VARCHAR"), where)  # no such column: refused

        def fetch(ids: IdRange) -> tuple[pa.Table, dict[str, int]]:
            rows = fetch_range(self.cave, table, version, ids, columns)
            left = kept_rows(rows, self._keep, where)
            staged = cavetables.synapse_rows(left, self._size_column)
            return staged, {"rows": rows.num_rows, "kept": left.num_rows}

        steps = step_names(_SYNAPSES, ranges)
        pieces = dict(zip(steps, ranges, strict=False))
        totals = fetch_pieces(workspace, settings, table, pieces, fetch)
        total, kept = totals["rows"], totals["kept"]
        self._require_total(workspace, table, total)
        if total and not kept:
            raise SourceSchemaError(
                f"{where}: no row meets {' and '.join(map(str, self._keep))}",
                hint="check the values of the column in CAVE",
            )
        if not ranges:
            empty = cavetables.synapse_rows(schema.empty_table().select(columns), self._size_column)
            write_step(workspace, steps[0], empty)
        names = {"pre": "pre", "post": "post"}
        if self._size_column in schema.names:
            names["size"] = "size"
        keep = [str(f) for f in self._keep]
        reading = {"table": table, "what": "synapses, one per row", "keep": keep}
        info = RowsInfo(
            layout="synapses",
            columns=names,
            one_is_unresolved=True,
            rows_counted=total,
            rows_filtered=total - kept,
            reading=reading if keep else {},
        )
        workspace.finish(ROWS, [f"{step}.parquet" for step in steps], asdict(info))

    def _require_total(self, workspace: Workspace, table: str, rows: int) -> None:
        """Count the table again after fetching it; if the count differs, drop the rows."""
        try:
            require_total(self.cave, table, self.version.version, rows)
        except IncompleteAnswerError as error:
            workspace.forget(_SYNAPSES)
            raise IncompleteAnswerError(
                error.message,
                hint="the fetched rows of this table were dropped: run the same load again. "
                "If it persists, tell the server's administrators",
            ) from error

    def _ranges(self, workspace: Workspace, table: str, version: int) -> list[IdRange]:
        if not workspace.is_done(_RANGES):
            found = id_ranges(self.cave, table, version)
            workspace.finish(_RANGES, info={"ranges": [[r.lo, r.hi, r.rows] for r in found]})
        return [IdRange(*numbers) for numbers in workspace.info(_RANGES)["ranges"]]

    def _extract_annotations(self, workspace: Workspace, settings: Settings) -> None:
        for number, annotation in enumerate(self._annotations):
            step = f"{ANNOTATIONS}{number:03}"
            if workspace.is_done(step):
                continue
            if isinstance(annotation, AnnotationTable):
                self._extract_table(workspace, settings, step, annotation)
            else:
                self._extract_file(workspace, settings, step, annotation)

    def _extract_table(
        self, workspace: Workspace, settings: Settings, step: str, table: AnnotationTable
    ) -> None:
        rows = fetch_table(self.cave, table.name, self.version.version, progress=settings.progress)
        staged, info = cavetables.annotation_rows(
            table.reshape(rows), table.name, table.transmitter
        )
        write_step(workspace, step, staged, asdict(info))

    def _extract_file(
        self, workspace: Workspace, settings: Settings, step: str, file: AnnotationFile
    ) -> None:
        resolver = CaveRoots(self.cave, self.version.timestamp)
        with database(
            workspace.scratch(), memory_limit=settings.memory_limit, ordered=True
        ) as connection:
            stage_annotations(
                connection, workspace, step, file, resolver=resolver, tell=settings.tell
            )

    def _extract_nuclei(self, workspace: Workspace, settings: Settings) -> None:
        table = self.origin().record["soma_table"]
        if not table or workspace.is_done(NUCLEI):
            return
        version = self.version.version
        rows = fetch_table(self.cave, table, version, with_target=False, progress=settings.progress)
        resolution = self.cave.table_info(table, version).voxel_resolution
        write_step(workspace, NUCLEI, cavetables.nuclei(rows, table, resolution))


def _number(version: int | str) -> int | Literal["latest"]:
    if isinstance(version, int):
        return version
    if version == "latest":
        return "latest"
    if version.isascii() and version.isdigit():
        return int(version)
    raise InputError(f"version '{version}' is not a number", hint="give a number, or 'latest'")
