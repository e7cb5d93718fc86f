"""Run handlers that compute in threads, so that other requests do not wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]


def in_thread(handle: Callable[[Request], Response]) -> Handler:
    """Turn a function of the request into a handler."""

    async def handler(request: Request) -> Response:
        return await run_in_threadpool(handle, request)

    return handler


def with_body(handle: Callable[[Request, bytes], Response]) -> Handler:
    """Turn a function of the request and its body into a handler; a GET may have a body too."""

    async def handler(request: Request) -> Response:
        content = await request.body()
        return await run_in_threadpool(handle, request, content)

    return handler
