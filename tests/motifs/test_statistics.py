"""Network statistics against networkx, pandas and reference values."""

from __future__ import annotations

import math
from itertools import permutations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motif_graphs import REAL, computed, graphs, random_graph, real_graph, to_networkx

from graphapi.errors import InputError
from graphapi.network.distances import path_lengths
from graphapi.network.graph import DirectedGraph
from graphapi.network.rich_club import rich_club_curve, rich_club_measure
from graphapi.network.statistics import (
    component_sizes,
    degree_distribution,
    degree_table,
    hubs,
    network_statistics,
)


@pytest.mark.parametrize("name", REAL)
def test_real_connectomes_have_the_reference_statistics(name: str) -> None:
    expected, found = computed(name), network_statistics(real_graph(name))
    assert found["neurons"] == expected["nodes"]
    assert found["connections"] == expected["edges"]
    assert found["synapses"] == expected["weight_sum"]
    assert found["max_weight"] == expected["weight_max"]
    assert found["reciprocal_pairs"] == expected["reciprocal_pairs"]
    assert found["reciprocity"] == pytest.approx(expected["reciprocity"], rel=1e-12)
    assert found["transitivity"] == pytest.approx(expected["transitivity_undirected"], rel=1e-12)
    assert found["largest_strong_component"] == expected["largest_scc"]
    assert found["largest_weak_component"] == expected["largest_wcc"]


@given(graphs(max_n=15))
@settings(max_examples=60, deadline=None)
def test_statistics_are_those_of_networkx(graph: DirectedGraph) -> None:
    other, found = to_networkx(graph), network_statistics(graph)
    plain = nx.Graph(other)
    weights = [w for *_, w in other.edges(data="weight")]
    if graph.n:
        assert found["clustering"] == pytest.approx(nx.average_clustering(plain))
        assert found["mean_degree"] == pytest.approx(np.mean([d for _, d in other.out_degree]))
    else:
        assert math.isnan(found["clustering"])
    if weights:
        assert found["reciprocity"] == pytest.approx(nx.overall_reciprocity(other))
        assert found["density"] == pytest.approx(nx.density(other))
        assert found["mean_weight"] == pytest.approx(np.mean(weights))
    else:
        assert math.isnan(found["reciprocity"])
    assert found["synapses"] == sum(weights)
    if any(d > 1 for _, d in plain.degree):
        assert found["transitivity"] == pytest.approx(nx.transitivity(plain))
    else:
        assert math.isnan(found["transitivity"])
    strong = [len(c) for c in nx.strongly_connected_components(other)]
    weak = [len(c) for c in nx.weakly_connected_components(other)]
    assert component_sizes(graph, strong=True).tolist() == sorted(strong, reverse=True)
    assert component_sizes(graph, strong=False).tolist() == sorted(weak, reverse=True)
    assert found["strong_components"] == len(strong)
    assert found["largest_weak_component"] == max(weak, default=0)


