r"""Parse addresses: the only module that reads a scheme, host and port from a text.

Programs disagree about unusual addresses: for `http://a\@b/`, one program connects to `a` while
another checks `b`. So an address that could be read in two ways is refused. Code that decides
which server to contact, or which may see a token, works with an `Origin`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from graphapi.errors import InputError

_PORTS = {"http": 80, "https": 443}
_FORM = re.compile(
    r"(?:(?:precomputed|graphene)://)?(?:middleauth\+)?(?:(?P<scheme>[a-z0-9]+)://)?"
    r"(?P<place>[^/?#]*)(?P<path>[/?#].*)?",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?P<host>[A-Za-z0-9_.\-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_TWO_WAYS = re.compile(r"[\x00-\x1f\x7f\\\u2028\u2029]")
_HINT = "give it as https://host/path, without a user name, a password, or a backslash"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A server, identified by scheme, host and port; tokens and trust belong to it.

    Attributes
    ----------
    scheme
        `http` or `https`.
    host
        In lower case; an IPv6 address is in brackets.
    port
        The scheme's default port if the address has none.
    """

    scheme: str
    host: str
    port: int

    @property
    def on_this_machine(self) -> bool:
        """Whether the host is a loopback address."""
        return is_loopback(self.host)

    @property
    def is_private(self) -> bool:
        """Whether nobody else can read what is sent: https, or this machine."""
        return self.scheme == "https" or self.on_this_machine

    @property
    def place(self) -> str:
        """`host`, or `host:port` if the port is not the default one."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"


def is_loopback(host: str) -> bool:
    """Return whether a host is `localhost` or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def origin_of(address: str) -> Origin:
    """Return the origin of an address.

    Parameters
    ----------
    address
        Address of a server or a volume. CAVE's and cloud-volume's prefixes are allowed, such
        as `graphene://middleauth+https://...`. `gs://` and `s3://` stand for the https
        addresses of those stores. The default scheme is https.

    Raises
    ------
    InputError
        It is not a web address, or it can be read in more than one way.
    """
    text = address.strip(" ")
    found = _FORM.fullmatch(text)
    if _TWO_WAYS.search(text) or found is None:
        raise InputError(
            f"the address that ends in {shown(text)} has a backslash or a control character, "
            "which programs read in different ways",
            hint=_HINT,
        )
    scheme, place = (found["scheme"] or "https").lower(), found["place"]
    if "@" in place:
        raise InputError("an address must not contain a user name or password", hint=_HINT)
    if scheme == "gs":
        return Origin("https", "storage.googleapis.com", 443)
    if scheme == "s3" and re.fullmatch(r"[A-Za-z0-9.\-]+", place):
        return Origin("https", f"{place.lower()}.s3.amazonaws.com", 443)
    parts = _PLACE.fullmatch(place)
    port = int(parts["port"] or _PORTS.get(scheme, 0)) if parts else 0
    if scheme not in _PORTS or parts is None or not 0 < port < 65536:
        raise InputError(f"{shown(text)} is not the address of a server", hint=_HINT)
    return Origin(scheme, parts["host"].lower(), port)


def shown(address: str) -> str:
    """Return an address for a message, without any part that may be a password."""
    text = address.rpartition("@")[2].partition("?")[0]
    return repr(text if len(text) <= 200 else f"{text[:197]}...")
