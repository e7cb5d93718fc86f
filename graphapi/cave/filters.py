"""The row filters of a query, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from graphapi.errors import CaveResponseError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

Operator: TypeAlias = Literal["in", "at_least", "less"]

_KEYWORDS: dict[Operator, str] = {
    "in": "filter_in_dict",
    "at_least": "filter_greater_equal_dict",
    "less": "filter_less_dict",
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

    The conditions are those that servers apply reliably; `check` verifies that they did.

    Examples
    --------
    >>> Filters().isin("pre_pt_root_id", [7, 9]).between("id", 0, 100).describe()
    'pre_pt_root_id in 2 values and id at_least 0 and id less 100'
    """

    conditions: tuple[Condition, ...] = ()

    def isin(self, column: str, values: Iterable[Any]) -> Filters:
        """Keep rows whose `column` is one of `values`."""
        plain = tuple(v.item() if isinstance(v, np.generic) else v for v in values)
        return self._and(column, "in", plain)

    def at_least(self, column: str, value: Any) -> Filters:
        """Keep rows whose `column` is `value` or above."""
        return self._and(column, "at_least", value)

    def between(self, column: str, low: int, high: int) -> Filters:
        """Keep rows with `low <= column < high`."""
        return Filters((*self.at_least(column, low).conditions, Condition(column, "less", high)))

    def keywords(self) -> dict[str, dict[str, Any]]:
        """Return the conditions as keyword arguments for the CAVE client.

        Returns
        -------
        dict
            `filter_..._dict` -> column -> value.

        Raises
        ------
        ValueError
            A column has two conditions of one kind.
        """
        keywords: dict[str, dict[str, Any]] = {}
        for one in self.conditions:
            columns = keywords.setdefault(_KEYWORDS[one.operator], {})
            if one.column in columns:
                raise ValueError(f"two '{one.operator}' conditions on {one.column}")
            columns[one.column] = list(one.value) if one.operator == "in" else one.value
        return keywords

    def check(self, answer: pa.Table, where: str) -> None:
        """Raise an error if the answer contains rows that were not requested.

        Raises
        ------
        CaveResponseError
            A row does not meet a condition: the server ignored it.
        """
        for one in self.conditions if answer.num_rows else ():
            if one.column not in answer.column_names:
                continue
            held = _holds(one, answer[one.column], where)
            broken = answer.num_rows - sum(chunk.true_count for chunk in held.chunks)
            if broken:
                raise CaveResponseError(
                    f"{where}: {broken} of {answer.num_rows} rows do not meet the condition "
                    f"'{one.column} {one.operator}'",
                    hint="the server ignores this filter; tell its administrators",
                )

    def describe(self) -> str:
        """Describe the conditions in words; long lists are described by their length."""
        if not self.conditions:
            return "all rows"
        return " and ".join(
            f"{c.column} {c.operator} "
            + (f"{len(c.value)} values" if c.operator == "in" else f"{c.value}")
            for c in self.conditions
        )

    def _and(self, column: str, operator: Operator, value: Any) -> Filters:
        return Filters((*self.conditions, Condition(column, operator, value)))


def _holds(condition: Condition, column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    """Return whether each value meets a condition; a null meets none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    value = condition.value
    try:
        if condition.operator == "in":
            return pc.is_in(column, pa.array(value, type=column.type))
        compare = pc.greater_equal if condition.operator == "at_least" else pc.less
        return pc.fill_null(compare(column, value), False)
    except pa.ArrowException as error:
        raise CaveResponseError(
            f"{where}: column '{condition.column}' has type {column.type}, which does not "
            f"support '{condition.operator}'"
        ) from error
