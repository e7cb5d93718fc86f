"""What is drawn, read back from the axes, against numbers counted here by hand."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex, to_rgba

from graphapi.common.palette import OKABE_ITO, UNKNOWN_COLOR
from graphapi.errors import InputError
from graphapi.plots import (
    adjacency_heatmap,
    connectivity_diagram,
    partner_classes,
    synapse_counts,
    synapse_sizes,
)

BASE = 576460752722298426


def drawn(ax: Any) -> None:
    """Render: what cannot be drawn fails here."""
    ax.figure.canvas.draw()


def labels(axis: Any) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def bars(ax: Any) -> dict[str, float]:
    """Heights by the text of the tick below."""
    names = dict(zip(ax.get_xticks(), labels(ax.xaxis), strict=True))
    return {
        names[round(float(bar.get_x() + bar.get_width() / 2), 6)]: float(bar.get_height())
        for bar in ax.patches
    }


# Adjacency -------------------------------------------------------------------------------------


@pytest.fixture
def adjacency() -> pd.DataFrame:
    ids = [BASE + i for i in (4, 1, 3, 2, 5)]
    values = np.arange(25).reshape(5, 5)
    return pd.DataFrame(values, index=ids, columns=ids)


CLASSES = {BASE + 1: "ER", BASE + 2: "EBc", BASE + 3: "ER", BASE + 4: "EBc", BASE + 9: "none"}


def test_heatmap_is_sorted_by_class(adjacency: pd.DataFrame) -> None:
    ax = adjacency_heatmap(adjacency, CLASSES, title="Central complex")
    drawn(ax)
    order = [BASE + i for i in (2, 4, 1, 3, 5)]  # EBc before ER: as many, and first by name
    image = ax.images[0]
    np.testing.assert_array_equal(image.get_array(), adjacency.loc[order, order].to_numpy())
    assert tuple(image.get_extent()) == (0, 5, 5, 0)
    assert image.cmap.name == "viridis_r", "the stronger, the darker, on a white ground"
    assert image.get_clim() == (0, 24)
    assert labels(ax.xaxis) == labels(ax.yaxis) == ["EBc (n=2)", "ER (n=2)", "Unknown (n=1)"]
    np.testing.assert_allclose(ax.get_xticks(), [1, 3, 4.5])
    np.testing.assert_allclose(ax.get_yticks(), [1, 3, 4.5])
    across = [line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1]
    down = [line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1]
    assert (across, down) == ([2, 4], [2, 4])
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("Presynaptic", "Postsynaptic")
    assert ax.get_title() == "Central complex"
    assert [a.get_ylabel() for a in ax.figure.axes] == ["Presynaptic", "Number of synapses"]


def test_heatmap_with_the_largest_class_first(adjacency: pd.DataFrame) -> None:
    ax = adjacency_heatmap(adjacency, {BASE + i: "ER" if i < 4 else "FBt" for i in range(1, 6)})
    assert labels(ax.yaxis) == ["ER (n=3)", "FBt (n=2)"]


def test_heatmap_with_other_rows_than_columns(adjacency: pd.DataFrame) -> None:
    part = adjacency.iloc[:2]
    ax = adjacency_heatmap(part, CLASSES)
    rows, columns = [BASE + 4, BASE + 1], [BASE + i for i in (2, 4, 1, 3, 5)]
    np.testing.assert_array_equal(ax.images[0].get_array(), part.loc[rows, columns].to_numpy())
    assert labels(ax.yaxis) == ["EBc (n=1)", "ER (n=1)"]
    assert tuple(ax.images[0].get_extent()) == (0, 5, 2, 0)


def test_heatmap_without_classes_keeps_the_order(adjacency: pd.DataFrame) -> None:
    part = adjacency.iloc[:, :2]
    ax = adjacency_heatmap(part)
    np.testing.assert_array_equal(ax.images[0].get_array(), part.to_numpy())
    assert labels(ax.yaxis) == [str(i) for i in adjacency.index]
    assert labels(ax.xaxis) == [str(i) for i in part.columns]
    np.testing.assert_allclose(ax.get_yticks(), np.arange(5) + 0.5)
    assert not ax.lines
    large = pd.DataFrame(np.ones((70, 2)), index=range(1, 71), columns=[1, 2])
    assert labels(adjacency_heatmap(large).yaxis) == []


def test_heatmap_by_logarithm(adjacency: pd.DataFrame) -> None:
    image = adjacency_heatmap(adjacency, log=True).images[0]
    assert (image.norm.vmin, image.norm.vmax) == (1, 24)
    colors = image.to_rgba(image.get_array())
    assert colors[0, 0][3] == 0, "no synapse has no colour"
    assert tuple(colors[0, 1]) == tuple(image.cmap(0.0)) != tuple(colors[0, 0]), "one has"
    assert tuple(colors[4, 4]) == tuple(image.cmap(1.0))
    assert np.ma.getmaskarray(image.get_array()).sum() == 1


def test_zeros_are_empty_on_a_linear_scale_too(adjacency: pd.DataFrame) -> None:
    image = adjacency_heatmap(adjacency).images[0]
    colors = image.to_rgba(image.get_array())
    assert colors[0, 0][3] == 0
    assert colors[0, 1][3] == 1


def test_colour_bar_of_a_logarithm_has_plain_numbers(adjacency: pd.DataFrame) -> None:
    ax = adjacency_heatmap(adjacency * 100, log=True)
    drawn(ax)
    bar = ax.figure.axes[1]
    assert labels(bar.yaxis) == [
        "1", "2", "5", "10", "20", "50", "100", "200", "500", "1,000", "2,000",
    ]  # fmt: skip


def strips(ax: Any, side: str) -> dict[str, tuple[str, float, float]]:
    """Colour, start and size of each class's strip beside the matrix."""
    found = {}
    for patch in ax.patches:
        way, _, name = (patch.get_gid() or "").partition(" ")
        if way == side:
            span = (
                (patch.get_y(), patch.get_height())
                if side == "pre"
                else (patch.get_x(), patch.get_width())
            )
            found[name] = (to_hex(patch.get_facecolor()).upper(), *span)
    return found


