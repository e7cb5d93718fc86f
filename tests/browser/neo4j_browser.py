"""Neo4j Browser in a headless Chromium: what a person's hands and eyes do, no more.

Nothing here reaches into the Browser's own state: text is pasted into its editor, keys are
pressed, files are dropped, and what comes out is read from the page.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webelement import WebElement

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1500,1200",
)
_PATIENCE = 90  # seconds; a busy machine draws slowly

_READ_FRAME = """
const frame = document.querySelector("[data-testid='frame']");
if (!frame) return null;
const text = selector => [...frame.querySelectorAll(selector)].map(e => e.textContent);
const error = frame.querySelector("[data-testid='cypherFrameErrorMessage'], .statusBar--error");
const circles = [...frame.querySelectorAll("g.layer.nodes g.node")].map(g => ({
    fill: (g.querySelector("circle.b-outline") || {getAttribute: () => ""}).getAttribute("fill"),
    radius: +(g.querySelector("circle.b-outline") || {getAttribute: () => 0}).getAttribute("r"),
    caption: [...g.querySelectorAll("text")].map(t => t.textContent).join(" ").trim()}));
const arrows = [...frame.querySelectorAll("g.layer.relationships g.relationship")].map(g => ({
    outline: (g.querySelector("path.b-outline") || {getAttribute: () => ""}).getAttribute("d"),
    caption: [...g.querySelectorAll("text")].map(t => t.textContent).join(" ").trim()}));
return {all: frame.innerText, status: text("[data-testid='frameStatusbar']").join(" "),
        command: text("[data-testid='frameCommand']").join(" "),
        error: error ? error.textContent : "",
        head: text("th"), cells: [...frame.querySelectorAll("tbody tr")].map(
            row => [...row.querySelectorAll("td")].map(cell => cell.innerText.trim())),
        nodes: circles, arrows: arrows};
"""

_READ_PROPERTIES = """
const rows = document.querySelectorAll(
    "[data-testid='viz-details-pane-properties-table'] tr");
return Object.fromEntries([...rows].map(row =>
    [...row.querySelectorAll("td")].slice(0, 2).map(cell => cell.innerText.trim())));
"""

_READ_EDITOR = """
const lines = [...document.querySelectorAll("[data-testid='activeEditor'] .view-line")];
const top = line => parseInt(line.style.top);
return lines.sort((a, b) => top(a) - top(b)).map(
    line => line.textContent.replaceAll("\\u00a0", " ")).join("\\n");
"""

_DROP = """
const [target, name, content, base64] = arguments;
const bytes = base64 ? Uint8Array.from(atob(content), c => c.charCodeAt(0)) : content;
const transfer = new DataTransfer();
transfer.items.add(new File([bytes], name, {type: base64 ? "application/zip" : "text/plain"}));
for (const kind of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true,
                                              dataTransfer: transfer}));
