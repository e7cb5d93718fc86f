"""Check the token of each request before a handler sees it, as the real services do."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from loader.sandbox.standin.standin import Standin

LOGIN_PATH = "/auth/api/v1/authorize"
#: Services that need no token. Volumes are files in a bucket, which never see a token.
_PUBLIC_PREFIXES = ("/data/", "/auth/", "/schema/")
_PUBLIC_PATHS = frozenset(
    {
        "/info/version",
        "/materialize/version",
        "/materialize/api/versions",
        "/segmentation/api/version",
        "/segmentation/api/versions",
        "/skeletoncache/api/version",
        "/skeletoncache/api/versions",
    }
)


class TokenCheck:
    """ASGI middleware that refuses requests without the right token.

    Parameters
    ----------
    app
        The application behind it.
    standin
        Holds the token. Without a token, every request passes, unless a fault refuses it.
    """

    def __init__(self, app: ASGIApp, standin: Standin) -> None:
        self._app = app
        self._standin = standin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        refusal = None if _is_public(scope) else self._refusal(scope)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        path = scope["path"]
        faults = self._standin.faults
        if faults.strikes("unauthorized", path):
            return _bad_token()
        if faults.strikes("forbidden", path):
            data = {"required_permission": "view", "auth_dataset": self._standin.folder.datastack}
            return _forbidden("missing_permission", data)
        if faults.strikes("terms", path):
            form = f"{self._standin.url}/auth/tos"
            return _forbidden(
                "missing_tos", {"tos_id": 1, "tos_name": "terms", "tos_form_url": form}
            )
        return None if self._standin.token is None else self._check(scope, self._standin.token)

    def _check(self, scope: Scope, token: str) -> Response | None:
        headers = Headers(scope=scope)
        authorization = headers.get("Authorization")
        if authorization is not None:
            scheme, _, given = authorization.partition(" ")
            if scheme != "Bearer":
                return JSONResponse({"error": "bad_auth_header"}, status_code=400)
        else:
            query = parse_qs(scope["query_string"].decode("latin-1"))
            cookies = cookie_parser(headers.get("Cookie", ""))
            given = query.get("middle_auth_token", [""])[0] or cookies.get("middle_auth_token", "")
            if not given:
                here = quote(f"{self._standin.url}{scope['path']}", safe="")
                return RedirectResponse(
                    f"{self._standin.url}{LOGIN_PATH}?redirect={here}", status_code=302
                )
        good = hmac.compare_digest(given.encode(), token.encode())
        return None if good else _bad_token()


def _is_public(scope: Scope) -> bool:
    path = scope["path"]
    return path in _PUBLIC_PATHS or path.startswith(_PUBLIC_PREFIXES)


def _bad_token() -> Response:
    return JSONResponse(
        {"error": "invalid_token", "message": "Unauthorized - Token is Invalid or Expired"},
        status_code=401,
        headers={"WWW-Authenticate": 'Bearer realm="stand-in", error="invalid_token"'},
    )


def _forbidden(error: str, data: Mapping[str, object]) -> Response:
    return JSONResponse({"error": error, "message": error, "data": dict(data)}, status_code=403)