def test_classes_beside_the_heatmap_have_their_colours(adjacency: pd.DataFrame) -> None:
    ax = adjacency_heatmap(adjacency, CLASSES, colors={"ER": "#112233", "EBc": "#445566"})
    drawn(ax)
    expected = {
        "EBc": ("#445566", 0, 2),
        "ER": ("#112233", 2, 2),
        "Unknown": (UNKNOWN_COLOR, 4, 1),
    }
    assert strips(ax, "pre") == strips(ax, "post") == expected


def test_heatmap_is_sorted_by_strength_within_classes() -> None:
    ids = [BASE + i for i in range(4)]
    values = [[0, 0, 1, 9], [0, 0, 0, 20], [3, 0, 0, 0], [8, 0, 0, 0]]
    frame = pd.DataFrame(values, index=ids, columns=ids)
    kinds = dict(zip(ids, ("ER", "ER", "PBt", "PBt"), strict=True))
    ax = adjacency_heatmap(frame, kinds, order="strongest")
    # ER: 1 (20 synapses), 0 (9); PBt: 3 (8), 2 (3). Columns, 29 11 1 0 synapses: 3 0 2 1.
    expected = frame.loc[[ids[1], ids[0], ids[3], ids[2]], [ids[0], ids[1], ids[3], ids[2]]]
    np.testing.assert_array_equal(np.asarray(ax.images[0].get_array()), expected)


def boxes(ax: Any, found: Any) -> list[Any]:
    drawn(ax)
    renderer = ax.figure.canvas.get_renderer()
    return [text.get_window_extent(renderer) for text in found if text.get_text()]


