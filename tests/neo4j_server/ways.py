"""The three ways to a server for tests, tried in order: given, Docker, Maven."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .docker import DockerServer, docker_obstacle
from .maven import assemble, maven_obstacle
from .process import LocalServer

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What one transaction may take: enough to delete a real connectome in one, and less than the
#: heap, so that a test that goes beyond it gets an error and the others go on.
TRANSACTION_MEMORY = "512m"
GIVEN = "CAVEGRAPH_TEST_NEO4J_URI"


class NoServerError(Exception):
    """None of the three ways leads to a server; the message says why for each."""


class GivenServerError(Exception):
    """The given server holds data, which the tests would delete."""


@dataclass(frozen=True)
class Neo4jServer:
    """A running server, for tests.

    Parameters
    ----------
    uri, user, password
        For the driver.
    http_url
        Where Neo4j Browser is (`/browser/`); empty for a given server.
    home
        The server's folder, only where it was assembled here.
    local
        The process behind it, with `stop` and `start`, only where it was assembled here.
    """

    uri: str
    user: str
    password: str
    http_url: str = ""
    home: Path | None = None
    local: LocalServer | None = None

    def __repr__(self) -> str:
        return f"Neo4jServer({self.uri!r})"  # pytest prints fixtures: no password

    def empty(self) -> None:
        """Delete all nodes, whatever an earlier test left."""
        import neo4j

        auth = (self.user, self.password)
        with neo4j.GraphDatabase.driver(self.uri, auth=auth) as driver:
            driver.execute_query("MATCH (n) DETACH DELETE n")


@contextmanager
def obtain() -> Iterator[Neo4jServer]:
    """Give a server, and stop at the end what was started for it.

    Raises
    ------
    NoServerError
        There is none to be had here.
    GivenServerError
        The given one is not empty.
    """
    if uri := os.environ.get(GIVEN):
        yield _given(uri)
        return
    no_docker = docker_obstacle()
    if no_docker is None:
        docker = DockerServer().start()
        try:
            yield Neo4jServer(docker.uri, docker.user, docker.password, docker.http_url)
        finally:
            docker.stop()
        return
    if no_maven := maven_obstacle():
        raise NoServerError(
            f"no Neo4j server: {GIVEN} is not set; {no_docker}; cannot be assembled: {no_maven}"
        )
    with tempfile.TemporaryDirectory(prefix="cavegraph-neo4j-", ignore_cleanup_errors=True) as home:
        limit = {"db.memory.transaction.max": TRANSACTION_MEMORY}
        local = LocalServer(assemble(), Path(home), quick=True, settings=limit)
        try:
            local.start()
            yield Neo4jServer(
                local.uri, local.user, local.password, local.http_url, local.home, local
            )
        finally:
            local.stop(at_once=True)


def _given(uri: str) -> Neo4jServer:
    user = os.environ.get("CAVEGRAPH_TEST_NEO4J_USER", "neo4j")
    server = Neo4jServer(uri, user, os.environ.get("CAVEGRAPH_TEST_NEO4J_PASSWORD", ""))
    if os.environ.get("CAVEGRAPH_TEST_NEO4J_WIPE") != "1":
        _refuse_if_not_empty(server)
    return server


def _refuse_if_not_empty(server: Neo4jServer) -> None:
    """Keep the tests, which delete graphs, away from somebody's data."""
    import neo4j

    auth = (server.user, server.password)
    with neo4j.GraphDatabase.driver(server.uri, auth=auth) as driver:
        found = driver.execute_query("MATCH (n) RETURN n LIMIT 1").records
    if found:
        raise GivenServerError(
            f"the server of {GIVEN} holds data, and the tests would delete it; "
            "give an empty one, or set CAVEGRAPH_TEST_NEO4J_WIPE=1"
        )
