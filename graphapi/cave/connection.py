"""A connection to a datastack on a CAVE server: versions, tables and single queries."""

from __future__ import annotations

import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from graphapi.cave.arrow import read_answer
from graphapi.cave.filters import Filters
from graphapi.cave.pieces import NOTHING_KEPT, RowLimit
from graphapi.cave.records import (
    DatastackInfo,
    TableInfo,
    VersionInfo,
    choose_version,
    names_from_answer,
)
from graphapi.cave.retries import MissingError, Patience
from graphapi.cave.segmentation import Segmentation
from graphapi.cave.skeletons import Skeletons
from graphapi.cave.token import find_token, normal_address, plain_name
from graphapi.cave.transport import CarefulAdapter
from graphapi.cave.trust import announce, is_noted
from graphapi.common.address import origin_of, shown
from graphapi.common.http import Pass
from graphapi.errors import (
    CaveResponseError,
    DatastackNotFoundError,
    InputError,
    TableNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from graphapi.cave.client import BoundedClient

Answer = TypeVar("Answer")
#: How often CAVEclient repeats a request by default.
_PLAIN_REPEATS = 3


class Cave:
    """A connection to one datastack on one CAVE server.

    Safe to use from several threads. Create it with `Cave.connect`.

    Attributes
    ----------
    datastack, server
        Name of the datastack and address of the server.
    info
        The datastack's info record, read once.
    max_in_flight
        Largest number of requests sent at a time, whatever the number of threads.
    segmentation
        Access to root ids over time.
    skeletons
        Access to skeletons.
    row_limit
        What is known about the server's row limit.
    """

    def __init__(
        self,
        inner: BoundedClient,
        patience: Patience,
        max_in_flight: int,
        open_raw: Callable[[], BoundedClient],
    ) -> None:
        self.datastack: str = inner.datastack_name
        self.server = patience.server
        self.max_in_flight = max_in_flight
        self.row_limit = RowLimit()
        self._inner = inner
        self._patience = patience
        self._slots = threading.BoundedSemaphore(max_in_flight)
        self._opening = threading.Lock()
        self._open_raw = open_raw
        self.info: DatastackInfo = self._ask(
            "the info record",
            lambda: DatastackInfo.from_answer(self.datastack, inner.info.get_datastack_info()),
        )
        self._admit(inner.transport.shows)
        self.segmentation = Segmentation(self._ask, self._graph, self.server)
        self.skeletons = Skeletons(self._ask, self._open_skeletons)

    def _admit(self, shows: Pass) -> None:
        """Allow the server named in the info record to see the token, and announce it first."""
        try:
            local = origin_of(self.info.local_server)
        except InputError as error:
            raise CaveResponseError(
                f"{self.server}: 'local_server' of datastack '{self.datastack}' is not an "
                f"address: {shown(self.info.local_server)}"
            ) from error
        if shows.token and local.is_private and local not in shows.places:
            if not is_noted(local):
                announce(local, self.server)
            shows.places.add(local)

    @classmethod
    def connect(
        cls,
        datastack: str,
        *,
        server: str | None = None,
        token: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 6,
        max_in_flight: int = 4,
        pause: Callable[[float], None] = time.sleep,
    ) -> Cave:
        """Connect to a datastack.

        Parameters
        ----------
        datastack
            Name of the datastack.
        server
            Address of the info server; by default the one that CAVE programs have stored for
            this datastack, else the public one.
        token
            CAVE token; by default the stored one (see `graphapi.cave.token.find_token`).
        timeout
            Seconds to wait for a connection, and between two pieces of an answer. A whole
            answer may take ten times as long.
        max_retries
            How often a failed request is repeated, with growing waits in between.
        max_in_flight
            Largest number of requests sent at a time.
        pause
            Function that sleeps between retries; replaced in tests.

        Raises
        ------
        InputError
            The datastack's name is not valid.
        DatastackNotFoundError
            The server has no such datastack. The error lists the datastacks it has.
        CaveAuthError, CaveUnavailableError, CaveRateLimitError, CaveResponseError
            The server refuses, fails, or is not a CAVE server.
        """
        from graphapi.cave import client  # takes a second to import

        plain_name(datastack, "datastack")
        address = normal_address(server or client.default_server(datastack))
        token = token or find_token(address)
        patience = Patience(address, token, max_retries=max_retries, pause=pause)
        client.forget_other_servers()

        shows = Pass.to(token, address)

        def adapter(repeats: int) -> CarefulAdapter:
            return CarefulAdapter(
                shows, timeout=timeout, repeats=repeats, connections=max_in_flight
            )

        own = adapter(0)
        what = f"the info record of datastack '{datastack}'"

        def open_client() -> BoundedClient:
            with client.translated(address, what):
                return client.BoundedClient(datastack, address, own)

        try:
            inner = patience.ask(what, open_client)
        except MissingError as missing:
            try:
                known = patience.ask(
                    "the list of datastacks", lambda: client.known_datastacks(address, own)
                )
            except MissingError:
                raise _not_a_cave_server(address, missing) from None
            raise DatastackNotFoundError(
                f"{address} has no datastack '{datastack}'",
                hint=f"its datastacks: {', '.join(known) or 'none'}",
            ) from None

        def open_raw() -> BoundedClient:
            return client.BoundedClient(datastack, address, adapter(_PLAIN_REPEATS))

        try:
            return cls(inner, patience, max_in_flight, open_raw)
        except MissingError as missing:
            raise _not_a_cave_server(address, missing) from None

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self._inner.transport.close()

    def __enter__(self) -> Cave:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Cave(datastack={self.datastack!r}, server={self.server!r})"

    @cached_property
    def client(self) -> Any:
        """A plain `caveclient.CAVEclient` for this datastack, for what this class lacks.

        It has the same time limits, and the default retries of CAVEclient.
        """
        return self._ask("a new client", self._open_raw)

    # -- versions and tables ---------------------------------------------------------------

    def versions(self) -> list[VersionInfo]:
        """Return all versions that the server knows, newest first; requested on every call."""

        def read() -> list[VersionInfo]:
            self._open_materialize()
            return [VersionInfo.from_answer(entry) for entry in self._inner.versions_metadata()]

        try:
            versions = self._ask("the materialization versions", read)
        except MissingError:
            return []
        return sorted(versions, key=lambda info: info.version, reverse=True)

    def resolve_version(self, version: int | Literal["latest"]) -> VersionInfo:
        """Return one version; `latest` is the newest one that can be queried now.

        Call this once and keep the result: a newer version may appear at any time.

        Raises
        ------
        VersionNotFoundError
            The version does not exist or has expired. The error lists the available ones.
        """
        where = f"datastack '{self.datastack}' on {self.server}"
        return choose_version(self.versions(), version, where)

    def tables(self, version: int) -> list[str]:
        """Return the names of the tables of a version, in alphabetical order.

        Raises
        ------
        VersionNotFoundError
            There is no such version.
        """
        try:
            return self._ask(
                f"the tables of version {version}",
                lambda: names_from_answer(
                    self._open_materialize().get_tables(version=version),
                    f"{self.server}: the list of tables",
                ),
            )
        except MissingError as missing:
            raise self._not_found(None, version, missing) from None

    def views(self, version: int) -> list[str]:
        """Return the names of the views of a version, in alphabetical order."""
        answer = self._ask(
            f"the views of version {version}",
            lambda: self._open_materialize().get_views(version=version),
        )
        return names_from_answer(list(answer), f"{self.server}: the list of views")

    def table_info(self, table: str, version: int) -> TableInfo:
        """Return the server's description of a table.

        Raises
        ------
        TableNotFoundError, VersionNotFoundError
            There is no such table at this version. The error lists the available ones.
        """
        plain_name(table, "table")

        def read() -> TableInfo:
            self._open_materialize()
            answer = self._inner.table_metadata(table, version)
            return TableInfo.from_answer({**answer, "table_name": table})

        try:
            return self._ask(f"the description of table '{table}'", read)
        except MissingError as missing:
            raise self._not_found(table, version, missing) from None

    # -- rows ------------------------------------------------------------------------------

    def count(
        self, table: str, version: int, filters: Filters | None = None, *, is_view: bool = False
    ) -> int:
        """Return how many rows the server counts; the row limit does not apply to counts.

        Raises
        ------
        TableNotFoundError, VersionNotFoundError
            There is no such table at this version.
        """
        answer, _ = self._query(
            table, version, filters or Filters(), is_view=is_view, get_counts=True
        )
        found = answer.column(0).to_pylist() if answer.num_columns else []
        whole = [n for n in found if isinstance(n, (int, float)) and n >= 0 and n == n // 1]
        if len(found) != 1 or whole != found or isinstance(found[0], bool):
            raise CaveResponseError(
                f"{self.server}: the count of '{table}' is not one whole number: {found[:3]}",
                hint=NOTHING_KEPT,
            )
        return int(found[0])

    def query(
        self,
        table: str,
        version: int,
        filters: Filters | None = None,
        columns: Sequence[str] | None = None,
        *,
        limit: int | None = None,
        is_view: bool = False,
    ) -> tuple[pa.Table, bool]:
        """Send one query as it is; the server may truncate the answer at its row limit.

        For complete answers, see `graphapi.cave.complete`.

        Parameters
        ----------
        table, version
            What to read.
        filters
            Rows to return; None for all.
        columns
            Columns to return, at least two (a server bug fails on one); None for all.
            The server adds `X_supervoxel_id` to every `X_root_id`.
        limit
            Largest number of rows to return.
        is_view
            Whether `table` is a view.

        Returns
        -------
        rows : pyarrow.Table
            As served: positions split into `_x`, `_y`, `_z`, ids int64, rows in no order.
        cut : bool
            Whether the server reports that it truncated the answer. It also reports this if
            the answer is complete and exactly as long as the limit.

        Raises
        ------
        TableNotFoundError, VersionNotFoundError
            There is no such table at this version.
        """
        chosen = None if columns is None else list(columns)
        return self._query(
            table,
            version,
            filters or Filters(),
            is_view=is_view,
            select_columns=chosen,
            limit=limit,
        )

    def schema(self, table: str, version: int) -> pa.Schema:
        """Return the names and types of a table's columns, in the server's order."""
        rows, _ = self.query(table, version, limit=1)
        return rows.schema

    def _query(
        self, table: str, version: int, filters: Filters, *, is_view: bool = False, **options: Any
    ) -> tuple[pa.Table, bool]:
        kind = "view" if is_view else "table"
        plain_name(table, kind)
        what = f"{filters.describe()} of {kind} '{table}' at version {version}"
        if options.get("get_counts"):
            what = f"the count of {what}"

        def send() -> tuple[pa.Table, bool]:
            materialize = self._open_materialize()
            with self._inner.transport.keeping_answers() as answers:
                ask = materialize.query_view if is_view else materialize.query_table
                plain = {} if is_view else {"merge_reference": False, "log_warning": False}
                ask(
                    table,
                    materialization_version=version,
                    split_positions=True,
                    metadata=False,
                    **plain,
                    **filters.keywords(),
                    **{name: value for name, value in options.items() if value is not None},
                )
            return read_answer(answers[-1].content), "Limited query to" in answers[-1].headers.get(
                "Warning", ""
            )

        try:
            return self._ask(what, send)
        except MissingError as missing:
            raise self._not_found(table, version, missing) from None

    # -- inside ----------------------------------------------------------------------------

    def _open_materialize(self) -> Any:
        with self._opening:  # created on first use, and only once if threads call together
            return self._inner.materialize

    def _open_skeletons(self) -> Any:
        with self._opening:
            return self._inner.skeleton

    def _graph(self) -> Any:
        if self.info.segmentation_table is None:
            raise CaveResponseError(f"datastack '{self.datastack}' has no segmentation")
        with self._opening:
            return self._inner.chunkedgraph

    def _ask(self, what: str, call: Callable[[], Answer]) -> Answer:
        from graphapi.cave.client import translated

        def send() -> Answer:
            with self._slots, translated(self.server, what):
                return call()

        return self._patience.ask(what, send)

    def _not_found(self, table: str | None, version: int, missing: MissingError) -> Exception:
        self.resolve_version(version)
        if table is None:
            return CaveResponseError(f"{self.server}: version {version}: {missing}")
        known = self.tables(version)
        if table not in known:
            return TableNotFoundError(
                f"datastack '{self.datastack}' has no table '{table}' at version {version}",
                hint=f"its tables: {', '.join(known) or 'none'}",
            )
        return CaveResponseError(f"{self.server}: table '{table}': {missing}")


def _not_a_cave_server(address: str, missing: MissingError) -> CaveResponseError:
    bare = str(origin_of(address))
    return CaveResponseError(
        f"there is no CAVE server at {address}: it answers {missing.status} to the first request",
        hint="check the address"
        if bare == address
        else f"a server's address has no path: try {bare}",
    )
