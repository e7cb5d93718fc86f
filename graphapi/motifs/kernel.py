"""The compiled matcher: backtracking over sorted neighbour lists.

Nodes are positions 0..n-1 in ascending order of root id, so comparing positions compares
ids. Adjacency comes as rows: row `2 * k` lists the targets and row `2 * k + 1` the sources of
every node, in the graph that holds only the connections that meet predicate `k`. Each list
is sorted.

Depth `d` binds one node of the pattern. The checks at that depth are slices of flat arrays,
`first[d]:first[d + 1]`, whose rows name earlier depths.
"""

from __future__ import annotations

import numpy as np

from graphapi.network.jit import compiled

#: A side of a comparison that the candidate itself decides; codes are -1 or more.
_OPEN = -2


@compiled
def _lower(indices, value, lo, hi):  # type: ignore[no-untyped-def]
    """Return the first place in [lo, hi) that holds `value` or more."""
    while lo < hi:
        mid = (lo + hi) >> 1
        if indices[mid] < value:
            lo = mid + 1
        else:
            hi = mid
    return lo


@compiled
def _place(p, row, node, value):  # type: ignore[no-untyped-def]
    """Return the place of `value` in the list of `node`; -1 if it is not there."""
    lo, hi = p.indptr[row, node], p.indptr[row, node + 1]
    at = _lower(p.indices, value, lo, hi)
    if at < hi and p.indices[at] == value:
        return at
    return -1


@compiled
def _holds(op, a, b):  # type: ignore[no-untyped-def]
    if a < 0 or b < 0:
        return False
    if op == 0:
        return a == b
    if op == 1:
        return a != b
    if op == 2:
        return a < b
    if op == 3:
        return a <= b
    if op == 4:
        return a > b
    return a >= b


@compiled
def _span(p, d, bound):  # type: ignore[no-untyped-def]
    """Choose the cheapest list for depth `d`; return its number in `near` and its useful part."""
    n = p.indptr.shape[1] - 1
    best, lo, hi, least = -1, p.indices.size - n, p.indices.size, 0
    unmarked = 0
    for i in range(p.near_at[d], p.near_at[d + 1]):
        unmarked += p.near[i, 2] < 0
    for i in range(p.near_at[d], p.near_at[d + 1]):
        row, node = p.near[i, 0], bound[p.near[i, 1]]
        a, b = p.indptr[row, node], p.indptr[row, node + 1]
        # A look-up in a list without marks costs about four steps.
        cost = (b - a) * (1 + 4 * (unmarked - (p.near[i, 2] < 0)))
        if best < 0 or cost < least:
            best, lo, hi, least = i, a, b, cost
    for i in range(p.bound_at[d], p.bound_at[d + 1]):
        limit = bound[p.bounds[i, 0]]
        if p.bounds[i, 1] == 1:
            lo = _lower(p.indices, limit + 1, lo, hi)
        else:
            hi = _lower(p.indices, limit, lo, hi)
    return best, lo, hi


@compiled
def _mark(p, d, bound, stamps, epochs):  # type: ignore[no-untyped-def]
    """Mark the lists of the node just bound at depth `d`."""
    for i in range(p.mark_at[d], p.mark_at[d + 1]):
        row, m = p.marks[i, 0], p.marks[i, 1]
        if epochs[m] == 2147483647:
            stamps[m, :] = 0
            epochs[m] = 0
        epochs[m] += 1
        for at in range(p.indptr[row, bound[d]], p.indptr[row, bound[d] + 1]):
            stamps[m, p.indices[at]] = epochs[m]


@compiled
def _is_in(p, row, node, m, c, stamps, epochs):  # type: ignore[no-untyped-def]
    if m >= 0:
        return stamps[m, c] == epochs[m]
    return _place(p, row, node, c) >= 0


@compiled
def _accepts(p, d, bound, c, source, stamps, epochs):  # type: ignore[no-untyped-def]
    """Check candidate `c` of depth `d`; it comes from list `source`."""
    if not p.allowed[d, c]:
        return False
    for i in range(p.other_at[d], p.other_at[d + 1]):
        if bound[p.others[i]] == c:
            return False
    for i in range(p.near_at[d], p.near_at[d + 1]):
        if i == source:
            continue
        if not _is_in(p, p.near[i, 0], bound[p.near[i, 1]], p.near[i, 2], c, stamps, epochs):
            return False
    for i in range(p.far_at[d], p.far_at[d + 1]):
        if _is_in(p, p.far[i, 0], bound[p.far[i, 1]], p.far[i, 2], c, stamps, epochs):
            return False
    for i in range(p.compare_at[d], p.compare_at[d + 1]):
        mine = p.codes[p.compare[i, 1], c]
        if not _holds(p.compare[i, 0], mine, p.codes[p.compare[i, 3], bound[p.compare[i, 2]]]):
            return False
    return True


