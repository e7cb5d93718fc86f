"""Draw neurons or classes as nodes on a circle, and connections as arrows between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.common.palette import class_colors
from graphapi.errors import InputError
from graphapi.plots.canvas import new_axes, say_empty
from graphapi.plots.classes import group_sorted, read_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import networkx as nx
    from matplotlib.axes import Axes

    from graphapi.plots.classes import Classes

#: Most nodes that can be told apart on a circle.
MAX_NODES = 150
_MAX_LABELLED = 40
_MAX_WEIGHTS = 30
_WIDTHS = (0.5, 7.0)
#: With this many nodes or more, names are turned like spokes, because they would overlap.
_SPOKES = 11
#: Length of a loop from the middle of its node, and half its width, in radii of the node.
_LOOP = (3.4, 1.5)
_BEND = 0.12


@dataclass(frozen=True)
class _Node:
    """A node as drawn: its key, text and class, and its area in square points."""

    key: Any
    text: str
    group: str
    area: float

    @property
    def radius(self) -> float:
        """Radius in points."""
        return float((self.area / np.pi) ** 0.5)


def connectivity_diagram(
    subgraph: nx.DiGraph[int],
    classes: Classes | None = None,
    *,
    by: str = "cell_class",
    level: Literal["class", "neuron"] = "class",
    colors: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a subgraph as nodes and arrows.

    Parameters
    ----------
    subgraph
        From `get_subgraph`: nodes are root ids, edges have `weight`.
    classes
        The neurons' classes: a dict or Series by root id, or annotation rows. None: the node
        attribute `by` of the subgraph.
    by
        Node attribute, or column of annotation rows, that holds the class.
    level
        `class`: a node for each class, larger for more neurons; arrows are sums of weights, loops
        those within a class. `neuron`: a node for each neuron, beside others of its class.
    colors
        Colours by class, as from `get_class_colors`; None for the palette, in order of size.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Nodes are placed clockwise from the top, largest class first. An arrow's width is
        proportional to the square root of its weight, and its colour is that of the presynaptic
        class. Each arrow is a patch with the `gid` `PRE->POST` (class names or root ids). Weights
        are shown for up to 30 arrows.

    Raises
    ------
    InputError
        `subgraph` or `level` is not valid, or there are too many nodes to tell apart.
    """
    if level not in ("class", "neuron"):
        raise InputError(f"level must be 'class' or 'neuron', not {level!r}")
    known = _classes_of(subgraph, classes, by)
    groups = group_sorted(subgraph.nodes, known)
    nodes = _class_nodes(groups) if level == "class" else _neuron_nodes(groups)
    if len(nodes) > MAX_NODES:
        raise InputError(
            f"{len(nodes)} nodes cannot be told apart; at most {MAX_NODES} are drawn",
            hint="draw level='class', or a smaller subgraph",
        )
    axes = new_axes(ax, (6.5, 6))
    axes.set_axis_off()
    if not nodes:
        say_empty(axes, "neurons")
        return axes
    names = {i: name for name, ids in groups for i in ids} if level == "class" else None
    weights = _weights(subgraph, names)
    paint = class_colors([name for name, _ in groups], colors)
    places = _circle(nodes)
    _fit(axes, places)
    _draw_arrows(axes, nodes, places, weights, paint)
    _draw_nodes(axes, nodes, places, paint)
    loops = {pre for pre, post in weights if pre == post}
    for node in nodes:
        if node.text:
            _draw_label(axes, node, places[node.key], len(nodes), loop=node.key in loops)
    if level == "neuron":
        _legend(axes, groups, paint, max(len(node.text) for node in nodes))
    return axes


def _classes_of(subgraph: nx.DiGraph[int], classes: Classes | None, by: str) -> Mapping[int, str]:
    if not hasattr(subgraph, "in_edges"):
        raise InputError(
            f"a diagram needs a networkx DiGraph, not {type(subgraph).__name__}",
            hint="get_subgraph(...) returns one",
        )
    if classes is not None:
        return read_classes(classes, by)
    return read_classes({i: data[by] for i, data in subgraph.nodes(data=True) if by in data}, by)


