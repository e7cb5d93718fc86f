"""HTTP with limits on time and size, and a token that is sent only where it may be.

All requests of this program, of the CAVE client and of cloud-volume go through one adapter. It
sees each hop of a redirect as a separate request.
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
    """Limits on the time and size of an answer.

    Attributes
    ----------
    connect
        Seconds to wait for a connection.
    wait
        Seconds to wait for the whole header of an answer, and between two pieces of its body.
    slowest
        Lowest number of bytes per `wait` seconds; a slower answer is an error.
    whole
        Seconds for the whole body.
    most
        Largest size of the decompressed body in bytes.
    """

    connect: float = 10.0
    wait: float = 60.0
    slowest: int = 1024
    whole: float = 600.0
    most: int = 2**29

    @classmethod
    def within(cls, timeout: float) -> Limits:
        """Return limits for a time limit chosen by the user, in seconds."""
        return cls(connect=timeout, wait=timeout, whole=10 * timeout)


LIMITS = Limits()


@dataclass(eq=False)
class Pass:
    """A token and the places (scheme, host, port) that may see it.

    Over plain http, the token is sent only to this machine.
    """

    token: str | None = field(repr=False)
    places: set[Origin]

    @classmethod
    def to(cls, token: str | None, *addresses: str) -> Pass:
        """Return a pass for the servers of some addresses."""
        return cls(token, {origin_of(address) for address in addresses})

    def token_for(self, url: str) -> str | None:
        """Return the token if the server of this address may see it, else None."""
        try:
            origin = origin_of(url)
        except InputError:  # an ambiguous address is never trusted
            return None
        return self.token if origin in self.places and origin.is_private else None


class WatchedAdapter(HTTPAdapter):
    """An HTTP adapter whose time limit holds for the whole header of an answer."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the connection pools; see `requests.adapters.HTTPAdapter`."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Create the connection pools for a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class BoundedAdapter(WatchedAdapter):
    """An HTTP adapter that limits time and size, and decides at each hop who sees the token.

    It removes any credentials that a caller put into a request. It adds the token of the pass
    if the server may see it.

    Parameters
    ----------
    shows
        The token and the places that may see it; None for no token.
    limits
        Limits on the time and size of an answer.
    options
        See `requests.adapters.HTTPAdapter`.
    """

    def __init__(
        self, shows: Pass | None = None, *, limits: Limits = LIMITS, **options: Any
    ) -> None:
        super().__init__(**options)
        self._shows = shows
        self._limits = limits

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send a request and read its whole answer within the limits.

        Raises
        ------
        requests.ReadTimeout
            The answer takes too long.
        CaveResponseError
            The answer is too large.
        """
        self._show_token(request)
        limits = self._limits
        kwargs["timeout"] = kwargs.get("timeout") or (limits.connect, limits.wait)
        kwargs["stream"] = True
        response = super().send(request, *args, **kwargs)
        try:
            # Needed beside the checks between pieces: data that decompresses to nothing never
            # yields a piece.
            with _watched(response.raw.shutdown, self._limits.whole, "the answer"):
                content = self._content(response, request)
        except TimeoutError as error:
            raise requests.ReadTimeout(error, request=request) from error
        finally:
            response.close()
        _put(response, content)
        return response

    def token_of(self, request: requests.PreparedRequest) -> str | None:
        """Return the token to send with a request."""
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
                    hint="nothing was kept; request less at a time, or tell its administrators",
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
    """Return whether anything answers at an address; sends one request without a token.

    Parameters
    ----------
    address
        Address of a server.
    within
        Seconds to wait for a connection. A server that accepts one but is slow does answer.
    """
    limits = Limits(connect=within, wait=within, whole=within)
    with session(limits=limits) as one:
        try:
            one.head(address, allow_redirects=False)
        except requests.ReadTimeout:
            return True
        except requests.RequestException:
            return False
    return True


def _piece(response: requests.Response, request: requests.PreparedRequest) -> bytes:
    """Return the next decompressed piece of a body; empty at its end."""
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
    """Return a session that sends all requests through the adapter."""
    made = requests.Session()
    mount(made, BoundedAdapter(shows, limits=limits))
    return made


def file_session() -> requests.Session:
    """Return a session for public files of any size, which its caller reads piece by piece.

    It sends no login on, and follows no redirect from https to http.
    """
    made = requests.Session()
    mount(made, WatchedAdapter())
    made.rebuild_auth = _no_downgrade  # type: ignore[method-assign]
    return made


def _no_downgrade(request: requests.PreparedRequest, response: requests.Response) -> None:
    """Check one hop of a redirect; requests calls it before it sends the request."""
    request.headers.pop("Authorization", None)
    before, now = origin_of(response.url), origin_of(request.url or "")
    if before.scheme == "https" and now.scheme != "https":
        raise requests.exceptions.InvalidURL(f"{before} redirects to plain http at {now}")


def mount(one: requests.Session, adapter: WatchedAdapter) -> None:
    """Make a session send all requests through an adapter."""
    one.mount("http://", adapter)
    one.mount("https://", adapter)


class _Body(io.BytesIO):
    """A body already read and decompressed; has the attribute that cloud-volume's library sets."""

    decode_content = False


def _put(response: requests.Response, content: bytes) -> None:
    """Store the body in a response, also for callers that read it in pieces."""
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


# -- time limit for the header of an answer -------------------------------------------------


class _Watched:
    """A connection that applies its time limit to the whole header of an answer.

    A socket's time limit applies to each read, so a header sent at one byte per second would
    never time out.
    """

    def getresponse(self: Any) -> Any:
        with _watched(
            lambda: self.sock.shutdown(SHUT_RDWR), self.timeout, "the head of the answer"
        ):
            return super().getresponse()  # type: ignore[misc]


@contextmanager
def _watched(end_it: Callable[[], None], seconds: object, what: str) -> Iterator[None]:
    """End a read from a connection after some seconds with a TimeoutError."""
    if not isinstance(seconds, (int, float)):
        yield
        return
    late = threading.Event()

    def end() -> None:
        late.set()
        try:
            end_it()
        except (OSError, ValueError, RuntimeError):  # already closed: nothing to end
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
