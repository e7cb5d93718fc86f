"""Neo4j 5.26 and later over Bolt: a laptop, a server, Aura, or a cluster.

Every query that reads runs in a transaction of read access mode. The server itself then refuses to
write, and a cluster can answer on a replica.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import neo4j
import pyarrow as pa
from neo4j import exceptions as failures

from graphapi.common.threads import stop_around
from graphapi.engines.address import Address, read_address
from graphapi.engines.allowed import NEO4J
from graphapi.engines.base import check_timeout
from graphapi.engines.columns import declared_table, inferred_column, plain_params
from graphapi.engines.forks import after_fork, never_end
from graphapi.engines.graphvalues import plain
from graphapi.engines.interrupts import Interruptible
from graphapi.engines.neo4jfailures import (
    OUT_OF_MEMORY,
    Occasion,
    auth_error,
    error_for_code,
    unavailable_error,
)
from graphapi.engines.neo4jindexes import INDEXES, Index, indexes_from
from graphapi.engines.neo4jrows import (
    columnar,
    take_columns,
    take_named_rows,
    take_rows,
    take_summary,
)
from graphapi.engines.owncypher import admit
from graphapi.engines.plan import Step, steps_of_tree
from graphapi.engines.queries import catalog
from graphapi.errors import (
    CavegraphError,
    EngineError,
    InputError,
    ReadOnlyError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from graphapi.engines.base import Params
    from graphapi.engines.queries import Query

# Failures are raised as errors; without this, the driver would also print them if logging is not
# set up.
logging.getLogger("neo4j").addHandler(logging.NullHandler())

_OLDEST = (5, 23)  # the first with `CALL () { ... }`
_CHUNKS_A_FETCH = 4
_ROWS_A_FETCH = 10_000
_TERMINATE = """
SHOW TRANSACTIONS YIELD transactionId AS id, metaData
WHERE metaData.cavegraph = $token
TERMINATE TRANSACTIONS id YIELD message
RETURN message
"""

_UNAVAILABLE = (
    failures.ServiceUnavailable,
    failures.SessionExpired,
    failures.ConnectionPoolError,
    failures.IncompleteCommit,
)


class Neo4jEngine:
    """A graph on a Neo4j server.

    Create it with `connect`. Safe to use from several threads.
    """

    name = "neo4j"

    def __init__(
        self, address: Address, open_driver: Callable[[], neo4j.Driver], *, read_only: bool
    ) -> None:
        self.uri = address.uri
        self.read_only = read_only
        self._address = address
        self._open_driver = open_driver
        self._driver = open_driver()
        self._interruptible = Interruptible()
        self._lock = threading.Lock()
        self._verified = self._closed = False
        after_fork(self._start_anew)

    @classmethod
    def connect(
        cls,
        uri: str,
        *,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        read_only: bool = True,
        connect_timeout: float = 10.0,
        retry_time: float = 10.0,
        pool_size: int = 50,
    ) -> Neo4jEngine:
        """Prepare a connection; the server is contacted on first use, or by `verify`.

        Parameters
        ----------
        uri, user, password, database
            See `graphapi.engines.address.read_address`, also for the environment.
        read_only
            Whether methods that write are refused.
        connect_timeout
            Seconds to wait for a connection, new or from the pool.
        retry_time
            Seconds for which a transaction is repeated after a transient failure.
        pool_size
            Largest number of connections at a time.

        Raises
        ------
        InputError
            The address is not valid.
        """
        address = read_address(uri, user=user, password=password, database=database)
        auth = (address.user, address.password or "") if address.user else None
        open_driver = partial(
            neo4j.GraphDatabase.driver,
            address.uri,
            auth=auth,
            user_agent="cavegraph",
            connection_timeout=connect_timeout,
            connection_acquisition_timeout=2 * connect_timeout,
            max_connection_pool_size=pool_size,
            max_transaction_retry_time=retry_time,
            liveness_check_timeout=60.0,
            notifications_min_severity="OFF",
        )
        with _translated(_occasion(address, "connect")):
            return cls(address, open_driver, read_only=read_only)

    def verify(self) -> str:
        """Check that the server answers and accepts the user.

        Returns
        -------
        str
            The server's version, such as `5.26.12`.

        Raises
        ------
        EngineUnavailableError, EngineAuthError
            The server does not answer, or refuses the user.
        EngineError
            The server is too old.
        """
        at = _occasion(self._address, "connect")
        self._refuse_closed()
        with _translated(at):
            agent = self._driver.get_server_info().agent
        version = agent.partition("/")[2]
        if _numbers(version) < _OLDEST:
            raise EngineError(
                f"{self.uri} runs {agent}, which is too old",
                hint="use Neo4j 5.26 LTS or newer",
            )
        self._verified = True
        return version

    def run(
        self, query: Query, params: Params | None = None, *, timeout: float | None = None
    ) -> pa.Table:
        """Run one of our query files; see `graphapi.engines.base.Engine.run`.

        Rows are sent as columns, which is ten times faster than record by record. If the server
        lacks the memory to collect them, the same rows are streamed.
        """
        return self.run_together([(query, params)], timeout=timeout)[0]

    def run_together(
        self, asked: Sequence[tuple[Query, Params | None]], *, timeout: float | None = None
    ) -> list[pa.Table]:
        """Run query files in one transaction; see `graphapi.engines.base.Engine`."""
        names = " and ".join(query.name for query, _ in asked)
        given = [plain_params(query.check(params)) for query, params in asked]
        queries = [query for query, _ in asked]
        wrapped = [columnar(query) for query in queries]
        try:
            answers = self._read(
                list(zip(wrapped, given, strict=True)),
                names,
                timeout,
                _CHUNKS_A_FETCH,
                take_columns,
            )
        except _NotAsColumnsError:
            plainly = [query.text_for(self.name) for query in queries]
            answers = self._read(
                list(zip(plainly, given, strict=True)), names, timeout, _ROWS_A_FETCH, take_rows
            )
        return [
            query.shape(declared_table(query, parts))
            for query, parts in zip(queries, answers, strict=True)
        ]

    def run_text(
        self, text: str, params: Params | None = None, *, timeout: float | None = None
    ) -> pa.Table:
        """Run a user's own Cypher; see `graphapi.engines.base.Engine.run_text`.

        Returns
        -------
        pyarrow.Table
            Nodes are structs of `_id`, `_labels` and their properties; relationships of
            `_id`, `_type`, `_start`, `_end` and theirs; paths of `nodes` and
            `relationships`. Durations are ISO 8601 texts, and points are structs. A column
            whose values have no common type is JSON text.

        Raises
        ------
        ReadOnlyError
            The query writes, reads files or stops other queries.
        QueryRejectedError, QueryTimeoutError
            The server does not accept it, or it took longer than `timeout`.
        """
        given = plain_params(params)
        _, sent = admit(text, NEO4J, given)
        what = "your query"
        try:
            (found,) = self._read([(sent, given)], what, timeout, _ROWS_A_FETCH, take_named_rows)
        except _NotAsColumnsError as error:
            raise error_for_code(error.code, str(error), self._at(what)) from error
        names, columns = found
        arrays = [inferred_column([plain(value) for value in column]) for column in columns]
        return pa.table(arrays, names=names)

    def plan(
        self, query: Query, params: Params | None = None, *, profile: bool = False
    ) -> tuple[Step, ...]:
        """Return the plan of a query file; see `graphapi.engines.base.Engine.plan`."""
        given = plain_params(query.check(params))
        reads = query.mode == "read"
        text = columnar(query) if reads else query.text_for(self.name)
        how = "PROFILE" if profile else "EXPLAIN"
        asked = [(f"{how} {text}", given)]
        (found,) = self._read(asked, query.name, None, _ROWS_A_FETCH, take_summary)
        return steps_of_tree(found.profile if profile else found.plan)

    def write(self, query: Query, params: Params | None = None) -> pa.Table:
        """Run one of our writing query files in a transaction of its own.

        Repeated if the server reports a transient failure and nothing was committed.
        """
        return self.write_together([(query, params)])[0]

    def write_together(
        self,
        asked: Sequence[tuple[Query, Params | None]],
        go_on: Callable[[Query, pa.Table], None] | None = None,
    ) -> list[pa.Table]:
        """Run several of our writing query files in one transaction: all of them, or none.

        Parameters
        ----------
        asked
            Pairs of query and parameters, in order.
        go_on
            Called with each query and its answer; an error in it undoes the transaction.
        """
        given = [(query, plain_params(query.check(params))) for query, params in asked]

        def work(transaction: neo4j.ManagedTransaction) -> list[pa.Table]:
            answers = []
            for query, params in given:
                rows = take_rows(transaction.run(query.text_for(self.name), params))
                answers.append(query.shape(declared_table(query, rows)))
                if go_on is not None:
                    go_on(query, answers[-1])
            return answers

        names = " and ".join(query.name for query, _ in asked)
        with self._session(neo4j.WRITE_ACCESS, self._at(names)) as session:
            return session.execute_write(work)

    def counts(self) -> dict[str, int]:
        """Count the nodes and relationships of each of our kinds.

        Returns
        -------
        dict
            Keys `Neuron`, `Annotation`, `Materialization`, `CONNECTS`, `ANNOTATES`.
        """
        table = self.run(catalog()["graph_counts"])
        return dict(zip(table["kind"].to_pylist(), table["number"].to_pylist(), strict=True))

    def indexes(self) -> list[Index]:
        """Return the indexes of the database, except those that find nodes by their label."""
        asked = [(INDEXES, dict[str, object]())]
        (found,) = self._read(asked, "indexes", None, _ROWS_A_FETCH, take_named_rows)
        return indexes_from(found[1])

    def close(self) -> None:
        """Close the connections; safe to call twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._driver.close()
                self._interruptible.close()

    def __repr__(self) -> str:
        return f"Neo4jEngine({self.uri!r})"

    def _read(
        self,
        asked: Sequence[tuple[str, dict[str, object]]],
        what: str,
        timeout: float | None,
        fetch: int,
        take: Callable[[neo4j.Result], Any],
    ) -> Any:
        check_timeout(timeout)

        token, interrupts = uuid4().hex, list[KeyboardInterrupt]()

        @neo4j.unit_of_work(timeout=timeout, metadata={"cavegraph": token})
        def work(transaction: neo4j.ManagedTransaction) -> Any:
            try:
                return [take(transaction.run(text, params)) for text, params in asked]
            except KeyboardInterrupt as interrupt:
                interrupts.append(interrupt)
                self._terminate(token)
                raise
            except failures.TransientError as error:
                if error.code and error.code.endswith(OUT_OF_MEMORY):
                    raise _NotAsColumnsError(error.code, str(error.message)) from error
                raise

        try:
            with self._session(neo4j.READ_ACCESS, self._at(what, timeout), fetch) as session:
                if stop_around() is None:  # the driver handles Ctrl-C itself
                    return session.execute_read(work)
                return self._interruptible.run(
                    lambda: session.execute_read(work), lambda: self._terminate(token)
                )
        except CavegraphError:
            if interrupts:  # the driver saw that we terminated the transaction
                raise interrupts[0] from None
            raise

    def _terminate(self, token: str) -> None:
        """Stop a query on the server; the driver by itself would wait for its end."""
        with self._driver.session(database=self._address.database) as session:
            session.run(_TERMINATE, {"token": token}).consume()

    @contextmanager
    def _session(
        self, mode: str, at: Occasion, fetch: int = _ROWS_A_FETCH
    ) -> Iterator[neo4j.Session]:
        if mode == neo4j.WRITE_ACCESS and self.read_only:
            raise ReadOnlyError(
                f"{self.uri} was opened for reading",
                hint="graphs are written by `cavegraph load`",
            )
        if not self._verified:
            self.verify()  # fails at once; a transaction would keep trying
        self._refuse_closed()
        with (
            _translated(at),
            self._driver.session(
                database=self._address.database, default_access_mode=mode, fetch_size=fetch
            ) as session,
        ):
            yield session

    def _start_anew(self) -> None:
        """Leave the parent its connections; called in a forked child."""
        never_end(self._driver)
        self._lock = threading.Lock()
        self._interruptible = Interruptible()
        if not self._closed:
            self._driver = self._open_driver()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise EngineError(
                f"the graph '{self.uri}' is closed", hint="open it again with Connectome.open"
            )

    def _at(self, what: str, timeout: float | None = None) -> Occasion:
        return _occasion(self._address, what, timeout)


class _NotAsColumnsError(Exception):
    """The server cannot collect rows as columns; never leaves this module."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _occasion(address: Address, what: str, timeout: float | None = None) -> Occasion:
    return Occasion(what, address.uri, address.user, address.database, timeout)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


@contextmanager
def _translated(at: Occasion) -> Iterator[None]:
    try:
        yield
    except (failures.Neo4jError, failures.DriverError) as error:
        raise _translate(error, at) from error


def _translate(error: failures.Neo4jError | failures.DriverError, at: Occasion) -> CavegraphError:
    if isinstance(error, failures.AuthConfigurationError):
        return auth_error(str(error), at)
    if isinstance(error, failures.Neo4jError):
        return error_for_code(error.code or "", error.message or str(error), at)
    if isinstance(error, failures.UnsupportedServerProduct):
        return EngineError(f"what answers at {at.uri} is not Neo4j: {error}")
    if isinstance(error, failures.ConfigurationError):
        return InputError(f"{at.uri}: {error}")
    if isinstance(error, _UNAVAILABLE):
        return unavailable_error(error, at)
    return EngineError(f"'{at.what}' on {at.uri}: {error}", hint="this is a bug; please report it")
