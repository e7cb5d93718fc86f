"""Translate the error codes and lost connections of a Neo4j server; needs no driver.

Codes look like ``Neo.ClientError.Statement.AccessMode``.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.errors import (
    CavegraphError,
    EngineAuthError,
    EngineError,
    EngineUnavailableError,
    GraphNotFoundError,
    QueryRejectedError,
    QueryTimeoutError,
    ReadOnlyError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A transaction needs more memory than allowed; the same rows may still be streamed.
OUT_OF_MEMORY = ("MemoryPoolOutOfMemoryError", "TransactionOutOfMemoryError", "OutOfMemoryError")
#: The server's message if a procedure writes inside a reading transaction.
_OVERRIDDEN = "overridden by READ"
_AUTH_HINT = "set CAVEGRAPH_NEO4J_USER and CAVEGRAPH_NEO4J_PASSWORD, or pass user= and password="


@dataclass(frozen=True)
class Occasion:
    """The operation during which an error occurred.

    Parameters
    ----------
    what
        Name of the query file, or `your query`.
    uri, user, database
        The address and the user; no password.
    timeout
        The time limit in seconds, if there was one.
    """

    what: str
    uri: str
    user: str | None = None
    database: str | None = None
    timeout: float | None = None


def error_for_code(code: str, message: str, at: Occasion) -> CavegraphError:
    """Return our error for an error code of a server."""
    _, _, rest = code.partition(".")
    kind, _, rest = rest.partition(".")
    area, _, name = rest.partition(".")
    where = f"'{at.what}' on {at.uri}"
    if name == "AccessMode" or _OVERRIDDEN in message or name == "ForbiddenOnReadOnlyDatabase":
        return ReadOnlyError(
            f"{where} would write, but graphs are opened read-only: {message}",
            hint="graphs are written by `cavegraph load`",
        )
    if "TimedOut" in name or name == "LockAcquisitionTimeout":
        return QueryTimeoutError(
            f"{where} was stopped after {at.timeout} s",
            hint="narrow the query or allow more time",
        )
    if area == "Security":
        return auth_error(message, at)
    if name == "DatabaseNotFound":
        return GraphNotFoundError(
            f"{at.uri} has no database '{at.database}'",
            hint="omit database= for the default one, or run `SHOW DATABASES` for a list",
        )
    if name in OUT_OF_MEMORY:
        return EngineError(
            f"{where} needs more memory than the server allows: {message}",
            hint="narrow the query, or raise dbms.memory.transaction.total.max on the server",
        )
    if name == "NotALeader" or "NotALeader" in code:
        return EngineError(
            f"{at.uri} is a follower of a cluster and cannot write",
            hint="use neo4j:// instead of bolt://: it finds the leader",
        )
    if kind == "TransientError" or name == "DatabaseUnavailable":
        return EngineUnavailableError(f"{where}: {message}", hint="try again")
    if kind == "ClientError":
        return QueryRejectedError(f"{where}: {message}")
    return EngineError(f"{where}: {message}", hint="see the log of the Neo4j server")


def auth_error(message: str, at: Occasion) -> EngineAuthError:
    """Return our error for a user whom the server refuses."""
    who = f"user '{at.user}'" if at.user else "no user name"
    return EngineAuthError(f"{at.uri} refuses {who}: {message}", hint=_AUTH_HINT)


def unavailable_error(error: BaseException, at: Occasion) -> EngineUnavailableError:
    """Return our error for a server that does not answer."""
    return EngineUnavailableError(
        f"Neo4j at {at.uri} does not answer ('{at.what}'): {_reason(error)}", hint=_advice(error)
    )


def _advice(error: BaseException) -> str:
    if any(isinstance(e, ssl.SSLError) or "encrypted" in str(e) for e in _causes(error)):
        return (
            "encryption failed: use bolt:// or neo4j:// for a server without encryption, +s for "
            "one with a certificate from an authority, +ssc for one with a self-signed certificate"
        )
    if any("looks like HTTP" in str(e) for e in _causes(error)):
        return "this is the port of Neo4j Browser; Bolt is usually on 7687"
    return "check the host and the port, and that the server runs (docker compose up neo4j)"


def _reason(error: BaseException) -> str:
    """Return the innermost cause in one line; the outer ones only say that all attempts failed."""
    return str(list(_causes(error))[-1]).replace("\n", " ")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        inner = getattr(error, "exceptions", None)
        error = inner[0] if inner else error.__cause__
