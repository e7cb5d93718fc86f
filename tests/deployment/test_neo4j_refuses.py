"""A real server with the settings of docker-compose.yml refuses what reaches beyond the graph."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import neo4j
import pytest
import yaml
from neo4j import exceptions

from graphapi.engines.allowed import NEO4J
from neo4j_server.maven import assemble, maven_obstacle
from neo4j_server.process import LocalServer

FILE = Path(__file__).parents[2] / "docker-compose.yml"
BEYOND = [
    "LOAD CSV FROM 'file:///canary.csv' AS row RETURN row",
    "LO\\u0041D CSV FROM 'file:///canary.csv' AS row RETURN row",
    "LOAD CSV FROM '{web}canary' AS row RETURN row",
    "LOAD CSV FROM 'http://localhost:{port}/canary' AS row RETURN row",
    "CALL apoc.load.json('{web}canary') YIELD value RETURN value",
    "CALL apoc.load.json('file:///canary.csv') YIELD value RETURN value",
    "CALL apoc.load.csv('file:///canary.csv') YIELD map RETURN map",
    "CALL apoc.load.xml('{web}canary') YIELD value RETURN value",
    "CALL apoc.import.csv([{{fileName: '{web}canary', labels: []}}], [], {{}})",
    "CALL apoc.export.csv.all('canary.csv', {{}})",
    "CALL apoc.cypher.run('RETURN 1', {{}}) YIELD value RETURN value",
    "RETURN apoc.cypher.runFirstColumnSingle('RETURN 1', {{}}) AS x",
    "CALL apoc.periodic.iterate('RETURN 1', 'RETURN 1', {{}})",
    "CALL apoc.config.map()",
    "CALL apoc.systemdb.graph()",
]
READING = [
    "RETURN apoc.coll.toSet([1, 1]) AS x",
    "RETURN apoc.text.replace('a', 'a', 'b') AS x",
    "RETURN apoc.map.fromPairs([['a', 1]]) AS x",
    "RETURN apoc.create.vNode(['N'], {{}}) AS x",
    "CALL db.schema.visualization()",
    "CALL db.labels()",
]


def security_settings() -> dict[str, str]:
    """The lines of the compose file, as its image writes them: `_` is `.` and `__` is `_`."""
    found = yaml.safe_load(FILE.read_text())["services"]["neo4j"]["environment"]
    named = {
        name.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_"): value
        for name, value in found.items()
    }
    wanted = ("dbms.security.", "internal.")
    return {k: v.replace(" ", "") for k, v in named.items() if k.startswith(wanted)}


@pytest.fixture(scope="module")
def web() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Canary(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"a": 1}\n')

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canary) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[neo4j.Driver]:
    if obstacle := maven_obstacle():
        pytest.skip(f"this test starts a server of its own: {obstacle}")
    home = tmp_path_factory.mktemp("refusing")
    server = LocalServer(assemble(), home, quick=True, settings=security_settings()).start()
    (home / "import" / "canary.csv").write_text("canary\n")
    try:
        with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
            yield driver
    finally:
        server.stop(at_once=True)


@pytest.mark.neo4j
@pytest.mark.parametrize("text", BEYOND)
def test_the_server_refuses_what_reaches_beyond_the_graph(
    driver: neo4j.Driver, web: tuple[str, list[str]], text: str
) -> None:
    address, asked = web
    port = address.rsplit(":")[-1].strip("/")
    with pytest.raises(exceptions.Neo4jError) as refused:
        driver.execute_query(text.format(web=address, port=port))  # even without read mode
    assert asked == []
    assert (refused.value.code or "").endswith(
        ("ExternalResourceFailed", "ProcedureNotFound", "SyntaxError")
    )


@pytest.mark.neo4j
@pytest.mark.parametrize("text", READING)
def test_and_still_reads(driver: neo4j.Driver, text: str) -> None:
    driver.execute_query(text.format(), routing_="r")


def test_the_server_and_our_door_allow_the_same_of_apoc() -> None:
    listed = security_settings()["dbms.security.procedures.allowlist"].upper().split(",")
    rooms = {name.removesuffix("*") for name in listed if name.endswith("*")}
    single = {name for name in listed if not name.endswith("*")}
    ours = {n for n in (*NEO4J.functions, *NEO4J.procedures) if n.startswith("APOC.")}
    assert rooms >= set(NEO4J.function_rooms)
    assert {n for n in ours if not n.startswith(tuple(rooms))} == single
    unused = {
        r for r in rooms - set(NEO4J.function_rooms) if not any(n.startswith(r) for n in ours)
    }
    assert unused == set()
