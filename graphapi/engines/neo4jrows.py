"""How the rows of a query travel from Neo4j: wrapped as columns, and taken from the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import neo4j

    from graphapi.engines.queries import Query


_CHUNK = 20_000  # rows per record: enough to make the cost of a record negligible


def columnar(query: Query) -> str:
    """Wrap a query that reads, so that its rows are sent as columns.

    Parameters
    ----------
    query
        A query that declares at least one column.

    Returns
    -------
    str
        A query that returns, for every `_CHUNK` rows, one record with a list for each column. Rows
        keep their order. Rows are collected as lists, because `collect` drops a bare null.
    """
    body = query.text_for("neo4j").strip().rstrip(";")
    names = ["`" + item.name.replace("`", "``") + "`" for item in query.columns]
    lists = [f"[row IN part | row[{i}]] AS column_{i}" for i in range(len(names))]
    return (
        f"CALL () {{\n{body}\n}}\n"
        f"WITH collect([{', '.join(names)}]) AS rows\n"
        f"UNWIND range(0, size(rows) - 1, {_CHUNK}) AS first\n"
        f"WITH rows[first..first + {_CHUNK}] AS part\n"
        f"RETURN {', '.join(lists)}"
    )


def take_columns(result: neo4j.Result) -> list[list[list[object]]]:
    """Take records that each hold a list for every column."""
    return [list(record) for record in result]


def take_summary(result: neo4j.Result) -> neo4j.ResultSummary:
    """Take the plan, and drop the rows."""
    return result.consume()


def take_rows(result: neo4j.Result) -> list[list[list[object]]]:
    """Take records that are rows, as one piece of columns."""
    return [take_named_rows(result)[1]]


def take_named_rows(result: neo4j.Result) -> tuple[list[str], list[list[object]]]:
    """Take the names of the columns, and records that are rows as columns."""
    names = list(result.keys())
    rows = [record.values() for record in result]
    return names, [[row[i] for row in rows] for i in range(len(names))]
