"""Evaluate expressions, one column at a time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.errors import InputError
from graphapi.serve.neuprint.frame import (
    Connection,
    Edges,
    Frame,
    Neuron,
    Nodes,
    Path,
    Synapse,
    as_values,
    column,
)
from graphapi.serve.neuprint.operators import (
    BINARY,
    COMPARISONS,
    FUNCTIONS,
    coalesced,
    conjunction,
    disjunction,
    full_matches,
    item,
    negation,
)
from graphapi.serve.neuprint.tree import (
    Call,
    Comprehension,
    Constant,
    Item,
    Listed,
    Mapped,
    NotUnderstoodError,
    Operation,
    Property,
    Variable,
    names_in,
)

if TYPE_CHECKING:
    from graphapi.serve.neuprint.frame import Column, Values
    from graphapi.serve.neuprint.neurons import NeuronTable
    from graphapi.serve.neuprint.tree import Expression


class Evaluator:
    """Evaluates expressions on rows, with the properties of an open graph."""

    def __init__(self, table: NeuronTable) -> None:
        self.table = table

    def column(self, expression: Expression, frame: Frame) -> Column:
        """Return an expression's column; neurons stay neurons."""
        if isinstance(expression, Variable):
            return self._variable(expression, frame)
        return self.values(expression, frame)

    def values(self, expression: Expression, frame: Frame) -> Values:
        """Return an expression's value in each row."""
        match expression:
            case Constant(value):
                return [value] * frame.size
            case Variable():
                return as_values(self._variable(expression, frame))
            case Property(owner, name):
                return self._property(self.column(owner, frame), name)
            case Item(owner, index):
                owners, places = self.values(owner, frame), self.values(index, frame)
                return [item(one, at) for one, at in zip(owners, places, strict=True)]
            case Listed(elements):
                parts = [self.values(one, frame) for one in elements]
                return [list(row) for row in zip(*parts, strict=True)] or [[]] * frame.size
            case Mapped(entries):
                parts = [self.values(one, frame) for _, one in entries]
                names = [name for name, _ in entries]
                rows = zip(*parts, strict=True)
                return [dict(zip(names, row, strict=True)) for row in rows] or [{}] * frame.size
            case Operation():
                return self._operation(expression, frame)
            case Call():
                return self._call(expression, frame)
            case Comprehension():
                return self._comprehension(expression, frame)

    def holds(self, condition: Expression, frame: Frame) -> Values:
        """Return whether a condition holds in each row: true, false, or None if unknown."""
        self._require(condition, frame)
        return self.values(condition, frame)

    def _variable(self, expression: Variable, frame: Frame) -> Column:
        try:
            return frame.columns[expression.name]
        except KeyError:
            raise InputError(f"the query does not say what {expression.name} is") from None

    def _property(self, owners: Column, name: str) -> Values:
        if isinstance(owners, list):
            owners = column(owners)
        if isinstance(owners, Nodes):
            return self.table.of(owners.ids, name)
        if isinstance(owners, Edges):
            return self.table.of_edges(owners, name)
        found = []
        for one in owners:
            if one is not None and not isinstance(one, dict):
                raise InputError(f".{name} of something that has no properties")
            found.append(None if one is None else one.get(name))
        return found

    def _operation(self, operation: Operation, frame: Frame) -> Values:
        sign = operation.sign
        if sign in COMPARISONS or sign in ("AND", "OR"):
            for operand in operation.operands:
                self._require(operand, frame)
        parts = [self.values(one, frame) for one in operation.operands]
        if sign in ("AND", "OR"):
            join = conjunction if sign == "AND" else disjunction
            return [join(row) for row in zip(*parts, strict=True)]
        if sign == "NOT":
            return [negation(one) for one in parts[0]]
        if sign in ("IS NULL", "IS NOT NULL"):
            return [(one is None) == (sign == "IS NULL") for one in parts[0]]
        left, right = parts
        if sign == "=~":
            return self._matches(left, right)
        if sign == "IN":
            return _members(left, right)
        return [BINARY[sign](a, b) for a, b in zip(left, right, strict=True)]

    def _require(self, operand: Expression, frame: Frame) -> None:
        """Refuse a condition on a property that no neuron has: it would find nothing."""
        if not isinstance(operand, Property) or not isinstance(operand.owner, Variable):
            return
        owners = frame.columns.get(operand.owner.name)
        if isinstance(owners, Nodes):
            self.table.require(operand.name)
        elif isinstance(owners, Edges) and operand.name not in ("weight", "roiInfo"):
            raise InputError(
                f"connections have no property {operand.name!r}", hint="they have: weight, roiInfo"
            )
        elif isinstance(owners, list) and owners and isinstance(owners[0], Synapse):
            names = owners[0].names
            if operand.name not in names:
                raise InputError(
                    f"synapses of {self.table.connectome.name} have no property {operand.name!r}",
                    hint=f"they have: {', '.join(sorted(names))}",
                )

    def _matches(self, texts: Values, patterns: Values) -> Values:
        found: Values = [None] * len(texts)
        distinct = {one for one in patterns if isinstance(one, str)}
        for pattern in distinct:
            rows = [row for row, one in enumerate(patterns) if one == pattern]
            for row, value in zip(
                rows, full_matches([texts[row] for row in rows], pattern), strict=True
            ):
                found[row] = value
        return found

    def _call(self, call: Call, frame: Frame) -> Values:
        if call.name == "keys":
            return [self._keys(one) for one in self.values(call.arguments[0], frame)]
        if call.name == "id":
            return [_id(one) for one in self.values(call.arguments[0], frame)]
        if call.name in ("nodes", "relationships", "length"):
            return [_of_path(call.name, one) for one in self.values(call.arguments[0], frame)]
        parts = [self.values(one, frame) for one in call.arguments]
        if call.name == "coalesce":
            return coalesced(parts, frame.size)
        function = FUNCTIONS.get(call.name)
        if function is None:
            raise NotUnderstoodError(f"this server does not compute {call.name}()")
        try:
            return [function(*row) for row in zip(*parts, strict=True)]
        except TypeError as error:
            raise InputError(f"{call.name}() with wrong arguments") from error

    def _keys(self, value: Any) -> Any:
        if isinstance(value, Neuron):
            return list(self.table.maps(np.array([value], dtype=np.int64))[0])
        if isinstance(value, Synapse) and not self.table.regions.primary:
            raise InputError(
                "this graph has no regions, so its synapses cannot be told by region",
                hint="fetch_mean_synapses(..., by_roi=False)",
            )
        if value is None or isinstance(value, dict):
            return None if value is None else list(value)
        raise NotUnderstoodError("keys() of something that is neither a neuron nor a map")

    def _comprehension(self, made: Comprehension, frame: Frame) -> Values:
        """Evaluate for all elements of all lists together."""
        lists = self.values(made.source, frame)
        if any(one is not None and not isinstance(one, list) for one in lists):
            raise InputError(f"'{made.name} IN' something that is not a list")
        counts = [len(one or ()) for one in lists]
        rows = np.repeat(np.arange(frame.size), counts)
        needed = frozenset[str]().union(
            *(names_in(one) for one in (made.test, made.made) if one is not None)
        )
        outer = Frame({n: c for n, c in frame.columns.items() if n in needed}, frame.size)
        flat = list(itertools.chain.from_iterable(one or () for one in lists))
        inner = outer.take(rows).and_({made.name: column(flat)})
        tests = [True] * len(flat) if made.test is None else self.values(made.test, inner)
        shown = flat if made.made is None else self.values(made.made, inner)
        found: Values = []
        at = 0
        for one, count in zip(lists, counts, strict=True):
            kept = tests[at : at + count]
            if one is None:
                found.append(None)
            elif made.kind == "list":
                part = zip(shown[at : at + count], kept, strict=True)
                found.append([value for value, test in part if test is True])
            else:
                found.append(_quantified(made.kind, kept))
            at += count
        return found


