"""Compiled breadth-first search: how far every neuron is from some."""

from __future__ import annotations

import numpy as np

from graphapi.network.jit import compiled


@compiled
def count_distances(sources, indptr, indices, seen, queue, counts):  # type: ignore[no-untyped-def]
    """Add to `counts[d]` the neurons at distance d > 0 from each source.

    `seen` (int64, by neuron) must be -1 everywhere; sources are told apart by their number in
    it, so that it is not cleared between them. `queue` has room for all neurons.
    """
    for number in range(sources.size):
        first = sources[number]
        seen[first] = number
        queue[0] = first
        start, end, distance = 0, 1, 0
        while start < end:
            distance += 1
            level_end = end
            for at in range(start, level_end):
                v = queue[at]
                for e in range(indptr[v], indptr[v + 1]):
                    w = indices[e]
                    if seen[w] != number:
                        seen[w] = number
                        queue[end] = w
                        end += 1
            if end > level_end:
                counts[distance] += np.int64(end - level_end)
            start = level_end
