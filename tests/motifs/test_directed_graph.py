"""Graphs as arrays: what is taken, what is refused, and what they tell."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from motif_graphs import REAL, computed, graphs, random_graph, real_graph, to_networkx
from scipy.sparse import csr_array

from graphapi.errors import InputError, InvalidRootIdError, UnknownRootIdError
from graphapi.network.graph import DirectedGraph


@pytest.mark.parametrize("name", REAL)
def test_real_connectomes_have_the_reference_totals(name: str) -> None:
    graph, expected = real_graph(name), computed(name)
    assert (graph.n, graph.m) == (expected["nodes"], expected["edges"])
    assert int(graph.weight.sum()) == expected["weight_sum"]
    assert int(graph.weight.max()) == expected["weight_max"]
    assert int(graph.reciprocal.sum()) == 2 * expected["reciprocal_pairs"]


@given(graphs())
@settings(max_examples=50, deadline=None)
def test_degrees_and_reciprocity_are_those_of_networkx(graph: DirectedGraph) -> None:
    other = to_networkx(graph)
    ids = graph.root_ids.tolist()
    assert graph.out_degree.tolist() == [other.out_degree(i) for i in ids]
    assert graph.in_degree.tolist() == [other.in_degree(i) for i in ids]
    assert graph.out_strength.tolist() == [other.out_degree(i, "weight") for i in ids]
    assert graph.in_strength.tolist() == [other.in_degree(i, "weight") for i in ids]
    assert graph.reciprocal.tolist() == [
        other.has_edge(ids[b], ids[a]) for a, b in zip(graph.pre, graph.post, strict=True)
    ]


def test_pairs_are_added_up_and_autapses_left_out() -> None:
    graph = DirectedGraph.from_edges([3, 1, 3, 2, 2], [1, 3, 1, 2, 3], [4, 5, 6, 7, 8])
    assert graph.root_ids.tolist() == [1, 2, 3]
    assert graph.matrix.toarray().tolist() == [[0, 0, 5], [0, 0, 8], [10, 0, 0]]
    assert graph.matrix.dtype == graph.root_ids.dtype == np.int64


def test_neurons_without_connections_are_kept_until_asked() -> None:
    graph = DirectedGraph.from_edges([5], [9], root_ids=[9, 7, 5])
    assert graph.root_ids.tolist() == [5, 7, 9]
    assert graph.connected().root_ids.tolist() == [5, 9]


def test_an_empty_graph_is_a_graph() -> None:
    graph = DirectedGraph.from_edges([], [])
    assert (graph.n, graph.m) == (0, 0)
    assert graph.connected().n == graph.where(graph.weight >= 2).m == 0


def test_subset_is_the_induced_subgraph() -> None:
    graph = random_graph(20, 0.4, 2)
    some = graph.root_ids[[7, 3, 11, 3, 19]]
    part = graph.subset(some)
    expected = to_networkx(graph).subgraph(some.tolist())
    assert nx.utils.graphs_equal(to_networkx(part), nx.DiGraph(expected))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([1.0], [2]), InvalidRootIdError, "float"),
        (([1, 2], [2]), InputError, "2 pre, 1 post"),
        (([1], [2], [1.5]), InputError, "not whole numbers"),
        (([1], [2], [0]), InputError, "a weight is 0"),
        (([1], [2], [1], [1, 3]), UnknownRootIdError, "2"),
    ],
)
def test_bad_edges_are_refused(arguments: tuple, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        DirectedGraph.from_edges(*arguments)


@pytest.mark.parametrize(
    ("ids", "matrix", "words"),
    [
        ([2, 1], csr_array((2, 2), dtype=np.int64), "ascending"),
        ([1, 2], csr_array((3, 3), dtype=np.int64), "shape"),
        ([1, 2], csr_array((2, 2), dtype=np.float64), "int64"),
        ([1, 2], csr_array(np.array([[1, 0], [0, 0]])), "diagonal"),
        ([1, 2], csr_array(np.array([[0, -1], [0, 0]])), "weight"),
    ],
)
def test_a_matrix_that_breaks_the_rules_is_refused(
    ids: list, matrix: csr_array, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        DirectedGraph(np.array(ids, dtype=np.int64), matrix)


def test_unknown_ids_of_a_subset_are_listed() -> None:
    with pytest.raises(UnknownRootIdError, match="77") as caught:
        random_graph(4, 0.5, 1).subset([77])
    assert caught.value.root_ids == (77,)
