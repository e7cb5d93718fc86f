"""Figures of a network's statistics: triad spectrum, rich club, degrees."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.palette import OKABE_ITO
from graphapi.plots.canvas import need_columns, new_axes, open_frame, pyplot, say_empty
from graphapi.plots.motifdrawing import draw_triad

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _ORANGE, _GREY = OKABE_ITO[0], OKABE_ITO[1], "0.55"
#: Below this p, a difference from the null graphs is coloured.
_NOTABLE_P = 0.05
#: A rich-club curve ends where fewer neurons are left: two or three neurons are chance.
_FEWEST = 10


def triad_spectrum(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the numbers of triads of each connected class, beside those of null graphs.

    Parameters
    ----------
    table
        `Comparison.table` of a triad census: index class names; `observed`, `mean`, `min`,
        `max`, `z` and `p`.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Counts on a logarithmic axis that starts at 0: observed ones as dots (orange: more than in
        null graphs, blue: fewer, grey: p of 0.05 or above), the range of the null graphs as
        bars with a line at the mean. Drawings of the classes and z are below.
    """
    from graphapi.network.triads import CONNECTED

    need_columns(table, ("observed", "mean", "min", "max", "z", "p"), "a triad spectrum's table")
    axes = new_axes(ax, (11, 5))
    open_frame(axes)
    shown = table.loc[[name for name in CONNECTED if name in table.index]]
    if shown.empty:
        say_empty(axes, "triads")
        return axes
    places = np.arange(len(shown))
    low, high = (shown[name].to_numpy() for name in ("min", "max"))
    axes.bar(places, high - low, bottom=low, width=0.6, color="0.85", label="null graphs, range")
    axes.hlines(shown["mean"], places - 0.3, places + 0.3, color="0.4", label="null graphs, mean")
    colors = [_color(z, p) for z, p in zip(shown["z"], shown["p"], strict=True)]
    axes.scatter(places, shown["observed"], c=colors, s=36, zorder=3, label="connectome")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(bottom=0)
    axes.set_xticks(places, [])
    axes.set_xlim(-0.7, len(shown) - 0.3)
    axes.set_ylabel("triads")
    axes.legend(frameon=False, fontsize="small", loc="upper right")
    for place, (name, row) in zip(places, shown.iterrows(), strict=True):
        small = axes.inset_axes(
            (float(place) - 0.42, -0.17, 0.84, 0.15), transform=axes.get_xaxis_transform()
        )
        draw_triad(small, str(name), small=True)
        axes.text(
            float(place), -0.2, f"{name}\nz {_number(row['z'])}", fontsize=8, ha="center", va="top",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    return axes


def motif_gallery(table: pd.DataFrame) -> Figure:
    """Draw the 13 connected classes of triads, each with its count, its ratio and its z.

    Parameters
    ----------
    table
        As for `triad_spectrum`, with `ratio`.

    Returns
    -------
    matplotlib.figure.Figure
        Orange: more than in null graphs; blue: fewer; grey: p of 0.05 or above.
    """
    from graphapi.network.triads import CONNECTED, TRIADS

    need_columns(table, ("observed", "ratio", "z", "p"), "a motif gallery's table")
    titles = {triad.name: triad.title for triad in TRIADS}
    names = [name for name in CONNECTED if name in table.index]
    columns = 5
    rows = max(1, -(-len(names) // columns))
    figure, axes = pyplot().subplots(
        rows, columns, figsize=(11, 2.9 * rows), layout="constrained", squeeze=False
    )
    for ax in axes.ravel():
        ax.set_axis_off()
    for ax, name in zip(axes.ravel(), names, strict=False):
        row = table.loc[name]
        draw_triad(ax, name, _color(row["z"], row["p"]))
        ax.set_title(fill(f"{name}: {titles[name]}", 24), fontsize=9)
        text = f"{row['observed']:,.0f}  x{_number(row['ratio'])}\nz {_number(row['z'])}"
        ax.text(0.5, -0.02, text, transform=ax.transAxes, ha="center", va="top", fontsize=9)
    drawn: Figure = figure
    return drawn


def rich_club_plot(curve: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a rich-club curve.

    Parameters
    ----------
    curve
        From `MotifAnalysis.rich_club`: index `k`; `neurons`, `phi`; and `mean`, `min`, `max`,
        `ratio`, if it was compared with null graphs.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        phi(k) in blue, null graphs in grey, and on a second axis their ratio in orange. The curve
        ends where fewer than ten neurons are above k, if there are ten at all.
    """
    need_columns(curve, ("neurons", "phi"), "a rich-club curve")
    axes = new_axes(ax, (7, 4.5))
    axes.spines["top"].set_visible(False)
    axes.set_xlabel("k: upstream and downstream partners together")
    axes.set_ylabel("connected share of pairs above k")
    if curve.empty:
        say_empty(axes, "neurons above k")
        return axes
    if (curve["neurons"] >= _FEWEST).any():
        curve = curve[curve["neurons"] >= _FEWEST]
    k = curve.index.to_numpy()
    axes.plot(k, curve["phi"], color=_BLUE, label="connectome")
    if "mean" in curve:
        axes.fill_between(k, curve["min"], curve["max"], color="0.8", linewidth=0)
        axes.plot(k, curve["mean"], color=_GREY, label="null graphs")
        second = axes.twinx()
        second.plot(k, curve["ratio"], color=_ORANGE)
        second.axhline(1, color=_ORANGE, linestyle=":", linewidth=0.8)
        second.set_ylabel("ratio to null graphs", color=_ORANGE)
        second.spines["top"].set_visible(False)
    axes.legend(frameon=False, loc="upper left", fontsize="small")
    return axes


def degree_plot(distribution: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the numbers of neurons with k or more partners.

    Parameters
    ----------
    distribution
        From `MotifAnalysis.degree_distribution`: index `k`; `in_degree`, `out_degree`.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Both axes are logarithmic; neurons without partners are not shown.
    """
    need_columns(distribution, ("in_degree", "out_degree"), "a degree distribution")
    axes = new_axes(ax, (7, 4.5))
    open_frame(axes)
    if not distribution["in_degree"].sum():
        say_empty(axes, "neurons")
        return axes
    for name, color, label in (
        ("in_degree", _BLUE, "upstream"),
        ("out_degree", _ORANGE, "downstream"),
    ):
        at_least = distribution[name].to_numpy()[::-1].cumsum()[::-1]
        k = distribution.index.to_numpy()
        there = (k > 0) & (at_least > 0)
        axes.step(k[there], at_least[there], where="pre", color=color, label=label)
    axes.set(xscale="log", yscale="log", xlabel="partners k", ylabel="neurons with k or more")
    axes.legend(frameon=False, title="partners")
    return axes


def distance_plot(pairs: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the numbers of pairs of neurons by their distance in connections.

    Parameters
    ----------
    pairs
        From `PathLengths.to_frame()`: index `distance`; `pairs`.
    ax
        Axes to draw on; None for new ones.
    """
    need_columns(pairs, ("pairs",), "path lengths")
    axes = new_axes(ax, (7, 4.5))
    open_frame(axes)
    if pairs.empty:
        say_empty(axes, "paths")
        return axes
    axes.bar(pairs.index.to_numpy(), pairs["pairs"], color=_BLUE)
    axes.set(xlabel="connections on the shortest path", ylabel="ordered pairs of neurons")
    axes.set_xticks(pairs.index.to_numpy()[:: 1 + len(pairs) // 30])
    return axes


def _color(z: Any, p: Any) -> str:
    if not p < _NOTABLE_P:  # NaN too
        return _GREY
    return _ORANGE if z > 0 else _BLUE


def _number(value: Any) -> str:
    if np.isnan(value):
        return "-"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