def test_names_of_many_types_do_not_overlap() -> None:
    ids = [BASE + i for i in range(200)]
    kinds = {root: f"type {min(i, 60)}" for i, root in enumerate(ids)}  # 60 of one, one of 140
    frame = pd.DataFrame(np.eye(200, dtype=int), index=ids, columns=ids)
    ax = adjacency_heatmap(frame, kinds, by="cell_type")
    found = ax.get_yticklabels()
    assert labels(ax.yaxis)[0] == "type 60 (n=140)", "the largest is always named"
    tall = sorted((box.y0, box.y1) for box in boxes(ax, found))
    assert all(low[1] <= high[0] for low, high in itertools.pairwise(tall))
    assert ax.get_ylabel() == f"Presynaptic ({len(found)} of 61 type names are shown)"
    assert 5 < len(found) < 61
    assert len(strips(ax, "pre")) == 61


@pytest.mark.parametrize("kind", ["series", "rows", "text ids", "named column"])
def test_ways_to_give_classes(adjacency: pd.DataFrame, kind: str) -> None:
    rows = pd.DataFrame(
        {
            "root_id": [*CLASSES, BASE + 1, BASE + 5],
            "cell_class": [*CLASSES.values(), "ER", None],
        }
    )
    given: Any = {
        "series": rows.set_index("root_id")["cell_class"],
        "rows": rows,
        "text ids": {str(i): name for i, name in CLASSES.items()},
        "named column": rows.rename(columns={"cell_class": "kind"}),
    }[kind]
    by = "kind" if kind == "named column" else "cell_class"
    ax = adjacency_heatmap(adjacency, given, by=by)
    assert labels(ax.yaxis) == ["EBc (n=2)", "ER (n=2)", "Unknown (n=1)"]


def test_neuron_of_two_classes_has_both(adjacency: pd.DataFrame) -> None:
    rows = pd.DataFrame({"root_id": [BASE + 1, BASE + 1], "cell_class": ["PBt", "ER"]})
    assert labels(adjacency_heatmap(adjacency, rows).yaxis) == ["ER / PBt (n=1)", "Unknown (n=4)"]


def test_empty_heatmap() -> None:
    ax = adjacency_heatmap(pd.DataFrame(dtype="int64"), CLASSES)
    drawn(ax)
    assert [text.get_text() for text in ax.texts] == ["no neurons"]


@pytest.mark.parametrize(
    ("frame", "classes", "message"),
    [
        (np.ones((2, 2)), None, "must be a data frame"),
        (pd.DataFrame(np.ones((1, 2)), index=[1], columns=[2, 2]), None, "twice"),
        (pd.DataFrame(np.ones((1, 1)), index=[1.0], columns=[2]), None, "a float cannot"),
        (pd.DataFrame([["a"]], index=[1], columns=[2]), None, "not numbers"),
        (pd.DataFrame([[1]], index=[1], columns=[2]), ["ER"], "cannot be read from list"),
        (
            pd.DataFrame([[1]], index=[1], columns=[2]),
            pd.DataFrame({"root_id": [1]}),
            "lack the column.* cell_class",
        ),
    ],
)
def test_bad_adjacency(frame: Any, classes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        adjacency_heatmap(frame, classes)


# Partners and counts ---------------------------------------------------------------------------


@pytest.fixture
def connectivity() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "pre": [1, 1, 1, 1, 2],
            "post": [11, 12, 13, 14, 11],
            "weight": [40, 20, 6, 5, 10],
        }
    )


def test_partner_classes(connectivity: pd.DataFrame) -> None:
    axes = partner_classes(connectivity, "post", {11: "EBc", 12: "PBt", 14: "PBt"})
    drawn(axes[0])
    # EBc: 40 and 10 (two connections); PBt: 20 and 5; 13 is in no class.
    assert bars(axes[0]) == {"EBc": 2, "PBt": 2, "Unknown": 1}
    assert bars(axes[1]) == {"EBc": 25, "PBt": 12.5, "Unknown": 6}
    assert labels(axes[0].xaxis) == ["EBc", "PBt", "Unknown"]
    assert axes[0].get_ylabel() == "Number of connections"
    assert axes[1].get_ylabel() == "Mean weight (synapses)"
    assert axes[0].get_xlabel() == "Postsynaptic class"


