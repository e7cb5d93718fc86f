"""Effective connectivity against products of dense matrices, and paths against all of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from motif_graphs import graphs, real_graph

from graphapi.common.threads import Stop
from graphapi.errors import QueryTimeoutError
from graphapi.network import effective
from graphapi.network.effective import PathSearch, effective_by_hop
from graphapi.network.graph import DirectedGraph
from graphapi.network.passing import passed_on


def dense_shares(graph: DirectedGraph) -> np.ndarray:
    """Shares of input by numpy alone."""
    weights = graph.matrix.toarray().astype(float)
    return weights / np.maximum(weights.sum(axis=0), 1)


def weights_of(rng: np.random.Generator, k: int, n: int) -> np.ndarray:
    return rng.random((k, n)) * (rng.random((k, n)) < 0.4)


@given(graphs(), st.integers(0, 1000), st.integers(1, 4), st.integers(0, 5), st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_products_of_dense_matrices(
    graph: DirectedGraph, seed: int, hops: int, k: int, m: int
) -> None:
    rng = np.random.default_rng(seed)
    sources, targets = weights_of(rng, k, graph.n), weights_of(rng, m, graph.n)
    shares = passed_on(graph.matrix, "share_of_input")
    found = effective_by_hop(shares, sp.csr_array(sources), sp.csr_array(targets), hops)
    for hop, values in enumerate(found, 1):
        power = np.linalg.matrix_power(dense_shares(graph), hop)
        np.testing.assert_allclose(values, sources @ power @ targets.T, rtol=1e-9, atol=1e-15)
    assert hop == hops


def test_the_larva_from_each_side_and_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = real_graph("larva")
    places = np.random.default_rng(1).choice(graph.n, 30, replace=False)
    few, many = np.eye(graph.n)[places[:7]], np.eye(graph.n)[places]
    shares = passed_on(graph.matrix, "share_of_input")
    monkeypatch.setattr(effective, "_CELLS", 3 * graph.n)
    one = dense_shares(graph)
    two = one @ one
    for rows, columns in ((few, many), (many, few)):
        found = list(effective_by_hop(shares, sp.csr_array(rows), sp.csr_array(columns), 3))
        for values, power in zip(found, (one, two, two @ one), strict=True):
            np.testing.assert_allclose(values, rows @ power @ columns.T, rtol=1e-9, atol=1e-18)


@given(graphs(), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_all_input_comes_from_somewhere(graph: DirectedGraph, hops: int) -> None:
    """A neuron's input from all others is 1 at one hop, and never more later."""
    shares = passed_on(graph.matrix, "share_of_input")
    everyone = sp.csr_array(np.ones((1, graph.n)))
    each = sp.csr_array(np.eye(graph.n))
    found = list(effective_by_hop(shares, everyone, each, hops))
    assert set(found[0].ravel().round(12)) <= {0, 1}
    for values in found:
        assert (values <= 1 + 1e-12).all()


def every_path(
    shares: np.ndarray, start: np.ndarray, end: np.ndarray, group: np.ndarray, hops: int
) -> dict[tuple[int, ...], float]:
    """Contribution of each way from group to group, by products of masked dense matrices."""
    found = {}
    for length in range(1, hops + 1):
        for way in itertools.product(range(group.max(initial=-1) + 1), repeat=length + 1):
            carried = start * (group == way[0])
            for one in way[1:]:
                carried = (carried @ shares) * (group == one)
            if abs(value := float(carried @ end)) > 0:
                found[way] = value
    return found


@given(
    graphs(9), st.integers(0, 1000), st.integers(1, 3), st.integers(1, 12), st.booleans()
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_strongest_paths_are_the_first_of_all(
    graph: DirectedGraph, seed: int, hops: int, limit: int, signed: bool
) -> None:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, graph.n)
    start, end = weights_of(rng, 2, graph.n)
    signs = rng.choice([-1, 1], graph.n) if signed else np.ones(graph.n)
    shares = passed_on(graph.matrix, "share_of_input", signs)
    answer = PathSearch(shares, start, end, group, hops).strongest(limit)
    dense = dense_shares(graph) * signs[:, None]
    expected = every_path(dense, start, end, group, hops)
    sizes = sorted((abs(value) for value in expected.values()), reverse=True)
    found = {path.groups: path.contribution for path in answer.paths}
    assert len(found) == len(answer.paths)
    np.testing.assert_allclose(
        [abs(path.contribution) for path in answer.paths],
        sizes[: len(found)],
        rtol=1e-9,
        atol=1e-15,
    )
    for way, value in found.items():
        assert value == pytest.approx(expected.get(way, 0), rel=1e-9, abs=1e-15)
    assert len(found) == limit or answer.complete
    totals = [start @ np.linalg.matrix_power(dense, hop) @ end for hop in range(1, hops + 1)]
    np.testing.assert_allclose(answer.totals, totals, rtol=1e-9, atol=1e-15)
    if answer.complete:
        assert sum(found.values()) == pytest.approx(sum(totals), abs=1e-12)
    else:
        assert len([size for size in sizes if size > 1e-15]) >= limit


def test_a_diamond_by_hand() -> None:
    #  1 -> 2 (all of its input), 1 -> 3 (half), 9 -> 3 (half); 2 -> 4 (3/4), 3 -> 4 (1/4)
    diamond = DirectedGraph.from_edges([1, 1, 9, 2, 3], [2, 3, 3, 4, 4], [2, 5, 5, 6, 2])
    shares = passed_on(diamond.matrix, "share_of_input")
    one, four = np.eye(5)[0], np.eye(5)[3]
    (direct, two) = effective_by_hop(
        shares, sp.csr_array(one[None]), sp.csr_array(four[None]), 2
    )  # fmt: skip
    assert (direct[0, 0], two[0, 0]) == (0, 0.875)
    answer = PathSearch(shares, one, four, np.arange(5), 2).strongest(1)
    assert [(path.groups, path.contribution) for path in answer.paths] == [((0, 1, 3), 0.75)]
    assert (answer.totals, answer.complete) == ([0, 0.875], False)
    both = PathSearch(shares, one, four, np.arange(5), 2).strongest(9)
    assert [path.contribution for path in both.paths] == [0.75, 0.125]
    assert both.complete


def test_a_search_stops_in_time() -> None:
    graph = real_graph("worm")
    shares = passed_on(graph.matrix, "share_of_input")
    everyone = np.ones(graph.n)
    search = PathSearch(shares, everyone, everyone, np.arange(graph.n), 6, Stop(0))
    with pytest.raises(QueryTimeoutError):
        search.strongest(10**6)
