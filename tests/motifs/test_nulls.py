"""Null models: what they keep, that they reach everything else, and that a seed fixes them."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations, product
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motif_graphs import graphs, larva_classes, random_graph, real_graph, to_networkx

from graphapi.errors import CavegraphError, InputError
from graphapi.network.graph import DirectedGraph
from graphapi.network.nulls import NullModel, check_preserved, null_graph, shared_connections

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

KINDS = [(k, r) for k in ("erdos_renyi", "degree", "block", "block_random") for r in (False, True)]


def _model(graph: DirectedGraph, kind: str, keep: bool, sweeps: int = 20) -> NullModel:
    labels = {i: "abc"[k % 3] for k, i in enumerate(graph.root_ids.tolist())}
    return NullModel(kind, keep, labels if kind.startswith("block") else None, sweeps)


def _mutual(graph: nx.DiGraph) -> nx.Graph:
    return nx.Graph([(u, v) for u, v in graph.edges if graph.has_edge(v, u)])


def _kept(graph: DirectedGraph, kind: str, keep: bool) -> dict[str, Hashable]:
    """Tell what must be kept, by networkx."""
    other, label = to_networkx(graph), _model(graph, "block", False).labels
    assert label is not None
    found: dict[str, Hashable] = {
        "nodes": tuple(other),
        "edges": other.number_of_edges(),
        "weights": tuple(sorted(w for *_, w in other.edges(data="weight"))),
    }
    mutual = _mutual(other)
    if keep:
        found["mutual pairs"] = mutual.number_of_edges()
    if kind in ("degree", "block"):
        found["in"], found["out"] = tuple(other.in_degree), tuple(other.out_degree)
        if keep:
            found["mutual"] = tuple(sorted(mutual.degree))
    if kind == "block":
        found["to"] = frozenset(Counter((u, label[v]) for u, v in other.edges).items())
        found["from"] = frozenset(Counter((label[u], v) for u, v in other.edges).items())
    if kind == "block_random":
        found["blocks"] = frozenset(Counter((label[u], label[v]) for u, v in other.edges).items())
    if keep and kind == "block":
        pairs = [pair for u, v in mutual.edges for pair in ((u, v), (v, u))]
        found["mutual to"] = frozenset(Counter((u, label[v]) for u, v in pairs).items())
    if keep and kind == "block_random":
        pairs = Counter(tuple(sorted((label[u], label[v]))) for u, v in mutual.edges)
        found["mutual blocks"] = frozenset(pairs.items())
    return found


@pytest.mark.parametrize(("kind", "keep"), KINDS)
@given(graph=graphs(max_n=14), index=st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_nulls_keep_what_they_say(kind: str, keep: bool, graph: DirectedGraph, index: int) -> None:
    model = _model(graph, kind, keep, sweeps=3)
    null = null_graph(graph, model, seed=1, index=index)
    assert _kept(null, kind, keep) == _kept(graph, kind, keep)
    assert "number of connections" in check_preserved(graph, null, model)


@pytest.mark.parametrize(("kind", "keep"), KINDS)
def test_nulls_of_the_larva_keep_what_they_say_and_are_new(kind: str, keep: bool) -> None:
    graph = real_graph("larva")
    labels = larva_classes() if kind.startswith("block") else None
    null = null_graph(graph, NullModel(kind, keep, labels, sweeps=3), seed=4)
    check_preserved(graph, null, NullModel(kind, keep, labels))
    assert shared_connections(graph, null) < 0.3


@pytest.mark.parametrize(("kind", "keep"), KINDS)
def test_seed_and_index_fix_a_null(kind: str, keep: bool) -> None:
    graph = random_graph(30, 0.2, 8)
    model = _model(graph, kind, keep)
    edges = [
        null_graph(graph, model, seed=seed, index=index).matrix.toarray().tobytes()
        for seed, index in [(5, 0), (5, 0), (5, 1), (6, 0)]
    ]
    assert edges[0] == edges[1]
    assert len(set(edges)) == 3


# Each of these has few enough graphs with the same properties to list them all.
_CYCLE = [(1, 2), (2, 3), (3, 1)]
_SMALL = [
    ("degree", False, _CYCLE),
    ("degree", False, [*_CYCLE, (1, 4), (4, 5)]),
    ("degree", False, [(1, 2), (2, 1), (3, 4), (1, 4)]),
    ("degree", True, [(1, 2), (2, 1), (3, 4), (4, 3), (1, 5), (5, 4)]),
    ("block", False, [(1, 2), (1, 5), (4, 2), (4, 3), (2, 6), (3, 4), (6, 1)]),
    ("block", True, [(1, 2), (2, 1), (4, 5), (5, 4), (1, 3), (4, 6)]),
    ("erdos_renyi", False, [(1, 2), (2, 3)]),
    ("erdos_renyi", True, [(1, 2), (2, 1), (3, 4)]),
    ("block_random", False, [(1, 2), (3, 4), (4, 5)]),
    ("block_random", True, [(1, 2), (2, 1), (3, 4), (4, 5)]),
]


@pytest.mark.parametrize(("kind", "keep", "edges"), _SMALL)
def test_all_graphs_with_the_properties_are_equally_likely(
    kind: str, keep: bool, edges: list[tuple[int, int]]
) -> None:
    nodes = list(range(1, 1 + max(v for edge in edges for v in edge)))  # labels a, b, c, a, ...
    graph = DirectedGraph.from_edges(*zip(*edges, strict=True), root_ids=nodes)
    expected = _kept(graph, kind, keep)
    wanted = {
        frozenset(chosen)
        for chosen in _candidates(graph, kind)
        if _kept(_graph_of(chosen, nodes), kind, keep) == expected
    }
    assert len(wanted) > 1
    drawn, model = Counter(), _model(graph, kind, keep, sweeps=40)
    draws = 60 * len(wanted)
    for index in range(draws):
        null = null_graph(graph, model, seed=7, index=index)
        drawn[frozenset(to_networkx(null).edges)] += 1
    assert set(drawn) == wanted
    # Chi-square with k - 1 degrees of freedom: mean k - 1, deviation sqrt(2 (k - 1)).
    freedom = len(wanted) - 1
    chi = sum((drawn[w] - 60) ** 2 / 60 for w in wanted)
    assert chi < freedom + 5 * np.sqrt(2 * freedom)


def _candidates(graph: DirectedGraph, kind: str) -> Iterator[tuple[tuple[int, int], ...]]:
    """List the graphs with as many connections; with the same degrees, if those are kept."""
    nodes = graph.root_ids.tolist()
    if kind in ("erdos_renyi", "block_random"):
        yield from combinations(permutations(nodes, 2), graph.m)
        return
    targets = (
        [[(v, w) for w in some] for some in combinations([w for w in nodes if w != v], degree)]
        for v, degree in zip(nodes, graph.out_degree.tolist(), strict=True)
    )
    for choice in product(*targets):
        edges = tuple(edge for some in choice for edge in some)
        if Counter(w for _, w in edges) == Counter(graph.root_ids[graph.post].tolist()):
            yield edges


def _graph_of(edges: tuple[tuple[int, int], ...], nodes: list[int]) -> DirectedGraph:
    return DirectedGraph.from_edges(*zip(*edges, strict=True), root_ids=nodes)


def test_random_numbers_are_even() -> None:
    from graphapi.network.null_kernel import below

    state = np.array([1], dtype=np.uint64)
    drawn = np.bincount([below(state, 7) for _ in range(70_000)], minlength=7)
    assert drawn.size == 7
    assert np.abs(drawn - 10_000).max() < 500
    wide = np.array([below(state, 3 * 2**30) for _ in range(20_000)])
    # Without its correction, a third of the numbers would come twice as often.
    assert abs(np.count_nonzero(wide < 2**30) - 20_000 / 3) < 400


def test_the_set_of_connections_is_a_set() -> None:
    from graphapi.network import null_kernel

    rng = np.random.default_rng(0)
    table = np.full(64, -1, dtype=np.int64)
    there: set[int] = set()
    for key in rng.integers(0, 60, 4000).tolist():
        assert bool(null_kernel._has(table, key)) == (key in there)
        if key in there:
            null_kernel._remove(table, key)
            there.remove(key)
        elif len(there) < 32:
            null_kernel._add(table, key)
            there.add(key)
    assert sorted(table[table >= 0].tolist()) == sorted(there)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda g: g.where(g.weight >= 2), "number of connections"),
        (lambda g: g.subset(g.root_ids[:-1]), "neurons"),
        (lambda g: DirectedGraph(g.root_ids, g.matrix.T.tocsr()), "out-degree"),
    ],
)
def test_a_null_that_does_not_keep_is_found_out(
    change: Callable[[DirectedGraph], DirectedGraph], what: str
) -> None:
    graph = random_graph(12, 0.3, 2)
    with pytest.raises(CavegraphError, match=what):
        check_preserved(graph, change(graph), NullModel())


def test_a_null_that_breaks_labels_or_pairs_is_found_out() -> None:
    graph = real_graph("larva")
    null = null_graph(graph, NullModel(), seed=1)
    with pytest.raises(CavegraphError, match="targets of each label"):
        check_preserved(graph, null, NullModel("block", labels=larva_classes()))
    with pytest.raises(CavegraphError, match="reciprocal pairs"):
        check_preserved(graph, null, NullModel(keep_reciprocal=True))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "configuration"}, "unknown kind 'configuration'"),
        ({"kind": "block"}, "needs labels"),
        ({"kind": "degree", "labels": {1: "a"}}, "does not use labels"),
        ({"sweeps": 0}, "sweeps is 0"),
    ],
)
def test_bad_models_are_refused(arguments: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        NullModel(**arguments)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(InputError, match="seed -1"):
        null_graph(random_graph(5, 0.5, 1), NullModel(), seed=-1)


def test_labels_shared_by_threads_are_only_read() -> None:
    # pandas fills an index's look-up table when first asked: two threads at once got a wrong answer
    graph = random_graph(20, 0.3, 3)
    labels = pd.Series("abc"[0], index=pd.Index(graph.root_ids))
    null_graph(graph, NullModel("block", labels=labels, sweeps=1))
    assert not {name for name in labels.index._cache if name in ("_engine", "is_unique")}
