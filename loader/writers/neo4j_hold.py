"""Lock a Neo4j database for one load, and write only while the lock is held.

The lock is a node, `:LoadMark`, with the token of its load. It expires after a minute unless a
thread renews it, so the lock of a killed load expires by itself. If that load ran on this computer,
a lock of the operating system shows at once that it has ended.

A lock can be lost: a laptop sleeps, and another load takes over. So every change of the graph is
one transaction that first locks the mark on the server and checks its token.
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

#: Seconds until a lock expires, and until it is renewed.
LEASE, RENEWED = 60.0, 10.0
_WAIT = "wait until it ends; the lock of a load killed on another computer expires in a minute"
_TRIES = 5


class Hold:
    """The lock of one load on a database.

    Parameters
    ----------
    engine
        An engine that may write.
    database
        Name of the database, as given; empty for the user's default.
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
        """Lock the database.

        Raises
        ------
        StageError, LoadError
            Another load has locked it.
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
            except QueryRejectedError:  # another load has just made or removed the mark
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
        """Change the graph, in one transaction that also checks the lock.

        Raises
        ------
        LoadError
            Another load has taken over; nothing was changed.
        """
        return self._engine.write_together([*self._still_held(), (query, params)], self._go_on)[-1]

    def check(self) -> None:
        """Renew the lock.

        Raises
        ------
        LoadError
            Another load has taken over the database.
        """
        self._engine.write_together(self._still_held(), self._go_on)

    def write_batches(
        self, query: Query, batches: Iterable[pa.RecordBatch], progress: Progress
    ) -> None:
        """Run a query that writes `rows`, batch by batch."""
        for batch in batches:
            self.write(query, {"rows": batch.to_pylist()})
            progress.advance(batch.num_rows)

    def release(self) -> None:
        """Unlock the database; safe to call twice."""
        self._ended.set()
        if self._renewer is not None:
            self._renewer.join()
            self._renewer = None
            leave = (catalog()["leave_mark"], {"token": self._token})
            with suppress(EngineError):  # without an answer, the lock just expires
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
                hint="nothing from this load can be read; when the other load has ended, run this "
                "one again with --replace",
            )

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED):
            try:
                self.check()
            except LoadError:  # lost: the next write will fail
                return
            except EngineError:  # server away: if this lasts, the next write will fail
                continue


def _seat_path(target: str) -> Path:
    from platformdirs import user_cache_path

    name = hashlib.sha256(target.encode()).hexdigest()[:16]
    return user_cache_path("cavegraph") / "locks" / f"{name}.lock"


def _name_of_seat(path: Path) -> str:
    """Return a name for our lock file; a file at this path on another computer has another."""
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
