"""What a person does in Neo4j Browser: load the style, paste saved queries, take the tour.

The Browser is the real one, in a real Chromium; what it shows is compared with what a driver
gets for the same text.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neo4j.graph
import pytest

from graphapi.engines.savedqueries import SavedQuery, saved_queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from explored_graph import Explored
    from neo4j_browser import Frame, Neo4jBrowser

KIT = Path(__file__).resolve().parents[2] / "docs" / "browser"
#: Ids that a float cannot tell apart, and the limits of its exactness and of 64 bits.
AWKWARD = (
    9007199254740993,
    576460752732847431,
    576460752732847432,
    576460752732847433,
    9223372036854775807,
)
QUERIES = {query.name: query for query in saved_queries()}
#: Those about regions, which the demo does not have, are asked in tests/loader/test_regions.py.
READING = [
    query
    for query in QUERIES.values()
    if not query.name.startswith("colours_") and "CONNECTS_IN" not in query.text
]


@pytest.mark.parametrize("query", READING, ids=lambda query: query.name)
def test_a_saved_query_shows_what_it_finds(
    browser: Neo4jBrowser, explored: Explored, query: SavedQuery
) -> None:
    found = explored.rows(query.text)
    assert found, "the demo has nothing to show for this query"
    frame = shown_for(browser, query.text)
    if query.summary.startswith("Picture: "):
        nodes, ties = drawn(found)
        assert len(frame.nodes) == len(nodes) > 1
        assert len(frame.arrows) >= len(ties) > 0  # Browser adds those among real nodes
        assert all(node.caption for node in frame.nodes)
    else:
        assert frame.head[1:] == list(found[0])
        cells = [[" ".join(cell.split()) for cell in row[1:]] for row in frame.cells]
        assert cells == [[as_shown(value) for value in row.values()] for row in found]


def test_a_wrong_query_is_seen_to_be_wrong(browser: Neo4jBrowser) -> None:
    browser.clear()
    assert "Invalid input 'RETRUN'" in browser.paste("RETRUN 1").error


def test_the_style_colours_by_class_and_names_neurons(
    browser: Neo4jBrowser, explored: Explored
) -> None:
    text, sheet = QUERIES["neighbourhood_picture"].text, style()
    neurons, expected = explored.neurons, []
    for node in drawn(explored.rows(text))[0]:
        neuron = neurons.loc[int(node["root_id"])]
        look = sheet.get(f"node.{neuron['cell_class']}", sheet["node.Neuron"])
        expected.append((look["color"], neuron["display_name"]))
    assert len({color for color, _ in expected}) > 1
    frame = shown_for(browser, text)
    circles = [(node.fill, " ".join(node.caption.split())) for node in frame.nodes]
    assert sorted(circles) == sorted(expected)
    assert {node.radius for node in frame.nodes} == {70 / 2}


def test_arrows_are_as_wide_as_connections_are_strong(browser: Neo4jBrowser) -> None:
    sheet = style()
    types = ["BELOW_5", "FROM_5", "FROM_10", "FROM_20", "FROM_50"]
    frame = shown_for(
        browser,
        f"UNWIND {types} AS type WITH type, apoc.create.vNode(['Neuron'], {{}}) AS a, "
        "apoc.create.vNode(['Neuron'], {}) AS b "
        "RETURN a, b, apoc.create.vRelationship(a, type, {weight: right(type, 2)}, b)",
    )
    widths = {arrow.caption: arrow.width for arrow in frame.arrows}
    of = {kind: float(sheet[f"relationship.{kind}"]["shaft-width"][:-2]) for kind in types}
    assert widths == pytest.approx({kind[-2:]: width for kind, width in of.items()})
    assert sorted(set(of.values())) == list(of.values())


def test_the_schema_is_a_clean_picture(browser: Neo4jBrowser) -> None:
    frame = shown_for(browser, "CALL db.schema.visualization()")
    # A load's mark has a constraint, so its label is drawn too. Where the layout leaves little
    # room the Browser shortens a caption: LoadMark's node is small, and an arrow can be short.
    for shown, names in (
        ([node.caption for node in frame.nodes], "Annotation LoadMark Materialization Neuron"),
        ([arrow.caption for arrow in frame.arrows], "ANNOTATES CONNECTS"),
    ):
        assert len(shown) == len(names.split())
        for caption, name in zip(sorted(shown), names.split(), strict=True):
            assert name.startswith(caption.rstrip("…"))
            assert len(caption) > 3


def test_no_id_is_rounded_in_rows(browser: Neo4jBrowser) -> None:
    text = f"UNWIND {list(AWKWARD)} AS id RETURN id, [id] AS listed, {{id: id}} AS named"
    frame = shown_for(browser, text)
    assert [row[1] for row in frame.cells] == [str(i) for i in AWKWARD]
    assert [row[2] for row in frame.cells] == [f"[{i}]" for i in AWKWARD]
    assert [re.findall(r"\d+", row[3]) for row in frame.cells] == [[str(i)] for i in AWKWARD]
    for view in ("Text", "Code"):
        said = re.findall(r"\d{16,}", browser.show(view).text)
        assert set(map(int, said)) == set(AWKWARD)
        assert all(said.count(str(i)) > 1 for i in AWKWARD)


def test_no_id_is_rounded_in_pictures(browser: Neo4jBrowser) -> None:
    text = (
        f"UNWIND {list(AWKWARD)} AS id "
        "RETURN apoc.create.vNode(['Neuron'], {root_id: id, display_name: right(toString(id), 3)})"
    )
    frame = shown_for(browser, text)
    assert sorted(node.caption for node in frame.nodes) == sorted(str(i)[-3:] for i in AWKWARD)
    seen = [browser.properties_of(number) for number in range(len(AWKWARD))]
    assert sorted(int(node["root_id"]) for node in seen) == sorted(AWKWARD)


def test_a_real_neurons_id_is_read_exactly(browser: Neo4jBrowser, explored: Explored) -> None:
    (odd,) = explored.rows("MATCH (n:Neuron) WHERE n.root_id % 2 = 1 RETURN max(n.root_id) AS id")
    assert int(float(odd["id"])) != odd["id"]
    shown_for(browser, f"MATCH (n:Neuron {{root_id: {odd['id']}}}) RETURN n")
    assert browser.properties_of(0)["root_id"] == str(odd["id"])


def test_no_id_is_rounded_in_exports(browser: Neo4jBrowser, tmp_path: Path) -> None:
    shown_for(browser, f"UNWIND {list(AWKWARD)} AS id RETURN id, id AS again")
    lines = browser.export_csv(tmp_path).splitlines()
    assert lines == ["id,again", *(f"{i},{i}" for i in AWKWARD)]


def test_parameters_are_exact_with_the_arrow_and_not_with_the_colon(browser: Neo4jBrowser) -> None:
    """As docs/browser.md says; should the colon become exact, the page may say less."""
    exact = 576460752732847431
    asked = f"RETURN $given, $given = {exact}"
    browser.clear()
    browser.paste(f":param given: {exact}")
    assert shown_for(browser, asked).cells[0][2] == "false"
    browser.paste(f":param given => {exact}")
    assert shown_for(browser, asked).cells[0][1:] == [str(exact), "true"]


def test_favourites_are_imported_and_come_to_the_editor(browser: Neo4jBrowser) -> None:
    packed = base64.b64encode((KIT / "cavegraph-favourites.zip").read_bytes()).decode()
    browser.drop("[data-testid='activeEditor']", "cavegraph-favourites.zip", packed, base64=True)
    browser.press("[title='Favorites']")
    browser.press("[data-testid='expandFolder-cavegraph']")
    browser.await_text("three cycles")
    said = browser.text().splitlines()
    assert [query.title for query in QUERIES.values() if query.title not in said] == []
    browser.press("[data-testid='scriptTitle-hubs']")
    browser.press("[title='Favorites']")
    browser.await_in_editor("ORDER BY in_partners + out_partners DESC")


@pytest.fixture
def tour() -> Iterator[str]:
    """The address of the tour, as served by the script that comes with it."""
    sys.path.insert(0, str(KIT))
    try:
        from serve_tour import make_server
    finally:
        sys.path.remove(str(KIT))
    with make_server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_address[1]}/tour.html"
        server.shutdown()
        thread.join()


def test_the_tour_is_shown_and_its_queries_come_to_the_editor(
    browser: Neo4jBrowser, tour: str
) -> None:
    browser.clear()
    browser.run(f":play {tour}")
    browser.await_text("cavegraph: a tour")
    browser.press("[data-testid='guideNextSlide'], [data-testid='nextSlide']")
    browser.await_text("A graph holds one version of one datastack.")
    browser.press("pre.runnable")
    browser.await_in_editor("MATCH (m:Materialization)")


def test_colours_on_and_off(browser: Neo4jBrowser, explored: Explored) -> None:
    labels = "MATCH (n:Neuron) UNWIND labels(n) AS l RETURN l, count(*) AS n ORDER BY l"
    before = explored.rows(labels)
    given = shown_for(browser, QUERIES["colours_on"].text)
    try:
        frame = shown_for(browser, QUERIES["neighbourhood"].text)
        assert style()["node.PBt"]["color"] in {node.fill for node in frame.nodes}
        assert {row["l"]: row["n"] for row in explored.rows(labels)} == {
            "Neuron": len(explored.neurons),
            **{row[1].strip('"'): int(row[3]) for row in given.cells},
        }
    finally:
        shown_for(browser, QUERIES["colours_off"].text)
    assert explored.rows(labels) == before


def shown_for(browser: Neo4jBrowser, text: str) -> Frame:
    """Paste into an empty page, and make sure that there is no error."""
    browser.clear()
    frame = browser.paste(text)
    assert frame.error == ""
    return frame


def drawn(rows: Sequence[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """Give the different nodes and relationships of rows, however they are nested."""
    nodes: dict[str, Any] = {}
    ties: dict[str, Any] = {}

    def walk(value: object) -> None:
        if isinstance(value, neo4j.graph.Node):
            nodes[value.element_id] = value
        elif isinstance(value, neo4j.graph.Relationship):
            ties[value.element_id] = value
        elif isinstance(value, neo4j.graph.Path):
            for part in (*value.nodes, *value.relationships):
                walk(part)
        elif isinstance(value, (list, tuple)):
            for part in value:
                walk(part)

    for row in rows:
        walk(list(row.values()))
    return list(nodes.values()), list(ties.values())


def as_shown(value: object) -> str:
    """Write a value as Browser's table does."""
    if isinstance(value, list):
        return "[" + ", ".join(map(as_shown, value)) + "]"
    return json.dumps(value)


def style() -> dict[str, dict[str, str]]:
    """Read the style file: properties by selector."""
    text = (KIT / "cavegraph.grass").read_text("utf-8")
    return {
        selector: dict(re.findall(r"([\w-]+): ([^;]+);", body))
        for selector, body in re.findall(r"(\S+) \{(.*?)\}", text, re.DOTALL)
    }
