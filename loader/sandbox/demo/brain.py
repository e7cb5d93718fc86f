"""The demo brain: its space, its neuropils and the shell around them.

All positions are nanometres, (n, 3) float64, unless a name ends in `_voxels`. The axes are
x: right to left, y: dorsal to ventral, z: anterior to posterior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Viewer resolution in nm, x, y, z; also the unit of all positions in the tables.
RESOLUTION: Final = (8, 8, 42)
#: Size of the imaged volume in voxels of `RESOLUTION`: about 360 x 344 x 258 micrometres.
VOLUME_VOXELS: Final = (45056, 43008, 6144)

_CENTRE_UM: Final = (180.0, 176.0, 128.0)


@dataclass(frozen=True)
class Neuropil:
    """An ellipsoid of the brain.

    Parameters
    ----------
    centre, radii
        In nm, shape (3,).
    """

    centre: Floats
    radii: Floats

    def sample(self, rng: np.random.Generator, count: int, *, fill: float = 0.95) -> Floats:
        """Draw points inside, uniform in volume, within `fill` of the radii."""
        directions = rng.normal(size=(count, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        depths = fill * rng.random((count, 1)) ** (1 / 3)
        return self.centre + directions * depths * self.radii


# Offsets from the centre and radii in micrometres, for the midline or the right side (x < 0).
_MIDLINE: Final = {
    "EB": ((0, -8, -12), (22, 18, 10)),
    "FB": ((0, -24, 8), (38, 20, 14)),
    "PB": ((0, -46, 34), (48, 14, 11)),
    "PR": ((0, -4, 0), (92, 66, 58)),
    "GNG": ((0, 84, 0), (50, 32, 40)),
}
_PAIRED: Final = {
    "AL": ((-38, 62, -62), (30, 28, 26)),
    "CA": ((-60, -60, 42), (28, 24, 24)),
    "LH": ((-90, -6, 6), (22, 22, 20)),
    "ML": ((-46, -6, -44), (22, 26, 18)),
    "LAL": ((-34, 30, -28), (20, 16, 16)),
    "BU": ((-38, -2, -20), (9, 9, 9)),
    "OL": ((-130, 0, 0), (34, 52, 44)),
}

#: The cell body rind reaches beyond the neuropils; only the shell uses it.
_RIND: Final = {
    "kenyon": ((-60, -84, 48), (26, 26, 26)),
    "bridge": ((0, -66, 56), (66, 24, 26)),
    "projection": ((-38, 54, -92), (20, 20, 20)),
    "lateral": ((-66, -32, -36), (28, 28, 30)),
    "tangential": ((-72, -30, 34), (28, 28, 28)),
    "horn": ((-100, -30, 12), (30, 26, 26)),
    "optic": ((-120, -50, 10), (30, 30, 30)),
    "front": ((-30, 10, -56), (44, 70, 36)),
    "sensory": ((-44, 84, -80), (26, 26, 26)),
    "local": ((-68, 54, -62), (22, 20, 20)),
}


def neuropils() -> dict[str, Neuropil]:
    """Return every neuropil by name; paired ones end in `_R` and `_L`."""
    found = {name: _neuropil(*shape, mirror=False) for name, shape in _MIDLINE.items()}
    for name, shape in _PAIRED.items():
        found[f"{name}_R"] = _neuropil(*shape, mirror=False)
        found[f"{name}_L"] = _neuropil(*shape, mirror=True)
    return found


def centre() -> Floats:
    """Return the middle of the brain in nm, shape (3,)."""
    return 1000.0 * np.array(_CENTRE_UM)


def to_voxels(points: Floats) -> Ints:
    """Convert nm to voxels of `RESOLUTION`, rounded down and kept inside the volume."""
    voxels: Ints = np.floor(points / np.array(RESOLUTION)).astype(np.int64)
    return np.asarray(np.clip(voxels, 64, np.array(VOLUME_VOXELS) - 65), dtype=np.int64)


def shell(subdivisions: int = 5) -> tuple[Floats, Ints]:
    """Build the surface of the whole brain.

    Returns
    -------
    vertices, faces
        nm, (v, 3); indices into the vertices, (f, 3). One closed surface, about 10,000
        vertices at five subdivisions, wide enough for every lobe and soma.
    """
    directions, faces = icosphere(subdivisions)
    reach = np.zeros(len(directions))
    for neuropil in (*neuropils().values(), *_rind()):
        reach = np.maximum(reach, _exit_distance(directions, neuropil, margin=1.12))
    reach = np.maximum(reach, 40_000.0)
    return centre() + directions * _smoothed(reach, faces, passes=6)[:, None], faces


def icosphere(subdivisions: int) -> tuple[Floats, Ints]:
    """Build the unit sphere from an icosahedron; 10 * 4**subdivisions + 2 vertices."""
    golden = (1 + 5**0.5) / 2
    corners = np.array([(0, s, t * golden) for s in (-1, 1) for t in (-1, 1)], dtype=np.float64)
    turned = [corners, corners[:, [1, 2, 0]], corners[:, [2, 0, 1]]]
    vertices = np.concatenate(turned) / np.hypot(1, golden)
    faces = _hull_of_icosahedron(vertices)
    for _ in range(subdivisions):
        vertices, faces = _subdivided(vertices, faces)
    return vertices, faces


def _rind() -> list[Neuropil]:
    return [_neuropil(*shape, mirror=side) for shape in _RIND.values() for side in (False, True)]


def _neuropil(
    offset: tuple[float, float, float], radii: tuple[float, float, float], *, mirror: bool
) -> Neuropil:
    at = 1000.0 * np.array(offset, dtype=np.float64)
    if mirror:
        at[0] = -at[0]
    return Neuropil(centre() + at, 1000.0 * np.array(radii, dtype=np.float64))


def _exit_distance(directions: Floats, neuropil: Neuropil, margin: float) -> Floats:
    """Return the distance from the brain's centre at which each ray leaves the ellipsoid.

    0 if a ray misses it.
    """
    radii = neuropil.radii * margin
    start = (centre() - neuropil.centre) / radii
    ray = directions / radii
    a = (ray**2).sum(axis=1)
    b = ray @ start
    c = float(start @ start) - 1
    inside = b**2 - a * c
    far = (-b + np.sqrt(np.maximum(inside, 0))) / a
    return np.where((inside > 0) & (far > 0), far, 0.0)


def _smoothed(values: Floats, faces: Ints, passes: int) -> Floats:
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    degree = np.bincount(edges[:, 0], minlength=len(values))
    for _ in range(passes):
        neighbours = np.bincount(edges[:, 0], weights=values[edges[:, 1]], minlength=len(values))
        # Never inwards: the shell must enclose the lobes.
        values = np.maximum(values, neighbours / degree)
    return values


def _hull_of_icosahedron(vertices: Floats) -> Ints:
    """Return the 20 faces, wound outwards: the triples of vertices at the shortest distance."""
    gaps = np.linalg.norm(vertices[:, None] - vertices[None], axis=2)
    near = (gaps > 0) & (gaps < gaps[gaps > 0].min() * 1.01)
    faces = [
        (i, j, k)
        for i in range(12)
        for j in range(i + 1, 12)
        for k in range(j + 1, 12)
        if near[i, j] and near[j, k] and near[i, k]
    ]
    outward = [
        (i, j, k) if np.linalg.det(vertices[[i, j, k]]) > 0 else (i, k, j) for i, j, k in faces
    ]
    return np.array(outward, dtype=np.int64)


def _subdivided(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, which = np.unique(edges, axis=0, return_inverse=True)
    middle = vertices[unique].mean(axis=1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    ab, bc, ca = which.reshape(3, -1) + len(vertices)
    a, b, c = faces.T
    split = np.concatenate(
        [np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    )
    return np.concatenate([vertices, middle]), split.astype(np.int64)