"""


@dataclass(frozen=True)
class Circle:
    """A node as it is drawn."""

    fill: str
    radius: float
    caption: str


@dataclass(frozen=True)
class Arrow:
    """A relationship as it is drawn; `outline` is the path of an SVG."""

    caption: str
    outline: str

    @property
    def width(self) -> float:
        """Width of the shaft of a straight arrow, in pixels."""
        _, _, half = self.outline.split()[:3]
        return 2 * float(half)


@dataclass(frozen=True)
class Frame:
    """What the newest result frame shows.

    Parameters
    ----------
    text
        All of it, as a reader sees it.
    status
        The line at its foot.
    error
        The error's text; empty for none.
    head, cells
        The table, where the frame shows one.
    nodes
        The drawn nodes, where the frame shows a picture.
    arrows
        The drawn relationships.
    """

    text: str
    status: str
    error: str
    head: list[str]
    cells: list[list[str]]
    nodes: list[Circle]
    arrows: list[Arrow]


class Neo4jBrowser:
    """One logged-in Browser page."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self._wait = WebDriverWait(driver, _PATIENCE, poll_frequency=0.2)
        self._count = 0

    def log_in(self, http_url: str, bolt_uri: str, user: str, password: str) -> None:
        """Open the page, fill the form in, wait for the answer of the first command."""
        self.driver.get(f"{http_url}/browser/")
        field = self._await("[data-testid='boltaddress']")
        self._retype(field, bolt_uri.split("://", 1)[1])
        self._retype(self._await("[data-testid='username']"), user)
        self._retype(self._await("[data-testid='password']"), password)
        self._await("[data-testid='connect']").click()
        self._wait.until(lambda _: "connected as user" in self._body().lower())

    def paste(self, text: str) -> Frame:
        """Paste a text into the editor, run it, and read the frame that answers."""
        before = self._command_ids()
        self.run(text)
        self._wait.until(lambda _: self._command_ids() - before, f"no frame for: {text[:200]}")
        return self.settled()

    def run(self, text: str) -> None:
        """Paste a text into the editor and run it; for commands that give no frame."""
        self._into_editor(text)
        self._await("[data-testid='editor-Run']").click()

    def settled(self) -> Frame:
        """Read the newest frame when it has an answer, and does not change any more."""
        seen: list[str] = []

        def same_twice(_: object) -> bool:
            told = json.dumps(self.driver.execute_script(_READ_FRAME), sort_keys=True)
            seen.append(told)
            waiting = self._find("[data-testid='frame'] [data-testid='frameStatusbar'] svg.spin")
            return not waiting and len(seen) > 1 and seen[-2] == told and self._answered(told)

        self._wait.until(same_twice)
        return self.read()

    def read(self) -> Frame:
        """Read the newest frame as it is."""
        raw = self.driver.execute_script(_READ_FRAME)
        return Frame(
            raw["all"], raw["status"], raw["error"], raw["head"], raw["cells"],
            [Circle(**node) for node in raw["nodes"]], [Arrow(**tie) for tie in raw["arrows"]],
        )  # fmt: skip

    def show(self, view: str) -> Frame:
        """Change the newest frame's view: `Graph`, `Table`, `Text` or `Code`."""
        name = {"Graph": "Visualization", "Text": "Ascii"}.get(view, view)
        self.press(f"[data-testid='frame'] [data-testid='cypherFrameSidebar{name}']")
        return self.settled()

    def properties_of(self, number: int) -> dict[str, str]:
        """Click on a drawn node of the newest frame and read the table of its properties.

        Not twice in a row on the same node: its table would have to change to be seen.
        """
        before = self.driver.execute_script(_READ_PROPERTIES)
        frame = self._await("[data-testid='frame']")
        frame.find_elements(By.CSS_SELECTOR, "g.layer.nodes g.node")[number].click()

        def changed(_: object) -> dict[str, str] | None:
            now: dict[str, str] = self.driver.execute_script(_READ_PROPERTIES)
            return now if now != before else None

        return self._wait.until(changed, "a node's properties do not appear")

    def export_csv(self, folder: Path) -> str:
        """Export the newest frame's rows and give the file's text."""
        self.driver.execute_cdp_cmd(
            "Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)}
        )
        self.press("[data-testid='frame'] [data-testid='exportCSVButton']")
        path = folder / "export.csv"
        self._wait.until(lambda _: path.exists() and path.stat().st_size, "no export.csv")
        return path.read_text("utf-8-sig")

    def clear(self) -> None:
        """Close all frames."""
        if self._command_ids():
            self.run(":clear")
            self._wait.until(lambda _: not self._command_ids(), "frames that do not close")

    def drop(self, selector: str, name: str, content: str, *, base64: bool = False) -> None:
        """Drop a file onto a part of the page."""
        self.driver.execute_script(_DROP, self._await(selector), name, content, base64)

    def press(self, selector: str) -> None:
        """Click on a part of the page."""
        self.driver.execute_script("arguments[0].click()", self._await(selector))

    def text(self) -> str:
        """Give all the text of the page."""
        return self._body()

    def await_text(self, text: str) -> None:
        """Wait until the page shows a text."""
        self._wait.until(lambda _: text in self._body(), f"the page does not say: {text}")

    def await_in_editor(self, text: str) -> None:
        """Wait until the editor holds a text, however long its lines are."""
        self._wait.until(
            lambda _: text in self.driver.execute_script(_READ_EDITOR),
            f"the editor does not hold: {text}",
        )

    def frame_png(self) -> bytes:
        """Give a picture of the newest frame."""
        return self._await("[data-testid='frame']").screenshot_as_png

    def page_png(self) -> bytes:
        """Give a picture of the whole page."""
        return self.driver.get_screenshot_as_png()

    def _answered(self, told: str) -> bool:
        frame = json.loads(told)
        if frame is None:
            return False
        if frame["command"].startswith(":"):
            return len(frame["all"]) > len(frame["command"]) + 5
        if frame["error"] or frame["status"]:
            return True
        return bool(frame["nodes"]) and "Displaying" in frame["all"]

    def _into_editor(self, text: str) -> None:
        area = self._await("[data-testid='activeEditor'] textarea")
        self.driver.execute_script("arguments[0].focus()", area)
        area.send_keys(Keys.CONTROL, "a")
        area.send_keys(Keys.DELETE)
        self.driver.execute_cdp_cmd("Input.insertText", {"text": text})

    def _command_ids(self) -> set[str]:
        return {frame.id for frame in self._find("[data-testid='frame']")}

    def _retype(self, field: WebElement, text: str) -> None:
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)

    def _body(self) -> str:
        try:
            return self.driver.find_element(By.TAG_NAME, "body").text
        except StaleElementReferenceException:
            return ""

    def _find(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def _await(self, selector: str) -> WebElement:
        return self._wait.until(
            lambda _: next(iter(self._find(selector)), None), f"not on the page: {selector}"
        )


def chromium_obstacle() -> str | None:
    """Say why no Chromium can be driven; None where it can."""
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        return "`chromium` and `chromedriver` are not both installed"
    return None


@contextmanager
def open_chromium(profile: Path) -> Iterator[Neo4jBrowser]:
    """Start a Chromium of its own with an empty profile, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    service = webdriver.ChromeService(str(shutil.which("chromedriver")))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield Neo4jBrowser(driver)
    finally:
        driver.quit()
