"""Answers and errors as JSON, CSV, Parquet and Arrow."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from graphapi.errors import (
    CaveError,
    CavegraphError,
    EngineUnavailableError,
    GraphIncompleteError,
    InputError,
    MissingExtraError,
    NotFoundError,
    QueryRejectedError,
    QueryTimeoutError,
    ReadOnlyError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The HTTP status of each kind of error; the first match counts. All others are 500.
STATUS: tuple[tuple[type[CavegraphError], int], ...] = (
    (ReadOnlyError, 403),
    (QueryRejectedError, 400),
    (QueryTimeoutError, 504),
    (GraphIncompleteError, 409),
    (EngineUnavailableError, 503),
    (InputError, 400),
    (NotFoundError, 404),
    (MissingExtraError, 501),
    (CaveError, 502),
)


class RefusalError(CavegraphError):
    """The server does not answer a request.

    Parameters
    ----------
    status
        HTTP status.
    kind
        One word for programs.
    message, hint
        For people.
    retry_after
        Seconds after which asking again may help.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        hint: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status, self.kind, self.retry_after = status, kind, retry_after


def stopping() -> RefusalError:
    """Return the refusal of a server that ends."""
    return RefusalError(
        503, "stopping", "the server is being stopped", hint="start it again", retry_after=5
    )


def to_json(value: object) -> bytes:
    """Return a value as JSON; `<`, `>` and `&` are escaped, so that no text can be markup."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":  # in JSON, these occur only in texts
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode("utf-8", "surrogatepass")


def json_response(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a value as a JSON response."""
    return Response(to_json(value), status, headers, "application/json")


def failed(error: Exception) -> CavegraphError:
    """Return what a visitor is told of a mistake of ours; the log has the rest."""
    logging.getLogger("graphapi.serve").error("a question failed", exc_info=error)
    return CavegraphError(
        f"the server failed: {type(error).__name__}", hint="its log says more; please report it"
    )


def error_json(error: CavegraphError) -> dict[str, Any]:
    """Return an error as JSON: what went wrong, what to do, and its kind."""
    kind = error.kind if isinstance(error, RefusalError) else kind_of(error)
    return {"error": {"message": error.message, "hint": error.hint, "kind": kind}}


def kind_of(error: CavegraphError) -> str:
    """Return the kind of an error: its class in snake case, without `Error`."""
    name = type(error).__name__.removesuffix("Error")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def status_of(error: CavegraphError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, RefusalError):
        return error.status
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def refusal(error: CavegraphError) -> Response:
    """Return an error as a response."""
    headers = {}
    if isinstance(error, RefusalError) and error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, RefusalError) and error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return json_response(error_json(error), status_of(error), headers)
