"""Random placing: connections between labels, or between any neurons, put anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from graphapi.network.rewiring import empty_table

if TYPE_CHECKING:
    from graphapi.network.graph import DirectedGraph
    from graphapi.network.labels import Labels

Ints = npt.NDArray[np.int64]
State = npt.NDArray[np.uint64]


def placed_at_random(
    graph: DirectedGraph, labels: Labels, keep_reciprocal: bool, state: State
) -> tuple[Ints, Ints, Ints]:
    """Draw as many connections as the graph has, from each label to each.

    Parameters
    ----------
    graph
        Whose connections to count.
    labels
        Between which to count them.
    keep_reciprocal
        Draw as many reciprocal pairs as there are, and single connections besides.
    state
        Of the random numbers; changed.

    Returns
    -------
    tuple of numpy.ndarray
        Positions of pre and post, and weights: int64, (m,). The weights are the graph's, dealt
        out at random.
    """
    size = len(labels.names)
    members = [np.flatnonzero(labels.code == k) for k in range(size)]
    single = ~graph.reciprocal if keep_reciprocal else np.ones(graph.m, dtype=bool)
    counts = _counts(graph, labels, single)
    mutual = _counts(graph, labels, ~single)
    parts = []
    for a, b in zip(*np.nonzero(counts + mutual), strict=True):
        if not keep_reciprocal:
            parts.append(_drawn(graph.n, members[a], members[b], a == b, True, counts[a, b], state))
        elif a <= b:
            way = _Way(int(mutual[a, b]), int(counts[a, b]), int(counts[b, a]), bool(a == b))
            parts.append(way.drawn(graph.n, members[a], members[b], state))
        elif not counts[b, a] + mutual[b, a]:
            way = _Way(0, int(counts[a, b]), 0, False)
            parts.append(way.drawn(graph.n, members[a], members[b], state))
    ends = (
        [np.concatenate(both) for both in zip(*parts, strict=True)] if parts else [_none(), _none()]
    )
    generator = np.random.Generator(np.random.PCG64(int(state[0])))
    return ends[0], ends[1], generator.permutation(graph.weight)


class _Way:
    """What to draw between two labels, or within one: pairs that share no two neurons."""

    def __init__(self, mutual: int, forward: int, back: int, same: bool) -> None:
        self._same = same
        self._mutual = mutual // 2 if same else mutual
        self._forward = forward
        self._back = 0 if same else back

    def drawn(self, n: int, rows: Ints, columns: Ints, state: State) -> tuple[Ints, Ints]:
        """Draw pairs; the first ones are mutual, the next lead forward, the last back."""
        total = self._mutual + self._forward + self._back
        one, other = _drawn(n, rows, columns, self._same, False, total, state)
        both, ahead = self._mutual, self._mutual + self._forward
        pre = np.concatenate([one[:ahead], other[:both], other[ahead:]])
        post = np.concatenate([other[:ahead], one[:both], one[ahead:]])
        return pre, post


def _drawn(
    n: int, rows: Ints, columns: Ints, same: bool, ordered: bool, count: int, state: State
) -> tuple[Ints, Ints]:
    from graphapi.network.null_kernel import draw_pairs

    pre, post = np.empty(int(count), dtype=np.int64), np.empty(int(count), dtype=np.int64)
    table = empty_table(int(count))
    draw_pairs(n, rows, columns, bool(same), ordered, pre, post, table, state)
    return pre, post


def _counts(graph: DirectedGraph, labels: Labels, mask: npt.NDArray[np.bool_]) -> Ints:
    """Count connections from each label to each."""
    size = len(labels.names)
    keys = labels.code[graph.pre[mask]] * size + labels.code[graph.post[mask]]
    return np.bincount(keys, minlength=size * size).reshape(size, size).astype(np.int64)


def _none() -> Ints:
    return np.empty(0, dtype=np.int64)
