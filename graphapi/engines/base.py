"""The protocol of a graph database."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from graphapi.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from graphapi.engines.plan import Step
    from graphapi.engines.queries import Query

Params: TypeAlias = Mapping[str, object]


def check_timeout(timeout: float | None) -> None:
    """Refuse a time limit that is not a length of time; None means no limit.

    Raises
    ------
    InputError
        Zero, negative, infinite or not a number.
    """
    if timeout is not None and not (math.isfinite(timeout) and timeout > 0):
        raise InputError(f"timeout: {timeout} s is not a time limit", hint="None means no limit")


class Engine(Protocol):
    """A graph database holding one graph.

    Code that reads uses `run` and `run_text`; the database itself refuses to write in both.
    The concrete classes can also write, which only the loader uses.
    """

    #: `ladybug` or `neo4j`; also the folder of its query overrides.
    name: str
    #: Its address, without a password.
    uri: str

    def run(
        self, query: Query, params: Params | None = None, *, timeout: float | None = None
    ) -> pa.Table:
        """Run one of our query files.

        Parameters
        ----------
        query
            From `graphapi.engines.queries.catalog()`.
        params
            Exactly the parameters that the file declares.
        timeout
            Seconds after which the database stops the query; None for no limit.

        Returns
        -------
        pyarrow.Table
            The declared columns with the declared types, in the database's order.
        """
        ...

    def run_together(
        self, asked: Sequence[tuple[Query, Params | None]], *, timeout: float | None = None
    ) -> list[pa.Table]:
        """Run several of our query files together, which saves round trips to a server.

        Parameters
        ----------
        asked
            Pairs of query and parameters; see `run`.
        timeout
            Seconds for all of them together; None for no limit.

        Returns
        -------
        list of pyarrow.Table
            One for each query, in the order in which they ran, which is that of `asked`.

        Raises
        ------
        GraphIncompleteError
            The graph is in a file, and another file has taken its place since it was opened.
        """
        ...

    def run_text(
        self, text: str, params: Params | None = None, *, timeout: float | None = None
    ) -> pa.Table:
        """Run a user's own Cypher; the database refuses it if it writes.

        Returns
        -------
        pyarrow.Table
            Whatever the query returns. Nodes and edges are structs or maps.
        """
        ...

    def plan(
        self, query: Query, params: Params | None = None, *, profile: bool = False
    ) -> tuple[Step, ...]:
        """Return the plan of one of our query files, as `run` would send it.

        Parameters
        ----------
        query, params
            See `run`.
        profile
            Run the query, and count the rows of every step; False only plans it.

        Returns
        -------
        tuple of Step
            The steps of the plan, the last one first.
        """
        ...

    def close(self) -> None:
        """Release the file or the connections; safe to call twice."""
        ...
