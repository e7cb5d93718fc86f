"""The pages that move under the mouse, moved in a real Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from graphapi.imagery.mesh import Mesh
from graphapi.imagery.scene import brain_scene
from graphapi.imagery.scene_page import scene_page
from graphapi.netreport.page import Section
from graphapi.netreport.page import page as report_page
from graphapi.plots import network_view

webdriver = pytest.importorskip("selenium.webdriver")
A, B, C, D = (576460752732847432 + i for i in range(4))
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=900,700")
_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_PIXELS = """
const c = document.querySelector('canvas'), p = document.createElement('canvas');
p.width = 90; p.height = 60;
p.getContext('2d').drawImage(c, 0, 0, 90, 60);
return [...p.getContext('2d').getImageData(0, 0, 90, 60).data];
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail("CI must have Debian's chromium and chromium-driver", pytrace=False)
        pytest.skip("needs chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*_FLAGS, *_GL):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()


def shown(chromium: Any, place: Path) -> None:
    chromium.get(place.as_uri())
    assert [e["message"] for e in chromium.get_log("browser") if e["level"] == "SEVERE"] == []


def test_a_neuron_is_clicked_and_dragged(chromium: Any, tmp_path: Path) -> None:
    graph: Any = nx.DiGraph()
    graph.add_nodes_from([A, B, C, D], cell_class="ER")
    graph.add_weighted_edges_from([(A, B, 4), (B, C, 2)])
    shown(chromium, network_view(graph).save(tmp_path / "net.html"))

    def neuron(root: int) -> Any:
        return chromium.find_element("css selector", f"[data-id='{root}'] circle")

    def aside() -> set[int]:
        found = chromium.find_elements("css selector", ".neuron.aside")
        return {int(element.get_attribute("data-id")) for element in found}

    mouse = webdriver.ActionChains(chromium, duration=50)
    mouse.click(neuron(A)).perform()
    assert aside() == {C, D}
    before = neuron(D).location
    mouse.drag_and_drop_by_offset(neuron(D), 60, 40).perform()
    after = neuron(D).location
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((60, 40), abs=2)
    assert aside() == {C, D}, "a drag is no click"
    path = f"path[data-pre='{A}'][data-post='{B}']"
    arrow = chromium.find_element("css selector", path)
    was = arrow.get_attribute("d")
    mouse.drag_and_drop_by_offset(neuron(B), -30, 10).perform()
    assert arrow.get_attribute("d") != was


def test_no_table_of_a_report_is_cut(chromium: Any, tmp_path: Path) -> None:
    roles = [f"120D reciprocal neuron {i}" for i in range(12)]
    kinds = ["antennal_lobe_local_neuron", "olfactory_projection_neuron"]
    table = pd.DataFrame(2_345_678, index=pd.Index(kinds, name="cell_class"), columns=roles)
    text = report_page("A network", {"neurons": "2"}, [Section("Roles", table=table)])
    place = tmp_path / "report.html"
    place.write_text(text, "utf-8")
    chromium.set_window_size(1200, 800)
    shown(chromium, place)
    wide = "const d = document.querySelector('div.wide'); return [d.scrollWidth, d.clientWidth]"
    scrolled, seen = chromium.execute_script(wide)
    assert scrolled <= seen <= 1200
    chromium.set_window_size(900, 700)


def box(low: float, high: float) -> Mesh:
    corners = [(a, b, c) for a in (low, high) for b in (low, high) for c in (low, high)]
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return Mesh.of(corners, [h for a, b, c, d in quads for h in ((a, b, c), (a, c, d))], "box")


def hues(pixels: Any) -> tuple[Any, Any, Any]:
    """Where a picture is red, where blue, where grey."""
    red, green, blue = (pixels[..., i].astype(float) for i in range(3))
    grey = (red < 250) & (abs(red - blue) < 6) & (abs(red - green) < 6)
    return red > blue + 60, blue > red + 60, grey


def middle(where: Any) -> tuple[float, float]:
    """The middle of what is marked, as shares of the picture's height and width."""
    rows, columns = np.nonzero(where)
    assert len(rows) > 20
    return rows.mean() / where.shape[0], columns.mean() / where.shape[1]


def test_a_scene_is_drawn_and_turned(chromium: Any, tmp_path: Path) -> None:
    plotter = brain_scene(
        {A: box(-90, -40), B: box(40, 90)}, colors=["#ff0000", "#0000ff"], brain=box(-120, 120)
    )
    shown(chromium, scene_page(plotter).save(tmp_path / "scene.html"))
    pixels = np.array(chromium.execute_script(_PIXELS)).reshape(60, 90, 4)
    size = chromium.execute_script("return [innerWidth, innerHeight]")
    plotter.window_size = size
    expected = plotter.screenshot(return_img=True)
    plotter.close()
    assert (hues(pixels)[2]).sum() > 200, "the outline is seen, faintly"
    for page, pyvista in zip(hues(pixels)[:2], hues(expected)[:2], strict=True):
        assert middle(page) == pytest.approx(middle(pyvista), abs=0.04), "as PyVista sees it"
    before = [middle(hue) for hue in hues(pixels)[:2]]
    mouse = webdriver.ActionChains(chromium, duration=50)
    canvas = chromium.find_element("css selector", "canvas")
    mouse.move_to_element(canvas).click_and_hold().move_by_offset(240, 0).release().perform()
    chromium.execute_async_script(
        "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
    )
    pixels = np.array(chromium.execute_script(_PIXELS)).reshape(60, 90, 4)
    after = [middle(hue) for hue in hues(pixels)[:2]]
    assert np.abs(np.subtract(after, before)).max() > 0.05
