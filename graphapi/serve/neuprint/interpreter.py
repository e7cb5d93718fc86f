"""Run a query of neuPrint's clients, clause by clause."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.errors import InputError
from graphapi.serve.neuprint.evaluate import Evaluator
from graphapi.serve.neuprint.frame import (
    Connection,
    Edges,
    Frame,
    Neuron,
    Nodes,
    Path,
    Point,
    as_values,
)
from graphapi.serve.neuprint.grouping import grouped, has_aggregate
from graphapi.serve.neuprint.matching import Matcher
from graphapi.serve.neuprint.operators import key, order_key
from graphapi.serve.neuprint.tree import (
    Constant,
    Match,
    NotUnderstoodError,
    Project,
    Property,
    Unwind,
    Variable,
    children,
    conjuncts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.common.threads import Stop
    from graphapi.serve.neuprint.frame import Values
    from graphapi.serve.neuprint.neurons import NeuronTable
    from graphapi.serve.neuprint.tree import Clause, Expression, Query

#: Types of values that are values of JSON as they are.
_READY = frozenset((int, str, bool, type(None)))


@dataclass(frozen=True)
class Result:
    """A table in neuPrint's form: names of columns, and rows."""

    columns: list[str]
    rows: Sequence[Sequence[Any]]


def run(query: Query, table: NeuronTable, meta: dict[str, Any], stop: Stop) -> Result:
    """Run a query.

    Parameters
    ----------
    query
        The query.
    table
        The neurons' properties.
    meta
        What `:Meta` says.
    stop
        The time that the query has.

    Raises
    ------
    NotUnderstoodError
        The query is of another shape.
    InputError
        The graph does not have what it asks for.
    QueryTimeoutError
        It takes too long.
    """
    table.connectome.check_unchanged()
    evaluator = Evaluator(table)
    matcher = Matcher(evaluator, meta, stop)
    frame = Frame({}, 1)
    for place, clause in enumerate(query.clauses):
        stop.check()
        if isinstance(clause, Match):
            after = query.clauses[place + 1] if place + 1 < len(query.clauses) else None
            frame = matcher.match(frame, clause, _later(after))
        elif isinstance(clause, Unwind):
            frame = _unwound(frame, evaluator.values(clause.value, frame), clause.name)
        else:
            frame = _projected(frame, clause, evaluator)
    return _result(frame, query, table)


def _later(clause: Clause | None) -> list[Expression]:
    """Return the conditions of a WITH that only passes values on."""
    if not isinstance(clause, Project) or clause.distinct or clause.order or clause.limit:
        return []
    for one in clause.columns:
        same = isinstance(one.value, Variable) and one.value.name == one.name
        if not same and not isinstance(one.value, Constant):
            return []
    return [] if clause.skip else conjuncts(clause.where)


def _unwound(frame: Frame, lists: Values, name: str) -> Frame:
    if any(one is not None and not isinstance(one, list) for one in lists):
        raise InputError("UNWIND of something that is not a list")
    rows = np.repeat(np.arange(frame.size), [len(one or ()) for one in lists])
    flat = [value for one in lists for value in one or ()]
    return frame.take(rows).and_({name: flat})


def _projected(frame: Frame, clause: Project, evaluator: Evaluator) -> Frame:
    alone = clause.distinct
    if any(has_aggregate(one.value) for one in clause.columns):
        made, alone = grouped(frame, clause.columns, evaluator), True
    else:
        columns = {one.name: evaluator.column(one.value, frame) for one in clause.columns}
        made = Frame(columns, frame.size)
        if clause.distinct:
            made = _distinct(made)
    if len(made.columns) != len(clause.columns):
        raise InputError("two columns have the same name")
    if clause.order:
        seen = made if alone else Frame({**frame.columns, **made.columns}, made.size)
        order = [(_as_column(value, clause), down) for value, down in clause.order]
        made = made.take(_sorted(seen, order, evaluator))
    made = _cut(made, clause, evaluator)
    return made if clause.where is None else made.where(evaluator.holds(clause.where, made))


def _as_column(value: Expression, clause: Project) -> Expression:
    """Return a sort key; the variable of the column that has the same value, if there is one."""
    return next((Variable(one.name) for one in clause.columns if one.value == value), value)


def _distinct(frame: Frame) -> Frame:
    first: dict[Any, int] = {}
    rows = zip(*(as_values(one) for one in frame.columns.values()), strict=True)
    for place, row in enumerate(rows):
        first.setdefault(key(list(row)), place)
    return frame.take(np.array(list(first.values()), dtype=np.int64))


def _sorted(frame: Frame, order: Any, evaluator: Evaluator) -> Any:
    rows = list(range(frame.size))
    for value, descending in reversed(order):
        keys = evaluator.values(value, frame)
        if set(map(type, keys)) != {int}:
            keys = [order_key(one) for one in keys]
        rows.sort(key=keys.__getitem__, reverse=descending)
    return np.array(rows, dtype=np.int64)


def _cut(frame: Frame, clause: Project, evaluator: Evaluator) -> Frame:
    limits = []
    for part in (clause.skip, clause.limit):
        value = None if part is None else evaluator.values(part, Frame({}, 1))[0]
        if value is not None and (not isinstance(value, int) or value < 0):
            raise InputError("SKIP and LIMIT take a whole number")
        limits.append(value)
    first = limits[0] or 0
    last = None if limits[1] is None else first + limits[1]
    if not first and last is None:
        return frame
    return frame.take(np.arange(frame.size)[first:last])


def _result(frame: Frame, query: Query, table: NeuronTable) -> Result:
    columns = [_plain(one, table) for one in frame.columns.values()]
    names = list(frame.columns)
    if query.renamed:
        missing = [old for old, _ in query.renamed if old not in names]
        if missing:
            raise NotUnderstoodError(f"the inner query has no column {missing[0]}")
        columns = [columns[names.index(old)] for old, _ in query.renamed]
        names = [new for _, new in query.renamed]
    return Result(names, list(zip(*columns, strict=True)))


def _plain(one: Any, table: NeuronTable) -> Values:
    """Return a column as values for JSON."""
    if isinstance(one, Nodes):
        return table.maps(one.ids)
    if isinstance(one, Edges):
        parts = zip(one.weight.tolist(), table.of_edges(one, "roiInfo"), strict=True)
        return [{"weight": weight, "roiInfo": regions} for weight, regions in parts]
    if set(map(type, one)) <= _READY:
        return list(one)
    return [_value(value, table) for value in one]


def _value(value: Any, table: NeuronTable) -> Any:
    if isinstance(value, Neuron):
        return table.maps(np.array([value], dtype=np.int64))[0]
    if isinstance(value, Connection):
        return {"weight": value[2]}
    if isinstance(value, Path):
        raise NotUnderstoodError("a path as a result; return its nodes and relationships")
    if isinstance(value, list):
        return [_value(element, table) for element in value]
    if isinstance(value, Point):
        return {"type": "Point", "coordinates": list(value.values())}
    if isinstance(value, dict):
        return {name: _value(element, table) for name, element in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def properties_in(query: Query) -> set[str]:
    """Return the properties that a query names."""
    found: set[str] = set()
    waiting: list[Expression] = []
    for clause in query.clauses:
        if isinstance(clause, Match):
            waiting += [] if clause.where is None else [clause.where]
        elif isinstance(clause, Unwind):
            waiting.append(clause.value)
        else:
            waiting += [one.value for one in clause.columns]
            waiting += [value for value, _ in clause.order]
            waiting += [] if clause.where is None else [clause.where]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Property):
            found.add(one.name)
        waiting += children(one)
    return found
