"""The synthetic datastack, served and loaded, for tests of the whole way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import graphapi
from loader.sandbox.standin import RunningServer, serve

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CAVEGRAPH_URI", raising=False)
    monkeypatch.delenv("CAVEGRAPH_SERVER", raising=False)


@pytest.fixture(scope="session")
def demo_folder(demo_datastack: Path) -> Path:
    """The synthetic datastack."""
    return demo_datastack


@pytest.fixture(scope="session")
def server(demo_folder: Path) -> Iterator[RunningServer]:
    """A stand-in whose row limit is far below what most questions need."""
    with serve(demo_folder, row_limit=700, token=TOKEN) as running:
        yield running


@pytest.fixture(scope="session")
def graph_file(demo_graph: Path) -> Path:
    """The datastack as a graph; loaded with the usual row limit."""
    return demo_graph


@pytest.fixture
def connectome(graph_file: Path, server: RunningServer) -> Iterator[graphapi.Connectome]:
    with graphapi.Connectome.open(graph_file, token=TOKEN, server=server.url) as opened:
        yield opened
