"""Bind a pattern to a graph: look up its fields, and give constants the fields' types."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from graphapi.errors import UnknownFieldError
from graphapi.motifs.contradiction import refuse_contradictions
from graphapi.motifs.pattern import Condition, located

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphapi.graph.materialization import Materialization
    from graphapi.motifs.pattern import Comparison, Edge, Kind, Op, Pattern, Scalar, Value

#: What a connection carries in the graph model.
EDGE_FIELDS = {"weight": "int", "size_sum": "int"}

_NUMERIC = ("int", "float")
_SIGNS = {"excitatory": "'-+'", "inhibitory": "'-|' (or '--')"}
_ORDERED = ("<", "<=", ">", ">=")


@dataclass(frozen=True)
class MotifSchema:
    """The fields of a graph that motifs can refer to.

    Parameters
    ----------
    nodes
        Type of each neuron property: `int`, `float`, `string`, `bool` or `list[...]` of these.
    edges
        Type of each property of a connection.
    signs
        What excitatory (`-+`) and inhibitory (`-|`, `--`) mean: conditions that the
        presynaptic neuron meets. Empty if the graph does not know.
    """

    nodes: Mapping[str, str]
    edges: Mapping[str, str] = field(default_factory=lambda: dict(EDGE_FIELDS))
    signs: Mapping[Kind, tuple[Condition, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", {**self.nodes, "root_id": "int"})

    @classmethod
    def of(cls, made: Materialization) -> MotifSchema:
        """Return the fields that a graph's record names."""
        edges = {n: kind for n, kind in EDGE_FIELDS.items() if made.has_size or n == "weight"}
        return cls({one.name: one.type for one in made.neuron_fields}, edges)


def bind(pattern: Pattern, schema: MotifSchema) -> Pattern:
    """Check a pattern against a graph's schema and give its constants the right types.

    Raises
    ------
    UnknownFieldError
        The graph has no such field; the hint names similar ones.
    MotifError
        A constant or an operator does not go with the field's type, conditions contradict
        each other, or the graph does not know the sign of connections.
    """
    bound = replace(
        pattern,
        nodes=tuple(
            replace(node, where=_typed(pattern, node.where, schema.nodes, f"'{node.name}'"))
            for node in pattern.nodes
        ),
        edges=tuple(_bind_edge(pattern, edge, schema) for edge in pattern.edges),
        absent=tuple(_bind_edge(pattern, edge, schema) for edge in pattern.absent),
    )
    for one in bound.node_comparisons:
        _check_comparison(bound, one, schema.nodes, "a neuron")
    for one in bound.edge_comparisons:
        _check_comparison(bound, one, schema.edges, "a connection")
    refuse_contradictions(bound)
    return bound


def _bind_edge(pattern: Pattern, edge: Edge, schema: MotifSchema) -> Edge:
    name = f"{pattern.nodes[edge.pre].name} -> {pattern.nodes[edge.post].name}"
    where = _typed(pattern, edge.where, schema.edges, f"'{name}'")
    if edge.kind == "any":
        return replace(edge, where=where)
    if edge.kind not in schema.signs:
        raise pattern.error(
            edge.line,
            f"{_SIGNS[edge.kind]} asks for an {edge.kind} connection, but it is not said which "
            f"connections are {edge.kind}",
            hint="give a table of signs (signs='fly', or --signed fly), or write "
            f"'{name}' and a condition on the field that holds the transmitter, such as "
            f'{pattern.nodes[edge.pre].name}.transmitter = "gaba"',
        )
    if pattern.undirected:
        raise pattern.error(edge.line, "a sign has no meaning when direction is ignored")
    sign = _typed(pattern, schema.signs[edge.kind], schema.nodes, "the presynaptic neuron")
    return replace(edge, where=where, pre_where=sign)


def _typed(
    pattern: Pattern, where: tuple[Condition, ...], types: Mapping[str, str], owner: str
) -> tuple[Condition, ...]:
    return tuple(_bind_condition(pattern, one, types, owner) for one in where)


