"""A path is taken wherever a graph is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphapi as cp
from graphapi.errors import GraphNotFoundError
from support import build_graph, example_frames


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paths")
    return Path(build_graph(folder, *example_frames()))


@pytest.fixture(autouse=True)
def nobody_is_the_default() -> object:
    cp.use(None)
    yield
    cp.use(None)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_taken_for_a_connectome(place: Path, kind: type) -> None:
    cp.use(kind(place))
    root = cp.NeuronCriteria(cell_class="PBt").get_roots()
    with cp.Connectome(kind(place)) as connectome:
        assert connectome.get_connectivity(root).equals(cp.get_connectivity(root))


def test_a_path_without_a_graph_leaves_the_default_alone(place: Path, tmp_path: Path) -> None:
    cp.use(place)
    with pytest.raises(GraphNotFoundError):
        cp.use(tmp_path / "nope.lbug")
    assert cp.default_connectome().engine.uri.endswith(place.name)


def test_sizes_beside_connections(tmp_path: Path) -> None:
    import pandas as pd

    rows = pd.DataFrame({"pre": [1, 1, 2], "post": [2, 2, 3], "size": [10, 7, 5]})
    connectome = cp.Connectome.open(build_graph(tmp_path, rows))
    frame = connectome.get_connectivity([1, 2, 3])
    made = connectome.add_properties(frame, "size_sum")
    assert made[["pre", "post", "weight", "size_sum"]].to_numpy().tolist() == [
        [1, 2, 2, 17],
        [2, 3, 1, 5],
    ]
    assert made["size_sum"].dtype == "int64"


def test_pages_have_short_reprs() -> None:
    from graphapi.common.htmlpage import HtmlPage

    page = HtmlPage.of("x" * 1_000_000, style="", script="", height=300)
    assert len(repr(page)) < 100
    assert "bytes" in repr(page)
