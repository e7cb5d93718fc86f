"""What is done to Cypher text: never more than wrapping a query file or refusing a person's."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from graphapi.errors import InputError, ReadOnlyError

if TYPE_CHECKING:
    from collections.abc import Container

    from graphapi.engines.queries import Query

_TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|\w+|\S""", re.DOTALL
)


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


def words_of(text: str) -> list[str]:
    """Split Cypher into words, quoted texts and single signs; comments are left out."""
    return [word for word in _TOKENS.findall(text) if not word.startswith(("//", "/*"))]


def refuse_missing_params(text: str, given: Container[str]) -> None:
    """Refuse a query with a `$name` that has no value.

    Neo4j says so itself; LadybugDB takes null for it, and the answer is silently empty.

    Raises
    ------
    InputError
        It names those that are missing.
    """
    asked = {b.strip("`") for a, b in pairwise(words_of(text)) if a == "$"}
    missing = sorted(name for name in asked if name not in given)
    if missing:
        raise InputError(
            f"no value is given for {', '.join('$' + name for name in missing)}",
            hint="pass params={'name': value}, or -p name=value on the command line",
        )


def refuse_beyond_graph(text: str) -> None:
    """Refuse a person's query that reaches for files or for other people's queries.

    The database itself refuses writes; its read mode allows these two.

    Raises
    ------
    InputError
        The text is empty.
    ReadOnlyError
        It contains `LOAD CSV` or starts with `TERMINATE`.
    """
    words = [word.upper() for word in words_of(text)]
    if not words:
        raise InputError("the query is empty")
    loads = any(pair == ("LOAD", "CSV") for pair in pairwise(words))
    if loads or words[0] == "TERMINATE":
        raise ReadOnlyError(
            "queries here read the graph, nothing else; this one would "
            + ("read a file" if loads else "stop other queries"),
            hint="start with MATCH, UNWIND, WITH or RETURN",
        )
