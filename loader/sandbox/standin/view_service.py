"""The views of the materialization service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from loader.sandbox.standin.queries import answer_plan, disturb, notices
from loader.sandbox.standin.query import plan_one
from loader.sandbox.standin.question import ONE_TABLE, read_question, with_body
from loader.sandbox.standin.relation import Relation
from loader.sandbox.standin.replies import failed, plain_404, wrapped

if TYPE_CHECKING:
    from starlette.requests import Request

    from loader.sandbox.standin.columns import Column
    from loader.sandbox.standin.folder import Table, Version
    from loader.sandbox.standin.standin import Standin

_TYPES = {
    "integer": {"type": "integer"},
    "float": {"type": "float"},
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "position": {"type": "SpatialPoint"},
}


def view_routes(standin: Standin) -> list[Route]:
    """Return the routes for views."""

    def views(request: Request) -> Response:
        found = _views(standin, standin.version(request))
        return JSONResponse({name: _record(standin, view) for name, view in found.items()})

    def schemas(request: Request) -> Response:
        version = standin.version(request)
        found = _views(standin, version)
        if not found:
            raise plain_404("No views found")
        return JSONResponse({name: _schema(view, version) for name, view in found.items()})

    def metadata(request: Request) -> Response:
        standin.version(request)
        view = _view(standin, request)
        return JSONResponse({"table_name": view.name, **_record(standin, view)})

    def schema(request: Request) -> Response:
        version = standin.version(request)
        view = _view(standin, request)
        _check_version(view, version)
        return JSONResponse(_schema(view, version))

    def query(request: Request, content: bytes) -> Response:
        version = standin.version(request)
        disturb(standin, request, version)
        view = _view(standin, request)
        _check_version(view, version)
        if not standin.usable(version):
            raise wrapped(410, "This materialization version is not available")
        question = read_question(content, ONE_TABLE)
        question = replace(question, resolution=question.resolution or view.resolution)
        relation = Relation.of(view, version.number, "t0", is_merged=True, is_view=True)
        return answer_plan(
            standin,
            request,
            plan_one(relation, question),
            question,
            size=standin.row_count(view, version.number),
            warnings=notices(view),
        )

    base = "/materialize/api/v3/datastack/{datastack}/version/{version:int}/views"
    return [
        Route(base, views),
        Route(f"{base}/schemas", schemas),
        Route(f"{base}/{{view}}/metadata", metadata),
        Route(f"{base}/{{view}}/schema", schema),
        Route(f"{base}/{{view}}/query", with_body(query), methods=["POST"]),
    ]


def _views(standin: Standin, version: Version) -> dict[str, Table]:
    views = standin.folder.views
    return {name: view for name, view in views.items() if version.number in view.files}


def _view(standin: Standin, request: Request) -> Table:
    view = standin.folder.views.get(request.path_params["view"])
    if view is None:
        raise failed("No row was found for one()")  # the real service does not name the view
    return view


def _check_version(view: Table, version: Version) -> None:
    if version.number not in view.files:
        raise failed(f'(psycopg2.errors.UndefinedTable) relation "{view.name}" does not exist')


def _record(standin: Standin, view: Table) -> dict[str, Any]:
    x, y, z = view.resolution
    return {
        "id": 1 + list(standin.folder.views).index(view.name),
        "datastack_name": standin.folder.datastack,
        "description": view.metadata.get("description", ""),
        "notice_text": view.metadata.get("notice_text"),
        "live_compatible": False,
        "voxel_resolution_x": x,
        "voxel_resolution_y": y,
        "voxel_resolution_z": z,
    }


def _schema(view: Table, version: Version) -> dict[str, dict[str, str]]:
    columns: dict[str, Column] = view.files[version.number].columns
    return {name: _TYPES[column.kind] for name, column in columns.items()}
