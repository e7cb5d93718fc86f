"""Count three-neuron motifs from the triad census, without looking at single matches.

How often a motif without conditions matches within a triad depends only on the triad's class. The
count is therefore a sum over the classes, which is as fast as the census.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from graphapi.network.triads import TRIADS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphapi.motifs.pattern import Pattern
    from graphapi.motifs.plan import Rules

_THREE = 3
_ORDERS = tuple(permutations(range(_THREE)))

Pairs = frozenset[tuple[int, int]]


def matches_by_class(pattern: Pattern, rules: Rules) -> dict[str, int] | None:
    """Return the number of matches of a motif in one triad of each class.

    Parameters
    ----------
    pattern
        Bound to a graph.
    rules
        Which matches count.

    Returns
    -------
    dict or None
        By the names of the 16 classes. None for motifs that the census cannot count: other than
        three nodes, conditions of any kind, signs, declared symmetries, or one neuron for
        several nodes.
    """
    if len(pattern.nodes) != _THREE or not rules.distinct or _says_more(pattern):
        return None
    there = frozenset((edge.pre, edge.post) for edge in pattern.edges)
    gone = frozenset((edge.pre, edge.post) for edge in pattern.absent)
    same = 1
    if rules.unique:
        same = sum(_moved(there, o) == there and _moved(gone, o) == gone for o in _ORDERS)
    if rules.induced:
        gone |= frozenset(pattern.unmentioned_pairs())
    return {triad.name: _mappings(frozenset(triad.edges), there, gone) // same for triad in TRIADS}


def count_by_class(by_class: Mapping[str, int], census: Mapping[str, int]) -> int:
    """Add up the matches of all triads."""
    return sum(number * census[name] for name, number in by_class.items())


def _mappings(edges: Pairs, there: Pairs, gone: Pairs) -> int:
    return sum(
        _moved(there, order) <= edges and not _moved(gone, order) & edges for order in _ORDERS
    )


def _moved(pairs: Iterable[tuple[int, int]], order: tuple[int, ...]) -> Pairs:
    return frozenset((order[a], order[b]) for a, b in pairs)


def _says_more(pattern: Pattern) -> bool:
    """Return whether a motif asks for more than directed connections."""
    edges = (*pattern.edges, *pattern.absent)
    return bool(
        pattern.undirected
        or pattern.groups
        or pattern.node_comparisons
        or pattern.edge_comparisons
        or any(node.where for node in pattern.nodes)
        or any(edge.where or edge.pre_where or edge.kind != "any" for edge in edges)
    )
