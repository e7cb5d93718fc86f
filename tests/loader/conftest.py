"""Places to load into: a file, or the Neo4j server emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def neo4j_place(neo4j_server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CAVEGRAPH_NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("CAVEGRAPH_NEO4J_PASSWORD", neo4j_server.password)
    neo4j_server.empty()
    return neo4j_server.uri


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=[pytest.mark.neo4j])])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "neo4j":
        return request.getfixturevalue("neo4j_place")
    return str(tmp_path / "target.lbug")


@pytest.fixture
def run_raw(place: str):
    """Run a writing Cypher text by the database's own driver: to damage a graph."""

    def run(text: str) -> None:
        if place.startswith("bolt"):
            import os

            import neo4j

            auth = (os.environ["CAVEGRAPH_NEO4J_USER"], os.environ["CAVEGRAPH_NEO4J_PASSWORD"])
            with neo4j.GraphDatabase.driver(place, auth=auth) as driver:
                driver.execute_query(text)
            return
        import ladybug

        database = ladybug.Database(place)
        connection = ladybug.Connection(database)
        connection.execute(text)
        connection.execute("CHECKPOINT")
        connection.close()
        database.close()

    return run
