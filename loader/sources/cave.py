"""CAVE as a source: one datastack at one version."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.cave.connection import Cave
from graphapi.cave.tables import fetch_table
from graphapi.cave.trust import trust
from graphapi.cave.views import ConnectionsView
from graphapi.errors import (
    InputError,
    SourceSchemaError,
    TableNotFoundError,
)
from loader.sources import cavetables, caveview
from loader.sources.annotationfile import AnnotationFile, checksums, stage_annotations
from loader.sources.annotations import read_annotation, with_preset
from loader.sources.annotationtable import AnnotationTable
from loader.sources.cavepieces import write_step
from loader.sources.cavesynapses import SynapseTable, described_regions, found_regions
from loader.sources.regions import RegionTable, RegionVolume, is_none, read_regions
from loader.sources.resolve import CaveRoots
from loader.sources.rowfilter import read_filters
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
    read_version,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from graphapi.cave.records import Resolution, VersionInfo
    from loader.sources.annotations import Annotations
    from loader.sources.presets import Preset
    from loader.sources.regions import Regions, RegionsAsked
    from loader.sources.rowfilter import RowFilter
    from loader.work.settings import Settings
    from loader.work.workspace import Workspace


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
    regions
        Where the region of each synapse comes from, if the synapse table has no column of it: the
        name of a reference table, `RegionTable`, the address of a volume, `RegionVolume`, or
        `none` for a graph without regions.
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
        regions: RegionsAsked | None = None,
        brain_mesh_source: str = "",
        synapse_resolution: Resolution | None = None,
        viewer_resolution: Resolution | None = None,
        synthetic: bool | None = None,
        in_flight: int = 4,
        cave: Cave | None = None,
    ) -> None:
        self._datastack = datastack
        self._version = read_version(version)
        self._annotations = [read_annotation(a) for a in annotations]
        self._confirmed = {"synapse": synapse_resolution, "viewer": viewer_resolution}
        self._server, self._token = server, token
        self._synapse_table = synapse_table
        self._soma_table = soma_table
        self._view_name, self._keep = connections_view, read_filters(keep)
        self._size_column = "size" if size_column is None else size_column
        self._needs_size = bool(size_column)
        self._has_regions = not is_none(regions)
        self._asked_regions = read_regions(regions) if self._has_regions else None
        self._regions: Regions | None = None
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
                self._table().extract(workspace, settings)
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
        known = self._find_regions(synapse_table, tables)
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
                **({"regions": known} if self._regions else {}),
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
                "region_source": known,
            },
            sha256=checksums(self._annotations, annotations),
        )

    def _find_regions(self, synapse_table: str, tables: Sequence[str]) -> dict[str, str]:
        """Find where regions come from; return it for the record, which CAVE is asked by, too."""
        asked, version = self._asked_regions, self.version.version
        if isinstance(asked, RegionTable) and asked.name not in tables:
            raise caveview.no_table(self.cave, asked.name, version, tables)
        if isinstance(asked, RegionVolume) and self._view_name:
            raise InputError(
                "--regions is for points of synapses, but a view of connections is read",
                hint="leave out --regions, or --connections-view",
            )
        found = found_regions(self.cave, asked, synapse_table, version)
        # A view has no rows of synapses: CAVE is asked for regions when somebody needs them.
        self._regions = found if self._has_regions and not self._view_name else None
        return described_regions(found)

    def _table(self) -> SynapseTable:
        return SynapseTable(
            self.cave,
            self.origin().record["synapse_table"],
            self.version.version,
            size_column=self._size_column,
            needs_size=self._needs_size,
            keep=self._keep,
            regions=self._regions,
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
