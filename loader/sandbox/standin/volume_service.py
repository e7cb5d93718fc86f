"""Serve volumes: precomputed files over HTTP, and the segmentation's graphene format."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from loader.sandbox.standin.folder import resolved
from loader.sandbox.standin.replies import RefusalError, chunkedgraph_refusal

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from loader.sandbox.standin.standin import Standin

_CHUNK_SIZE = (256, 256, 512)
_FEWEST_LAYERS = 6


def volume_routes(standin: Standin) -> list[Route]:
    """Return the routes for volumes and meshes."""

    def file(request: Request) -> Response:
        return serve_file(standin.folder.volumes, request.path_params["path"])

    def graphene_info(request: Request) -> Response:
        _check_table(standin, request)
        return JSONResponse(make_graphene_info(standin))

    def manifest(request: Request) -> Response:
        _check_table(standin, request)
        root = request.path_params["root"].partition(":")[0]
        if not root.isdecimal():
            raise chunkedgraph_refusal(400, f"{root} is not a root id")
        fragments = _fragments(standin, int(root))
        answer: dict[str, Any] = {"fragments": fragments}
        if request.query_params.get("return_seg_ids"):
            answer["seg_ids"] = [int(root)] * len(fragments)
        return JSONResponse(answer)

    return [
        Route("/data/{path:path}", file, methods=["GET"]),
        Route("/segmentation/table/{table}/info", graphene_info),
        Route("/segmentation/api/v1/table/{table}/info", graphene_info),
        Route("/meshing/api/v1/table/{table}/manifest/{root}", manifest),
    ]


def serve_file(root: Path, name: str) -> Response:
    """Serve a file or a range of it: `name`, or compressed `name.gz`.

    Parameters
    ----------
    root
        Folder; nothing outside is served, not even through a link.
    name
        Requested path below the folder.

    Raises
    ------
    RefusalError
        The file does not exist.
    """
    for suffix, encoding in (("", None), (".gz", "gzip")):
        path = _inside(root, name + suffix)
        if path is not None:
            headers = {"Content-Encoding": encoding} if encoding else {}
            return FileResponse(path, headers=headers, media_type=_media_type(name))
    raise RefusalError(404, {"message": "not found"})


def _inside(root: Path, name: str) -> Path | None:
    if "\0" in name or "\\" in name or any(part in ("", ".", "..") for part in name.split("/")):
        return None
    path, top = resolved(root / name), resolved(root)
    if path is None or top is None or not path.is_relative_to(top):
        return None
    return path if os.path.isfile(path) else None  # noqa: PTH113 - no error for a name too long


def _media_type(name: str) -> str:
    is_json = name.rsplit("/", 1)[-1] == "info" or name.endswith(":0")
    return "application/json" if is_json else "application/octet-stream"


def make_graphene_info(standin: Standin) -> dict[str, Any]:
    """Return the `info` of the segmentation as the chunkedgraph service sends it."""
    folder = standin.folder
    name = folder.record.get("segmentation")
    info = _read_info(folder.volumes, str(name)) if name else None
    layers = max(standin.history.highest_layer(), _FEWEST_LAYERS)
    return {
        **(info or _bare_info(folder.record["viewer_resolution"])),
        "data_dir": f"{standin.url}/data/{name or 'no-segmentation'}",
        "mesh": _mesh_folder(info),
        "graph": {
            "chunk_size": list(_CHUNK_SIZE),
            "cv_mip": 0,
            "n_bits_for_layer_id": 8,
            "n_layers": layers,
            "spatial_bit_masks": {
                str(layer): max(1, min(10, 12 - layer)) for layer in range(1, layers + 1)
            },
        },
        "app": {"supported_api_versions": [0, 1]},
        "chunks_start_at_voxel_offset": True,
        "mesh_metadata": {"uniform_draco_grid_size": 21, "unsharded_mesh_dir": "dynamic"},
        "verify_mesh": False,
    }


def _bare_info(resolution: list[float]) -> dict[str, Any]:
    scale = {
        "key": "_".join(str(size) for size in resolution),
        "resolution": resolution,
        "size": [1, 1, 1],
        "voxel_offset": [0, 0, 0],
        "chunk_sizes": [[1, 1, 1]],
        "encoding": "raw",
    }
    return {"type": "segmentation", "data_type": "uint64", "num_channels": 1, "scales": [scale]}


def _fragments(standin: Standin, root: int) -> list[str]:
    name = standin.folder.record.get("segmentation")
    if not name:
        return []
    volumes = standin.folder.volumes
    mesh = _mesh_folder(_read_info(volumes, str(name)))
    place = _inside(volumes, f"{name}/{mesh}/{root}:0")
    if place is None:
        return []
    return [str(fragment) for fragment in json.loads(place.read_text("utf-8"))["fragments"]]


def _mesh_folder(info: dict[str, Any] | None) -> str:
    return str((info or {}).get("mesh") or "mesh")


def _read_info(volumes: Path, name: str) -> dict[str, Any] | None:
    path = _inside(volumes, f"{name}/info")
    if path is None:
        return None
    info: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return info


def _check_table(standin: Standin, request: Request) -> None:
    name = request.path_params["table"]
    if name != standin.folder.segmentation_table:
        raise chunkedgraph_refusal(404, f"table {name} not found")
