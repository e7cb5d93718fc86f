"""A heat map of regions by type: where each type of neuron makes or receives its synapses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from graphapi.common.palette import UNKNOWN, UNKNOWN_COLOR, class_colors
from graphapi.common.regions import NO_REGION
from graphapi.errors import InputError
from graphapi.plots.canvas import need_columns, new_axes, say_empty
from graphapi.plots.classes import word_for
from graphapi.plots.heatmap import draw_cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

Side = Literal["output", "input"]
_ENDS = {"output": "pre_type", "input": "post_type"}
#: The strip of class colours: its distance from the cells and its width, in axes units.
_AWAY, _WIDE = 0.012, 0.022


def region_heatmap(
    types: pd.DataFrame,
    side: Side = "output",
    *,
    by: str = "cell_class",
    share: bool = False,
    most: int = 30,
    colors: Mapping[str, str] | None = None,
    log: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the synapses of each type in each region.

    Parameters
    ----------
    types
        A result of `get_type_connectivity(by_region=True)`.
    side
        `'output'`: synapses that a type makes; `'input'`: those that it receives.
    by
        What the types are, for the axis.
    share
        Colour by the share of the type's synapses, instead of their number.
    most
        Most types and most regions that have a row or column of their own; the others are summed.
    colors
        Colours by type, as from `get_class_colors`; None for the palette, in order of size.
    log
        Colour by the logarithm; not with `share`.
    title
        Heading.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Rows are types, those with most synapses first and `Unknown` last; columns are regions,
        those with most synapses first and `unassigned` last. No synapses: no colour.

    Raises
    ------
    InputError
        The frame has no regions, or an argument is not valid.
    """
    if side not in _ENDS:
        raise InputError(f"side: {side!r} is not 'output' or 'input'")
    if most < 1:
        raise InputError(f"most: {most} rows are too few", hint="use at least 1")
    if share and log:
        raise InputError("share and log cannot be combined", hint="leave out log")
    need_columns(types, (_ENDS[side], "region", "synapses"), "types")
    summed = types.groupby([_ENDS[side], "region"])["synapses"].sum().unstack(fill_value=0)
    wide = _ordered(_ordered(summed, UNKNOWN, most).T, NO_REGION, most).T
    axes = new_axes(ax, (2.6 + 0.28 * max(wide.shape[1], 8), 2.2 + 0.26 * max(wide.shape[0], 6)))
    ends = "Presynaptic" if side == "output" else "Postsynaptic"
    axes.set(ylabel=f"{ends} {word_for(by)}", xlabel="Region")
    axes.set_title(title or f"{side.title()} synapses by region", y=1.05)  # above a note
    if not wide.size or not wide.to_numpy().any():
        say_empty(axes, "synapses")
        return axes
    values = wide.to_numpy()
    if share:
        values = values / np.maximum(values.sum(axis=1, keepdims=True), 1)
    draw_cells(
        axes, values, "viridis_r", log, f"Share of {side}" if share else "Number of synapses"
    )
    axes.set_aspect("auto")
    columns, rows = ([str(name) for name in names] for names in (wide.columns, wide.index))
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=90, fontsize=7)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows, fontsize=8)
    axes.tick_params(axis="y", length=0, pad=12)
    _paint(axes, rows, class_colors([str(name) for name in summed.index], colors))
    return axes


def _ordered(frame: pd.DataFrame, last: str, most: int) -> pd.DataFrame:
    """Sort rows by their sum, one of them last, and sum those that are too many."""
    sizes = frame.sum(axis=1)
    order = sorted(frame.index, key=lambda name: (name == last, -sizes[name], str(name)))
    kept = [name for name in order if name != last][:most]
    rest = [name for name in order if name not in kept and name != last]
    found = frame.loc[kept]
    if rest:
        found.loc[f"{len(rest)} others"] = frame.loc[rest].sum()
    if last in frame.index:
        found.loc[last] = frame.loc[last]
    return found


def _paint(ax: Axes, rows: list[str], colors: Mapping[str, str]) -> None:
    from matplotlib.patches import Rectangle

    for place, name in enumerate(rows):
        strip = Rectangle(
            (-_AWAY - _WIDE, place),
            _WIDE,
            1,
            transform=ax.get_yaxis_transform(),
            color=colors.get(name, UNKNOWN_COLOR),
            clip_on=False,
            linewidth=0,
        )
        strip.set_gid(f"type {name}")
        ax.add_patch(strip)
