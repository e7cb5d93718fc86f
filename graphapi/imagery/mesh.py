"""Triangle meshes, and Neuroglancer's legacy single-file format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphapi.errors import CaveResponseError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, eq=False)
class Mesh:
    """A surface of triangles.

    Attributes
    ----------
    vertices
        float32, shape (n, 3): x, y, z in nm.
    faces
        int32, shape (m, 3): each row has the indices of three vertices.
    """

    vertices: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]

    @classmethod
    def of(cls, vertices: npt.ArrayLike, faces: npt.ArrayLike, what: str) -> Mesh:
        """Check arrays of vertices and faces, and convert them to a mesh.

        Raises
        ------
        CaveResponseError
            A shape is wrong, a vertex is not finite, or a face refers to a missing vertex.
        """
        points = np.ascontiguousarray(vertices, dtype=np.float32)
        triangles = np.ascontiguousarray(faces).astype(np.int64)
        if points.ndim != 2 or points.shape[1] != 3 or triangles.shape[1:] != (3,):
            raise CaveResponseError(f"{what} is not a triangle mesh")
        if not np.isfinite(points).all():
            raise CaveResponseError(f"{what} has vertices that are not finite")
        if triangles.size and not 0 <= triangles.min() <= triangles.max() < len(points):
            raise CaveResponseError(f"{what} has faces that refer to missing vertices")
        return cls(points, triangles.astype(np.int32))

    @property
    def bounds(self) -> npt.NDArray[np.float32]:
        """Lowest and highest x, y, z in nm, shape (2, 3); NaN if there are no vertices."""
        if not len(self.vertices):
            return np.full((2, 3), np.nan, dtype=np.float32)
        return np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)])

    def __repr__(self) -> str:
        return f"Mesh({len(self.vertices)} vertices, {len(self.faces)} faces)"


def decode_legacy(content: bytes, what: str) -> Mesh:
    """Read a fragment: uint32 count, float32 vertices in nm, uint32 faces, little-endian.

    Raises
    ------
    CaveResponseError
        The bytes are not such a fragment.
    """
    count = int.from_bytes(content[:4], "little")
    ends = 4 + 12 * count
    if len(content) < max(ends, 4) or (len(content) - ends) % 12:
        raise CaveResponseError(f"{what} is damaged: {len(content)} bytes, {count} vertices")
    vertices = np.frombuffer(content, dtype="<f4", count=3 * count, offset=4).reshape(-1, 3)
    faces = np.frombuffer(content, dtype="<u4", offset=ends).reshape(-1, 3)
    return Mesh.of(vertices, faces, what)


def join_meshes(meshes: Sequence[Mesh]) -> Mesh:
    """Join meshes into one; vertices at exactly the same position are merged.

    Fragments of a neuron share such vertices, so the joined surface has no seams.
    """
    if not meshes:
        return Mesh(np.empty((0, 3), np.float32), np.empty((0, 3), np.int32))
    firsts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    vertices = np.concatenate([mesh.vertices for mesh in meshes])
    faces = np.concatenate([m.faces + first for m, first in zip(meshes, firsts, strict=True)])
    if len(meshes) == 1:
        return meshes[0]
    kept, places = _unique_rows(vertices)
    return Mesh(kept, places[faces].astype(np.int32))


def _unique_rows(rows: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], Any]:
    # Compare as bytes: much faster than numpy's row-wise unique. + 0.0 makes -0.0 equal to 0.0.
    keys = np.ascontiguousarray(rows + np.float32(0.0)).view(np.dtype((np.void, 12))).ravel()
    _, first, places = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], places.ravel()