def _class_nodes(groups: Sequence[tuple[str, list[int]]]) -> list[_Node]:
    return [
        _Node(name, f"{name} (n={len(ids)})", name, 150 + 60 * len(ids) ** 0.5)
        for name, ids in groups
    ]


def _neuron_nodes(groups: Sequence[tuple[str, list[int]]]) -> list[_Node]:
    total = sum(len(ids) for _, ids in groups)
    shown = total <= _MAX_LABELLED
    return [_Node(i, str(i) if shown else "", name, 90) for name, ids in groups for i in ids]


def _weights(
    subgraph: nx.DiGraph[int], names: Mapping[int, str] | None
) -> dict[tuple[Any, Any], int]:
    """Sum the weights between each two nodes as drawn."""
    weights: dict[tuple[Any, Any], int] = {}
    edges: Any = subgraph.edges(data="weight")
    for pre, post, weight in edges:
        if weight is None:
            raise InputError(f"the connection {pre} -> {post} of the subgraph has no weight")
        pair = (pre, post) if names is None else (names[pre], names[post])
        weights[pair] = weights.get(pair, 0) + int(weight)
    return weights


def _circle(nodes: Sequence[_Node]) -> dict[Any, Any]:
    if len(nodes) == 1:
        return {nodes[0].key: np.zeros(2)}
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(nodes)) / len(nodes)
    return {
        node.key: np.array([np.cos(angle), np.sin(angle)])
        for node, angle in zip(nodes, angles, strict=True)
    }


def _fit(ax: Axes, places: Mapping[Any, Any]) -> None:
    """Set the limits to the nodes; the layout leaves room for names and loops beyond them."""
    points = np.array(list(places.values()))
    low, high = points.min(axis=0) - 0.12, points.max(axis=0) + 0.12
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")


def _draw_arrows(
    ax: Axes,
    nodes: Sequence[_Node],
    places: Mapping[Any, Any],
    weights: Mapping[tuple[Any, Any], int],
    colors: Mapping[str, str],
) -> None:
    from matplotlib.patches import FancyArrowPatch

    drawn = {node.key: node for node in nodes}
    heaviest = max(weights.values(), default=1)
    for (pre, post), weight in sorted(weights.items(), key=lambda item: item[1]):
        share = (weight / heaviest) ** 0.5
        loop = pre == post
        start, end = places[pre], places[post]
        style: Any = _Loop(*_outward(start)) if loop else f"arc3,rad={_BEND}"
        arrow = FancyArrowPatch(
            start,
            end,
            connectionstyle=style,
            arrowstyle="-|>",
            mutation_scale=8 + 8 * share,
            linewidth=_WIDTHS[0] + (_WIDTHS[1] - _WIDTHS[0]) * share,
            color=colors[drawn[pre].group],
            alpha=0.75,
            shrinkA=drawn[pre].radius,
            shrinkB=drawn[post].radius + 1,
            clip_on=False,
        )
        arrow.set_gid(f"{pre}->{post}")
        ax.add_patch(arrow)
        if len(weights) <= _MAX_WEIGHTS:
            _draw_weight(ax, weight, start, end, drawn[pre], _place_of_weight(weights, pre, post))


@dataclass(frozen=True)
class _Loop:
    """A path from a node outwards and back to it; matplotlib calls it with pixels."""

    x: float
    y: float

    def __call__(self, start: Any, end: Any, **sizes: Any) -> Any:
        from matplotlib.path import Path

        along = np.array([self.x, self.y])
        aside = np.array([-self.y, self.x])
        reach, half = _LOOP
        leaving, arriving = float(sizes["shrinkA"]), float(sizes["shrinkB"])
        # A cubic curve reaches three quarters of the way to its handles.
        far = leaving * reach * 4 / 3
        return Path(
            [
                start + (along * 0.75 + aside * 0.66) * leaving,
                start + along * far + aside * half * leaving * 1.6,
                start + along * far - aside * half * leaving * 1.6,
                end + (along * 0.75 - aside * 0.66) * (arriving + 0.5),
            ],
            [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4],
        )


