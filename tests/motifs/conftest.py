"""Small graphs in each engine, put there by each database's own driver."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from motif_schema import FIELDS, SCHEMA

from graphapi.graph.reader import Reader
from graphapi.graph.whole import WholeGraph
from graphapi.motifs.search import MotifSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd


class Unrecorded(Reader):
    """A graph that no load has made: without a record, and so without a guard."""

    is_served = False

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.whole = WholeGraph(self)
        self.timeout = self._roots = None
        self.materialization = SimpleNamespace(
            datastack="toy", version=1, timestamp="never", counts={}
        )


@pytest.fixture(
    scope="session", params=["ladybug", pytest.param("neo4j", marks=[pytest.mark.neo4j])]
)
def put(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Any]:
    """Return a context manager: neurons and connections in, a MotifSearch out."""
    server = request.getfixturevalue("neo4j_server") if request.param == "neo4j" else None
    folder = tmp_path_factory.mktemp("motifs")

    @contextmanager
    def maker(
        neurons: pd.DataFrame, connections: pd.DataFrame, **options: Any
    ) -> Iterator[MotifSearch]:
        partners = neurons["root_id"].map(connections["pre"].value_counts())
        neurons = neurons.assign(out_partners=partners.fillna(0).astype("int64"))
        if server is not None:
            from graphapi.engines.neo4j import Neo4jEngine

            _into_neo4j(server, neurons, connections)
            engine: Any = Neo4jEngine.connect(
                server.uri, user=server.user, password=server.password
            )
        else:
            from graphapi.engines.ladybug import LadybugEngine

            engine = LadybugEngine.open(_into_ladybug(folder, neurons, connections))
        try:
            yield MotifSearch(Unrecorded(engine), SCHEMA, **options)
        finally:
            engine.close()

    return maker


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Plain values, gaps as None."""
    return [
        {key: None if _gap(value) else value for key, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


def _gap(value: object) -> bool:
    return value is None or value != value


def _into_ladybug(folder: Path, neurons: pd.DataFrame, connections: pd.DataFrame) -> Path:
    import ladybug

    path = folder / f"{uuid4().hex}.lbug"
    database = ladybug.Database(path)
    connection = ladybug.Connection(database)
    columns = ", ".join(f"{name} {kind}" for name, kind in FIELDS.items())
    connection.execute(
        f"CREATE NODE TABLE Neuron(root_id INT64, out_partners INT64, {columns}, "
        "PRIMARY KEY(root_id))"
    )
    connection.execute(
        "CREATE REL TABLE CONNECTS(FROM Neuron TO Neuron, weight INT64, size_sum INT64)"
    )
    connection.execute("BEGIN TRANSACTION")  # waits for the disk once, not once a row
    for row in _rows(neurons):
        given = {key: value for key, value in row.items() if value is not None}
        listed = ", ".join(f"{key}: ${key}" for key in given)
        connection.execute(f"CREATE (:Neuron {{{listed}}})", given)
    for row in _rows(connections):
        connection.execute(
            "MATCH (a:Neuron {root_id: $pre}), (b:Neuron {root_id: $post}) "
            "CREATE (a)-[:CONNECTS {weight: $weight, size_sum: $size_sum}]->(b)",
            row,
        )
    connection.execute("COMMIT")
    connection.execute("CHECKPOINT")
    connection.close()
    database.close()
    return path


def _into_neo4j(server: Any, neurons: pd.DataFrame, connections: pd.DataFrame) -> None:
    import neo4j

    with (
        neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver,
        driver.session() as session,
    ):
        session.run("MATCH (n) DETACH DELETE n").consume()
        session.run(
            "UNWIND $rows AS row CREATE (n:Neuron) SET n = row", rows=_rows(neurons)
        ).consume()
        session.run(
            "UNWIND $rows AS row "
            "MATCH (a:Neuron {root_id: row.pre}), (b:Neuron {root_id: row.post}) "
            "CREATE (a)-[:CONNECTS {weight: row.weight, size_sum: row.size_sum}]->(b)",
            rows=_rows(connections),
        ).consume()
