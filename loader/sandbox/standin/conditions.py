"""Turn a query's filters into SQL conditions; values are bound, never written into the SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from loader.sandbox.standin.replies import failed
from loader.sandbox.standin.store import microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loader.sandbox.standin.columns import Column
    from loader.sandbox.standin.question import Question
    from loader.sandbox.standin.relation import Relation


def conditions(
    question: Question, relations: Mapping[str, Relation]
) -> tuple[list[str], list[Any]]:
    """Return the SQL conditions of a query and the values they take, in order.

    Parameters
    ----------
    question
        The query.
    relations
        The query's tables, by name.

    Raises
    ------
    RefusalError
        A filter names another table or column, or has a value that cannot be compared.
    """
    found: list[str] = []
    values: list[Any] = []
    for comparison, tables in question.filters.items():
        for table, columns in tables.items():
            if table not in relations:
                raise failed(f"'{table}'")
            for name, value in columns.items():
                sql, bound = _condition(relations[table], name, comparison, value)
                found.append(sql)
                values += bound
    for relation in relations.values():
        if "valid" in relation.columns and not relation.is_view:
            (valid,) = relation.columns["valid"].sql(relation.alias)
            found.append(f"CAST({valid} AS BOOLEAN)")
    return found, values


def _condition(relation: Relation, name: str, comparison: str, value: Any) -> tuple[str, list[Any]]:
    column = relation.columns.get(name)
    if column is None:
        raise failed(f"'{name}'")
    if comparison == "box":
        return _box(column, relation.alias, value)
    if column.kind == "position":
        raise failed(f"operator does not exist: geometry {comparison} unknown")
    (expression,) = column.sql(relation.alias)
    if column.kind == "time":
        expression = microseconds(expression)
    if comparison == "regex":
        return _regex(column, expression, value)
    if comparison == "in":
        return _is_in(column, expression, value)
    return f"{expression} {comparison} ?", [_bound(column, value)]


def _is_in(column: Column, expression: str, value: Any) -> tuple[str, list[Any]]:
    if not isinstance(value, list):
        raise failed("in_() accepts either a list of expressions or a selectable")
    bound = [_bound(column, v) for v in value if v is not None]
    if not bound:
        return "false", []
    sql_type = {"integer": "BIGINT", "time": "BIGINT", "string": "VARCHAR", "boolean": "BOOLEAN"}
    if column.kind in ("integer", "time"):
        bound = [v for v in bound if isinstance(v, int)]  # 1.5 is in no such column
    # An unnested list is joined by hash: 20,000 ids take no longer than a few.
    kind = sql_type.get(column.kind, "DOUBLE")
    return f"{expression} IN (SELECT unnest(?::{kind}[]))", [bound]


def _regex(column: Column, expression: str, pattern: Any) -> tuple[str, list[Any]]:
    if column.kind != "string":
        raise failed("Regex filter is only supported on string columns")
    return f"regexp_matches({expression}, ?)", [str(pattern)]


def _box(column: Column, alias: str, box: Any) -> tuple[str, list[Any]]:
    if column.kind != "position":
        raise failed(f"'{column.sql_type}' column has no operator 'intersects_nd'")
    try:
        low, high = ([float(edge) for edge in corner] for corner in box)
    except (TypeError, ValueError):
        raise failed(f"a bounding box is two corners of three numbers, not {box}") from None
    if not len(low) == len(high) == 3 or not all(a < b for a, b in zip(low, high, strict=True)):
        raise failed(f"min bounds: {low} must be less than max bounds: {high}")
    sql = " AND ".join(f"{part} BETWEEN ? AND ?" for part in column.sql(alias))
    return f"({sql})", [edge for pair in zip(low, high, strict=True) for edge in pair]


def _bound(column: Column, value: Any) -> Any:
    """Convert a value to the column's type, so that no id is ever compared as a float."""
    try:
        if column.kind == "time":
            return since_1970(value)
        if column.kind == "boolean":
            return _boolean(value)
        if column.kind == "string":
            return str(value)
        if isinstance(value, (bool, list, dict)) or value is None:
            raise ValueError(value)
        number = Decimal(str(value))
        whole = number == number.to_integral_value()
        return int(number) if whole else _fraction(column, number)
    except (ValueError, ArithmeticError):
        raise failed(
            f"invalid input syntax for type {column.sql_type.lower()}: {value!r}"
        ) from None


def _fraction(column: Column, number: Decimal) -> float | Decimal:
    return float(number) if column.kind == "float" else number


def _boolean(value: Any) -> bool:
    word = str(value).lower()
    if word not in ("1", "t", "true", "0", "f", "false"):
        raise ValueError(value)
    return word in ("1", "t", "true")


def since_1970(text: Any) -> int:
    """Read an ISO 8601 time as microseconds since 1970; without a zone it is UTC.

    Raises
    ------
    ValueError
        The text is not such a time.
    """
    moment = datetime.fromisoformat(str(text))
    since = moment.replace(tzinfo=moment.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)
