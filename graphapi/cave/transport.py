"""Checks on every answer from CAVE before the CAVE client sees it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from graphapi.cave.token import redact
from graphapi.common.address import origin_of
from graphapi.common.http import BoundedAdapter, Limits
from graphapi.errors import CaveAuthError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from graphapi.common.http import Pass

ARROW_TYPE = "data.arrow"
_LOGIN_HINT = (
    "run graphapi.generate_cave_token() to get and store a token for this server; "
    "on the command line: cavegraph token ADDRESS"
)


class CarefulAdapter(BoundedAdapter):
    """An HTTP adapter that refuses unexpected redirects and keeps Arrow answers.

    By itself, the CAVE client follows a redirect to a login page and then fails to read that
    page. If terms of service are not accepted, it opens a web browser. This adapter raises an
    error in both cases.

    Parameters
    ----------
    shows
        The token and the places that may see it; the token is removed from messages.
    timeout
        Seconds to wait for a connection and between two pieces of an answer.
    repeats
        How often to repeat a request after a server failure; 0 if the caller repeats it.
    connections
        How many connections to keep open.
    """

    def __init__(self, shows: Pass, *, timeout: float, repeats: int, connections: int) -> None:
        super().__init__(
            shows,
            limits=Limits.within(timeout),
            max_retries=repeats,
            pool_maxsize=connections,
            pool_block=False,
        )
        self.shows = shows
        self._repeats = repeats
        self._kept = threading.local()

    @contextmanager
    def keeping_answers(self) -> Iterator[list[requests.Response]]:
        """Collect the Arrow answers that this thread receives, with body and headers."""
        self._kept.answers = []
        try:
            yield self._kept.answers
        finally:
            self._kept.answers = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send a request; see `requests.adapters.HTTPAdapter.send`."""
        response = super().send(request, *args, **kwargs)
        for number in range(self._repeats):
            if response.status_code not in (502, 503, 504):
                break
            time.sleep(0.1 * 2**number)
            response = super().send(request, *args, **kwargs)
        self._refuse_odd_redirect(request, response)
        if response.status_code in (401, 403):
            raise self._refusal(request, response)
        answers = getattr(self._kept, "answers", None)
        if answers is not None and response.headers.get("Content-Type") == ARROW_TYPE:
            answers.append(response)
        return response

    def _refuse_odd_redirect(
        self, request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        if not response.is_redirect:
            return
        here = urlsplit(request.url or "")
        there = urljoin(request.url or "", response.headers["location"])
        if "authorize" in there:
            raise CaveAuthError(
                f"{here.netloc} requires a login for {here.path}: no token was sent, or the "
                "server does not recognize it",
                hint=_LOGIN_HINT,
            )
        try:
            origin = origin_of(there)
        except InputError as error:
            raise CaveAuthError(
                f"{here.netloc} redirects {here.path} to an invalid address", hint=_LOGIN_HINT
            ) from error
        if origin != origin_of(request.url or ""):
            raise CaveAuthError(
                f"{here.netloc} redirects {here.path} to {origin}, a different server",
                hint=f"if you trust {origin}, pass it as the server. If it is a login page, "
                f"{_LOGIN_HINT}",
            )

    def _refusal(
        self, request: requests.PreparedRequest, response: requests.Response
    ) -> CaveAuthError:
        parts = urlsplit(response.url or "")
        answer = _json_object(response)
        reason = str(answer.get("error") or response.reason or response.status_code)
        detail = answer.get("data")
        data = detail if isinstance(detail, dict) else {}
        if reason == "missing_tos":
            return CaveAuthError(
                f"{parts.netloc} refuses {parts.path}: "
                f"you have not accepted the terms of service '{data.get('tos_name', '')}'",
                hint=f"accept them at {data.get('tos_form_url', 'the server')}, then try again",
            )
        if reason == "missing_permission":
            return CaveAuthError(
                f"{parts.netloc} refuses {parts.path}: your account lacks the permission "
                f"'{data.get('required_permission', '')}' for '{data.get('auth_dataset', '')}'",
                hint="ask the owners of the datastack for access",
            )
        if self.shows.token and not self.token_of(request):
            return CaveAuthError(
                redact(f"{parts.netloc} requires a token for {parts.path}: {reason}"),
                hint="your token was not sent, because others could read it over plain http; "
                "use the server's https address"
                if parts.scheme == "http"
                else "your token was not sent, because you did not name this server",
            )
        return CaveAuthError(
            redact(
                f"{parts.netloc} refuses the token for {parts.path}: {reason}", self.shows.token
            ),
            hint=_LOGIN_HINT,
        )


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
