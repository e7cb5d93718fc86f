"""The parts of a Cypher query, as far as neuPrint's clients write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotUnderstoodError(InputError):
    """The query is not one of those that are answered without the database's own Cypher."""


@dataclass(frozen=True)
class Constant:
    """A number, a text, true, false or null."""

    value: object


@dataclass(frozen=True)
class Variable:
    """A name."""

    name: str


@dataclass(frozen=True)
class Property:
    """`owner.name`."""

    owner: Expression
    name: str


@dataclass(frozen=True)
class Item:
    """`owner[index]`."""

    owner: Expression
    index: Expression


@dataclass(frozen=True)
class Listed:
    """`[a, b]`."""

    elements: tuple[Expression, ...]


@dataclass(frozen=True)
class Mapped:
    """`{a: b}`."""

    entries: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Operation:
    """An operator and its operands; AND and OR take any number."""

    sign: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Call:
    """A function and its arguments; `count(*)` has none."""

    name: str
    arguments: tuple[Expression, ...]
    distinct: bool = False


@dataclass(frozen=True)
class Comprehension:
    """`[x IN list WHERE test | made]`, or ALL, ANY, NONE and SINGLE with a test."""

    kind: Literal["list", "all", "any", "none", "single"]
    name: str
    source: Expression
    test: Expression | None
    made: Expression | None


Expression: TypeAlias = (
    Constant | Variable | Property | Item | Listed | Mapped | Operation | Call | Comprehension
)


@dataclass(frozen=True)
class Node:
    """A node of a pattern."""

    name: str
    labels: tuple[str, ...]
    properties: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True)
class Edge:
    """A relationship of a pattern; `most` is None for any number of hops."""

    name: str
    types: tuple[str, ...]
    forward: bool
    least: int = 1
    most: int | None = 1
    varies: bool = False


@dataclass(frozen=True)
class Pattern:
    """A chain of nodes and edges; `finder` is empty, `shortestpath` or `allshortestpaths`."""

    name: str
    finder: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Column:
    """One result of WITH or RETURN."""

    name: str
    value: Expression


@dataclass(frozen=True)
class Match:
    """MATCH."""

    patterns: tuple[Pattern, ...]
    where: Expression | None


@dataclass(frozen=True)
class Unwind:
    """UNWIND."""

    value: Expression
    name: str


@dataclass(frozen=True)
class Project:
    """WITH or RETURN."""

    columns: tuple[Column, ...]
    distinct: bool = False
    order: tuple[tuple[Expression, bool], ...] = ()
    skip: Expression | None = None
    limit: Expression | None = None
    where: Expression | None = None


Clause: TypeAlias = Match | Unwind | Project


@dataclass(frozen=True)
class Query:
    """A whole query: its clauses; a time limit in seconds, if it sets one."""

    clauses: tuple[Clause, ...]
    seconds: float | None = None
    renamed: tuple[tuple[str, str], ...] = field(default=())


def children(expression: Expression) -> tuple[Expression, ...]:
    """Return the parts of an expression that are expressions."""
    match expression:
        case Property(owner):
            return (owner,)
        case Item(owner, index):
            return (owner, index)
        case Listed(elements):
            return elements
        case Mapped(entries):
            return tuple(value for _, value in entries)
        case Operation(_, operands):
            return operands
        case Call(_, arguments):
            return arguments
        case Comprehension(_, _, source, test, made):
            return tuple(one for one in (source, test, made) if one is not None)
        case _:
            return ()


def names_in(expression: Expression) -> frozenset[str]:
    """Return the variables that an expression reads from outside."""
    if isinstance(expression, Variable):
        return frozenset((expression.name,))
    found = frozenset[str]().union(*(names_in(one) for one in children(expression)))
    if isinstance(expression, Comprehension):
        inner = [one for one in (expression.test, expression.made) if one is not None]
        bound = frozenset[str]().union(*(names_in(one) for one in inner)) - {expression.name}
        return bound | names_in(expression.source)
    return found


def replaced(expression: Expression, new: Sequence[tuple[Expression, Expression]]) -> Expression:
    """Return an expression with some of its parts replaced."""
    for old, made in new:
        if expression == old:
            return made

    def each(parts: tuple[Expression, ...]) -> tuple[Expression, ...]:
        return tuple(replaced(one, new) for one in parts)

    match expression:
        case Property(owner, name):
            return Property(replaced(owner, new), name)
        case Item(owner, index):
            return Item(*each((owner, index)))
        case Operation(sign, operands):
            return Operation(sign, each(operands))
        case Call(name, arguments, distinct):
            return Call(name, each(arguments), distinct)
        case _:
            return expression


def conjuncts(where: Expression | None) -> list[Expression]:
    """Return the parts of a condition that must all hold."""
    if where is None:
        return []
    if isinstance(where, Operation) and where.sign == "AND":
        return [part for operand in where.operands for part in conjuncts(operand)]
    return [where]


def both(one: Expression | None, other: Expression | None) -> Expression | None:
    """Return the condition that both hold."""
    if one is None or other is None:
        return other if one is None else one
    return Operation("AND", (one, other))
