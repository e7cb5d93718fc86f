"""The log of requests, and faults of servers and networks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from loader.sandbox.standin.faults import Faults

#: Key in a request's scope of the function that closes its connection.
HANG_UP = "standin.hang_up"


@dataclass(frozen=True)
class RequestRecord:
    """One request, answered or not.

    Attributes
    ----------
    method, path
        As sent, but without the query string, which may hold a token.
    status
        Status of the answer; 0 if there was none.
    bytes
        Number of bytes of the answer's body that were sent.
    """

    method: str
    path: str
    status: int
    bytes: int


class HangUpProtocol(H11Protocol):
    """HTTP protocol for uvicorn that lets a handler close the connection without an answer."""

    def connection_made(self, transport: Any) -> None:
        """Accept a connection."""
        super().connection_made(transport)
        app = self.app

        async def with_hang_up(scope: Scope, receive: Receive, send: Send) -> None:
            scope[HANG_UP] = transport.close
            await app(scope, receive, send)

        self.app = with_hang_up


class Recorder:
    """ASGI middleware that logs each request.

    Parameters
    ----------
    app
        The application behind it.
    records
        List to append to.
    """

    def __init__(self, app: ASGIApp, records: list[RequestRecord]) -> None:
        self._app = app
        self._records = records

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, sent, noted = 0, 0, False
        hang_up = scope[HANG_UP]

        def note() -> None:
            nonlocal noted
            if not noted:
                noted = True
                record = RequestRecord(scope["method"], scope["path"], status, sent)
                self._records.append(record)

        async def noting(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent += len(message.get("body", b""))
                if not message.get("more_body"):
                    note()  # before the client can know that it has everything
            await send(message)

        def hanging_up() -> None:
            note()
            hang_up()

        try:
            await self._app({**scope, HANG_UP: hanging_up}, receive, noting)
        finally:
            note()


class Trouble:
    """ASGI middleware for faults that replace or interrupt an answer.

    Parameters
    ----------
    app
        The application behind it.
    faults
        Faults to inject.
    closing
        Returns whether the server is closing, which ends a hang.
    """

    def __init__(self, app: ASGIApp, faults: Faults, closing: Callable[[], bool]) -> None:
        self._app = app
        self._faults = faults
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Inject a fault into a request, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, faults = scope["path"], self._faults
        if faults.strikes("drop", path):
            await _hang_up(scope, receive)
            return
        if faults.strikes("hang", path) and faults.hang is not None:
            await self._wait(faults.hang.seconds)
        refusal = self._refusal(path)
        if refusal is not None:
            await refusal(scope, receive, send)
        elif faults.strikes("cut", path):
            await self._app(scope, receive, _halving(send))
            await _hang_up(scope, receive)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, path: str) -> Response | None:
        faults = self._faults
        if faults.strikes("rate_limit", path):
            return _too_many({})
        if faults.strikes("rate_limit_with_wait", path) and faults.rate_limit_with_wait:
            return _too_many({"Retry-After": f"{faults.rate_limit_with_wait.seconds:.0f}"})
        if faults.strikes("unavailable", path):
            return Response("upstream connect error", status_code=503, media_type="text/plain")
        return None

    async def _wait(self, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while not self._closing() and (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, 0.05))


def _too_many(headers: dict[str, str]) -> Response:
    return JSONResponse({"message": "Too Many Requests"}, status_code=429, headers=headers)


async def _hang_up(scope: Scope, receive: Receive) -> None:
    scope[HANG_UP]()
    while (await receive())["type"] != "http.disconnect":
        pass


def _halving(send: Send) -> Callable[[Message], Awaitable[None]]:
    """Return a `send` that announces the whole answer but sends only its first half."""
    promised = 0

    async def half(message: Message) -> None:
        nonlocal promised
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            promised = int(headers.get(b"content-length", b"0"))
            await send(message)
            return
        body = message.get("body", b"")[: promised // 2]
        promised = 0
        await send({"type": "http.response.body", "body": body, "more_body": True})

    return half
