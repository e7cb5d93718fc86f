"""Compiled parts of the null models: random numbers, a set of connections, and rewiring.

Everything that these functions call is in this file: numba's cache tracks no other file.
Connections are kept in a hash set of keys `pre * n + post`, by linear probing, at most half full.
"""

from __future__ import annotations

import numpy as np

from graphapi.network.jit import compiled

#: One attempt in this many reverses a three-cycle; the others exchange two targets.
REVERSAL_ODDS = 10


@compiled
def _mixed(x):  # type: ignore[no-untyped-def]
    """Spread a 64-bit number over all bits (the finalizer of splitmix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled
def _next(state):  # type: ignore[no-untyped-def]
    """Return 64 random bits: splitmix64, whose whole state is one number."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    return _mixed(state[0])


@compiled
def below(state, bound):  # type: ignore[no-untyped-def]
    """Return a random number in [0, bound), all equally likely; bound up to 2**32."""
    size = np.uint64(bound)
    mask = np.uint64(0xFFFFFFFF)
    product = (_next(state) >> np.uint64(32)) * size
    if (product & mask) < size:
        least = (np.uint64(0x100000000) - size) % size
        while (product & mask) < least:
            product = (_next(state) >> np.uint64(32)) * size
    return np.int64(product >> np.uint64(32))


@compiled
def _home(key, mask):  # type: ignore[no-untyped-def]
    return np.int64(_mixed(np.uint64(key)) & np.uint64(mask))


@compiled
def _has(table, key):  # type: ignore[no-untyped-def]
    mask = table.size - 1
    at = _home(key, mask)
    while table[at] != -1:
        if table[at] == key:
            return True
        at = (at + 1) & mask
    return False


@compiled
def _add(table, key):  # type: ignore[no-untyped-def]
    """Add a key that is not in the table."""
    mask = table.size - 1
    at = _home(key, mask)
    while table[at] != -1:
        at = (at + 1) & mask
    table[at] = key


@compiled
def _remove(table, key):  # type: ignore[no-untyped-def]
    """Remove a key that is in the table; move back the keys that it had displaced."""
    mask = table.size - 1
    hole = _home(key, mask)
    while table[hole] != key:
        hole = (hole + 1) & mask
    at = hole
    while True:
        at = (at + 1) & mask
        if table[at] == -1:
            break
        home = _home(table[at], mask)
        # It may fill the hole unless its home lies between the hole and its place.
        if ((at - home) & mask) >= ((at - hole) & mask):
            table[hole] = table[at]
            hole = at
    table[hole] = -1


@compiled
def fill(table, keys):  # type: ignore[no-untyped-def]
    """Add distinct keys to an empty table (all -1, its size a power of two)."""
    for key in keys:
        _add(table, key)


@compiled
def rewire_connections(  # type: ignore[no-untyped-def]
    attempts, n, ptr, pre, post, group, group_ptr, members, block, apart, table, state
):
    """Exchange targets of connections within a group, and reverse three-cycles.

    Connection k keeps its source `pre[k]`; the connections of source v are `ptr[v]:ptr[v + 1]`.
    Both moves are as likely as their reverse. With `apart`, no two connections become mutual.
    Returns the number of moves made.
    """
    made = 0
    m = post.size
    for _ in range(attempts):
        k = below(state, m)
        a, b = pre[k], post[k]
        if below(state, REVERSAL_ODDS) == 0:
            made += _reverse_cycle(n, k, a, b, ptr, post, block, table, state)
            continue
        start = group_ptr[group[k]]
        other = members[start + below(state, group_ptr[group[k] + 1] - start)]
        c, d = pre[other], post[other]
        if a == c or b == d or a == d or b == c:  # noqa: SIM109 - compiled code
            continue
        if _has(table, a * n + d) or _has(table, c * n + b):
            continue
        if apart and (_has(table, d * n + a) or _has(table, b * n + c)):
            continue
        _remove(table, a * n + b)
        _remove(table, c * n + d)
        _add(table, a * n + d)
        _add(table, c * n + b)
        post[k], post[other] = d, b
        made += 1
    return made


@compiled
def _reverse_cycle(n, k, a, b, ptr, post, block, table, state):  # type: ignore[no-untyped-def]
    """Reverse a -> b -> c -> a, with c a random target of b, if that is possible."""
    degree = ptr[b + 1] - ptr[b]
    if degree == 0 or block[a] != block[b]:
        return 0
    second = ptr[b] + below(state, degree)
    c = post[second]
    if c == a or block[c] != block[a] or not _has(table, c * n + a):
        return 0
    if _has(table, a * n + c) or _has(table, c * n + b) or _has(table, b * n + a):
        return 0
    third = ptr[c]
    while post[third] != a:
        third += 1
    _remove(table, a * n + b)
    _remove(table, b * n + c)
    _remove(table, c * n + a)
    _add(table, a * n + c)
    _add(table, c * n + b)
    _add(table, b * n + a)
    post[k], post[second], post[third] = c, a, b
    return 1


@compiled
def rewire_pairs(  # type: ignore[no-untyped-def]
    attempts, n, first, second, weights, group, group_ptr, members, turns, table, state
):
    """Exchange ends of reciprocal pairs within a group; no pair is connected otherwise.

    `weights[k]` are the weights from first to second and back. If `turns` of a group is true,
    a pair may be taken from either end. Returns the number of moves made.
    """
    made = 0
    for _ in range(attempts):
        k = below(state, first.size)
        start = group_ptr[group[k]]
        other = members[start + below(state, group_ptr[group[k] + 1] - start)]
        if k == other:
            continue
        a, b, c, d = first[k], second[k], first[other], second[other]
        turned = turns[group[k]] and below(state, 2) == 1
        if turned:
            c, d = d, c
        if a == c or b == d or a == d or b == c:  # noqa: SIM109 - compiled code
            continue
        if _has(table, a * n + d) or _has(table, d * n + a):
            continue
        if _has(table, c * n + b) or _has(table, b * n + c):
            continue
        _remove(table, a * n + b)
        _remove(table, b * n + a)
        _remove(table, c * n + d)
        _remove(table, d * n + c)
        _add(table, a * n + d)
        _add(table, d * n + a)
        _add(table, c * n + b)
        _add(table, b * n + c)
        second[k] = d
        first[other], second[other] = c, b
        if turned:
            weights[other, 0], weights[other, 1] = weights[other, 1], weights[other, 0]
        made += 1
    return made


@compiled
def draw_pairs(n, rows, columns, same, ordered, pre, post, table, state):  # type: ignore[no-untyped-def]
    """Draw distinct pairs of a row and a column, all sets of them equally likely.

    With `same`, rows and columns are the same neurons, and no neuron is paired with itself.
    Unless `ordered`, a pair and its reverse are the same.
    """
    for k in range(pre.size):
        while True:
            i, j = rows[below(state, rows.size)], columns[below(state, columns.size)]
            if same and i == j:
                continue
            key = i * n + j
            if same and not ordered and j < i:
                key = j * n + i
            if not _has(table, key):
                break
        _add(table, key)
        pre[k], post[k] = i, j
