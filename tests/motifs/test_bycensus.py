"""Counts from the census against the matcher that looks at every match."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pyarrow as pa
import pytest
from motif_graphs import memory_graph
from motif_oracle import connected_motifs, program
from motif_random import random_graph
from motif_schema import SCHEMA

from graphapi.motifs.binding import bind
from graphapi.motifs.bycensus import count_by_class, matches_by_class
from graphapi.motifs.compiled import CompiledSearch
from graphapi.motifs.dsl import parse
from graphapi.motifs.memory import MemoryGraph
from graphapi.motifs.plan import Rules, make_plan
from graphapi.network.census import triad_census
from graphapi.network.graph import DirectedGraph


def _memory(connections: pd.DataFrame, neurons: pd.DataFrame) -> MemoryGraph:
    fields = {name: pa.array(connections[name]) for name in ("weight", "size_sum")}
    ends = (connections[name].to_numpy() for name in ("pre", "post"))
    return memory_graph(neurons["root_id"].to_numpy(), *ends, fields, lambda *_: None)


def test_every_motif_of_three_with_and_without_absent_connections() -> None:
    neurons, connections = random_graph(14, 0.4, seed=21)
    graph = _memory(connections, neurons)
    census = triad_census(
        DirectedGraph.from_edges(
            connections["pre"], connections["post"], root_ids=neurons["root_id"]
        )
    )
    tried = 0
    for pairs in connected_motifs(3):
        free = [(a, b) for a in range(3) for b in range(3) if a != b and (a, b) not in pairs]
        for chosen in product([False, True], repeat=len(free)):
            absent = [pair for pair, is_absent in zip(free, chosen, strict=True) if is_absent]
            pattern = bind(parse(program(pairs, absent)), SCHEMA)
            for unique, induced in product([False, True], repeat=2):
                rules = Rules(unique=unique, induced=induced)
                by_class = matches_by_class(pattern, rules)
                assert by_class is not None
                looked = CompiledSearch(graph, pattern, make_plan(pattern, rules), SCHEMA).count()
                assert count_by_class(by_class, census) == looked, (pairs, absent, rules)
                tried += looked > 0
    assert tried > 100


@pytest.mark.parametrize(
    "motif",
    [
        "A -> B",
        "A -> B; B -> C; C -> D",
        "A -> B [weight > 2]; B -> C",
        'A -> B; B -> C; A.kind = "x"',
        "A -> B; B -> C; A !> C [weight > 2]",
        "A -> B as ab; B -> C as bc; ab.weight > bc.weight",
        "A -> B; B -> C; A.size > C.size",
        "A -> B; C -> B; A === C",
    ],
)
def test_what_the_census_does_not_know_is_left_to_the_matcher(motif: str) -> None:
    assert matches_by_class(bind(parse(motif), SCHEMA), Rules()) is None


def test_neurons_that_stand_for_several_nodes_are_left_to_the_matcher() -> None:
    assert matches_by_class(bind(parse("A -> B; B -> C"), SCHEMA), Rules(distinct=False)) is None
