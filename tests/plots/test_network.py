"""Subgraphs to be looked at by hand: what the drawing and neo4j-viz's graph hold."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import networkx as nx
import pytest

from graphapi.common.palette import OKABE_ITO, UNKNOWN_COLOR
from graphapi.errors import InputError, MissingExtraError
from graphapi.plots import network_view, to_neo4j_viz
from graphapi.plots.network import MAX_NEURONS

#: Neighbours that a float cannot tell apart.
A, B, C = (576460752732847432 + i for i in range(3))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def subgraph() -> Any:
    graph: Any = nx.DiGraph()
    graph.add_node(A, cell_class="ER")
    graph.add_node(B, cell_class="<EBc> & 'co'")
    graph.add_node(C)
    graph.add_weighted_edges_from([(A, B, 16), (B, A, 4), (A, C, 1)])
    return graph


def drawing(page: str) -> Any:
    return ET.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])  # noqa: S314


def test_what_is_drawn(subgraph: Any) -> None:
    svg = drawing(network_view(subgraph).page)
    neurons = {n.get("data-id"): n for n in svg.iter(f"{SVG}g") if n.get("class") == "neuron"}
    assert {i: n.get("data-class") for i, n in neurons.items()} == {
        str(A): "ER",
        str(B): "<EBc> & 'co'",
        str(C): "Unknown",
    }
    colors = {i: n.find(f"{SVG}circle").get("fill") for i, n in neurons.items()}
    assert colors[str(C)] == UNKNOWN_COLOR
    assert {colors[str(A)], colors[str(B)]} == set(OKABE_ITO[:2])
    arrows = {
        (p.get("data-pre"), p.get("data-post")): p
        for p in svg.iter(f"{SVG}path")
        if p.get("class") == "pre-post"
    }
    assert {pair: p.get("data-weight") for pair, p in arrows.items()} == {
        (str(A), str(B)): "16",
        (str(B), str(A)): "4",
        (str(A), str(C)): "1",
    }
    assert {p.get("stroke-width") for p in arrows.values()} == {"7.00", "4.00", "2.50"}
    for (pre, _), arrow in arrows.items():
        assert arrow.get("stroke") == colors[pre]
    assert arrows[str(A), str(B)].find(f"{SVG}title").text == f"{A} to {B}: 16 synapses"


def test_the_page_has_the_colours_and_the_note_it_is_given(subgraph: Any) -> None:
    colors = {"ER": "#112233", "<EBc> & 'co'": "#445566", "PBt": "#778899"}
    view = network_view(subgraph, colors=colors, note="demo <3>")
    svg = drawing(view.page)
    circles = {
        n.get("data-class"): n.find(f"{SVG}circle").get("fill")
        for n in svg.iter(f"{SVG}g")
        if n.get("class") == "neuron"
    }
    assert circles == {
        "ER": "#112233", "<EBc> & 'co'": "#445566", "Unknown": UNKNOWN_COLOR,
    }  # fmt: skip
    assert [t.text for t in svg.iter(f"{SVG}text") if t.get("id") == "note"] == ["demo <3>"]


def test_arrows_lead_from_circle_to_circle(subgraph: Any) -> None:
    svg = drawing(network_view(subgraph).page)
    places = {
        n.get("data-id"): [float(v) for v in re.findall(r"[-\d.]+", n.get("transform"))]
        for n in svg.iter(f"{SVG}g")
        if n.get("class") == "neuron"
    }
    assert all(0 <= x <= 1000 and 0 <= y <= 700 for x, y in places.values())
    bends = {}
    for arrow in svg.iter(f"{SVG}path"):
        if arrow.get("class") == "pre-post":
            x0, y0, cx, cy, x1, y1 = map(float, re.findall(r"[-\d.]+", arrow.get("d")))
            pre, post = arrow.get("data-pre"), arrow.get("data-post")
            assert ((x0 - places[pre][0]) ** 2 + (y0 - places[pre][1]) ** 2) ** 0.5 < 12
            assert ((x1 - places[post][0]) ** 2 + (y1 - places[post][1]) ** 2) ** 0.5 < 15
            bends[pre, post] = (cx, cy)
    assert bends[str(A), str(B)] != bends[str(B), str(A)]


def test_the_page_stands_alone(subgraph: Any, tmp_path: Path) -> None:
    view = network_view(subgraph)
    place = view.save(tmp_path / "view.html")
    text = place.read_text("utf-8")
    assert text == network_view(subgraph).page, "the same each time"
    fetched = re.findall(r"(?:src|href)=|import\(|fetch\(|https?://(?!www\.w3\.org/2000/svg)", text)
    assert fetched == []
    shown = re.search(r'srcdoc="([^"]*)"', view._repr_html_())
    assert html.unescape(shown[1]) == view.page
    with pytest.raises(InputError, match="cannot write"):
        view.save(tmp_path / "no" / "view.html")


def test_neo4j_viz(subgraph: Any) -> None:
    pytest.importorskip("neo4j_viz")
    made = to_neo4j_viz(subgraph)
    assert [node.id for node in made.nodes] == [str(A), str(B), str(C)]
    assert [node.properties["cell_class"] for node in made.nodes] == [
        "ER",
        "<EBc> & 'co'",
        "Unknown",
    ]
    edges = {(e.source, e.target): (e.caption, e.width) for e in made.relationships}
    assert edges == {
        (str(A), str(B)): ("16", 4.0),
        (str(B), str(A)): ("4", 2.0),
        (str(A), str(C)): ("1", 1.0),
    }
    assert str(A) in made.render().data


def test_neo4j_viz_that_is_not_installed(subgraph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "neo4j_viz", None)
    with pytest.raises(MissingExtraError, match=r"cavegraph\[neo4j-viz\]"):
        to_neo4j_viz(subgraph)


def test_what_cannot_be_drawn(subgraph: Any) -> None:
    assert "class='neuron'" not in network_view(nx.DiGraph()).page
    with pytest.raises(InputError, match="DiGraph"):
        network_view({A: B})
    with pytest.raises(InputError, match="cannot be told apart"):
        network_view(nx.empty_graph(MAX_NEURONS + 1, create_using=nx.DiGraph))
    subgraph.add_edge(C, A)
    with pytest.raises(InputError, match="no weight"):
        network_view(subgraph)
