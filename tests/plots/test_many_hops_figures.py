"""Figures of influence and of paths, read back from the axes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from graphapi.errors import InputError
from graphapi.plots import influence_ranking, path_layers

PATHS = pd.DataFrame(
    {
        "hops": [2, 2, 2, 1],
        "path": [["S", "P", "D"], ["S", "L", "D"], ["S", "P", "E"], ["S", "D"]],
        "contribution": [0.5, 0.3, -0.2, 0.4],
    }
)
COLORS = {"S": "#111111", "P": "#222222", "L": "#333333", "D": "#444444", "E": "#555555"}


def bars(ax: Any) -> dict[str, tuple[float, float]]:
    """Place in the layers, and height, of each group's bar."""
    return {
        patch.get_gid(): (patch.get_x() + patch.get_width() / 2, patch.get_height())
        for patch in ax.patches
        if patch.get_gid()
    }


def test_layers_are_as_high_as_contributions() -> None:
    ax = path_layers(PATHS, colors=COLORS)
    ax.figure.canvas.draw()
    found = bars(ax)
    heights = {"bar 0 S": 1, "bar 1 P": 0.7, "bar 1 L": 0.3, "bar 2 D": 0.8, "bar 2 E": 0.2}
    assert {name: height for name, (_, height) in found.items()} == pytest.approx(heights)
    assert all(x == pytest.approx(int(name.split()[1])) for name, (x, _) in found.items())
    assert ax.get_title(loc="left") == "Paths of 2 hops by class"
    shades = {p.get_gid(): to_hex(p.get_facecolor()) for p in ax.patches if p.get_gid()}
    assert shades["bar 1 L"] == "#333333"


def test_bands_leave_and_enter_whole_bars_and_inhibition_is_hatched() -> None:
    ax = path_layers(PATHS, colors=COLORS)
    bands = [one for one in ax.collections if (one.get_gid() or "").startswith("band")]
    ends: dict[float, list[tuple[float, float]]] = {}
    for band in bands:
        points = band.get_paths()[0].vertices
        for x in (points[:, 0].min(), points[:, 0].max()):
            here = points[np.isclose(points[:, 0], x), 1]
            ends.setdefault(round(float(x), 2), []).append((here.min(), here.max()))
    for spans in ends.values():  # each side of a layer is covered once
        spans.sort()
        assert sum(high - low for low, high in spans) == pytest.approx(1.0)
        assert all(a[1] <= b[0] + 1e-9 for a, b in itertools.pairwise(spans))
    assert sorted(bool(band.get_hatch()) for band in bands) == [False] * 4 + [True] * 2


def test_the_share_of_all_paths_is_said() -> None:
    some = PATHS.head(2)
    some.attrs = {"totals": {1: 0.4, 2: 1.6}}
    ax = path_layers(some, hops=2)
    texts = [text.get_text() for text in ax.texts]
    assert "2 paths: 50.0% of the effective connectivity over 2 hops" in texts
    assert [text for text in texts if text in ("pre", "hop 1", "post")] == ["pre", "hop 1", "post"]


def test_no_paths_and_wrong_ones() -> None:
    assert [t.get_text() for t in path_layers(PATHS.head(0)).texts] == ["no paths"]
    assert [t.get_text() for t in path_layers(PATHS, hops=7).texts] == ["no paths"]
    with pytest.raises(InputError, match="lack the column"):
        path_layers(PATHS[["hops"]])
    with pytest.raises(InputError, match="one group more"):
        path_layers(PATHS.assign(hops=2))


INFLUENCE = pd.DataFrame(
    {
        "neuron_id": [576460752722298426, 5, 7, 9],
        "is_seed": [True, False, False, False],
        "influence": [9.0, 4.0, -5.0, 0.0],
        "adjusted_influence": [26.2, 25.4, -25.6, 0.0],
    }
)


def dots(ax: Any) -> np.ndarray:
    (found,) = (one for one in ax.collections if one.get_gid() == "dots")
    return np.asarray(found.get_offsets())


def test_a_ranking_of_neurons() -> None:
    ax = influence_ranking(INFLUENCE)
    ax.figure.canvas.draw()
    assert dots(ax)[:, 0].tolist() == [26.2, -25.6, 25.4]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["576460752722298426", "7", "5"]
    less = influence_ranking(INFLUENCE, top=1)
    assert "2 more neurons are not shown" in [text.get_text() for text in less.texts]


def test_a_ranking_of_classes() -> None:
    classes = pd.DataFrame(
        {
            "cell_class": ["PN", "KC"],
            "neurons": [3, 12],
            "adjusted_influence": [20.0, 22.0],
            "influence": [1.0, 2.0],
        }
    )
    ax = influence_ranking(classes, by="cell_class", colors={"PN": "#123456", "KC": "#654321"})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["KC (n=12)", "PN (n=3)"]
    (found,) = (one for one in ax.collections if one.get_gid() == "dots")
    assert [to_hex(color) for color in found.get_facecolors()] == ["#654321", "#123456"]


def test_what_a_ranking_cannot_draw() -> None:
    nothing = influence_ranking(INFLUENCE.tail(1))
    assert "no influence" in [text.get_text() for text in nothing.texts]
    with pytest.raises(InputError, match="several groups"):
        influence_ranking(INFLUENCE.assign(group=["a", "b", "a", "b"]))
    with pytest.raises(InputError, match="lack the column"):
        influence_ranking(INFLUENCE[["neuron_id"]])