def test_partner_classes_upstream(connectivity: pd.DataFrame) -> None:
    axes = partner_classes(connectivity, "pre", {1: "ER", 2: "FBt"})
    assert bars(axes[0]) == {"ER": 4, "FBt": 1}
    assert bars(axes[1]) == {"ER": 17.75, "FBt": 10}
    assert axes[0].get_xlabel() == "Presynaptic class"


def test_partner_classes_on_given_axes(connectivity: pd.DataFrame) -> None:
    figure, mine = plt.subplots(1, 2)
    assert list(partner_classes(connectivity, "post", None, axes=mine)) == list(mine)
    assert len(figure.axes) == 2
    with pytest.raises(InputError, match="1 axes were given"):
        partner_classes(connectivity, "post", None, axes=[mine[0]])
    with pytest.raises(InputError, match="side must be"):
        partner_classes(connectivity, "downstream", None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="weight"):
        partner_classes(connectivity[["pre", "post"]], "post", None)
    empty = partner_classes(connectivity.head(0), "post", {})
    drawn(empty[0])
    assert [text.get_text() for text in empty[0].texts] == ["no connections"]


def test_partner_classes_have_their_colours_and_name(connectivity: pd.DataFrame) -> None:
    known = {11: "EBc", 12: "PBt", 14: "PBt"}
    colors = {"PBt": "#112233", "EBc": "#445566"}
    for ax in partner_classes(connectivity, "post", known, by="cell_type", colors=colors):
        painted = [to_hex(bar.get_facecolor()).upper() for bar in ax.patches]
        assert painted == ["#445566", "#112233", UNKNOWN_COLOR]
        assert ax.get_xlabel() == "Postsynaptic type"


def test_partner_types_beyond_24_are_one_bar() -> None:
    rows = [(1, 100 * i + j + 1, i + 1) for i in range(30) for j in range(30 - i)]
    frame = pd.DataFrame(rows, columns=["pre", "post", "weight"])
    counts, means = partner_classes(frame, "post", {post: f"t{post // 100}" for _, post, _ in rows})
    assert len(counts.patches) == 25
    # The six smallest have 6, 5, ... 1 connections, of 25, 26, ... 30 synapses each.
    assert bars(counts)["6 others"] == 21
    synapses = 6 * 25 + 5 * 26 + 4 * 27 + 3 * 28 + 2 * 29 + 30
    assert bars(means)["6 others"] == pytest.approx(synapses / 21)
    assert bars(counts)["t0"] == 30


def test_synapse_counts_are_the_right_way_round() -> None:
    counts = pd.DataFrame(
        {"pre": [25, 31], "post": [13, 0]}, index=pd.Index([BASE, BASE + 1], name="neuron_id")
    )
    ax = synapse_counts(counts)
    drawn(ax)
    upstream, downstream = ax.containers
    assert (upstream.get_label(), downstream.get_label()) == ("Upstream", "Downstream")
    assert [bar.get_height() for bar in upstream] == [13, 0], "partners of its postsynapses"
    assert [bar.get_height() for bar in downstream] == [25, 31]
    assert labels(ax.xaxis) == [str(BASE), str(BASE + 1)]
    assert upstream[0].get_x() < downstream[0].get_x()
    assert [text.get_text() for text in ax.texts] == ["13", "0", "25", "31"]
    with pytest.raises(InputError, match="post"):
        synapse_counts(counts[["pre"]])
    assert [t.get_text() for t in synapse_counts(counts.head(0)).texts] == ["no neurons"]


# Sizes -----------------------------------------------------------------------------------------


def heights_by_group(ax: Any) -> dict[str, Any]:
    return {
        group[0].get_label(): np.array([bar.get_height() for bar in group])
        for group in ax.containers
    }


