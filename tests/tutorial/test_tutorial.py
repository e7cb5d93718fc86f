"""Every code block of the tutorial runs on the synthetic demo, and answers what it published.

The demo is made after the tutorial's published counts, so these stand here as expected
values; all else is compared with pandas on the demo's own tables.
"""

from __future__ import annotations

import ast
import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import graphapi
import loader
from loader.sandbox.standin import serve

from blocks import BLOCKS, TUTORIAL, code_of  # isort: skip

pytestmark = [
    pytest.mark.skipif(not TUTORIAL.is_file(), reason="the tutorial's text is not here"),
    pytest.mark.slow,
]
pytest.importorskip("navis")
PBT = 576460752732847432
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def folder(demo_datastack: Path) -> Path:
    return demo_datastack


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("ladybug", marks=[pytest.mark.xdist_group("docs")]),
        pytest.param("neo4j", marks=[pytest.mark.neo4j]),
    ],
)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def connectome(
    folder: Path,
    engine: str,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[graphapi.Connectome]:
    """The demo, loaded through the real caveclient from the stand-in, as default connectome."""
    with serve(folder, row_limit=50_000, token=TOKEN) as server:
        login: dict[str, str] = {}
        if engine == "neo4j":
            neo4j = request.getfixturevalue("neo4j_server")
            neo4j.empty()
            where = neo4j.uri
            login = {"user": neo4j.user, "password": neo4j.password}
        else:
            where = str(tmp_path_factory.mktemp("graph") / "ant.lbug")
        with pytest.MonkeyPatch.context() as patch:
            for name, value in login.items():
                patch.setenv(f"CAVEGRAPH_NEO4J_{name.upper()}", value)
            source = loader.CaveSource(
                "demo_ant",
                server=server.url,
                token=TOKEN,
                annotations=[folder / "annotations.parquet"],
                brain_mesh_source="precomputed://{server}/data/brain#1",
            )
            loader.load(source, where, replace=True)
            with graphapi.Connectome.open(where, token=TOKEN) as opened:
                graphapi.use(opened)
                yield opened
                graphapi.use(None)


@pytest.fixture(scope="module")
def ran(connectome: graphapi.Connectome) -> dict[str, Any]:
    """All blocks, run one after the other in one namespace; what each printed and ended in."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names: dict[str, Any] = {}
    said: dict[str, tuple[str, object, list[Any]]] = {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
        for block in BLOCKS:
            plt.close("all")
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                value = _run(code_of(block), block, names)
            figures = [plt.figure(number) for number in plt.get_fignums()]
            said[block] = (printed.getvalue(), value, figures)
    return {"names": names, "said": said}


def _run(code: str, name: str, names: dict[str, Any]) -> object:
    """Run code as a notebook cell does: the value of a last expression is the answer."""
    tree = ast.parse(code, filename=name)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(tree, name, "exec"), names)  # noqa: S102
        return None
    head = ast.Module(tree.body[:-1], type_ignores=[])
    exec(compile(head, name, "exec"), names)  # noqa: S102
    return eval(compile(ast.Expression(last.value), name, "eval"), names)  # noqa: S307


@pytest.fixture(scope="module")
def rows(folder: Path) -> pd.DataFrame:
    """The synapse rows of the latest version that count: no autapse, no background."""
    table = pd.read_parquet(folder / "tables" / "synapses_v2" / "v3.parquet")
    real = (table.pre_pt_root_id > 1) & (table.post_pt_root_id > 1)
    return table[real & (table.pre_pt_root_id != table.post_pt_root_id)]


def test_the_client_is_the_real_one(ran: dict[str, Any]) -> None:
    printed = ran["said"]["client"][0]
    assert "Successfully connected to datastack: demo_ant" in printed
    assert "Connection failed" not in printed
    assert ran["said"]["imports"][0].splitlines()[-1] == "Default dataset: latest"


def test_synapses(ran: dict[str, Any], rows: pd.DataFrame) -> None:
    printed, synapses, _ = ran["said"]["synapses"]
    assert "Found 34 olfactory projection neurons" in printed
    sample = [int(i) for i in ran["names"]["opn_criteria"].get_roots()[:3]] and [
        int(line.split()[-1]) for line in printed.splitlines()[-3:]
    ]
    assert len(synapses) == 2998
    expected = rows[rows.pre_pt_root_id.isin(sample) & (rows["size"] >= 10)]
    pair = expected.groupby(["pre_pt_root_id", "post_pt_root_id"])["id"].transform("size")
    expected = expected[pair >= 3]
    assert sorted(synapses["id"]) == sorted(expected["id"])
    assert list(synapses["size"]) == sorted(expected["size"], reverse=True)
    published = [
        "pre_pt_root_id",
        "post_pt_root_id",
        "id",
        "created",
        "superceded_id",
        "valid",
        "size",
        "pre_pt_supervoxel_id",
        "post_pt_supervoxel_id",
        "pre_pt_position",
        "post_pt_position",
        "ctr_pt_position",
    ]
    assert list(synapses.columns) == published
    assert sorted(ran["said"]["sizes"][1]["num_synapses"]) == [582, 801, 1615]


def test_em_pictures(ran: dict[str, Any]) -> None:
    (figure,) = ran["said"]["em"][2]
    pictures = [ax.get_images()[0].get_array() for ax in figure.axes]
    assert [p.shape for p in pictures] == [(500, 500)] * 3
    assert all(p.std() > 5 for p in pictures)  # a picture, not one grey


def test_inputs(ran: dict[str, Any], rows: pd.DataFrame) -> None:
    printed = ran["said"]["inputs"][0]
    assert "Adjacency matrix shape: (124, 5)" in printed
    (figure,) = ran["said"]["inputs_heatmap"][2]
    drawn = figure.axes[0].get_images()[0].get_array()
    sample = ran["names"]["adjacency"]  # replaced by later blocks: only its type is looked at
    assert isinstance(sample, pd.DataFrame)
    weights = rows.groupby(["pre_pt_root_id", "post_pt_root_id"]).size()
    assert drawn.shape == (124, 5)
    assert drawn.sum() == 2139
    assert weights.max() >= drawn.max()


def test_central_complex(ran: dict[str, Any], rows: pd.DataFrame) -> None:
    printed, counts, _ = ran["said"]["central_complex"]
    assert "Filtered to 333 neurons in selected classes." in printed
    assert counts.to_dict("list") == {
        "cell_class": ["ER", "FBt", "PBt", "EBc"],
        "count": [137, 91, 64, 47],
    }
    roots = ran["names"]["cx_neurons"].get_roots()
    adjacency = ran["names"]["adjacency"]
    assert adjacency.shape == (333, 333)
    inside = rows[rows.pre_pt_root_id.isin(roots) & rows.post_pt_root_id.isin(roots)]
    weights = inside.groupby(["pre_pt_root_id", "post_pt_root_id"]).size()
    weights = weights[weights >= 3]
    assert int(adjacency.to_numpy().sum()) == int(weights.sum())
    assert int((adjacency.to_numpy() > 0).sum()) == len(weights)
    (figure,) = ran["said"]["cx_heatmap"][2]
    labels = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert [label.split()[0] for label in labels] == ["ER", "FBt", "PBt", "EBc"]


def test_scene(ran: dict[str, Any], connectome: graphapi.Connectome) -> None:
    printed = ran["said"]["scene"][0]
    assert "Found 47 EBc neurons and 64 PBt neurons." in printed
    # the tutorial has shown its scene, which empties it: look at one that has not been shown
    wanted, colors = ran["names"]["combined_ids"], ran["names"]["neuron_colors"]
    actors = connectome.get_brain_mesh_scene(wanted, neuron_mesh_colors=colors).actors
    assert "brain" in actors
    neurons = {int(name.split()[1]) for name in actors if name.startswith("neuron")}
    assert neurons == set(wanted)
    assert actors[f"neuron {wanted[0]}"].prop.color == "red"


def test_downstream(ran: dict[str, Any], rows: pd.DataFrame) -> None:
    printed, frame, _ = ran["said"]["downstream"]
    assert f"neuron ID {PBT} of class PBt" in printed
    weights = rows[rows.pre_pt_root_id == PBT].groupby("post_pt_root_id").size()
    weights = weights[weights >= 5]
    assert len(weights) == 180
    expected = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    assert list(zip(frame["post"], frame["weight"], strict=True)) == expected
    assert list(frame["weight"][:5]) == [40, 33, 30, 28, 27]
    named = ran["said"]["classes"][1]["post_cell_class"].value_counts()
    assert named["Unknown"] == 106
    assert named["EBc"] == 38


def test_counts(ran: dict[str, Any]) -> None:
    frame = ran["said"]["counts"][1]
    assert list(zip(frame["pre"], frame["post"], strict=True)) == [(25, 13), (31, 3), (23, 19)]
    assert frame.index.name == "neuron_id"
    assert len(ran["said"]["count_bars"][2]) == 1
