"""Writing a graph file: made beside the target, verified, then put in its place at once."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
from typing import TYPE_CHECKING

from graphapi.engines.ladybug import LOGS, LadybugEngine, refuse_logs
from graphapi.errors import (
    EngineError,
    GraphExistsError,
    GraphFileError,
    GraphIncompleteError,
    LoadError,
)
from loader.checks.apart import record_of
from loader.checks.verify import VerifyReport, verify_against
from loader.work.lock import FileLock, expanded, make_folder, unusable
from loader.work.room import require_disk
from loader.writers.base import Existing, PieceError
from loader.writers.fill import PART, Task
from loader.writers.fillapart import fill_apart
from loader.writers.pieces import graph_bytes, room_for

if TYPE_CHECKING:
    from pathlib import Path

    from graphapi.graph.materialization import Materialization
    from loader.stages.make import Stages
    from loader.work.settings import Settings

#: First bytes of the engine's files.
_MAGIC = b"LBUG"
#: Counts of the rows that are copied.
_WRITTEN = ("neurons", "connections", "annotation_rows", "annotation_rows_attached")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class EmbeddedWriter:
    """Writes one graph into one file.

    Parameters
    ----------
    path
        The target. A graph that is there answers until the new one takes its place.
    """

    def __init__(self, path: Path) -> None:
        self.path = expanded(path).resolve()
        self.uri = str(self.path)
        self._pool = 0
        self._lock = FileLock(
            self.path.with_name(f".{self.path.name}.lock"),
            (
                f"another load is writing '{self.path}'",
                "wait until it has ended, or name another file with --to",
            ),
        )

    def take(self) -> None:
        """Hold the target; see `loader.writers.base.Writer`.

        Raises
        ------
        GraphFileError
            Something that is not a graph file, or a log that the engine would take for the
            graph's: neither is ever replaced or removed.
        InputError
            No file can be written there. Better said now than after hours of fetching.
        """
        make_folder(self.path.parent)
        if not os.access(self.path.parent, os.W_OK):
            raise unusable(self.path.parent, PermissionError(errno.EACCES, "no right to write"))
        self._lock.acquire()
        refuse_logs(self.path)
        if os.path.lexists(self.path) and not _is_ours(self.path):
            raise GraphFileError(
                f"'{self.path}' exists and is not a graph",
                hint="name another file with --to; only graphs are replaced",
            )

    def existing(self) -> Existing | None:
        """Say what is at the target, read from outside: it may be damaged in any way."""
        if not self.path.exists():
            return None
        try:
            record = record_of(self.path)
        except GraphIncompleteError:
            return Existing(None, "a graph that was not finished")
        except EngineError:
            what = "a damaged graph, or one of another program or another version of this one"
            return Existing(None, what)
        return Existing(record, f"{record.datastack} at version {record.version}")

    def write(
        self, stages: Stages, record: Materialization, *, replace: bool, settings: Settings
    ) -> None:
        """Write a new file beside the target; see `loader.writers.base.Writer`."""
        self._refuse_existing(replace)
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
                f"the disk of '{self.path.parent}' is full, or a file may not grow further",
                hint="the new graph's half was removed, and a graph that was there is as it was; "
                "free some space, then run the same load again: its stages are kept",
            ) from error

    def _write(self, stages: Stages, record: Materialization, settings: Settings) -> None:
        room = room_for(settings.memory_limit, record.counts["connections"], stages.neurons)
        self._pool = room.at_once
        needed = graph_bytes(record.counts["connections"], stages.neurons, stages.annotations)
        require_disk(
            self.path.parent,
            needed,
            f"{record.counts['connections']:,} connections",
            "name another disk with --to, keep fewer connections with --only, or write files for "
            "Neo4j's offline import (--to neo4j-import:FOLDER)",
        )
        task = Task(
            self._temporary(record), stages, record, settings.threads, room, settings.halved
        )
        total = sum(record.counts[name] for name in _WRITTEN)
        with settings.bar(f"Writing {self.path.name}", total) as bar:
            fill_apart(task, bar.advance)

    def verify(self, record: Materialization) -> VerifyReport:
        """Open the new file and compare it with the record; a wrong one is deleted."""
        temporary = self._temporary(record)
        engine = LadybugEngine.open(temporary, buffer_bytes=self._pool)
        try:
            report = verify_against(engine, record)
        finally:
            engine.close()
        if not report.ok:
            temporary.unlink()
        report.raise_if_wrong()
        return dataclasses.replace(report, uri=self.uri)

    def publish(self, record: Materialization, *, replace: bool) -> None:
        """Put the new file in the target's place; readers of the old one keep the old one."""
        temporary = self._temporary(record)
        self._refuse_existing(replace)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        refuse_logs(self.path)
        temporary.replace(self.path)

    def close(self) -> None:
        """Let other loads write here."""
        self._lock.remove()

    def _temporary(self, record: Materialization) -> Path:
        return self.path.with_name(f".{self.path.name}.{record.load_id}.loading")

    def _refuse_existing(self, replace: bool) -> None:
        if self.path.exists() and not replace:
            raise GraphExistsError(
                f"'{self.path}' appeared during the load",
                hint="add --replace, or name another file with --to",
            )

    def _remove_leftovers(self) -> None:
        name, logs = re.escape(f".{self.path.name}."), "|".join(map(re.escape, (*LOGS, PART)))
        ours = re.compile(rf"{name}[0-9a-f]{{16}}\.loading({logs})?")
        for leftover in self.path.parent.iterdir():
            if ours.fullmatch(leftover.name):
                leftover.unlink()


def _is_full(error: Exception) -> bool:
    """Tell a disk or quota that is full, in the system's words or the engine's."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    # A write that was cut short has no reason of its own: the engine tells the last one it knew.
    signs = ("Cannot write to file", *(os.strerror(code) for code in _FULL))
    return any(sign in str(error) for sign in signs)


def _is_ours(path: Path) -> bool:
    """Tell a file of the engine, whole or not, by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) in (_MAGIC, b"")
