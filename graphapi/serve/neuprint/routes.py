"""The routes of neuPrintHTTP that its clients ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response
from starlette.routing import Route

from graphapi.common.regions import NO_REGION
from graphapi.errors import CavegraphError, InputError, NotFoundError
from graphapi.serve.desk import parameters
from graphapi.serve.neuprint.answering import Clerk
from graphapi.serve.neuprint.explorer import (
    common_connectivity,
    find_neurons,
    roi_completeness,
    roi_connectivity,
    summed_roi_connectivity,
)
from graphapi.serve.neuprint.interpreter import Result
from graphapi.serve.neuprint.meta import API_VERSION, dataset_of
from graphapi.serve.neuprint.names import meanings
from graphapi.serve.neuprint.regions import regions_of
from graphapi.serve.neuprint.skeletons import as_swc, as_table, check_form, skeleton_of
from graphapi.serve.replies import RefusalError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from graphapi.serve.desk import Desk

    Endpoint = Callable[[Request], Awaitable[Response]]

_BOTH = ["GET", "POST"]
_SKELETON = "/api/skeletons/skeleton/{dataset}/{body}"
_ARROW = "application/vnd.apache.arrow.stream"
#: What neuPrintHTTP has and this server does not, with the reason.
_ABSENT = {
    "/api/roimeshes/mesh/{rest:path}": "the graph has no meshes of regions; "
    "get_brain_mesh_scene of graphapi shows the whole brain's",
    "/api/npexplorer/{rest:path}": "this server answers of neuPrintExplorer's questions only those "
    "that neuprintr asks: commonconnectivity, findneurons, roiconnectivity",
    "/api/cached/{rest:path}": "this server answers only cached/roiconnectivity and "
    "cached/roicompleteness",
    "/api/raw/{rest:path}": "graphs are opened read-only; there are no transactions",
    "/api/help/{rest:path}": "this server has no description of its routes; /api/available lists "
    "them",
    "/api/vimoserver": "this server has no ViMo; graphapi and /api/v1/ count motifs",
    "/token": "whoever started this server gives the token",
}


def neuprint_routes(desk: Desk) -> list[Route]:
    """Return the routes; none if the settings do not ask for them."""
    given = desk.settings.neuprint
    if given is None:
        return []
    connectome = desk.connectome
    names = {name: said for name, said in given.items() if name != "regions"}
    primary = [one for one in connectome.materialization.regions if one != NO_REGION]
    clerk = Clerk(
        connectome,
        meanings(connectome.annotations.neuron_types, names),
        regions_of(primary, given.get("regions", {})),
        desk.settings.seconds,
    )
    about: dict[str, Callable[[], Any]] = {
        "/api/version": lambda: {"Version": API_VERSION},
        "/api/serverinfo": lambda: {
            "IsPublic": desk.settings.password is None,
            "Version": API_VERSION,
        },
        "/api/dbmeta/version": lambda: {"Version": API_VERSION},
        "/api/dbmeta/database": lambda: {
            "Location": desk.connectome.name,
            "Description": "a graph of cavegraph",
        },
        "/api/dbmeta/datasets": lambda: dataset_of(clerk.table()),
        "/api/dbmeta/instances": dict,
        "/profile": lambda: {"Email": "", "AuthLevel": "readonly", "ImageURL": ""},
    }
    asked: dict[str, Callable[[dict[str, object]], Response]] = {
        "/api/custom/custom": _table(clerk),
        "/api/custom/arrow": _arrow(clerk),
        "/api/npexplorer/commonconnectivity": _of(clerk, common_connectivity),
        "/api/npexplorer/findneurons": _of(clerk, find_neurons),
        "/api/npexplorer/roiconnectivity": _of(clerk, roi_connectivity),
        "/api/cached/roiconnectivity": _of(clerk, summed_roi_connectivity),
        "/api/cached/roicompleteness": _of(clerk, roi_completeness),
    }
    paths = ["/api/available", *about]
    if connectome.cave_source is not None:
        paths.append(_SKELETON)
    about["/api/available"] = lambda: [
        *({"method": "GET", "path": path} for path in paths),
        *({"method": method, "path": path} for path in asked for method in _BOTH),
    ]
    routes = [Route(path, _answers(desk, _said(made))) for path, made in about.items()]
    routes.append(Route(_SKELETON, _answers(desk, _skeleton(clerk))))
    routes += [Route(path, _answers(desk, answer), methods=_BOTH) for path, answer in asked.items()]
    return routes + [
        Route(path, _answers(desk, _refuse(why)), methods=_BOTH) for path, why in _ABSENT.items()
    ]


def _answers(desk: Desk, answer: Callable[[dict[str, object]], Response]) -> Endpoint:
    """Answer within the server's limits; errors have neuPrint's form."""

    async def endpoint(request: Request) -> Response:
        try:
            given = await parameters(request, desk.settings.most_bytes)
            given |= request.path_params
            return await desk.run(lambda: answer(given))
        except CavegraphError as error:
            return _error(error)

    return endpoint


def _error(error: CavegraphError) -> Response:
    status = 400
    if isinstance(error, NotFoundError):
        status = 404
    if isinstance(error, RefusalError):
        status = error.status
    hint = f" ({error.hint})" if error.hint else ""
    told = f"{error.message}{hint}".encode(errors="replace").decode()
    return _json({"error": told}, status)


def _said(made: Callable[[], Any]) -> Callable[[dict[str, object]], Response]:
    return lambda _given: _json(made())


def _of(
    clerk: Clerk, answer: Callable[[Clerk, dict[str, object]], Any]
) -> Callable[[dict[str, object]], Response]:
    """Return what answers one of neuPrint's own questions about the dataset."""

    def ask(given: dict[str, object]) -> Response:
        clerk.check_dataset(str(given.get("dataset") or ""))
        found = answer(clerk, given)
        if isinstance(found, Result):
            return _json({"columns": found.columns, "data": found.rows})
        return _json(found)

    return ask


