"""The census against networkx, and who takes part against counting by hand."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from motif_graphs import (
    REAL,
    computed,
    graphs,
    random_graph,
    real_graph,
    to_networkx,
    triads_by_hand,
)
from networkx.algorithms.isomorphism import DiGraphMatcher

from graphapi.errors import InputError
from graphapi.network.census import exact_sum, participation, role_counts, triad_census
from graphapi.network.triads import CONNECTED, NAMES, ROLES, TRIADS

if TYPE_CHECKING:
    from graphapi.network.graph import DirectedGraph


@pytest.mark.parametrize("name", REAL)
def test_real_connectomes_have_the_reference_census(name: str) -> None:
    assert triad_census(real_graph(name)) == computed(name)["triads"]


@given(graphs(max_n=20))
@settings(max_examples=80, deadline=None)
def test_census_is_that_of_networkx(graph: DirectedGraph) -> None:
    census = triad_census(graph)
    if graph.n < 3:
        assert census == dict.fromkeys(NAMES, 0)
    else:
        assert census == nx.triadic_census(to_networkx(graph))
    assert all(type(number) is int for number in census.values())


@given(graphs(max_n=9))
@settings(max_examples=40, deadline=None)
def test_participation_is_that_of_counting_by_hand(graph: DirectedGraph) -> None:
    expected = Counter((node, name) for name, nodes in triads_by_hand(graph) for node in nodes)
    found = participation(graph)
    assert found.index.tolist() == graph.root_ids.tolist()
    assert {(i, c): v for i, row in found.iterrows() for c, v in row.items() if v} == expected


@given(graphs(max_n=9))
@settings(max_examples=40, deadline=None)
def test_roles_are_those_of_counting_by_hand(graph: DirectedGraph) -> None:
    # A role is told apart by what a symmetry cannot change: its connections within the triad.
    other = to_networkx(graph)
    expected: Counter = Counter()
    for name, nodes in triads_by_hand(graph):
        part = other.subgraph(nodes)
        expected.update((node, name, *_signature(part, node)) for node in nodes)
    by_signature: Counter = Counter()
    for (name, role), column in role_counts(graph).items():
        signature = _signature(_picture(name), _a_node_of(name, role))
        by_signature.update({(i, name, *signature): v for i, v in column.items() if v})
    assert by_signature == expected


def test_roles_are_the_orbits_of_the_symmetries() -> None:
    for triad in TRIADS:
        picture = _picture(triad.name)
        same = {
            (a, b)
            for f in DiGraphMatcher(picture, picture).isomorphisms_iter()
            for a, b in f.items()
        }
        for a, b in permutations(range(3), 2):
            assert ((a, b) in same) == (triad.roles[a] == triad.roles[b])
    assert len(ROLES) == 36
    assert len(CONNECTED) == 13


def test_classes_are_those_of_networkx() -> None:
    for triad in TRIADS:
        assert nx.is_isomorphic(_picture(triad.name), nx.triad_graph(triad.name))


def test_roles_of_a_whole_connectome_add_up_to_its_census() -> None:
    graph = real_graph("larva")
    census, table = triad_census(graph), role_counts(graph)
    for triad in TRIADS:
        for role in set(triad.roles):
            expected = census[triad.name] * triad.roles.count(role)
            assert int(table[triad.name, role].sum()) == expected


def test_the_number_of_workers_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = random_graph(200, 0.2, 3)
    one = triad_census(graph, workers=1), role_counts(graph, workers=1)
    monkeypatch.setattr("graphapi.network.neighbours._STEPS", 1000)
    many = triad_census(graph, workers=3), role_counts(graph, workers=3)
    assert one[0] == many[0]
    assert one[1].equals(many[1])


def test_no_workers_is_refused() -> None:
    with pytest.raises(InputError, match="workers: 0"):
        triad_census(random_graph(5, 0.5, 1), workers=0)


def test_thresholds_and_selections() -> None:
    graph = random_graph(25, 0.4, 5)
    other = to_networkx(graph)
    kept = [e for *e, w in other.edges(data="weight") if w >= 5]
    strong = nx.DiGraph(kept)
    strong.add_nodes_from(other)
    assert triad_census(graph.where(graph.weight >= 5)) == nx.triadic_census(strong)
    some = graph.root_ids[::2]
    assert triad_census(graph.subset(some)) == nx.triadic_census(other.subgraph(some.tolist()))


def test_sums_beyond_int64_are_exact() -> None:
    values = np.full(10, 2**62, dtype=np.int64)
    assert exact_sum(values) == 10 * 2**62


def _picture(name: str) -> nx.DiGraph:
    picture = nx.DiGraph(next(t.edges for t in TRIADS if t.name == name))
    picture.add_nodes_from(range(3))
    return picture


def _a_node_of(name: str, role: str) -> int:
    return next(t.roles.index(role) for t in TRIADS if t.name == name)


def _signature(part: nx.DiGraph, node: int) -> tuple[tuple[bool, ...], ...]:
    return tuple(
        sorted((part.has_edge(node, x), part.has_edge(x, node)) for x in part if x != node)
    )
