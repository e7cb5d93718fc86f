"""The door to an open graph: whatever reads it comes through here, and is guarded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from graphapi.engines import is_neo4j
from graphapi.engines.queries import Query, catalog
from graphapi.errors import GraphIncompleteError
from graphapi.graph.annotations import AnnotationTable, any_frame
from graphapi.graph.materialization import read_materialization
from graphapi.graph.results import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    import pandas as pd
    import pyarrow as pa

    from graphapi.engines.base import Engine
    from graphapi.ids import IdArray


def default_uri() -> str:
    """Return the address used when none is named: `$CAVEGRAPH_URI`, else the default file."""
    import platformdirs

    named = os.environ.get("CAVEGRAPH_URI")
    return named or str(Path(platformdirs.user_data_dir("cavegraph")) / "graph.lbug")


class Graph:
    """One materialization version of a connectome in a database.

    Parameters
    ----------
    engine
        The database that holds the graph.
    timeout
        Seconds after which the database stops any query; None for no limit.
    """

    def __init__(self, engine: Engine, *, timeout: float | None = None) -> None:
        self.engine = engine
        self._timeout = timeout
        self._roots: IdArray | None = None
        self.materialization = read_materialization(engine, timeout=timeout)
        self.annotations = AnnotationTable(self.materialization, self.run)

    def close(self) -> None:
        """Close the graph; safe to call twice."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """Datastack and version, for people."""
        made = self.materialization
        return f"{made.datastack} v{made.version}"

    def __repr__(self) -> str:
        counts = self.materialization.counts
        size = f"{counts.get('neurons', 0):,} neurons, {counts.get('connections', 0):,} connections"
        return f"<Connectome {self.name}: {size}, {self.engine.name} at {self.engine.uri}>"

    @property
    def is_served(self) -> bool:
        """Whether a server holds the graph: it sends rows, and the graph can be replaced."""
        return is_neo4j(self.engine.uri)

    def run(
        self, query: Query, params: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> pa.Table:
        """Run a query file and make sure that the graph was this one throughout.

        Parameters
        ----------
        query
            From `graphapi.engines.queries.catalog()`.
        params
            Exactly the parameters that the file declares.
        timeout
            Seconds after which it is stopped; None for the limit given to `open`, if any.

        Raises
        ------
        GraphIncompleteError
            The graph has been replaced since it was opened.
        """
        return self.run_together([(query, params)], timeout)[0]

    def run_together(
        self,
        asked: Sequence[tuple[Query, Mapping[str, object] | None]],
        timeout: float | None = None,
    ) -> list[pa.Table]:
        """Run several query files as one question; see `run`."""
        limit = self._limit(timeout)
        # A published file never changes; a server's graph can be replaced under us. Its record
        # is the first thing to go, so it is asked for last.
        if not self.is_served:
            return self.engine.run_together(asked, timeout=limit)
        record = catalog()["materialization"]
        *answers, now = self.engine.run_together([*asked, (record, None)], timeout=limit)
        self._refuse_changed(now)
        return answers

    def cypher(
        self, text: str, params: Mapping[str, object] | None = None, *, timeout: float | None = None
    ) -> pd.DataFrame:
        """Run your own Cypher; whatever does more than read this graph is refused.

        On a graph file the query runs in a process of its own, with at most the memory that
        `$CAVEGRAPH_QUERY_MEMORY` says (such as `4G`; else a quarter of this machine's).

        Parameters
        ----------
        text
            One query in the engine's dialect of Cypher.
        params
            Values for its `$names`; never paste values into the text.
        timeout
            Seconds after which it is stopped; None for the limit given to `open`, if any.

        Returns
        -------
        pandas.DataFrame
            The query's columns, whole numbers as int64 or `Int64`; as Python's own where one
            is beyond int64, such as a sum of root ids.

        Raises
        ------
        ReadOnlyError
            The query writes, or reaches for files, the network or other people's queries.
        QueryRejectedError
            It uses what is not allowed, or the database does not accept it.
        QueryTimeoutError
            The time limit was reached.
        EngineError
            It needs more memory than it may have, or crashed the engine; the graph still answers.
        """
        answer = self.engine.run_text(text, params, timeout=self._limit(timeout))
        self.check_unchanged()
        made, frame = self.materialization, any_frame(answer)
        frame.attrs = Provenance(made.datastack, made.version, made.timestamp, "graph").attrs()
        return frame

    def root_ids(self) -> IdArray:
        """Return the root ids of all neurons, int64, ascending."""
        if self._roots is None:
            self._roots = self.run(catalog()["all_neurons"]).column("root_id").to_numpy()
        else:
            self.check_unchanged()
        return self._roots.copy()

    def check_unchanged(self) -> None:
        """Refuse to answer from memory what a server no longer holds.

        Raises
        ------
        GraphIncompleteError
            The graph has been replaced since it was opened.
        """
        self.run_together([])

    def _limit(self, timeout: float | None) -> float | None:
        return self._timeout if timeout is None else timeout

    def _refuse_changed(self, record: pa.Table) -> None:
        mine = {"status": "complete", "load_id": self.materialization.load_id}
        if [{name: row[name] for name in mine} for row in record.to_pylist()] != [mine]:
            raise GraphIncompleteError(
                f"the graph at '{self.engine.uri}' has been replaced since it was opened, or is "
                "being replaced",
                hint="open it again when the load is done",
            )
