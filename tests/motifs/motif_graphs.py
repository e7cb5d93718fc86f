"""Graphs for the tests of motif analysis: the real ones, and random ones."""

from __future__ import annotations

from itertools import combinations, permutations

import networkx as nx
import numpy as np
import pandas as pd
from hypothesis import strategies as st

from graphapi.motifs.memory import MemoryGraph
from graphapi.network.graph import DirectedGraph
from support.connectomes import DATA, REAL, computed, need_data, real_edges

__all__ = ["REAL", "computed", "real_graph"]


def real_graph(name: str) -> DirectedGraph:
    """Read one of `REAL`, without autapses."""
    edges = real_edges(name)
    edges = edges[edges["pre"] != edges["post"]]
    return DirectedGraph.from_edges(edges["pre"], edges["post"], edges["weight"].to_numpy())


def memory_graph(root_ids, pre, post, edge_fields, read_node_field) -> MemoryGraph:
    """Build the matcher's graph from root ids; `pre` and `post` in any order."""
    root_ids = np.unique(root_ids)
    a, b = (np.searchsorted(root_ids, ends).astype(np.int32) for ends in (pre, post))
    order = np.lexsort((b, a))
    fields = {name: values.take(order) for name, values in edge_fields.items()}
    return MemoryGraph(root_ids, a[order], b[order], fields, read_node_field)


def larva_classes() -> pd.Series:
    """Cell class of the larva's neurons, by root id."""
    need_data()
    neurons = pd.read_parquet(DATA / "larva_winding2023" / "neurons.parquet")
    return neurons.set_index("neuron_id")["cell_class"]


def to_networkx(graph: DirectedGraph) -> nx.DiGraph:
    """Return the graph to the oracle."""
    other = nx.DiGraph()
    other.add_nodes_from(graph.root_ids.tolist())
    ids = graph.root_ids
    other.add_weighted_edges_from(
        zip(ids[graph.pre].tolist(), ids[graph.post].tolist(), graph.weight.tolist(), strict=True)
    )
    return other


def random_graph(n: int, density: float, seed: int) -> DirectedGraph:
    """Draw a graph with weights 1..9 and root ids beyond what a float holds."""
    rng = np.random.default_rng(seed)
    there = (rng.random((n, n)) < density) & ~np.eye(n, dtype=bool)
    pre, post = np.nonzero(there)
    ids = 576460752700000001 + np.arange(n) * 3
    weight = rng.integers(1, 10, pre.size)
    return DirectedGraph.from_edges(ids[pre], ids[post], weight, root_ids=ids)


def graphs(max_n: int = 12) -> st.SearchStrategy[DirectedGraph]:
    """Any graph, empty and complete ones too."""
    return st.builds(
        random_graph,
        n=st.integers(0, max_n),
        density=st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 1.0]),
        seed=st.integers(0, 10_000),
    )


def triads_by_hand(graph: DirectedGraph):
    """Yield (class, nodes) of all triads, by matching networkx's own pictures of the classes.

    `nodes` is one assignment of root ids to the nodes a, b, c of `networkx.triad_graph`.
    """
    pictures = {
        frozenset(picture.edges): (name, nodes)
        for name in nx.algorithms.triads.TRIAD_NAMES
        for nodes in [("a", "b", "c")]
        for picture in [nx.triad_graph(name)]
    }
    other = to_networkx(graph)
    for three in combinations(graph.root_ids.tolist(), 3):
        for order in permutations(three):
            letters = dict(zip(order, "abc", strict=True))
            drawn = frozenset(
                (letters[u], letters[v]) for u, v in permutations(order, 2) if other.has_edge(u, v)
            )
            if drawn in pictures:
                yield pictures[drawn][0], order
                break
