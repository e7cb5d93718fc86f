"""What a graph database must do for us."""

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
    """Refuse what is not a length of time; None means no limit.

    Raises
    ------
    InputError
        Zero, negative, infinite or not a number.
    """
    if timeout is not None and not (math.isfinite(timeout) and timeout > 0):
        raise InputError(f"timeout: {timeout} s is not a time limit", hint="None means no limit")


class Engine(Protocol):
    """A graph database holding one graph.

    The read side uses `run` and `run_text`; both doors are read-only by the database's own
    rule. Writing is offered by the concrete classes and used by the loader alone.
    """

    #: `ladybug` or `neo4j`; also the folder of its query overrides.
    name: str
    #: Where it is, without any password.
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
        """Run several of our query files as one, which saves a server's round trips.

        Parameters
        ----------
        asked
            Pairs of query and parameters; see `run`.
        timeout
            Seconds for all of them; None for no limit.

        Returns
        -------
        list of pyarrow.Table
            One for each, in their order, which is also the order in which they ran.
        """
        ...

    def run_text(
        self, text: str, params: Params | None = None, *, timeout: float | None = None
    ) -> pa.Table:
        """Run a person's own Cypher; the database refuses it if it writes.

        Returns
        -------
        pyarrow.Table
            Whatever the query returns. Nodes and edges come as structs or maps.
        """
        ...

    def plan(
        self, query: Query, params: Params | None = None, *, profile: bool = False
    ) -> tuple[Step, ...]:
        """Ask how one of our query files is answered, as it would be sent by `run`.

        Parameters
        ----------
        query, params
            See `run`.
        profile
            Run it, and give the rows of every step; False plans it only.

        Returns
        -------
        tuple of Step
            The last step of the plan first.
        """
        ...

    def close(self) -> None:
        """Release the file or the connections; safe to call twice."""
        ...
