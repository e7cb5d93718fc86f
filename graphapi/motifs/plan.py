"""In which order to bind a pattern's nodes, and what to check at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.errors import MotifError
from graphapi.motifs.pattern import Symmetry, declared_orders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.motifs.pattern import Pattern

#: More relabelings than this cannot be compared one by one (only needed without distinctness).
_MOST_RELABELINGS = 5040


@dataclass(frozen=True)
class Rules:
    """Which mappings of a pattern into a graph count as matches.

    Parameters
    ----------
    unique
        Of all mappings that differ by a relabeling of the pattern, take one.
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
        All relabelings, where ids may be equal and `orders` cannot tell matches apart: of a
        set of equivalent mappings the smallest tuple counts. Empty otherwise.
    different
        Pairs of nodes whose difference has to be checked: no connection and no order says it.
    unconnected
        Ordered pairs of nodes without a connection of any kind (induced matching).
    """

    order: tuple[int, ...]
    orders: tuple[tuple[int, int], ...]
    relabelings: tuple[tuple[int, ...], ...]
    different: tuple[tuple[int, int], ...]
    unconnected: tuple[tuple[int, int], ...]


def make_plan(pattern: Pattern, rules: Rules, candidates: Sequence[float] | None = None) -> Plan:
    """Plan the search for a bound pattern.

    Parameters
    ----------
    pattern
        With its fields checked.
    rules
        What counts as a match.
    candidates
        About how many neurons meet each node's own conditions; by default, judged by how
        many conditions there are.

    Raises
    ------
    MotifError
        A `===` statement is not true of the motif, or the pattern has too many symmetries to
        be searched for without distinct nodes.
    """
    order = tuple(_binding_order(pattern, candidates or _guess(pattern)))
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


def _binding_order(pattern: Pattern, candidates: Sequence[float]) -> list[int]:
    """Start where few neurons qualify; then always the node with most ties to those bound."""
    near: list[set[int]] = [set() for _ in pattern.nodes]
    for edge in pattern.edges:
        near[edge.pre].add(edge.post)
        near[edge.post].add(edge.pre)
    order: list[int] = []
    left = set(range(len(pattern.nodes)))
    while left:
        best = min(
            left,
            key=lambda i: (-len(near[i] & set(order)), candidates[i], -len(near[i]), i),
        )
        order.append(best)
        left.remove(best)
    return order


def _guess(pattern: Pattern) -> list[float]:
    sizes = {"=": 0.01, "in": 0.05, "contains": 0.1}
    guesses = []
    for node in pattern.nodes:
        guess = 1.0
        for one in node.where:
            guess *= 1e-6 if one.field == "root_id" else sizes.get(one.op, 0.5)
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
    """Pairs that could be one neuron: the graph has no self edges, so connected ones cannot."""
    proven = {frozenset((e.pre, e.post)) for e in pattern.edges}
    proven |= {frozenset(pair) for pair in orders}
    span = range(len(pattern.nodes))
    return [(a, b) for a in span for b in span if a < b and frozenset((a, b)) not in proven]
