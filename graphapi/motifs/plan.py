"""Plan a search: in which order to bind a pattern's nodes, and what to check at each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

from graphapi.errors import MotifError
from graphapi.motifs.pattern import Symmetry, declared_orders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.motifs.pattern import Comparison, Edge, Pattern

#: More relabelings than this cannot be compared one by one (only needed without distinctness).
_MOST_RELABELINGS = 5040

#: All orders are compared for patterns of at most this many nodes.
_ALL_ORDERS = 5
#: A typical connectome, for comparing orders: neurons, partners of each, share of the open
#: wedges that a connection closes, share that meets a condition or comparison.
_NEURONS, _DEGREE, _CLOSED, _PASS = 10_000.0, 30.0, 0.1, 0.5


@dataclass(frozen=True)
class Rules:
    """Which mappings of a pattern into a graph count as matches.

    Parameters
    ----------
    unique
        Of all mappings that differ by a relabeling of the pattern, keep one.
    induced
        Between the neurons of a match there are no connections but the pattern's.
    distinct
        Different nodes are different neurons.
    """

    unique: bool = True
    induced: bool = False
    distinct: bool = True


@dataclass(frozen=True)
class Plan:
    """How to search for a pattern.

    Parameters
    ----------
    order
        The nodes in the order of binding.
    orders
        Pairs (a, b) of nodes: the id of a is smaller than that of b.
    relabelings
        All relabelings, if ids may be equal and `orders` cannot distinguish matches: of a set
        of equivalent mappings the smallest tuple counts. Empty otherwise.
    different
        Pairs of nodes that have to be compared: no connection or order implies that they differ.
    unconnected
        Ordered pairs of nodes without a connection of any kind (induced matching).
    """

    order: tuple[int, ...]
    orders: tuple[tuple[int, int], ...]
    relabelings: tuple[tuple[int, ...], ...]
    different: tuple[tuple[int, int], ...]
    unconnected: tuple[tuple[int, int], ...]


def make_plan(pattern: Pattern, rules: Rules, *, limited: bool = False) -> Plan:
    """Plan the search for a bound pattern.

    Parameters
    ----------
    pattern
        With its fields checked.
    rules
        What counts as a match.
    limited
        Only some of the matches are wanted: a node may then be any neuron.

    Raises
    ------
    MotifError
        A node without conditions occurs only in connections that must not exist; a `===`
        statement does not hold for the motif; or the pattern has too many symmetries to be
        searched for without distinct nodes.
    """
    if not limited:
        _refuse_unbound(pattern)
    order = _best_order(pattern, _guess(pattern))
    declared = declared_orders(pattern, order)
    orders: list[tuple[int, int]] = []
    relabelings: tuple[tuple[int, ...], ...] = ()
    if not rules.distinct:
        relabelings = _all_relabelings(pattern, rules)
    elif rules.unique:
        orders = Symmetry(pattern).orders(order)
    else:
        orders = declared
    return Plan(
        order=order,
        orders=tuple(orders),
        relabelings=relabelings,
        different=tuple(_unproven_pairs(pattern, orders)) if rules.distinct else (),
        unconnected=tuple(pattern.unmentioned_pairs()) if rules.induced else (),
    )


def _refuse_unbound(pattern: Pattern) -> None:
    bound = {end for edge in pattern.edges for end in _ends(edge)}
    for number, node in enumerate(pattern.nodes):
        if number not in bound and not node.where:
            raise pattern.error(
                node.line,
                f"'{node.name}' occurs only in a connection that must not exist: any neuron would "
                "match it",
                hint=f"ask for some of the matches (search(..., limit=100)), select neurons by a "
                f"condition such as {node.name}.cell_class = \"...\", or connect '{node.name}' to "
                "another node",
            )


def _best_order(pattern: Pattern, shares: Sequence[float]) -> tuple[int, ...]:
    """Choose the order with the least expected work, whatever the order of the lines.

    For small patterns all orders are compared. Of equally good ones, the one is taken whose
    pattern, numbered in that order, sorts first: the same motif, written otherwise, gets the
    same search. Larger patterns are ordered node by node, fewest partial matches first.
    """
    cost = _Cost(pattern, shares)
    size = len(pattern.nodes)
    if size <= _ALL_ORDERS:
        ranked = [(cost.of(order), order) for order in permutations(range(size))]
        least = min(one for one, _ in ranked)
        best = [order for one, order in ranked if one <= least * (1 + 1e-9)]
        return min(best, key=lambda order: _numbered(pattern, order))
    order: list[int] = []
    while len(order) < size:
        left = [i for i in range(size) if i not in order]
        order.append(min(left, key=lambda i: (*cost.step(order, i)[::-1], -cost.ties(i), i)))
    return tuple(order)


class _Cost:
    """Expected work of an order: candidates looked at, and look-ups for each of them."""

    def __init__(self, pattern: Pattern, shares: Sequence[float]) -> None:
        self._shares = shares
        self._near: list[dict[int, float]] = [{} for _ in pattern.nodes]
        for edge in pattern.edges:
            part = _PASS ** len((*edge.where, *edge.pre_where))
            for one, other in ((edge.pre, edge.post), (edge.post, edge.pre)):
                # connected in both directions: the second one is a look-up like any other
                seen = self._near[one].get(other)
                self._near[one][other] = part if seen is None else seen * part * _CLOSED
        self._far = [{e.pre, e.post} for e in pattern.absent]
        self._compared = [{one.left, one.right} for one in pattern.node_comparisons]
        self._tied = [
            {end for side in (one.left, one.right) for end in _ends(pattern.edges[side])}
            for one in pattern.edge_comparisons
        ]
        self._conditions = [bool(node.where) for node in pattern.nodes]

    def ties(self, node: int) -> int:
        """Return the number of nodes that a node is connected to."""
        return len(self._near[node])

    def of(self, order: Sequence[int]) -> float:
        """Return the expected work of binding all nodes in an order."""
        total, partial = 0.0, 1.0
        for depth, node in enumerate(order):
            work, grown = self.step(order[:depth], node)
            if depth == len(order) - 1 and self._is_counted(order[:depth], node):
                work = 1.0  # the last node of a count, where its list alone decides
            total += partial * work
            partial *= grown
        return total

    def step(self, bound: Sequence[int], node: int) -> tuple[float, float]:
        """Return the work for each partial match, and the number of matches it becomes."""
        near = [part for other, part in self._near[node].items() if other in bound]
        candidates = _DEGREE * min(near) if near else _NEURONS
        here = {*bound, node}
        lookups = len(near) + sum(node in far and far <= here for far in self._far)
        compared = sum(node in pair and pair <= here for pair in self._compared)
        tied = sum(node in ends and ends <= here for ends in self._tied)
        grown = candidates * self._shares[node] * _PASS ** (compared + tied)
        grown *= _CLOSED ** max(0, len(near) - 1)
        return candidates * (1 + lookups + 4 * tied), grown

    def _is_counted(self, bound: Sequence[int], node: int) -> bool:
        near = [other for other in self._near[node] if other in bound]
        checks = (*self._far, *self._compared, *self._tied)
        return len(near) < 2 and not self._conditions[node] and all(node not in c for c in checks)


def _ends(edge: Edge) -> tuple[int, int]:
    return edge.pre, edge.post


def _numbered(pattern: Pattern, order: Sequence[int]) -> tuple[Any, ...]:
    """Write a pattern with its nodes numbered by an order: equal for equal searches."""
    depth = {node: d for d, node in enumerate(order)}

    def edge(one: Edge) -> tuple[object, ...]:
        ends = depth[one.pre], depth[one.post]
        where = sorted(str(c) for c in (*one.where, *one.pre_where))
        return tuple(sorted(ends)) if pattern.undirected else ends, one.kind, where

    def compared(
        comparisons: Sequence[Comparison], names: Sequence[object]
    ) -> list[tuple[str, ...]]:
        both = ((one, one.flipped()) for one in comparisons)
        return sorted(
            min(
                (str(names[c.left]), c.left_field, c.op, str(names[c.right]), c.right_field)
                for c in ways
            )
            for ways in both
        )

    return (
        [sorted(map(str, pattern.nodes[node].where)) for node in order],
        sorted(map(edge, pattern.edges)),
        sorted(map(edge, pattern.absent)),
        compared(pattern.node_comparisons, [depth[i] for i in range(len(order))]),
        compared(pattern.edge_comparisons, [edge(one) for one in pattern.edges]),
        sorted(sorted(depth[i] for i in group.members) for group in pattern.groups),
    )


def _guess(pattern: Pattern) -> list[float]:
    sizes = {"=": 0.01, "in": 0.05, "contains": 0.1}
    guesses = []
    for node in pattern.nodes:
        guess = 1.0
        for one in node.where:
            guess *= 1e-6 if one.field == "root_id" else sizes.get(one.op, _PASS)
        guesses.append(guess)
    return guesses


def _all_relabelings(pattern: Pattern, rules: Rules) -> tuple[tuple[int, ...], ...]:
    if not rules.unique and not pattern.groups:
        return ()
    found: list[tuple[int, ...]] = []
    for one in Symmetry(pattern, declared_only=not rules.unique).relabelings():
        if len(found) >= _MOST_RELABELINGS:
            raise MotifError(
                f"the motif has more than {_MOST_RELABELINGS} symmetries",
                hint="search for it with distinct=True",
            )
        found.append(one)
    identity = tuple(range(len(pattern.nodes)))
    return tuple(one for one in found if one != identity)


def _unproven_pairs(pattern: Pattern, orders: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the unconnected pairs: without self edges, connected nodes always differ."""
    proven = {frozenset((e.pre, e.post)) for e in pattern.edges}
    proven |= {frozenset(pair) for pair in orders}
    span = range(len(pattern.nodes))
    return [(a, b) for a in span for b in span if a < b and frozenset((a, b)) not in proven]
