"""A load from end to end: extract, aggregate, write, verify, publish."""

from __future__ import annotations

import dataclasses
import logging
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from graphapi.common.notices import notice
from graphapi.engines import is_neo4j
from graphapi.errors import GraphExistsError, InputError
from graphapi.graph.terms import check_min_size
from loader.report import LoadReport, left_out
from loader.sources.idlist import read_only
from loader.stages.make import make
from loader.stages.plausible import check_plausible
from loader.stages.record import make_record
from loader.work.duck import DEFAULT_MEMORY
from loader.work.lock import expanded
from loader.work.room import told_if_full
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
#: The step that records how small pieces must be.
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
    """Load a connectome into a graph.

    A load can stop at any moment. Call it again with the same arguments to continue:
    finished steps are not repeated, and the graph is the same.

    Parameters
    ----------
    source
        A datastack's name, or a file of synapse rows or connections. For more options, a
        `CaveSource` or `FileSource`; it brings its own annotations, version, server and
        token.
    to
        Path of a graph file, the address of a Neo4j server, or `neo4j-import:FOLDER` for
        files that `neo4j-admin` imports into a stopped server (`loader.writers.neo4j_import`).
    annotations
        Annotation tables, in order of precedence: names of CAVE tables, paths of files, or
        `AnnotationFile`.
    version
        Materialization version; `latest` is resolved once, at the start.
    server, token
        CAVE server and token, if not the configured ones.
    user, password, database
        For a Neo4j server; see `graphapi.engines.neo4j`, also for environment variables.
    replace
        Replace an existing graph.
    min_size
        Ignore synapses smaller than this; None keeps all.
    only
        Keep only these neurons and the connections between them: a file of root ids,
        `annotated`, or `FIELD=VALUE` of an annotation field. None keeps all.
    force_annotations
        Accept annotation files even if few of their neurons have connections.
    work
        Working folder. By default a folder named after the load, in the user's cache folder.
    memory_limit
        Memory limit of the load, such as `4GB`.
    threads
        Limit of threads for the aggregation; 0 for all cores.
    in_flight
        Limit of parallel requests to CAVE.
    progress
        Show progress bars, if the output is a terminal or notebook. Before a file is read, also
        write to standard error what it is taken for.
    on_step
        Called with the name of each step when it is finished.

    Returns
    -------
    LoadReport
        Counts, conflicts, checks, and seconds of each stage.

    Raises
    ------
    GraphExistsError
        There is another graph at the target, and `replace` is not set.
    SourceSchemaError, StageError, VerificationError, LoadError
        The load failed; an old graph is untouched.
    CaveError
        CAVE refused or failed. Rows that were fetched are kept for the next call.
    """
    settings = Settings(memory_limit, threads, in_flight, progress)
    check_min_size(min_size)
    _refuse_nested(to, work)
    found = _source(source, annotations, version, server, token)
    chosen = _Chosen(min_size, read_only(only) if only is not None else None, force_annotations)
    with closing(_writer(to, user, password, database, replace)) as writer:
        return _run(found, writer, settings, chosen, replace, work, on_step)


@dataclasses.dataclass(frozen=True)
class _Chosen:
    """What the user filters out, and the checks the user overrides."""

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
        with clock.measure("extract"), told_if_full(workspace.folder):
            source.extract(workspace, settings)
        with clock.measure("aggregate"), told_if_full(workspace.folder):
            made = make(workspace, chosen.min_size, settings, chosen.only)
            made = check_plausible(made, force_annotations=chosen.force_annotations)
            made = _warn_if_empty(made)
        compared = 0
        # With `only`, the totals of a neuron differ from the source's.
        if isinstance(source, Countable) and chosen.only is None:
            with clock.measure("compare"):
                source.compare(workspace, made.neurons, chosen.min_size)
            compared = workspace.info(COMPARED)["neurons"]
        record = make_record(origin, made, workspace.load_id, chosen.min_size)
        tell = on_step or (lambda _: None)
        with clock.measure("write"):
            _write(writer, workspace, made, record, settings)
        tell("written")
        with clock.measure("verify"):
            checks = writer.verify(record)
        tell("verified")
        writer.publish(record)
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


