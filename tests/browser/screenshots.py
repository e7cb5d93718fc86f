"""Takes the pictures of docs/browser.md: ``python -m tests.browser.screenshots [FOLDER]``.

A Neo4j of its own, the whole demo in it, the real Browser: three minutes on two cores.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from graphapi.engines.savedqueries import saved_queries
from loader.browser.browserkit import favourites, grass
from loader.pipeline import load
from loader.sandbox.demo.run import Places, demo_source, serve_demo
from tests.browser.neo4j_browser import Neo4jBrowser, open_chromium
from tests.neo4j_server import LocalServer, assemble

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
_FRAME = "[data-testid='frame']"
_LEAST = 20_000  # bytes
_SHRINK = 0.8  # of the pixels: what a page shows


class Camera:
    """Takes and keeps pictures of one Browser page."""

    def __init__(self, page: Neo4jBrowser, folder: Path) -> None:
        self._page = page
        self._folder = folder
        self._texts = {query.name: query.text for query in saved_queries()}

    def query(self, name: str, picture: str, *, then: Callable[[], None] | None = None) -> None:
        """Paste a saved query and keep what it draws."""
        self.text(self._texts[name], picture, then=then)

    def text(self, text: str, picture: str, *, then: Callable[[], None] | None = None) -> None:
        """Paste any query and keep what it draws."""
        self._page.clear()
        frame = self._page.paste(text)
        if frame.error:
            raise SystemExit(f"{picture}: {frame.error}")
        time.sleep(2)  # a frame that comes in cannot be made large yet
        self._page.press(f"{_FRAME} [title='Fullscreen']")
        self._page.press(f"{_FRAME} [aria-label='zoom-to-fit']")
        time.sleep(3)  # until all circles have come to rest
        if then is not None:
            then()
        self._keep(self._page.page_png(), picture)
        self._page.press("[title='Close fullscreen']")

    def prepare(self, name: str) -> None:
        """Paste a saved query, without a picture."""
        self._page.clear()
        if (frame := self._page.paste(self._texts[name])).error:
            raise SystemExit(f"{name}: {frame.error}")

    def page(self, picture: str) -> None:
        """Keep the whole page."""
        self._keep(self._page.page_png(), picture)

    def _keep(self, png: bytes, name: str) -> None:
        image = Image.open(io.BytesIO(png)).convert("RGB")
        size = (round(image.width * _SHRINK), round(image.height * _SHRINK))
        small = image.resize(size, Image.Resampling.LANCZOS).quantize(128, dither=0)
        path = self._folder / f"browser_{name}.png"
        small.save(path, optimize=True)
        if path.stat().st_size < _LEAST:
            raise SystemExit(f"{path}: the picture shows next to nothing; take them again")
        print(f"{path}  {path.stat().st_size // 1000} kB")


def take(page: Neo4jBrowser, folder: Path) -> None:
    """Take all pictures."""
    camera = Camera(page, folder)
    page.driver.set_window_size(1450, 950)
    page.drop(_FRAME, "cavegraph.grass", grass())
    camera.text("CALL db.schema.visualization()", "schema")
    camera.query("neighbourhood_picture", "neighbourhood")
    camera.query("class_feed_forward_loops", "motif")
    camera.query("class_paths_picture", "paths")
    camera.query("class_picture", "classes")
    camera.prepare("colours_on")
    camera.query("neighbourhood", "neuron", then=lambda: _show_root_id(page))
    camera.prepare("colours_off")
    page.drop(_FRAME, "saved.zip", base64.b64encode(favourites()).decode(), base64=True)
    page.press("[title='Favorites']")
    page.press("[data-testid='expandFolder-cavegraph']")
    camera.prepare("strongest_inputs")
    camera.page("favourites")


def _show_root_id(page: Neo4jBrowser) -> None:
    page.properties_of(0)
    rows = "[data-testid='viz-details-pane-properties-table'] tr:last-child"
    page.driver.execute_script("document.querySelector(arguments[0]).scrollIntoView()", rows)


def main() -> None:
    """Start what is needed, take the pictures, end what was started."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots")
    parser.add_argument("folder", type=Path, nargs="?", default=IMAGES)
    folder = parser.parse_args().folder
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cavegraph-")))
        server = LocalServer(assemble(), scratch / "neo4j")
        stack.callback(server.stop, at_once=True)
        server.start()
        os.environ["CAVEGRAPH_NEO4J_USER"] = server.user
        os.environ["CAVEGRAPH_NEO4J_PASSWORD"] = server.password
        places = Places(scratch / "demo")
        with serve_demo(places) as served:
            load(demo_source(places, served.url), server.uri)
        page = stack.enter_context(open_chromium(scratch / "chromium"))
        page.log_in(server.http_url, server.uri, server.user, server.password)
        take(page, folder)


if __name__ == "__main__":
    main()
