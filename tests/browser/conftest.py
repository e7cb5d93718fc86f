"""A graph to explore in a real Neo4j, and a real Neo4j Browser on it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import neo4j
import pytest
from explored_graph import TOKEN, Explored, keep_strong
from neo4j_browser import Neo4jBrowser, chromium_obstacle, open_chromium

import loader
from loader.sandbox.standin import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from neo4j_server import Neo4jServer

_NO_CHROMIUM = "Neo4j Browser tests not run"


@pytest.fixture(scope="package")
def explored(
    neo4j_server: Neo4jServer, demo_datastack: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Explored]:
    """The demo datastack without its weakest connections, loaded from CAVE into Neo4j."""
    folder = tmp_path_factory.mktemp("explored") / "datastack"
    shutil.copytree(demo_datastack, folder)
    connections, autapses = keep_strong(folder / "tables" / "synapses_v2" / "v3.parquet")
    with serve(folder, token=TOKEN) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAVEGRAPH_NEO4J_USER", neo4j_server.user)
        patch.setenv("CAVEGRAPH_NEO4J_PASSWORD", neo4j_server.password)
        source = loader.CaveSource.from_preset(
            "demo_ant",
            server=server.url,
            token=TOKEN,
            version=3,
            annotations=[folder / "annotations.parquet"],
        )
        loader.load(source, neo4j_server.uri, replace=True, progress=False)
    auth = (neo4j_server.user, neo4j_server.password)
    with (
        neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver,
        driver.session() as session,
    ):
        yield Explored(folder, neo4j_server, session, connections, autapses)


@pytest.fixture(scope="package")
def browser(explored: Explored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jBrowser]:
    """Neo4j Browser in a Chromium, logged in, with our style."""
    from loader.browser.browserkit import grass

    obstacle = chromium_obstacle()
    server = explored.server
    if obstacle is None and not server.http_url:
        obstacle = "the given Neo4j server's HTTP address is not known"
    if obstacle and os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"CI must run the Neo4j Browser tests: {obstacle}", pytrace=False)
    if obstacle:
        pytest.skip(f"{_NO_CHROMIUM}: {obstacle}")
    with open_chromium(tmp_path_factory.mktemp("chromium")) as page:
        page.log_in(server.http_url, server.uri, server.user, server.password)
        page.drop("[data-testid='frame']", "cavegraph.grass", grass())
        yield page
