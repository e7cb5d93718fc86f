"""How everything is sent: bounded in time and in bytes, and the token shown to its places only.

All requests of this program, of the CAVE client and of cloud-volume go through one adapter,
which sees each hop of a redirect as a request of its own.
"""

from __future__ import annotations

import io
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError, ReadTimeoutError

from graphapi.common.address import Origin, origin_of
from graphapi.errors import CaveResponseError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COOKIE = "middle_auth_token"
_PIECE = 2**16


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may take.

    Attributes
    ----------
    connect
        Seconds to wait for a connection.
    wait
        Seconds to wait for the whole head of an answer, and between two pieces of its body.
    slowest
        Bytes in each `wait` seconds; a body that comes slower is given up.
    whole
        Seconds for the whole body.
    most
        Bytes of the body, unpacked.
    """

    connect: float = 10.0
    wait: float = 60.0
    slowest: int = 1024
    whole: float = 600.0
    most: int = 2**29

    @classmethod
    def within(cls, timeout: float) -> Limits:
        """Return the limits for a time limit that a person chose."""
        return cls(connect=timeout, wait=timeout, whole=10 * timeout)


LIMITS = Limits()


@dataclass(eq=False)
class Pass:
    """A token, and the places that may see it.

    A place is a scheme, a host and a port; over plain http nobody is shown a token but this
    machine itself.
    """

    token: str | None = field(repr=False)
    places: set[Origin]

    @classmethod
    def to(cls, token: str | None, *addresses: str) -> Pass:
        """Return a pass for the places of some addresses."""
        return cls(token, {origin_of(address) for address in addresses})

    def token_for(self, url: str) -> str | None:
        """Return the token if the place of this address may see it."""
        try:
            origin = origin_of(url)
        except InputError:  # what can be read in two ways is trusted in neither
            return None
        return self.token if origin in self.places and origin.is_private else None


class BoundedAdapter(HTTPAdapter):
    """An adapter that limits time and size, and decides at each hop who sees a token.

    Whatever credentials a caller put into a request are taken out; those of the pass are put
    in where the place may see them.

    Parameters
    ----------
    shows
        The token and its places; None for no token at all.
    limits
        What an answer may take.
    options
        See `requests.adapters.HTTPAdapter`.
    """

    def __init__(
        self, shows: Pass | None = None, *, limits: Limits = LIMITS, **options: Any
    ) -> None:
        super().__init__(**options)
        self._shows = shows
        self._limits = limits

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of connections; see `requests.adapters.HTTPAdapter`."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make the pools of connections by way of a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send a request, and read its whole answer within the limits.

        Raises
        ------
        requests.ReadTimeout
            The answer takes too long.
        CaveResponseError
            It is too large.
        """
        self._show_token(request)
        limits = self._limits
        kwargs["timeout"] = kwargs.get("timeout") or (limits.connect, limits.wait)
        kwargs["stream"] = True
        response = super().send(request, *args, **kwargs)
        try:
            # Past the checks between pieces: what unpacks to nothing comes to no piece.
            with _watched(response.raw.shutdown, self._limits.whole, "the answer"):
                content = self._content(response, request)
        except TimeoutError as error:
            raise requests.ReadTimeout(error, request=request) from error
        finally:
            response.close()
        _put(response, content)
        return response

    def token_of(self, request: requests.PreparedRequest) -> str | None:
        """Return the token that goes with a request."""
        return self._shows.token_for(request.url or "") if self._shows else None

    def _show_token(self, request: requests.PreparedRequest) -> None:
        token = self.token_of(request)
        request.headers.pop("Authorization", None)
        cookies = request.headers.pop("Cookie", None)
        kept = _other_cookies(cookies) if cookies else ""
        if kept:
            request.headers["Cookie"] = kept
        if token:
            request.headers["Authorization"] = f"Bearer {token}"

    def _content(self, response: requests.Response, request: requests.PreparedRequest) -> bytes:
        limits, content = self._limits, bytearray()
        started = checked = time.monotonic()
        since = 0
        while piece := _piece(response, request):
            content += piece
            if len(content) > limits.most:
                raise CaveResponseError(
                    f"{origin_of(request.url or '')} sends more than {limits.most:,} bytes in one "
                    "answer",
                    hint="nothing was kept; ask for less at a time, or tell its administrators",
                )
            now = time.monotonic()
            if now - started > limits.whole:
                raise requests.ReadTimeout("the answer takes too long", request=request)
            if now - checked > limits.wait:
                if len(content) - since < limits.slowest:
                    raise requests.ReadTimeout("the answer comes too slowly", request=request)
                checked, since = now, len(content)
        return bytes(content)


