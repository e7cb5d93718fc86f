"""The plan chooses the order of a search, not the writer: work is counted, not timed."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from motif_graphs import random_graph, real_graph
from motif_oracle import connected_motifs, program

from graphapi.motifs.binding import MotifSchema, bind
from graphapi.motifs.compiled import CompiledSearch
from graphapi.motifs.dsl import parse
from graphapi.motifs.memory import MemoryGraph
from graphapi.motifs.pattern import Symmetry
from graphapi.motifs.plan import Rules, make_plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphapi.motifs.plan import Plan
    from graphapi.network.graph import DirectedGraph

SCHEMA = MotifSchema({})
#: What took from two seconds to two minutes on the larva, by the order of the lines.
UNEVEN = (
    "A -> B as x; B -> C as y; C -> D as z; y.weight > z.weight",
    "A -> B as x; B -> C as y; C -> D as z; y.weight > z.weight; x.weight > y.weight",
    "A -> B as x; A -> C as y; A -> D as z; y.weight > z.weight",
    "A -> B; B -> C; C -> D; A !> C; D.root_id > B.root_id",
    "A -> B [weight > 5]; B -> C; C -> D; D !> A",
)


def _memory(graph: DirectedGraph) -> MemoryGraph:
    ends = (part.astype(np.int32) for part in (graph.pre, graph.post))
    fields = {"weight": pa.array(graph.weight)}
    return MemoryGraph(graph.root_ids, *ends, fields, lambda *_: pa.array(graph.root_ids))


def _counted(graph: MemoryGraph, text: str, plan: Plan | None = None) -> tuple[int, int]:
    pattern = bind(parse(text), SCHEMA)
    search = CompiledSearch(graph, pattern, plan or make_plan(pattern, Rules()), SCHEMA)
    return search.count(), search.looked


def _same_work(graph: MemoryGraph, orders: Iterable[Iterable[str]]) -> None:
    answers = [_counted(graph, "\n".join(lines)) for lines in orders]
    assert len({found for found, _ in answers}) == 1
    work = [looked for _, looked in answers]
    assert max(work) <= 2 * min(work), work


@pytest.mark.parametrize("text", UNEVEN)
def test_all_orders_of_the_lines_cost_the_same(text: str) -> None:
    graph = _memory(random_graph(40, 0.3, seed=3))
    _same_work(graph, permutations(line.strip() for line in text.split(";")))


@pytest.mark.parametrize("size", [2, 3, 4])
def test_lines_of_any_small_motif_may_be_shuffled(size: int) -> None:
    graph = _memory(random_graph(14, 0.4, seed=4))
    for number, pairs in enumerate(connected_motifs(size)):
        lines = program(pairs).splitlines()
        shuffled = [random.Random(seed).sample(lines, len(lines)) for seed in (number, -number)]  # noqa: S311
        _same_work(graph, [lines, lines[::-1], *shuffled])


@pytest.mark.parametrize(
    "text",
    [*UNEVEN, *(program(pairs) for pairs in (*connected_motifs(3), *connected_motifs(4)[::20]))],
)
def test_the_chosen_order_is_nearly_the_best_on_a_real_graph(text: str) -> None:
    graph = _memory(real_graph("worm"))
    pattern = bind(parse(text), SCHEMA)
    plan = make_plan(pattern, Rules())
    found, mine = _counted(graph, text, plan)
    least = mine
    for order in permutations(range(len(pattern.nodes))):
        near = [{e.pre, e.post} for e in pattern.edges]
        if all(any({order[i], j} in near for j in order[:i]) for i in range(1, len(order))):
            other = replace(plan, order=order, orders=tuple(Symmetry(pattern).orders(order)))
            count, looked = _counted(graph, text, other)
            assert count == found
            least = min(least, looked)
    assert mine <= 2 * least
