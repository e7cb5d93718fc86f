"""Motifs of an open connectome, both engines: search and census against networkx."""

from __future__ import annotations

from itertools import combinations, permutations

import networkx as nx
import pytest
from oracle import Oracle
from toy import ROWS, ids

import graphapi
from graphapi.errors import UnknownFieldError


def cycles(graph: nx.DiGraph) -> set[tuple[int, ...]]:
    """Directed three-cycles as sets of neurons, by brute force."""
    found = set()
    for three in combinations(graph.nodes, 3):
        for a, b, c in permutations(three):
            if graph.has_edge(a, b) and graph.has_edge(b, c) and graph.has_edge(c, a):
                found.add(tuple(sorted(three)))
    return found


@pytest.mark.parametrize("method", ["compiled", "cypher"])
def test_three_cycles(toy: graphapi.Connectome, method: str) -> None:
    frame = toy.motifs.search("A -> B\nB -> C\nC -> A", method=method)
    assert {tuple(sorted(row)) for row in frame[["A", "B", "C"]].itertuples(index=False)} == cycles(
        Oracle(ROWS).graph()
    )
    assert len(frame) == toy.motifs.count("A -> B\nB -> C\nC -> A", method=method) == 1
    assert frame.attrs["datastack"] == "toy"


@pytest.mark.parametrize("method", ["compiled", "cypher"])
def test_fields_narrow_a_search(toy: graphapi.Connectome, method: str) -> None:
    frame = toy.motifs.search('A -> B [weight >= 5]\nA.cell_class = "ER"', method=method)
    assert frame[["A", "B"]].to_numpy().tolist() == [ids(1, 2), ids(1, 3)]
    assert frame["weight_A_B"].tolist() == [5, 5]
    with pytest.raises(UnknownFieldError):
        toy.motifs.search('A -> B\nA.nonsense = "x"', method=method)


def test_census(toy: graphapi.Connectome) -> None:
    graph = Oracle(ROWS).graph()
    connected = graph.subgraph([n for n in graph if graph.degree(n)])
    assert toy.motifs.census() == nx.triadic_census(connected)
    whole = graph.copy()
    whole.add_nodes_from(toy.root_ids().tolist())
    assert toy.motifs.census(isolated=True) == nx.triadic_census(whole)
    some = ids(1, 2, 3, 4)
    assert toy.motifs.census(neurons=some) == nx.triadic_census(graph.subgraph(some))


def test_roles_by_class(toy: graphapi.Connectome) -> None:
    roles = toy.motifs.roles(by="cell_class")
    assert roles.to_numpy().sum() > 0
    with pytest.raises(UnknownFieldError, match="no property 'nope'"):
        toy.motifs.roles(by="nope")
