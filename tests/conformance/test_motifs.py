"""Motifs of an open connectome, both engines: search and census against networkx."""

from __future__ import annotations

import warnings
from itertools import combinations, permutations
from typing import Any

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


@pytest.mark.parametrize("method", ["compiled", "cypher"])
def test_a_value_that_no_neuron_has_is_told(toy: graphapi.Connectome, method: str) -> None:
    for ask in (toy.motifs.search, toy.motifs.count):
        with pytest.warns(graphapi.NoMatchWarning, match=r"cell_class = 'ERR'.*did you mean ER\?"):
            ask('A -> B\nA.cell_class = "ERR"', method=method)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert toy.motifs.count('A -> B [weight > 900]\nA.cell_class = "ER"', method=method) == 0


def test_census(toy: graphapi.Connectome) -> None:
    graph = Oracle(ROWS).graph()
    connected = graph.subgraph([n for n in graph if graph.degree(n)])
    assert toy.motifs.census() == nx.triadic_census(connected)
    whole = graph.copy()
    whole.add_nodes_from(toy.root_ids().tolist())
    assert toy.motifs.census(isolated=True) == nx.triadic_census(whole)
    some = ids(1, 2, 3, 4)
    assert toy.motifs.census(neuron_ids=some) == nx.triadic_census(graph.subgraph(some))


def test_roles_by_class(toy: graphapi.Connectome) -> None:
    roles = toy.motifs.roles(by="cell_class")
    assert roles.to_numpy().sum() > 0
    with pytest.raises(UnknownFieldError, match="no property 'nope'"):
        toy.motifs.roles(by="nope")


def weights(threshold: int = 1) -> dict[tuple[int, int], int]:
    rows = Oracle(ROWS).connections(threshold)
    return dict(zip(zip(rows["pre"], rows["post"], strict=True), rows["weight"], strict=True))


def as_dict(found: Any) -> dict[tuple[int, int], int]:
    return dict(zip(zip(found.pre, found.post, strict=True), found.weight, strict=True))


#: Everything that needs the whole graph; `size_sum` is another property, read when asked for.
WHOLE = {
    "census": lambda c: c.motifs.census(),
    "census again": lambda c: c.motifs.census(isolated=True),
    "statistics": lambda c: c.motifs.statistics(),
    "search": lambda c: c.motifs.search("A -> B; B -> C", method="compiled"),
    "either way": lambda c: c.motifs.count("A -> B [weight > 1]", timeout=60),
    "stronger": lambda c: c.motifs.degrees(threshold=3),
    "significance": lambda c: c.motifs.significance({"pair": "A -> B; B -> A"}, nulls=40),
    "to_sparse": lambda c: c.to_sparse(),
    "to_matrix": lambda c: c.to_matrix(2),
    "to_networkx": lambda c: c.to_networkx(),
}


@pytest.mark.parametrize("first", ["census", "search", "to_sparse"])
def test_the_whole_graph_is_read_once(
    toy: graphapi.Connectome, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    ask = toy.engine.run_together

    def noted(asked, **options):
        reads.extend(query.name for query, _ in asked)
        return ask(asked, **options)

    monkeypatch.setattr(toy.engine, "run_together", noted)
    for name in (first, *WHOLE):
        WHOLE[name](toy)
    known = {"all_connections", "connections_from"}
    assert len([name for name in reads if name in known]) == 1
    assert not [name for name in reads if "connections" in name and name not in known]
    toy.motifs.count("A -> B [size_sum >= 0]", method="compiled")
    toy.motifs.search("A -> B as x; B -> A as y; x.size_sum > y.weight", method="compiled")
    assert reads.count("all_sizes") == 1


def test_a_lower_threshold_is_read_anew_and_answers_are_no_shared_memory(
    toy: graphapi.Connectome,
) -> None:
    assert as_dict(toy.to_sparse(3).connections) == weights(3)
    matrix, roots = toy.to_matrix()
    matrix.data[:] = 7
    roots[:] = 0
    toy.motifs.graph(isolated=True).matrix.data[:] = 7
    toy.to_sparse().connections.weight[:] = 7
    assert as_dict(toy.to_sparse().connections) == weights()
    assert as_dict(toy.to_sparse(2).connections) == weights(2)
    assert toy.motifs.degrees()["out_synapses"].sum() == sum(weights().values())


FRAMES = {
    "degrees": lambda m, **some: m.degrees(**some),
    "degree_distribution": lambda m, **some: m.degree_distribution(**some),
    "hubs": lambda m, **some: m.hubs(3, **some),
    "hubs by": lambda m, **some: m.hubs(3, by="cell_class", **some),
    "participation": lambda m, **some: m.participation(**some),
    "roles": lambda m, **some: m.roles(**some),
    "roles by": lambda m, **some: m.roles(by="cell_class", **some),
    "labelled_census": lambda m, **some: m.labelled_census("cell_class", **some),
    "weights": lambda m, **some: m.weights(**some),
    "rich_club": lambda m, **some: m.rich_club(0, **some),
    "rich_club with nulls": lambda m, **some: m.rich_club(40, **some),
    "significance": lambda m, **some: m.significance(nulls=40, **some).table,
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_the_network_say_where_they_come_from(
    toy: graphapi.Connectome, name: str
) -> None:
    for some in ({}, {"neuron_ids": ids(1, 2, 3, 4), "threshold": 2}):
        attrs = FRAMES[name](toy.motifs, **some).attrs
        told = {k: attrs[k] for k in ("datastack", "version", "timestamp", "source", "id_mapping")}
        assert told == {
            "datastack": "toy",
            "version": 7,
            "timestamp": "2025-06-01T00:00:00+00:00",
            "source": "graph",
            "id_mapping": {},
        }
