"""Holding a Neo4j database for one load, and writing only while it is held.

The hold is a node, `:LoadMark`, with the token of the load that has it. It lasts for a minute
and is renewed by a thread; a load that was killed is thus forgotten. Whoever was killed on
this computer is forgotten at once: a lock of the operating system says that it has ended.

A hold can be lost: a laptop sleeps, another load takes over. So every change of the graph is
one transaction that first takes the mark's lock on the server and looks whose token it has.
"""

from __future__ import annotations

import hashlib
import os
import platform
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from graphapi.engines.queries import catalog
from graphapi.errors import EngineError, LoadError, QueryRejectedError
from loader.work.lock import FileLock, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pyarrow as pa

    from graphapi.common.progress import Progress
    from graphapi.engines.base import Params
    from graphapi.engines.neo4j import Neo4jEngine
    from graphapi.engines.queries import Query

#: Seconds for which a hold lasts, and after which it is renewed.
LEASE, RENEWED = 60.0, 10.0
_WAIT = "wait until it has ended; one that was killed on another computer is forgotten in a minute"
_TRIES = 5


class Hold:
    """A database, held for one load.

    Parameters
    ----------
    engine
        A writing one.
    database
        Its name as it was given; empty for the user's own.
    """

    def __init__(self, engine: Neo4jEngine, database: str) -> None:
        self._engine = engine
        self._token = uuid4().hex
        path = _seat_path(f"{engine.uri} {database}")
        self._seat = FileLock(path, (f"another load is writing into '{engine.uri}'", _WAIT))
        self._seat_path = path
        self._ended = threading.Event()
        self._renewer: threading.Thread | None = None

    def take(self) -> None:
        """Take the database.

        Raises
        ------
        StageError, LoadError
            Another load has it.
        """
        make_folder(self._seat_path.parent)
        self._seat.acquire()
        queries = catalog()
        asked = {
            "token": self._token,
            "seat": _name_of_seat(self._seat_path),
            "holder": _me(),
            "lease": _milliseconds(LEASE),
        }
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                self._engine.write(queries["constrain_mark"])
                steps = [(queries["touch_mark"], None), (queries["take_mark"], asked)]
                found = self._engine.write_together(steps)[-1].to_pylist()
                break
            except QueryRejectedError:  # another load made or removed the mark at this moment
                if last:
                    raise
        if not found[0]["held"]:
            raise LoadError(
                f"another load is writing into '{self._engine.uri}': {found[0]['holder']}",
                hint=_WAIT,
            )
        self._renewer = threading.Thread(target=self._renew, name="hold-neo4j", daemon=True)
        self._renewer.start()

    def write(self, query: Query, params: Params | None = None) -> pa.Table:
        """Change the graph, in one transaction that finds the database still held.

        Raises
        ------
        LoadError
            Another load has taken it over; nothing was changed.
        """
        return self._engine.write_together([*self._still_held(), (query, params)], self._go_on)[-1]

    def check(self) -> None:
        """Renew the hold.

        Raises
        ------
        LoadError
            Another load has taken the database over.
        """
        self._engine.write_together(self._still_held(), self._go_on)

    def write_batches(
        self, query: Query, batches: Iterable[pa.RecordBatch], progress: Progress
    ) -> None:
        """Run a writing query file, whose one parameter is `rows`, on many rows."""
        for batch in batches:
            self.write(query, {"rows": batch.to_pylist()})
            progress.advance(batch.num_rows)

    def release(self) -> None:
        """Let the database go; safe to call twice."""
        self._ended.set()
        if self._renewer is not None:
            self._renewer.join()
            self._renewer = None
            leave = (catalog()["leave_mark"], {"token": self._token})
            with suppress(EngineError):  # of a server that does not answer the lease just ends
                self._engine.write_together([(catalog()["touch_mark"], None), leave])
        self._seat.release()

    def _still_held(self) -> list[tuple[Query, Params | None]]:
        asked = {"token": self._token, "lease": _milliseconds(LEASE)}
        return [(catalog()["touch_mark"], None), (catalog()["renew_mark"], asked)]

    def _go_on(self, query: Query, answer: pa.Table) -> None:
        if query.name != "renew_mark":
            return
        found = answer.to_pylist()[0]
        if not found["held"]:
            raise LoadError(
                f"'{self._engine.uri}' was taken over by another load: {found['holder']}",
                hint="nothing of this load can be read; when the other has ended, run this load "
                "again with --replace",
            )

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED):
            try:
                self.check()
            except LoadError:  # lost: the load hears of it at its next write
                return
            except EngineError:  # away for a while: the load hears of it at its next write
                continue


def _seat_path(target: str) -> Path:
    from platformdirs import user_cache_path

    name = hashlib.sha256(target.encode()).hexdigest()[:16]
    return user_cache_path("cavegraph") / "locks" / f"{name}.lock"


def _name_of_seat(path: Path) -> str:
    """Name the lock that we hold: another computer's, at the same path, has another name."""
    name = path.read_text(encoding="ascii", errors="replace").strip()
    if not name:
        name = uuid4().hex
        path.write_text(name, encoding="ascii")
    return name


def _me() -> str:
    now = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    return f"process {os.getpid()} on {platform.node() or 'a computer'}, since {now}"


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
