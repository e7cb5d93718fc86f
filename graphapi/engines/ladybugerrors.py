"""The errors of LadybugDB as ours."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from graphapi.errors import (
    EngineError,
    GraphFileError,
    QueryRejectedError,
    QueryTimeoutError,
    ReadOnlyError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_A_GRAPH = (
    "not a valid Lbug database",
    "Cannot read checkpoint",
    "different version",
    "checksum",
    "Corrupted",
    "corrupted",
)


@contextmanager
def translated(what: str, uri: str, timeout: float | None) -> Iterator[None]:
    """Raise the engine's errors as ours; `what` is the query, and 'your query' is a person's."""
    try:
        yield
    except RuntimeError as error:
        raise _translate(str(error), what, uri, timeout) from error
    except (UnicodeDecodeError, MemoryError) as error:
        raise _damaged(uri, error) from error
    except ValueError as error:  # raised by the engine when it reads a damaged header
        if what != "open":
            raise
        raise _damaged(uri, error) from error


def _damaged(uri: str, error: Exception) -> GraphFileError:
    return GraphFileError(
        f"'{uri}' is not a readable graph: {type(error).__name__}: {error}",
        hint="load it again with `cavegraph load ... --replace`",
    )


def _translate(message: str, what: str, uri: str, timeout: float | None) -> EngineError:
    if message.startswith("Interrupted"):
        return QueryTimeoutError(
            f"'{what}' was stopped after {timeout} s", hint="narrow the query or allow more time"
        )
    if "read-only database" in message or "READ ONLY" in message:
        return ReadOnlyError(
            f"'{what}' would write, but graphs are opened read-only",
            hint="graphs are written by `cavegraph load`",
        )
    if any(sign in message for sign in _NOT_A_GRAPH):
        return GraphFileError(
            f"'{uri}' is not a readable graph: {message}",
            hint="load it again with `cavegraph load ... --replace`",
        )
    if "vector with ANY type" in message:
        return QueryRejectedError(
            f"'{what}' on '{uri}' returns an empty list that was passed as a parameter, and this "
            "engine does not know its type",
            hint="declare it: CAST($name AS INT64[]) or CAST($name AS STRING[])",
        )
    if message.startswith(("Parser", "Binder", "Catalog", "Conversion", "Runtime", "Overflow")):
        return QueryRejectedError(f"'{what}' on '{uri}': {message}", hint=_what_there_is(message))
    if "Buffer manager" in message or "bad_alloc" in message:
        return EngineError(
            f"'{what}' on '{uri}' needs more memory than allowed: {message}",
            hint="narrow the query, or set CAVEGRAPH_QUERY_MEMORY, such as 8G, for your own",
        )
    if "No space left" in message:
        return EngineError(f"'{what}' on '{uri}': {message}", hint="free some disk space")
    return EngineError(f"'{what}' on '{uri}': {message}")


def _what_there_is(message: str) -> str | None:
    """Return where to look up what a query names and the graph does not have."""
    if "Cannot find property" in message:
        return "`cavegraph info` lists the properties of neurons, docs/graph-model.md all others"
    if re.search(r"Table \S+ does not exist", message):
        return "(:Neuron)-[:CONNECTS]->(:Neuron) is the model; docs/graph-model.md has all of it"
    return None
