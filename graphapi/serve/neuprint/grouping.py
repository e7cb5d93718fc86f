"""Aggregation: rows that agree in all other columns become one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.serve.neuprint.frame import Edges, Frame, Nodes, as_values
from graphapi.serve.neuprint.operators import AGGREGATES, aggregate, key
from graphapi.serve.neuprint.tree import (
    Call,
    Item,
    NotUnderstoodError,
    Operation,
    Variable,
    children,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.serve.neuprint.evaluate import Evaluator
    from graphapi.serve.neuprint.frame import Column, Values
    from graphapi.serve.neuprint.tree import Column as Result
    from graphapi.serve.neuprint.tree import Expression


def has_aggregate(expression: Expression) -> bool:
    """Return whether an expression sums up several rows."""
    if isinstance(expression, Call) and expression.name in AGGREGATES:
        return True
    return any(has_aggregate(one) for one in children(expression))


def grouped(frame: Frame, columns: Sequence[Result], evaluator: Evaluator) -> Frame:
    """Return one row for each group of rows that agree in the columns without aggregates."""
    keys = {
        one.name: evaluator.column(one.value, frame)
        for one in columns
        if not has_aggregate(one.value)
    }
    groups: dict[Any, list[int]] = {}
    if keys:
        for row, values in enumerate(zip(*(as_values(one) for one in keys.values()), strict=True)):
            groups.setdefault(key(list(values)), []).append(row)
    else:
        groups[None] = list(range(frame.size))
    first = np.array([rows[0] for rows in groups.values()] if keys else [], dtype=np.int64)
    made: dict[str, Column] = dict(Frame(keys, frame.size).take(first).columns) if keys else {}
    finished: dict[str, Column] = {}
    for one in columns:
        if one.name in made:
            finished[one.name] = made[one.name]
            continue
        parts: dict[str, Column] = {}
        rest = _taken_out(one.value, frame, list(groups.values()), evaluator, parts)
        finished[one.name] = evaluator.column(rest, Frame({**made, **parts}, len(groups)))
    return Frame(finished, len(groups))


def _counts_rows(call: Call, frame: Frame) -> bool:
    """Return whether it counts neurons or connections, which are never null."""
    argument = call.arguments[0]
    if call.name != "count" or call.distinct or not isinstance(argument, Variable):
        return False
    return isinstance(frame.columns.get(argument.name), (Nodes, Edges))


def _taken_out(
    expression: Expression,
    frame: Frame,
    groups: list[list[int]],
    evaluator: Evaluator,
    parts: dict[str, Column],
) -> Expression:
    """Replace each aggregate by a variable whose column is put into `parts`."""
    if isinstance(expression, Call) and expression.name in AGGREGATES:
        if len(expression.arguments) > 1 or (
            not expression.arguments and expression.name != "count"
        ):
            raise NotUnderstoodError(f"{expression.name}() with other than one argument")
        values: Values = [True] * frame.size
        if expression.arguments and not _counts_rows(expression, frame):
            values = evaluator.values(expression.arguments[0], frame)
        name = f" part {len(parts)}"
        parts[name] = [
            aggregate(expression.name, [values[row] for row in rows], distinct=expression.distinct)
            for rows in groups
        ]
        return Variable(name)

    def inner(one: Expression) -> Expression:
        return _taken_out(one, frame, groups, evaluator, parts)

    if isinstance(expression, Operation):
        return replace(expression, operands=tuple(map(inner, expression.operands)))
    if isinstance(expression, Call):
        return replace(expression, arguments=tuple(map(inner, expression.arguments)))
    if isinstance(expression, Item):
        return replace(expression, owner=inner(expression.owner), index=inner(expression.index))
    if has_aggregate(expression):
        raise NotUnderstoodError("an aggregate inside a list or a map")
    return expression
