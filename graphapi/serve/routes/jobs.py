"""Any question as long work: started, asked about, cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from graphapi.serve.desk import parameters
from graphapi.serve.given import Given
from graphapi.serve.replies import RefusalError, json_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from graphapi.serve.desk import Desk, Question

_JOBS = "/api/v1/jobs"


def job_routes(desk: Desk, questions: Sequence[Question]) -> list[BaseRoute]:
    """Return the routes of long work."""
    by_name = {one.name: one for one in questions if "{" not in one.path}

    async def start(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in by_name:
            raise RefusalError(
                404,
                "path",
                f"there is no question {name[:60]!r}",
                hint=f"one of {', '.join(sorted(by_name))}",
            )
        question = by_name[name]
        values = await parameters(request, desk.settings.most_bytes)
        given = Given(values, question.takes, desk.set_named)
        job = desk.jobs.start(name, lambda: question.answer(desk, given))
        return json_response(job.to_json(), 202)

    async def ask(request: Request) -> Response:
        return json_response(desk.jobs.find(request.path_params["name"]).to_json())

    async def cancel(request: Request) -> Response:
        return json_response(desk.jobs.cancel(request.path_params["name"]).to_json())

    async def result(request: Request) -> Response:
        job = desk.jobs.find(request.path_params["name"])
        values = await parameters(request, desk.settings.most_bytes)
        answer = job.answer
        if job.state != "done" or answer is None:
            raise RefusalError(
                409, "not_done", f"this job is {job.state}", hint="ask for its state first"
            )
        given = Given(values, (), desk.set_named)
        return await desk.run(lambda: desk.respond(answer, given, job.notes, job.name))

    return [
        Route(f"{_JOBS}/{{name}}", start, methods=["POST"]),
        Route(f"{_JOBS}/{{name}}", ask, methods=["GET"]),
        Route(f"{_JOBS}/{{name}}", cancel, methods=["DELETE"]),
        Route(f"{_JOBS}/{{name}}/result", result, methods=["GET"]),
    ]
