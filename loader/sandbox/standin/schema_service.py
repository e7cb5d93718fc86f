"""The schema service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from loader.sandbox.standin.replies import RefusalError
from loader.sandbox.standin.schemas import SCHEMAS, fields_of, json_schema

if TYPE_CHECKING:
    from starlette.requests import Request

    from loader.sandbox.standin.standin import Standin


def schema_routes(standin: Standin) -> list[Route]:
    """Return the routes below `/schema`."""
    known = dict(SCHEMAS)
    for table in standin.folder.tables.values():
        schema = str(table.metadata.get("schema_type") or "")
        if schema and schema not in known:
            known[schema] = fields_of(table.newest.columns.values())

    def versions(_request: Request) -> Response:
        return JSONResponse([2])

    def names(_request: Request) -> Response:
        return JSONResponse(sorted(known))

    def everything(_request: Request) -> Response:
        return JSONResponse({name: json_schema(name, known[name]) for name in known})

    def one(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in known:
            raise RefusalError(404, {"message": f"schema {name} not found"})
        return JSONResponse(json_schema(name, known[name]))

    def some(request: Request) -> Response:
        wanted = request.query_params.get("schema_names", "").split(",")
        found: dict[str, Any] = {n: json_schema(n, known[n]) for n in wanted if n in known}
        return JSONResponse(found)

    base = "/schema/api/v2"
    return [
        Route("/schema/versions", versions),
        Route(f"{base}/type", names),
        Route(f"{base}/type/{{name}}", one),
        Route(f"{base}/types", some, methods=["POST"]),
        Route(f"{base}/types_all", everything),
    ]
