"""Who may ask: the right host name, the same origin, the password; and the headers of answers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from graphapi.common.address import origin_of
from graphapi.errors import InputError
from graphapi.serve.replies import RefusalError, refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from graphapi.serve.settings import Settings

API = "/api/"
LOGIN = "/api/v1/login"
#: Where assistants ask.
ASSISTANTS = "/mcp"
#: What begins like this answers from the graph.
_PRIVATE = (API, ASSISTANTS)
#: Nothing but what this server sends is loaded or run, and no other page can show this one.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
#: Seconds before a wrong password is refused, so that guessing is slow.
_WRONG = 1.0
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


class Password:
    """The password of a server, and the cookie of a visitor who has given it."""

    def __init__(self, password: str | None) -> None:
        self._password = password
        # signed with a key of this process: a cookie of another server, or an old one, is refused
        key = secrets.token_bytes(32)
        self.cookie = hmac.new(key, b"visitor", hashlib.sha256).hexdigest()
        self._guess = asyncio.Lock()

    @property
    def needed(self) -> bool:
        """Whether visitors need a password."""
        return self._password is not None

    def accepts(self, given: str) -> bool:
        """Return whether a password is the right one, in a time that does not depend on it."""
        if self._password is None:
            return True
        return hmac.compare_digest(given.encode(), self._password.encode())

    async def slow_down(self) -> None:
        """Wait before a wrong password is refused: guesses at the same time wait for each other."""
        async with self._guess:
            await asyncio.sleep(_WRONG)

    def cookie_name(self, scope: Scope) -> str:
        """Return the cookie's name: cookies of one host are shared by all its ports."""
        return f"cavegraph_{(scope.get('server') or ('', 0))[1]}"

    def knows(self, scope: Scope, headers: dict[str, str]) -> bool:
        """Return whether a request has the password or the cookie."""
        if not self.needed:
            return True
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.accepts(token.strip()):
            return True
        name = self.cookie_name(scope)
        for part in headers.get("cookie", "").split(";"):
            key, _, value = part.strip().partition("=")
            if key == name and hmac.compare_digest(value.encode(), self.cookie.encode()):
                return True
        return False


class Access:
    """Middleware that refuses strangers, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, settings: Settings, visitors: Password) -> None:
        self._app = app
        self._settings = settings
        self._pass = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request, then pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                more = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] = [
                    *message["headers"],
                    *(item for item in more if item[0] not in there),
                ]
            await send(message)

        try:
            headers = _headers(scope)
            self._check(scope, headers)
        except RefusalError as error:
            if error.status == HTTPStatus.UNAUTHORIZED and "authorization" in headers:
                await self._pass.slow_down()
            await refusal(error)(scope, receive, safely)
            return
        await self._app(scope, receive, safely)

    def _check(self, scope: Scope, headers: dict[str, str]) -> None:
        self._check_host(headers.get("host", ""))
        self._check_origin(scope, headers)
        public = not scope["path"].startswith(_PRIVATE) or scope["path"] == LOGIN
        if not public and not self._pass.knows(scope, headers):
            raise RefusalError(
                401,
                "password",
                "this server needs a password",
                hint="log in on its page, or send the header Authorization: Bearer PASSWORD",
            )

    def _check_host(self, host: str) -> None:
        """Refuse host names that are not this server's: they may belong to another page."""
        try:
            name = origin_of(f"http://{host}").host.strip("[]")
        except InputError as error:
            raise _stranger(host) from error
        known = {"localhost", self._settings.host.lower(), *map(str.lower, self._settings.names)}
        if name in known:
            return
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            raise _stranger(host) from None
        # An address is not a name, so nobody can let it point elsewhere.
        if self._settings.on_this_machine and not address.is_loopback:
            raise _stranger(host)

    def _check_origin(self, scope: Scope, headers: dict[str, str]) -> None:
        """Refuse what another site's page sends; opening our page from a link is allowed."""
        opened = (
            scope["method"] in ("GET", "HEAD")
            and not scope["path"].startswith(_PRIVATE)
            and headers.get("sec-fetch-mode") == "navigate"
        )
        if opened:
            return
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise _other_origin()
        if (origin := headers.get("origin")) is not None:
            try:
                same = origin_of(origin) == origin_of(f"{scope['scheme']}://{headers['host']}")
            except InputError:
                same = False
            if not same:
                raise _other_origin()


def _headers(scope: Scope) -> dict[str, str]:
    """Return a request's headers; one that is there twice is refused."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        if key in found and key in ("host", "origin", "authorization", "sec-fetch-site"):
            raise RefusalError(400, "request", f"the header {key} is there twice")
        found[key] = value.decode("latin-1")
    return found


def _stranger(host: str) -> RefusalError:
    return RefusalError(
        421,
        "host",
        f"this server is not {host[:200]!r}",
        hint="use the address that it printed, or start it with --name HOST",
    )


def _other_origin() -> RefusalError:
    return RefusalError(
        403,
        "origin",
        "this request comes from another site's page",
        hint="open the page of this server, or ask from a program",
    )
