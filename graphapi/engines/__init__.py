"""The graph databases, one module each, behind one protocol."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from graphapi.errors import InputError

if TYPE_CHECKING:
    from graphapi.engines.base import Engine

_NEO4J = re.compile(r"^(neo4j|bolt)(\+s|\+ssc)?://", re.IGNORECASE)


def is_neo4j(uri: str) -> bool:
    """Return whether a text is a Neo4j address; otherwise it is the path of a graph file."""
    return _NEO4J.match(uri) is not None


def open_engine(
    uri: str | Path,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
) -> Engine:
    """Open a graph for reading.

    Parameters
    ----------
    uri
        `neo4j://` or `bolt://` (with `+s` or `+ssc` for encryption), or the path of a file.
    user, password, database
        For Neo4j; see `graphapi.engines.neo4j`.

    Raises
    ------
    EngineUnavailableError, EngineAuthError, GraphNotFoundError, GraphFileError
        The graph cannot be opened; the hint says what to do.
    """
    text = str(uri)
    if is_neo4j(text):
        from graphapi.engines.neo4j import Neo4jEngine

        return Neo4jEngine.connect(text, user=user, password=password, database=database)
    if "://" in text:
        raise InputError(
            f"'{text.split('://', maxsplit=1)[0]}://' is not the address of a graph",
            hint="use bolt://, neo4j:// (also +s, +ssc), or the path of a .lbug file",
        )
    from graphapi.engines.ladybug import LadybugEngine

    return LadybugEngine.open(Path(text))
