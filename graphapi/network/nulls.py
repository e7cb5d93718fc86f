"""Null models: random graphs that keep some properties of a connectome and no others.

A null graph is determined by the graph, the model, the seed and its index, whatever the number
of threads and whichever other null graphs are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from graphapi.common.threads import Stop
from graphapi.errors import CavegraphError, InputError
from graphapi.network.graph import DirectedGraph, csr_matrix_of
from graphapi.network.labels import Labels
from graphapi.network.placing import placed_at_random
from graphapi.network.rewiring import rewired

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt
    import pandas as pd

    Ints = npt.NDArray[np.int64]

NullKind = Literal["erdos_renyi", "degree", "block", "block_random"]

#: Attempted moves for each connection; see docs/decisions/0080.
SWEEPS = 10


@dataclass(frozen=True, eq=False)
class NullModel:
    """What a null graph keeps. All keep the neurons, the number of connections and the weights.

    Parameters
    ----------
    kind
        - `erdos_renyi`: nothing else; every set of connections is equally likely.
        - `degree`: each neuron's in-degree and out-degree.
        - `block`: for each neuron and each label, the number of connections to, and from,
          neurons of that label; hence also the degrees, and the number of connections from
          each label to each.
        - `block_random`: the number of connections from each label to each, and nothing about
          single neurons.
    keep_reciprocal
        Keep reciprocal pairs reciprocal, and single connections single. `degree` then keeps each
        neuron's number of reciprocal partners, `block` that number for each label;
        `erdos_renyi` keeps the number of reciprocal pairs, `block_random` that number for each
        two labels.
    labels
        For the block models: labels by root id; see `Labels.of`.
    sweeps
        For `degree` and `block`: attempted moves for each connection.

    Notes
    -----
    Weights: rewired connections keep their source, and so each neuron keeps its number of output
    synapses, unless `keep_reciprocal`. The random models assign the weights at random.
    """

    kind: NullKind = "degree"
    keep_reciprocal: bool = False
    labels: Mapping[int, Any] | pd.Series[Any] | None = None
    sweeps: int = SWEEPS

    def __post_init__(self) -> None:
        if self.kind not in get_args(NullKind):
            raise InputError(
                f"null model: unknown kind {self.kind!r}",
                hint=f"pass one of {', '.join(get_args(NullKind))}",
            )
        if self.by_label and self.labels is None:
            raise InputError(f"null model: {self.kind} needs labels", hint="pass labels by root id")
        if not self.by_label and self.labels is not None:
            raise InputError(
                f"null model: {self.kind} does not use labels",
                hint="pass kind='block' or 'block_random'",
            )
        if self.sweeps < 1:
            raise InputError(f"null model: sweeps is {self.sweeps}", hint="pass 1 or more")

    @property
    def by_label(self) -> bool:
        """Whether the model uses labels."""
        return self.kind in ("block", "block_random")

    @property
    def rewires(self) -> bool:
        """Whether the model keeps degrees."""
        return self.kind in ("degree", "block")

    def labels_of(self, graph: DirectedGraph) -> Labels:
        """Return the labels of a graph's neurons; a single one if the model does not use labels."""
        return Labels.of(graph, {} if self.labels is None else self.labels)

    def describe(self) -> str:
        """Describe what is kept."""
        kept = {
            "erdos_renyi": "number of neurons and connections",
            "degree": "in- and out-degree of each neuron",
            "block": "connections of each neuron to and from each label",
            "block_random": "number of connections from each label to each",
        }[self.kind]
        return kept + (", reciprocal pairs" if self.keep_reciprocal else "")


def null_graph(
    graph: DirectedGraph,
    model: NullModel,
    *,
    seed: int = 0,
    index: int = 0,
    stop: Stop | None = None,
) -> DirectedGraph:
    """Draw a null graph.

    Parameters
    ----------
    graph
        The graph to draw a null graph of.
    model
        What the null graph keeps.
    seed, index
        Which null graph to draw: the same two numbers give the same graph.
    stop
        Flag by which another thread can end the work.

    Returns
    -------
    DirectedGraph
        A graph of the same neurons.

    Raises
    ------
    InputError
        The seed or the index is negative.
    """
    if seed < 0 or index < 0:
        raise InputError(f"null graph: seed {seed}, index {index}", hint="pass 0 or more")
    sequence = np.random.SeedSequence(seed, spawn_key=(index,))
    state: npt.NDArray[np.uint64] = sequence.generate_state(1, np.uint64).astype(np.uint64)
    labels = model.labels_of(graph)
    if model.rewires:
        edges = rewired(graph, labels, model.keep_reciprocal, model.sweeps, state, stop or Stop())
    else:
        edges = placed_at_random(graph, labels, model.keep_reciprocal, state)
    return DirectedGraph(graph.root_ids, csr_matrix_of(*edges, graph.n))


def check_preserved(graph: DirectedGraph, null: DirectedGraph, model: NullModel) -> list[str]:
    """Compare a null graph with the graph it was drawn for.

    `DirectedGraph` itself checks that there are no repeated pairs and no self-connections.

    Returns
    -------
    list of str
        The properties that were compared and are equal.

    Raises
    ------
    CavegraphError
        A property is not kept.
    """
    proven = []
    both = zip(_invariants(graph, model), _invariants(null, model), strict=True)
    for (what, expected), (_, found) in both:
        if not np.array_equal(expected, found):
            raise CavegraphError(
                f"null graph: a {model.kind} null does not keep: {what}",
                hint="this is a bug; please report it with the graph and the seed",
            )
        proven.append(what)
    return proven


def shared_connections(graph: DirectedGraph, null: DirectedGraph) -> float:
    """Return the share of a graph's connections that a null graph also has; NaN without any."""
    ours, theirs = (each.pre * each.n + each.post for each in (graph, null))
    common = np.intersect1d(ours, theirs, assume_unique=True).size
    return common / graph.m if graph.m else float("nan")


def _invariants(graph: DirectedGraph, model: NullModel) -> Iterator[tuple[str, Ints]]:
    yield "neurons", graph.root_ids
    yield "number of connections", np.array([graph.m])
    yield "weights", np.sort(graph.weight)
    labels = model.labels_of(graph)
    pre, post, mutual = graph.pre, graph.post, graph.reciprocal
    if model.rewires:
        yield "out-degree", graph.out_degree
        yield "in-degree", graph.in_degree
        if not model.keep_reciprocal:
            yield "synapses made", graph.out_strength
    if model.kind == "block":
        yield "targets of each label", _by_neuron(pre, post, labels)
        yield "sources of each label", _by_neuron(post, pre, labels)
    if model.by_label:
        yield "connections between labels", labels.count_pairs(pre, post)
    if model.keep_reciprocal:
        yield "number of reciprocal pairs", np.array([np.count_nonzero(mutual)])
        if model.rewires:
            yield "reciprocal partners", _by_neuron(pre[mutual], post[mutual], labels)
        else:
            yield "reciprocal pairs between labels", labels.count_pairs(pre[mutual], post[mutual])


def _by_neuron(owner: Ints, partner: Ints, labels: Labels) -> Ints:
    """Return each neuron's partners by label, as sorted keys: one for each partner."""
    return np.sort(owner * len(labels.names) + labels.code[partner])
