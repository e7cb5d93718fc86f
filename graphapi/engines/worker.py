"""Run users' queries on a graph file in separate processes.

A query can need more memory than there is, never end, or crash the engine. In a separate process
this is only an error: the process is killed at the time limit, at Ctrl-C, and if it does not
answer. Its memory is limited, and it can reach neither other files nor the network
(`graphapi.engines.confine`). One process is kept for the next query. It runs
`graphapi.engines.ladybugworker`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from graphapi import errors
from graphapi.common.childprocess import how_it_ended, python_command, send
from graphapi.common.memory import machine_memory, read_size, resident
from graphapi.common.threads import stop_around
from graphapi.errors import (
    EngineError,
    GraphFileError,
    GraphIncompleteError,
    QueryRejectedError,
    QueryTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

_LOG = logging.getLogger(__name__)
_HEADER = struct.Struct("<cQ")
READY, ROWS, DONE, FAILED = b"S", b"R", b"D", b"F"
_LARGEST_FRAME = 1 << 30
_GRACE = 0.5  # seconds in which the engine may stop by itself
_STARTING = 60.0  # seconds that a new process may take to be ready
_OPENING = 1 << 30  # bytes that opening may take: damage can make the engine take all there is
_STEP = 0.1  # seconds between checks of its memory, and for Ctrl-C
_LIBRARIES = 200 << 20  # bytes that a worker takes before its first query
#: The child gets no other variables: tokens and passwords stay here.
_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Seen:
    """The identity of a file: another file can take its place later."""

    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def at(cls, path: Path) -> Seen:
        """Return the identity of the file at a path."""
        found = path.stat()
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Settings:
    """The settings of a worker.

    Parameters
    ----------
    path
        The graph file.
    seen
        Which file it was when the graph was opened.
    threads
        Most threads a query may use; 0 for all cores.
    memory
        Most bytes that the worker may take; half of them for cached pages.
    """

    path: str
    seen: Seen
    threads: int
    memory: int


@dataclass(frozen=True)
class Asked:
    """What a worker is asked; see `Workers.run`."""

    text: str
    params: dict[str, object]
    timeout: float | None
    name: str
    discard: bool


def query_memory() -> int:
    """Return how much memory a user's query may take: `$CAVEGRAPH_QUERY_MEMORY`.

    Returns
    -------
    int
        Bytes; without the variable, a quarter of this machine's memory, at least 1 GiB.

    Raises
    ------
    InputError
        The variable is not a size.
    """
    given = os.environ.get("CAVEGRAPH_QUERY_MEMORY")
    if given is None:
        return max(1 << 30, machine_memory() // 4)
    return read_size(given, "CAVEGRAPH_QUERY_MEMORY")


def file_memory() -> int:
    """Return how many bytes reading a whole graph file may take: half of this machine's memory."""
    return max(query_memory(), machine_memory() // 2)


class Workers:
    """The processes for one graph file; safe to use from several threads.

    Parameters
    ----------
    path
        The graph file.
    seen
        Which file it was when the graph was opened.
    threads
        Most threads a query may use; 0 for all cores.
    memory
        Most bytes that one may take; 0 for `query_memory`.
    """

    def __init__(self, path: Path, seen: Seen, threads: int, memory: int = 0) -> None:
        self._path = path.absolute()
        self._seen = seen
        self._threads = threads
        self._memory = memory
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._closed = self._told = False

    def run(
        self,
        text: str,
        params: Mapping[str, object],
        timeout: float | None,
        *,
        name: str = "your query",
        discard: bool = False,
    ) -> pa.Table:
        """Run a query that was admitted.

        Parameters
        ----------
        text, params
            The query.
        timeout
            Seconds after which it is stopped; None for no limit.
        name
            Its name in errors.
        discard
            Leave its rows in the other process, and return none.

        Raises
        ------
        QueryTimeoutError
            The time limit was reached.
        EngineError
            The engine refused the query, needed more memory than allowed, or crashed.
        """
        worker = self._take()
        try:
            with worker.killed_unless_done():
                return worker.run(Asked(text, dict(params), timeout, name, discard))
        finally:
            self._give_back(worker)

    def refuse_replaced(self) -> None:
        """Raise an error if another file has taken the place of the one that was opened.

        Raises
        ------
        GraphIncompleteError
            There is another file, or none.
        """
        refuse_replaced(self._path, self._seen)

    def close(self) -> None:
        """End the processes; safe to call twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()

    def forget(self) -> None:
        """Leave the processes to the parent that this process was forked from."""
        for worker in self._idle:
            worker.forget()
        self._idle = []
        self._lock = threading.Lock()

    def _take(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive():
                    return worker
        memory = self._memory or query_memory()
        worker = _Worker(Settings(str(self._path), self._seen, self._threads, memory))
        for missing in worker.missing if not self._told else ():
            _LOG.warning("queries are less confined than they can be: %s", missing)
        self._told = True
        return worker

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            keep = worker.is_alive() and not self._closed and not self._idle
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.kill()


class _Worker:
    """One process, and the thread that reads its answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._name = "opening the graph"
        self._most = min(settings.memory, _OPENING)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this Python, our own module
                python_command("graphapi.engines.ladybugworker"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _VARIABLES if name in os.environ},
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(f"no process for queries could be started: {error}") from error
        self._in = cast("IO[bytes]", self._process.stdin)
        self._out = cast("IO[bytes]", self._process.stdout)
        self._frames: queue.Queue[tuple[bytes, bytes] | None] = queue.Queue(4)
        threading.Thread(
            target=_read_frames, args=(self._out, self._frames), daemon=True, name="query-worker"
        ).start()
        with self.killed_unless_done():
            self._tell(settings)
            try:
                kind, payload = self._next(time.monotonic() + _STARTING)
            except (TimeoutError, EngineError):
                raise GraphFileError(
                    f"'{settings.path}' is not a readable graph: the engine cannot open it",
                    hint="load it again with `cavegraph load ... --replace`",
                ) from None
            if kind == FAILED:
                raise _error_of(payload)
            self.missing: list[str] = json.loads(payload)["missing"]
        self._most = settings.memory

    def run(self, asked: Asked) -> pa.Table:
        """Run a query; if this raises an error, the process must be killed."""
        import pyarrow as pa

        self._name, timeout = asked.name, asked.timeout
        deadline = None if timeout is None else time.monotonic() + timeout + _GRACE
        parts, size = list[pa.Table](), 0
        self._tell(asked)
        while True:
            try:
                kind, payload = self._next(deadline)
            except TimeoutError:
                raise QueryTimeoutError(
                    f"'{self._name}' was stopped after {timeout} s",
                    hint="narrow the query or allow more time",
                ) from None
            if kind == DONE:
                return pa.concat_tables(parts)
            if kind == FAILED:
                raise _error_of(payload)
            size += len(payload)
            if size > self._settings.memory:
                raise EngineError(
                    f"the answer is larger than {self._settings.memory / 2**30:.1f} GB",
                    hint="narrow the query, or set CAVEGRAPH_QUERY_MEMORY, such as 8G; "
                    "`cavegraph export` writes whole graphs",
                )
            with pa.ipc.open_stream(payload) as stream:
                parts.append(stream.read_all())

    @contextlib.contextmanager
    def killed_unless_done(self) -> Iterator[None]:
        """Kill the process if the work inside does not end with an answer.

        A query that the engine refuses is an answer too.
        """
        try:
            yield
        except QueryRejectedError:
            raise
        except BaseException:
            self.kill()
            raise

    def is_alive(self) -> bool:
        """Return whether it can take a query."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process, whatever it does; safe to call twice."""
        self._process.kill()
        self._process.wait()
        while self._frames.get() is not None:
            pass
        self._frames.put(None)
        with contextlib.suppress(OSError):
            self._in.close()

    def forget(self) -> None:
        """Release the pipes, of which this process holds a copy."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for end in (self._in, self._out):
            if not end.closed:
                os.dup2(nothing, end.fileno())
        os.close(nothing)

    def _tell(self, what: object) -> None:
        try:
            send(self._in, what)
        except OSError:
            raise self._crashed() from None

    def _next(self, deadline: float | None) -> tuple[bytes, bytes]:
        while True:
            left = _STEP if deadline is None else min(_STEP, deadline - time.monotonic())
            if left <= 0:
                raise TimeoutError
            self._refuse_too_large()
            if (stop := stop_around()) is not None:
                stop.check()
            try:
                frame = self._frames.get(timeout=left)
            except queue.Empty:
                continue
            if frame is None:
                self._frames.put(None)
                raise self._crashed()
            return frame

    def _refuse_too_large(self) -> None:
        """Raise an error if the process has taken more memory than allowed."""
        # 0 on another system, or if it has ended: then the next read fails
        if resident(self._process.pid) > self._most + _LIBRARIES:
            raise EngineError(
                f"'{self._name}' needs more memory than {self._most / 2**30:.1f} GB",
                hint="narrow the query, or set CAVEGRAPH_QUERY_MEMORY, such as 8G",
            )

    def _crashed(self) -> EngineError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)  # its pipe closes a moment before it ends
        self._process.kill()
        how = how_it_ended(self._process.wait())
        return EngineError(
            f"the engine crashed on '{self._name}' ({how}); it ran on '{self._settings.path}' in a "
            "separate process, and this session goes on",
            hint="write the query in another way; give it more memory with CAVEGRAPH_QUERY_MEMORY, "
            "such as 8G; if `cavegraph verify` fails, load the graph again",
        )


def _read_frames(out: IO[bytes], frames: queue.Queue[tuple[bytes, bytes] | None]) -> None:
    """Pass on the frames of a process until it ends; a bounded queue slows it down."""
    with contextlib.suppress(OSError, ValueError), out:
        while len(header := out.read(_HEADER.size)) == _HEADER.size:
            kind, size = _HEADER.unpack(header)
            if size > _LARGEST_FRAME:
                break
            payload = out.read(size)
            if len(payload) < size:
                break
            frames.put((kind, payload))
    frames.put(None)


def refuse_replaced(path: Path, seen: Seen) -> None:
    """Raise an error if a file is not the one that was opened.

    Raises
    ------
    GraphIncompleteError
        There is another file, or none.
    """
    if not path.exists() or Seen.at(path) != seen:
        raise GraphIncompleteError(
            f"the graph at '{path}' has been replaced since it was opened",
            hint="open it again",
        )


def frame(kind: bytes, payload: bytes) -> bytes:
    """Pack a message of a worker."""
    return _HEADER.pack(kind, len(payload)) + payload


def packed_error(error: errors.CavegraphError) -> bytes:
    """Pack an error for the other process."""
    said = {"class": type(error).__name__, "message": error.message, "hint": error.hint}
    return frame(FAILED, json.dumps(said).encode())


def _error_of(payload: bytes) -> errors.CavegraphError:
    said = json.loads(payload)
    kind: type[errors.CavegraphError] = getattr(errors, said["class"])
    return kind(said["message"], hint=said["hint"])
