"""Real connectomes, loaded into each engine: census, statistics and motifs as published.

Reference values were computed by networkx, outside of this repository; three-cycles and
feed-forward loops are counted here by joins in pandas.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import networkx as nx
import pandas as pd
import pytest

import graphapi
from support.connectomes import computed, real_edges
from support.graphs import build_graph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CYCLE = "A -> B; B -> C; C -> A"
LOOP = "A -> B; B -> C; A -> C"


@pytest.fixture(scope="module", params=["larva", "worm", "microns"])
def loaded(
    request: pytest.FixtureRequest, engine_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, graphapi.Connectome]]:
    """Load a connectome by the product's own loader, autapses and all."""
    edges, folder = real_edges(request.param), tmp_path_factory.mktemp("real")
    if engine_name == "neo4j":
        server = request.getfixturevalue("neo4j_server")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CAVEGRAPH_NEO4J_USER", server.user)
            patch.setenv("CAVEGRAPH_NEO4J_PASSWORD", server.password)
            place = build_graph(folder, edges, to=server.uri, datastack=request.param)
            opened = graphapi.Connectome.open(place)
    else:
        opened = graphapi.Connectome.open(build_graph(folder, edges, datastack=request.param))
    with opened:
        yield request.param, opened


@cache
def triangles(name: str, *, cycle: bool) -> pd.DataFrame:
    """Every three-cycle (as often as it has starts), or every feed-forward loop: `a`, `b`, `c`."""
    edges = real_edges(name)
    pairs = edges.loc[edges["pre"] != edges["post"], ["pre", "post"]].drop_duplicates()
    first = pairs.set_axis(["a", "b"], axis=1)
    second = pairs.set_axis(["b", "c"], axis=1)
    third = pairs.set_axis(["c", "a"] if cycle else ["a", "c"], axis=1)
    return first.merge(second, on="b").merge(third, on=["a", "c"])


@cache
def counted(name: str, *, cycle: bool, induced: bool) -> int:
    """Subgraphs by brute force."""
    found, edges = triangles(name, cycle=cycle), real_edges(name)
    if induced:
        there = pd.MultiIndex.from_frame(edges[["pre", "post"]]).unique()
        for one, other in [("b", "a"), ("c", "b"), ("a", "c") if cycle else ("c", "a")]:
            found = found[~pd.MultiIndex.from_frame(found[[one, other]]).isin(there)]
    return len(found) // 3 if cycle else len(found)


def test_census(loaded: tuple[str, graphapi.Connectome]) -> None:
    name, connectome = loaded
    assert connectome.motifs.census() == computed(name)["triads"]


def test_statistics(loaded: tuple[str, graphapi.Connectome]) -> None:
    name, connectome = loaded
    found, expected = connectome.motifs.statistics(), computed(name)
    assert found["reciprocity"] == pytest.approx(expected["reciprocity"], rel=1e-12)
    assert found["transitivity"] == pytest.approx(expected["transitivity_undirected"], rel=1e-12)
    assert found["largest_strong_component"] == expected["largest_scc"]
    assert found["largest_weak_component"] == expected["largest_wcc"]
    assert found["synapses"] == expected["weight_sum"]


@pytest.mark.parametrize("induced", [False, True])
def test_three_cycles_and_feed_forward_loops(
    loaded: tuple[str, graphapi.Connectome], induced: bool
) -> None:
    name, connectome = loaded
    for motif, is_cycle in ((CYCLE, True), (LOOP, False)):
        expected = counted(name, cycle=is_cycle, induced=induced)
        # in Cypher, a million loops of the larva take a server minutes on two busy cores
        small = name != "larva" or (is_cycle and not induced)
        for method in ("compiled", "cypher") if small else ("compiled",):
            found = connectome.motifs.count(motif, induced=induced, method=method)
            assert found == expected, (motif, method)


def test_matches_are_those_of_brute_force(loaded: tuple[str, graphapi.Connectome]) -> None:
    name, connectome = loaded
    found = connectome.motifs.search(CYCLE)
    expected = triangles(name, cycle=True)
    sets = {tuple(sorted(row)) for row in expected.itertuples(index=False, name=None)}
    assert {tuple(sorted(row)) for row in found[["A", "B", "C"]].to_numpy().tolist()} == sets
    weights = real_edges(name).groupby(["pre", "post"])["weight"].sum()
    if name == "larva":
        assert len(found) == 257_970  # DotMotif's exclude_automorphisms keeps 128,465
    for pre, post in ("AB", "BC", "CA"):
        ends = pd.MultiIndex.from_arrays([found[pre], found[post]])
        assert found[f"weight_{pre}_{post}"].tolist() == weights.loc[ends].tolist()


def test_other_tools_get_every_connection(
    loaded: tuple[str, graphapi.Connectome], tmp_path: Path
) -> None:
    name, connectome = loaded
    if name == "larva":
        pytest.skip("the same code as for the smaller ones")
    edges = real_edges(name)
    edges = edges[edges["pre"] != edges["post"]].groupby(["pre", "post"])["weight"].sum()
    expected = edges.to_dict()
    graph = connectome.to_networkx()
    assert {(a, b): w for a, b, w in graph.edges(data="weight")} == expected
    file = nx.read_graphml(connectome.to_graphml(tmp_path / "x.graphml"), node_type=int)
    assert dict(file.nodes(data=True)) == dict(graph.nodes(data=True))
    assert {(a, b): w for a, b, w in file.edges(data="weight")} == expected
    matrix, ids = connectome.to_matrix()
    pre, post = matrix.nonzero()
    cells = zip(ids[pre].tolist(), ids[post].tolist(), matrix[pre, post].tolist(), strict=True)
    assert {(a, b): w for a, b, w in cells} == expected
    table = pd.read_parquet(connectome.to_parquet(tmp_path / "tables")["connections"])
    assert table.set_index(["pre", "post"])["weight"].to_dict() == expected
    other = connectome.to_igraph()
    roots = other.vs["root_id"]
    ends = [(roots[edge.source], roots[edge.target]) for edge in other.es]
    assert dict(zip(ends, other.es["weight"], strict=True)) == expected