def test_size_histogram_is_stacked() -> None:
    rows = pd.DataFrame(
        {"size": [0, 1, 1, 5, 10, 10, 3], "pre_pt_root_id": [BASE] * 3 + [BASE + 1] * 4}
    )
    ax = synapse_sizes(rows, bins=5)
    drawn(ax)
    found = heights_by_group(ax)
    # Bins of 2 from 0 to 10, the last one closed.
    assert found[f"{BASE + 1} (n=4)"].tolist() == [0, 1, 1, 0, 2]
    assert found[f"{BASE} (n=3)"].tolist() == [3, 0, 0, 0, 0]
    assert list(found) == [f"{BASE + 1} (n=4)", f"{BASE} (n=3)"]
    upper = ax.containers[1]
    assert [bar.get_y() for bar in upper] == [0, 1, 1, 0, 2], "on top of the first group"
    assert ax.get_legend().get_title().get_text() == "Presynaptic neuron"
    assert [to_hex(c[0].get_facecolor()).upper() for c in ax.containers] == list(OKABE_ITO[:2])


def test_size_histogram_of_many_neurons_says_what_it_joins() -> None:
    sizes = list(itertools.chain.from_iterable([i] * (20 - i) for i in range(10)))
    rows = pd.DataFrame({"size": sizes, "neuron": [f"n{i}" for i in sizes]})
    found = heights_by_group(synapse_sizes(rows, by="neuron", bins=10))
    assert list(found)[:7] == [f"n{i} (n={20 - i})" for i in range(7)]
    assert list(found)[7] == "3 others (n=36)"
    assert sum(heights.sum() for heights in found.values()) == len(rows)


def test_size_histogram_of_all_and_of_none() -> None:
    rows = pd.DataFrame({"size": [1, 2, 3]})
    ax = synapse_sizes(rows, by=None, bins=3)
    assert heights_by_group(ax)["all"].tolist() == [1, 1, 1]
    assert ax.get_legend() is None
    empty = synapse_sizes(rows.head(0), by=None)
    assert [text.get_text() for text in empty.texts] == ["no synapses"]
    with pytest.raises(InputError, match="pre_pt_root_id"):
        synapse_sizes(rows)
    with pytest.raises(InputError, match="bins"):
        synapse_sizes(rows, by=None, bins=0)
    with pytest.raises(InputError, match="1 synapses have no 'size'"):
        synapse_sizes(pd.DataFrame({"size": [1, None]}), by=None)


def test_real_synapse_sizes() -> None:
    file = Path(__file__).parents[3] / "shared/data/microns_pinky100_v185/synapses.parquet"
    if not file.is_file():
        pytest.skip("shared/data is not here")
    rows = pd.read_parquet(file)
    ax = synapse_sizes(rows, bins=30)
    total = sum(sum(heights) for heights in heights_by_group(ax).values())
    assert total == len(rows)
    low, high = ax.containers[0][0].get_x(), ax.containers[0][-1]
    assert low == rows["size"].min()
    assert high.get_x() + high.get_width() == pytest.approx(rows["size"].max())


# Diagram ---------------------------------------------------------------------------------------


@pytest.fixture
def subgraph() -> Any:
    graph = nx.DiGraph()
    for i, name in enumerate(("ER", "ER", "PBt", None)):
        graph.add_node(BASE + i, **({"cell_class": name} if name else {}))
    for pre, post, weight in ((0, 1, 5), (1, 0, 3), (0, 2, 16), (1, 2, 9), (2, 0, 1), (3, 2, 100)):
        graph.add_edge(BASE + pre, BASE + post, weight=weight)
    return graph


def arrows(ax: Any) -> dict[str, Any]:
    return {patch.get_gid(): patch for patch in ax.patches}


def texts(ax: Any) -> list[str]:
    return sorted(text.get_text() for text in ax.texts)


