"""A motif in our own form, independent of the language it was written in.

A pattern has nodes, connections that must exist, connections that must not, and conditions
on both. It knows its own symmetries: the relabelings of its nodes that change nothing,
conditions included. They decide which matches are equivalent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Literal, TypeAlias

from graphapi.errors import MotifError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: `has` is what `contains` becomes on a field that is a list.
Op: TypeAlias = Literal[
    "=", "!=", "<", "<=", ">", ">=", "in", "!in", "contains", "!contains", "has", "!has"
]
Scalar: TypeAlias = bool | int | float | str
Value: TypeAlias = Scalar | tuple[Scalar, ...]
Kind: TypeAlias = Literal["any", "excitatory", "inhibitory"]

#: `a op b` is the same as `b FLIPPED[op] a`.
FLIPPED: dict[Op, Op] = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


@dataclass(frozen=True)
class Condition:
    """A field compared with a constant. A missing value meets no condition."""

    field: str
    op: Op
    value: Value
    line: int = attribute(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.field} {self.op} {self.value!r}"


@dataclass(frozen=True)
class Comparison:
    """A field of one node (or edge) compared with a field of another.

    `left` and `right` are positions in `Pattern.nodes` or in `Pattern.edges`.
    """

    left: int
    left_field: str
    op: Op
    right: int
    right_field: str
    line: int = attribute(default=0, compare=False)

    def flipped(self) -> Comparison:
        """Return the same comparison with its sides exchanged."""
        return replace(
            self,
            left=self.right,
            left_field=self.right_field,
            op=FLIPPED[self.op],
            right=self.left,
            right_field=self.left_field,
        )


@dataclass(frozen=True)
class Node:
    """A neuron of the motif, by the name its author gave it."""

    name: str
    where: tuple[Condition, ...] = ()
    line: int = attribute(default=0, compare=False)


@dataclass(frozen=True)
class Edge:
    """A connection of the motif.

    Parameters
    ----------
    pre, post
        Positions in `Pattern.nodes`.
    where
        Conditions on the connection itself.
    kind
        As written; a graph without signs cannot match a signed one.
    pre_where
        What the sign means: conditions on the presynaptic neuron that make a connection
        one of this kind. Set when the pattern is bound to a graph.
    """

    pre: int
    post: int
    where: tuple[Condition, ...] = ()
    kind: Kind = "any"
    pre_where: tuple[Condition, ...] = ()
    line: int = attribute(default=0, compare=False)


@dataclass(frozen=True)
class Group:
    """Nodes that the author has declared interchangeable, as positions in `Pattern.nodes`."""

    members: frozenset[int]
    line: int = attribute(default=0, compare=False)


@dataclass(frozen=True)
class Pattern:
    """A motif.

    Parameters
    ----------
    nodes
        In order of first mention.
    edges
        Connections that must exist, at most one per ordered pair.
    absent
        Connections that must not exist; with conditions: none that meets them all.
    node_comparisons, edge_comparisons
        Conditions between two nodes, or between two of `edges`.
    groups
        Nodes that the author has declared interchangeable; no node is in two groups.
    undirected
        Whether connections match in either direction. The weight is then the sum of both.
    source
        The text of the motif, for error messages.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    absent: tuple[Edge, ...] = ()
    node_comparisons: tuple[Comparison, ...] = ()
    edge_comparisons: tuple[Comparison, ...] = ()
    groups: tuple[Group, ...] = ()
    undirected: bool = False
    source: str = attribute(default="", compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes' names."""
        return tuple(node.name for node in self.nodes)

    def error(self, line: int, message: str, *, hint: str | None = None) -> MotifError:
        """Make the error that points at a line of this motif."""
        return MotifError(located(self.source, line, message), hint=hint)

    @property
    def node_fields(self) -> set[str]:
        """The neuron properties that the pattern refers to."""
        edges = (*self.edges, *self.absent)
        conditions = [*(node.where for node in self.nodes), *(edge.pre_where for edge in edges)]
        return _fields_in(conditions, self.node_comparisons)

    @property
    def edge_fields(self) -> set[str]:
        """The properties of connections that the pattern refers to."""
        return _fields_in([e.where for e in (*self.edges, *self.absent)], self.edge_comparisons)

    def ways(self, edge: Edge) -> list[tuple[int, int]]:
        """Return the ordered pairs of nodes that an edge may connect."""
        ways = [(edge.pre, edge.post)]
        return [*ways, (edge.post, edge.pre)] if self.undirected else ways

    def unmentioned_pairs(self) -> list[tuple[int, int]]:
        """Return the sorted ordered pairs that must be unconnected in an induced match."""
        taken = {pair for edge in self.edges for pair in self.ways(edge)}
        span = range(len(self.nodes))
        every = ((a, b) for a in span for b in span if a != b)
        return [pair for pair in every if pair not in taken]


def located(source: str, line: int, message: str) -> str:
    """Put a line number and the line itself in front of a message; line 0 means no line."""
    lines = source.splitlines()
    if not 0 < line <= len(lines):
        return f"motif: {message}"
    return f"motif, line {line}: {message}\n    {line} | {lines[line - 1].strip()}"


class Symmetry:
    """The relabelings of a pattern's nodes that leave it as it is.

    Parameters
    ----------
    pattern
        The pattern, conditions included: two nodes under different conditions differ.
    declared_only
        Move only nodes of `pattern.groups`, and only within their group.
    """

    def __init__(self, pattern: Pattern, *, declared_only: bool = False) -> None:
        self._pattern = pattern
        self._size = len(pattern.nodes)
        self._pairs = _pair_labels(pattern)
        self._colours = [
            (frozenset(node.where), _group_of(pattern, i) if declared_only else 0)
            for i, node in enumerate(pattern.nodes)
        ]
        self._links = _edge_links(pattern)

    def orders(self, base: Sequence[int] | None = None) -> list[tuple[int, int]]:
        """Return conditions `id(a) < id(b)` that pick one of every set of equivalent matches.

        Each step of a stabiliser chain takes a node, requires that it has the smallest id of
        its orbit, and goes on with the relabelings that fix it (Grochow and Kellis 2007).
        Correct for distinct nodes and for every group, rotations included.

        Parameters
        ----------
        base
            Nodes in the order in which to fix them; by default, as written.
        """
        found: list[tuple[int, int]] = []
        fixed: list[int] = []
        for node in base if base is not None else range(self._size):
            found += [(node, other) for other in self.orbit(node, fixed) if other != node]
            fixed.append(node)
        return found

    def orbit(self, node: int, fixed: Sequence[int] = ()) -> list[int]:
        """Return the nodes that `node` can be relabeled to while `fixed` nodes stay."""
        start = {i: i for i in fixed}
        if node in start:
            return [node]
        return [
            other
            for other in range(self._size)
            if other not in start and self._exists(start, node, other)
        ]

    def relabelings(self) -> Iterator[tuple[int, ...]]:
        """Return all of them, the identity included; entry `i` is what node `i` becomes."""
        for mapping in self._completions({}):
            yield tuple(mapping[i] for i in range(self._size))

    def _exists(self, start: dict[int, int], node: int, other: int) -> bool:
        if not self._fits(start, node, other):
            return False
        return next(self._completions({**start, node: other}), None) is not None

    def _completions(self, mapping: dict[int, int]) -> Iterator[dict[int, int]]:
        if len(mapping) == self._size:
            if self._keeps_links(mapping):
                yield mapping
            return
        node = next(i for i in range(self._size) if i not in mapping)
        taken = set(mapping.values())
        for other in range(self._size):
            if other not in taken and self._fits(mapping, node, other):
                yield from self._completions({**mapping, node: other})

    def _fits(self, mapping: dict[int, int], node: int, other: int) -> bool:
        if self._colours[node] != self._colours[other]:
            return False
        if self._pairs[node][node] != self._pairs[other][other]:
            return False
        return all(
            self._pairs[node][a] == self._pairs[other][b]
            and self._pairs[a][node] == self._pairs[b][other]
            for a, b in mapping.items()
        )

    def _keeps_links(self, mapping: dict[int, int]) -> bool:
        moved = {
            (mapping[a], mapping[b], f, op, mapping[c], mapping[d], g)
            for a, b, f, op, c, d, g in self._links
        }
        return moved == self._links


def declared_orders(pattern: Pattern, base: Sequence[int] | None = None) -> list[tuple[int, int]]:
    """Return the id conditions of the author's `===` statements.

    Raises
    ------
    MotifError
        Exchanging two nodes that are declared interchangeable changes the motif.
    """
    if not pattern.groups:
        return []
    whole = Symmetry(pattern)
    for group in pattern.groups:
        if not group.members <= set(whole.orbit(min(group.members))):
            names = ", ".join(pattern.nodes[i].name for i in sorted(group.members))
            raise pattern.error(
                group.line,
                f"{names} are declared interchangeable (===), but exchanging them changes "
                "the motif",
                hint="remove the === statement, or give them the same connections",
            )
    return Symmetry(pattern, declared_only=True).orders(base)


def _group_of(pattern: Pattern, node: int) -> int:
    for number, group in enumerate(pattern.groups):
        if node in group.members:
            return -1 - number
    return 1 + node


def _pair_labels(pattern: Pattern) -> list[list[frozenset[object]]]:
    """Return all statements on each ordered pair of nodes: connections or none, comparisons."""
    size = len(pattern.nodes)
    labels: list[list[set[object]]] = [[set() for _ in range(size)] for _ in range(size)]
    for must, edges in ((True, pattern.edges), (False, pattern.absent)):
        for edge in edges:
            label = (must, edge.kind, frozenset(edge.where))
            for pre, post in pattern.ways(edge):
                labels[pre][post].add(label)
    for one in pattern.node_comparisons:
        for side in (one, one.flipped()):
            labels[side.left][side.right].add((side.left_field, side.op, side.right_field))
    return [[frozenset(label) for label in row] for row in labels]


_Link: TypeAlias = "tuple[int, int, str, Op, int, int, str]"


def _edge_links(pattern: Pattern) -> set[_Link]:
    """Return comparisons of connections, by the nodes at their ends, from both sides."""
    links: set[_Link] = set()
    for one in pattern.edge_comparisons:
        for side in (one, one.flipped()):
            left, right = pattern.edges[side.left], pattern.edges[side.right]
            for a, b in pattern.ways(left):
                for c, d in pattern.ways(right):
                    links.add((a, b, side.left_field, side.op, c, d, side.right_field))
    return links


def _fields_in(
    conditions: Iterable[tuple[Condition, ...]], comparisons: Iterable[Comparison]
) -> set[str]:
    fields = {one.field for where in conditions for one in where}
    return fields | {name for one in comparisons for name in (one.left_field, one.right_field)}