def _outward(place: Any) -> tuple[float, float]:
    """Return the direction away from the middle of the circle; up for a node in the middle."""
    length = float(np.linalg.norm(place))
    return (float(place[0]) / length, float(place[1]) / length) if length else (0.0, 1.0)


def _place_of_weight(weights: Mapping[tuple[Any, Any], int], pre: Any, post: Any) -> float:
    """Return the place of an arrow's weight along it, from 0 to 1.

    With few arrows it is the middle, otherwise nearer to the end where fewer of them meet.
    """
    if len(weights) <= 12:
        return 0.5
    leaving = sum(start == pre for start, _ in weights)
    arriving = sum(end == post for _, end in weights)
    return 0.3 if leaving <= arriving else 0.7


def _draw_weight(ax: Axes, weight: int, start: Any, end: Any, node: _Node, t: float) -> None:
    """Write a weight on its arrow."""
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
    shift = np.zeros(2)
    if np.array_equal(start, end):
        place = start
        # The curve ends a little before its handles, and has a width.
        shift = np.array(_outward(start)) * node.radius * _LOOP[0] * 1.08
    else:
        along = end - start
        handle = (start + end) / 2 + np.array([along[1], -along[0]]) * _BEND
        place = (1 - t) ** 2 * start + 2 * t * (1 - t) * handle + t**2 * end
    ax.annotate(
        str(weight),
        place,
        xytext=(float(shift[0]), float(shift[1])),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=7,
        bbox=box,
        zorder=4,
    )


def _draw_nodes(
    ax: Axes, nodes: Sequence[_Node], places: Mapping[Any, Any], colors: Mapping[str, str]
) -> None:
    points = np.array([places[node.key] for node in nodes])
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=[node.area for node in nodes],
        c=[colors[node.group] for node in nodes],
        edgecolors="black",
        linewidths=0.8,
        zorder=3,
        clip_on=False,
    ).set_gid("nodes")


def _draw_label(ax: Axes, node: _Node, place: Any, count: int, *, loop: bool) -> None:
    """Write a node's name outside the circle, beyond its loop."""
    x, y = (0.0, -1.0) if count == 1 else _outward(place)
    away = node.radius + 5
    if loop and count > 1:
        away = node.radius * _LOOP[0] * 1.08 + 8 + 12 * abs(x)
    options: dict[str, Any] = {
        "ha": "center" if abs(x) < 0.3 else ("left" if x > 0 else "right"),
        "va": "center" if abs(y) < 0.6 else ("bottom" if y > 0 else "top"),
        "fontsize": 9 if len(node.text) < 18 else 7,
    }
    if count >= _SPOKES:
        angle = float(np.degrees(np.arctan2(y, x)))
        turned = angle - 180 if abs(angle) > 90 + 1e-6 else angle
        options = {
            "ha": "right" if abs(angle) > 90 + 1e-6 else "left",
            "va": "center",
            "rotation": turned,
            "rotation_mode": "anchor",
            "fontsize": 8 if count <= 40 else 5,
        }
    text = ax.annotate(
        node.text, place, xytext=(x * away, y * away), textcoords="offset points", **options
    )
    text.set_gid(f"name {node.key}")


def _legend(
    ax: Axes, groups: Sequence[tuple[str, list[int]]], colors: Mapping[str, str], longest: int
) -> None:
    """Name the classes on the right, beyond the longest name of a node."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    beyond = ScaledTranslation((18 + 5 * longest) / 72, 0, ax.figure.dpi_scale_trans)

    keys = [
        Line2D([], [], marker="o", linestyle="", color=colors[name], label=f"{name} (n={len(ids)})")
        for name, ids in groups
    ]
    ax.legend(
        handles=keys,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        bbox_transform=ax.transAxes + beyond,
        frameon=False,
        fontsize="small",
        ncols=1 + len(keys) // 25,
    )
