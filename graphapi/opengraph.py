"""An open graph: what every question to it needs."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from graphapi.engines import is_neo4j, open_engine
from graphapi.engines.queries import Query, catalog
from graphapi.errors import CaveError, GraphIncompleteError
from graphapi.graph.annotations import AnnotationTable
from graphapi.graph.materialization import Materialization, read_materialization
from graphapi.graph.results import Provenance
from graphapi.graph.selection import Selector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    import pandas as pd
    import pyarrow as pa

    from graphapi.engines.base import Engine
    from graphapi.graph.fallback import CaveSource
    from graphapi.ids import IdArray


def default_uri() -> str:
    """Give the address used when none is named: `$CAVEGRAPH_URI`, else the default file."""
    import platformdirs

    named = os.environ.get("CAVEGRAPH_URI")
    return named or str(Path(platformdirs.user_data_dir("cavegraph")) / "graph.lbug")


class OpenGraph:
    """One materialization version of a connectome in a database; base of `Connectome`.

    Parameters
    ----------
    engine
        The database that holds the graph.
    token
        CAVE token for what CAVE has to answer; None to look for a saved one when needed.
    server
        CAVE server, in place of the one the graph was loaded from.
    timeout
        Seconds after which the database stops a query of any call; None for no limit.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        token: str | None = None,
        server: str | None = None,
        timeout: float | None = None,
    ) -> None:
        self.engine = engine
        self.materialization: Materialization = read_materialization(engine)
        self.annotations = AnnotationTable(self.materialization, self.run)
        self.selector = Selector(self)
        self._token = token
        self._server = server
        self._timeout = timeout

    @classmethod
    def open(
        cls,
        uri: str | Path | None = None,
        *,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        token: str | None = None,
        server: str | None = None,
        timeout: float | None = None,
    ) -> Self:
        """Open a graph that `cavegraph load` has made.

        Parameters
        ----------
        uri
            `bolt://host` or `neo4j://host` (with `+s` for encryption) for Neo4j, else the
            path of a graph file. None: `$CAVEGRAPH_URI`, else the file in the user's
            data folder.
        user, password, database
            For Neo4j. None: `$CAVEGRAPH_NEO4J_USER` and `$CAVEGRAPH_NEO4J_PASSWORD`.
        token
            CAVE token for what CAVE has to answer. None: a saved one.
        server
            CAVE server, in place of the one the graph was loaded from.
        timeout
            Seconds after which the database stops a query of any call; None for no limit.

        Returns
        -------
        Connectome
            Ready to be asked.

        Raises
        ------
        GraphNotFoundError, GraphFileError, GraphIncompleteError
            There is no graph, no readable one, or no finished one.
        EngineUnavailableError, EngineAuthError
            Neo4j does not answer, or refuses the password.
        """
        engine = open_engine(uri or default_uri(), user=user, password=password, database=database)
        try:
            return cls(engine, token=token, server=server, timeout=timeout)
        except Exception:
            engine.close()
            raise

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

    def run(
        self, query: Query, params: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> pa.Table:
        """Run a query file and make sure that the graph was this one throughout.

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
        if not is_neo4j(self.engine.uri):
            return self.engine.run_together(asked, timeout=limit)
        record = catalog()["materialization"]
        *answers, now = self.engine.run_together([*asked, (record, None)], timeout=limit)
        self._refuse_changed(now)
        return answers

    def cypher(
        self, text: str, params: Mapping[str, object] | None = None, *, timeout: float | None = None
    ) -> pd.DataFrame:
        """Run your own Cypher; the database refuses anything that writes.

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
            The query's columns, whole numbers as int64 or `Int64`.

        Raises
        ------
        ReadOnlyError
            The query writes.
        QueryRejectedError
            The database does not accept it.
        QueryTimeoutError
            The time limit was reached.
        """
        from graphapi.graph.annotations import any_frame

        answer = self.engine.run_text(text, params, timeout=self._limit(timeout))
        self._check_unchanged()
        made, frame = self.materialization, any_frame(answer)
        frame.attrs = Provenance(made.datastack, made.version, made.timestamp, "graph").attrs()
        return frame

    def _limit(self, timeout: float | None) -> float | None:
        return self._timeout if timeout is None else timeout

    def root_ids(self) -> IdArray:
        """Give the root ids of all neurons, int64, ascending."""
        return self._root_ids.copy()

    @cached_property
    def _root_ids(self) -> IdArray:
        roots: IdArray = self.run(catalog()["all_neurons"]).column("root_id").to_numpy()
        return roots

    @cached_property
    def cave_source(self) -> CaveSource | None:
        """What asks CAVE on this graph's behalf; None for graphs made from files."""
        if self.materialization.source != "cave":
            return None
        from graphapi.graph.fallback import CaveSource

        return CaveSource(self, token=self._token, server=self._server)

    def require_cave(self) -> CaveSource:
        """Give what asks CAVE, or say why there is none.

        Raises
        ------
        CaveError
            The graph was made from files.
        """
        if self.cave_source is None:
            raise CaveError(
                f"{self.name} was made from files and has no CAVE server to ask",
                hint="what the graph holds can be asked with materialization='latest', "
                "clean=True and no min_size; raw synapse rows are in your files",
            )
        return self.cave_source

    def _check_unchanged(self) -> None:
        if is_neo4j(self.engine.uri):
            self._refuse_changed(self.engine.run(catalog()["materialization"]))

    def _refuse_changed(self, record: pa.Table) -> None:
        mine = {"status": "complete", "load_id": self.materialization.load_id}
        if [{name: row[name] for name in mine} for row in record.to_pylist()] != [mine]:
            raise GraphIncompleteError(
                f"the graph at '{self.engine.uri}' has been replaced since it was opened, or is "
                "being replaced",
                hint="open it again when the load is done",
            )
