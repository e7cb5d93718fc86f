"""Where questions are answered: a bounded number at a time, each with a time limit."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.routing import Route

from graphapi.common.notices import collected
from graphapi.common.threads import Stop, StoppedError, stopped_by
from graphapi.errors import CavegraphError, InputError, QueryTimeoutError
from graphapi.serve.given import Given, read_body
from graphapi.serve.jobs import Jobs
from graphapi.serve.namedsets import NamedSets
from graphapi.serve.replies import RefusalError, failed, json_response, refusal, stopping
from graphapi.serve.tables import arranged, file_response, table_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from graphapi.connectome import Connectome
    from graphapi.serve.answer import Answer
    from graphapi.serve.settings import Settings

    Answering = Callable[["Desk", Given], Answer]

T = TypeVar("T")
Note = tuple[type[Warning], str]


@dataclass(frozen=True)
class Question:
    """One route: its path, the function that answers, and the parameters that it takes."""

    path: str
    answer: Answering
    takes: Sequence[str] = ()
    methods: Sequence[str] = ("GET", "POST")

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


class Desk:
    """An open graph, with the limits within which a server asks it.

    Parameters
    ----------
    connectome
        The open graph.
    settings
        The limits.
    """

    def __init__(self, connectome: Connectome, settings: Settings) -> None:
        self.connectome = connectome
        self.settings = settings
        self.jobs = Jobs(settings)
        self.sets = NamedSets(connectome, settings.sets_file)
        self._over = Stop()
        self._waiting = 0
        self._pool = ThreadPoolExecutor(settings.at_once, thread_name_prefix="cavegraph-serve")

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread, when it is its turn.

        Raises
        ------
        RefusalError
            Too many others are waiting: status 503.
        """
        if self._waiting >= self.settings.at_once + self.settings.waiting:
            raise RefusalError(
                503,
                "busy",
                f"{self._waiting} questions are being answered or waiting",
                hint="ask again in a moment",
                retry_after=2,
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1

    def stop(self) -> None:
        """End running questions at their next check, and jobs."""
        self._over.set()
        self.jobs.close()

    def close(self) -> None:
        """Wait until nothing runs any more."""
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def route(self, question: Question) -> Route:
        """Return the route of a question."""
        return Route(question.path, self._endpoint(question), methods=list(question.methods))

    def _endpoint(self, question: Question) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            values = await parameters(request, self.settings.most_bytes)
            values |= request.path_params
            return await self.run(lambda: self._answer(question, values))

        return endpoint

    def _answer(self, question: Question, values: dict[str, object]) -> Response:
        """Answer a question; runs in a thread."""
        given = Given(values, question.takes, self.set_named)
        hint = "ask for less, or ask it as a job: POST /api/v1/jobs/..., docs/api-http.md"
        answer, notes = self.ask(question.answer, given, hint)
        return self.respond(answer, given, notes, question.name)

    def ask(
        self, answer: Answering, given: Given, hint: str, taken_back: Stop | None = None
    ) -> tuple[Answer, list[Note]]:
        """Return the answer to a question, and its notices.

        Parameters
        ----------
        answer
            The function that answers.
        given
            Its parameters.
        hint
            What to do if it reaches its time limit.
        taken_back
            Ends it early; from `may_be_taken_back`.

        Raises
        ------
        QueryTimeoutError
            It reached its time limit.
        RefusalError
            It was taken back, or the server is being stopped: status 503.
        """
        stop = Stop(self.settings.seconds, within=taken_back or self._over)
        try:
            with collected() as notes, stopped_by(stop):
                return answer(self, given), notes
        except StoppedError as error:
            raise stopping() from error
        except QueryTimeoutError as error:
            raise QueryTimeoutError(
                f"the question was stopped after {self.settings.seconds:g} s", hint=hint
            ) from error

    def may_be_taken_back(self) -> Stop:
        """Return what ends one question when it is set."""
        return Stop(within=self._over)

    def respond(self, answer: Answer, given: Given, notes: list[Note], name: str) -> Response:
        """Turn an answer into a response, in the form that was asked for."""
        if answer.content is not None:
            return answer.content
        form = given.choice("format", ("json", "csv", "parquet", "arrow"), "json")
        if form == "json":
            return json_response(self.told(answer, given, notes))
        if answer.table is None:
            raise InputError("this answer is not one table", hint="ask for it as JSON")
        table = arranged(answer.table, given)
        return file_response(table, form, name, safe=given.flag("csv_safe"))

    def told(self, answer: Answer, given: Given, notes: list[Note]) -> dict[str, Any]:
        """Return an answer as JSON, with the rows that were asked for and where it comes from."""
        said = dict(answer.values)
        if answer.table is not None:
            table = arranged(answer.table, given)
            limit = given.whole("limit", self.settings.most_rows, most=self.settings.most_rows)
            said |= table_json(table, limit=limit, offset=given.whole("offset", 0), ids=answer.ids)
        said["provenance"] = answer.provenance(self.connectome)
        said["as"] = {
            "python": answer.shown.python,
            "cypher": answer.shown.cypher,
            "command_line": answer.shown.command_line,
        }
        said["notes"] = [
            {"kind": kind.__name__.removesuffix("Warning"), "message": text} for kind, text in notes
        ]
        return said

    def set_named(self, name: str) -> list[str]:
        """Return the root ids of a saved set."""
        return list(self.sets.read(name)["ids"])


async def parameters(request: Request, most_bytes: int) -> dict[str, object]:
    """Read the parameters of a request: its address, and its body if it has one.

    Raises
    ------
    InputError
        A parameter is there twice and is not a list, or the body is not a JSON object.
    RefusalError
        The body is too large: status 413.
    """
    values: dict[str, object] = {}
    for name in dict.fromkeys(request.query_params.keys()):
        found = request.query_params.getlist(name)
        values[name] = found[0] if len(found) == 1 else found
    if request.method in ("GET", "HEAD", "DELETE"):
        return values
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > most_bytes:
            raise RefusalError(
                413,
                "size",
                f"the request has more than {most_bytes:,} bytes",
                hint="send fewer ids",
            )
    if body and not request.headers.get("content-type", "").startswith("application/json"):
        raise InputError("the body is not application/json", hint="set the header content-type")
    return values | read_body(body)


async def answer_error(_request: Request, error: Exception) -> Response:
    """Answer with one of our errors."""
    assert isinstance(error, CavegraphError)  # noqa: S101
    return refusal(error)


async def answer_failure(_request: Request, error: Exception) -> Response:
    """Answer with an error that is our mistake: the visitor gets no traceback, the log does."""
    return refusal(failed(error))
