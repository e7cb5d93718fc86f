"""A subgraph to explore with the mouse: an HTML page, or a graph for neo4j-viz.

The page is one HTML file with one SVG drawing and fetches nothing: it opens anywhere, also in
notebooks, and can be sent by mail. Drag the background to move, use the wheel to zoom, drag a
neuron to place it, and click it to see only its partners. Point at anything to read its name.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.common.htmlpage import HtmlPage
from graphapi.common.palette import class_colors
from graphapi.errors import InputError, MissingExtraError
from graphapi.plots.classes import group_sorted, read_classes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import networkx as nx

#: Most neurons that can be told apart.
MAX_NEURONS = 500
_SIZE = 1000.0
_HEIGHT = 700.0
#: Lines per column of the legend, and the width of a column.
_KEYS, _KEY_WIDTH = 36, 190
_RADIUS = 11.0
_SCRIPT = (Path(__file__).parent / "network.js").read_text("utf-8")
_STYLE = (
    "svg{width:100%;height:100%;background:#fff;font:11px sans-serif;cursor:grab}"
    ".pre-post{fill:none;opacity:.65}.neuron circle{stroke:#222}.neuron text{pointer-events:none}"
    "#note{fill:#555}.aside{opacity:.06!important}"
)


@dataclass(frozen=True)
class _Look:
    """The class of each neuron of a subgraph, and the colour of each class."""

    classes: dict[int, str]
    groups: dict[str, str]

    def color(self, root_id: int) -> str:
        return self.groups[self.classes[root_id]]


def network_view(
    subgraph: nx.DiGraph[int],
    *,
    by: str = "cell_class",
    height: int = 600,
    colors: Mapping[str, str] | None = None,
    note: str = "",
) -> HtmlPage:
    """Make a page of a subgraph.

    Parameters
    ----------
    subgraph
        From `get_subgraph`: nodes are root ids, edges have `weight`.
    by
        Node attribute that colours and names neurons.
    height
        Height in a notebook, in pixels.
    colors
        Colours by class, as from `get_class_colors`; None for the palette, in order of size.
    note
        A line of text below the drawing, such as the source of the data.

    Returns
    -------
    HtmlPage
        Neurons are circles. Connections are arrows, with a width proportional to the square root
        of the weight and the colour of the presynaptic class. The same subgraph always looks the
        same.

    Raises
    ------
    InputError
        `subgraph` is not valid, or has more than `MAX_NEURONS` neurons.
    """
    look = _look(subgraph, by, colors)
    places = _places(subgraph)
    edges: list[tuple[int, int, int]] = sorted(
        ((pre, post, data["weight"]) for pre, post, data in subgraph.edges(data=True)),
        key=lambda edge: edge[2],
    )
    heaviest = max((weight for _, _, weight in edges), default=1)
    drawn = [
        *(_arrow(edge, places, look, heaviest) for edge in edges),
        *(_circle(int(root), places[root], look) for root in subgraph.nodes),
    ]
    legend = "".join(_key(n, *item) for n, item in enumerate(look.groups.items()))
    heads = "".join(_head(color) for color in sorted(set(look.groups.values())))
    view = f"0 0 {_SIZE:g} {_HEIGHT:g}"
    told = f"<text id='note' x='8' y='{_HEIGHT - 8:g}'>{html.escape(note)}</text>" if note else ""
    drawing = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{view}'><defs>{heads}</defs>"
        f"<g id='all'>{''.join(drawn)}</g><g id='legend'>{legend}</g>{told}</svg>"
    )
    return HtmlPage.of(drawing, style=_STYLE, script=_SCRIPT, height=height)


def to_neo4j_viz(
    subgraph: nx.DiGraph[int],
    *,
    by: str = "cell_class",
    colors: Mapping[str, str] | None = None,
) -> Any:
    """Make a graph for neo4j-viz; needs the extra `neo4j-viz` (licensed under the GPL).

    Parameters
    ----------
    subgraph, by, colors
        See `network_view`.

    Returns
    -------
    neo4j_viz.VisualizationGraph
        Show it with `.render()`. Ids are text, because JavaScript would round numbers.

    Raises
    ------
    InputError
        `subgraph` is not valid.
    MissingExtraError
        neo4j-viz is not installed.
    """
    try:
        from neo4j_viz import Node, Relationship, VisualizationGraph
    except ImportError as error:
        raise MissingExtraError("neo4j-viz", "neo4j-viz") from error
    look = _look(subgraph, by, colors)
    nodes = [
        Node(
            id=str(root),
            caption=_caption(int(root), look),
            color=look.color(int(root)),
            properties={"root_id": str(root), by: look.classes[int(root)]},
        )
        for root in subgraph.nodes
    ]
    edges = [
        Relationship(
            id=f"{pre}->{post}",
            source=str(pre),
            target=str(post),
            caption=str(data["weight"]),
            width=float(data["weight"]) ** 0.5,
            properties={"weight": int(data["weight"])},
        )
        for pre, post, data in subgraph.edges(data=True)
    ]
    return VisualizationGraph(nodes=nodes, relationships=edges)


def _look(subgraph: nx.DiGraph[int], by: str, colors: Mapping[str, str] | None) -> _Look:
    if not hasattr(subgraph, "in_edges"):
        raise InputError(
            f"a network needs a networkx DiGraph, not {type(subgraph).__name__}",
            hint="get_subgraph(...) returns one",
        )
    if len(subgraph) > MAX_NEURONS:
        raise InputError(
            f"{len(subgraph)} neurons cannot be told apart; at most {MAX_NEURONS} are drawn",
            hint="raise threshold, or choose fewer neurons",
        )
    if any("weight" not in data for _, _, data in subgraph.edges(data=True)):
        raise InputError("connections of the subgraph have no weight")
    given = {int(root): data[by] for root, data in subgraph.nodes(data=True) if by in data}
    known = read_classes(given, by)
    groups = group_sorted(subgraph.nodes, known)
    paint = class_colors([name for name, _ in groups], colors)
    return _Look({root: name for name, ids in groups for root in ids}, paint)


def _places(subgraph: nx.DiGraph[int]) -> dict[int, tuple[float, float]]:
    """Place neurons with a spring layout, in the drawing's units; the same each time."""
    import networkx as nx

    spread = nx.spring_layout(nx.Graph(subgraph), seed=1, iterations=80, weight=None)
    return {
        root: (_SIZE * (0.5 + 0.46 * x), _SIZE * (0.35 + 0.31 * y))
        for root, (x, y) in ((root, map(float, place)) for root, place in spread.items())
    }


