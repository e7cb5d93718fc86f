"""The guard of an open graph, through which all code reads it."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from graphapi.common.threads import stop_around
from graphapi.engines import is_neo4j
from graphapi.engines.queries import Query, catalog
from graphapi.errors import GraphIncompleteError
from graphapi.graph.annotations import AnnotationRows, any_frame
from graphapi.graph.materialization import read_materialization
from graphapi.graph.results import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

    from graphapi.engines.base import Engine
    from graphapi.ids import IdArray


#: Seconds of a query whose time is as good as up.
_SHORTEST = 0.001


def default_uri() -> str:
    """Return the default address: `$CAVEGRAPH_URI`, else the graph in the user's data folder."""
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
        Seconds that a query may take, and a computation in memory; None for no limit.
    """

    def __init__(self, engine: Engine, *, timeout: float | None = None) -> None:
        self.engine = engine
        self.timeout = timeout
        self._roots: IdArray | None = None
        self.materialization = read_materialization(engine, timeout=timeout)
        self.annotations = AnnotationRows(self.materialization, self.run)

    def close(self) -> None:
        """Close the graph; safe to call twice."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """Datastack and version, for display."""
        made = self.materialization
        return f"{made.datastack} v{made.version}"

    def __repr__(self) -> str:
        counts = self.materialization.counts
        size = f"{counts.get('neurons', 0):,} neurons, {counts.get('connections', 0):,} connections"
        return f"<Connectome {self.name}: {size}, {self.engine.name} at {self.engine.uri}>"

    @property
    def is_served(self) -> bool:
        """Whether the graph is on a server, which sends rows and may replace the graph."""
        return is_neo4j(self.engine.uri)

    def run(
        self, query: Query, params: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> pa.Table:
        """Run a query file, and check that the graph was not replaced meanwhile.

        Parameters
        ----------
        query
            A query from `graphapi.engines.queries.catalog()`.
        params
            Exactly the parameters that the file declares.
        timeout
            Seconds after which the query is stopped; None for the limit given to `open`, if any.

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
        """Run several query files together; see `run`."""
        limit = self._limit(timeout)
        # The engine checks that a file is still the one that was opened. A graph on a server can be
        # replaced while we read: its record is removed first, so the record is read last.
        if not self.is_served:
            return self.engine.run_together(asked, timeout=limit)
        record = catalog()["materialization"]
        *answers, now = self.engine.run_together([*asked, (record, None)], timeout=limit)
        self._refuse_changed(now)
        return answers

    def cypher(
        self, text: str, params: Mapping[str, object] | None = None, *, timeout: float | None = None
    ) -> pd.DataFrame:
        """Run your own Cypher query; only reading this graph is allowed.

        On a graph file the query runs in a separate process. Its memory is limited to
        `$CAVEGRAPH_QUERY_MEMORY` (such as `4G`); by default, to a quarter of the machine's memory.

        Parameters
        ----------
        text
            One query in the engine's dialect of Cypher.
        params
            Values for its `$names`; never paste values into the text.
        timeout
            Seconds after which the query is stopped; None for the limit given to `open`, if any.

        Returns
        -------
        pandas.DataFrame
            The query's columns. Whole numbers are int64 or `Int64`; Python ints if one of them is
            beyond int64, such as a sum of root ids.

        Raises
        ------
        ReadOnlyError
            The query writes, or accesses files, the network or other users' queries.
        QueryRejectedError
            The query uses something not allowed, or the database does not accept it.
        QueryTimeoutError
            The query reached its time limit.
        EngineError
            The query needs more memory than allowed, or crashed the engine; the graph can still
            be queried.
        """
        answer = self.engine.run_text(text, params, timeout=self._limit(timeout))
        self.check_unchanged()
        made, frame = self.materialization, any_frame(answer)
        frame.attrs = Provenance(made.datastack, made.version, made.timestamp, "graph").attrs()
        return frame

    def root_ids(self) -> IdArray:
        """Return the root ids of all neurons, int64, sorted."""
        if self._roots is None:
            self._roots = self.run(catalog()["all_neurons"]).column("root_id").to_numpy()
        else:
            self.check_unchanged()
        return self._roots.copy()

    def check_unchanged(self) -> None:
        """Raise an error if the graph is not the one that was opened.

        Raises
        ------
        GraphIncompleteError
            The graph has been replaced since it was opened.
        """
        self.run_together([])

    def _limit(self, timeout: float | None) -> float | None:
        limit = self.timeout if timeout is None else timeout
        if (around := stop_around()) is None:
            return limit
        around.check()
        left = min(around.seconds_left, math.inf if limit is None else limit)
        return None if math.isinf(left) else max(left, _SHORTEST)

    def _refuse_changed(self, record: pa.Table) -> None:
        mine = {"status": "complete", "load_id": self.materialization.load_id}
        if [{name: row[name] for name in mine} for row in record.to_pylist()] != [mine]:
            raise GraphIncompleteError(
                f"the graph at '{self.engine.uri}' has been replaced since it was opened, or is "
                "being replaced",
                hint="open it again when the load is done",
            )
