"""Neurons or classes as nodes on a circle, connections as arrows between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.common.palette import UNKNOWN_COLOR, default_colors
from graphapi.errors import InputError
from graphapi.plots.canvas import new_axes, say_empty
from graphapi.plots.classes import UNKNOWN, group_sorted, read_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import networkx as nx
    from matplotlib.axes import Axes

    from graphapi.plots.classes import Classes

#: Nodes that are still told apart on a circle.
MAX_NODES = 150
_MAX_LABELLED = 40
_MAX_WEIGHTS = 30
_WIDTHS = (0.5, 7.0)


@dataclass(frozen=True)
class _Node:
    """A node as it is drawn: its key, its text, its class, and its area in points squared."""

    key: Any
    text: str
    group: str
    area: float


def connectivity_diagram(
    subgraph: nx.DiGraph[int],
    classes: Classes | None = None,
    *,
    by: str = "cell_class",
    level: Literal["class", "neuron"] = "class",
    ax: Axes | None = None,
) -> Axes:
    """Draw a subgraph as nodes and arrows.

    Parameters
    ----------
    subgraph
        As `get_subgraph` gives it: nodes are root ids, edges have `weight`.
    classes
        The neurons' classes: a dict or Series by root id, or annotation rows. None: the node
        attribute `by` of the subgraph.
    by
        Node attribute, or column of annotation rows, that holds the class.
    level
        `class`: a node a class, larger for more neurons; arrows are the sums of weights, also
        within a class (loops). `neuron`: a node a neuron, beside those of its class.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Nodes stand clockwise from the top, largest class first. Arrows are as wide as the square
        root of their weight, in the colour of the presynaptic class; each is a patch whose `gid`
        is `PRE->POST` (class names or root ids). Up to 30 arrows have their weight beside them.

    Raises
    ------
    InputError
        It is no such subgraph, `level` is none, or there are too many nodes to be told apart.
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
    axes = new_axes(ax, (7, 7))
    axes.set_axis_off()
    axes.set(xlim=(-1.9, 1.9), ylim=(-1.75, 1.75), aspect="equal")
    if not nodes:
        say_empty(axes, "neurons")
        return axes
    names = {i: name for name, ids in groups for i in ids} if level == "class" else None
    weights = _weights(subgraph, names)
    group_names = [name for name, _ in groups]
    colors = dict(zip(group_names, default_colors(len(groups)), strict=True))
    colors[UNKNOWN] = UNKNOWN_COLOR
    places = _circle(nodes)
    _draw_arrows(axes, nodes, places, weights, colors)
    _draw_nodes(axes, nodes, places, colors)
    if level == "neuron":
        _legend(axes, groups, colors)
    return axes


def _classes_of(subgraph: nx.DiGraph[int], classes: Classes | None, by: str) -> Mapping[int, str]:
    if not hasattr(subgraph, "in_edges"):
        raise InputError(
            f"a diagram is drawn of a networkx DiGraph, not of {type(subgraph).__name__}",
            hint="get_subgraph(...) gives one",
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
    """Sum weights by pair of nodes as drawn."""
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
        start, end, bend, middle = _path(places[pre], places[post], loop=pre == post)
        arrow = FancyArrowPatch(
            start,
            end,
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=8 + 8 * share,
            linewidth=_WIDTHS[0] + (_WIDTHS[1] - _WIDTHS[0]) * share,
            color=colors[drawn[pre].group],
            alpha=0.75,
            shrinkA=0 if pre == post else drawn[pre].area ** 0.5 / 2,
            shrinkB=0 if pre == post else drawn[post].area ** 0.5 / 2 + 1,
        )
        arrow.set_gid(f"{pre}->{post}")
        ax.add_patch(arrow)
        if len(weights) <= _MAX_WEIGHTS:
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5}
            ax.text(
                middle[0], middle[1], str(weight), ha="center", va="center", fontsize=7, bbox=box
            )


def _path(start: Any, end: Any, *, loop: bool) -> tuple[Any, Any, float, Any]:
    """Give the ends and the bend of an arrow, and a place beside it; both ways bend apart."""
    if loop:
        outward = start / np.linalg.norm(start) if np.any(start) else np.array([0.0, 1.0])
        aside = np.array([-outward[1], outward[0]]) * 0.13
        return start + aside, start - aside, -1.7, start + outward * 0.27
    bend = 0.12
    along = end - start
    return start, end, bend, (start + end) / 2 + np.array([along[1], -along[0]]) * bend / 2


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
    ).set_gid("nodes")
    for node in nodes:
        if node.text:
            _draw_label(ax, node, places[node.key])


def _draw_label(ax: Axes, node: _Node, place: Any) -> None:
    x, y = place * 1.42 if np.any(place) else (0.0, -0.3)
    side = "center" if abs(x) < 0.3 else ("left" if x > 0 else "right")
    ax.text(x, y, node.text, ha=side, va="center", fontsize=9 if len(node.text) < 18 else 7)


def _legend(ax: Axes, groups: Sequence[tuple[str, list[int]]], colors: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    keys = [
        Line2D([], [], marker="o", linestyle="", color=colors[name], label=f"{name} (n={len(ids)})")
        for name, ids in groups
    ]
    ax.legend(handles=keys, loc="lower right", frameon=False, fontsize="small")
