"""The page of `cavegraph explore`, driven as a person would, against what `graphapi` answers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from explorer import Explorer, open_explorer
from serve_client import HOSTILE

import graphapi
from graphapi.serve.running import Running, serve
from graphapi.serve.settings import Settings
from support.graphs import build_graph

pytestmark = pytest.mark.xdist_group("page")
BASE = 576460752700000000
HUB, ODD = BASE + 1, BASE + 2
PARTNERS = 3000
LONG = "a very long note " * 600
ARABIC = "خلية عصبية"


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A hub with 3,000 partners, sixty neurons of four classes, and one with hostile texts."""
    dice = np.random.default_rng(5)
    named = BASE + 100 + np.arange(60)
    pairs = {(HUB, BASE + 10_000 + i): 1 + i % 7 for i in range(PARTNERS)}
    pairs |= {
        (int(a), int(b)): int(dice.integers(1, 30))
        for a, b in dice.choice(named, size=(400, 2))
        if a != b
    }
    pairs |= {(HUB, int(named[0])): 40, (ODD, HUB): 9, (HUB, ODD): 3, (int(named[1]), ODD): 6}
    connections = pd.DataFrame(
        [(pre, post, weight) for (pre, post), weight in pairs.items()],
        columns=["pre", "post", "weight"],
    )
    annotations = pd.DataFrame(
        {
            "root_id": [*named.tolist(), HUB, ODD],
            "cell_class": [*(["ER", "PEN", "EPG", "PFN"] * 15), "hub", HOSTILE],
            "side": [*(["left", "left", "right"] * 20), "left", "right"],
            "note": [*([None] * 60), ARABIC, LONG],
        }
    )
    return connections, annotations


@pytest.fixture(scope="module")
def brain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[graphapi.Connectome]:
    place = build_graph(tmp_path_factory.mktemp("page"), *frames(), datastack="page")
    with graphapi.Connectome.open(place) as opened:
        yield opened


@pytest.fixture(scope="module")
def running(
    brain: graphapi.Connectome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    sets = tmp_path_factory.mktemp("sets") / "sets.json"
    with serve(brain, Settings(sets_file=sets)) as started:
        yield started


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explorer]:
    with open_explorer(tmp_path_factory.mktemp("downloads")) as opened:
        yield opened


@pytest.fixture
def page(window: Explorer, running: Running) -> Iterator[Explorer]:
    window.complaints()
    yield window.at(running.url)
    assert window.complaints() == [], "forbidden by the policy, or thrown by a script"


def ids(values: Any) -> list[str]:
    return [str(value) for value in values]


def test_the_first_page_says_what_the_graph_is(page: Explorer, brain: graphapi.Connectome) -> None:
    page.open("home")
    counts = brain.materialization.counts
    tiles = page.text(".tiles").replace(",", "").split("\n")
    assert tiles[tiles.index("neurons") - 1] == str(counts["neurons"])
    assert tiles[tiles.index("connections") - 1] == str(counts["connections"])
    values = brain.get_field_values("cell_class")
    assert page.numbers("neurons") == values["neurons"].tolist()
    assert "page v1" in page.text(".trust")
    page.click(".trust summary")
    assert "the load is complete" in page.text(".trust .checks")
    assert str(brain.materialization.load_id) in page.text(".trust .card")
    page.click(".trust summary")


def test_many_ids_are_pasted_and_the_unknown_one_is_named(page: Explorer) -> None:
    page.open("home")
    box = page.one(".top textarea")
    # as a paste from a spreadsheet does it: one id a line
    page.js(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))",
        box, f"{HUB}\n{ODD}\n{BASE + 7}",
    )  # fmt: skip
    box.send_keys("\ue007")
    page.until(lambda: page.all("#unknown"))
    page.wait()
    assert str(BASE + 7) in page.text("#unknown")
    assert [row["root_id"] for row in page.table()] == ids([HUB, ODD])


def test_a_file_has_every_row(page: Explorer, brain: graphapi.Connectome) -> None:
    page.open("partners", neurons=HUB)
    page.click("[title='All rows as Parquet']")
    found = pd.read_parquet(page.downloaded("partners.parquet"))
    expected = brain.get_partners([HUB], "downstream")
    assert found["partner"].dtype == np.int64
    pd.testing.assert_frame_equal(found[list(expected)], expected, check_names=False)


def test_partners_are_filtered_and_grouped_by_hand(
    page: Explorer, brain: graphapi.Connectome
) -> None:
    page.open("partners", neurons="cell_class=ER")
    page.type("[name=threshold]", "10", then="\ue007")
    page.until(lambda: "threshold=10" in page.driver.current_url)
    page.wait()
    partners = brain.get_partners(brain.criteria(cell_class="ER"), "downstream", 10)
    assert page.text("#synapses") == f"{partners['weight'].sum():,}"
    page.js(
        "const s = document.querySelector('[name=by]'); s.value = 'cell_class,side';"
        "s.dispatchEvent(new Event('change'))"
    )
    page.until(lambda: "by=cell_class" in page.driver.current_url)
    page.wait()
    _, annotations = frames()
    known = annotations.set_index("root_id")
    sums = partners.groupby([partners["partner"].map(known[n]) for n in ("cell_class", "side")])
    expected = {(str(k), str(s)): int(w) for (k, s), w in sums["weight"].sum().items()}
    shown = {(r["cell_class"], r["side"]): int(r["weight"]) for r in page.table("partners")}
    assert shown == expected