@given(graphs(max_n=12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_path_lengths_are_those_of_networkx(graph: DirectedGraph, directed: bool) -> None:
    other = to_networkx(graph)
    oracle = other if directed else nx.Graph(other)
    found = [
        distance
        for source, reached in nx.all_pairs_shortest_path_length(oracle)
        for target, distance in reached.items()
        if source != target
    ]
    paths = path_lengths(graph, directed=directed)
    expected = pd.Series(found, dtype="int64").value_counts().sort_index()
    there = paths.to_frame()["pairs"]
    assert there[there > 0].to_dict() == expected.to_dict()
    assert paths.reached == len(found)
    assert paths.longest == max(found, default=0)
    assert not paths.sampled
    if found:
        assert paths.mean == pytest.approx(np.mean(found))
        assert paths.reached_share == pytest.approx(len(found) / (graph.n * (graph.n - 1)))
    else:
        assert math.isnan(paths.mean)


def test_path_lengths_of_some_neurons_are_of_those_only() -> None:
    graph = random_graph(60, 0.05, 3)
    other = to_networkx(graph)
    by_source = {
        source: sorted(d for d in reached.values() if d)
        for source, reached in nx.all_pairs_shortest_path_length(other)
    }
    paths = path_lengths(graph, sample=1, seed=4)
    assert (paths.sampled, paths.sources, paths.neurons) == (True, 1, 60)
    distances = np.repeat(np.arange(paths.counts.size), paths.counts).tolist()
    assert distances in by_source.values()
    again = path_lengths(graph, sample=1, seed=4)
    assert again.counts.tolist() == paths.counts.tolist()
    assert not path_lengths(graph, sample=60).sampled


def test_work_cut_into_pieces_gives_the_same_path_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = random_graph(80, 0.1, 5)
    whole = path_lengths(graph, workers=1)
    monkeypatch.setattr("graphapi.network.distances._STEPS", 5 * graph.m)
    done: list[int] = []
    parts = path_lengths(graph, workers=3, on_done=done.append)
    assert parts.counts.tolist() == whole.counts.tolist()
    assert sum(done) == 80
    assert len(done) == 16


def test_a_sample_of_none_is_refused() -> None:
    with pytest.raises(InputError, match="sample of 0"):
        path_lengths(random_graph(5, 0.5, 1), sample=0)


@given(graphs(max_n=14))
@settings(max_examples=60, deadline=None)
def test_rich_club_is_that_of_counting_by_hand(graph: DirectedGraph) -> None:
    other = to_networkx(graph)
    degree = dict(other.degree)
    expected = {}
    for k in sorted({0, *degree.values()}):
        rich = [node for node in other if degree[node] > k]
        if len(rich) > 1:
            inside = sum(other.has_edge(u, v) for u, v in permutations(rich, 2))
            expected[k] = (len(rich), inside, inside / (len(rich) * (len(rich) - 1)))
    curve = rich_club_curve(graph)
    assert {k: tuple(row) for k, row in curve.iterrows()} == expected
    levels = np.array([*curve.index, 10_000])
    measured = rich_club_measure(graph, levels)
    assert math.isnan(measured.pop(10_000))
    assert measured == curve["phi"].to_dict()


@given(graphs(max_n=12))
@settings(max_examples=40, deadline=None)
def test_degrees_are_those_of_networkx(graph: DirectedGraph) -> None:
    other, table = to_networkx(graph), degree_table(graph)
    assert table["in_degree"].to_dict() == dict(other.in_degree)
    assert table["out_degree"].to_dict() == dict(other.out_degree)
    assert table["degree"].to_dict() == dict(other.degree)
    assert table["in_synapses"].to_dict() == dict(other.in_degree(weight="weight"))
    assert table["out_synapses"].to_dict() == dict(other.out_degree(weight="weight"))
    mutual = {u: sum(other.has_edge(v, u) for v in other.successors(u)) for u in other}
    assert table["reciprocal"].to_dict() == mutual
    distribution = degree_distribution(graph)
    for name in distribution:
        counts = table[name].value_counts().to_dict()
        there = distribution[name]
        assert there[there > 0].to_dict() == counts


def test_hubs_and_their_kinds() -> None:
    # 1 connects onto ten, 2 receives from ten, 3 does both with five
    edges = [(1, 100 + i) for i in range(10)] + [(200 + i, 2) for i in range(10)]
    edges += [(3, 100 + i) for i in range(5)] + [(200 + i, 3) for i in range(5)]
    found = hubs(DirectedGraph.from_edges(*zip(*edges, strict=True)), top=3)
    assert found.index.tolist() == [1, 2, 3]
    assert found["kind"].tolist() == ["broadcaster", "integrator", "balanced"]
    assert found["degree"].tolist() == [10, 10, 10]
    with pytest.raises(InputError, match="top is 0"):
        hubs(random_graph(4, 0.5, 1), top=0)
