"""Whom a token may be shown to.

A graph names the servers that it came from, and a graph may come from anybody: in a file that
was passed on, or on a shared database. A token goes only to hosts that the person at this
machine has named, has stored a token for, or has loaded from.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

from graphapi.cave.token import token_file
from graphapi.errors import CaveAuthError


def trust(*addresses: str | None) -> None:
    """Note that the person at this machine has loaded from these places.

    Parameters
    ----------
    addresses
        Of servers and volumes; those on this machine, and None, need no note.
    """
    hosts = {host_of(address) for address in addresses if address} - {""}
    new = sorted(host for host in hosts - _noted() if not _on_this_machine(host))
    if new:
        path = _notes()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("".join(f"{host}\n" for host in new))


def is_trusted(address: str) -> bool:
    """Tell whether a token may be shown to a place that only a graph has named."""
    host = host_of(address)
    if not host:
        return False
    return _on_this_machine(host) or host in _noted() or token_file(f"https://{host}").exists()


def require_trust(address: str) -> None:
    """Refuse to show a token to a place that only a graph has named.

    Raises
    ------
    CaveAuthError
        It says how to vouch for the place.
    """
    if not is_trusted(address):
        host = host_of(address) or address
        raise CaveAuthError(
            f"this graph says that it came from {host}, which you have not loaded from and have "
            "no token of: your CAVE token was not sent there",
            hint=f"if you trust it: `cavegraph token https://{host}`, or name it by server=...",
        )


def host_of(address: str) -> str:
    """Give `host[:port]` of a server's or a volume's address, in small letters; '' for none.

    Parameters
    ----------
    address
        With any of CAVE's and cloud-volume's prefixes, as `graphene://middleauth+https://...`.
    """
    place = address.strip()
    for form in ("precomputed://", "graphene://", "middleauth+"):
        place = place.removeprefix(form)
    text = place if "://" in place else f"https://{place}"
    return urlsplit(text).netloc.rpartition("@")[2].lower()


def _on_this_machine(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _noted() -> set[str]:
    try:
        return set(_notes().read_text("utf-8").split())
    except FileNotFoundError:
        return set()


def _notes() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("cavegraph")) / "known-hosts"
