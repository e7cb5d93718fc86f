"""A load from end to end: extract, aggregate, write, verify, publish."""

from __future__ import annotations

import dataclasses
import logging
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from graphapi.engines import is_neo4j
from graphapi.errors import GraphExistsError, InputError
from graphapi.graph.terms import check_min_size
from loader.report import LoadReport
from loader.sources.idlist import read_only
from loader.stages.make import make
from loader.stages.plausible import check_plausible
from loader.stages.record import make_record
from loader.work.duck import DEFAULT_MEMORY
from loader.work.lock import expanded
from loader.work.settings import Settings
from loader.work.steps import COMPARED, Countable
from loader.work.workspace import Workspace, load_id
from loader.writers.base import Deferred, PieceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from graphapi.graph.materialization import Materialization
    from loader.sources.annotationfile import AnnotationFile
    from loader.stages.make import Stages
    from loader.stages.only import Only
    from loader.work.steps import Origin, Source
    from loader.writers.base import Writer

_LOG = logging.getLogger(__name__)
#: The step that notes how small pieces have to be.
_PIECES = "pieces"


def load(
    source: Source | str | Path,
    to: str | Path,
    *,
    annotations: Sequence[str | Path | AnnotationFile] = (),
    version: int | str = "latest",
    server: str = "",
    token: str | None = None,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
    replace: bool = False,
    min_size: float | None = None,
    only: str | Path | None = None,
    force_annotations: bool = False,
    work: str | Path | None = None,
    memory_limit: str = DEFAULT_MEMORY,
    threads: int = 0,
    in_flight: int = 4,
    progress: bool = True,
    on_step: Callable[[str], None] | None = None,
) -> LoadReport:
    """Make a graph of a connectome.

    Can be broken off at any moment and called again with the same arguments: what is
    finished is not done again, and the graph is the same.

    Parameters
    ----------
    source
        A datastack's name; a file of synapse rows or connections; or a `Source` that has
        been made with more options (`CaveSource`, `FileSource`), whose annotations,
        version, server and token are then its own.
    to
        Path of a graph file, the address of a Neo4j server, or `neo4j-import:FOLDER` for
        files that `neo4j-admin` imports into a stopped server (`loader.writers.neo4j_import`).
    annotations
        Annotation tables: names of CAVE tables, paths of files, or `AnnotationFile`; in
        order of precedence.
    version
        Materialization version; `latest` is resolved once, at the start.
    server, token
        The CAVE server and token, where they are not the configured ones.
    user, password, database
        For a Neo4j server; see `graphapi.engines.neo4j`, also for the environment.
    replace
        A graph that is there may be replaced.
    min_size
        Smallest size of a synapse that counts; None for all.
    only
        Keep connections between these neurons alone, and no other neuron: a file of root
        ids, `annotated`, or `FIELD=VALUE` of an annotation field. None keeps all.
    force_annotations
        Accept files of annotations that hardly meet the connections.
    work
        Working folder; one below the user's cache folder, named after the load, when not
        given.
    memory_limit
        Most memory for the load, such as `4GB`.
    threads
        Most threads for it; 0 for all cores.
    in_flight
        Most requests to CAVE at once.
    progress
        Show progress bars where somebody watches.
    on_step
        Called with the name of every step that has just been finished.

    Returns
    -------
    LoadReport
        Counts, conflicts, checks, and seconds of each stage.

    Raises
    ------
    GraphExistsError
        Another graph is at the target, and `replace` is not set.
    SourceSchemaError, StageError, VerificationError, LoadError
        As their names say; the old graph is untouched.
    CaveError
        CAVE refused or failed; what has been fetched is kept for the next call.
    """
    settings = Settings(memory_limit, threads, in_flight, progress)
    check_min_size(min_size)
    found = _source(source, annotations, version, server, token)
    chosen = _Chosen(min_size, read_only(only) if only is not None else None, force_annotations)
    with closing(_writer(to, user, password, database)) as writer:
        return _run(found, writer, settings, chosen, replace, work, on_step)


@dataclasses.dataclass(frozen=True)
class _Chosen:
    """What the user leaves out, or takes against our advice."""

    min_size: float | None
    only: Only | None
    force_annotations: bool


