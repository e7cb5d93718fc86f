"""Draw motifs: neurons are dots, and connections are arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.palette import OKABE_ITO
from graphapi.plots.canvas import new_axes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from matplotlib.axes import Axes

    from graphapi.motifs.pattern import Pattern

_DOT = 0.13
#: Positions of the three neurons of a triad: places 0, 1, 2 of `graphapi.network.triads`.
_TRIANGLE = np.array([[-0.87, -0.5], [0.0, 1.0], [0.87, -0.5]])


def motif_drawing(motif: str | Path | Pattern, ax: Axes | None = None) -> Axes:
    """Draw a motif: required connections as arrows, forbidden ones as dashed arrows.

    Parameters
    ----------
    motif
        A DotMotif program, the path of a file that holds one, or a `Pattern`.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Neurons are on a circle, with their names in the motif.

    Raises
    ------
    MotifError
        The motif cannot be read.
    """
    from graphapi.motifs.search import read_motif

    pattern = read_motif(motif)
    axes = new_axes(ax, (3, 3))
    count = len(pattern.names)
    angles = np.pi / 2 - 2 * np.pi * np.arange(count) / max(count, 1)
    places = np.column_stack([np.cos(angles), np.sin(angles)])
    edges = [(edge.pre, edge.post) for edge in pattern.edges]
    draw_graph(
        axes,
        places,
        edges,
        names=pattern.names,
        absent=[(edge.pre, edge.post) for edge in pattern.absent],
        arrows=not pattern.undirected,
    )
    frame_drawing(axes)
    return axes


def draw_triad(ax: Axes, name: str, color: str = OKABE_ITO[7], *, small: bool = False) -> Axes:
    """Draw one of the 16 classes of triads on axes.

    Raises
    ------
    KeyError
        The class does not exist.
    """
    from graphapi.network.triads import TRIADS

    triad = {triad.name: triad for triad in TRIADS}[name]
    draw_graph(ax, _TRIANGLE, triad.edges, color=color, small=small)
    frame_drawing(ax)
    return ax


def draw_graph(
    ax: Axes,
    places: npt.NDArray[np.float64],
    edges: Iterable[tuple[int, int]],
    *,
    names: Sequence[str] = (),
    absent: Iterable[tuple[int, int]] = (),
    color: str = OKABE_ITO[7],
    arrows: bool = True,
    small: bool = False,
) -> None:
    """Draw dots at places, and arrows between them; opposite arrows bend apart."""
    from matplotlib.patches import Circle, FancyArrowPatch

    there = set(edges)
    gone = set(absent)
    for kind, pairs in (("-", there), ("--", gone)):
        for pre, post in sorted(pairs):
            bend = (0.25 if small else 0.16) if (post, pre) in there | gone else 0.0
            arrow = FancyArrowPatch(
                tuple(places[pre]),
                tuple(places[post]),
                connectionstyle=f"arc3,rad={bend}",
                arrowstyle="-|>" if arrows else "-",
                mutation_scale=6 if small else 11,
                linewidth=0.9 if small else 1.4,
                linestyle=kind,
                color=color if kind == "-" else "0.6",
                shrinkA=3 if small else 7,
                shrinkB=3 if small else 7,
            )
            arrow.set_gid(f"{pre}->{post}" if kind == "-" else f"{pre}!>{post}")
            ax.add_patch(arrow)
    for number, (x, y) in enumerate(places):
        ax.add_patch(Circle((x, y), _DOT, facecolor="white", edgecolor=color, zorder=3))
        if names:
            ax.text(x * 1.35, y * 1.35, names[number], ha="center", va="center", fontsize=9)


def frame_drawing(ax: Axes) -> None:
    """Make room around a drawing, and hide its axes."""
    ax.set_axis_off()
    ax.set(xlim=(-1.5, 1.5), ylim=(-1.3, 1.5), aspect="equal")