def test_types_and_their_sides(page: Explorer, brain: graphapi.Connectome) -> None:
    page.open("types", threshold=5)
    expected = brain.get_type_connectivity("cell_class", threshold=5)
    assert page.numbers("synapses", "types") == expected["synapses"].tolist()
    assert page.all("canvas.matrix")
    page.driver.find_element("link text", "Members").click()
    page.until(lambda: page.all("[data-table=members]"))
    values = brain.get_field_values("cell_class")
    assert page.numbers("neurons", "members") == values["neurons"].tolist()
    page.open("types", show="sides", neurons="cell_class=ER", threshold=25)
    connections, annotations = frames()
    kinds, side = (annotations.set_index("root_id")[n] for n in ("cell_class", "side"))
    strong = connections[connections["weight"] >= 25]
    lost = set()
    for direction, own, other in (("downstream", "pre", "post"), ("upstream", "post", "pre")):
        mine = strong[strong[own].map(kinds) == "ER"]
        sums = mine.groupby([mine[other].map(kinds), mine[own].map(side)])["weight"].sum()
        for kind in sums.index.unique(0):
            for one in {"left", "right"} - set(sums[kind].index):
                lost.add((direction, kind, one))
    shown = {
        (row["direction"], row["partner_type"], row["missing_on"])
        for row in page.table("sides")
        if row["missing_on"] in ("left", "right")
    }
    assert shown == lost
    assert lost


def test_a_circuit_is_drawn_grown_and_kept(page: Explorer, brain: graphapi.Connectome) -> None:
    page.open("circuit", neurons="cell_class=ER", threshold=8, layout="layered")
    expected = brain.get_subgraph(brain.criteria(cell_class="ER"), 0, 8)
    edges = {(str(a), str(b), str(w)) for a, b, w in expected.edges(data="weight")}
    assert drawn(page) == (set(ids(expected.nodes)), edges)
    colors = brain.get_class_colors("cell_class")
    assert page.one(".neuron circle").get_attribute("fill") == colors["ER"]
    widths = page.js(
        "return [...document.querySelectorAll('[data-weight]')].map("
        "g => [+g.dataset.weight, +g.querySelector('path').getAttribute('stroke-width')])"
    )
    assert sorted(widths) == sorted(widths, key=lambda one: one[1]), "wider is stronger"
    one = min(set(ids(expected.nodes)))
    before = page.one(f"[data-id='{one}']").get_attribute("transform")
    mouse = mouse_of(page)
    mouse.drag_and_drop_by_offset(page.one(f"[data-id='{one}'] circle"), 40, 25).perform()
    assert page.one(f"[data-id='{one}']").get_attribute("transform") != before
    mouse_of(page).click(page.one(f"[data-id='{one}'] circle")).perform()
    assert one in page.text(".chosen")
    page.click("[data-grow=downstream]")
    partners = brain.get_partners([int(one)], "downstream", 8)["partner"]
    added = [p for p in ids(partners) if p not in expected.nodes and int(p) not in expected.nodes]
    page.until(lambda: len(page.all(".neuron")) > len(expected.nodes))
    page.wait()
    nodes, _ = drawn(page)
    assert nodes == set(ids(expected.nodes)) | set(added[:8])
    page.click("[aria-label='Save as SVG']")
    saved = page.downloaded("page v1.svg").read_text("utf-8")
    root = ET.fromstring(saved)  # noqa: S314
    inside = [one.get("data-id") for one in root.iter() if one.get("data-id")]
    assert set(inside) == nodes
    page.click("[aria-label='Save as PNG']")
    assert page.downloaded("page v1.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def drawn(page: Explorer) -> tuple[set[str], set[tuple[str, ...]]]:
    nodes, edges = page.js(
        "const all = (s, f) => [...document.querySelectorAll(s)].map(f);"
        "return [all('.neuron', g => g.dataset.id),"
        " all('[data-weight]', g => [g.dataset.pre, g.dataset.post, g.dataset.weight])]"
    )
    return set(nodes), {tuple(edge) for edge in edges}


def mouse_of(page: Explorer) -> Any:
    from selenium.webdriver import ActionChains

    return ActionChains(page.driver, duration=30)


#: Moves the mouse over the heat map until it names a cell.
_UNDER = """
const c = document.querySelector('canvas.matrix'), b = c.getBoundingClientRect();
for (let y = 4; y < b.height; y += 6) for (let x = 4; x < b.width; x += 6) {
    c.dispatchEvent(new PointerEvent('pointermove', {clientX: b.x + x, clientY: b.y + y}));
    const seen = document.querySelector('#under').textContent;
    if (seen.startsWith(arguments[0])) return seen;
}
return null;
"""


def test_a_matrix_says_what_is_under_the_mouse(page: Explorer, brain: graphapi.Connectome) -> None:
    page.open("matrix", pre="cell_class=ER", post="cell_class=PEN", order="id")
    expected = brain.get_adjacency(
        brain.criteria(cell_class="ER"), brain.criteria(cell_class="PEN")
    )
    assert page.text("#synapses") == f"{expected.to_numpy().sum():,}"
    row, column = np.argwhere(expected.to_numpy() > 0)[-1]
    wanted = f"ER {expected.index[row]} → PEN {expected.columns[column]}: "
    seen = page.js(_UNDER, wanted)
    assert seen == f"{wanted}{expected.iloc[row, column]} synapses"