def _run(
    source: Source,
    writer: Writer,
    settings: Settings,
    chosen: _Chosen,
    replace: bool,
    work: str | Path | None,
    on_step: Callable[[str], None] | None,
) -> LoadReport:
    clock = _Clock()
    with clock.measure("prepare"):
        origin = source.origin()
        key = _key(origin, chosen)
        done = _check_target(writer, load_id(key), replace)
    if done is not None:
        return done
    with Workspace(_folder(work, origin, key), key, on_step=on_step) as workspace:
        with clock.measure("extract"):
            source.extract(workspace, settings)
        with clock.measure("aggregate"):
            made = make(workspace, chosen.min_size, settings, chosen.only)
            made = check_plausible(made, force_annotations=chosen.force_annotations)
        compared = 0
        # Between given neurons alone, totals are not those that the source says.
        if isinstance(source, Countable) and chosen.only is None:
            with clock.measure("compare"):
                source.compare(workspace, made.neurons, chosen.min_size)
            compared = workspace.info(COMPARED)["neurons"]
        record = make_record(origin, made, workspace.load_id, chosen.min_size)
        tell = on_step or (lambda _: None)
        with clock.measure("write"):
            _write(writer, workspace, made, record, replace, settings)
        tell("written")
        with clock.measure("verify"):
            checks = writer.verify(record)
        tell("verified")
        writer.publish(record, replace=replace)
        tell("published")
        report = LoadReport(
            uri=writer.uri,
            record=record,
            checks=checks,
            conflicts=made.conflict_frame(),
            compared=compared,
            seconds=clock.seconds,
            next_steps=writer.next_steps() if isinstance(writer, Deferred) else "",
        )
        if work is None:
            workspace.remove()
    return report


def _write(
    writer: Writer,
    workspace: Workspace,
    made: Stages,
    record: Materialization,
    replace: bool,
    settings: Settings,
) -> None:
    """Write; where a piece fails, once more with pieces half the size, which is noted."""
    noted = workspace.info(_PIECES) if workspace.is_done(_PIECES) else {}
    # With another limit on memory, pieces have another size anyway.
    halved = noted["halved"] if noted.get("memory") == settings.memory_limit else 0
    for again in (True, False):
        chosen = dataclasses.replace(settings, halved=halved)
        try:
            writer.write(made, record, replace=replace, settings=chosen)
        except PieceError as error:
            halved += 1
            workspace.finish(_PIECES, info={"halved": halved, "memory": settings.memory_limit})
            if not again:
                raise
            _LOG.warning("%s; writing again, in pieces half the size", error.message)
        else:
            return


def _source(
    source: Source | str | Path,
    annotations: Sequence[str | Path | AnnotationFile],
    version: int | str,
    server: str,
    token: str | None,
) -> Source:
    from loader.sources.places import is_place

    if not isinstance(source, (str, Path)):
        if annotations or server or token or version != "latest":
            raise InputError(
                "annotations, version, server and token belong to the source that was given",
                hint="give them to CaveSource or FileSource instead",
            )
        return source
    if isinstance(source, Path) or is_place(source):
        from loader.sources.files import FileSource

        if server or token:
            raise InputError(f"'{source}' is a file: it takes no server and no token")
        number = 0 if version == "latest" else int(version)
        return FileSource(source, annotations=annotations, version=number)
    from loader.sources.cave import CaveSource

    return CaveSource(source, annotations=annotations, version=version, server=server, token=token)


def _writer(to: str | Path, user: str | None, password: str | None, database: str | None) -> Writer:
    if is_neo4j(str(to)):
        from loader.writers.neo4j import Neo4jWriter

        return Neo4jWriter(str(to), user=user, password=password, database=database)
    if str(to).startswith("neo4j-import:"):
        from loader.writers.neo4j_import import SCHEME, Neo4jImportWriter

        return Neo4jImportWriter(Path(str(to).removeprefix(SCHEME)), database=database)
    if "://" in str(to):
        raise InputError(
            f"'{to}' is no place for a graph", hint="use bolt://, neo4j://, or a file's path"
        )
    from loader.writers.embedded import EmbeddedWriter

    return EmbeddedWriter(Path(to))


def _key(origin: Origin, chosen: _Chosen) -> dict[str, object]:
    only = {} if chosen.only is None else {"only": chosen.only.key()}
    return {
        "source": origin.kind,
        "datastack": origin.datastack,
        "version": origin.version,
        "timestamp": origin.timestamp,
        "server": origin.server,
        "min_size": chosen.min_size,
        **only,
        **origin.key,
    }


def _check_target(writer: Writer, name: str, replace: bool) -> LoadReport | None:
    writer.take()
    existing = None if replace else writer.existing()
    if existing is None or existing.is_of(name):
        return None
    if existing.record is not None and existing.record.load_id == name:
        return LoadReport(uri=writer.uri, record=existing.record, was_there=True)
    raise GraphExistsError(
        f"'{writer.uri}' holds {existing.description}",
        hint="add --replace (replace=True), or name another place with --to",
    )


def _folder(work: str | Path | None, origin: Origin, key: dict[str, object]) -> Path:
    if work is not None:
        return expanded(Path(work)).resolve()
    from platformdirs import user_cache_path

    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in origin.datastack)
    return user_cache_path("cavegraph") / "loads" / f"{safe}-{origin.version}-{load_id(key)}"


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
