"""Find motifs that can never match, before anything is searched."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from graphapi.motifs.pattern import Comparison, Condition, Pattern, Scalar

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def refuse_contradictions(pattern: Pattern) -> None:
    """Refuse a bound pattern that no graph can match.

    Raises
    ------
    MotifError
        Points at the later of two statements that exclude each other, and names the earlier.
    """
    _refuse_torn_edges(pattern)
    for node in pattern.nodes:
        _refuse_torn_fields(pattern, node.where, f"'{node.name}'")
    for edge in pattern.edges:
        name = f"'{pattern.nodes[edge.pre].name} -> {pattern.nodes[edge.post].name}'"
        _refuse_torn_fields(pattern, edge.where, name)
        _refuse_no_synapse(pattern, edge.where)
    _refuse_circles(pattern, pattern.node_comparisons)
    _refuse_circles(pattern, pattern.edge_comparisons)


def _refuse_torn_edges(pattern: Pattern) -> None:
    for gone in pattern.absent:
        ends = {(gone.pre, gone.post)} | ({(gone.post, gone.pre)} if pattern.undirected else set())
        for edge in pattern.edges:
            if (edge.pre, edge.post) not in ends:
                continue
            if set(gone.where) <= set(edge.where) and gone.kind in ("any", edge.kind):
                raise pattern.error(
                    max(gone.line, edge.line),
                    "this connection must exist and must not "
                    f"(see line {min(gone.line, edge.line)})",
                )


def _refuse_torn_fields(pattern: Pattern, where: tuple[Condition, ...], owner: str) -> None:
    for number, late in enumerate(where):
        for early in where[:number]:
            if early.field == late.field and _exclude(early, late):
                raise pattern.error(
                    max(late.line, early.line),
                    f"{owner} cannot meet '{early}' and '{late}' at once",
                )
        if late.op == "in" and late.value == ():
            raise pattern.error(late.line, f"nothing is in an empty list: '{late}'")


def _refuse_no_synapse(pattern: Pattern, where: Iterable[Condition]) -> None:
    for one in where:
        if one.field != "weight" or isinstance(one.value, (tuple, str)):
            continue
        if (one.op in ("=", "<=") and one.value < 1) or (one.op == "<" and one.value <= 1):
            raise pattern.error(
                one.line,
                f"a connection has at least one synapse: '{one}' never holds",
                hint="for 'not connected' write '!>'",
            )


def _exclude(a: Condition, b: Condition) -> bool:
    """Return whether no value can meet both conditions on a field."""
    for one, other in ((a, b), (b, a)):
        if one.op == "=" and not isinstance(one.value, tuple):
            return not _holds(one.value, other)
        if one.op == "in" and isinstance(one.value, tuple) and other.op != "contains":
            return not any(_holds(value, other) for value in one.value)
        if (one.op, other.op) in (("contains", "!contains"), ("has", "!has")):
            return one.value == other.value
    return _empty_range(a, b) or _empty_range(b, a)


def _holds(value: Scalar, one: Condition) -> bool:
    known: bool
    if one.op == "in":
        known = value in one.value if isinstance(one.value, (tuple, str)) else True
        return known
    if one.op == "!in":
        return not _holds(value, replace(one, op="in"))
    if one.op in ("contains", "!contains"):
        if not isinstance(value, str) or not isinstance(one.value, str):
            return True
        return (one.value in value) == (one.op == "contains")
    return _COMPARE[one.op](value, one.value)


def _empty_range(low: Condition, high: Condition) -> bool:
    if low.op not in (">", ">=") or high.op not in ("<", "<="):
        return False
    strict = low.op == ">" or high.op == "<"
    if _COMPARE[">"](low.value, high.value) or (strict and low.value == high.value):
        return True
    whole = isinstance(low.value, int) and isinstance(high.value, int)
    # Between n and n + 1 there is no whole number.
    return whole and low.op == ">" and high.op == "<" and high.value - low.value == 1  # type: ignore[operator]


def _refuse_circles(pattern: Pattern, comparisons: Iterable[Comparison]) -> None:
    """Refuse circular comparisons: `A.x > B.x`, `B.x > C.x`, `C.x >= A.x`."""
    reach: dict[tuple[object, object], bool] = {}
    for one in comparisons:
        if one.op in ("<", "<="):
            one = one.flipped()  # noqa: PLW2901
        high, low = (one.left, one.left_field), (one.right, one.right_field)
        steps = {(high, low): one.op == ">"} if one.op in (">", ">=") else {}
        if one.op == "=":
            steps = {(high, low): False, (low, high): False}
        elif one.op == "!=" and high == low:
            raise pattern.error(one.line, "a value never differs from itself")
        for (a, b), strict in steps.items():
            _join(reach, a, b, strict)
        if any(a == b and strict for (a, b), strict in reach.items()):
            raise pattern.error(one.line, "this comparison cannot hold together with the others")


def _join(
    reach: dict[tuple[object, object], bool], high: object, low: object, strict: bool
) -> None:
    """Add one step to the closure; True marks a chain that holds a strict step."""
    above = [(a, s) for (a, b), s in reach.items() if b == high] + [(high, False)]
    below = [(b, s) for (a, b), s in reach.items() if a == low] + [(low, False)]
    for a, first in above:
        for b, last in below:
            reach[a, b] = reach.get((a, b), False) or first or strict or last