def _quantified(kind: str, kept: Values) -> Any:
    if kind == "all":
        return conjunction(kept)
    if kind == "single":
        return sum(one is True for one in kept) == 1
    some = disjunction(kept)
    return negation(some) if kind == "none" else some


def _members(values: Values, lists: Values) -> Values:
    """Return IN; a list that all rows share is looked through once."""
    if lists and isinstance(lists[0], list) and lists.count(lists[0]) == len(lists):
        try:
            wanted = set(lists[0])
        except TypeError as error:
            raise NotUnderstoodError("IN a list of lists") from error
        unknown = None if None in wanted else False
        return [
            None if one is None and wanted else (True if one in wanted else unknown)
            for one in values
        ]
    return [_member(one, among) for one, among in zip(values, lists, strict=True)]


def _member(value: Any, among: Any) -> Any:
    if among is None or (value is None and among):
        return None
    if not isinstance(among, list):
        raise InputError("IN something that is not a list")
    if value in among:
        return True
    return None if None in among else False


def _id(value: Any) -> Any:
    if not isinstance(value, Synapse):
        raise NotUnderstoodError("id() of something that is not a synapse")
    return value["id"]


def _of_path(name: str, value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, Path):
        raise NotUnderstoodError(f"{name}() of something that is not a path")
    if name == "length":
        return len(value.weights)
    if name == "nodes":
        return [Neuron(one) for one in value.neurons]
    steps = zip(itertools.pairwise(value.neurons), value.weights, strict=True)
    return [Connection((pre, post, weight)) for (pre, post), weight in steps]
