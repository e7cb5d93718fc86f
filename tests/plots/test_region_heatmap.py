"""The heat map of regions by type, read back from the axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from graphapi.errors import InputError
from graphapi.plots import region_heatmap

TYPES = pd.DataFrame(
    [
        ("A", "B", "AL", 5), ("A", "B", "LH", 3), ("A", "A", "AL", 2), ("B", "A", "unassigned", 40),
        ("B", "B", "LH", 2), ("Unknown", "A", "MB", 90), ("C", "A", "MB", 1),
    ],
    columns=["pre_type", "post_type", "region", "synapses"],
)  # fmt: skip
COLORS = {"A": "#111111", "B": "#222222", "C": "#333333"}


def cells(ax) -> tuple[list[str], list[str], list[list[float]]]:
    """Rows, columns, and numbers; empty cells are 0."""
    values = np.ma.filled(ax.images[0].get_array(), 0)
    rows = [label.get_text() for label in ax.get_yticklabels()]
    return rows, [label.get_text() for label in ax.get_xticklabels()], values.tolist()


def test_cells_are_sums_and_the_named_come_first() -> None:
    ax = region_heatmap(TYPES, colors=COLORS)
    assert cells(ax) == (
        ["B", "A", "C", "Unknown"],
        ["MB", "AL", "LH", "unassigned"],
        [[0, 0, 2, 40], [0, 7, 3, 0], [1, 0, 0, 0], [90, 0, 0, 0]],
    )
    strips = {patch.get_gid(): to_hex(patch.get_facecolor()) for patch in ax.patches}
    assert [strips[f"type {name}"] for name in "ABC"] == list(COLORS.values())
    assert ax.get_ylabel() == "Presynaptic class"


def test_input_and_shares() -> None:
    ax = region_heatmap(TYPES, "input", share=True, by="cell_type")
    rows, columns, values = cells(ax)
    assert (rows, columns) == (["A", "B"], ["MB", "AL", "LH", "unassigned"])
    assert values[0] == pytest.approx([91 / 133, 2 / 133, 0, 40 / 133])
    assert ax.get_ylabel() == "Postsynaptic type"


def test_what_is_too_much_is_summed() -> None:
    rows, columns, values = cells(region_heatmap(TYPES, most=1))
    assert rows == ["B", "2 others", "Unknown"]
    assert columns == ["MB", "2 others", "unassigned"]
    assert np.sum(values) == TYPES["synapses"].sum()


def test_nothing_and_nonsense() -> None:
    ax = region_heatmap(TYPES[:0])
    assert not ax.images
    with pytest.raises(InputError, match="'output' or 'input'"):
        region_heatmap(TYPES, "both")
    with pytest.raises(InputError, match="cannot be combined"):
        region_heatmap(TYPES, share=True, log=True)
    with pytest.raises(InputError, match="region"):
        region_heatmap(TYPES.drop(columns="region"))
