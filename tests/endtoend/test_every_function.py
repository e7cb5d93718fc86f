"""Whatever is asked of the graph is what CAVE's own synapse rows come to, for every function.

Random datastacks are served, loaded, and asked twice: the graph by each function, CAVE by
`get_synapses`, whose rows are then summed up by pandas and networkx alone.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphapi
import loader
from loader.sandbox.standin import serve, write_folder

TOKEN = "0123456789abcdef0123456789abcdef"
BASE = 576_460_752_700_000_000
NEURONS = [BASE + n for n in range(9)]
TYPES = ["ER", "FBt", "PBt"]


@st.composite
def datastacks(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[int, str]]:
    """Synapse rows with background, unresolved ends and autapses; types of some neurons."""
    seed = draw(st.integers(0, 2**32 - 1))
    chance = np.random.default_rng(seed)
    count = draw(st.integers(20, 160))
    ends = np.array([0, 1, *NEURONS[: draw(st.integers(3, 9))]])
    rows = pd.DataFrame(
        {
            "id": np.cumsum(chance.integers(1, 5, count)),
            "pre_pt_root_id": chance.choice(ends, count),
            "post_pt_root_id": chance.choice(ends, count),
            "size": chance.integers(1, 50, count).astype("float32"),
        }
    )
    typed = draw(st.lists(st.sampled_from(NEURONS), min_size=1, max_size=6, unique=True))
    return rows, {root: TYPES[number % 3] for number, root in enumerate(sorted(typed))}


class Rows:
    """Connections as synapse rows of CAVE say."""

    def __init__(self, rows: pd.DataFrame) -> None:
        summed = rows.groupby(["pre_pt_root_id", "post_pt_root_id"]).size()
        self.weights = {(int(a), int(b)): int(w) for (a, b), w in summed.items()}

    def at(self, threshold: int) -> dict[tuple[int, int], int]:
        return {pair: w for pair, w in self.weights.items() if w >= threshold}

    def graph(self, threshold: int) -> nx.DiGraph:
        graph = nx.DiGraph()
        graph.add_weighted_edges_from((a, b, w) for (a, b), w in self.at(threshold).items())
        return graph


def sums(pairs: dict[tuple[int, int], int], end: int, root: int) -> int:
    return sum(w for pair, w in pairs.items() if pair[end] == root)


def triples(frame: pd.DataFrame) -> dict[tuple[int, int], int]:
    return {(a, b): w for a, b, w in frame[["pre", "post", "weight"]].itertuples(index=False)}


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(datastack=datastacks(), threshold=st.sampled_from([1, 1, 2, 3]))
def test_the_graph_says_what_the_rows_say(datastack, threshold: int) -> None:
    served, types = datastack
    cells = pd.DataFrame({"id": range(1, len(types) + 1), "pt_root_id": list(types)})
    cells["cell_class"] = list(types.values())
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        write_folder(
            place / "served",
            {"synapses": served, "cells": cells},
            datastack="random_stack",
            metadata={"synapses": {"schema_type": "synapse"}},
        )
        with serve(place / "served", row_limit=25, token=TOKEN) as server:
            source = loader.CaveSource(
                "random_stack", server=server.url, token=TOKEN, annotations=["cells"]
            )
            loader.load(source, place / "g.lbug", work=place / "w", progress=False)
            with graphapi.Connectome.open(place / "g.lbug", token=TOKEN) as connectome:
                known = connectome.root_ids().tolist()
                raw = connectome.get_synapses(pre_ids=known)
                assert raw.attrs["source"] == "cave"
                want = Rows(raw)
                check_connections(connectome, want, known, threshold)
                check_partners(connectome, want, known, threshold)
                check_types(connectome, want, types, threshold)
                check_graphs(connectome, want, known, threshold)
                check_paths(connectome, want, known, threshold)


def check_connections(connectome, want: Rows, known: list[int], threshold: int) -> None:
    some, others = known[::2], known[1::2] or known
    pairs = want.at(threshold)
    down = {p: w for p, w in pairs.items() if p[0] in some}
    up = {p: w for p, w in pairs.items() if p[1] in some}
    ask = connectome.get_connectivity
    assert triples(ask(some, upstream=False, threshold=threshold)) == down
    assert triples(ask(some, downstream=False, threshold=threshold)) == up
    assert triples(ask(some, threshold=threshold)) == {**down, **up}
    matrix = connectome.get_adjacency(some, others, threshold)
    for a, b in itertools.product(some, others):
        held = matrix.at[a, b] if a in matrix.index and b in matrix.columns else 0
        assert held == pairs.get((a, b), 0)
    counts = connectome.get_synapse_counts(known, threshold)
    for root in known:
        row = counts.loc[root]
        assert row["pre"] == sum(a == root for a, _ in pairs)
        assert row["post"] == sum(b == root for _, b in pairs)
        assert row["output_synapses"] == sums(pairs, 0, root)
        assert row["input_synapses"] == sums(pairs, 1, root)


def check_partners(connectome, want: Rows, known: list[int], threshold: int) -> None:
    pairs, some = want.at(threshold), known[:3]
    for direction, near in (("downstream", 0), ("upstream", 1)):
        found = {
            (r.neuron, r.partner): (r.weight, r.share_of_output, r.share_of_input)
            for r in connectome.get_partners(some, direction, threshold).itertuples()
        }
        expected = {
            (pair[near], pair[1 - near]): (
                w, w / sums(want.weights, 0, pair[0]), w / sums(want.weights, 1, pair[1]),
            )
            for pair, w in pairs.items()
            if pair[near] in some
        }  # fmt: skip
        assert found.keys() == expected.keys()
        assert all(found[key] == pytest.approx(expected[key]) for key in expected)
        sets = [{p[1 - near] for p in pairs if p[near] == root} for root in some]
        common = connectome.get_common_partners(some, direction, threshold, at_least=2)
        members = {x for group in sets for x in group if sum(x in s for s in sets) >= 2}
        assert set(common["partner"]) == members
        vectors = np.array(
            [[pairs.get((r, o) if near == 0 else (o, r), 0) for o in known] for r in some], float
        )
        norms = np.linalg.norm(vectors, axis=1)
        norms[norms == 0] = 1
        unit = vectors / norms[:, None]
        alike = connectome.get_similarity(some, direction, threshold)
        np.testing.assert_allclose(alike.to_numpy(), unit @ unit.T, atol=1e-12)


def check_types(connectome, want: Rows, types: dict[int, str], threshold: int) -> None:
    expected: dict[tuple[str, str], list[int]] = {}
    for (a, b), weight in want.at(threshold).items():
        names = types.get(a, "Unknown"), types.get(b, "Unknown")
        expected.setdefault(names, []).append(weight)
    found = {
        (r.pre_type, r.post_type): (r.connections, r.synapses)
        for r in connectome.get_type_connectivity("cell_class", threshold=threshold).itertuples()
    }
    assert found == {names: (len(ws), sum(ws)) for names, ws in expected.items()}


def check_graphs(connectome, want: Rows, known: list[int], threshold: int) -> None:
    graph, some = want.graph(threshold), known[:4]
    grown = set(some)
    for root in some:
        if root in graph:
            grown |= {*graph.successors(root), *graph.predecessors(root)}
    for hops, members in ((0, set(some)), (1, grown)):
        made = connectome.get_subgraph(some, grow=hops, threshold=threshold)
        assert set(made.nodes) == members
        inside = {p: w for p, w in want.at(threshold).items() if set(p) <= members}
        assert {(a, b): w for a, b, w in made.edges(data="weight")} == inside
    whole = connectome.to_networkx(threshold)
    assert {(a, b): w for a, b, w in whole.edges(data="weight")} == want.at(threshold)
    matrix, labels = connectome.to_matrix(threshold)
    cells = matrix.tocoo()
    rows, columns = labels[cells.row].tolist(), labels[cells.col].tolist()
    assert dict(zip(zip(rows, columns, strict=True), cells.data, strict=True)) == want.at(threshold)


def check_paths(connectome, want: Rows, known: list[int], threshold: int) -> None:
    graph = want.graph(threshold)
    graph.add_nodes_from(known)
    start, end = known[0], known[-1]
    every = {tuple(path) for path in nx.all_simple_paths(graph, start, end, cutoff=3)}
    found = connectome.get_paths(start, end, max_hops=3, threshold=threshold)
    assert {tuple(path) for path in found["root_ids"]} == every
    shortest = connectome.get_shortest_paths(start, end, threshold=threshold)
    strongest = connectome.get_strongest_paths(start, end, max_hops=3, threshold=threshold)
    if not nx.has_path(graph, start, end):
        assert shortest.empty
        assert strongest.empty
        return
    expected = {tuple(path) for path in nx.all_shortest_paths(graph, start, end)}
    assert {tuple(path) for path in shortest["root_ids"]} == expected
    weakest = [min(graph.edges[e]["weight"] for e in itertools.pairwise(p)) for p in every]
    assert strongest["weakest"].tolist() == ([max(weakest)] if weakest else [])
