"""Draw how large synapses are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.palette import UNKNOWN_COLOR, default_colors
from graphapi.errors import InputError
from graphapi.plots.canvas import need_columns, new_axes, open_frame, say_empty

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Groups with a colour of their own; further, smaller ones share one colour.
MAX_GROUPS = 7
_TITLES = {"pre_pt_root_id": "Presynaptic neuron", "post_pt_root_id": "Postsynaptic neuron"}


def synapse_sizes(
    synapses: pd.DataFrame,
    by: str | None = "pre_pt_root_id",
    *,
    bins: int = 50,
    size: str = "size",
    ax: Axes | None = None,
) -> Axes:
    """Draw a stacked histogram of synapse sizes, one colour for each neuron.

    Parameters
    ----------
    synapses
        Synapse rows of `get_synapses`.
    by
        Column to colour by; None for one colour.
    bins
        Number of bins between the smallest and the largest size.
    size
        Column with the sizes.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Groups are stacked by number of synapses, the largest at the bottom. Groups beyond
        `MAX_GROUPS` are drawn as one, and the legend gives their number. Rows without a value in
        `by` are a separate group.

    Raises
    ------
    InputError
        A column is missing, a size is missing, or `bins` is less than 1.
    """
    need_columns(synapses, [size] if by is None else [size, by], "synapses")
    if bins < 1:
        raise InputError(f"bins must be 1 or more, not {bins}")
    if synapses[size].isna().any():
        raise InputError(f"{int(synapses[size].isna().sum())} synapses have no '{size}'")
    axes = new_axes(ax, (6, 4))
    axes.set(xlabel="Synapse size (voxels)", ylabel="Number of synapses")
    open_frame(axes)
    if synapses.empty:
        say_empty(axes, "synapses")
        return axes
    groups = _groups(synapses, by, size)
    edges = np.histogram_bin_edges(synapses[size].to_numpy(), bins).tolist()
    colors = default_colors(min(len(groups), MAX_GROUPS))
    colors += [UNKNOWN_COLOR] * (len(groups) - len(colors))
    axes.hist(
        [v for _, v in groups], edges, stacked=True, color=colors, label=[n for n, _ in groups]
    )
    if by is not None:
        title = _TITLES.get(by, by.replace("_", " "))
        axes.legend(title=title, frameon=False, fontsize="small")
    return axes


def _groups(synapses: pd.DataFrame, by: str | None, size: str) -> list[tuple[str, np.ndarray]]:
    if by is None:
        return [("all", synapses[size].to_numpy())]
    parts = [
        (str(name), rows[size].to_numpy()) for name, rows in synapses.groupby(by, dropna=False)
    ]
    parts.sort(key=lambda part: (-len(part[1]), part[0]))
    shown, rest = parts[:MAX_GROUPS], parts[MAX_GROUPS:]
    named = [(f"{name} (n={len(values)})", values) for name, values in shown]
    if not rest:
        return named
    together = np.concatenate([values for _, values in rest])
    return [*named, (f"{len(rest)} others (n={len(together)})", together)]
