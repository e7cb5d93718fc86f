"""Which servers may see a token.

A graph names the servers that it was loaded from, but a graph may come from anybody: as a file
that was passed on, or in a shared database. A token is sent only to places (scheme, host and
port) that the user has named, has stored a token for, or has loaded from.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from graphapi.cave.token import token_file
from graphapi.common.address import origin_of, shown
from graphapi.common.notices import notice
from graphapi.errors import CaveAuthError, InputError

if TYPE_CHECKING:
    from graphapi.common.address import Origin


class TokenWarning(UserWarning):
    """Warning that a token will be sent to a place that a server named, not the user."""


def trust(server: str, *sources: str | None) -> None:
    """Record that the user has loaded from these places.

    Parameters
    ----------
    server
        The server that the user named.
    sources
        Servers and volumes named in its info record. A `TokenWarning` announces each new place
        that would see the token.
    """
    asked = origin_of(server)
    known = {*_noted(), str(asked)}
    for source in sources:
        place = _takes_token(source)
        if place and not place.on_this_machine and str(place) not in known:
            announce(place, server)
            known.add(str(place))
    new = sorted(known - _noted())
    if asked.on_this_machine:
        new.remove(str(asked))
    if new:
        path = _notes()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("".join(f"{place}\n" for place in new))


def announce(place: Origin, server: str) -> None:
    """Warn that a token will be sent to a place, before it is sent."""
    notice(
        TokenWarning(
            f"your CAVE token will also be sent to {place}, which the info record of {server} "
            "names. If you do not trust that server, stop here and ask the datastack's owners"
        )
    )


def is_noted(place: Origin) -> bool:
    """Return whether the user has loaded from a place, or has stored a token for it."""
    return str(place) in _noted() or (place.scheme == "https" and token_file(str(place)).exists())


def is_trusted(address: str) -> bool:
    """Return whether a token may be sent to a place that a graph named, not the user."""
    try:
        place = origin_of(address)
    except InputError:
        return False
    return place.is_private and (place.on_this_machine or is_noted(place))


def require_trust(address: str) -> None:
    """Raise an error if a place that a graph named may not see the token.

    Raises
    ------
    CaveAuthError
        The place is not trusted. The hint says how to trust it.
    """
    if is_trusted(address):
        return
    try:
        place = origin_of(address)
    except InputError as error:
        raise CaveAuthError(
            f"this graph names {shown(address)}, which is not an address: "
            "your CAVE token was not sent there",
            hint="the graph's record is damaged or forged; load the graph again",
        ) from error
    if not place.is_private:
        raise CaveAuthError(
            f"this graph names {place}: your CAVE token was not sent, because others could read "
            "it over plain http",
            hint=f"if the server supports https, pass server='https://{place.host}'",
        )
    raise CaveAuthError(
        f"this graph names {place}, but you have not loaded from it and have no token for it: "
        "your CAVE token was not sent there",
        hint=f"if you trust it, run `cavegraph token {place}`, or pass server=...",
    )


def same_place(one: str, other: str) -> bool:
    """Return whether two addresses have the same scheme, host and port."""
    try:
        return origin_of(one) == origin_of(other)
    except InputError:
        return False


def _takes_token(source: str | None) -> Origin | None:
    """Return the place of a CAVE server or of a volume served by CAVE; None for all others."""
    if not source:
        return None
    open_to_all = source.startswith("precomputed://") and "middleauth+" not in source
    if open_to_all or "gs://" in source or "s3://" in source:
        return None
    try:
        place = origin_of(source)
    except InputError:
        return None
    return place if place.is_private else None


def _noted() -> set[str]:
    try:
        return set(_notes().read_text("utf-8").split())
    except FileNotFoundError:
        return set()


def _notes() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("cavegraph")) / "known-hosts"
