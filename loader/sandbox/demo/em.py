"""The EM-like image: made-up cells, membranes and vesicles around a few synapses.

In its `info` the volume spans the whole brain, but only a few blocks have chunks. The
segmentation has the same blocks at half the resolution in x and y. A cell with an end of a
synapse has its supervoxel; other cells have none.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from loader.sandbox.demo.brain import RESOLUTION, VOLUME_VOXELS, Floats, Ints
from loader.sandbox.demo.synapses import Clusters, Rows

if TYPE_CHECKING:
    from pathlib import Path

    from loader.sandbox.demo.morphology import Skeleton

Image = npt.NDArray[np.float32]

#: Voxels of a chunk, and chunks of a block, in x, y, z.
CHUNK: Final = (256, 256, 8)
_CHUNKS: Final = (4, 4, 1)
_BLOCK: Final = np.array(CHUNK) * np.array(_CHUNKS)
#: Cells are laid out on every fourth voxel in x and y, then smoothed.
_COARSE: Final = 4
#: Voxels of a chunk of the segmentation, which has the same chunks at half the resolution.
SEGMENT_CHUNK: Final = (128, 128, 8)
SEGMENT_RESOLUTION: Final = (2 * RESOLUTION[0], 2 * RESOLUTION[1], RESOLUTION[2])
SEGMENT_KEY: Final = "_".join(str(step) for step in SEGMENT_RESOLUTION)
_CELLS: Final = 420
_VESICLES: Final = 70
_APART: Final = 12_000.0


def choose_clusters(neurons: Ints, skeletons: list[Skeleton]) -> Clusters:
    """Choose one place on each neuron, so that no two blocks meet.

    Each place is an output point, in the middle of a layer of chunks.
    """
    places: list[Floats] = []
    for neuron in neurons:
        for node in skeletons[int(neuron)].spots(outputs=True)[20:]:
            place = node.copy()
            place[2] = (place[2] // (42 * CHUNK[2]) + 0.5) * 42 * CHUNK[2]
            if all(np.linalg.norm((place - other)[:2]) > _APART for other in places):
                places.append(place)
                break
    return Clusters(np.asarray(neurons), np.array(places))


def block_start(place: Floats) -> Ints:
    """Return the first voxel of the block around a place, a multiple of the chunk, (3,)."""
    voxel = place / np.array(RESOLUTION)
    middle = np.array(_CHUNKS) / 2
    chunk = np.round(voxel / np.array(CHUNK) - middle).astype(np.int64)
    return np.asarray(np.maximum(chunk, 0) * np.array(CHUNK))


def write_em(
    folder: Path,
    segments: Path,
    clusters: Clusters,
    rows: Rows,
    supervoxels: tuple[Ints, Ints],
    rng: np.random.Generator,
) -> None:
    """Write a precomputed uint8 image with one block of chunks for each cluster.

    Parameters
    ----------
    folder
        Folder of the image.
    segments
        Folder for the chunks of the segmentation.
    clusters, rows
        The places of the blocks, and the synapses in them.
    supervoxels
        Supervoxels of the presynaptic and of the postsynaptic end of each row.
    rng
        Random generator.
    """
    key = "_".join(str(step) for step in RESOLUTION)
    for place in (folder / key, segments):
        place.mkdir(parents=True, exist_ok=True)
    info = volume_info("image", "uint8", RESOLUTION, VOLUME_VOXELS, CHUNK)
    (folder / "info").write_text(json.dumps(info, indent=1))
    for cluster in clusters.places:
        start = block_start(cluster)
        image, cells = _painted(start, rows, supervoxels, rng)
        _write_chunks(folder / key, start, image, CHUNK)
        _write_chunks(segments, start // np.array([2, 2, 1]), cells, SEGMENT_CHUNK)


def volume_info(
    kind: str,
    data_type: str,
    resolution: tuple[int, int, int],
    size: tuple[int, int, int],
    chunk: tuple[int, int, int],
) -> dict[str, object]:
    """Return the `info` of a precomputed volume with one scale."""
    scale = {
        "key": "_".join(str(step) for step in resolution),
        "resolution": list(resolution),
        "size": list(size),
        "voxel_offset": [0, 0, 0],
        "chunk_sizes": [list(chunk)],
        "encoding": "raw",
    }
    return {"type": kind, "data_type": data_type, "num_channels": 1, "scales": [scale]}


def _painted(
    start: Ints, rows: Rows, supervoxels: tuple[Ints, Ints], rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]:
    """Paint one block, uint8 (x, y, z), and its supervoxels, uint64, at half the resolution."""
    inside = ((rows.ctr_position >= start) & (rows.ctr_position < start + _BLOCK)).all(axis=1)
    pre, post = rows.pre_position[inside] - start, rows.post_position[inside] - start
    ctr = rows.ctr_position[inside] - start
    image, cells, others = _tissue(pre, post, rng)
    ends = np.concatenate([np.zeros(others, np.int64), *(side[inside] for side in supervoxels)])
    segments = np.where(ends > 1, ends, 0).astype(np.uint64)[cells]
    segments = segments.repeat(_COARSE // 2, axis=0).repeat(_COARSE // 2, axis=1)
    _mark_sites(segments, np.concatenate([pre, post]), ends[others:])
    for a, b, middle in zip(pre, post, ctr, strict=True):
        _add_vesicles(image, a, a - b, rng)
        _darken(image, middle, radius=7.0, by=95.0)
    grain = ndimage.gaussian_filter(
        rng.standard_normal(image.shape, dtype=np.float32), (0.8, 0.8, 0)
    )
    image += 22 * grain
    return np.clip(image, 0, 255).astype(np.uint8), segments


def _mark_sites(segments: npt.NDArray[np.uint64], sites: Ints, supervoxels: Ints) -> None:
    """Put each site into its own supervoxel, wherever the bent membranes left it."""
    at = sites // np.array([2, 2, 1])
    for reach in (3, 0):  # a site's own voxel is not a neighbour's
        for (x, y, z), supervoxel in zip(at, supervoxels, strict=True):
            if supervoxel > 1 and 0 <= z < segments.shape[2] and min(x, y) >= 0:
                around = (
                    slice(max(x - reach, 0), x + reach + 1),
                    slice(max(y - reach, 0), y + reach + 1),
                )
                segments[(*around, z)] = supervoxel


def _tissue(pre: Ints, post: Ints, rng: np.random.Generator) -> tuple[Image, Ints, int]:
    """Paint cells of differing brightness and the dark membranes between them.

    Cells are the nearest regions of seeds. The two ends of each synapse are seeds too, set
    well apart, so that a membrane runs through its middle.

    Returns
    -------
    tuple
        The image; the cell of each coarse voxel; and the number of cells without a synapse.
        Those come first, then presynaptic ends, then postsynaptic ends.
    """
    coarse = (_BLOCK[0] // _COARSE, _BLOCK[1] // _COARSE, _BLOCK[2])
    scale = np.array([_COARSE, _COARSE, 1.0])
    stretch = np.array([8.0, 8.0, 42.0])
    middle, half = (pre + post) / 2, (pre - post) / 2
    half = half / np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1) * 26
    scattered = rng.random((_CELLS, 3)) * _BLOCK
    if len(middle):
        gaps, _ = cKDTree(middle * stretch).query(scattered * stretch)
        scattered = scattered[gaps > 420]
    seeds = np.concatenate([scattered, middle + half, middle - half]) * stretch
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in coarse), indexing="ij"), axis=-1)
    points = (grid.reshape(-1, 3) + 0.5 * (scale > 1) / scale) * scale
    points = points + _waves(points, rng)
    near, which = cKDTree(seeds).query(points * stretch, k=2)
    edge = (near[:, 1] - near[:, 0]).reshape(coarse).astype(np.float32)
    tone = rng.normal(168, 14, len(seeds))[which[:, 0]].reshape(coarse).astype(np.float32)
    edge, tone = _refined(edge), _refined(tone)
    image = np.asarray(tone - 105 * np.exp(-((edge / 60) ** 2)), dtype=np.float32)
    return image, which[:, 0].reshape(coarse), len(scattered)


def _refined(coarse: Image) -> Image:
    """Interpolate linearly in x and y, section by section; (n, n, z) to (4 n, 4 n, z)."""
    size = len(coarse)
    fine = np.clip((np.arange(_COARSE * size) + 0.5) / _COARSE - 0.5, 0, size - 1)
    weights = np.maximum(1 - np.abs(fine[:, None] - np.arange(size)), 0).astype(np.float32)
    sections = [weights @ coarse[:, :, z] @ weights.T for z in range(coarse.shape[2])]
    return np.stack(sections, axis=2)


def _waves(points: Floats, rng: np.random.Generator) -> Floats:
    """Return small displacements that bend straight membranes, voxels (n, 3)."""
    moved = np.zeros_like(points)
    for axis in (0, 1):
        for length in (170.0, 80.0):
            phase = rng.uniform(0, 2 * np.pi)
            moved[:, axis] += (
                0.05 * length * np.sin(2 * np.pi * points[:, 1 - axis] / length + phase)
            )
    return moved


def _add_vesicles(image: Image, pre: Ints, inward: Ints, rng: np.random.Generator) -> None:
    """Stamp dark rings 40 nm across on the presynaptic side."""
    direction = inward / max(float(np.linalg.norm(inward)), 1.0)
    spread = np.array([15.0, 15.0, 1.2])
    for place in pre + 16 * direction + rng.normal(size=(_VESICLES, 3)) * spread:
        _darken(image, np.round(place).astype(np.int64), radius=2.6, by=75.0, ring=True)


def _darken(image: Image, at: Ints, radius: float, by: float, *, ring: bool = False) -> None:
    """Darken a disc, or a ring with a bright middle, in one section; ignore what is outside."""
    reach = int(np.ceil(radius)) + 1
    low, high = at[:2] - reach, at[:2] + reach + 1
    if (low < 0).any() or (high > image.shape[:2]).any() or not 0 <= at[2] < image.shape[2]:
        return
    axis = np.arange(-reach, reach + 1)
    distance = np.hypot(axis[:, None], axis[None])
    shape = np.exp(-((distance - radius) ** 2)) if ring else np.exp(-((distance / radius) ** 4))
    image[low[0] : high[0], low[1] : high[1], at[2]] -= (by * shape).astype(np.float32)


def _write_chunks(
    folder: Path, start: Ints, voxels: npt.NDArray[Any], size: tuple[int, int, int]
) -> None:
    for corner in np.ndindex(*_CHUNKS):
        low = np.array(corner) * size
        part = voxels[tuple(slice(a, a + n) for a, n in zip(low, size, strict=True))]
        first = start + low
        name = "_".join(f"{a}-{a + n}" for a, n in zip(first, size, strict=True))
        # Precomputed chunks run x fastest.
        packed = gzip.compress(part.tobytes(order="F"), compresslevel=1, mtime=0)
        (folder / f"{name}.gz").write_bytes(packed)
