"""Meshes in Neuroglancer's legacy precomputed format: tubes for neurons, a shell for the brain."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from loader.sandbox.demo.brain import VOLUME_VOXELS, Floats, Ints, icosphere, shell
from loader.sandbox.demo.em import SEGMENT_CHUNK, SEGMENT_RESOLUTION, volume_info
from loader.sandbox.demo.morphology import SOMA_RADIUS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loader.sandbox.demo.morphology import Skeleton

_SIDES: Final = 6
#: Id of the brain's surface in its own volume.
BRAIN_ID: Final = 1


def write_neuron_meshes(
    folder: Path, root_ids: Sequence[int] | Ints, skeletons: Sequence[Skeleton]
) -> None:
    """Write a segmentation volume with its meshes; its chunks are written with the image."""
    _write_volume_info(folder)
    for root_id, skeleton in zip(root_ids, skeletons, strict=True):
        _write_mesh(folder / "mesh", int(root_id), *neuron_surface(skeleton))


def write_brain_mesh(folder: Path) -> None:
    """Write the volume whose one mesh, `BRAIN_ID`, is the surface of the brain."""
    _write_volume_info(folder)
    _write_mesh(folder / "mesh", BRAIN_ID, *shell())


def neuron_surface(skeleton: Skeleton) -> tuple[Floats, Ints]:
    """Return vertices (v, 3) in nm and faces (f, 3): a ball and a tube for each branch."""
    ball, triangles = _ball()
    parts = [(skeleton.soma + SOMA_RADIUS * ball, triangles)]
    lengths = np.array([len(path) for path in skeleton.branches])
    for length in np.unique(lengths).tolist():
        alike = np.flatnonzero(lengths == length)
        paths = np.stack([skeleton.branches[i] for i in alike])
        parts.append(_tubes(paths, np.array(skeleton.radii)[alike]))
    shifts = np.cumsum([0, *(len(vertices) for vertices, _ in parts[:-1])])
    faces = [f + shift for (_, f), shift in zip(parts, shifts, strict=True)]
    return np.concatenate([vertices for vertices, _ in parts]), np.concatenate(faces)


@lru_cache(maxsize=1)
def _ball() -> tuple[Floats, Ints]:
    return icosphere(2)


def _tubes(paths: Floats, radii: Floats) -> tuple[Floats, Ints]:
    """Return closed tubes around paths (m, k, 3), tapering to 60 % at their far ends."""
    count, length = paths.shape[:2]
    along = np.gradient(paths, axis=1)
    # One fixed direction a path, the axis it follows least, keeps the rings from twisting.
    fixed = np.eye(3)[np.abs(paths[:, -1] - paths[:, 0]).argmin(axis=1)]
    first = _unit(_cross(along, np.broadcast_to(fixed[:, None], along.shape)))
    second = _unit(_cross(along, first))
    angles = 2 * np.pi * np.arange(_SIDES) / _SIDES
    around = (
        np.cos(angles)[:, None] * first[:, :, None] + np.sin(angles)[:, None] * second[:, :, None]
    )
    widths = radii[:, None] * np.linspace(1.0, 0.6, length)
    rings = paths[:, :, None] + widths[:, :, None, None] * around
    vertices = np.concatenate([rings.reshape(count, -1, 3), paths[:, [0, -1]]], axis=1)
    shifts = vertices.shape[1] * np.arange(count)
    faces = _tube_faces(length)[None] + shifts[:, None, None]
    return vertices.reshape(-1, 3), faces.reshape(-1, 3)


def _unit(vectors: Floats) -> Floats:
    lengths = np.sqrt((vectors**2).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float64)


def _cross(a: Floats, b: Floats) -> Floats:
    """Return cross products along the last axis; many times faster than `np.cross`."""
    following, preceding = [1, 2, 0], [2, 0, 1]
    crossed = a[..., following] * b[..., preceding] - a[..., preceding] * b[..., following]
    return np.asarray(crossed, dtype=np.float64)


@lru_cache(maxsize=256)
def _tube_faces(rings: int) -> Ints:
    side = np.arange(_SIDES)
    ahead = (side + 1) % _SIDES
    base = _SIDES * np.arange(rings - 1)[:, None]
    a, b = base + side, base + ahead
    c, d = a + _SIDES, b + _SIDES
    walls = np.concatenate([np.stack([a, c, b], axis=-1), np.stack([b, c, d], axis=-1)])
    start, end = _SIDES * rings, _SIDES * rings + 1
    last = _SIDES * (rings - 1)
    caps = [
        np.stack([side, ahead, np.full(_SIDES, start)], axis=1),
        np.stack([last + ahead, last + side, np.full(_SIDES, end)], axis=1),
    ]
    return np.concatenate([walls.reshape(-1, 3), *caps])


def _write_volume_info(folder: Path) -> None:
    """Write `info` of a segmentation at half the image's resolution in x and y."""
    (folder / "mesh").mkdir(parents=True, exist_ok=True)
    size = (VOLUME_VOXELS[0] // 2, VOLUME_VOXELS[1] // 2, VOLUME_VOXELS[2])
    info = volume_info("segmentation", "uint64", SEGMENT_RESOLUTION, size, SEGMENT_CHUNK)
    (folder / "info").write_text(json.dumps(info | {"mesh": "mesh"}, indent=1))
    (folder / "mesh" / "info").write_text(json.dumps({"@type": "neuroglancer_legacy_mesh"}))


def _write_mesh(folder: Path, segment: int, vertices: Floats, faces: Ints) -> None:
    fragment = f"{segment}:0:0"
    (folder / f"{segment}:0").write_text(json.dumps({"fragments": [fragment]}))
    body = (
        np.uint32(len(vertices)).tobytes()
        + vertices.astype("<f4").tobytes()
        + faces.astype("<u4").tobytes()
    )
    packed = gzip.compress(body, compresslevel=1, mtime=0)
    (folder / f"{fragment}.gz").write_bytes(packed)
