"""Colours of classes: told apart, and the same wherever a class is drawn."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from graphapi.common.palette import (
    OKABE_ITO,
    PALETTE,
    UNKNOWN_COLOR,
    class_colors,
    default_colors,
)
from loader.browser.browserkit import grass


def lab(color: str) -> np.ndarray:
    """CIELAB under D65, from the definition."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(matrix) @ linear / [0.9505, 1, 1.089]
    f = [t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in xyz]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize(("count", "apart"), [(8, 25), (14, 25), (24, 20), (48, 12)])
def test_classes_are_told_apart(count: int, apart: float) -> None:
    colors = list(class_colors([f"class {i}" for i in range(count)]).values())
    assert len(set(colors)) == count
    places = [lab(color) for color in (*colors, UNKNOWN_COLOR, "#FFFFFF", "#000000")]
    least = min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2))
    assert least > apart


def test_a_class_keeps_the_colour_of_the_whole_connectome() -> None:
    whole = class_colors(["ER", "FBt", "PBt", "EBc"])
    assert list(whole.values()) == list(OKABE_ITO[:4])
    assert class_colors(["EBc", "PBt"], whole) == {"EBc": whole["EBc"], "PBt": whole["PBt"]}
    mixed = class_colors(["EBc / PBt", "EBc"], whole)
    assert mixed["EBc"] == whole["EBc"]
    assert mixed["EBc / PBt"] not in whole.values()


def test_no_class_and_too_many_classes_are_grey() -> None:
    many = class_colors(["Unknown", *(f"class {i}" for i in range(60))])
    assert many["Unknown"] == UNKNOWN_COLOR
    grey = [name for name, color in many.items() if color == UNKNOWN_COLOR]
    assert grey == ["Unknown", *(f"class {i}" for i in range(len(PALETTE), 60))]


def test_the_browser_has_the_colours_of_figures() -> None:
    names = [f"class{i}" for i in range(20)]
    style = grass(names)
    for name, color in class_colors(names).items():
        assert f"node.{name} {{\n  color: {color};\n" in style


def test_weights_are_read_within_wide_arrows() -> None:
    rule = grass([]).partition("relationship {")[2].partition("}")[0]
    look = dict(re.findall(r"([\w-]+): (#\w+);", rule))
    light = [(lab(look[name])[0] + 16) / 116 for name in ("color", "text-color-internal")]
    bright = sorted(max(0.0, v) ** 3 if v > 6 / 29 else 0.0 for v in light)
    assert (bright[1] + 0.05) / (bright[0] + 0.05) > 7, "WCAG's contrast, level AAA"


def test_neurons_repeat_the_palette() -> None:
    assert default_colors(50) == [*PALETTE, *PALETTE[:2]]
