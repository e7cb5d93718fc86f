"""What every request to CAVE is given: a time limit, and no way to lead the token astray."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from requests.adapters import HTTPAdapter

from graphapi.cave.token import redact
from graphapi.errors import CaveAuthError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from urllib3.util.retry import Retry

ARROW_TYPE = "data.arrow"
_LOGIN_HINT = (
    "run graphapi.generate_cave_token() to get and store a token for this server; "
    "on the command line: cavegraph token ADDRESS"
)


class CarefulAdapter(HTTPAdapter):
    """An adapter that limits time, refuses odd redirects and keeps Arrow answers.

    The CAVE client sets no time limit, so a hung server hangs its caller for ever; it follows
    a redirect to a login page and then fails to read that page; and it opens a web browser
    where terms of service are not accepted. All three end here, before it sees the answer.

    Parameters
    ----------
    timeout
        Seconds to wait for a connection and between two pieces of an answer.
    token
        Blanked out of messages.
    retries
        What to try again by itself; 0 where the caller does that.
    connections
        How many to keep open.
    """

    def __init__(
        self, *, timeout: float, token: str | None, retries: Retry | int, connections: int
    ) -> None:
        super().__init__(max_retries=retries, pool_maxsize=connections, pool_block=False)
        self._timeout = timeout
        self._token = token
        self._kept = threading.local()

    @contextmanager
    def keeping_answers(self) -> Iterator[list[requests.Response]]:
        """Collect the Arrow answers that reach this thread, body and headers."""
        self._kept.answers = []
        try:
            yield self._kept.answers
        finally:
            self._kept.answers = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send a request; see `requests.adapters.HTTPAdapter.send`."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        response = super().send(request, *args, **kwargs)
        self._refuse_odd_redirect(request, response)
        if response.status_code in (401, 403):
            raise self._refusal(response)
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
        there = urlsplit(urljoin(request.url or "", response.headers["location"]))
        if here.hostname == there.hostname and "authorize" not in there.path:
            return
        raise CaveAuthError(
            f"{here.netloc} wants a login for {here.path}: there is no token, or it is not known",
            hint=_LOGIN_HINT,
        )

    def _refusal(self, response: requests.Response) -> CaveAuthError:
        parts = urlsplit(response.url or "")
        answer = _json_object(response)
        reason = str(answer.get("error") or response.reason or response.status_code)
        detail = answer.get("data")
        data = detail if isinstance(detail, dict) else {}
        if reason == "missing_tos":
            return CaveAuthError(
                f"{parts.netloc} refuses {parts.path}: the terms of service "
                f"'{data.get('tos_name', '')}' are not accepted yet",
                hint=f"accept them at {data.get('tos_form_url', 'the server')}, then try again",
            )
        if reason == "missing_permission":
            return CaveAuthError(
                f"{parts.netloc} refuses {parts.path}: your account lacks the permission "
                f"'{data.get('required_permission', '')}' for '{data.get('auth_dataset', '')}'",
                hint="ask the owners of the datastack for access",
            )
        return CaveAuthError(
            redact(f"{parts.netloc} refuses the token for {parts.path}: {reason}", self._token),
            hint=_LOGIN_HINT,
        )


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
