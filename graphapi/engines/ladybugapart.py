"""Read a graph file in a separate process, so that a damaged file can crash only that process.

LadybugDB trusts its files: with some damaged files it reads invalid memory, and the system ends
the process. A file that may be damaged is therefore read in the confined worker that also runs
people's queries. It is never opened in this process.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from graphapi.engines.allowed import LADYBUG
from graphapi.engines.base import check_timeout
from graphapi.engines.columns import plain_params
from graphapi.engines.ladybug import graph_file
from graphapi.engines.owncypher import admit
from graphapi.engines.plan import Step, steps_of_drawing
from graphapi.engines.worker import Seen, Workers, file_memory
from graphapi.errors import EngineError, GraphFileError, GraphIncompleteError, QueryRejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from graphapi.engines.base import Params
    from graphapi.engines.queries import Query


class ApartEngine:
    """A graph file that a separate process reads; see `graphapi.engines.base.Engine`.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    GraphNotFoundError, GraphFileError
        There is no such file, or it cannot be a graph.
    """

    name = "ladybug"

    def __init__(self, path: str | Path) -> None:
        self.path = graph_file(path)
        self.uri = str(self.path)
        self._workers = Workers(self.path, Seen.at(self.path), 0, file_memory())

    def run(
        self, query: Query, params: Params | None = None, *, timeout: float | None = None
    ) -> pa.Table:
        """Run one of our query files."""
        return self._run(query, params, timeout)

    def run_together(
        self, asked: Sequence[tuple[Query, Params | None]], *, timeout: float | None = None
    ) -> list[pa.Table]:
        """Run query files one after the other."""
        answers = [self.run(query, params, timeout=timeout) for query, params in asked]
        self._workers.refuse_replaced()
        return answers

    def read_past(
        self, query: Query, params: Params | None = None, *, timeout: float | None = None
    ) -> None:
        """Run one of our query files to see that its rows can be read; none is returned."""
        self._run(query, params, timeout, discard=True)

    def run_text(
        self, text: str, params: Params | None = None, *, timeout: float | None = None
    ) -> pa.Table:
        """Run a person's own Cypher."""
        given = plain_params(params)
        return self._workers.run(admit(text, LADYBUG, given)[1], given, timeout)

    def plan(
        self, query: Query, params: Params | None = None, *, profile: bool = False
    ) -> tuple[Step, ...]:
        """Ask how a query file is answered."""
        text = f"{'PROFILE' if profile else 'EXPLAIN'} {query.text_for(self.name)}"
        with self._file_named():
            table = self._workers.run(text, query.check(params), None, name=query.name)
        return steps_of_drawing(table.column(0)[0].as_py(), profile=profile)

    def close(self) -> None:
        """End the other process; safe to call twice."""
        self._workers.close()

    def _run(
        self, query: Query, params: Params | None, timeout: float | None, *, discard: bool = False
    ) -> pa.Table:
        check_timeout(timeout)
        text, given = query.text_for(self.name), query.check(params)
        with self._file_named():
            return query.shape(
                self._workers.run(text, given, timeout, name=query.name, discard=discard)
            )

    @contextmanager
    def _file_named(self) -> Iterator[None]:
        """Name the file in an error: on an undamaged graph none of our queries fails.

        A rejected query is for the caller, who knows which tables a graph must have.
        """
        try:
            yield
        except (GraphFileError, GraphIncompleteError, QueryRejectedError):
            raise
        except EngineError as error:
            raise unreadable(self.uri, error.message, error.hint) from error


def unreadable(uri: str, why: str, hint: str | None = None) -> GraphFileError:
    """Return the error for a file that could not be read through; `hint` is a further remedy."""
    remedy = "if it is damaged, load it again with `cavegraph load ... --replace`, or get it again"
    return GraphFileError(
        f"'{uri}' cannot be read: {why}", hint=f"{remedy}; {hint}" if hint else remedy
    )
