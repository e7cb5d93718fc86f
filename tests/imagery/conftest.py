"""Fixtures: folders of a test's own, the real segmentation, and a web server."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hand_made import WebServer, handler

if TYPE_CHECKING:
    from collections.abc import Iterator

PINKY40 = Path(__file__).parents[3] / "shared/data/morphology/pinky40_precomputed"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep caches and cloud-volume's folders inside the test."""
    monkeypatch.setenv("CLOUD_VOLUME_DIR", str(tmp_path / "cloudvolume"))
    monkeypatch.setenv("CAVEGRAPH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")


@pytest.fixture
def pinky40() -> Path:
    """A real segmentation with real meshes."""
    if not PINKY40.is_dir():
        pytest.skip("shared/data is not here")
    return PINKY40


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    """A web server over the test's own folder."""
    server = WebServer(tmp_path)
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler(server))
    server.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    http.shutdown()
    http.server_close()
    thread.join()
