"""Real CAVE rows: served, loaded through the real client into both engines, and read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import graphapi
import loader
from loader.sandbox.standin import serve, write_folder

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
TOKEN = "0123456789abcdef0123456789abcdef"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="shared data are not here")


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=[pytest.mark.neo4j])])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a graph goes, for either engine."""
    if request.param == "ladybug":
        return str(tmp_path / "g.lbug")
    server = request.getfixturevalue("neo4j_server")
    server.empty()
    monkeypatch.setenv("CAVEGRAPH_NEO4J_USER", server.user)
    monkeypatch.setenv("CAVEGRAPH_NEO4J_PASSWORD", server.password)
    return server.uri


@pytest.fixture
def loaded(place: str, tmp_path: Path) -> Iterator[Any]:
    """Serve a Parquet table as a datastack's synapses and load it."""
    closing = []

    def make(path: Path, resolution: tuple[float, float, float]) -> graphapi.Connectome:
        folder = write_folder(
            tmp_path / "served",
            {"synapses": pq.read_table(path)},
            resolution=resolution,
            synapse_table="synapses",
        )
        server = serve(folder, token=TOKEN, row_limit=500)
        closing.append(server)
        source = loader.CaveSource(server.datastack, server=server.url, token=TOKEN)
        loader.load(source, place, replace=True, progress=False)
        opened = graphapi.Connectome.open(place, token=TOKEN)
        closing.append(opened)
        return opened

    yield make
    for thing in reversed(closing):
        thing.close()


def test_microns(loaded: Any) -> None:
    path = DATA / "microns_pinky100_v185" / "synapses.parquet"
    rows = pd.read_parquet(path)
    connectome = loaded(path, (4, 4, 40))
    counts = connectome.materialization.counts
    assert (counts["rows"], counts["rows_autapse"]) == (1736, 2)
    real = rows[rows.pre_pt_root_id != rows.post_pt_root_id]
    expected = real.groupby(["pre_pt_root_id", "post_pt_root_id"])["size"].agg(["size", "sum"])
    frame = connectome.cypher(
        "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) "
        "RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight, c.size_sum AS size_sum"
    ).set_index(["pre", "post"])
    assert len(frame) == len(expected) == 1734
    frame = frame.loc[expected.index]
    assert frame["weight"].tolist() == expected["size"].tolist()
    assert frame["size_sum"].tolist() == expected["sum"].tolist()
    own = rows[rows.pre_pt_root_id == rows.post_pt_root_id]["pre_pt_root_id"].value_counts()
    autapses = connectome.get_neurons(own.index.tolist()).set_index("root_id")["autapses"]
    assert autapses.to_dict() == own.to_dict()

    every = connectome.get_synapses(pre_ids=connectome.root_ids(), clean=False)
    rows = rows.sort_values("id")
    plain = [name for name in rows if "_position" not in name]
    positions = [f"{side}_pt_position" for side in ("pre", "post", "ctr")]
    assert sorted(every.columns) == sorted([*plain, *positions])
    for name in plain:
        assert every[name].dtype == rows[name].dtype, name
        assert every[name].to_numpy().tobytes() == rows[name].to_numpy().tobytes(), name
    for side in ("pre", "post", "ctr"):
        axes = [f"{side}_pt_position_{axis}" for axis in "xyz"]
        assert every[f"{side}_pt_position"].tolist() == rows[axes].to_numpy().tolist()


def test_the_tutorials_own_rows(loaded: Any) -> None:
    path = DATA / "cave_samples" / "synapses_kronauer_ant.parquet"
    rows = pd.read_parquet(path).sort_values("id", ignore_index=True)
    connectome = loaded(path, (8, 8, 42))
    ids = connectome.root_ids()
    pixels = connectome.get_synapses(pre_ids=ids, clean=False)
    metres = connectome.get_synapses(pre_ids=ids, clean=False, return_pixels=False)
    assert list(pixels.columns)[:2] == ["pre_pt_root_id", "post_pt_root_id"]
    assert sorted(pixels.columns) == sorted(rows.columns)
    assert list(metres.columns) == list(pixels.columns)
    served = {**rows.dtypes, "created": "datetime64[ns, UTC]"}  # so CAVE sends all its times
    for frame in (pixels, metres):
        for name in rows.columns:
            assert frame[name].dtype == served[name], name
            if not name.endswith("_position"):
                assert frame[name].tolist() == rows[name].tolist(), name
    for name in ("pre_pt_position", "post_pt_position", "ctr_pt_position"):
        stored = np.stack(rows[name].to_list())
        assert pixels[name].tolist() == stored.tolist()
        assert all(type(value) is int for value in pixels[name][0])
        assert np.array_equal(np.stack(metres[name].to_list()), stored * (8, 8, 42))


def test_subgraphs_of_the_larva_are_those_of_networkx(place: str) -> None:
    folder = DATA / "larva_winding2023"
    source = loader.FileSource(
        folder / "edges.parquet", annotations=[folder / "neurons.parquet"], datastack="larva"
    )
    loader.load(source, place, replace=True, progress=False)
    edges = pd.read_parquet(folder / "edges.parquet")
    edges = edges[(edges.pre != edges.post) & (edges.weight > 0)]
    with graphapi.Connectome.open(place) as larva:
        for threshold in (1, 3):
            kept = edges[edges.weight >= threshold]
            whole = nx.DiGraph()
            whole.add_nodes_from(larva.root_ids().tolist())
            whole.add_weighted_edges_from(kept[["pre", "post", "weight"]].itertuples(index=False))
            kenyon = larva.criteria(cell_class="KC").get_roots()[:20].tolist()
            members = set(kenyon)
            for grow in (0, 1):
                if grow:
                    for node in kenyon:
                        members.update(nx.all_neighbors(whole, node))
                found = larva.get_subgraph(kenyon, grow=grow, threshold=threshold)
                expected = whole.subgraph(members)
                assert set(found.nodes) == set(expected.nodes)
                assert dict(found.edges) == dict(expected.edges)
        classes = pd.read_parquet(folder / "neurons.parquet").set_index("neuron_id")["cell_class"]
        assert nx.get_node_attributes(found, "cell_class") == classes.loc[list(found)].to_dict()
