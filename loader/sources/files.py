"""Files as a source: synapse rows or connections, and annotation tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from graphapi.errors import InputError
from loader.sources import places
from loader.sources.annotationfile import AnnotationFile, Names, checksums, stage_annotations
from loader.sources.dumps import EXTRA_ROLES, NO_COLUMN, ROLES
from loader.sources.regions import RegionTable, is_none, read_regions
from loader.sources.regionvolume import described
from loader.sources.roiinfo import read_region_names
from loader.sources.rowfiles import Asked, RowFiles
from loader.sources.rowfilter import RowFilter, read_filters
from loader.work.duck import database
from loader.work.steps import ANNOTATIONS, EXTRACTED, NAMES, ROWS, Origin, read_version
from loader.work.workspace import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from loader.sources.idcolumns import Ids
    from loader.sources.regions import RegionsAsked, RegionVolume
    from loader.sources.tablefile import TableFile
    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

_ELECTRICAL = re.compile(r"electrical|gap[_ -]?junction", re.IGNORECASE)


class FileSource:
    """A connectome in files.

    Parameters
    ----------
    path
        File, or files with the same columns, with one synapse or one connection per row; a
        folder of such files, a pattern (`part-*.parquet`), a member of an archive
        (`dump.tar.gz::edges.csv`), or an address (`https://`, `gs://`). Published dumps are
        recognised by their columns (`loader/sources/dumps`), other tables by the names of their
        columns. An ambiguous table is refused, with the choices.
    annotations
        Annotation tables: paths, or `AnnotationFile` for more settings.
    columns
        Our column name (`pre`, `post`, `weight`, `size`, `size_sum`, `valid`, `region`,
        `transmitter`) to the file's: `{'weight': 'chemical'}`; `{'weight': 'none'}` if each row
        is one synapse; `{'region': 'none'}` leaves regions out.
    ids
        `numbers`, `names`, or `auto`: names if no id is a number. Named cells get root ids
        1, 2, ... in the order of their names, and the property `name`.
    datastack, version
        Name and version of the graph; by default the file's name and 0, which `latest` is too.
    one_is_unresolved
        Whether root id 1 means "not looked up", as in CAVE; by default, whether the table has
        CAVE's column `pre_pt_root_id`.
    synthetic
        The data are made up, and the graph's record says so. Files that are marked as synthetic
        do not need this.
    keep
        Conditions on rows, such as `cleft_score>=50` or `type=chemical`; only rows that meet
        all of them are summed.
    header
        File with the names of the columns, one per line, for text files without a header.
    regions
        Volume in which the region of each synapse is looked up: its address, or `RegionVolume`;
        the resolution of the points must be said. For neuPrint's `roiInfo`, a file of the names
        of regions that do not overlap, one a line. `none` leaves regions out.
    """

    def __init__(
        self,
        path: str | Path | Sequence[str | Path],
        *,
        annotations: Sequence[str | Path | AnnotationFile] = (),
        columns: Mapping[str, str] | None = None,
        ids: Ids = "auto",
        datastack: str = "",
        version: int | str = 0,
        one_is_unresolved: bool | None = None,
        synthetic: bool = False,
        keep: Sequence[str | RowFilter] = (),
        header: str | Path | None = None,
        regions: RegionsAsked | None = None,
    ) -> None:
        given = [path] if isinstance(path, (str, Path)) else list(path)
        self.files = places.tables(given, header)
        self.annotations = [AnnotationFile.of(a) for a in annotations]
        ours = [*ROLES, *EXTRA_ROLES]
        if unknown := sorted((columns or {}).keys() - set(ours)):
            raise InputError(f"columns: unknown names {unknown}", hint=f"use {ours}")
        named = dict(columns or {}) | ({"region": NO_COLUMN} if is_none(regions) else {})
        listed = _listed(regions)
        volume = None if listed else _volume(regions)
        self._asked = Asked(named, ids, read_filters(keep), volume, listed)
        self._datastack = datastack or self.files[0].path.name.split(".")[0]
        number = read_version(version)
        self._version = 0 if number == "latest" else number
        self._one_is_unresolved = one_is_unresolved
        self._synthetic = synthetic
        self._origin: Origin | None = None

    def origin(self) -> Origin:
        """Return the identity of the source; reads the files once, for their checksums."""
        if self._origin is None:
            files = [[str(f.path), f.member, list(f.names), sha256_of(f.path)] for f in self.files]
            _require_different(self.files, [(file[1], file[3]) for file in files])
            annotations = [a.key() for a in self.annotations]
            _require_once(annotations)
            volume = self._asked.regions
            regions = {} if volume is None else described(volume)
            names = self._asked.region_names
            self._origin = Origin(
                kind="files",
                datastack=self._datastack,
                version=self._version,
                key={
                    "files": files,
                    "annotations": annotations,
                    "columns": dict(self._asked.columns),
                    "ids": self._asked.ids,
                    "keep": [str(f) for f in self._asked.keep],
                    "one_is_unresolved": self._one_is_unresolved,
                    "synthetic": self._synthetic,
                    **({"regions": regions} if regions else {}),
                    **({"region_names": list(names)} if names else {}),
                },
                record={
                    "synapse_table": self.files[0].path.name,
                    "synthetic": self._synthetic,
                    "region_source": regions,
                },
                sha256=(
                    *((f.name, str(file[3])) for f, file in zip(self.files, files, strict=True)),
                    *checksums(self.annotations, annotations),
                ),
            )
        return self._origin

    def extract(self, workspace: Workspace, settings: Settings) -> None:
        """Finish the extraction; see `loader.work.steps.Source.extract`."""
        if workspace.is_done(EXTRACTED):
            return
        scratch, limit = workspace.scratch(), settings.memory_limit
        with database(scratch, memory_limit=limit, threads=settings.threads) as connection:
            rows = RowFiles(connection, self.files, scratch, self._asked, settings)
            names = self._names(connection, workspace, rows)
            if not workspace.is_done(ROWS):
                rows.stage(workspace, names, self._one_is_unresolved)
            if self.annotations and not rows.has_names:
                connected = rows.write_ids(scratch / "ids.parquet")
            else:
                connected = None
            connection.execute("SET preserve_insertion_order = true")
            for number, annotation in enumerate(self.annotations):
                step = f"{ANNOTATIONS}{number:03}"
                if not workspace.is_done(step):
                    stage_annotations(
                        connection,
                        workspace,
                        step,
                        annotation,
                        names=names,
                        connected=connected,
                        tell=settings.tell,
                    )
        workspace.finish(EXTRACTED)

    def _names(
        self, connection: duckdb.DuckDBPyConnection, workspace: Workspace, rows: RowFiles
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


def _require_different(files: Sequence[TableFile], contents: Sequence[object]) -> None:
    """Refuse the same rows twice, and chemical beside electrical synapses in files of their own."""
    for number, content in enumerate(contents):
        first = contents.index(content)
        if first < number:
            raise InputError(
                f"{files[first].where} and {files[number].where} have the same content",
                hint="give each file once; its synapses would be counted twice",
            )
    plain = [str(f.path).removesuffix(f.path.suffix) if f.is_packed else str(f.path) for f in files]
    for number, name in enumerate(plain):
        first = plain.index(name)
        if first < number and not files[number].member:
            raise InputError(
                f"{files[first].where} and {files[number].where} are one table, once compressed",
                hint="give only one of them; its synapses would be counted twice",
            )
    electrical = [f for f in files if _ELECTRICAL.search(f.name)]
    if 0 < len(electrical) < len(files):
        raise InputError(
            f"{electrical[0].where} is called electrical, other files are not: rows of different "
            "kinds cannot be summed",
            hint="load the files of one kind",
        )


def _require_once(annotations: Sequence[object]) -> None:
    """Refuse an annotation table that is given twice and read in the same way."""
    for number, key in enumerate(annotations):
        if key in annotations[:number]:
            raise InputError(
                f"annotation table {number + 1} is one given before: its rows would count twice",
                hint="give each annotation table once",
            )


def _listed(given: RegionsAsked | None) -> tuple[str, ...]:
    """Read a file of names of regions; no names if it is something else."""
    if not isinstance(given, (str, Path)) or is_none(given) or not Path(given).is_file():
        return ()
    return read_region_names(Path(given))


def _volume(given: RegionsAsked | None) -> RegionVolume | None:
    found = None if is_none(given) else read_regions(given)
    if isinstance(found, RegionTable):
        raise InputError(
            f"--regions '{found.name}': files have no tables of CAVE",
            hint="give the address of a volume, precomputed://...; or name a column of the files "
            "with --column region=NAME",
        )
    return found
