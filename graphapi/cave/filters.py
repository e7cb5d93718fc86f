"""Row filters of a query, as one value instead of nine parallel dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from graphapi.errors import CaveResponseError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

Operator: TypeAlias = Literal[
    "in", "not_in", "equal", "greater", "at_least", "less", "at_most", "regex", "box"
]

_KEYWORDS: dict[Operator, str] = {
    "in": "filter_in_dict",
    "equal": "filter_equal_dict",
    "greater": "filter_greater_dict",
    "at_least": "filter_greater_equal_dict",
    "less": "filter_less_dict",
    "at_most": "filter_less_equal_dict",
    "regex": "filter_regex_dict",
    "box": "filter_spatial_dict",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One column, one operator, one value."""

    column: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that must all hold. Immutable: every method returns a new value.

    `not_in` is never sent, because the server accepts it and then ignores it; `kept` applies
    it to the answer. All other conditions are sent, and `check` verifies those that can be
    tested on the answer's columns.

    Examples
    --------
    >>> Filters().isin("pre_pt_root_id", [7, 9]).at_least("id", 0).less("id", 100).describe()
    'pre_pt_root_id in 2 values and id at_least 0 and id less 100'
    """

    conditions: tuple[Condition, ...] = ()

    def isin(self, column: str, values: Iterable[Any]) -> Filters:
        """Keep rows whose `column` is one of `values`."""
        return self._and(column, "in", _plain(values))

    def not_in(self, column: str, values: Iterable[Any]) -> Filters:
        """Drop rows whose `column` is one of `values`; applied on the client side."""
        return self._and(column, "not_in", _plain(values))

    def equal(self, column: str, value: Any) -> Filters:
        """Keep rows whose `column` is `value`."""
        return self._and(column, "equal", value)

    def greater(self, column: str, value: Any) -> Filters:
        """Keep rows whose `column` is above `value`."""
        return self._and(column, "greater", value)

    def at_least(self, column: str, value: Any) -> Filters:
        """Keep rows whose `column` is `value` or above."""
        return self._and(column, "at_least", value)

    def less(self, column: str, value: Any) -> Filters:
        """Keep rows whose `column` is below `value`."""
        return self._and(column, "less", value)

    def at_most(self, column: str, value: Any) -> Filters:
        """Keep rows whose `column` is `value` or below."""
        return self._and(column, "at_most", value)

    def regex(self, column: str, pattern: str) -> Filters:
        """Keep rows whose text `column` matches `pattern` (in the server's regex dialect)."""
        return self._and(column, "regex", pattern)

    def box(self, column: str, low: Iterable[float], high: Iterable[float]) -> Filters:
        """Keep rows whose position `column` lies in a box, in the table's voxels."""
        return self._and(column, "box", (tuple(low), tuple(high)))

    def between(self, column: str, low: int, high: int) -> Filters:
        """Keep rows with `low <= column < high`."""
        return self.at_least(column, low).less(column, high)

    def keywords(self) -> dict[str, dict[str, Any]]:
        """Return the conditions as keyword arguments for the CAVE client.

        Returns
        -------
        dict
            `filter_..._dict` -> column -> value. Of two bounds of the same kind on a column,
            the tighter one is used; two lists become their intersection.
        """
        keywords: dict[str, dict[str, Any]] = {}
        for condition in self.conditions:
            if condition.operator == "not_in":
                continue
            columns = keywords.setdefault(_KEYWORDS[condition.operator], {})
            columns[condition.column] = _tighter(condition, columns.get(condition.column))
        return {
            keyword: {column: _listed(value) for column, value in columns.items()}
            for keyword, columns in keywords.items()
        }

    def check(self, answer: pa.Table, where: str) -> None:
        """Raise an error if the answer contains rows that were not requested.

        Raises
        ------
        CaveResponseError
            A row does not meet a condition: the server ignored it.
        """
        for condition in self.conditions if answer.num_rows else ():
            if condition.operator in ("not_in", "regex", "box"):
                continue
            if condition.column not in answer.column_names:
                continue
            held = _holds(condition, answer[condition.column], where)
            broken = answer.num_rows - sum(chunk.true_count for chunk in held.chunks)
            if broken:
                raise CaveResponseError(
                    f"{where}: {broken} of {answer.num_rows} rows do not meet the condition "
                    f"'{condition.column} {condition.operator}'",
                    hint="the server ignores this filter; tell its administrators",
                )

    def kept(self, answer: pa.Table) -> pa.Table:
        """Apply the conditions that the server ignores."""
        for condition in self.conditions:
            if condition.operator == "not_in":
                answer = answer.filter(_holds(condition, answer[condition.column], "the answer"))
        return answer

    def describe(self) -> str:
        """Describe the conditions in words; long lists are described by their length."""
        if not self.conditions:
            return "all rows"
        return " and ".join(
            f"{c.column} {c.operator} "
            + (f"{len(c.value)} values" if c.operator in ("in", "not_in") else f"{c.value}")
            for c in self.conditions
        )

    def _and(self, column: str, operator: Operator, value: Any) -> Filters:
        return Filters((*self.conditions, Condition(column, operator, value)))


def _plain(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(v.item() if isinstance(v, np.generic) else v for v in values)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tighter(condition: Condition, other: Any) -> Any:
    value = condition.value
    if other is None:
        return value
    if condition.operator in ("greater", "at_least"):
        return max(value, other)
    if condition.operator in ("less", "at_most"):
        return min(value, other)
    if condition.operator == "in":
        allowed = set(other)
        return tuple(v for v in value if v in allowed)
    if value != other:
        raise ValueError(f"two '{condition.operator}' conditions on {condition.column}")
    return value


def _holds(condition: Condition, column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    """Return whether each value meets a condition; a null only meets `not_in`."""
    import pyarrow as pa

    try:
        return _compared(condition, column)
    except pa.ArrowException as error:
        raise CaveResponseError(
            f"{where}: column '{condition.column}' has type {column.type}, which does not "
            f"support '{condition.operator}'"
        ) from error


def _compared(condition: Condition, column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    value = condition.value
    match condition.operator:
        case "in":
            return pc.is_in(column, pa.array(value, type=column.type))
        case "not_in":
            return pc.invert(pc.is_in(column, pa.array(value, type=column.type)))
        case "equal":
            held = pc.equal(column, value)
        case "greater":
            held = pc.greater(column, value)
        case "at_least":
            held = pc.greater_equal(column, value)
        case "less":
            held = pc.less(column, value)
        case "at_most":
            held = pc.less_equal(column, value)
        case _:
            raise ValueError(f"'{condition.operator}' cannot be tested on an answer")
    return pc.fill_null(held, False)
