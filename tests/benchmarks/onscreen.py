"""What a person sees of `cavegraph explore`: the first page, a long table, a matrix that moves.

    python -m tests.benchmarks.visitors --graph FILE    measures, and prints lines for notes.md

Times are taken inside a headless Chromium, from the navigation to the second frame after the view
is whole. CPU time is of the browser with all its processes.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer import Explorer

#: Notes when a view is whole and drawn, in milliseconds since the page began or was asked.
_WATCH = """
window.seen = null;
new MutationObserver(() => {
  const view = document.querySelector('.view');
  if (window.seen !== null || view?.getAttribute('aria-busy') !== 'false') return;
  window.seen = -1;
  requestAnimationFrame(() => requestAnimationFrame(() => { window.seen = performance.now(); }));
}).observe(document, {
  subtree: true, childList: true, attributes: true, attributeFilter: ['aria-busy']});
"""
#: Zooms in, pans in circles and zooms out, one step a frame; gives the milliseconds of each frame.
_MOVE = """
const done = arguments[arguments.length - 1], canvas = document.querySelector('canvas.matrix');
const box = canvas.getBoundingClientRect(), frames = [];
const middle = {clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, pointerId: 1};
const turn = (deltaY) => canvas.dispatchEvent(
  new WheelEvent('wheel', {...middle, deltaY, cancelable: true}));
const move = (angle) => canvas.dispatchEvent(new PointerEvent('pointermove', {...middle,
  clientX: middle.clientX + 60 * Math.sin(angle), clientY: middle.clientY + 60 * Math.cos(angle)}));
let last = null, step = 0;
function frame(now) {
  if (last !== null) frames.push(now - last);
  last = now;
  step += 1;
  if (step > 240) { done(frames); return; }
  if (step < 60) turn(-40);
  else if (step < 180) move(step / 9);
  else turn(40);
  requestAnimationFrame(frame);
}
canvas.setPointerCapture = () => {};
canvas.dispatchEvent(new PointerEvent('pointerdown', middle));
requestAnimationFrame(frame);
"""


def processor_of(root: int) -> float:
    """Return the CPU seconds of a process and of all processes below it, so far."""
    parents, ticks = {}, {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = place.read_text().rpartition(") ")[2].split()
        except OSError:  # it has ended
            continue
        pid = int(place.parent.name)
        parents[pid], ticks[pid] = int(parts[1]), sum(map(int, parts[11:15]))
    total = 0
    for pid, spent in ticks.items():
        above = pid
        while above not in (0, 1, root):
            above = parents.get(above, 0)
        total += spent if above == root else 0
    return total / os.sysconf("SC_CLK_TCK")


class Screen:
    """A window of the page, timed from within.

    Parameters
    ----------
    window
        A Chromium that looks at no page yet.
    url
        The address of the server.
    """

    def __init__(self, window: Explorer, url: str) -> None:
        self.window, self.url = window, url
        window.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
        window.driver.set_script_timeout(120)
        self._browser = window.driver.service.process.pid

    def processor(self) -> float:
        """Return the CPU time of the browser so far."""
        return processor_of(self._browser)

    def first_page(self, address: str = "#/home") -> tuple[float, float]:
        """Load the page anew; return seconds until it is drawn, and CPU seconds."""
        self.window.driver.get("about:blank")
        before = self.processor()
        self.window.driver.get(f"{self.url}/{address}")
        return self._seen(0.0), self.processor() - before

    def view(self, address: str) -> tuple[float, float]:
        """Go to another view; return seconds until it is drawn, and CPU seconds."""
        before = self.processor()
        begun = self.window.js(
            "window.seen = null; location.hash = arguments[0]; return performance.now()", address
        )
        return self._seen(begun), self.processor() - before

    def move(self) -> list[float]:
        """Zoom and pan the matrix; return the seconds between frames."""
        frames: list[Any] = self.window.driver.execute_async_script(_MOVE)
        return [one / 1000 for one in frames]

    def _seen(self, begun: float) -> float:
        end = time.monotonic() + 120
        while (seen := self.window.js("return window.seen")) is None or seen < 0:
            assert time.monotonic() < end, self.window.text("body")
            time.sleep(0.01)
        problem = self.window.all(".problem")
        assert not problem, problem[0].text
        return (seen - begun) / 1000
