"""A real server on a port of this machine, over the hand-drawn graph, on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from explorer import Explorer, open_explorer
from serve_client import HOSTILE, Client, Serving

import graphapi
from conformance import direct
from conformance.toy import ANNOTATIONS, BASE, ROWS
from graphapi.serve.running import serve
from graphapi.serve.settings import Settings
from support.assistant import Assistant, connected


@pytest.fixture(
    scope="session", params=["ladybug", pytest.param("neo4j", marks=[pytest.mark.neo4j])]
)
def toy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[graphapi.Connectome]:
    """The hand-drawn graph, with one hostile name."""
    annotations = [*ANNOTATIONS, {"root_id": BASE + 9, "cell_class": HOSTILE}]
    content = direct.contents(ROWS, annotations)
    server = request.getfixturevalue("neo4j_server") if request.param == "neo4j" else None
    path = tmp_path_factory.mktemp("serve") / "toy.lbug"
    with direct.opened(content, path, server) as connectome:
        yield connectome


@pytest.fixture(scope="session")
def client(toy: graphapi.Connectome) -> Iterator[Client]:
    with serve(toy, Settings()) as running:
        yield Client(running)


@pytest.fixture(scope="module")
def assistant(client: Client) -> Iterator[Assistant]:
    """An assistant, connected to the server."""
    with connected(f"{client.url}/mcp") as opened:
        yield opened


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explorer]:
    with open_explorer(tmp_path_factory.mktemp("downloads")) as opened:
        yield opened


@pytest.fixture
def serving(toy: graphapi.Connectome) -> Serving:
    """Serve the graph with other settings."""

    @contextmanager
    def started(**settings: Any) -> Iterator[Client]:
        with serve(toy, Settings(**settings)) as running:
            yield Client(running)

    return started
