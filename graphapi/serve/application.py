"""The application: every route of the server, with its rules of access."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from graphapi.errors import CavegraphError
from graphapi.serve.access import LOGIN, Access, Password
from graphapi.serve.assistants.door import Door
from graphapi.serve.desk import Desk, Question, answer_error, answer_failure, parameters
from graphapi.serve.neuprint.routes import neuprint_routes
from graphapi.serve.pages import page_routes
from graphapi.serve.replies import RefusalError, json_response, refusal
from graphapi.serve.routes import graph, hops, neurons, own, partners, pictures, types
from graphapi.serve.routes.jobs import job_routes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from graphapi.connectome import Connectome
    from graphapi.serve.settings import Settings


def questions() -> list[Question]:
    """Return every question of the API."""
    topics = (graph, neurons, partners, types, pictures, hops, own)
    return [question for topic in topics for question in topic.QUESTIONS]


def application(connectome: Connectome, settings: Settings) -> Starlette:
    """Return the application that serves an open graph.

    Parameters
    ----------
    connectome
        The open graph; the caller closes it after the server has stopped.
    settings
        Limits and access.
    """
    desk, visitors = Desk(connectome, settings), Password(settings.password)
    assistants = Door(desk)
    app = Starlette(
        routes=[
            *(desk.route(one) for one in questions()),
            *job_routes(desk, questions()),
            *neuprint_routes(desk),
            assistants.route,
            Route(LOGIN, _login(visitors), methods=["POST"]),
            *page_routes(),
        ],
        middleware=[Middleware(Access, settings=settings, visitors=visitors)],
        exception_handlers={
            CavegraphError: answer_error,
            HTTPException: _unknown_path,
            Exception: answer_failure,
        },
        lifespan=assistants.open_during,
    )
    app.state.desk, app.state.assistants = desk, assistants
    return app


def _login(visitors: Password) -> Callable[[Request], Awaitable[Response]]:
    async def login(request: Request) -> Response:
        given = (await parameters(request, 10_000)).get("password")
        if not isinstance(given, str) or not visitors.accepts(given):
            await visitors.slow_down()
            raise RefusalError(401, "password", "this is not the password")
        response = json_response({"ok": True})
        response.set_cookie(
            visitors.cookie_name(request.scope),
            visitors.cookie,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    return login


async def _unknown_path(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    kind = {404: "path", 405: "method"}.get(error.status_code, "request")
    return refusal(RefusalError(error.status_code, kind, error.detail, hint="see docs/api-http.md"))