@compiled
def _code(indptr, indices, codes, bound, tie, side):  # type: ignore[no-untyped-def]
    """Return the code of the connection on one side of a comparison."""
    node, value = bound[tie[side]], bound[tie[side + 1]]
    return codes[_lower(indices, value, indptr[0, node], indptr[0, node + 1])]


@compiled
def _tied(p, d, bound):  # type: ignore[no-untyped-def]
    """Check the comparisons between connections that depth `d` completes."""
    for i in range(p.tie_at[d], p.tie_at[d + 1]):
        t = p.ties[i]
        left = _code(p.indptr, p.indices, p.tie_codes[t[3]], bound, t, 1)
        right = _code(p.indptr, p.indices, p.tie_codes[t[6]], bound, t, 4)
        if not _holds(t[0], left, right):
            return False
    return True


@compiled
def _smallest(p, bound):  # type: ignore[no-untyped-def]
    """Return whether no relabeling gives a smaller tuple."""
    for g in range(p.twins.shape[0]):
        for i in range(bound.size):
            image = bound[p.twins[g, i]]
            if image > bound[i]:
                break
            if image < bound[i]:
                return False
    return True


@compiled
def _is_plain(p, d):  # type: ignore[no-untyped-def]
    """Return whether every member of the list of depth `d` is a match, apart from repeats."""
    if p.near_at[d + 1] - p.near_at[d] > 1 or p.far_at[d + 1] > p.far_at[d]:
        return False
    if p.compare_at[d + 1] > p.compare_at[d] or p.tie_at[d + 1] > p.tie_at[d]:
        return False
    return p.allowed[d].all()


@compiled
def _count_plain(p, d, bound, lo, hi):  # type: ignore[no-untyped-def]
    total = hi - lo
    for i in range(p.other_at[d], p.other_at[d + 1]):
        value = bound[p.others[i]]
        fresh = True
        for j in range(p.other_at[d], i):
            fresh = fresh and bound[p.others[j]] != value
        at = _lower(p.indices, value, lo, hi)
        if fresh and at < hi and p.indices[at] == value:
            total -= 1
    return total


@compiled
def _is_all(values):  # type: ignore[no-untyped-def]
    for value in values:  # noqa: SIM110 - numba compiles no generator
        if not value:
            return False
    return True