def _warn_if_empty(made: Stages) -> Stages:
    """Warn if no connection is left; the report notes it too.

    Raises
    ------
    InputError
        There were rows, but not even a neuron is left.
    """
    counts = made.counts
    if counts["connections"] or not counts["rows"]:
        return made
    what = f"no connection is left of {counts['rows']:,} rows: {', '.join(left_out(counts))}"
    if not counts["neurons"]:
        raise InputError(
            what, hint="check that the ids and values of --only are from this file and this version"
        )
    notice(what)
    return dataclasses.replace(made, notes=(*made.notes, what))


def _write(
    writer: Writer,
    workspace: Workspace,
    made: Stages,
    record: Materialization,
    settings: Settings,
) -> None:
    """Write the graph; if a piece fails, try once more with pieces half the size."""
    noted = workspace.info(_PIECES) if workspace.is_done(_PIECES) else {}
    # With another memory limit, pieces have another size anyway.
    halved = noted["halved"] if noted.get("memory") == settings.memory_limit else 0
    for again in (True, False):
        chosen = dataclasses.replace(settings, halved=halved)
        try:
            writer.write(made, record, chosen)
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
                "annotations, version, server and token cannot be combined with a source object",
                hint="pass them to CaveSource or FileSource instead",
            )
        return source
    if isinstance(source, Path) or is_place(source):
        from loader.sources.files import FileSource

        if server or token:
            raise InputError(f"server and token do not apply: '{source}' is a file")
        return FileSource(source, annotations=annotations, version=version)
    from loader.sources.cave import CaveSource

    return CaveSource(source, annotations=annotations, version=version, server=server, token=token)


def _writer(
    to: str | Path, user: str | None, password: str | None, database: str | None, replace: bool
) -> Writer:
    if is_neo4j(str(to)):
        from loader.writers.neo4j import Neo4jWriter

        return Neo4jWriter(str(to), user=user, password=password, database=database)
    if str(to).startswith("neo4j-import:"):
        from loader.writers.neo4j_import import SCHEME, Neo4jImportWriter

        folder = Path(str(to).removeprefix(SCHEME))
        return Neo4jImportWriter(folder, database=database, replace=replace)
    if "://" in str(to):
        raise InputError(
            f"'{to}' is not a place for a graph",
            hint="use bolt://, neo4j://, or the path of a file",
        )
    from loader.writers.embedded import EmbeddedWriter

    return EmbeddedWriter(Path(to), replace=replace)


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
        f"'{writer.uri}' contains {existing.description}"
        + (", loaded from other data or with other options" if existing.record else ""),
        hint="to replace it, use --replace (in Python, replace=True); or choose another place with "
        "--to",
    )


def _folder(work: str | Path | None, origin: Origin, key: dict[str, object]) -> Path:
    if work is not None:
        return expanded(Path(work)).resolve()
    from platformdirs import user_cache_path

    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in origin.datastack)
    return user_cache_path("cavegraph") / "loads" / f"{safe}-{origin.version}-{load_id(key)}"


def _refuse_nested(to: str | Path, work: str | Path | None) -> None:
    """Refuse a graph inside its working folder, and a working folder inside the graph."""
    if work is None or is_neo4j(str(to)):
        return
    graph = expanded(Path(str(to).removeprefix("neo4j-import:"))).resolve()
    folder = expanded(Path(work)).resolve()
    if graph.is_relative_to(folder) or folder.is_relative_to(graph):
        raise InputError(
            f"the graph '{graph}' and the working folder '{folder}' are inside each other",
            hint="name another folder with --work",
        )


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
