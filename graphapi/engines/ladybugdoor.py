"""Refuse queries that LadybugDB 0.20.4 answers wrongly or crashes on, found by their words.

For the pinned version and its known faults, see docs/decisions/0003.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.errors import QueryRejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSES = {"(": ")", "[": "]"}
_AGGREGATES = frozenset({"COUNT", "SUM", "AVG", "MIN", "MAX", "COLLECT"})
#: What ends the items of a RETURN or WITH.
_NEXT = frozenset(
    {"ORDER", "SKIP", "LIMIT", "WHERE", "MATCH", "OPTIONAL", "UNWIND", "RETURN", "WITH", "UNION"}
    | {"CALL", "CREATE", "MERGE", "SET", "DELETE", "DETACH"}
)


def refuse_mixed_paths(words: list[str]) -> None:
    """Refuse a named path that may run through nodes of several labels.

    LadybugDB 0.20.4 crashes on `p = (:Neuron)-[:CONNECTS]->()` where `p` is returned: the
    bare node may be a neuron or an annotation row. A node counts as labelled where its
    variable has a label anywhere in the query.

    Raises
    ------
    QueryRejectedError
        There is such a path; the hint says how to write it.
    """
    labels = {variable: label for variable, label in _nodes(words) if variable and label}
    for name, pattern in _named_paths(words):
        nodes = {label or labels.get(variable) for variable, label in _nodes(pattern)}
        if len(nodes) == 1 and None not in nodes and not _any_way(pattern):
            continue
        raise QueryRejectedError(
            f"the path '{name}' may run through nodes of several labels, "
            "which this engine cannot return",
            hint="give each node of the path the label :Neuron and each -[ ]- its type :CONNECTS",
        )


def refuse_shortest_with_node_filter(words: list[str]) -> None:
    """Refuse `-[* SHORTEST 1..3 (r, n | WHERE n.x > 1)]->`, in all its modes.

    The filter is meant for the nodes between the ends. In shortest modes LadybugDB 0.20.4 also
    applies it to the last node, and silently drops paths. In the other modes, and for filters on
    `r` alone, its answers are right.

    Raises
    ------
    QueryRejectedError
        There is such a filter; the hint says how to write it.
    """
    for i, word in enumerate(words):
        inside = words[i + 1 : _after(words, i) - 1] if word == "[" else []
        upper = [each.upper().strip("`") for each in inside]
        if "*" not in upper or not {"SHORTEST", "WSHORTEST"} & set(upper):
            continue
        for start in range(len(upper) - 4):
            if upper[start] != "(" or upper[start + 2] != "," or upper[start + 4] != "|":
                continue
            condition = upper[start + 5 : _after(inside, start) - 1]
            if "|" in condition:
                condition = condition[: condition.index("|")]
            if upper[start + 3] in condition:
                raise QueryRejectedError(
                    f"a condition on the nodes of a SHORTEST path ({inside[start + 3]}): this "
                    "engine applies it to the last node, too, and loses paths",
                    hint="leave SHORTEST out and take the least length(e), or put the condition "
                    "on the connections alone",
                )


def refuse_sums_after_distinct(words: list[str]) -> None:
    """Refuse `RETURN n.x, count(DISTINCT m), sum(c.weight)`: groups, and DISTINCT not last.

    LadybugDB 0.20.4 loses every aggregate that stands after one of distinct values: a sum becomes
    null, a count 0. Without groups, and with the aggregates of distinct values last, it is right.

    Raises
    ------
    QueryRejectedError
        A clause has such an order.
    """
    for i, word in enumerate(words):
        if word.upper() not in ("RETURN", "WITH"):
            continue
        items = [_aggregates(item) for item in _items(words, i + 1)]
        order = [is_distinct for item in items for is_distinct in item]
        first = order.index(True) if True in order else len(order)
        if not all(order[first:]) and [] in items:
            raise QueryRejectedError(
                "an aggregate after one of DISTINCT values: this engine loses it",
                hint="write the aggregates of DISTINCT values last",
            )


def _aggregates(item: list[str]) -> list[bool]:
    """Return for each aggregate of an item, in order, whether it is of distinct values."""
    upper = [word.upper() for word in item]
    return [
        upper[at + 2 : at + 3] == ["DISTINCT"]
        for at, name in enumerate(upper[:-1])
        if name in _AGGREGATES and upper[at + 1] == "("
    ]


def _items(words: list[str], start: int) -> list[list[str]]:
    """Return the parts between commas of a RETURN or WITH, up to the next clause."""
    items: list[list[str]] = [[]]
    at = start
    while at < len(words) and words[at].upper() not in _NEXT and words[at] not in ")]};":
        end = _after(words, at) if words[at] in _CLOSES else at + 1
        if words[at] == ",":
            items.append([])
        else:
            items[-1] += words[at:end]
        at = end
    return [item for item in items if item]


def _named_paths(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each `name = (...)-[...]-(...)` of MATCH clauses, and its pattern's words."""
    for i in range(1, len(words) - 2):
        named = words[i + 1 : i + 3] == ["=", "("]
        if named and (words[i - 1] == "," or words[i - 1].upper() == "MATCH"):
            end = i + 2
            while end < len(words) and words[end] in ("(", "[", "-", "<", ">"):
                end = _after(words, end) if words[end] in _CLOSES else end + 1
            yield words[i], words[i + 2 : end]


def _after(words: list[str], start: int) -> int:
    """Return the place after the bracket that closes the one at `start`."""
    opening, closing, depth = words[start], _CLOSES[words[start]], 0
    for i in range(start, len(words)):
        depth += (words[i] == opening) - (words[i] == closing)
        if depth == 0:
            return i + 1
    return len(words)


def _nodes(words: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield variable and label of each `(variable:Label ...)`; both may be empty."""
    i = 0
    while i < len(words):
        if words[i] == "[":  # a relationship may hold conditions in brackets of its own
            i = _after(words, i)
            continue
        i += 1
        if words[i - 1] != "(":
            continue
        inside = words[i : _after(words, i - 1) - 1]
        variable = inside[0] if inside and inside[0] not in (":", "{") else ""
        rest = inside[1:] if variable else inside
        yield variable, (rest[1] if len(rest) > 1 and rest[0] == ":" else None)


def _any_way(pattern: list[str]) -> bool:
    """Return whether a relationship of several hops has no type."""
    for i, word in enumerate(pattern):
        if word == "[":
            inside = pattern[i + 1 : _after(pattern, i) - 1]
            if "*" in inside and ":" not in inside[: inside.index("*")]:
                return True
    return False
