"""The embedded engine: LadybugDB, one file, no server.

The version is pinned in `pyproject.toml`: later ones answer some multi-hop queries wrongly
(docs/decisions/0003). A published file is never written to again: loads write a new file
and rename it, because this version does not lock a file against a second process.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.engines.allowed import LADYBUG
from graphapi.engines.base import check_timeout
from graphapi.engines.columns import plain_params, refuse_mixed_lists, with_offsets
from graphapi.engines.forks import after_fork, never_end
from graphapi.engines.interrupts import Interruptible
from graphapi.engines.ladybugdoor import (
    refuse_mixed_paths,
    refuse_shortest_with_node_filter,
    refuse_sums_after_distinct,
)
from graphapi.engines.ladybugerrors import translated
from graphapi.engines.owncypher import admit
from graphapi.engines.plan import Step, steps_of_drawing
from graphapi.engines.queries import quoted
from graphapi.engines.worker import Seen, Workers
from graphapi.errors import (
    EngineError,
    GraphFileError,
    GraphNotFoundError,
    InputError,
    QueryRejectedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from graphapi.engines.base import Params
    from graphapi.engines.queries import Query

#: How every file of this engine begins, and the most graphs that a message lists.
_BEGINNING, _LISTED = b"LBUG", 5
#: This version keeps the first value of a parameter used there, directly or not (`LIMIT ($n)`,
#: `WITH $n AS k ... LIMIT k`), for later queries of the same text on the same connection. Queries
#: with these words therefore get a connection of their own. No other clause does this:
#: tests/engines tries them all.
_STICKY = re.compile(r"\b(LIMIT|SKIP)\b", re.IGNORECASE)
#: Suffixes of the files that the engine replays when it opens a graph.
LOGS = (".wal", ".wal.checkpoint", ".shadow", ".tmp")


class LadybugEngine:
    """A graph in one file.

    Create it with `open` (read) or `create` (write). Safe to use from several threads: each
    query runs on a connection of its own, and connections are reused.
    """

    name = "ladybug"

    def __init__(
        self, path: Path, reopen: Callable[[], Any], workers: Workers | None = None
    ) -> None:
        self.uri = str(path)
        self.path = path
        self._reopen = reopen
        self._database = reopen()
        self._workers = workers
        self._idle: list[Any] = []
        self._interruptible = Interruptible()
        self._lock = threading.Lock()
        self._closed = False
        after_fork(self._start_anew)

    @classmethod
    def open(cls, path: str | Path, *, threads: int = 0, buffer_bytes: int = 0) -> LadybugEngine:
        """Open a graph file for reading.

        Parameters
        ----------
        path
            The file.
        threads
            Most threads a query may use; 0 for all cores.
        buffer_bytes
            Most bytes of memory for cached pages; 0 for the engine's own choice.

        Raises
        ------
        GraphNotFoundError
            There is no such file.
        GraphFileError
            The file is not a graph, is damaged, or comes from another engine version.
        """
        path = graph_file(path)
        workers = Workers(path, Seen.at(path), threads)
        at = path.absolute()
        return cls(path, lambda: _open_database(at, True, threads, buffer_bytes), workers)

    @classmethod
    def create(cls, path: str | Path, *, threads: int = 0, buffer_bytes: int = 0) -> LadybugEngine:
        """Make a new, empty graph file for writing.

        Raises
        ------
        GraphFileError
            The file exists, or its folder is not writable.
        """
        path = Path(path)
        if path.exists():
            raise GraphFileError(f"'{path}' exists already", hint="write to a new name")
        return cls(path, lambda: _open_database(path, False, threads, buffer_bytes))

    def run(
        self, query: Query, params: Params | None = None, *, timeout: float | None = None
    ) -> pa.Table:
        """Run one of our query files; see `graphapi.engines.base.Engine.run`."""
        given = query.check(params)
        return query.shape(self._execute(query.text_for(self.name), given, timeout, query.name))

    def run_together(
        self, asked: Sequence[tuple[Query, Params | None]], *, timeout: float | None = None
    ) -> list[pa.Table]:
        """Run query files one after the other; see `graphapi.engines.base.Engine`."""
        answers = [self.run(query, params, timeout=timeout) for query, params in asked]
        if self._workers is not None:
            self._workers.refuse_replaced()
        return answers

    def run_text(
        self, text: str, params: Params | None = None, *, timeout: float | None = None
    ) -> pa.Table:
        """Run a user's own Cypher; see `graphapi.engines.base.Engine.run_text`.

        It runs in a separate process, where it can do no harm beyond an error.
        """
        check_timeout(timeout)
        given = plain_params(params)
        refuse_mixed_lists(given)
        tokens, sent = admit(text, LADYBUG, given)
        words = [token.text for token in tokens]
        refuse_mixed_paths(words)
        refuse_shortest_with_node_filter(words)
        refuse_sums_after_distinct(words)
        if self._workers is None:  # we are writing this graph
            return self.run_admitted(sent, given, timeout=timeout)
        self._refuse_closed()
        return self._workers.run(sent, given, timeout)

    def run_admitted(
        self,
        text: str,
        params: Mapping[str, object],
        *,
        timeout: float | None = None,
        name: str = "your query",
    ) -> pa.Table:
        """Run a query that was admitted, in this process."""
        table = self._execute(text, params, timeout, name)
        _refuse_equal_names(table.column_names)
        return table

    def plan(
        self, query: Query, params: Params | None = None, *, profile: bool = False
    ) -> tuple[Step, ...]:
        """Return the plan of a query file; see `graphapi.engines.base.Engine.plan`."""
        how = "PROFILE" if profile else "EXPLAIN"
        text = f"{how} {query.text_for(self.name)}"
        table = self._execute(text, query.check(params), None, query.name)
        return steps_of_drawing(table.column(0)[0].as_py(), profile=profile)

    def write(self, query: Query, params: Params | None = None) -> pa.Table:
        """Run one of our writing query files; only on an engine made by `create`."""
        return self.run(query, params)

    def execute_ddl(self, text: str) -> None:
        """Run a schema statement that the loader built from checked names."""
        self._execute(text, {}, None, "schema")

    def copy_parquet(self, table: str, path: Path, columns: list[str] | None = None) -> None:
        """Bulk-load a Parquet file into a node or relationship table.

        Parameters
        ----------
        table
            `Neuron`, `Annotation`, `CONNECTS` or `ANNOTATES`.
        path
            The file; for a relationship its first two columns are the ends' keys.
        columns
            Columns of the table, in the file's order; None if the file has them all.
        """
        if not table.isidentifier():
            raise InputError(f"'{table}' is not a table name")
        names = "" if columns is None else "(" + ", ".join(quoted(c) for c in columns) + ")"
        place = str(path).replace("\\", "\\\\").replace('"', '\\"')
        self._execute(f'COPY {table}{names} FROM "{place}"', {}, None, f"COPY {table}")

    def checkpoint(self) -> None:
        """Write everything to the one file."""
        self._execute("CHECKPOINT", {}, None, "checkpoint")

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            if self._database is not None:
                self._database.close()
        self._interruptible.close()
        if self._workers is not None:
            self._workers.close()

    def __repr__(self) -> str:
        return f"LadybugEngine({self.uri!r})"

    def _execute(
        self, text: str, params: Mapping[str, object], timeout: float | None, what: str
    ) -> pa.Table:
        import pyarrow as pa

        check_timeout(timeout)
        with (
            self._connection("$" in text and _STICKY.search(text) is not None) as connection,
            translated(what, self.uri, timeout),
        ):
            connection.set_query_timeout(0 if timeout is None else max(1, int(timeout * 1000)))
            result = self._interruptible.run(
                lambda: connection.execute(text, dict(params)), connection.interrupt
            )
            if isinstance(result, list):
                raise InputError("only one query at a time", hint="remove the ';' in between")
            try:
                # the engine divides by the number of columns: statements have none
                table = result.get_as_arrow() if result.get_column_names() else None
            finally:
                result.close()
            return pa.table({}) if table is None else with_offsets(table)

    @contextmanager
    def _connection(self, fresh: bool) -> Iterator[Any]:
        with self._lock:
            self._refuse_closed()
            if self._database is None:
                self._open_again()
            database = self._database
            connection = self._idle.pop() if self._idle and not fresh else None
        if connection is None:
            connection = _connect(database)
        try:
            yield connection
        finally:
            self._give_back(connection, keep=not fresh)

    def _start_anew(self) -> None:
        """Leave the parent its database and connections; called in a forked child."""
        never_end((self._database, self._idle))
        self._database, self._idle, self._lock = None, [], threading.Lock()
        self._interruptible = Interruptible()
        if self._workers is not None:
            self._workers.forget()

    def _open_again(self) -> None:
        if self._workers is None:
            raise EngineError(
                f"the graph '{self.uri}' is being written by the parent of this process",
                hint="write it in one process",
            )
        self._workers.refuse_replaced()
        self._database = self._reopen()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise EngineError(
                f"the graph '{self.uri}' is closed", hint="open it again with Connectome.open"
            )

    def _give_back(self, connection: Any, *, keep: bool) -> None:
        with self._lock:
            if keep and not self._closed:
                self._idle.append(connection)
            else:
                connection.close()


def _refuse_equal_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise QueryRejectedError(
            f"'your query' returns two columns with the same name: {', '.join(twice)}",
            hint="name each of them: RETURN a.root_id AS pre, b.root_id AS post",
        )


def graph_file(path: str | Path) -> Path:
    """Refuse what cannot be a graph file, before it is opened.

    Raises
    ------
    GraphNotFoundError
        There is no such file.
    GraphFileError
        It is not a file, is not a graph, or has a log beside it.
    """
    path = Path(path).expanduser()
    if not path.exists():
        there = ", ".join(sorted(each.name for each in path.parent.glob("*.lbug"))[:_LISTED])
        remedy = "name yours in $CAVEGRAPH_URI, or make one with `cavegraph load` or `demo`"
        raise GraphNotFoundError(
            f"there is no graph at '{path}'",
            hint=f"graphs in that folder: {there}; or {remedy}" if there else remedy,
        )
    if not _begins_as_a_graph(path):
        raise GraphFileError(
            f"'{path}' is not a graph file",
            hint="name the file that `cavegraph load TABLE --to NAME.lbug` makes of tables; "
            "if it is one, it is damaged: load it again",
        )
    refuse_logs(path)
    return path


def _begins_as_a_graph(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_BEGINNING)) == _BEGINNING
    except PermissionError:  # the engine says so
        return True


def refuse_logs(path: Path) -> None:
    """Refuse a graph with a log beside it: the engine would add it to the graph.

    A published graph never has one: it comes from elsewhere, or a program is writing the graph.

    Raises
    ------
    GraphFileError
        There is a log; the error names it.
    """
    for ending in LOGS:
        log = path.with_name(path.name + ending)
        if os.path.lexists(log):
            raise GraphFileError(
                f"'{log}' is beside the graph, and would change it",
                hint="cavegraph did not make it: close the program that writes to the graph, or "
                "move the file away",
            )


def warm_up() -> None:
    """Load everything that the engine loads late, before this process loses access to files."""
    import ladybug
    import pyarrow as pa

    with_offsets(pa.table({"x": pa.nulls(1, pa.list_(pa.string()))}))
    database = ladybug.Database(":memory:", buffer_pool_size=64 << 20, max_num_threads=1)
    connection: Any = ladybug.Connection(database)
    connection.execute("RETURN $x AS x", {"x": [{"a": 1.5}]}).get_as_arrow().to_pylist()
    connection.close()
    database.close()


def _open_database(path: Path, read_only: bool, threads: int, buffer_bytes: int) -> Any:
    import ladybug

    with translated("open", str(path), None):
        return ladybug.Database(
            path,
            read_only=read_only,
            max_num_threads=threads,
            buffer_pool_size=buffer_bytes,
        )


def _connect(database: Any) -> Any:
    import ladybug

    return ladybug.Connection(database)