@compiled
def search(p, starts, keep, limit, stop):  # type: ignore[no-untyped-def]
    """Find all matches whose first node is one of `starts`.

    Parameters
    ----------
    p : Program
    starts : int32 array
        Candidates for depth 0 that meet its conditions.
    keep : bool
        Whether to return the matches, or only their number.
    limit : int
        Stop after this many matches; negative for no limit.
    stop : int64 array of one
        Another thread sets it to 1 to stop the search.

    Returns
    -------
    int, int32 array (matches, depths), int
        Matches; the matches themselves, empty when `keep` is false; candidates looked at.
    """
    # Locals, not fields of `p`: otherwise the compiler counts references to the arrays at every
    # look-up, and the inner loop is ten times slower.
    indices, indptr, allowed = p.indices, p.indptr, p.allowed
    near_at, near, far_at, far = p.near_at, p.near, p.far_at, p.far
    other_at, others = p.other_at, p.others
    compare_at, compare, codes = p.compare_at, p.compare, p.codes
    tie_at, ties, tie_codes = p.tie_at, p.ties, p.tie_codes
    depths = allowed.shape[0]
    last = depths - 1
    rows = np.empty((1024 if keep else 0, depths), dtype=np.int32)
    bound = np.zeros(depths, dtype=np.int64)
    source = np.zeros(depths, dtype=np.int64)
    at = np.zeros(depths, dtype=np.int64)
    end = np.zeros(depths, dtype=np.int64)
    open_to_all = np.zeros(depths, dtype=np.bool_)
    known = np.zeros((ties.shape[0], 2), dtype=np.int64)
    for d in range(depths):
        open_to_all[d] = _is_all(allowed[d])
    stamps = np.zeros((p.marks.shape[0], allowed.shape[1]), dtype=np.int32)
    epochs = np.zeros(p.marks.shape[0], dtype=np.int64)
    plain = not keep and limit < 0 and p.twins.shape[0] == 0 and _is_plain(p, last)
    twins = p.twins.shape[0] > 0
    found, looked, polled = 0, 0, 0
    for start in starts:
        bound[0] = start
        _mark(p, 0, bound, stamps, epochs)
        d = 1
        source[1], at[1], end[1] = _span(p, 1, bound)
        while d > 0:
            if looked - polled > 65536:
                polled = looked
                if stop[0] != 0:
                    return found, rows[: found if keep else 0], looked
            if d == last and plain:
                looked += 1
                found += _count_plain(p, d, bound, at[d], end[d])
                d -= 1
                continue
            n0, n1, f0, f1 = near_at[d], near_at[d + 1], far_at[d], far_at[d + 1]
            o0, o1, c0, c1 = other_at[d], other_at[d + 1], compare_at[d], compare_at[d + 1]
            first, free, skip = at[d], open_to_all[d], source[d]
            t0, t1 = tie_at[d], tie_at[d + 1]
            for i in range(t0, t1):
                for k in range(2):
                    known[i, k] = _OPEN
                    if ties[i, 1 + 3 * k] != d and ties[i, 2 + 3 * k] != d:
                        codes_of_side = tie_codes[ties[i, 3 + 3 * k]]
                        known[i, k] = _code(
                            indptr, indices, codes_of_side, bound, ties[i], 1 + 3 * k
                        )
            down = False
            place = first
            while place < end[d]:
                c = indices[place]
                place += 1
                fits = free or allowed[d, c]
                i = o0
                while fits and i < o1:
                    fits = bound[others[i]] != c
                    i += 1
                i = n0
                while fits and i < n1:
                    if i != skip:
                        m = near[i, 2]
                        if m >= 0:
                            fits = stamps[m, c] == epochs[m]
                        else:
                            node = bound[near[i, 1]]
                            lo, hi = indptr[near[i, 0], node], indptr[near[i, 0], node + 1]
                            lo = _lower(indices, c, lo, hi)
                            fits = lo < hi and indices[lo] == c
                    i += 1
                i = f0
                while fits and i < f1:
                    m = far[i, 2]
                    if m >= 0:
                        fits = stamps[m, c] != epochs[m]
                    else:
                        node = bound[far[i, 1]]
                        lo, hi = indptr[far[i, 0], node], indptr[far[i, 0], node + 1]
                        lo = _lower(indices, c, lo, hi)
                        fits = lo >= hi or indices[lo] != c
                    i += 1
                i = c0
                while fits and i < c1:
                    other = codes[compare[i, 3], bound[compare[i, 2]]]
                    fits = _holds(compare[i, 0], codes[compare[i, 1], c], other)
                    i += 1
                if not fits:
                    continue
                bound[d] = c
                i = t0
                while fits and i < t1:
                    left, right = known[i, 0], known[i, 1]
                    if left == _OPEN:
                        left = _code(indptr, indices, tie_codes[ties[i, 3]], bound, ties[i], 1)
                    if right == _OPEN:
                        right = _code(indptr, indices, tie_codes[ties[i, 6]], bound, ties[i], 4)
                    fits = _holds(ties[i, 0], left, right)
                    i += 1
                if not fits:
                    continue
                if d < last:
                    down = True
                    break
                if twins and not _smallest(p, bound):
                    continue
                if keep:
                    if found == rows.shape[0]:
                        grown = np.empty((2 * found, depths), dtype=np.int32)
                        # not by a slice: its error message alone takes seconds to compile
                        for i in range(found):
                            for k in range(depths):
                                grown[i, k] = rows[i, k]
                        rows = grown
                    for i in range(depths):
                        rows[found, i] = bound[i]
                found += 1
                if found == limit:
                    return found, rows[: found if keep else 0], looked
            looked += 1 + place - first
            if down:
                at[d] = place
                _mark(p, d, bound, stamps, epochs)
                d += 1
                source[d], at[d], end[d] = _span(p, d, bound)
            else:
                d -= 1
    return found, rows[: found if keep else 0], looked


@compiled
def probe(p, starts, tries, seed):  # type: ignore[no-untyped-def]
    """Estimate the size of the search by random descents (Knuth 1975); unbiased.

    Returns
    -------
    float64 array (depths,)
        Approximate number of partial matches at each depth; the last one: of matches, before
        equivalent ones are removed where ids may be equal.
    float64
        Approximate number of candidates that the search would look at.
    """
    np.random.seed(seed)  # noqa: NPY002 - this is numba's own generator
    depths = p.allowed.shape[0]
    sizes = np.zeros(depths)
    looked = 0.0
    bound = np.zeros(depths, dtype=np.int64)
    stamps = np.zeros((p.marks.shape[0], p.allowed.shape[1]), dtype=np.int32)
    epochs = np.zeros(p.marks.shape[0], dtype=np.int64)
    sizes[0] = starts.size
    if starts.size == 0:
        return sizes, looked
    for _ in range(tries):
        bound[0] = starts[np.random.randint(0, starts.size)]  # noqa: NPY002
        _mark(p, 0, bound, stamps, epochs)
        weight = float(starts.size)
        for d in range(1, depths):
            source, lo, hi = _span(p, d, bound)
            looked += weight * (hi - lo) / tries
            taken, chosen = 0, -1
            for at in range(lo, hi):
                c = p.indices[at]
                bound[d] = c
                if _accepts(p, d, bound, c, source, stamps, epochs) and _tied(p, d, bound):
                    taken += 1
                    if np.random.randint(0, taken) == 0:  # noqa: NPY002
                        chosen = c
            if taken == 0:
                break
            weight *= taken
            sizes[d] += weight / tries
            bound[d] = chosen
            _mark(p, d, bound, stamps, epochs)
    return sizes, looked
