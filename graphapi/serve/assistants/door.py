"""Where assistants ask over http."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.routing import Route

from graphapi.serve.access import ASSISTANTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

    from graphapi.serve.assistants.protocol import HttpDoor
    from graphapi.serve.desk import Desk


class Door:
    """The endpoint of assistants; what it needs is loaded with the first request.

    Parameters
    ----------
    desk
        Answers the questions.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._opened: HttpDoor | None = None
        self.route = Route(ASSISTANTS, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises
        ------
        MissingExtraError
            The extra `mcp` is not installed.
        """
        if self._opened is None:
            from graphapi.serve.assistants.protocol import HttpDoor

            self._opened = HttpDoor(self._desk)
        await self._opened.answer(scope, receive, send)

    def stop(self) -> None:
        """End the sessions of assistants; safe to call twice, from any thread."""
        if self._opened is not None:
            self._opened.stop()

    @asynccontextmanager
    async def open_during(self, _app: Starlette) -> AsyncIterator[None]:
        """Wait for the sessions of assistants to end with the server."""
        yield
        if self._opened is not None:
            await self._opened.close()
