"""Every figure of the tutorial by one call each, compared with pandas on the demo's own tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import graphapi as cp
from loader.sandbox.standin import serve

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("docs")]
PBT = 576460752732847432
TOKEN = "0123456789abcdef0123456789abcdef"
OPN = {"cell_class": "olfactory_projection_neuron", "tract": "mALT"}


@pytest.fixture(scope="module")
def folder(demo_datastack: Path) -> Path:
    return demo_datastack


@pytest.fixture(scope="module")
def connectome(folder: Path, demo_graph: Path) -> Iterator[cp.Connectome]:
    with (
        serve(folder, token=TOKEN) as server,
        cp.Connectome.open(demo_graph, server=server.url, token=TOKEN) as opened,
    ):
        cp.use(opened)
        yield opened
        cp.use(None)


@pytest.fixture(autouse=True)
def no_screen() -> None:
    import matplotlib as mpl

    mpl.use("Agg", force=True)


@pytest.fixture(scope="module")
def rows(folder: Path) -> pd.DataFrame:
    table = pd.read_parquet(folder / "tables" / "synapses_v2" / "v3.parquet")
    real = (table.pre_pt_root_id > 1) & (table.post_pt_root_id > 1)
    return table[real & (table.pre_pt_root_id != table.post_pt_root_id)]


@pytest.fixture(scope="module")
def weights(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby(["pre_pt_root_id", "post_pt_root_id"]).size()


def text_of(labels: Any) -> list[str]:
    return [label.get_text() for label in labels]


def heights(ax: Any) -> dict[str, float]:
    names = dict(zip(ax.get_xticks(), text_of(ax.get_xticklabels()), strict=True))
    return {names[round(b.get_x() + b.get_width() / 2, 6)]: b.get_height() for b in ax.patches}


def strong_synapses(rows: pd.DataFrame, pre: Any) -> pd.DataFrame:
    """What the tutorial looks at: of size 10 or more, 3 or more in a connection."""
    large = rows[rows.pre_pt_root_id.isin(pre) & (rows["size"] >= 10)]
    pairs = large.groupby(["pre_pt_root_id", "post_pt_root_id"])["id"].transform("size")
    return large[pairs >= 3]


def test_sizes(connectome: cp.Connectome, rows: pd.DataFrame) -> None:
    opn = cp.NeuronCriteria(**OPN, side="right").get_roots()[:3]
    ax = cp.plot_synapse_sizes(opn, threshold=3, min_size=10)
    kept = strong_synapses(rows, opn)
    assert sum(bar.get_height() for bar in ax.patches) == len(kept) == 2998
    each = kept.groupby("pre_pt_root_id").size().sort_values(ascending=False)
    assert text_of(ax.get_legend().get_texts()) == [f"{i} (n={n})" for i, n in each.items()]
    assert ax.get_xlim()[0] < kept["size"].min()
    assert ax.get_xlim()[1] > kept["size"].max()


@pytest.mark.parametrize("overlay", [False, True])
def test_synapses_in_em(connectome: cp.Connectome, rows: pd.DataFrame, overlay: bool) -> None:
    opn = cp.NeuronCriteria(**OPN, side="right").get_roots()[:3]
    panels = cp.plot_synapses_in_em(opn, threshold=3, min_size=10, size=120, overlay=overlay)
    large = strong_synapses(rows, opn).nlargest(3, "size")
    titles = [ax.get_title() for ax in panels]
    assert [int(title.rsplit(" ", 1)[1]) for title in titles] == list(large["size"])
    for ax in panels:
        shown = text_of(ax.get_legend().get_texts())
        assert [label.split()[0] for label in shown] == ["pre", "post"]
        centre = [int(v) for v in ax.get_title().split("(")[1].split(")")[0].split(",")]
        picture = np.asarray(ax.get_images()[0].get_array())
        np.testing.assert_array_equal(picture, cp.plot_em_image(*centre, size=120))
        assert picture.std() > 5
        tints = [image for image in ax.get_images() if image.get_gid() == "segmentation"]
        assert len(tints) == overlay
        if overlay:  # both neurons, at their sites
            tint = np.asarray(tints[0].get_array())
            for site in ax.collections:
                column, row = (round(float(v)) for v in site.get_offsets()[0])
                near = tint[max(row - 3, 0) : row + 4, max(column - 3, 0) : column + 4, 3]
                assert near.max() > 0


def test_inputs(connectome: cp.Connectome, weights: pd.Series) -> None:
    opn = cp.NeuronCriteria(**OPN, side="right").get_roots()[:5]
    ax = cp.plot_adjacency(post_ids=opn, threshold=3)
    strong = weights[weights >= 3]
    wide = strong[strong.index.get_level_values(1).isin(opn)].unstack(fill_value=0)
    columns = sorted(wide, key=lambda c: (-wide[c].sum(), c))
    wide = wide[columns]
    place = wide.to_numpy().argmax(axis=1)
    order = sorted(range(len(wide)), key=lambda i: (place[i], -wide.iloc[i].max(), wide.index[i]))
    drawn = np.asarray(ax.get_images()[0].get_array())
    np.testing.assert_array_equal(drawn, wide.iloc[order].to_numpy())
    assert drawn.shape == (124, 5)
    assert text_of(ax.get_xticklabels()) == [str(c) for c in columns]


def test_central_complex(connectome: cp.Connectome, weights: pd.Series) -> None:
    cx = cp.NeuronCriteria(cell_class=["EBc", "ER", "FBt", "PBt"], region="CX")
    ax = cp.plot_adjacency(cx, cx, 3, symmetric=True, by="cell_class", title="Central complex")
    named = cp.get_neurons(cx).set_index("root_id")["cell_class"]
    sizes = named.value_counts()
    ids = sorted(cx.get_roots(), key=lambda i: (-sizes[named[i]], named[i], i))
    wide = weights[weights >= 3].unstack(fill_value=0).reindex(index=ids, columns=ids, fill_value=0)
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), wide.to_numpy())
    expected = [f"{name} (n={size})" for name, size in sizes.items()]
    assert text_of(ax.get_yticklabels()) == text_of(ax.get_xticklabels()) == expected
    ends = np.cumsum(sizes.to_numpy())[:-1]
    lines = {(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines}
    assert {y for x, y in lines if x == 0} >= set(ends)
    assert {x for x, y in lines if y == 0} >= set(ends)
    assert ax.get_title() == "Central complex"


@pytest.mark.parametrize("direction", ["downstream", "upstream"])
def test_partner_classes(connectome: cp.Connectome, weights: pd.Series, direction: Any) -> None:
    counts, means = cp.plot_partner_classes(PBT, direction, 5)
    mine, theirs = ("pre_pt_root_id", "post_pt_root_id")
    if direction == "upstream":
        mine, theirs = theirs, mine
    found = weights[weights >= 5].rename("weight").reset_index()
    found = found[found[mine] == PBT]
    named = cp.get_neurons(found[theirs]).set_index("root_id")["cell_class"]
    found["kind"] = found[theirs].map(named).fillna("Unknown")
    grouped = found.groupby("kind")["weight"].agg(["size", "mean"])
    assert heights(counts) == grouped["size"].to_dict()
    assert heights(means) == pytest.approx(grouped["mean"].to_dict())
    if direction == "downstream":
        assert (heights(counts)["Unknown"], sum(heights(counts).values())) == (106, 180)


def test_counts(connectome: cp.Connectome) -> None:
    left = cp.NeuronCriteria(**OPN, side="left").get_roots()[:3]
    ax = cp.plot_synapse_counts(left, threshold=5)
    upstream, downstream = ([b.get_height() for b in bars] for bars in ax.containers)
    # The tutorial prints pre = 25, 31, 23, which are the partners downstream.
    assert (upstream, downstream) == ([13, 3, 19], [25, 31, 23])
    assert text_of(ax.get_legend().get_texts()) == ["Upstream", "Downstream"]
    assert text_of(ax.get_xticklabels()) == [str(i) for i in left]


def test_diagram(connectome: cp.Connectome, weights: pd.Series) -> None:
    cx = cp.NeuronCriteria(cell_class=["EBc", "PBt"], region="CX")
    ax = cp.plot_connectivity(cx, threshold=5)
    named = cp.get_neurons(cx).set_index("root_id")["cell_class"]
    inside = weights[weights >= 5].rename("weight").reset_index()
    inside = inside[
        inside.pre_pt_root_id.isin(named.index) & inside.post_pt_root_id.isin(named.index)
    ]
    kinds = [inside.pre_pt_root_id.map(named), inside.post_pt_root_id.map(named)]
    sums = inside.groupby(kinds)["weight"].sum()
    arrows = {patch.get_gid() for patch in ax.patches}
    assert arrows == {f"{pre}->{post}" for pre, post in sums.index}
    assert {str(v) for v in sums} <= {text.get_text() for text in ax.texts}


def test_a_subgraph_to_look_at(connectome: cp.Connectome, weights: pd.Series) -> None:
    view = cp.view_subgraph(PBT, grow=1, threshold=10)
    strong = weights[weights >= 10].reset_index()
    near = {PBT}
    near |= set(strong[strong.pre_pt_root_id == PBT].post_pt_root_id)
    near |= set(strong[strong.post_pt_root_id == PBT].pre_pt_root_id)
    inside = strong.pre_pt_root_id.isin(near) & strong.post_pt_root_id.isin(near)
    assert view.page.count("class='neuron'") == len(near)
    assert view.page.count("class='pre-post'") == int(inside.sum())


def hexes(color: Any) -> str:
    from matplotlib.colors import to_hex

    return to_hex(color).upper()


def strip_colors(ax: Any) -> dict[str, str]:
    """Colour of each class beside a heatmap."""
    return {
        patch.get_gid().partition(" ")[2]: hexes(patch.get_facecolor())
        for patch in ax.patches
        if (patch.get_gid() or "").startswith("pre ")
    }


def test_one_class_has_one_colour_everywhere(connectome: cp.Connectome) -> None:
    from graphapi.imagery.neuroglancer import read_neuroglancer_link
    from loader.browser.browserkit import DEMO_CLASSES, grass

    known = cp.get_neurons(connectome.root_ids()).set_index("root_id")["cell_class"].dropna()
    sizes = known.value_counts()
    colors = cp.get_class_colors()
    assert list(colors) == sorted(sizes.index, key=lambda name: (-sizes[name], name))
    assert tuple(colors) == DEMO_CLASSES
    assert len(set(colors.values())) == len(colors) == 14
    # Two choices of neurons in which other classes are the largest.
    pair = cp.NeuronCriteria(cell_class=["EBc", "PBt"], region="CX")
    four = cp.NeuronCriteria(cell_class=["EBc", "ER", "FBt", "PBt"], region="CX")
    for chosen, names in ((pair, {"EBc", "PBt"}), (four, {"EBc", "ER", "FBt", "PBt"})):
        expected = {name: colors[name] for name in names}
        assert strip_colors(cp.plot_adjacency(chosen, chosen, by="cell_class")) == expected
        ax = cp.plot_connectivity(chosen, threshold=5)
        arrows = {p.get_gid().split("->")[0]: hexes(p.get_facecolor()) for p in ax.patches}
        assert arrows == expected
        circles = next(c for c in ax.collections if c.get_gid() == "nodes")
        assert {hexes(color) for color in circles.get_facecolors()} == set(expected.values())
    for bars in cp.plot_partner_classes(PBT, threshold=5):
        names = text_of(bars.get_xticklabels())
        painted = {n: hexes(b.get_facecolor()) for n, b in zip(names, bars.patches, strict=True)}
        assert painted == {name: colors.get(name, "#999999") for name in names}
        assert {"EBc", "PBt", "Unknown"} <= set(names)
    page = cp.view_subgraph(PBT, grow=1, threshold=10).page
    drawn = dict(re.findall(r"data-class='(\w+)'[^>]*><circle r='11' fill='(#\w+)'", page))
    assert drawn == {name: colors.get(name, "#999999") for name in drawn}
    assert {"EBc", "PBt"} <= set(drawn)
    neurons = [int(known[known == name].index[0]) for name in ("PBt", "EBc", "PBt")]
    state = read_neuroglancer_link(cp.neuroglancer_link(neurons, by="cell_class"))
    painted = next(la for la in state["layers"] if la["type"] == "segmentation")["segmentColors"]
    assert painted == {str(root): colors[known[root]].lower() for root in neurons}
    plotter = cp.get_brain_mesh_scene(neurons, by="cell_class")
    for root in neurons:
        rgb = plotter.actors[f"neuron {root}"].prop.color.float_rgb
        assert hexes(tuple(rgb)) == colors[known[root]]
    plotter.close()
    style = dict(re.findall(r"node\.(\w+) \{\n  color: (#\w+);", grass(list(colors))))
    assert {name: style[name] for name in colors} == colors


def test_figures_say_what_they_show(connectome: cp.Connectome) -> None:
    opn = cp.NeuronCriteria(**OPN, side="right").get_roots()[:3]
    figures = {
        "weight \u2265 4": cp.plot_adjacency(post_ids=opn, threshold=4),
        "weight \u2265 5": cp.plot_partner_classes(PBT, threshold=5)[1],
        "weight \u2265 6": cp.plot_synapse_counts(opn, 6),
        "weight \u2265 3, size \u2265 10": cp.plot_synapse_sizes(opn, None, 3, 10),
    }
    for told, ax in figures.items():
        assert ax.get_title(loc="right") == f"demo_ant v3, synthetic data, {told}"
    diagram = cp.plot_connectivity(opn, 1, 7)
    assert diagram.figure.get_supxlabel() == "demo_ant v3, synthetic data, weight \u2265 7"
    panels = cp.plot_synapses_in_em(opn, threshold=3, count=1, size=60)
    assert panels[0].figure.get_supxlabel() == "demo_ant v3, synthetic data, weight \u2265 3"
    page = cp.view_subgraph(PBT, grow=1, threshold=10).page
    assert "demo_ant v3, synthetic data, weight \u2265 10</text>" in page


def test_a_scene_has_legend_scale_bar_and_mark(connectome: cp.Connectome) -> None:
    from graphapi.imagery.scene_page import scene_page

    pair = cp.NeuronCriteria(cell_class=["EBc", "PBt"], region="CX")
    roots = cp.get_neurons(pair).groupby("cell_class")["root_id"].first().loc[["EBc", "PBt"]]
    plotter = cp.get_brain_mesh_scene(roots.tolist(), by="cell_class")
    legend = plotter.legend
    entries = {legend.GetEntryString(i) for i in range(legend.GetNumberOfEntries())}
    assert entries == {"EBc (n=1)", "PBt (n=1)"}
    assert "scale bar" in plotter.actors
    assert plotter.actors["note"].GetText(1) == "demo_ant v3, synthetic data"
    page = scene_page(plotter).page
    plotter.close()
    for text in ("EBc (n=1)", "PBt (n=1)", "demo_ant v3, synthetic data", '"scale":true'):
        assert text in page


def test_types_are_called_types(connectome: cp.Connectome) -> None:
    counts, _ = cp.plot_partner_classes(PBT, threshold=5, by="cell_type")
    assert counts.get_xlabel() == "Postsynaptic type"


def test_colours_given_twice(connectome: cp.Connectome) -> None:
    with pytest.raises(cp.CavegraphError, match="colours were given twice"):
        cp.get_brain_mesh_scene([PBT], by="cell_class", neuron_mesh_colors="red")
    with pytest.raises(cp.CavegraphError, match="no property 'colour'"):
        cp.plot_connectivity(PBT, by="colour")


def test_neurons_for_navis(connectome: cp.Connectome) -> None:
    pytest.importorskip("navis")
    pair = cp.NeuronCriteria(cell_class="EBc").get_roots()[:2]
    neurons = cp.to_navis(pair)
    assert [int(n.id) for n in neurons] == pair.tolist()
    for root, mesh in cp.get_meshes(pair).items():
        np.testing.assert_array_equal(neurons.idx[root].vertices, mesh.vertices)


def test_a_link_to_neuroglancer_holds_them_all(connectome: cp.Connectome) -> None:
    from graphapi.imagery.neuroglancer import read_neuroglancer_link

    partners = cp.get_partners(PBT, threshold=20)["partner"].tolist()
    synapses = cp.get_synapses(PBT, partners)
    link = cp.neuroglancer_link([PBT, *partners], synapses=synapses)
    layers = {layer["name"]: layer for layer in read_neuroglancer_link(link)["layers"]}
    assert layers["segmentation"]["segments"] == [str(i) for i in [PBT, *partners]]
    assert len(set(layers["segmentation"]["segmentColors"])) == len(partners) + 1
    assert [line["id"] for line in layers["synapses"]["annotations"]] == [
        str(i) for i in synapses["id"]
    ]


def test_unknown_field(connectome: cp.Connectome) -> None:
    with pytest.raises(cp.CavegraphError, match="no property 'colour'"):
        cp.plot_adjacency(PBT, by="colour")
    with pytest.raises(cp.CavegraphError, match="direction"):
        cp.plot_partner_classes(PBT, "sideways")  # type: ignore[arg-type]
