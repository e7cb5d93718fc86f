"""DotMotif's own objects and executors beside ours."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import networkx as nx
import pytest
from motif_oracle import mappings, subgraphs
from motif_random import edge_set, random_graph

from graphapi.errors import InputError, MotifError
from graphapi.motifs.dsl import parse
from graphapi.motifs.executor import CavegraphExecutor, from_dotmotif

if TYPE_CHECKING:
    from collections.abc import Callable

dotmotif = pytest.importorskip("dotmotif")


@pytest.fixture(scope="module")
def both(put: Callable[..., Any]) -> Any:
    """Our executor and DotMotif's in-memory one on the same graph."""
    neurons, connections = random_graph(9, 0.45, seed=21)
    host = nx.DiGraph()
    for row in neurons.astype(object).to_dict("records"):
        known = {key: value for key, value in row.items() if value == value}
        host.add_node(row["root_id"], **known)
    for pre, post, weight, size in connections.itertuples(index=False):
        host.add_edge(pre, post, weight=weight, size_sum=size)
    with put(neurons, connections) as motifs:
        theirs = dotmotif.GrandIsoExecutor(graph=host)
        yield CavegraphExecutor(motifs), theirs, neurons, connections


def _as_set(found: list[dict[str, int]]) -> set[frozenset[tuple[str, int]]]:
    assert len({frozenset(one.items()) for one in found}) == len(found)
    return {frozenset(one.items()) for one in found}


PROGRAMS = [
    "A -> B\nB -> C\nC -> A",
    "A -> B\nB -> C\nA -> C\nC !> A",
    "A -> B [weight >= 4]\nB -> A",
    "A -> B\nB -> C\nA.side = left\nC.side != left",
    "A -> B\nB -> C\nA.side = C.side",
    "A -> B as ab\nB -> C as bc\nab.weight > bc.weight",
    "tri(x, y, z) { x -> y\n y -> z\n z -> x }\ntri(A, B, C)",
    "two(x, y) { x -> y\n y -> x }\nstar(x, y, z) { two(x, y)\n two(x, z) }\nstar(A, B, C)",
    "A -> B\nC -> B\nA.side contains ef",
]
DECLARED = "A -> C\nB -> C\nA === B"


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_mappings_as_dotmotif(both: Any, program: str) -> None:
    ours, theirs, *_ = both
    motif = dotmotif.Motif(program)
    expected = _as_set(theirs.find(motif))
    assert expected
    assert _as_set(ours.find(motif)) == expected
    assert ours.count(motif) == len(expected)


def test_declared_symmetry_halves_the_mappings(both: Any) -> None:
    """As in DotMotif's Neo4j executor; its in-memory one does not look at `===`."""
    ours, theirs, *_ = both
    motif = dotmotif.Motif(DECLARED)
    every = _as_set(theirs.find(motif))
    found = _as_set(ours.find(motif))
    assert found < every
    assert 2 * len(found) == len(every)
    assert all(dict(one)["A"] < dict(one)["B"] for one in found)


@pytest.mark.parametrize("program", [*PROGRAMS, DECLARED])
def test_text_and_object_are_one_pattern(program: str) -> None:
    """Our parser and DotMotif's read the same; the object has kept no lines."""
    text, made = parse(program), from_dotmotif(dotmotif.Motif(program))

    def said(pattern: Any) -> Any:
        names = pattern.names
        edge = [(names[e.pre], names[e.post]) for e in pattern.edges]
        return (
            {(*ends, e.where, e.kind) for ends, e in zip(edge, pattern.edges, strict=True)},
            {(names[e.pre], names[e.post], e.where, e.kind) for e in pattern.absent},
            {(n.name, frozenset(n.where)) for n in pattern.nodes},
            {
                (names[c.left], c.left_field, c.op, names[c.right], c.right_field)
                for c in pattern.node_comparisons
            },
            {(edge[c.left], c.left_field, c.op, edge[c.right]) for c in pattern.edge_comparisons},
            {frozenset(names[i] for i in g.members) for g in pattern.groups},
        )

    assert said(text) == said(made)


def test_cycles_are_not_lost_without_automorphisms(both: Any) -> None:
    """DotMotif drops about half of the three-cycles here; each has to come once."""
    ours, theirs, neurons, connections = both
    pairs = [(0, 1), (1, 2), (2, 0)]
    every = subgraphs(mappings(neurons["root_id"], edge_set(connections), pairs, 3), pairs)
    motif = dotmotif.Motif("A -> B\nB -> C\nC -> A", exclude_automorphisms=True)
    assert ours.count(motif) == len(ours.find(motif)) == len(every)
    assert len(theirs.find(motif)) < len(every)


def test_limit_and_direction(both: Any) -> None:
    ours, _, neurons, connections = both
    motif = dotmotif.Motif("A -> B\nB -> C", limit=4)
    assert len(ours.find(motif)) == 4
    assert len(ours.find(motif, limit=2)) == 2
    assert ours.count(motif) == 4
    edges = edge_set(connections)
    undirected = edges | {(b, a) for a, b in edges}
    ids = neurons["root_id"].tolist()
    chains = [m for m in permutations(ids, 3) if {m[:2], m[1:]} <= undirected]
    motif = dotmotif.Motif("A -> B\nB -> C", ignore_direction=True)
    assert {(d["A"], d["B"], d["C"]) for d in ours.find(motif)} == set(chains)


def test_equal_neurons_on_request(both: Any) -> None:
    ours, _, neurons, connections = both
    loose = CavegraphExecutor(ours._search, distinct=False)
    pairs = [(0, 1), (1, 2)]
    edges, ids = edge_set(connections), neurons["root_id"]
    motif = dotmotif.Motif("A -> B\nB -> C")
    assert loose.count(motif) == len(mappings(ids, edges, pairs, 3, distinct=False))
    strict = dotmotif.Motif("A -> B\nB -> C", enforce_inequality=True)
    assert loose.count(strict) == len(mappings(ids, edges, pairs, 3))


def test_what_is_no_motif(both: Any) -> None:
    ours, *_ = both
    with pytest.raises(InputError, match=r"expected a dotmotif\.Motif, not str"):
        ours.find("A -> B")
    with pytest.raises(MotifError, match="occurs only in"):
        ours.find(dotmotif.Motif("A -> B\nA !> C"))
