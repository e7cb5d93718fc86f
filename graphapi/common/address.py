r"""What an address is: the one place that reads a scheme, a host and a port out of a text.

Programs disagree about odd addresses: in `http://a\@b/`, one connects to `a` and another checks
`b`. So an address that could be read in two ways is refused, and everything that decides whom
to ask, or who may see a token, decides on an `Origin`.
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
    """Who is asked: what trust is given to, and what a token belongs to.

    Attributes
    ----------
    scheme
        `http` or `https`.
    host
        In small letters; an IPv6 address in brackets.
    port
        The default one of the scheme where the address names none.
    """

    scheme: str
    host: str
    port: int

    @property
    def on_this_machine(self) -> bool:
        """Whether it is a loopback address."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read what is sent: https, or this machine."""
        return self.scheme == "https" or self.on_this_machine

    @property
    def place(self) -> str:
        """`host`, or `host:port` where the port is not the default one."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"


def origin_of(address: str) -> Origin:
    """Return whom an address is about.

    Parameters
    ----------
    address
        Of a server or a volume, with any of CAVE's and cloud-volume's prefixes, as
        `graphene://middleauth+https://...`; `gs://` and `s3://` are their stores' https
        addresses. Without a scheme it is https.

    Raises
    ------
    InputError
        It is not an address on the web, or it can be read in more than one way.
    """
    text = address.strip(" ")
    found = _FORM.fullmatch(text)
    if _TWO_WAYS.search(text) or found is None:
        raise InputError(
            f"the address that ends in {shown(text)} has a backslash or a control character: "
            "programs read it in different ways",
            hint=_HINT,
        )
    scheme, place = (found["scheme"] or "https").lower(), found["place"]
    if "@" in place:
        raise InputError("an address must not carry a user name or password", hint=_HINT)
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
    """Return an address for a message, without what may be a password in it."""
    text = address.rpartition("@")[2].partition("?")[0]
    return repr(text if len(text) <= 200 else f"{text[:197]}...")