def test_diagram_of_classes(subgraph: Any) -> None:
    ax = connectivity_diagram(subgraph)
    drawn(ax)
    found = arrows(ax)
    assert set(found) == {"ER->ER", "ER->PBt", "PBt->ER", "Unknown->PBt"}
    assert texts(ax) == sorted(["ER (n=2)", "PBt (n=1)", "Unknown (n=1)", "8", "25", "1", "100"])
    # Widths go with the root of the weight: from 0.5 to 7.
    for name, weight in (("ER->ER", 8), ("ER->PBt", 25), ("PBt->ER", 1), ("Unknown->PBt", 100)):
        assert found[name].get_linewidth() == pytest.approx(0.5 + 6.5 * (weight / 100) ** 0.5)
    assert found["ER->PBt"].get_facecolor()[:3] == to_rgba(OKABE_ITO[0])[:3]
    assert found["Unknown->PBt"].get_facecolor()[:3] == to_rgba(UNKNOWN_COLOR)[:3]
    nodes = next(c for c in ax.collections if c.get_gid() == "nodes")
    np.testing.assert_allclose(nodes.get_offsets()[0], [0, 1], atol=1e-9)
    sizes = nodes.get_sizes()
    assert sizes[0] > sizes[1] == sizes[2]


def test_arrows_of_both_ways_bend_apart(subgraph: Any) -> None:
    ax = connectivity_diagram(subgraph)
    drawn(ax)
    there, back = (
        arrows(ax)[name].get_path().vertices.mean(axis=0) for name in ("ER->PBt", "PBt->ER")
    )
    assert np.linalg.norm(there - back) > 0.05


def test_loops_begin_and_end_at_their_node(subgraph: Any) -> None:
    ax = connectivity_diagram(subgraph)
    drawn(ax)
    loop = arrows(ax)["ER->ER"]
    nodes = next(c for c in ax.collections if c.get_gid() == "nodes")
    place = ax.transData.transform(nodes.get_offsets()[0])
    radius = (nodes.get_sizes()[0] / np.pi) ** 0.5 * ax.figure.dpi / 72
    path = loop.get_connectionstyle()(place, place, shrinkA=radius, shrinkB=radius + 1)
    away = np.linalg.norm(path.interpolated(20).vertices - place, axis=1) / radius
    assert 0.8 < away[0] < 1.1
    assert 0.8 < away[-1] < 1.3
    assert away.max() > 2.5
    assert path.vertices[1:3, 1].min() > place[1] + radius, "upwards: away from the others"
    # What is drawn begins there, too, whatever the size of the figure.
    ends = loop.get_transform().transform(loop.get_path().vertices)
    assert np.linalg.norm(ends - place, axis=1).min() < 1.2 * radius


@pytest.mark.parametrize("types", [3, 8, 24])
def test_names_in_diagrams_do_not_overlap(types: int) -> None:
    graph = nx.DiGraph()
    for i in range(types):
        graph.add_node(BASE + i, cell_type=f"some long type {i}")
        graph.add_edge(BASE + i, BASE + (i + 1) % types, weight=5)
        graph.add_edge(BASE + i, BASE + (i + 1) % types, weight=5)
    graph.add_edge(BASE, BASE + 1, weight=10379)
    ax = connectivity_diagram(graph, by="cell_type")
    names = [text for text in ax.texts if (text.get_gid() or "").startswith("name ")]
    assert len(names) == types
    drawn(ax)
    # Turned text: its box before turning, and the corners of that.
    renderer = ax.figure.canvas.get_renderer()
    corners = []
    for text in names:
        angle = np.radians(text.get_rotation())
        anchor = text.get_transform().transform(text.get_unitless_position())
        turned, text_angle = text.get_rotation(), text
        text_angle.set_rotation(0)
        box = text.get_window_extent(renderer)
        text_angle.set_rotation(turned)
        flat = np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]])
        way = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        corners.append((flat - anchor) @ way + anchor)
    for first, second in itertools.combinations(corners, 2):
        assert not overlap(first, second)


def overlap(first: Any, second: Any) -> bool:
    """Tell whether two rectangles share a point: no side of either has all of the other beyond."""
    for shape in (first, second):
        for a, b in zip(shape, np.roll(shape, -1, axis=0), strict=True):
            normal = np.array([b[1] - a[1], a[0] - b[0]])
            one, other = first @ normal, second @ normal
            if one.max() <= other.min() or other.max() <= one.min():
                return False
    return True


