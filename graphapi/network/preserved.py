"""Proof that a null graph keeps what its model says it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.errors import CavegraphError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from graphapi.network.graph import DirectedGraph
    from graphapi.network.labels import Labels
    from graphapi.network.nulls import NullModel

    Ints = npt.NDArray[np.int64]


def check_preserved(graph: DirectedGraph, null: DirectedGraph, model: NullModel) -> list[str]:
    """Compare a null graph with the graph it was drawn for.

    That a null graph has no pair twice and no self-connection, `DirectedGraph` itself checks.

    Returns
    -------
    list of str
        What was compared and is equal.

    Raises
    ------
    CavegraphError
        Something is not kept.
    """
    proven = []
    both = zip(_invariants(graph, model), _invariants(null, model), strict=True)
    for (what, expected), (_, found) in both:
        if not np.array_equal(expected, found):
            raise CavegraphError(
                f"null graph: a {model.kind} null does not keep: {what}",
                hint="this is a defect of the program; please report it with graph and seed",
            )
        proven.append(what)
    return proven


def shared_connections(graph: DirectedGraph, null: DirectedGraph) -> float:
    """Give the share of a graph's connections that a null graph has too; NaN if it has none."""
    ours, theirs = (each.pre * each.n + each.post for each in (graph, null))
    common = np.intersect1d(ours, theirs, assume_unique=True).size
    return common / graph.m if graph.m else float("nan")


def _invariants(graph: DirectedGraph, model: NullModel) -> Iterator[tuple[str, Ints]]:
    yield "neurons", graph.root_ids
    yield "number of connections", np.array([graph.m])
    yield "weights", np.sort(graph.weight)
    labels = model.labels_of(graph)
    mutual = graph.reciprocal
    everything = np.ones(graph.m, dtype=bool)
    if model.rewires:
        yield "out-degree", graph.out_degree
        yield "in-degree", graph.in_degree
        if not model.keep_reciprocal:
            yield "synapses made", graph.out_strength
    if model.kind == "block":
        yield "targets of each label", _by_neuron(graph.pre, graph.post, labels, everything)
        yield "sources of each label", _by_neuron(graph.post, graph.pre, labels, everything)
    if model.by_label:
        yield "connections between labels", _by_label(graph, labels, everything)
    if model.keep_reciprocal:
        yield "number of reciprocal pairs", np.array([np.count_nonzero(mutual)])
        if model.rewires:
            yield "reciprocal partners", _by_neuron(graph.pre, graph.post, labels, mutual)
        else:
            yield "reciprocal pairs between labels", _by_label(graph, labels, mutual)


def _by_neuron(owner: Ints, partner: Ints, labels: Labels, mask: npt.NDArray[np.bool_]) -> Ints:
    """Count each neuron's partners by label, as ascending keys: one for each partner."""
    return np.sort(owner[mask] * len(labels.names) + labels.code[partner[mask]])


def _by_label(graph: DirectedGraph, labels: Labels, mask: npt.NDArray[np.bool_]) -> Ints:
    size = len(labels.names)
    keys = labels.code[graph.pre[mask]] * size + labels.code[graph.post[mask]]
    return np.bincount(keys, minlength=size * size)