def _skeleton(clerk: Clerk) -> Callable[[dict[str, object]], Response]:
    def answer(given: dict[str, object]) -> Response:
        form = check_form(given.get("format", "json"))
        found = skeleton_of(clerk, given)
        if form == "swc":
            return Response(as_swc(found), 200, None, "text/plain")
        table = as_table(found)
        return _json({"columns": table.columns, "data": table.rows})

    return answer


def _refuse(why: str) -> Callable[[dict[str, object]], Response]:
    def refuse(_given: dict[str, object]) -> Response:
        raise NotFoundError(why)

    return refuse


def _asked(clerk: Clerk, given: dict[str, object]) -> tuple[str, Result]:
    cypher, dataset = given.get("cypher"), given.get("dataset", "")
    if not isinstance(cypher, str) or not isinstance(dataset, str):
        raise InputError('the body needs the texts "cypher" and "dataset"')
    clerk.check_dataset(dataset)
    return cypher, clerk.ask(cypher)


def _table(clerk: Clerk) -> Callable[[dict[str, object]], Response]:
    def answer(given: dict[str, object]) -> Response:
        cypher, found = _asked(clerk, given)
        return _json({"columns": found.columns, "data": found.rows, "debug": cypher})

    return answer


def _arrow(clerk: Clerk) -> Callable[[dict[str, object]], Response]:
    def answer(given: dict[str, object]) -> Response:
        import io

        import pyarrow as pa

        _, found = _asked(clerk, given)
        columns = [list(one) for one in zip(*found.rows, strict=True)] or [[]] * len(found.columns)
        try:
            table = pa.table([pa.array(one) for one in columns], names=found.columns)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise InputError("a column mixes types, which Arrow cannot hold") from error
        written = io.BytesIO()
        with pa.ipc.new_stream(written, table.schema) as writer:
            writer.write_table(table)
        return Response(written.getvalue(), 200, None, _ARROW)

    return answer


def _json(value: object, status: int = 200) -> Response:
    """Return JSON with ids as numbers, as neuPrint's clients read them."""
    try:
        text = orjson.dumps(value)
    except TypeError as error:
        raise InputError(f"the answer cannot be written as JSON: {error}") from error
    return Response(text, status, None, "application/json")
