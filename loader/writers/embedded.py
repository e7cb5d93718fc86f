"""Write a graph file: beside the target, verified, then renamed over it."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
from contextlib import closing
from typing import TYPE_CHECKING

from graphapi.common.files import put_in_place
from graphapi.engines.ladybug import LOGS, LadybugEngine, refuse_logs
from graphapi.engines.ladybugapart import ApartEngine
from graphapi.errors import (
    EngineError,
    GraphExistsError,
    GraphFileError,
    GraphIncompleteError,
    LoadError,
)
from graphapi.graph.materialization import read_materialization
from graphapi.graph.soundfiles import remember
from loader.checks.verify import VerifyReport, verify_against
from loader.work.lock import FileLock, expanded, make_folder, unusable
from loader.work.room import is_full, require_disk
from loader.writers.base import Existing, PieceError
from loader.writers.fill import PART, TOO_LARGE, Task
from loader.writers.fillapart import fill_apart
from loader.writers.pieces import graph_bytes, room_for

if TYPE_CHECKING:
    from pathlib import Path

    from graphapi.graph.materialization import Materialization
    from loader.stages.make import Stages
    from loader.work.settings import Settings

#: Time limit for reading the record of a graph that may be damaged.
_SECONDS = 60.0
#: Suffixes of empty files that the engine leaves beside a graph where its process was ended.
_LOCKS = (".checkpoint.apply.lock", ".checkpoint.intent.lock")
#: First bytes of the engine's files.
_MAGIC = b"LBUG"
#: Counts of the rows to copy.
_WRITTEN = (
    "neurons", "connections", "connections_in_regions", "annotation_rows",
    "annotation_rows_attached",
)  # fmt: skip


class EmbeddedWriter:
    """Writes one graph to one file.

    Parameters
    ----------
    path
        The target. An existing graph can be read until the new one replaces it.
    replace
        Replace an existing graph.
    """

    def __init__(self, path: Path, *, replace: bool = False) -> None:
        self.path = expanded(path).resolve()
        self._replace = replace
        self.uri = str(self.path)
        self._pool = 0
        self._lock = FileLock(
            self.path.with_name(f".{self.path.name}.lock"),
            (
                f"another load is writing '{self.path}'",
                "wait until it ends, or choose another file with --to",
            ),
        )

    def take(self) -> None:
        """Lock the target; see `loader.writers.base.Writer`.

        Raises
        ------
        GraphFileError
            The target is not a graph file, or beside it is a log that the engine would read as
            the graph's. Neither is ever replaced or removed.
        InputError
            No file can be written there; better now than after hours of fetching.
        """
        make_folder(self.path.parent)
        if not os.access(self.path.parent, os.W_OK):
            raise unusable(self.path.parent, PermissionError(errno.EACCES, "it is not writable"))
        self._lock.acquire()
        refuse_logs(self.path)
        if os.path.lexists(self.path) and not _is_ours(self.path):
            raise GraphFileError(
                f"'{self.path}' exists and is not a graph",
                hint="choose another file with --to; only graphs are replaced",
            )

    def existing(self) -> Existing | None:
        """Return what exists at the target, read by another process: it may be damaged."""
        if not self.path.exists():
            return None
        try:
            with closing(ApartEngine(self.path)) as engine:
                record = read_materialization(engine, timeout=_SECONDS)
        except GraphIncompleteError:
            return Existing(None, "a graph that was not finished")
        except EngineError:
            what = (
                "a graph that is damaged, or is from another program or another version of this one"
            )
            return Existing(None, what)
        return Existing(record, f"{record.datastack} at version {record.version}")

    def write(self, stages: Stages, record: Materialization, settings: Settings) -> None:
        """Write a new file beside the target; see `loader.writers.base.Writer`."""
        self._refuse_existing()
        self._remove_leftovers()
        try:
            self._write(stages, record, settings)
        except PieceError:
            self._remove_leftovers()
            raise
        except (EngineError, OSError) as error:
            self._remove_leftovers()
            if not _is_full(error):
                raise
            raise LoadError(
                f"the disk of '{self.path.parent}' is full, or the file has reached its size limit",
                hint="the unfinished graph was removed, and an existing graph is unchanged; "
                "free some space, then run the same load again: its stages are kept",
            ) from error

    def _write(self, stages: Stages, record: Materialization, settings: Settings) -> None:
        import pyarrow as pa

        in_regions = record.counts.get("connections_in_regions", 0)
        room = room_for(
            settings.memory_limit, record.counts["connections"], stages.neurons, in_regions
        )
        self._pool = room.verifying
        needed = graph_bytes(
            record.counts["connections"] + in_regions, stages.neurons, stages.annotations
        )
        require_disk(
            self.path.parent,
            needed,
            f"{record.counts['connections']:,} connections",
            "choose another disk with --to, keep fewer connections with --only, or write files for "
            "Neo4j's offline import (--to neo4j-import:FOLDER)",
        )
        task = Task(
            self._temporary(record), stages, record, settings.threads, room, settings.halved
        )
        total = sum(record.counts.get(name, 0) for name in _WRITTEN)
        pa.default_memory_pool().release_unused()  # the limit is for both processes
        with settings.bar(f"Writing {self.path.name}", total) as bar:
            fill_apart(task, bar.advance)

    def verify(self, record: Materialization) -> VerifyReport:
        """Open the new file and compare it with the record; a wrong one is deleted."""
        temporary = self._temporary(record)
        try:
            with closing(LadybugEngine.open(temporary, buffer_bytes=self._pool)) as engine:
                report = verify_against(engine, record)
        except EngineError as error:
            if TOO_LARGE not in error.message:
                raise
            raise LoadError(
                f"verifying '{self.path.name}' needs more memory than --memory allows: "
                f"{error.message}",
                hint="allow more with --memory; an existing graph is unchanged, and the stages are "
                "kept",
            ) from error
        if not report.ok:
            temporary.unlink()
        report.raise_if_wrong()
        return dataclasses.replace(report, uri=self.uri)

    def publish(self, record: Materialization) -> None:
        """Rename the new file over the target; readers of the old file keep it."""
        temporary = self._temporary(record)
        self._refuse_existing()
        refuse_logs(self.path)
        put_in_place(temporary, self.path)
        remember(self.path)

    def close(self) -> None:
        """Unlock the target."""
        self._lock.remove()

    def _temporary(self, record: Materialization) -> Path:
        return self.path.with_name(f".{self.path.name}.{record.load_id}.loading")

    def _refuse_existing(self) -> None:
        if self.path.exists() and not self._replace:
            raise GraphExistsError(
                f"'{self.path}' appeared during the load",
                hint="use --replace, or choose another file with --to",
            )

    def _remove_leftovers(self) -> None:
        name = re.escape(f".{self.path.name}.")
        more = "|".join(map(re.escape, (*LOGS, *_LOCKS, PART)))
        ours = re.compile(rf"{name}[0-9a-f]{{16}}\.loading({more})?")
        for leftover in self.path.parent.iterdir():
            if ours.fullmatch(leftover.name):
                leftover.unlink()


def _is_full(error: Exception) -> bool:
    """Return whether an error of the system or the engine means a full disk or quota."""
    # The engine gives no reason for an incomplete write, but repeats the last one it knew.
    return is_full(error) or "Cannot write to file" in str(error)


def _is_ours(path: Path) -> bool:
    """Return whether a file is the engine's, complete or not, by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) in (_MAGIC, b"")
