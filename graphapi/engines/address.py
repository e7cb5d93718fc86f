"""The address and the user of a Neo4j server, from arguments, the address and the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from graphapi.errors import InputError

_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


@dataclass(frozen=True)
class Address:
    """A server and its user.

    Parameters
    ----------
    uri
        The address without user name and password, which is safe to show.
    user, password
        None for no authentication.
    database
        None for the user's home database.
    """

    uri: str
    user: str | None
    password: str | None = field(repr=False)
    database: str | None

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.uri).netloc


def read_address(
    uri: str,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
) -> Address:
    """Read the address of a server, and who connects to it.

    Parameters
    ----------
    uri
        `bolt://` or `neo4j://`, each also with `+s` or `+ssc`; may hold `user:password@`.
    user, password, database
        Used before those in `uri`, and those before `CAVEGRAPH_NEO4J_USER`,
        `CAVEGRAPH_NEO4J_PASSWORD` and `CAVEGRAPH_NEO4J_DATABASE`. A password without a
        user belongs to the user `neo4j`.

    Raises
    ------
    InputError
        `uri` is not the address of a server. The message does not show it.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise InputError("the Neo4j address has no valid host and port") from error
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname:
        raise InputError(
            f"a Neo4j address starts with one of {', '.join(s + '://' for s in _SCHEMES)}, "
            "then host and port",
            hint="for example bolt://localhost:7687",
        )
    if parts.query or parts.fragment or parts.path not in ("", "/"):
        raise InputError(
            "a Neo4j address ends after the port",
            hint="name the database with `database=` or CAVEGRAPH_NEO4J_DATABASE",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if port is None else f"{host}:{port}"
    shown = urlunsplit((parts.scheme.lower(), netloc, "", "", ""))
    if user is None:
        user = _unquoted(parts.username) or os.environ.get("CAVEGRAPH_NEO4J_USER")
    if password is None:
        password = _unquoted(parts.password) or os.environ.get("CAVEGRAPH_NEO4J_PASSWORD")
    if database is None:
        database = os.environ.get("CAVEGRAPH_NEO4J_DATABASE") or None
    if password is not None and user is None:
        user = "neo4j"
    return Address(shown, user, password, database)


def _unquoted(text: str | None) -> str | None:
    return None if text is None else unquote(text)
