"""Paths of types drawn in layers: hops from left to right, width by contribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.palette import UNKNOWN, UNKNOWN_COLOR, class_colors
from graphapi.errors import InputError
from graphapi.plots.canvas import need_columns, new_axes, say_empty
from graphapi.plots.classes import word_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

#: Room between the groups of a layer, as a share of the tallest layer.
_GAP = 0.04
#: Width of a group's bar, in layers.
_BAR = 0.06
#: Groups thinner than this share of the tallest layer have no name.
_NAMED = 0.012


def path_layers(
    paths: pd.DataFrame,
    *,
    by: str = "cell_class",
    hops: int | None = None,
    colors: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw contributing paths: a layer for each hop, its groups stacked.

    Parameters
    ----------
    paths
        A result of `get_contributing_paths`.
    by
        The property that the groups are values of, for the heading.
    hops
        Draw only paths of this length; None: the length that contributes most.
    colors
        Colour of each group.
    title
        Heading.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Bands run from group to group, as wide as the contributions of the paths through both.
        Contributions below zero are hatched.

    Raises
    ------
    InputError
        The frame is not a table of paths.
    """
    need_columns(paths, ("hops", "path", "contribution"), "paths")
    if hops is None and len(paths):
        sizes = paths["contribution"].abs().groupby(paths["hops"]).sum()
        hops = int(np.asarray(sizes.index)[sizes.argmax()])
    drawn = paths[paths["hops"] == hops]
    layers = 1 + (hops or 1)
    axes = new_axes(ax, (2.6 + 1.9 * layers, 4.8))
    axes.set_axis_off()
    heading = f"Paths of {hops} hop{'' if hops == 1 else 's'} by {word_for(by)}"
    axes.set_title(title or heading, loc="left", fontsize=11)
    if not len(drawn):
        say_empty(axes, "paths")
        return axes
    if any(len(path) != layers for path in drawn["path"]):
        raise InputError("paths: a path does not have one group more than it has hops")
    names = sorted({name for path in drawn["path"] for name in path})
    shades = {**class_colors(names), **(colors or {}), UNKNOWN: UNKNOWN_COLOR}
    places = _places(drawn, layers)
    _draw_bands(axes, drawn, places, shades)
    _draw_bars(axes, places, shades)
    tallest = max(top for layer in places for _, top in layer.values())
    axes.set(xlim=(-0.75, layers - 0.25), ylim=(tallest * 1.04, -0.06 * tallest))
    total = paths.attrs.get("totals", {}).get(hops)
    if total:
        share = float(drawn["contribution"].sum()) / total
        axes.text(
            -0.7, tallest * 1.02, f"{len(drawn)} paths: {share:.1%} of the effective connectivity "
            f"over {hops} hops", va="bottom", fontsize=8, color="0.35",
        )  # fmt: skip
    for layer in range(layers):
        text = "pre" if layer == 0 else ("post" if layer == layers - 1 else f"hop {layer}")
        axes.text(layer, -0.03 * tallest, text, ha="center", va="bottom", fontsize=9, color="0.35")
    return axes


def _places(paths: pd.DataFrame, layers: int) -> list[dict[str, tuple[float, float]]]:
    """Return where each group of each layer begins and ends, the largest first."""
    sizes: list[dict[str, float]] = [{} for _ in range(layers)]
    for path, value in zip(paths["path"], paths["contribution"].abs(), strict=True):
        for place, name in enumerate(path):
            sizes[place][name] = sizes[place].get(name, 0.0) + value
    total = float(paths["contribution"].abs().sum())
    gap = _GAP * total
    tallest = max(total + gap * (len(layer) - 1) for layer in sizes)
    found = []
    for layer in sizes:
        at = (tallest - total - gap * (len(layer) - 1)) / 2
        spans = {}
        for name, size in sorted(layer.items(), key=lambda item: (-item[1], item[0])):
            spans[name] = (at, at + size)
            at += size + gap
        found.append(spans)
    return found


def _draw_bands(
    ax: Axes,
    paths: pd.DataFrame,
    places: list[dict[str, tuple[float, float]]],
    colors: Mapping[str, str],
) -> None:
    """Draw each step between two layers, in the colour of the group that it leaves."""
    for layer in range(len(places) - 1):
        steps: dict[tuple[str, str, bool], float] = {}
        for path, value in zip(paths["path"], paths["contribution"], strict=True):
            key = (path[layer], path[layer + 1], value < 0)
            steps[key] = steps.get(key, 0.0) + abs(value)
        order = [list(spans) for spans in places]
        leaving = {name: start for name, (start, _) in places[layer].items()}
        entering = {name: start for name, (start, _) in places[layer + 1].items()}
        ends: dict[tuple[str, str, bool], float] = {}
        into = sorted(
            steps, key=lambda k: (order[layer + 1].index(k[1]), order[layer].index(k[0]), k[2])
        )
        for key in into:
            ends[key] = entering[key[1]]
            entering[key[1]] += steps[key]
        for key in sorted(
            steps, key=lambda k: (order[layer].index(k[0]), order[layer + 1].index(k[1]), k[2])
        ):
            start = leaving[key[0]]
            leaving[key[0]] += steps[key]
            _band(ax, layer, start, ends[key], steps[key], colors[key[0]], inhibits=key[2])


def _band(
    ax: Axes, layer: int, start: float, end: float, size: float, color: str, *, inhibits: bool
) -> None:
    x = np.linspace(0, 1, 40)
    bend = x * x * (3 - 2 * x)
    top = start + (end - start) * bend
    across = layer + _BAR / 2 + x * (1 - _BAR)
    band = ax.fill_between(
        across, top, top + size, color=color, alpha=0.45, linewidth=0,
        hatch="////" if inhibits else None, edgecolor="white" if inhibits else "none",
    )  # fmt: skip
    band.set_gid(f"band {layer}")


def _draw_bars(
    ax: Axes,
    places: list[dict[str, tuple[float, float]]],
    colors: Mapping[str, str],
) -> None:
    tallest = max(end for spans in places for _, end in spans.values())
    for layer, spans in enumerate(places):
        for name, (start, end) in spans.items():
            bar = ax.bar(layer, end - start, _BAR, bottom=start, color=colors[name])
            bar[0].set_gid(f"bar {layer} {name}")
            if end - start < _NAMED * tallest:
                continue
            options: dict[str, Any] = {"va": "center", "fontsize": 8}
            if layer == 0:
                options |= {"ha": "right"}
            side = -1 if layer == 0 else 1
            ax.text(layer + side * _BAR, (start + end) / 2, name, **options)