def _bind_condition(
    pattern: Pattern, one: Condition, types: Mapping[str, str], owner: str
) -> Condition:
    kind = _type_of(pattern, one.field, one.line, types, owner)
    if kind.startswith("list["):
        if one.op not in ("contains", "!contains"):
            raise pattern.error(one.line, f"'{one.field}' is a list: use contains or !contains")
        op: Op = "has" if one.op == "contains" else "!has"
        return replace(one, op=op, value=_convert(pattern, one, one.value, kind[5:-1]))
    if one.op in ("contains", "!contains"):
        if kind != "string":
            raise pattern.error(one.line, f"'{one.field}' is {kind}: contains needs text or a list")
        return replace(one, value=_convert(pattern, one, one.value, kind))
    if one.op in ("in", "!in"):
        return _bind_membership(pattern, one, kind)
    if one.op in _ORDERED and kind == "bool":
        raise pattern.error(one.line, f"'{one.field}' is bool: it has no order")
    if one.op in _ORDERED and kind == "int" and isinstance(one.value, float):
        return _whole_bound(pattern, one, one.value)
    return replace(one, value=_convert(pattern, one, one.value, kind))


def _bind_membership(pattern: Pattern, one: Condition, kind: str) -> Condition:
    if isinstance(one.value, str) and kind == "string":
        return one  # as in DotMotif: the field's value is a part of the text
    values = one.value if isinstance(one.value, tuple) else (one.value,)
    return replace(one, value=tuple(_scalar(pattern, one, v, kind) for v in values))


def _whole_bound(pattern: Pattern, one: Condition, value: float) -> Condition:
    """Replace a fractional bound on whole numbers by the equivalent whole number."""
    if not math.isfinite(value):
        raise pattern.error(one.line, f"{value} is not a bound")
    whole = math.floor(value) if one.op in (">", "<=") else math.ceil(value)
    return replace(one, value=whole)


def _convert(pattern: Pattern, one: Condition, value: Value, kind: str) -> Scalar:
    if isinstance(value, tuple):
        raise pattern.error(one.line, f"'{one.op}' takes one value")
    return _scalar(pattern, one, value, kind)


def _scalar(pattern: Pattern, one: Condition, value: Scalar, kind: str) -> Scalar:
    """Convert a constant to the type of its field, if nothing is lost."""
    if kind == "string" and isinstance(value, str):
        return value
    if kind == "bool":
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
    if kind in _NUMERIC and not isinstance(value, bool):
        number = _number(value)
        if number is not None and kind == "float":
            return float(number)
        if number is not None and number == int(number):
            return int(number)
        if number is not None:
            above, below = math.ceil(number), math.floor(number)
            raise pattern.error(
                one.line,
                f"'{one.field}' is a whole number and never equals {number}",
                hint=f"write {one.field} >= {above} or {one.field} <= {below}",
            )
    if kind == "string":
        quoted = f'write {one.field} {one.op} "{value}"'
        raise pattern.error(one.line, f"'{one.field}' is text, but {value!r} is not", hint=quoted)
    raise pattern.error(one.line, f"'{one.field}' is {kind}, but {value!r} is not")


def _number(value: Scalar) -> int | float | None:
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _check_comparison(
    pattern: Pattern, one: Comparison, types: Mapping[str, str], owner: str
) -> None:
    left = _type_of(pattern, one.left_field, one.line, types, owner)
    right = _type_of(pattern, one.right_field, one.line, types, owner)
    alike = left == right or (left in _NUMERIC and right in _NUMERIC)
    if not alike or left.startswith("list["):
        raise pattern.error(
            one.line,
            f"'{one.left_field}' ({left}) and '{one.right_field}' ({right}) cannot be compared",
        )
    if one.op in _ORDERED and left == "bool":
        raise pattern.error(one.line, f"'{one.left_field}' is bool: it has no order")


def _type_of(pattern: Pattern, name: str, line: int, types: Mapping[str, str], owner: str) -> str:
    if name in types:
        return types[name]
    close = difflib.get_close_matches(name, types, n=5)
    known = close or sorted(types)[:20]
    raise UnknownFieldError(
        located(pattern.source, line, f"{owner} has no field '{name}' in this graph"),
        hint=f"{'did you mean' if close else 'known fields'}: {', '.join(known)}",
    )
