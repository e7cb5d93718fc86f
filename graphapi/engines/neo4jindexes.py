"""The indexes of a Neo4j database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Asks for all that `indexes_from` needs. A command cannot be a query file, because `run` could
#: not wrap it.
INDEXES = """
SHOW INDEXES YIELD name, type, labelsOrTypes, properties, owningConstraint, state
WHERE type <> 'LOOKUP'
RETURN name, type, labelsOrTypes, properties, owningConstraint IS NOT NULL, state = 'ONLINE'
"""


@dataclass(frozen=True)
class Index:
    """An index of a Neo4j database.

    Parameters
    ----------
    name
        Its name.
    kind
        Its type, such as `RANGE` or `FULLTEXT`.
    on
        Labels or relationship types.
    properties
        The indexed properties.
    unique
        Whether it belongs to a constraint.
    online
        Whether it can be used.
    """

    name: str
    kind: str
    on: frozenset[str]
    properties: frozenset[str]
    unique: bool
    online: bool = True


def indexes_from(columns: list[list[Any]]) -> list[Index]:
    """Return the answer to `INDEXES` as indexes."""
    return [
        Index(name, kind, frozenset(on), frozenset(properties), unique, online)
        for name, kind, on, properties, unique, online in zip(*columns, strict=True)
    ]
