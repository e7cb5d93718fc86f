"""Rewire connections and keep degrees: a random walk over all graphs with the same degrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from graphapi.common.threads import Stop
    from graphapi.network.graph import DirectedGraph
    from graphapi.network.labels import Labels

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Groups:
    """Which connections may exchange ends: those of the same group.

    Parameters
    ----------
    of
        int64, (k,): group of each connection.
    ptr, members
        int64: the connections of group g are `members[ptr[g]:ptr[g + 1]]`.
    values
        int64: what distinguishes the groups, by group.
    """

    of: Ints
    ptr: Ints
    members: Ints
    values: Ints

    @classmethod
    def by(cls, values: Ints) -> _Groups:
        distinct, of = np.unique(values, return_inverse=True)
        ptr = np.zeros(distinct.size + 1, dtype=np.int64)
        np.cumsum(np.bincount(of, minlength=distinct.size), out=ptr[1:])
        members = np.argsort(of, kind="stable")
        return cls(of.astype(np.int64), ptr, members.astype(np.int64), distinct)


def rewired(
    graph: DirectedGraph,
    labels: Labels,
    keep_reciprocal: bool,
    sweeps: int,
    state: npt.NDArray[np.uint64],
    stop: Stop,
) -> tuple[Ints, Ints, Ints]:
    """Rewire a graph within each pair of labels.

    Parameters
    ----------
    graph
        The graph where the walk starts.
    labels
        Ends are exchanged only among neurons of the same label.
    keep_reciprocal
        Rewire reciprocal pairs and single connections each among themselves.
    sweeps
        Attempted moves for each connection.
    state
        State of the random numbers; it changes.
    stop
        Checked between sweeps.

    Returns
    -------
    tuple of numpy.ndarray
        Positions of pre and post, and weights: int64, (m,), in no order.
    """
    from graphapi.network.null_kernel import fill

    apart = graph.reciprocal if keep_reciprocal else np.zeros(graph.m, dtype=bool)
    table = empty_table(graph.m)
    fill(table, graph.pre * graph.n + graph.post)
    single = _Single(graph, ~apart, labels, keep_reciprocal)
    mutual = _Mutual(graph, apart & (graph.pre < graph.post), labels)
    for _ in range(sweeps):
        stop.check()
        mutual.sweep(table, state)
        single.sweep(table, state)
    parts = zip(single.edges(), mutual.edges(), strict=True)
    pre, post, weight = (np.concatenate(both) for both in parts)
    return pre, post, weight


class _Single:
    """Connections that are rewired one by one."""

    def __init__(
        self, graph: DirectedGraph, mask: npt.NDArray[np.bool_], labels: Labels, apart: bool
    ) -> None:
        self._n, self._apart, self._label = graph.n, apart, labels.code
        self._pre, self._post = graph.pre[mask], graph.post[mask]
        self._weight = graph.weight[mask]
        self._ptr = np.searchsorted(self._pre, np.arange(graph.n + 1)).astype(np.int64)
        self._groups = _Groups.by(labels.pairs_of(self._pre, self._post))

    def sweep(self, table: Ints, state: npt.NDArray[np.uint64]) -> None:
        from graphapi.network.null_kernel import rewire_connections

        groups = self._groups
        rewire_connections(
            self._post.size,
            self._n,
            self._ptr,
            self._pre,
            self._post,
            groups.of,
            groups.ptr,
            groups.members,
            self._label,
            self._apart,
            table,
            state,
        )

    def edges(self) -> tuple[Ints, Ints, Ints]:
        return self._pre, self._post, self._weight


class _Mutual:
    """Reciprocal pairs, rewired as pairs."""

    def __init__(self, graph: DirectedGraph, mask: npt.NDArray[np.bool_], labels: Labels) -> None:
        self._n = graph.n
        pre, post = graph.pre[mask], graph.post[mask]
        # The end whose label sorts first comes first, so that ends of one label meet.
        turned = labels.code[pre] > labels.code[post]
        self._first, self._second = np.where(turned, (post, pre), (pre, post))
        self._weight = np.column_stack(
            [
                _weights_of(graph, self._first, self._second),
                _weights_of(graph, self._second, self._first),
            ]
        )
        size = len(labels.names)
        self._groups = _Groups.by(labels.pairs_of(self._first, self._second))
        self._turns = self._groups.values // size == self._groups.values % size

    def sweep(self, table: Ints, state: npt.NDArray[np.uint64]) -> None:
        from graphapi.network.null_kernel import rewire_pairs

        groups = self._groups
        rewire_pairs(
            self._first.size,
            self._n,
            self._first,
            self._second,
            self._weight,
            groups.of,
            groups.ptr,
            groups.members,
            self._turns,
            table,
            state,
        )

    def edges(self) -> tuple[Ints, Ints, Ints]:
        one, other = self._first, self._second
        return (
            np.concatenate([one, other]),
            np.concatenate([other, one]),
            np.concatenate([self._weight[:, 0], self._weight[:, 1]]),
        )


def _weights_of(graph: DirectedGraph, pre: Ints, post: Ints) -> Ints:
    """Return the weights of existing connections."""
    keys = graph.pre * graph.n + graph.post
    return graph.weight[np.searchsorted(keys, pre * graph.n + post)]


def empty_table(count: int) -> Ints:
    """Make a hash set with room for `count` keys."""
    return np.full(1 << max(4, (2 * count).bit_length()), -1, dtype=np.int64)