def test_a_diagram_fills_its_figure(subgraph: Any) -> None:
    ax = connectivity_diagram(subgraph)
    drawn(ax)
    box = ax.get_tightbbox()
    width, height = ax.figure.get_size_inches() * ax.figure.dpi
    assert box.width > 0.8 * width
    assert box.height > 0.7 * height
    assert box.x0 >= 0
    assert box.x1 <= width


def test_diagram_has_the_colours_it_is_given(subgraph: Any) -> None:
    colors = {"PBt": "#112233", "ER": "#445566"}
    ax = connectivity_diagram(subgraph, colors=colors)
    nodes = next(c for c in ax.collections if c.get_gid() == "nodes")
    painted = [to_hex(color).upper() for color in nodes.get_facecolors()]
    assert painted == ["#445566", "#112233", UNKNOWN_COLOR]


def test_diagram_of_neurons(subgraph: Any) -> None:
    ax = connectivity_diagram(subgraph, level="neuron")
    drawn(ax)
    assert set(arrows(ax)) == {f"{pre}->{post}" for pre, post in subgraph.edges}
    assert {str(node) for node in subgraph} <= set(texts(ax))
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["ER (n=2)", "PBt (n=1)", "Unknown (n=1)"]
    nodes = next(c for c in ax.collections if c.get_gid() == "nodes")
    colors = [to_hex(color).upper() for color in nodes.get_facecolors()]
    assert colors == [OKABE_ITO[0]] * 2 + [OKABE_ITO[1]] + [UNKNOWN_COLOR]


def test_diagram_with_classes_given(subgraph: Any) -> None:
    ax = connectivity_diagram(subgraph, {BASE + i: "all" for i in range(4)})
    drawn(ax)
    assert set(arrows(ax)) == {"all->all"}
    assert texts(ax) == ["134", "all (n=4)"]


def test_diagram_of_nothing_and_of_too_much(subgraph: Any) -> None:
    assert texts(connectivity_diagram(nx.DiGraph())) == ["no neurons"]
    with pytest.raises(InputError, match="200 nodes cannot be told apart"):
        connectivity_diagram(nx.empty_graph(range(1, 201), create_using=nx.DiGraph), level="neuron")
    with pytest.raises(InputError, match="level"):
        connectivity_diagram(subgraph, level="type")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="DiGraph"):
        connectivity_diagram(nx.Graph())
    subgraph.add_edge(BASE, BASE + 3)
    with pytest.raises(InputError, match="has no weight"):
        connectivity_diagram(subgraph)


# All -------------------------------------------------------------------------------------------


def luminance(color: str) -> float:
    """Perceived lightness, 0 to 1 (Rec. 709)."""
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgba(color)[:3]
    ]
    return float(np.dot(channels, [0.2126, 0.7152, 0.0722]))


def test_the_two_colours_of_bars_differ_in_grey_print() -> None:
    assert abs(luminance(OKABE_ITO[0]) - luminance(OKABE_ITO[4])) > 0.25


def test_modules_import_nothing_heavy() -> None:
    code = (
        "import sys, graphapi.plots, graphapi.imagery.neuroglancer, graphapi.imagery.meshes,"
        "graphapi.imagery.scene, graphapi.imagery.em; "
        "print([m for m in ('matplotlib', 'pyvista', 'vtkmodules', 'cloudvolume') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    ("package", "module", "extra"),
    [("matplotlib", "plots", "figures"), ("pyvista", "scene", "viz")],  # the smallest that does
)
def test_missing_package_names_the_extra(package: str, module: str, extra: str) -> None:
    code = {
        "plots": "import pandas as pd, graphapi.plots as p; p.synapse_counts("
        "pd.DataFrame({'pre': [1], 'post': [2]}))",
        "scene": "from graphapi.imagery.scene import brain_scene; brain_scene({})",
    }[module]
    script = f"import sys; sys.modules[{package!r}] = None\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 1
    assert f"'{package}', which is not installed" in done.stderr
    assert f"pip install 'cavegraph[{extra}]'" in done.stderr
