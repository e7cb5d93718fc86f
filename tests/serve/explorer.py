"""The page of `cavegraph explore` in a headless Chromium: what hands do and eyes see."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--window-size=1280,1000",
)
_PATIENCE = 60  # seconds; a busy machine draws slowly
_BUSY = "return document.querySelector('.view')?.getAttribute('aria-busy')"
_TABLE = """
const found = [...document.querySelectorAll('[data-table]')].filter(
    one => arguments[0] === null || one.dataset.table === arguments[0]);
if (!found.length) return null;
const text = element => element.textContent;
return {said: text(found[0].querySelector('.said') ?? found[0]),
        head: [...found[0].querySelectorAll('th button span:first-child')].map(text),
        rows: [...found[0].querySelectorAll('tbody tr:not(.gap)')].map(
            row => [...row.children].map(text))};
"""


def chromium_or_skip() -> tuple[str, str]:
    """Return the places of Chromium and its driver; in CI they must be there."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary and driver:
        return binary, driver
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail("CI must have Debian's chromium and chromium-driver", pytrace=False)
    pytest.skip("needs chromium and chromedriver")


class Explorer:
    """One window of the page."""

    def __init__(self, driver: Any, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads
        self.url = ""

    def at(self, url: str) -> Explorer:
        """Look at another server."""
        self.url = url
        self.driver.get("about:blank")
        return self

    def open(self, view: str, **parameters: object) -> Explorer:
        """Write the address of a view, as a link does."""
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        self.go_to(f"{self.url}/#/{view}{query}")
        return self

    def go_to(self, address: str) -> None:
        self.driver.get(address)
        self.wait()

    def wait(self) -> None:
        """Wait until the view is whole, and nothing was forbidden or thrown on the way."""
        self.until(lambda: self.js(_BUSY) == "false")

    def until(self, holds: Any) -> None:
        end = time.monotonic() + _PATIENCE
        while not holds():
            assert time.monotonic() < end, self.driver.find_element("tag name", "body").text
            time.sleep(0.03)

    def js(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def text(self, selector: str) -> str:
        return str(self.one(selector).text)

    def click(self, selector: str) -> None:
        self.one(selector).click()

    def type(self, selector: str, text: str, *, then: str = "") -> None:
        box = self.one(selector)
        box.clear()
        box.send_keys(text + then)

    def table(self, name: str | None = None) -> list[dict[str, str]]:
        """Return the drawn rows of a table."""
        found = self.js(_TABLE, name)
        return [dict(zip(found["head"], row, strict=True)) for row in found["rows"]]

    def said(self, name: str | None = None) -> str:
        """Return what a table says of its size."""
        return str(self.js(_TABLE, name)["said"])

    def numbers(self, column: str, name: str | None = None) -> list[int]:
        return [int(row[column].replace(",", "")) for row in self.table(name)]

    def elsewhere(self) -> dict[str, str]:
        """Return the same question as Python, Cypher and command line."""
        found = {}
        for tab in self.all("[data-as]"):
            tab.click()
            found[tab.get_attribute("data-as")] = self.text(".elsewhere code")
        return found

    def downloaded(self, name: str) -> Path:
        """Wait for a file."""
        path = self.downloads / name
        self.until(lambda: path.exists() and path.stat().st_size)
        return path

    def complaints(self) -> list[str]:
        """Return what the browser's console has said since the last time, errors only."""
        log = self.driver.get_log("browser")
        return [line["message"] for line in log if line["level"] == "SEVERE"]


def ids(values: Any) -> list[str]:
    """Return ids as the page writes them."""
    return [str(value) for value in values]


def drawn(page: Explorer) -> tuple[set[str], set[tuple[str, ...]]]:
    """Return the neurons of a drawing, and its connections with their weights."""
    nodes, edges = page.js(
        "const all = (s, f) => [...document.querySelectorAll(s)].map(f);"
        "return [all('.neuron', g => g.dataset.id),"
        " all('[data-weight]', g => [g.dataset.pre, g.dataset.post, g.dataset.weight])]"
    )
    return set(nodes), {tuple(edge) for edge in edges}


@contextmanager
def open_explorer(downloads: Path) -> Iterator[Explorer]:
    """Start a Chromium."""
    from selenium import webdriver

    binary, driver = chromium_or_skip()
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in _FLAGS:
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield Explorer(opened, downloads)
    finally:
        opened.quit()
