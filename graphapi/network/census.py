"""Triad census: exact counts of the triads of each class, and of each neuron's roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.threads import worker_count
from graphapi.network.neighbours import Neighbours, UpwardLists, seen_from_other
from graphapi.network.triads import BOTH, IN, NAMES, OUT, ROLES, TRIADS, codes, pair_type

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from graphapi.common.threads import Stop
    from graphapi.network.graph import DirectedGraph

    Ints = npt.NDArray[np.int64]

_KINDS = (OUT, IN, BOTH)


def triad_census(
    graph: DirectedGraph, *, workers: int | None = None, stop: Stop | None = None
) -> dict[str, int]:
    """Count the triads of each class, over every three neurons of the graph.

    Parameters
    ----------
    graph
        Any graph; apply a threshold or choose a part of it first.
    workers
        Number of threads; None for one per core.
    stop
        Ends the work early; see `graphapi.common.threads.Stop`.

    Returns
    -------
    dict
        The 16 classes, with networkx's names and in its order; Python ints, which cannot
        overflow. The sum is n (n - 1) (n - 2) / 6. All 0 below three neurons.
    """
    lists = Neighbours.of(graph)
    up = UpwardLists.of(lists)
    from graphapi.network.census_kernel import count_triangles

    (by_code,) = up.each_piece(
        worker_count(workers),
        lambda: (np.zeros(64, dtype=np.int64),),
        lambda lo, hi, mark, mine: count_triangles(lo, hi, up.ptr, up.idx, up.code, mark, *mine),
        stop,
    )
    found = dict.fromkeys(NAMES, 0)
    for code, number in enumerate(by_code.tolist()):
        found[NAMES[codes().triad[code]]] += number
    _add_open_wedges(found, lists.degrees)
    _add_unconnected(found, graph)
    return found


def role_counts(
    graph: DirectedGraph, *, workers: int | None = None, stop: Stop | None = None
) -> pd.DataFrame:
    """Count, for each neuron, the triads in which it takes each of the 36 roles.

    Returns
    -------
    pandas.DataFrame
        int64; index `root_id`, ascending; columns a MultiIndex `triad`, `role` (`ROLES` of
        `graphapi.network.triads`), such as ("030T", "relay") for the middle of feed-forward loops.
    """
    import pandas as pd

    return pd.DataFrame(
        role_table(graph, workers=workers, stop=stop),
        index=pd.Index(graph.root_ids, name="root_id"),
        columns=pd.MultiIndex.from_tuples(ROLES, names=["triad", "role"]),
    )


def participation(
    graph: DirectedGraph, *, workers: int | None = None, stop: Stop | None = None
) -> pd.DataFrame:
    """Count, for each neuron, the triads of each class that it belongs to.

    Returns
    -------
    pandas.DataFrame
        int64; index `root_id`, ascending; the 16 classes as columns. A column adds up to three
        times the census, and a row to (n - 1) (n - 2) / 2.
    """
    import pandas as pd

    table = role_table(graph, workers=workers, stop=stop)
    by_class = np.zeros((graph.n, len(NAMES)), dtype=np.int64)
    for column, (name, _) in enumerate(ROLES):
        by_class[:, NAMES.index(name)] += table[:, column]
    return pd.DataFrame(
        by_class, index=pd.Index(graph.root_ids, name="root_id"), columns=list(NAMES)
    )


def role_table(
    graph: DirectedGraph, *, workers: int | None = None, stop: Stop | None = None
) -> Ints:
    """Return `role_counts` as an array: int64, (n, 36)."""
    lists = Neighbours.of(graph)
    table = _triangle_roles(lists, worker_count(workers), stop)
    closed = table.copy()
    degrees = lists.degrees
    _add_wedge_centres(table, closed, degrees)
    _add_wedge_ends(table, closed, degrees, lists)
    _add_unconnected_roles(table, degrees, graph.n)
    return table


def _add_open_wedges(found: dict[str, int], degrees: Ints) -> None:
    """Count wedges from degrees, and subtract those that a third pair closes."""
    table = codes()
    wedges = dict.fromkeys((t.name for t in TRIADS if t.connected and not t.closed), 0)
    for a, b in ((x, y) for x in _KINDS for y in _KINDS if x <= y):
        name = NAMES[table.triad[seen_from_other(a) | b << 2]]
        wedges[name] += exact_sum(_pairs_of(degrees, a, b))
    for triad in TRIADS:
        if triad.closed:
            for p in range(3):
                a, b = (pair_type(triad.edges, p, q) for q in range(3) if q != p)
                wedges[NAMES[table.triad[seen_from_other(a) | b << 2]]] -= found[triad.name]
    found.update(wedges)


def _add_unconnected(found: dict[str, int], graph: DirectedGraph) -> None:
    """Count triads with one connected pair or none: a pair and any other neuron."""
    n = graph.n
    mutual = int(np.count_nonzero(graph.reciprocal)) // 2
    single = graph.m - 2 * mutual
    for name, pairs, kinds in (("012", single, (OUT, IN)), ("102", mutual, (BOTH,))):
        inside = sum(
            found[triad.name]
            for triad in TRIADS
            if triad.connected
            for a, b in ((0, 1), (1, 2), (0, 2))
            if pair_type(triad.edges, a, b) in kinds
        )
        found[name] = pairs * (n - 2) - inside
    found["003"] = n * (n - 1) * (n - 2) // 6 - sum(found.values())


def _triangle_roles(lists: Neighbours, workers: int, stop: Stop | None) -> Ints:
    from graphapi.network.census_kernel import count_roles

    up = UpwardLists.of(lists)
    roles = sorted({int(codes().role[code, k]) for code in _triangle_codes() for k in range(3)})
    column = np.zeros((64, 3), dtype=np.int64)
    for code in _triangle_codes():
        column[code] = [roles.index(role) for role in codes().role[code]]
    (counted,) = up.each_piece(
        workers,
        lambda: (np.zeros((lists.n, len(roles)), dtype=np.int64),),
        lambda lo, hi, mark, mine: count_roles(
            lo, hi, up.ptr, up.idx, up.code, mark, column, *mine
        ),
        stop,
    )
    table = np.zeros((lists.n, len(ROLES)), dtype=np.int64)
    table[up.order[:, None], np.array(roles)] = counted
    return table


def _add_wedge_centres(table: Ints, closed: Ints, degrees: Ints) -> None:
    for a, b in ((x, y) for x in _KINDS for y in _KINDS if x <= y):
        role = codes().role[seen_from_other(a) | b << 2, 1]
        table[:, role] += _pairs_of(degrees, a, b)
        for code, (own_a, own_b, _) in _roles_in_triangles().items():
            if sorted((own_a, own_b)) == [a, b]:
                table[:, role] -= closed[:, code]


def _add_wedge_ends(table: Ints, closed: Ints, degrees: Ints, lists: Neighbours) -> None:
    for a in _KINDS:
        further = lists.sums_over(a, degrees)
        # The neuron itself is among the partners of its partners, seen from there.
        further[:, seen_from_other(a) - 1] -= degrees[:, a - 1]
        for b in _KINDS:
            role = codes().role[a | b << 2, 0]
            table[:, role] += further[:, b - 1]
            for triangle_role, (to_x, to_y, x_to_y) in _roles_in_triangles().items():
                ways = (to_x, x_to_y) == (a, b), (to_y, seen_from_other(x_to_y)) == (a, b)
                if any(ways):
                    table[:, role] -= sum(ways) * closed[:, triangle_role]


def _add_unconnected_roles(table: Ints, degrees: Ints, n: int) -> None:
    column = {role: k for k, role in enumerate(ROLES)}
    own = np.zeros((len(ROLES), 3), dtype=np.int64)
    beyond = np.zeros((len(ROLES), 2), dtype=np.int64)
    for k, (pairs, opposite) in enumerate(_pairs_at_roles()):
        for kind in pairs:
            own[k, kind - 1] += 1
        if opposite:
            beyond[k, int(opposite == BOTH)] += 1
    free = degrees * (n - 2) - table @ own
    single, mutual = int(degrees[:, :2].sum()) // 2, int(degrees[:, 2].sum()) // 2
    apart = np.array([single, mutual]) - table @ beyond
    apart -= np.column_stack([degrees[:, 0] + degrees[:, 1], degrees[:, 2]])
    table[:, column["012", "source"]] = free[:, 0]
    table[:, column["012", "target"]] = free[:, 1]
    table[:, column["102", "mutual"]] = free[:, 2]
    table[:, column["012", "isolated"]] = apart[:, 0]
    table[:, column["102", "isolated"]] = apart[:, 1]
    table[:, column["003", "isolated"]] = (n - 1) * (n - 2) // 2 - table.sum(axis=1)


def _triangle_codes() -> list[int]:
    return [code for code in range(64) if TRIADS[codes().triad[code]].closed]


def _roles_in_triangles() -> dict[int, tuple[int, int, int]]:
    """Return, for each role in a triangle, its pairs with x and with y, and the pair x, y."""
    found: dict[int, tuple[int, int, int]] = {}
    for k, (name, role) in enumerate(ROLES):
        triad = TRIADS[NAMES.index(name)]
        if triad.closed:
            me = triad.roles.index(role)
            x, y = (p for p in range(3) if p != me)
            found[k] = (
                pair_type(triad.edges, me, x),
                pair_type(triad.edges, me, y),
                pair_type(triad.edges, x, y),
            )
    return found


def _pairs_at_roles() -> list[tuple[tuple[int, ...], int]]:
    """Return, for each role of a connected class, its own pairs and the pair opposite."""
    found: list[tuple[tuple[int, ...], int]] = []
    for name, role in ROLES:
        triad = TRIADS[NAMES.index(name)]
        if not triad.connected:
            found.append(((), 0))
            continue
        me = triad.roles.index(role)
        x, y = (p for p in range(3) if p != me)
        own = tuple(k for p in (x, y) if (k := pair_type(triad.edges, me, p)))
        found.append((own, pair_type(triad.edges, x, y)))
    return found


def _pairs_of(degrees: Ints, a: int, b: int) -> Ints:
    """Count the ways to choose one partner of kind a and another of kind b."""
    first, second = degrees[:, a - 1], degrees[:, b - 1]
    return first * (first - 1) // 2 if a == b else first * second


def exact_sum(values: Ints) -> int:
    """Add up non-negative int64 values without overflow."""
    high, low = values >> 32, values & 0xFFFFFFFF
    return (int(high.sum()) << 32) + int(low.sum())
