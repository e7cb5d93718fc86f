"""Figures of motifs and network statistics: what is drawn is what was given."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from graphapi import plots
from graphapi.common.palette import OKABE_ITO
from graphapi.errors import InputError, MotifError
from graphapi.network.triads import CONNECTED, NAMES
from graphapi.plots.motifdrawing import draw_triad

mpl.use("Agg")
BLUE, ORANGE = OKABE_ITO[0], OKABE_ITO[1]


def _table() -> pd.DataFrame:
    """More of 300, fewer of 030C, and nothing to be said of the others."""
    frame = pd.DataFrame(
        {"observed": 10.0, "mean": 10.0, "std": 1.0, "min": 8.0, "max": 12.0}, index=list(NAMES)
    )
    frame["ratio"], frame["z"], frame["p"] = 1.0, 0.0, 1.0
    frame.loc["300", ["observed", "ratio", "z", "p"]] = [5000, 500, 4990, 0.02]
    frame.loc["030C", ["observed", "ratio", "z", "p"]] = [1, 0.1, -9, 0.02]
    return frame


def _arrows(ax: Any) -> set[str]:
    return {str(patch.get_gid()) for patch in ax.patches if patch.get_gid()}


@pytest.mark.parametrize("name", NAMES)
def test_triads_are_drawn_as_networkx_has_them(name: str) -> None:
    from matplotlib import pyplot as plt

    ax = draw_triad(plt.figure().add_subplot(), name)
    drawn = nx.DiGraph([tuple(map(int, gid.split("->"))) for gid in _arrows(ax)])
    drawn.add_nodes_from(range(3))
    assert nx.is_isomorphic(drawn, nx.triad_graph(name))


def test_a_motif_is_drawn_with_what_must_not_be() -> None:
    ax = plots.motif_drawing("A -> B\nB -> C [weight > 5]\nC !> A")
    assert _arrows(ax) == {"0->1", "1->2", "2!>0"}
    assert {text.get_text() for text in ax.texts} == {"A", "B", "C"}
    with pytest.raises(MotifError):
        plots.motif_drawing("A -> ")


def test_spectrum_shows_counts_and_tells_more_from_fewer() -> None:
    ax = plots.triad_spectrum(_table())
    (points,) = ax.collections[-1:]
    assert points.get_offsets()[:, 1].tolist() == _table().loc[list(CONNECTED), "observed"].tolist()
    colors = dict(zip(CONNECTED, map(mpl.colors.to_hex, points.get_facecolors()), strict=True))
    assert colors["300"] == ORANGE.lower()
    assert colors["030C"] == BLUE.lower()
    assert len(set(colors.values())) == 3
    bars = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in ax.patches]
    assert bars == [(8.0, 12.0)] * 13
    assert len(ax.child_axes) == 13
    assert "300\nz 4,990" in {text.get_text() for text in ax.texts}


def test_gallery_has_a_drawing_of_each_class() -> None:
    figure = plots.motif_gallery(_table())
    drawn = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title().split(":")[0] for ax in drawn] == list(CONNECTED)
    assert "5,000  x500\nz 4,990" in {text.get_text() for ax in drawn for text in ax.texts}


def test_rich_club_ends_where_few_are_left() -> None:
    curve = pd.DataFrame(
        {"neurons": [100, 50, 10, 3], "phi": [0.1, 0.2, 0.4, 1.0]}, index=[0, 5, 9, 12]
    )
    ax = plots.rich_club_plot(curve)
    assert ax.lines[0].get_xdata().tolist() == [0, 5, 9]
    against = curve.assign(mean=0.1, min=0.05, max=0.2, ratio=[1.0, 2.0, 4.0, 10.0])
    ax = plots.rich_club_plot(against)
    (second,) = [one for one in ax.figure.axes if one is not ax]
    assert second.lines[0].get_ydata().tolist() == [1.0, 2.0, 4.0]


def test_degrees_are_drawn_as_neurons_with_so_many_or_more() -> None:
    counts = pd.DataFrame({"in_degree": [1, 2, 0, 1], "out_degree": [0, 4, 0, 0]})
    into, out = plots.degree_plot(counts).lines
    assert into.get_xdata().tolist() == [1, 2, 3]
    assert into.get_ydata().tolist() == [3, 1, 1]
    assert out.get_ydata().tolist() == [4]


def test_distances() -> None:
    ax = plots.distance_plot(pd.DataFrame({"pairs": [5, 7]}, index=[1, 2]))
    assert [bar.get_height() for bar in ax.patches] == [5, 7]


def test_nothing_to_draw_is_said() -> None:
    empty = pd.DataFrame(columns=["neurons", "phi"])
    assert "no neurons" in plots.rich_club_plot(empty).texts[0].get_text()
    assert "no paths" in plots.distance_plot(pd.DataFrame({"pairs": []})).texts[0].get_text()
    none = pd.DataFrame({"in_degree": [], "out_degree": []}, dtype=np.int64)
    assert "no neurons" in plots.degree_plot(none).texts[0].get_text()
    assert "no triads" in plots.triad_spectrum(_table().iloc[:0]).texts[0].get_text()


def test_a_frame_without_what_is_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="lack the column"):
        plots.triad_spectrum(pd.DataFrame({"observed": []}))