def answers(address: str, *, within: float = 2.0) -> bool:
    """Tell whether anything answers at an address, by one request without a token.

    Parameters
    ----------
    address
        Of a server.
    within
        Seconds to wait for a connection. A server that takes one and then is slow answers.
    """
    limits = Limits(connect=within, wait=within, whole=within)
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, BoundedAdapter(limits=limits))
        try:
            session.head(address, allow_redirects=False)
        except requests.ReadTimeout:
            return True
        except requests.RequestException:
            return False
    return True


def _piece(response: requests.Response, request: requests.PreparedRequest) -> bytes:
    """Return what has come of a body, unpacked; empty at its end."""
    try:
        piece: bytes = response.raw.read1(_PIECE, decode_content=True)
    except ReadTimeoutError as error:
        raise requests.ReadTimeout(error, request=request) from error
    except ProtocolError as error:
        raise requests.exceptions.ChunkedEncodingError(error, request=request) from error
    except DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error, request=request) from error
    except (HTTPError, OSError) as error:
        raise requests.ConnectionError(error, request=request) from error
    return piece


def session(shows: Pass | None = None, *, limits: Limits = LIMITS) -> requests.Session:
    """Return a session whose requests all go through the adapter."""
    made = requests.Session()
    mount(made, BoundedAdapter(shows, limits=limits))
    return made


def mount(one: requests.Session, adapter: BoundedAdapter) -> None:
    """Let a session send through an adapter alone."""
    one.mount("http://", adapter)
    one.mount("https://", adapter)


class _Body(io.BytesIO):
    """A body that was read and unpacked; takes the attribute that cloud-volume's library sets."""

    decode_content = False


def _put(response: requests.Response, content: bytes) -> None:
    """Let a response hold what was read, for those who ask for pieces too."""
    if response.raw.headers.get("Content-Encoding", "").lower() in response.raw.CONTENT_DECODERS:
        response.headers.pop("Content-Encoding", None)
    response.raw = _Body(content)
    response._content = content  # noqa: SLF001 - as requests itself does on reading it
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001


def _other_cookies(text: str) -> str:
    """Return a cookie header without the token."""
    try:
        cookies = SimpleCookie(text)
    except CookieError:
        return ""
    return "; ".join(f"{c.key}={c.coded_value}" for c in cookies.values() if c.key != COOKIE)


# -- the head of an answer ------------------------------------------------------------------


class _Watched:
    """A connection that waits for the head of an answer no longer than its time limit.

    The limit of a socket is one of each read, and a head of one byte a second is read for ever.
    """

    def getresponse(self: Any) -> Any:
        with _watched(
            lambda: self.sock.shutdown(SHUT_RDWR), self.timeout, "the head of the answer"
        ):
            return super().getresponse()  # type: ignore[misc]


@contextmanager
def _watched(end_it: Callable[[], None], seconds: object, what: str) -> Iterator[None]:
    """End what is read from a connection after some seconds; that is a TimeoutError then."""
    if not isinstance(seconds, (int, float)):
        yield
        return
    late = threading.Event()

    def end() -> None:
        late.set()
        try:
            end_it()
        except (OSError, ValueError, RuntimeError):  # closed by now: nothing is left to end
            return

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if late.is_set():
            raise TimeoutError(f"{what} takes too long") from error
        raise
    else:
        if late.is_set():
            raise TimeoutError(f"{what} takes too long")
    finally:
        timer.cancel()


class _WatchedHttp(_Watched, HTTPConnection):
    pass


class _WatchedHttps(_Watched, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHttps


_POOLS = {"http": _HttpPool, "https": _HttpsPool}
