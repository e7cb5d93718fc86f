"""The skeleton service: `skeletons.parquet` of the folder, in the service's own form."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from loader.sandbox.standin.replies import RefusalError

if TYPE_CHECKING:
    from starlette.requests import Request

    from loader.sandbox.standin.standin import Standin

_VERSIONS = [-1, 0, 1, 2, 3, 4]


def skeleton_routes(standin: Standin) -> list[Route]:
    """Return the routes for skeletons; none if the folder has none."""
    path = standin.folder.skeletons
    if path is None:
        return []

    def version(_request: Request) -> Response:
        return JSONResponse("0.23.11")

    def versions(_request: Request) -> Response:
        return JSONResponse(_VERSIONS)

    def skeleton(request: Request) -> Response:
        asked = request.path_params
        if asked["datastack"] != standin.folder.datastack or asked["version"] not in _VERSIONS:
            raise RefusalError(404, {"message": "there is no such datastack or version"})
        rows = pq.read_table(path, filters=[("root_id", "=", asked["root"])]).to_pydict()
        if not rows["root_id"]:
            raise RefusalError(400, {"message": f"{asked['root']} is not a valid root id"})
        return Response(gzip.compress(json.dumps(_flat(rows)).encode()), 200)

    prefix = "/skeletoncache/api"
    return [
        Route(f"{prefix}/version", version),
        Route(f"{prefix}/versions", versions),
        Route(
            f"{prefix}/v1/{{datastack}}/async/get_skeleton/{{version:int}}/{{root:int}}/flatdict",
            skeleton,
        ),
    ]


def _flat(rows: dict[str, list[Any]]) -> dict[str, Any]:
    """Return a skeleton as the service sends it: edges lead to the parent."""
    return {
        "meta": {"root_id": rows["root_id"][0]},
        "vertices": list(zip(rows["x"], rows["y"], rows["z"], strict=True)),
        "edges": [[place, parent] for place, parent in enumerate(rows["parent"]) if parent >= 0],
        "root": rows["parent"].index(-1),
        "radius": rows["radius"],
        "compartment": rows["compartment"],
    }
