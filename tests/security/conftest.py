"""Places to load into, as for the loader's tests."""

from __future__ import annotations

import pytest


@pytest.fixture
def neo4j_place(neo4j_server, monkeypatch: pytest.MonkeyPatch) -> str:
    import neo4j

    monkeypatch.setenv("CAVEGRAPH_NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("CAVEGRAPH_NEO4J_PASSWORD", neo4j_server.password)
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    return neo4j_server.uri


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=[pytest.mark.neo4j])])
def place(request: pytest.FixtureRequest, tmp_path) -> str:
    if request.param == "neo4j":
        return request.getfixturevalue("neo4j_place")
    return str(tmp_path / "target.lbug")
