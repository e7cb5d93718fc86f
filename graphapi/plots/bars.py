"""Bars: classes of partners, and numbers of partners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.common.palette import OKABE_ITO
from graphapi.errors import InputError
from graphapi.plots.canvas import need_columns, new_axes, new_row, open_frame, say_empty
from graphapi.plots.classes import UNKNOWN, read_classes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from matplotlib.axes import Axes

    from graphapi.plots.classes import Classes

_BLUE, _ORANGE = OKABE_ITO[0], OKABE_ITO[4]


def partner_classes(
    connectivity: pd.DataFrame,
    side: Literal["pre", "post"],
    classes: Classes | None,
    *,
    by: str = "cell_class",
    axes: Iterable[Axes] | None = None,
) -> Any:
    """Draw how many connections go to (or come from) each class, and how strong they are.

    Parameters
    ----------
    connectivity
        As `get_connectivity` gives it: `pre`, `post`, `weight`.
    side
        Where the partners are: `post` for downstream ones, `pre` for upstream ones. A frame with
        both directions is best cut in two first.
    classes
        The partners' classes: a dict or Series by root id, or annotation rows; those that are in
        none are `Unknown`.
    by
        Column of the class in annotation rows.
    axes
        Two axes to draw on; None for new ones.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Two: numbers of connections, and mean weights, by class. The classes with most connections
        come first, then by name.

    Raises
    ------
    InputError
        A column is missing, or `side` is no side.
    """
    if side not in ("pre", "post"):
        raise InputError(f"side must be 'pre' or 'post', not {side!r}")
    need_columns(connectivity, (side, "weight"), "connections")
    known = read_classes(classes, by)
    named = [known.get(int(partner), UNKNOWN) for partner in connectivity[side]]
    weights = connectivity.groupby(named)["weight"].agg(["size", "mean"]).reset_index(names="name")
    weights = weights.sort_values(["size", "name"], ascending=[False, True])
    pair = new_row(axes, 2, (8, 3.2))
    where = "Presynaptic" if side == "pre" else "Postsynaptic"
    for ax, column, color, label in (
        (pair[0], "size", _BLUE, "Number of connections"),
        (pair[1], "mean", _ORANGE, "Mean weight (synapses)"),
    ):
        ax.bar(weights["name"].astype(str), weights[column], color=color)
        ax.set(ylabel=label, xlabel=f"{where} class")
        _turn_labels(ax)
        open_frame(ax)
        if weights.empty:
            say_empty(ax, "connections")
    return pair


def synapse_counts(counts: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many upstream and downstream partners each neuron has.

    Parameters
    ----------
    counts
        As `get_synapse_counts` gives it: index `neuron_id`; `post` counts the partners upstream
        (the neuron is postsynaptic there), `pre` those downstream. CRANTpy's tutorial draws them
        the other way round.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Two bars a neuron, in the order of the rows: upstream, downstream.

    Raises
    ------
    InputError
        A column is missing.
    """
    need_columns(counts, ("pre", "post"), "counts")
    axes = new_axes(ax, (max(4.0, 1.2 * len(counts) + 2), 4))
    places = np.arange(len(counts))
    for column, shift, color, label in (
        ("post", -0.2, _BLUE, "Upstream"),
        ("pre", 0.2, _ORANGE, "Downstream"),
    ):
        bars = axes.bar(places + shift, counts[column].to_numpy(), 0.4, color=color, label=label)
        axes.bar_label(bars, padding=1, fontsize="small")
    axes.set_xticks(places, [str(neuron) for neuron in counts.index])
    axes.set(ylabel="Partners", xlabel="Neuron")
    _turn_labels(axes)
    open_frame(axes)
    if counts.empty:
        say_empty(axes, "neurons")
    else:
        axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return axes


def _turn_labels(ax: Axes) -> None:
    for label in ax.get_xticklabels():
        label.set(rotation=30, ha="right", rotation_mode="anchor")
