"""Influence drawn as a ranking: the neurons or classes that seeds influence most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.palette import UNKNOWN, UNKNOWN_COLOR
from graphapi.errors import InputError
from graphapi.plots.canvas import need_columns, new_axes, open_frame, say_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

_SEED, _OTHER = "#E69F00", "#0072B2"


def influence_ranking(
    influence: pd.DataFrame,
    *,
    by: str | None = None,
    top: int = 20,
    colors: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw adjusted influence as dots, the largest at the top.

    Parameters
    ----------
    influence
        A result of `get_influence` for one group of seeds.
    by
        The column of its classes, if it was summed.
    top
        Number of dots.
    colors
        Colour of each class.
    title
        Heading.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Neurons are blue; seeds, whose influence includes their own input, are orange.

    Raises
    ------
    InputError
        The frame is not a result of `get_influence`, or has several groups.
    """
    column = by or "neuron_id"
    need_columns(influence, (column, "adjusted_influence"), "influence")
    if column != "group" and "group" in influence.columns and influence["group"].nunique() > 1:
        raise InputError(
            "influence: there are several groups of seeds", hint="draw one group at a time"
        )
    there = influence[influence["adjusted_influence"] != 0]
    order = there["adjusted_influence"].abs().sort_values(ascending=False, kind="stable").index
    shown = there.loc[order[:top]]
    axes = new_axes(ax, (6.4, 1.2 + 0.24 * max(len(shown), 4)))
    axes.set_title(title or "Adjusted influence", loc="left", fontsize=11)
    open_frame(axes)
    if not len(shown):
        say_empty(axes, "influence")
        return axes
    names = shown[column].astype(str).tolist()
    if by is None:
        shades = [_SEED if seed else _OTHER for seed in shown["is_seed"]]
    else:
        known = {**(colors or {}), UNKNOWN: UNKNOWN_COLOR}
        shades = [known.get(name, UNKNOWN_COLOR) for name in names]
        names = [f"{name} (n={n})" for name, n in zip(names, shown["neurons"], strict=True)]
    heights = np.arange(len(shown))
    dots = axes.scatter(shown["adjusted_influence"], heights, c=shades, s=42, zorder=3)
    dots.set_gid("dots")
    axes.grid(axis="y", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_yticks(heights, names, fontsize=8)
    axes.invert_yaxis()
    if by is None and shown["is_seed"].any():
        axes.scatter([], [], c=_SEED, s=42, label="seed")
        axes.legend(loc="lower right", frameon=False, fontsize=8)
    axes.set_xlabel("adjusted influence: ln(influence) + 24")
    if len(there) > len(shown):
        what = "neurons" if by is None else "classes"
        axes.annotate(
            f"{len(there) - len(shown):,} more {what} are not shown",
            (0.01, 0.01), xycoords="axes fraction", ha="left", fontsize=7, color="0.4",
        )  # fmt: skip
    return axes
