"""What is done to the text of a query file: never more than wrapping it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphapi.engines.queries import Query


def columnar(query: Query, engine: str, chunk: int) -> str:
    """Wrap a reading query so that its rows travel as columns.

    Parameters
    ----------
    query
        It declares at least one column.
    engine
        Whose body to take.
    chunk
        Rows a record.

    Returns
    -------
    str
        A query that gives, for every `chunk` rows, one record of as many lists as there are
        columns. Rows keep their order. Nulls survive because rows are collected as lists:
        `collect` of a bare null drops it.
    """
    names = ["`" + item.name.replace("`", "``") + "`" for item in query.columns]
    lists = [f"[row IN part | row[{i}]] AS column_{i}" for i in range(len(names))]
    return (
        f"CALL () {{\n{query.text_for(engine).strip().rstrip(';')}\n}}\n"
        f"WITH collect([{', '.join(names)}]) AS rows\n"
        f"UNWIND range(0, size(rows) - 1, {chunk}) AS first\n"
        f"WITH rows[first..first + {chunk}] AS part\n"
        f"RETURN {', '.join(lists)}"
    )
