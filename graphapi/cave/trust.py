"""Whom a token may be shown to.

A graph names the servers that it came from, and a graph may come from anybody: in a file that
was passed on, or on a shared database. A token goes only to places (scheme, host and port) that
the person at this machine has named, has stored a token for, or has loaded from.
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
    """A token is going to be shown to a place that only a server has named."""


def trust(server: str, *sources: str | None) -> None:
    """Note that the person at this machine has loaded from these places.

    Parameters
    ----------
    server
        The server that the person asked.
    sources
        Servers and volumes that its info record names; those that would be shown a token and
        are not known yet are told by a `TokenWarning`.
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
    """Say that a token is going to be shown to a place, before it is."""
    notice(
        TokenWarning(
            f"your CAVE token is shown to {place} too: the info record of {server} names it. "
            "If you do not trust that place, stop here and ask the datastack's owners"
        )
    )


def is_noted(place: Origin) -> bool:
    """Return whether the person has loaded from a place, or has stored a token for it."""
    return str(place) in _noted() or (place.scheme == "https" and token_file(str(place)).exists())


def is_trusted(address: str) -> bool:
    """Return whether a token may be shown to a place that only a graph has named."""
    try:
        place = origin_of(address)
    except InputError:
        return False
    return place.is_private and (place.on_this_machine or is_noted(place))


def require_trust(address: str) -> None:
    """Refuse to show a token to a place that only a graph has named.

    Raises
    ------
    CaveAuthError
        It says how to vouch for the place.
    """
    if is_trusted(address):
        return
    try:
        place = origin_of(address)
    except InputError as error:
        raise CaveAuthError(
            f"this graph names {shown(address)}, which is not an address: "
            "your CAVE token was not sent there",
            hint="the graph's record is damaged or made up; load the graph again",
        ) from error
    if not place.is_private:
        raise CaveAuthError(
            f"this graph names {place}: over plain http others on the way could read your CAVE "
            "token, so it was not sent",
            hint=f"if it answers by https too: server='https://{place.host}'",
        )
    raise CaveAuthError(
        f"this graph says that it came from {place}, which you have not loaded from and have "
        "no token of: your CAVE token was not sent there",
        hint=f"if you trust it: `cavegraph token {place}`, or name it by server=...",
    )


def same_place(one: str, other: str) -> bool:
    """Return whether two addresses are of one scheme, host and port."""
    try:
        return origin_of(one) == origin_of(other)
    except InputError:
        return False


def _takes_token(source: str | None) -> Origin | None:
    """Return the place of a server, or of a volume that is CAVE's own; None for all others."""
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
