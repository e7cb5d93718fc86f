"""The page of `cavegraph explore`, driven as a person would, against what `graphapi` answers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from explorer import Explorer, drawn, ids
from serve_client import HOSTILE

import graphapi
from graphapi.serve.answer import Answer
from graphapi.serve.running import Running, serve
from graphapi.serve.settings import Settings
from support.graphs import build_graph

pytestmark = pytest.mark.xdist_group("page")
BASE = 576460752700000000
HUB, ODD = BASE + 1, BASE + 2
PARTNERS = 3000
LONG = "a very long note " * 600
ARABIC = "خلية عصبية"
PASSWORD = "correct horse battery staple"
VIEWS = (
    ("home", {}),
    ("search", {"text": "cell_class=ER"}),
    ("neuron", {"id": str(HUB)}),
    ("partners", {"neurons": str(HUB)}),
    ("types", {}),
    ("types", {"show": "sides", "neurons": "cell_class=ER"}),
    ("circuit", {"neurons": "cell_class=ER"}),
    ("matrix", {"pre": "cell_class=ER,PEN"}),
    ("paths", {"sources": "cell_class=ER", "targets": "cell_class=PEN"}),
    ("influence", {"seeds": str(HUB), "threshold": "1"}),
    ("motifs", {"motif": "A -> B\nB -> A"}),
    ("cypher", {"text": "MATCH (n:Neuron) RETURN count(n) AS n"}),
    ("sets", {}),
)


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


@pytest.fixture
def page(window: Explorer, running: Running) -> Iterator[Explorer]:
    window.complaints()
    yield window.at(running.url)
    assert window.complaints() == [], "forbidden by the policy, or thrown by a script"


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


def test_a_search_is_completed_with_counts(page: Explorer, brain: graphapi.Connectome) -> None:
    page.open("home")
    page.one("body").send_keys("/")
    box = page.driver.switch_to.active_element
    assert box.get_attribute("name") == "search"
    box.send_keys("cell_class=E")
    page.until(lambda: len(page.all(".top .options li")) >= 2)
    offered = {
        one.text.split("\n")[1]: one.text.split("\n")[2] for one in page.all(".top .options li")
    }
    assert offered["cell_class = ER"] == offered["cell_class = EPG"] == "15"
    page.driver.switch_to.active_element.send_keys("\ue015", "\ue007")  # down, enter: chosen
    page.driver.switch_to.active_element.send_keys("\ue007")
    page.until(lambda: "/search?" in page.driver.current_url)
    page.wait()
    chosen = page.text(".about").rpartition("=")[2]
    expected = brain.criteria(cell_class=chosen).get_roots()
    assert [row["root_id"] for row in page.table()] == ids(expected)
    assert f"criteria(cell_class=['{chosen}'])" in page.elsewhere()["python"]


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


def test_one_id_opens_its_neuron(page: Explorer, brain: graphapi.Connectome) -> None:
    page.open("home")
    page.type(".top textarea", str(HUB), then="\ue007")
    page.until(lambda: "/neuron?" in page.driver.current_url)
    page.until(lambda: page.all("[data-total]"))
    page.wait()
    shown = {
        one.get_attribute("data-total"): int(one.text.split("\n")[0].replace(",", ""))
        for one in page.all("[data-total]")
    }
    neuron = brain.get_neurons([HUB]).iloc[0]
    assert shown == {name: neuron[name] for name in shown}
    assert len(shown) == 5
    for direction in ("upstream", "downstream"):
        partners = brain.get_partners([HUB], direction).head(20)
        rows = page.table(direction)
        assert [row["partner"] for row in rows] == ids(partners["partner"])
        assert [row["weight"] for row in rows] == ids(partners["weight"])
    assert f"of {PARTNERS + 2:,} partners" in page.said("downstream")
    assert "no mesh" in page.text("main"), "it says what the graph does not have"
    assert page.one(".dot.large").value_of_css_property("background-color").startswith("rgb")


def test_a_hub_has_all_its_partners(page: Explorer, brain: graphapi.Connectome) -> None:
    page.open("partners", neurons=HUB, threshold=2)
    expected = brain.get_partners([HUB], "downstream", 2)
    assert page.said("partners") == f"{len(expected):,} rows"
    assert page.text("#synapses") == f"{expected['weight'].sum():,}"
    first = page.table("partners")
    assert 0 < len(first) < 100, "only what is in sight"
    assert [row["partner"] for row in first] == ids(expected["partner"][: len(first)])
    share = expected["share_of_output"].iloc[0]
    assert first[0]["share_of_output"] == f"{100 * share:.2f} %"
    scroll = "const r = document.querySelector('.rows'); r.scrollTop = r.scrollHeight"
    page.js(scroll)
    last = str(expected["partner"].iloc[-1])
    page.until(lambda: page.table("partners")[-1]["partner"] == last)
    page.click("[title='Sort by partner']")
    ascending = ids(sorted(expected["partner"]))
    drawn = [row["partner"] for row in page.table("partners")]
    assert drawn == ascending[: len(drawn)] != []
    assert "sort=partner" in page.driver.current_url
    link = page.driver.find_element("link text", "Save as a set")
    assert len(link.get_attribute("href")) < 100, "3,000 ids are not in every link"
    mouse_of(page).move_to_element(link).perform()
    assert link.get_attribute("href").count("%2C") == len(expected) - 1
    page.type(".filter", "hub")
    assert page.said("partners") == f"0 of {len(expected):,} rows"
    page.type(".filter", str(ODD))
    assert [row["partner"] for row in page.table("partners")] == [str(ODD)]


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


def test_paths_are_those_of_python_and_a_cut_is_said(
    page: Explorer, brain: graphapi.Connectome
) -> None:
    page.open("paths", sources="cell_class=ER", targets=HUB + 101, kind="strongest", max_hops=3)
    expected = brain.get_strongest_paths(brain.criteria(cell_class="ER"), HUB + 101, max_hops=3)
    rows = page.table("paths")
    assert [row["root_ids"].split(" → ") for row in rows] == [ids(p) for p in expected["root_ids"]]
    assert [row["weakest"] for row in rows] == ids(expected["weakest"])
    assert page.all("#cut") == []
    page.open("paths", sources="cell_class=ER", targets="cell_class=PEN", kind="all", paths=7)
    assert "stops at 7 paths" in page.text("#cut")
    assert len(page.all(".banner")) == 1, "it is said once"
    assert page.said("paths") == "7 rows"


def test_influence_is_ranked_as_in_python(page: Explorer, brain: graphapi.Connectome) -> None:
    page.open("influence", seeds="cell_class=ER", threshold=3)
    expected = brain.get_influence(brain.criteria(cell_class="ER"), threshold=3)
    rows = page.table("influence")
    assert [row["neuron_id"] for row in rows] == ids(expected["neuron_id"])[: len(rows)]
    assert float(rows[0]["influence"]) == pytest.approx(expected["influence"].iloc[0], rel=1e-3)
    assert page.said("influence") == f"{len(expected):,} rows"
    links = page.js("return [...document.querySelectorAll('tbody a.id')].map(a => a.textContent)")
    assert links == [row["neuron_id"] for row in rows], "each opens its neuron"


def test_a_motif_has_a_count_examples_and_a_z_score(
    page: Explorer, brain: graphapi.Connectome
) -> None:
    page.open("motifs")
    page.driver.find_element("link text", "reciprocal pair").click()
    page.until(lambda: page.all("#count"))
    page.wait()
    motif = page.one("[name=motif]").get_attribute("value")
    count = brain.motifs.count(motif)
    assert page.text("#count b") == str(count)
    assert len(page.table("examples")) == count > 0
    page.type("[name=nulls]", "40")
    page.type("[name=matches]", "2", then="\ue007")
    page.until(lambda: page.all("[data-figure=z]"))
    table = brain.motifs.significance({"motif": motif}, "degree", 40, seed=0).table
    assert float(page.text("[data-figure=z] b")) == pytest.approx(table["z"].iloc[0], rel=2e-3)
    assert page.text("#cut").startswith(f"2 examples of {count} matches")


def test_long_work_is_cancelled(page: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    begun, over = threading.Event(), threading.Event()
    real = graphapi.Connectome.get_influence

    def slow(self: Any, *given: Any, **more: Any) -> Any:
        begun.set()
        assert over.wait(60)
        return real(self, *given, **more)

    monkeypatch.setattr(graphapi.Connectome, "get_influence", slow)
    page.driver.get(f"{page.url}/#/influence?seeds={HUB}&threshold=1")
    try:
        assert begun.wait(30)
        page.until(lambda: page.all(".job button"))
        page.click(".job button")
        page.wait()
        assert "Cancelled" in page.text(".result")
    finally:
        over.set()


def test_cypher_reads_says_its_row_limit_and_never_writes(
    page: Explorer, brain: graphapi.Connectome
) -> None:
    page.open("cypher")
    query = "MATCH (n:Neuron) RETURN n.root_id AS root_id ORDER BY root_id"
    page.type("[name=rows]", "25")
    page.type("[name=text]", query, then="\ue009\ue007")  # control and enter
    page.until(lambda: page.all("#cut"))
    page.wait()
    assert "first 25" in page.text("#cut")
    assert [row["root_id"] for row in page.table("result")] == ids(brain.root_ids()[:25])
    page.open("cypher", text="CREATE (n:Neuron {root_id: 1})")
    assert "opened read-only" in page.text(".problem")
    page.complaints()  # Chromium logs the status 403
    assert brain.cypher("MATCH (n:Neuron {root_id: 1}) RETURN n.root_id AS id").empty


def test_sets_are_saved_combined_shared_and_deleted(
    page: Explorer, brain: graphapi.Connectome
) -> None:
    for name, neurons in (("rings", "cell_class=ER"), ("left ones", "side=left")):
        page.open("sets")
        page.type("#keep [name=name]", name)
        page.type("#keep [name=neurons]", neurons)
        page.click("#keep button.go")
        page.until(lambda: "name=" in page.driver.current_url)
        page.wait()
    page.open("sets", a="@rings", how="and", b="@left ones")
    both = brain.criteria(cell_class="ER", side="left").get_roots()
    assert [row["root_id"] for row in page.table("combined")] == ids(both)
    page.open("partners", neurons="@rings")
    partners = brain.get_partners(brain.criteria(cell_class="ER"), "downstream")
    assert page.text("#synapses") == f"{partners['weight'].sum():,}"
    page.open("sets", name="rings")
    delete = page.driver.find_element("xpath", "//button[text()='Delete']")
    delete.click()
    delete.click()
    page.until(lambda: page.driver.current_url.endswith("#/sets"))
    page.until(lambda: page.all("[data-table=sets]"))
    assert [row["name"] for row in page.table("sets")] == ["left ones"]


def test_the_address_is_the_state(page: Explorer) -> None:
    page.open("partners", neurons=HUB, threshold=6)
    page.click("[title='Sort by partner']")
    page.type(".filter", "99")
    seen, address = page.table("partners"), page.driver.current_url
    page.open("types")
    page.driver.back()
    page.until(lambda: page.all("[data-table=partners]"))
    assert page.table("partners") == seen
    page.driver.forward()
    page.until(lambda: page.all("[data-table=types]"))
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("window")
    try:
        page.go_to(address)
        assert page.table("partners") == seen
        assert page.one(".filter").get_attribute("value") == "99"
        assert page.one("[name=threshold]").get_attribute("value") == "6"
    finally:
        page.driver.close()
        page.driver.switch_to.window(first)


def test_hostile_texts_are_shown_as_texts(page: Explorer) -> None:
    page.open("neuron", id=ODD)
    assert HOSTILE.split("\u202e")[0] in page.text("h1")
    assert page.all("main img, main script") == []
    page.all(".pairs button.long")[-1].click()
    assert page.text("dialog pre").strip() == LONG.strip()
    page.click("dialog button:last-child")
    page.open("search", text=str(HUB) + " " + str(ODD))
    note = page.driver.find_element("xpath", f"//span[text()='{ARABIC}']")
    assert note.value_of_css_property("direction") == "rtl"
    assert note.get_attribute("dir") == "auto"
    for view, parameters in (
        ("circuit", {"neurons": str(HUB), "grow": "1", "threshold": "9"}),
        ("types", {}),
        ("search", {"text": HOSTILE}),
    ):
        page.open(view, **parameters)
        assert page.all("main img, main script, main iframe") == []
    assert page.js("return document.querySelectorAll('script').length") == 1


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (800, "dark")])
def test_every_view_fits_and_says_the_same_elsewhere(
    page: Explorer, width: int, theme: str
) -> None:
    """No view is wider than its window, and each has a title, a version and one heading."""
    page.driver.set_window_size(width, 1000)
    try:
        page.open("home")
        while page.js("return document.documentElement.dataset.theme") != theme:
            page.click("#theme")
        for view, parameters in VIEWS:
            page.open(view, **parameters)
            wide = page.js("return [document.documentElement.scrollWidth, innerWidth]")
            assert wide[0] <= wide[1], view
            assert len(page.all("h1")) == 1
            assert page.all(".problem") == [], view
            assert "page v1" in page.text(".trust")
            assert "✓ 3" in page.text(".trust"), "the checks that held, at any width"
            unnamed = page.js(
                "return [...document.querySelectorAll('main button, main input, main select,"
                " main textarea')].filter(e => !(e.getAttribute('aria-label') || e.textContent"
                " || e.labels?.length || e.title)).map(e => e.outerHTML)"
            )
            assert unnamed == [], view
        paper = page.one("body").value_of_css_property("background-color")
        light = sum(int(part) for part in paper.strip("rgba()").split(",")[:3])
        assert (light > 600) == (theme == "light")
    finally:
        page.driver.set_window_size(1280, 1000)


def test_a_stale_id_is_mapped_with_a_banner(
    page: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Answer.provenance

    def mapped(self: Answer, connectome: graphapi.Connectome) -> dict[str, Any]:
        return real(self, connectome) | {"id_mapping": {str(BASE + 7): str(HUB)}}

    monkeypatch.setattr(Answer, "provenance", mapped)
    page.open("neuron", id=HUB)
    banner = page.text("#mapped")
    assert "1 id is from another version and was mapped to v1" in banner
    assert f"{BASE + 7} → {HUB}" in banner
    assert page.all(f"#mapped a[href$='{HUB}']")


def test_an_error_says_what_to_do(page: Explorer) -> None:
    page.open("partners", neurons="cell_clas=ER")
    assert "cell_class" in page.text(".problem")
    assert "What to do" in page.text(".problem")
    page.complaints()  # Chromium logs the status 400
    page.open("nowhere")
    assert "no view" in page.text(".problem")


def test_a_password_is_asked_for_and_the_server_may_go(
    window: Explorer, brain: graphapi.Connectome
) -> None:
    with serve(brain, Settings(password=PASSWORD)) as closed:
        window.at(closed.url).driver.get(f"{closed.url}/#/neuron?id={HUB}")
        window.until(lambda: window.all("#password"))
        assert str(HUB) not in window.text("main")
        window.type("#password", "wrong", then="\ue007")
        window.until(lambda: "not the password" in window.text("main"))
        window.type("#password", PASSWORD, then="\ue007")
        window.until(lambda: window.all("[data-total]"))
        assert window.js("return document.cookie") == "", "no script can read it"
    window.js("location.hash = '#/types'")
    window.wait()
    assert "still running" in window.text(".problem")
    window.complaints()
