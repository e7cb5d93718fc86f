"""Every query file is one that Neo4j understands, as it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neo4j
import pytest

from graphapi.engines.neo4jrows import columnar
from graphapi.engines.queries import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j_server import Neo4jServer

EXAMPLES = {"int": 1, "float": 1.0, "string": "x", "bool": True}


@pytest.fixture(scope="module")
def session(neo4j_server: Neo4jServer) -> Iterator[neo4j.Session]:
    auth = (neo4j_server.user, neo4j_server.password)
    with (
        neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver,
        driver.session(default_access_mode=neo4j.WRITE_ACCESS) as session,
    ):
        yield session


@pytest.mark.parametrize("name", catalog().names())
def test_neo4j_plans_it(session: neo4j.Session, name: str) -> None:
    query = catalog()[name]
    text = query.text_for("neo4j")
    if query.mode == "read":
        text = columnar(query)
    params = {item.name: EXAMPLES.get(item.type, []) for item in query.params}
    summary = session.run(f"EXPLAIN {text}", params).consume()  # type: ignore[arg-type]
    assert summary.plan is not None
    if query.mode == "read":
        assert summary.query_type == "r"
