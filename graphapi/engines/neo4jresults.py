"""How a result of Neo4j's driver is taken: whole, inside its transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import neo4j


def take_columns(result: neo4j.Result) -> list[list[list[object]]]:
    """Take records that each hold a list for every column."""
    return [list(record) for record in result]


def take_summary(result: neo4j.Result) -> neo4j.ResultSummary:
    """Take the plan and leave the rows."""
    return result.consume()


def take_rows(result: neo4j.Result) -> list[list[list[object]]]:
    """Take records that are rows, as one piece of columns."""
    return [take_named_rows(result)[1]]


def take_named_rows(result: neo4j.Result) -> tuple[list[str], list[list[object]]]:
    """Take the columns' names, and records that are rows as columns."""
    names = list(result.keys())
    rows = [record.values() for record in result]
    return names, [[row[i] for row in rows] for i in range(len(names))]
