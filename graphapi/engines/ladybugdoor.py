"""What a person's own query may not do on the embedded engine, found in its text.

The engine's read mode protects the graph. It still lets a query read and write other files,
and it dies, with the whole process, on some paths; both are refused before it sees them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.engines.cyphertext import words_of
from graphapi.errors import InputError, QueryRejectedError, ReadOnlyError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a person's query may start with.
_MAY_START = frozenset(
    {"MATCH", "OPTIONAL", "RETURN", "WITH", "UNWIND", "CALL", "EXPLAIN", "PROFILE"}
)
_WRITES = frozenset({"CREATE", "MERGE", "SET", "DELETE", "DETACH", "DROP", "ALTER"})
_CLOSES = {"(": ")", "[": "]"}


def refuse_beyond_graph_file(text: str) -> None:
    """Refuse a query that writes, reaches for other files or settings, or is several.

    Raises
    ------
    InputError
        The text is empty, or holds more than one query.
    ReadOnlyError
        It would do more than read this graph.
    """
    upper = [word.upper() for word in words_of(text)]
    while upper and upper[-1] == ";":
        upper.pop()
    if not upper:
        raise InputError("the query is empty")
    if ";" in upper:
        raise InputError("one query at a time, please", hint="remove the ';' in between")
    start = upper[0]
    if start in ("EXPLAIN", "PROFILE") and len(upper) > 1:
        start = upper[1]
    if start in _WRITES:
        raise ReadOnlyError(
            f"a query that starts with {start} would write, and this is the read-only door",
            hint="graphs are made by `cavegraph load`",
        )
    settings = start == "CALL" and "=" in upper[:3]
    if start not in _MAY_START or settings or "LOAD" in upper:
        raise ReadOnlyError(
            f"queries here read the graph, nothing else; this one starts with {start}",
            hint="start with MATCH, UNWIND, WITH or RETURN; save results with --csv or --parquet",
        )


def refuse_mixed_paths(text: str) -> None:
    """Refuse a named path that may run through nodes of several labels.

    LadybugDB 0.20.4 crashes on `p = (:Neuron)-[:CONNECTS]->()` where `p` is returned: the
    bare node may be a neuron or an annotation row. A node counts as labelled where its
    variable has a label anywhere in the query.

    Raises
    ------
    QueryRejectedError
        There is such a path; the message says how to write it.
    """
    words = words_of(text)
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


def _named_paths(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Give each `name = (...)-[...]-(...)` of MATCH clauses, and its pattern's words."""
    for i in range(1, len(words) - 2):
        named = words[i + 1 : i + 3] == ["=", "("]
        if named and (words[i - 1] == "," or words[i - 1].upper() == "MATCH"):
            end = i + 2
            while end < len(words) and words[end] in ("(", "[", "-", "<", ">"):
                end = _after(words, end) if words[end] in _CLOSES else end + 1
            yield words[i], words[i + 2 : end]


def _after(words: list[str], start: int) -> int:
    """Give the place after the bracket that closes the one at `start`."""
    opening, closing, depth = words[start], _CLOSES[words[start]], 0
    for i in range(start, len(words)):
        depth += (words[i] == opening) - (words[i] == closing)
        if depth == 0:
            return i + 1
    return len(words)


def _nodes(words: list[str]) -> Iterator[tuple[str, str | None]]:
    """Give variable and label of all that looks like `(variable:Label ...)`; both may be empty."""
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
    """Tell whether a relationship of several hops does not say its type."""
    for i, word in enumerate(pattern):
        if word == "[":
            inside = pattern[i + 1 : _after(pattern, i) - 1]
            if "*" in inside and ":" not in inside[: inside.index("*")]:
                return True
    return False