def _arrow(
    edge: tuple[int, int, int], places: dict[int, tuple[float, float]], look: _Look, heaviest: int
) -> str:
    pre, post, weight = edge
    color, width = look.color(int(pre)), 1 + 6 * (weight / heaviest) ** 0.5
    return (
        f"<path class='pre-post' data-pre='{pre}' data-post='{post}' data-weight='{weight}' "
        f"d='{_curve(places[pre], places[post])}' stroke='{color}' stroke-width='{width:.2f}' "
        f"marker-end='url(#head{color[1:]})'>"
        f"<title>{pre} to {post}: {weight} synapses</title></path>"
    )


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Return a bent line that ends at the circles; the two directions bend apart."""
    (x0, y0), (x1, y1) = start, end
    away = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
    ux, uy = (x1 - x0) / away, (y1 - y0) / away
    bend, gap = 0.12 * away, _RADIUS + 3
    middle = ((x0 + x1) / 2 + uy * bend, (y0 + y1) / 2 - ux * bend)
    return (
        f"M{x0 + ux * _RADIUS:.1f},{y0 + uy * _RADIUS:.1f} "
        f"Q{middle[0]:.1f},{middle[1]:.1f} {x1 - ux * gap:.1f},{y1 - uy * gap:.1f}"
    )


def _circle(root: int, place: tuple[float, float], look: _Look) -> str:
    x, y = place
    caption = html.escape(_caption(root, look))
    name = html.escape(look.classes[root])
    return (
        f"<g class='neuron' data-id='{root}' data-class='{name}' "
        f"transform='translate({x:.1f},{y:.1f})'>"
        f"<circle r='{_RADIUS:g}' fill='{look.color(root)}'/>"
        f"<text y='{_RADIUS + 11:g}' text-anchor='middle'>{caption}</text>"
        f"<title>{root}: {name}</title></g>"
    )


def _caption(root: int, look: _Look) -> str:
    return f"{look.classes[root]} \u2026{root % 10_000:04d}"


def _key(number: int, name: str, color: str) -> str:
    x, y = 14 + _KEY_WIDTH * (number // _KEYS), 18 + 18 * (number % _KEYS)
    return (
        f"<circle cx='{x}' cy='{y}' r='6' fill='{color}'/>"
        f"<text x='{x + 12}' y='{y + 4}'>{html.escape(name)}</text>"
    )


def _head(color: str) -> str:
    return (
        f"<marker id='head{color[1:]}' viewBox='0 0 10 10' refX='8' refY='5' orient='auto' "
        f"markerWidth='9' markerHeight='9' markerUnits='userSpaceOnUse'>"
        f"<path d='M0,0L10,5L0,10z' fill='{color}'/></marker>"
    )
