"""Compiled parts of the triad census and of path lengths, imported only when used.

Everything that these functions call is in this file: numba's cache tracks no other file.
"""

from __future__ import annotations

import numpy as np

from graphapi.network.jit import compiled


@compiled
def merge_neighbours(n, out_ptr, out_idx, in_ptr, in_idx, ptr, idx, code, from_out, from_in):  # type: ignore[no-untyped-def]
    """Merge downstream and upstream partners into one sorted list per neuron.

    `code` is 1 for downstream, 2 for upstream, 3 for both; `from_out` and `from_in` are the
    places of the two connections in the input, or -1. Returns the length of the lists; with
    `idx` empty it only fills `ptr`.
    """
    fill = idx.size > 0
    at = 0
    for v in range(n):
        ptr[v] = at
        i, i_end = out_ptr[v], out_ptr[v + 1]
        j, j_end = in_ptr[v], in_ptr[v + 1]
        while i < i_end or j < j_end:
            takes_out = j >= j_end or (i < i_end and out_idx[i] <= in_idx[j])
            takes_in = i >= i_end or (j < j_end and in_idx[j] <= out_idx[i])
            if fill:
                idx[at] = out_idx[i] if takes_out else in_idx[j]
                code[at] = (1 if takes_out else 0) + (2 if takes_in else 0)
                from_out[at] = i if takes_out else -1
                from_in[at] = j if takes_in else -1
            i += 1 if takes_out else 0
            j += 1 if takes_in else 0
            at += 1
    ptr[n] = at
    return at


@compiled
def point_upwards(n, order, rank, ptr, idx, code, up_ptr, up_idx, up_code, up_from):  # type: ignore[no-untyped-def]
    """Keep each pair's entry at the end of lower rank, and number neurons by rank.

    `up_from` is the entry's place in the input.
    """
    at = 0
    for r in range(n):
        up_ptr[r] = at
        v = order[r]
        for e in range(ptr[v], ptr[v + 1]):
            other = rank[idx[e]]
            if other > r:
                up_idx[at] = other
                up_code[at] = code[e]
                up_from[at] = e
                at += 1
    up_ptr[n] = at


@compiled
def steps_of(n, up_ptr, up_idx, steps):  # type: ignore[no-untyped-def]
    """Count the look-ups that each neuron costs `count_triangles`."""
    for u in range(n):
        total = 1
        for e in range(up_ptr[u], up_ptr[u + 1]):
            v = up_idx[e]
            total += 2 + up_ptr[v + 1] - up_ptr[v]
        steps[u] = total


@compiled
def count_triangles(lo, hi, up_ptr, up_idx, up_code, mark, counts):  # type: ignore[no-untyped-def]
    """Count triangles by code, if their neuron of lowest rank is in [lo, hi)."""
    for u in range(lo, hi):
        start, end = up_ptr[u], up_ptr[u + 1]
        if end - start < 2:
            continue
        for e in range(start, end):
            mark[up_idx[e]] = up_code[e]
        for e in range(start, end):
            v = up_idx[e]
            first = np.int64(up_code[e])
            for f in range(up_ptr[v], up_ptr[v + 1]):
                last = np.int64(mark[up_idx[f]])
                if last:
                    counts[first | np.int64(up_code[f]) << 2 | last << 4] += 1
        for e in range(start, end):
            mark[up_idx[e]] = 0


@compiled
def count_roles(lo, hi, up_ptr, up_idx, up_code, mark, column, counts):  # type: ignore[no-untyped-def]
    """Count, for each neuron, the roles it takes in triangles: `counts[rank, column[code, k]]`."""
    for u in range(lo, hi):
        start, end = up_ptr[u], up_ptr[u + 1]
        if end - start < 2:
            continue
        for e in range(start, end):
            mark[up_idx[e]] = up_code[e]
        for e in range(start, end):
            v = up_idx[e]
            first = np.int64(up_code[e])
            for f in range(up_ptr[v], up_ptr[v + 1]):
                w = up_idx[f]
                last = np.int64(mark[w])
                if last:
                    triangle = first | np.int64(up_code[f]) << 2 | last << 4
                    counts[u, column[triangle, 0]] += 1
                    counts[v, column[triangle, 1]] += 1
                    counts[w, column[triangle, 2]] += 1
        for e in range(start, end):
            mark[up_idx[e]] = 0


@compiled
def count_labelled(lo, hi, up_ptr, up_idx, up_code, label, place, mark, counts):  # type: ignore[no-untyped-def]
    """Count triangles by code and by the labels at places 0, 1, 2 of their class.

    `counts` has the shape (64, labels, labels, labels); `label` is by rank.
    """
    three = np.empty(3, dtype=np.int64)
    for u in range(lo, hi):
        start, end = up_ptr[u], up_ptr[u + 1]
        if end - start < 2:
            continue
        for e in range(start, end):
            mark[up_idx[e]] = up_code[e]
        three[0] = label[u]
        for e in range(start, end):
            v = up_idx[e]
            first = np.int64(up_code[e])
            three[1] = label[v]
            for f in range(up_ptr[v], up_ptr[v + 1]):
                w = up_idx[f]
                last = np.int64(mark[w])
                if last:
                    three[2] = label[w]
                    c = first | np.int64(up_code[f]) << 2 | last << 4
                    at = place[c]
                    counts[at[3], three[at[0]], three[at[1]], three[at[2]]] += 1
        for e in range(start, end):
            mark[up_idx[e]] = 0


@compiled
def weigh_triangles(  # type: ignore[no-untyped-def]
    lo, hi, up_ptr, up_idx, up_code, total, log, triad, wedge, mark, entry, weights, intensities
):
    """Add up weights and intensities of triangles, and of the three wedges in each.

    `total` and `log` are the sum of the weights of each entry's pair, and of their logarithms.
    `triad[code]` is a class and its number of connections; `wedge[code, k]` is the same for the
    wedge that is left without the k-th pair. Sums: `[:, 0]` of triangles, `[:, 1]` of wedges.
    """
    pair = np.empty(3, dtype=np.int64)
    for u in range(lo, hi):
        start, end = up_ptr[u], up_ptr[u + 1]
        if end - start < 2:
            continue
        for e in range(start, end):
            mark[up_idx[e]] = up_code[e]
            entry[up_idx[e]] = e
        for e in range(start, end):
            v = up_idx[e]
            first = np.int64(up_code[e])
            for f in range(up_ptr[v], up_ptr[v + 1]):
                w = up_idx[f]
                last = np.int64(mark[w])
                if last:
                    c = first | np.int64(up_code[f]) << 2 | last << 4
                    pair[0], pair[1], pair[2] = e, f, entry[w]
                    weight = total[e] + total[f] + total[pair[2]]
                    logs = log[e] + log[f] + log[pair[2]]
                    weights[triad[c, 0], 0] += weight
                    intensities[triad[c, 0], 0] += np.exp(logs / triad[c, 1])
                    for k in range(3):
                        left = logs - log[pair[k]]
                        weights[wedge[c, k, 0], 1] += weight - total[pair[k]]
                        intensities[wedge[c, k, 0], 1] += np.exp(left / wedge[c, k, 1])
        for e in range(start, end):
            mark[up_idx[e]] = 0


@compiled
def count_distances(sources, indptr, indices, seen, queue, counts):  # type: ignore[no-untyped-def]
    """Add to `counts[d]` the neurons at distance d > 0 from each source.

    `seen` (int64, by neuron) must be -1 everywhere; it holds the number of the last
    source that reached each neuron, and is not cleared in between. `queue` has room for all
    neurons.
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
