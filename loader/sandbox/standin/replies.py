"""Answers other than rows: JSON, and errors in the form of the real services."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request


class RefusalError(Exception):
    """An error answer with its status and JSON body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def wrapped(status: int, words: str) -> RefusalError:
    """Return a refusal of the materialization service: a 500 whose text has the real status.

    In the real service, a handler for all exceptions turns refusals into 500.
    """
    return failed(f"{status} {HTTPStatus(status).phrase}: {words}")


def failed(message: str) -> RefusalError:
    """Return the 500 of a service after an exception."""
    trace = ["Traceback (most recent call last):\n", f"stand-in: {message}\n"]
    return RefusalError(500, {"code": 500, "message": message, "traceback": trace})


def plain_404(words: str) -> RefusalError:
    """Return a true 404, whose body is a JSON string."""
    return RefusalError(404, words)


def chunkedgraph_refusal(status: int, message: str) -> RefusalError:
    """Return an error of the chunkedgraph service."""
    return RefusalError(status, {"code": status, "message": message})


async def answer_refusal(_request: Request, error: Exception) -> Response:
    """Send a refusal; an exception handler of the application."""
    if not isinstance(error, RefusalError):
        raise error
    return JSONResponse(error.body, status_code=error.status)


async def answer_unknown_path(_request: Request, error: Exception) -> Response:
    """Send the 404 or 405 of an unknown path; an exception handler of the application."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"message": error.detail}, status_code=error.status_code)
