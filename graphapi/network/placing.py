"""Place connections at random, between given labels or between any neurons."""

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
        The graph whose connections to count.
    labels
        The labels between which to count them.
    keep_reciprocal
        Draw as many reciprocal pairs and as many single connections as there are.
    state
        State of the random numbers; it changes.

    Returns
    -------
    tuple of numpy.ndarray
        Positions of pre and post, and weights: int64, (m,). The weights are the graph's,
        assigned at random.
    """
    members = [np.flatnonzero(labels.code == k) for k in range(len(labels.names))]
    single = ~graph.reciprocal if keep_reciprocal else np.ones(graph.m, dtype=bool)
    counts = labels.count_pairs(graph.pre[single], graph.post[single])
    mutual = labels.count_pairs(graph.pre[~single], graph.post[~single])
    nothing = np.empty(0, dtype=np.int64)
    parts = [(nothing, nothing)]
    for a, b in zip(*np.nonzero(counts + mutual), strict=True):
        ends = graph.n, members[a], members[b], bool(a == b)
        if not keep_reciprocal:
            parts.append(_drawn(*ends, True, counts[a, b], state))
        elif a == b:
            parts.append(_drawn_singly(*ends, mutual[a, b] // 2, counts[a, b], 0, state))
        elif a < b or not counts[b, a] + mutual[b, a]:
            parts.append(_drawn_singly(*ends, mutual[a, b], counts[a, b], counts[b, a], state))
    pre, post = (np.concatenate(ends) for ends in zip(*parts, strict=True))
    generator = np.random.Generator(np.random.PCG64(int(state[0])))
    return pre, post, generator.permutation(graph.weight)


def _drawn_singly(
    n: int,
    rows: Ints,
    columns: Ints,
    same: bool,
    mutual: int,
    forward: int,
    back: int,
    state: State,
) -> tuple[Ints, Ints]:
    """Draw unordered pairs, none twice: the first are mutual, the next lead forward, then back."""
    one, other = _drawn(n, rows, columns, same, False, mutual + forward + back, state)
    ahead = mutual + forward
    pre = np.concatenate([one[:ahead], other[:mutual], other[ahead:]])
    post = np.concatenate([other[:ahead], one[:mutual], one[ahead:]])
    return pre, post


def _drawn(
    n: int, rows: Ints, columns: Ints, same: bool, ordered: bool, count: int, state: State
) -> tuple[Ints, Ints]:
    from graphapi.network.null_kernel import draw_pairs

    pre, post = np.empty(int(count), dtype=np.int64), np.empty(int(count), dtype=np.int64)
    table = empty_table(int(count))
    draw_pairs(n, rows, columns, same, ordered, pre, post, table, state)
    return pre, post
