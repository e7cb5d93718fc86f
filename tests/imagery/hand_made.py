"""Volumes and meshes written with numpy alone, and a small web server."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class WrittenScale:
    """What is written as one scale."""

    array: np.ndarray[Any, Any]
    resolution: tuple[float, float, float]
    offset: tuple[int, int, int] = (0, 0, 0)
    chunk: tuple[int, int, int] = (16, 16, 4)


def write_volume(folder: Path, *scales: WrittenScale, kind: str = "image", **more: Any) -> Path:
    """Write raw precomputed chunks with numpy alone; returns the folder."""
    listed = []
    for scale in scales:
        key = "_".join(f"{r:g}" for r in scale.resolution)
        (folder / key).mkdir(parents=True)
        size = scale.array.shape[:3]
        for x in range(0, size[0], scale.chunk[0]):
            for y in range(0, size[1], scale.chunk[1]):
                for z in range(0, size[2], scale.chunk[2]):
                    starts = (x, y, z)
                    stops = [
                        min(a + c, n) for a, c, n in zip(starts, scale.chunk, size, strict=True)
                    ]
                    part = scale.array[
                        tuple(slice(a, b) for a, b in zip(starts, stops, strict=True))
                    ]
                    name = "_".join(
                        f"{a + o}-{b + o}"
                        for a, b, o in zip(starts, stops, scale.offset, strict=True)
                    )
                    (folder / key / name).write_bytes(part.tobytes(order="F"))
        listed.append(
            {
                "chunk_sizes": [list(scale.chunk)],
                "encoding": "raw",
                "key": key,
                "resolution": list(scale.resolution),
                "size": list(size),
                "voxel_offset": list(scale.offset),
            }
        )
    channels = scales[0].array.shape[3] if scales[0].array.ndim == 4 else 1
    info = {
        "type": kind,
        "data_type": str(scales[0].array.dtype),
        "num_channels": channels,
        "scales": listed,
        **more,
    }
    (folder / "info").write_text(json.dumps(info))
    return folder


def legacy_bytes(vertices: Any, faces: Any) -> bytes:
    """Write a legacy mesh fragment."""
    points = np.asarray(vertices, "<f4")
    return len(points).to_bytes(4, "little") + points.tobytes() + np.asarray(faces, "<u4").tobytes()


def write_legacy_mesh(folder: Path, segment: int, *fragments: tuple[Any, Any]) -> None:
    """Write a manifest and its fragments into a mesh folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{segment}:0:{number}" for number in range(len(fragments))]
    (folder / f"{segment}:0").write_text(json.dumps({"fragments": names}))
    for name, (vertices, faces) in zip(names, fragments, strict=True):
        (folder / name).write_bytes(legacy_bytes(vertices, faces))


@dataclass
class WebServer:
    """A server of files on loopback, with answers that a test can change."""

    root: Path
    answers: dict[str, Callable[[BaseHTTPRequestHandler], tuple[int, bytes]]] = field(
        default_factory=dict
    )
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]


def handler(server: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).lstrip("/")
            server.requests.append((path, self.headers.get("Authorization")))
            status, body, encoding = self.found(path)
            self.send_response(status)
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def found(self, path: str) -> tuple[int, bytes, str]:
            if path in server.answers:
                return *server.answers[path](self), ""
            file = server.root / path
            if file.is_file():
                return 200, file.read_bytes(), ""
            packed = file.with_name(file.name + ".gz")
            if packed.is_file():
                return 200, packed.read_bytes(), "gzip"
            return 404, b"", ""

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def read_gzip(path: Path) -> bytes:
    """Unpack a file."""
    return gzip.decompress(path.read_bytes())
