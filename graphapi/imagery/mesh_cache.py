"""Cache of meshes on disk: one file per mesh, written atomically and checked when read."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.files import write_bytes_whole
from graphapi.errors import InputError
from graphapi.imagery.mesh import Mesh

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC = b"cavegraph mesh 1\n"
_ELSEWHERE = "pass cache=FOLDER, pass cache=False for no cache, or set CAVEGRAPH_CACHE"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeshCache:
    """A cache of the meshes of one source.

    A file holds: a line that names the format; a line of JSON (source, root id, numbers of
    vertices and faces, SHA-256 of the rest); the vertices as float32; the faces as int32. Numbers
    are little-endian.

    Attributes
    ----------
    folder
        Cache folder, shared by all sources; each source has its own folder inside it.
    source
        Address of the volume that the meshes come from.
    """

    folder: Path
    source: str

    def path(self, root_id: int) -> Path:
        """Return the path of one mesh."""
        return self.folder / hashlib.sha256(self.source.encode()).hexdigest()[:20] / f"{root_id}"

    def read(self, root_id: int) -> Mesh | None:
        """Read a mesh; None if it is missing, or damaged (which is logged)."""
        path = self.path(root_id)
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        mesh = self._decoded(content, root_id)
        if mesh is None:
            _LOG.warning("the cached mesh %s is damaged and will be fetched again", path)
        return mesh

    def write(self, root_id: int, mesh: Mesh) -> None:
        """Store a mesh atomically.

        Raises
        ------
        InputError
            The folder is not writable.
        """
        path = self.path(root_id)
        body = mesh.vertices.astype("<f4").tobytes() + mesh.faces.astype("<i4").tobytes()
        head = self._head(root_id, len(mesh.vertices), len(mesh.faces), body)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot store meshes in {self.folder}: {error.strerror}", hint=_ELSEWHERE
            ) from error
        write_bytes_whole(path, _MAGIC + head + b"\n" + body, hint=_ELSEWHERE)

    def _head(self, root_id: int, vertices: int, faces: int, body: bytes) -> bytes:
        return json.dumps(
            {
                "source": self.source,
                "root_id": str(root_id),
                "vertices": vertices,
                "faces": faces,
                "sha256": hashlib.sha256(body).hexdigest(),
            },
            sort_keys=True,
        ).encode()

    def _decoded(self, content: bytes, root_id: int) -> Mesh | None:
        if not content.startswith(_MAGIC):
            return None
        head, _, body = content.removeprefix(_MAGIC).partition(b"\n")
        try:
            described = json.loads(head)
            vertices, faces = int(described["vertices"]), int(described["faces"])
        except (ValueError, KeyError, TypeError):
            return None
        if head != self._head(root_id, vertices, faces, body) or len(body) != 12 * (
            vertices + faces
        ):
            return None
        points = np.frombuffer(body, "<f4", 3 * vertices).reshape(-1, 3)
        triangles = np.frombuffer(body, "<i4", offset=12 * vertices).reshape(-1, 3)
        return Mesh(points.astype(np.float32), triangles.astype(np.int32))
