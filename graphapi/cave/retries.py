"""When to repeat a request to CAVE, how long to wait, and which error to raise at the end."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import requests
from urllib3.exceptions import NewConnectionError

from graphapi.cave.token import redact
from graphapi.errors import (
    CaveAuthError,
    CaveError,
    CaveRateLimitError,
    CaveResponseError,
    CaveUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

#: Transient errors.
_BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.JSONDecodeError,
    pa.ArrowException,
)
#: Errors raised by reading an answer of the wrong shape. Arrow reports a short body as OSError.
_MISREAD = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,  # JSON of a thousand levels
)
_WRAPPED = re.compile(r"^(\d{3})\b")


class MissingError(Exception):
    """The server answers 404 or 410: the thing named does not exist, or no longer exists."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Patience:
    """How often to repeat a request, and how long to wait in between.

    Attributes
    ----------
    server
        Address of the server, for messages.
    token
        The token, which is removed from messages.
    max_retries
        Retries after the first try.
    max_wait
        Longest wait in seconds; if the server asks for a longer one, the call fails.
    pause
        Function that sleeps for some seconds; replaced in tests.
    """

    server: str
    token: str | None
    max_retries: int = 6
    max_wait: float = 120.0
    pause: Callable[[float], None] = time.sleep

    def ask(self, what: str, call: Callable[[], Answer]) -> Answer:
        """Return the result of `call`, and retry after transient failures.

        Parameters
        ----------
        what
            What is requested, for messages.
        call
            One request through the CAVE client or `requests`.

        Raises
        ------
        MissingError
            The server answers 404 or 410.
        CaveUnavailableError, CaveRateLimitError
            The last retry failed too.
        CaveAuthError
            The server refuses the token.
        CaveResponseError
            Any other failure; never retried.
        """
        tries = 0
        while True:
            try:
                return call()
            except (CaveError, MissingError):
                raise
            except (*_MISREAD, pa.ArrowException) as error:
                failure = self._judge(error, what)
                tries += 1
                if failure.wait is None or tries > failure.tries:
                    raise failure.error from self._presentable(error)
                wait = failure.wait(tries)
                if wait > self.max_wait:
                    raise failure.error from self._presentable(error)
            self.pause(wait)

    def _judge(self, error: Exception, what: str) -> _Failure:
        response = getattr(error, "response", None)
        if isinstance(error, requests.HTTPError) and response is not None:
            return self._judge_status(response, what)
        if isinstance(error, requests.ReadTimeout):
            # Each try already waits for the whole time limit.
            return self._unavailable(f"did not answer {what} in time", tries=2)
        if (why := _not_connected(error)) is not None:
            return self._unavailable(f"cannot be reached: {why}")
        if isinstance(error, _BROKEN) or type(error) is OSError:
            return self._unavailable(f"sent an unreadable answer to {what}: {error}")
        return _Failure(
            CaveResponseError(
                self._clean(f"{self.server}: unexpected answer to {what}: {error!r}"),
                hint="check that this is the address of an up-to-date CAVE server",
            )
        )

    def _judge_status(self, response: requests.Response, what: str) -> _Failure:
        status, message = real_status(response)
        after = _retry_after(response.headers.get("Retry-After"))
        if status in (404, 410):
            raise MissingError(status, self._clean(message)) from None
        if status in (401, 403):
            return _Failure(
                CaveAuthError(
                    self._clean(f"{self.server} refuses {what}: {message}"),
                    hint="ask the owners of the datastack or table for access",
                )
            )
        if status == 429:
            asked = f"; it asks to wait {after:.0f} s" if after else ""
            return _Failure(
                CaveRateLimitError(
                    self._clean(f"{self.server} limits the rate of requests ({message}{asked})"),
                    hint=f"requested: {what}. Try again later, or with a smaller max_in_flight",
                ),
                wait=_long_wait if after is None else lambda _: after,
                tries=self.max_retries,
            )
        if status in (502, 503, 504):
            return self._unavailable(f"answers {status} to {what}", after=after)
        return _Failure(
            CaveResponseError(
                self._clean(f"{self.server} refuses {what}: {status} {message}"),
                hint="check the names of tables and columns; the server's message is above",
            ),
            # Usually a query that always fails, sometimes a passing database error.
            wait=_short_wait,
            tries=min(2, self.max_retries) if status >= 500 else 0,
        )

    def _unavailable(
        self, words: str, *, tries: int | None = None, after: float | None = None
    ) -> _Failure:
        limit = self.max_retries if tries is None else min(tries, self.max_retries)
        return _Failure(
            CaveUnavailableError(
                self._clean(f"{self.server} {words} (tried {limit + 1} times)"),
                hint="check the address and your network; if both are fine, try again later. "
                "The demo's server is started by `cavegraph serve-demo`",
            ),
            wait=_short_wait if after is None else lambda _: after,
            tries=limit,
        )

    def _clean(self, text: str) -> str:
        return redact(" ".join(text.split())[:600], self.token)

    def _presentable(self, error: Exception) -> Exception | None:
        """Return the cause unless its text contains a token."""
        text = str(error)
        return error if redact(text, self.token) == text else None


@dataclass(frozen=True)
class _Failure:
    error: CaveError
    wait: Callable[[int], float] | None = None
    tries: int = 0


def _not_connected(error: Exception) -> str | None:
    """Return why no connection was made, as the system says it; None if one was made."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if not isinstance(reason, NewConnectionError):
        return None
    return re.sub(r"^.*(: |\()\[Errno -?\d+\] |\)$", "", str(reason))


def _short_wait(tries: int) -> float:
    return 0.2 * 2.0 ** (tries - 1)


def _long_wait(tries: int) -> float:
    return 1.0 * 2.0 ** (tries - 1)


def real_status(response: requests.Response) -> tuple[int, str]:
    """Return the status that the server meant, and its message.

    The materialization service wraps its own refusals: it sends status 500 with
    `{"message": "429 Too Many Requests: ..."}`.
    """
    status = response.status_code
    message = _message(response)
    wrapped = _WRAPPED.match(message) if status == 500 else None
    return (int(wrapped.group(1)) if wrapped else status, message)


def _message(response: requests.Response) -> str:
    try:
        answer: Any = response.json()
    except (ValueError, RecursionError):
        return str(response.reason or "")
    if isinstance(answer, dict):
        return str(answer.get("message") or answer.get("error") or answer)
    return str(answer)


def _retry_after(header: str | None) -> float | None:
    if not header:
        return None
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", header):
        return float(header)
    try:
        until = parsedate_to_datetime(header)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # neither seconds nor a date: ignored
        return None
