"""The info service: describes the datastack, and gives the addresses of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from loader.sandbox.standin.replies import RefusalError

if TYPE_CHECKING:
    from starlette.requests import Request

    from loader.sandbox.standin.standin import Standin

_SERVICE_VERSION = "4.3.3"


def info_routes(standin: Standin) -> list[Route]:
    """Return the routes below `/info`."""
    folder = standin.folder
    volume = f"{folder.datastack}_volume"

    def version(_request: Request) -> Response:
        return JSONResponse(_SERVICE_VERSION)

    def datastacks(_request: Request) -> Response:
        return JSONResponse([folder.datastack])

    def datastack(request: Request) -> Response:
        _check(request.path_params["name"], folder.datastack)
        return JSONResponse(full_record(standin))

    def image_sources(request: Request) -> Response:
        _check(request.path_params["name"], folder.datastack)
        return JSONResponse([])

    def volumes(_request: Request) -> Response:
        return JSONResponse([volume])

    def volume_by_name(request: Request) -> Response:
        _check(request.path_params["name"], volume)
        return JSONResponse(full_record(standin)["aligned_volume"])

    def volume_by_id(request: Request) -> Response:
        _check(request.path_params["number"], 1)
        return JSONResponse(full_record(standin)["aligned_volume"])

    def datastacks_of_volume(request: Request) -> Response:
        _check(request.path_params["name"], volume)
        return JSONResponse([folder.datastack])

    base = "/info/api/v2"
    return [
        Route("/info/version", version),
        Route(f"{base}/datastacks", datastacks),
        Route(f"{base}/datastack/full/{{name}}", datastack),
        Route(f"{base}/datastack/{{name}}/image_sources", image_sources),
        Route(f"{base}/aligned_volume", volumes),
        Route(f"{base}/aligned_volume/id/{{number:int}}", volume_by_id),
        Route(f"{base}/aligned_volume/{{name}}", volume_by_name),
        Route(f"{base}/aligned_volume/{{name}}/datastacks", datastacks_of_volume),
    ]


def full_record(standin: Standin) -> dict[str, Any]:
    """Return the info record of the datastack."""
    folder, record = standin.folder, standin.folder.record
    x, y, z = record["viewer_resolution"]
    image = record.get("image")
    return {
        "aligned_volume": {
            "id": 1,
            "name": f"{folder.datastack}_volume",
            "display_name": folder.datastack,
            "description": record.get("description", ""),
            "image_source": f"precomputed://{standin.url}/data/{image}" if image else "",
        },
        "segmentation_source": (
            f"graphene://{standin.url}/segmentation/table/{folder.segmentation_table}"
        ),
        "skeleton_source": None,
        "analysis_database": None,
        "viewer_site": None,
        "synapse_table": record.get("synapse_table"),
        "soma_table": record.get("soma_table"),
        "local_server": standin.url,
        "description": record.get("description", ""),
        "viewer_resolution_x": float(x),
        "viewer_resolution_y": float(y),
        "viewer_resolution_z": float(z),
        "proofreading_status_table": record.get("proofreading_status_table"),
        "cell_identification_table": record.get("cell_identification_table"),
        "proofreading_review_table": record.get("proofreading_review_table"),
    }


def _check(asked: object, known: object) -> None:
    if asked != known:
        raise RefusalError(404, {"message": f"{asked} not found"})
