"""Supervoxels: which piece of a neuron lies in which chunk of the volume, and its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from loader.sandbox.demo.synapses import BACKGROUND, UNRESOLVED

if TYPE_CHECKING:
    from loader.sandbox.demo.brain import Floats, Ints
    from loader.sandbox.demo.history import History

#: Edge of a chunk of the segmentation in voxels.
CHUNK: Final = (512, 512, 128)
#: An id is the layer (1) in 8 bits, the chunk's x, y and z in 10 each, and a number in 26.
_LAYER: Final = 1 << 56
_SHIFTS: Final = (46, 36, 26)
#: A piece's twig holds the points beyond this share of the neuron, along some direction.
_TWIG_SHARE: Final = 0.75


@dataclass(frozen=True)
class Points:
    """Points on neurons.

    Attributes
    ----------
    neuron
        Index, `BACKGROUND` or `UNRESOLVED`; int64 (n,).
    voxels
        int64 (n, 3).
    on_body
        True if the point must not lie on a twig; bool (n,).
    """

    neuron: Ints
    voxels: Ints
    on_body: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Segmentation:
    """Supervoxels of a list of points.

    Attributes
    ----------
    piece
        Piece of each point, or `BACKGROUND` or `UNRESOLVED`; int64 (n,).
    supervoxel
        Supervoxel of each point; 0 in the background, 1 if unresolved.
    table
        `supervoxel_id`, `piece`: every supervoxel once.
    """

    piece: Ints
    supervoxel: Ints
    table: pd.DataFrame

    def roots(self, roots_of_pieces: Ints) -> Ints:
        """Return each point's root, given the root of each piece at some time."""
        roots = roots_of_pieces[np.maximum(self.piece, 0)]
        roots[self.piece == BACKGROUND] = 0
        roots[self.piece == UNRESOLVED] = 1
        return roots


def segment(points: Points, history: History, rng: np.random.Generator) -> Segmentation:
    """Return the piece and supervoxel of every point."""
    piece = _pieces(points, history, rng)
    real = piece >= 0
    chunk = points.voxels[real] // np.array(CHUNK)
    base = _LAYER + sum(chunk[:, axis] << shift for axis, shift in enumerate(_SHIFTS))
    # While chunks and pieces are paired, the low bits hold the piece; then a short number.
    paired, where = np.unique(base + piece[real], return_inverse=True)
    low = (1 << _SHIFTS[-1]) - 1
    ids = (paired & ~low) + _numbers_within(paired & ~low)
    supervoxel = np.where(piece == BACKGROUND, 0, 1).astype(np.int64)
    supervoxel[real] = ids[where]
    return Segmentation(
        piece, supervoxel, pd.DataFrame({"supervoxel_id": ids, "piece": paired & low})
    )


def _pieces(points: Points, history: History, rng: np.random.Generator) -> Ints:
    piece = points.neuron.copy()
    for twig in range(history.bodies, len(history.owner)):
        own = np.flatnonzero((piece == history.owner[twig]) & ~points.on_body)
        along = _along(points.voxels[own], rng)
        piece[own[along > np.quantile(along, _TWIG_SHARE)]] = twig
    return piece


def _along(voxels: Ints, rng: np.random.Generator) -> Floats:
    direction = rng.normal(size=3) * np.array([8, 8, 42])
    return np.asarray(voxels @ direction, dtype=np.float64)


def _numbers_within(sorted_keys: Ints) -> Ints:
    """Return 1, 2, 3... within each run of equal keys."""
    starts = np.flatnonzero(np.r_[True, sorted_keys[1:] != sorted_keys[:-1]])
    lengths = np.diff(np.r_[starts, len(sorted_keys)])
    return np.arange(len(sorted_keys)) - np.repeat(starts, lengths) + 1
