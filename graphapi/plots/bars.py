"""Bar charts: classes of partners, and numbers of partners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.common.palette import OKABE_ITO, UNKNOWN, UNKNOWN_COLOR, class_colors
from graphapi.errors import InputError
from graphapi.plots.canvas import need_columns, new_axes, new_row, open_frame, say_empty
from graphapi.plots.classes import read_classes, word_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from graphapi.plots.classes import Classes

_BLUE, _ORANGE = OKABE_ITO[0], OKABE_ITO[4]
#: Classes with a bar of their own; further ones, with fewer connections, share one bar.
MAX_CLASSES = 24
#: Width of a bar with its name, in inches.
_BAR = 0.28


def partner_classes(
    connectivity: pd.DataFrame,
    side: Literal["pre", "post"],
    classes: Classes | None,
    *,
    by: str = "cell_class",
    colors: Mapping[str, str] | None = None,
    axes: Iterable[Axes] | None = None,
) -> Any:
    """Draw how many connections go to (or come from) each class, and how strong they are.

    Parameters
    ----------
    connectivity
        From `get_connectivity`: `pre`, `post`, `weight`.
    side
        Column of the partners: `post` for downstream ones, `pre` for upstream ones. Split a
        table with both directions first.
    classes
        The partners' classes: a dict or Series by root id, or annotation rows. Partners without
        a class are `Unknown`.
    by
        Column of the class in annotation rows.
    colors
        Colours by class, as from `get_class_colors`; None for the palette, in order of size.
    axes
        Two axes to draw on; None for new ones.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Two: numbers of connections, and mean weights, by class, the classes with most
        connections first, then by name. Beyond `MAX_CLASSES`, the last bar stands for all other
        classes and gives their number.

    Raises
    ------
    InputError
        A column is missing, or `side` is neither `pre` nor `post`.
    """
    if side not in ("pre", "post"):
        raise InputError(f"side must be 'pre' or 'post', not {side!r}")
    need_columns(connectivity, (side, "weight"), "connections")
    known = read_classes(classes, by)
    named = [known.get(int(partner), UNKNOWN) for partner in connectivity[side]]
    sums = connectivity.groupby(named)["weight"].agg(["size", "sum"]).reset_index(names="name")
    sums["name"] = sums["name"].astype(str)
    sums = sums.sort_values(["size", "name"], ascending=[False, True], ignore_index=True)
    paint = class_colors(sums["name"], colors)
    shown = _few(sums)
    shown["mean"] = shown["sum"] / shown["size"]
    pair = new_row(axes, 2, (max(8.0, 2 * (_BAR * len(shown) + 1)), 3.4))
    where = "Presynaptic" if side == "pre" else "Postsynaptic"
    for ax, column, label in (
        (pair[0], "size", "Number of connections"),
        (pair[1], "mean", "Mean weight (synapses)"),
    ):
        painted = [paint.get(name, UNKNOWN_COLOR) for name in shown["name"]]
        ax.bar(shown["name"], shown[column], color=painted)
        ax.set(ylabel=label, xlabel=f"{where} {word_for(by)}")
        _turn_labels(ax, many=len(shown) > 8)
        open_frame(ax)
        if shown.empty:
            say_empty(ax, "connections")
    return pair


def _few(sums: pd.DataFrame) -> pd.DataFrame:
    """Combine the classes beyond `MAX_CLASSES`."""
    if len(sums) <= MAX_CLASSES:
        return sums
    import pandas as pd

    rest = sums.iloc[MAX_CLASSES:]
    others = {"name": f"{len(rest)} others", "size": rest["size"].sum(), "sum": rest["sum"].sum()}
    return pd.concat([sums.head(MAX_CLASSES), pd.DataFrame([others])], ignore_index=True)


def synapse_counts(counts: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many upstream and downstream partners each neuron has.

    Parameters
    ----------
    counts
        A result of `get_synapse_counts`: index `neuron_id`; `post` counts upstream partners (the
        neuron is postsynaptic to them), `pre` downstream ones. CRANTpy's tutorial labels them
        the other way round.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Two bars for each neuron, in the order of the rows: upstream, downstream.

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


def _turn_labels(ax: Axes, *, many: bool = False) -> None:
    for label in ax.get_xticklabels():
        label.set(rotation=60 if many else 30, ha="right", rotation_mode="anchor")
        if many:
            label.set_fontsize("small")
