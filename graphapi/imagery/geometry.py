"""Voxels of one resolution in voxels of another, exactly, and windows on a slice.

Voxel `i` of a scale with a resolution of `r` nm fills `[i * r, (i + 1) * r)` nm, in every scale of
a volume and whatever its `voxel_offset`: the offset says where data starts, it moves nothing.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.errors import CaveResponseError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Triple = tuple[int, int, int]
_AXES = "xyz"
#: More pixels a side are a slip of the keyboard, not a picture.
MAX_SIZE = 16_384


@dataclass(frozen=True)
class Scale:
    """One resolution level of a volume.

    Parameters
    ----------
    mip
        Its number; 0 is the finest.
    resolution
        Size of a voxel in nm, x, y, z.
    start, stop
        Voxels that hold data: `start <= voxel < stop`, x, y, z, in voxels of this scale.
    """

    mip: int
    resolution: tuple[float, float, float]
    start: Triple
    stop: Triple

    def describe(self) -> str:
        """Say the scale in words."""
        return f"mip {self.mip} ({' x '.join(f'{r:g}' for r in self.resolution)} nm)"


@dataclass(frozen=True)
class Window:
    """A box of voxels of one scale, one voxel deep, seen from one side.

    Parameters
    ----------
    scale
        The scale whose voxels are meant.
    start
        The box's first voxel, x, y, z; may lie outside the volume.
    shape
        Its extent in voxels, x, y, z.
    right, down
        Axis (0, 1, 2) that runs along the columns, and along the rows, of the picture.
    """

    scale: Scale
    start: Triple
    shape: Triple
    right: int
    down: int

    @property
    def stop(self) -> Triple:
        """The first voxel after the box, x, y, z."""
        return _triple(a + n for a, n in zip(self.start, self.shape, strict=True))

    @property
    def inside(self) -> tuple[Triple, Triple] | None:
        """Start and stop of the part within the volume; None where there is none."""
        low = _triple(max(a, b) for a, b in zip(self.start, self.scale.start, strict=True))
        high = _triple(min(a, b) for a, b in zip(self.stop, self.scale.stop, strict=True))
        return (low, high) if all(a < b for a, b in zip(low, high, strict=True)) else None

    @property
    def depth(self) -> int:
        """The axis one looks along."""
        return 3 - self.right - self.down

    def pixels_of(self, points: Any, resolution: Sequence[float]) -> np.ndarray[Any, Any]:
        """Find where voxels of another resolution lie in the picture.

        Parameters
        ----------
        points
            Voxels, shape (n, 3), x, y, z.
        resolution
            Size of those voxels in nm, x, y, z.

        Returns
        -------
        numpy.ndarray
            float64, shape (n, 3): column, row, and slices away from the shown one. Columns and
            rows count as matplotlib's `imshow` does: the middle of the first pixel is (0, 0).
        """
        voxels = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        nanometres = (voxels + 0.5) * np.asarray(resolution, dtype=np.float64)
        own: np.ndarray[Any, Any] = (
            nanometres / np.asarray(self.scale.resolution) - 0.5 - np.asarray(self.start)
        )
        return own[:, [self.right, self.down, self.depth]]


def scales_of(info: Mapping[str, Any], source: str) -> tuple[Scale, ...]:
    """Read the scales of a precomputed `info` file, finest first as it lists them.

    Raises
    ------
    CaveResponseError
        The file describes no scales.
    """
    try:
        found = tuple(_scale(mip, raw) for mip, raw in enumerate(info["scales"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CaveResponseError(f"the info file of {source} describes no usable scales") from error
    if not found:
        raise CaveResponseError(f"the info file of {source} lists no scales")
    return found


def _scale(mip: int, raw: Mapping[str, Any]) -> Scale:
    start = _triple(int(v) for v in raw.get("voxel_offset", (0, 0, 0)))
    size = _triple(int(v) for v in raw["size"])
    x, y, z = (float(v) for v in raw["resolution"])
    return Scale(mip, (x, y, z), start, _triple(a + n for a, n in zip(start, size, strict=True)))


def pick_scale(scales: Sequence[Scale], resolution: Sequence[float], mip: int | None) -> Scale:
    """Choose a scale by its number, or the one whose voxels are those of `resolution`.

    Parameters
    ----------
    scales
        The scales there are.
    resolution
        In nm; used where `mip` is None. Where no scale has it, the finest one is taken.
    mip
        Number of the scale.

    Raises
    ------
    InputError
        There is no such scale.
    """
    if mip is None:
        wanted = tuple(float(r) for r in resolution)
        return next((s for s in scales if s.resolution == wanted), scales[0])
    number = whole(mip, "mip")
    if not 0 <= number < len(scales):
        raise InputError(
            f"there is no mip {number}", hint="there are " + ", ".join(s.describe() for s in scales)
        )
    return scales[number]


def voxel_at(
    point: Sequence[object], resolution: Sequence[float], target: Sequence[float]
) -> Triple:
    """Find the voxel of another resolution that holds the middle of a voxel.

    Computed in fractions: nothing is rounded but down to the voxel at the very end.

    Parameters
    ----------
    point
        A voxel, x, y, z: whole numbers.
    resolution, target
        Voxel sizes in nm of what is given, and of what is asked for.

    Raises
    ------
    InputError
        A coordinate is not a whole number, or a resolution not positive.
    """
    if len(point) != 3:
        raise InputError(f"a position has three coordinates, not {len(point)}")
    own, other = check_resolution(resolution), check_resolution(target)
    return _triple(
        math.floor((whole(value, _AXES[axis]) + Fraction(1, 2)) * own[axis] / other[axis])
        for axis, value in enumerate(point)
    )


def window_at(centre: Triple, size: int | Sequence[int], plane: str, scale: Scale) -> Window:
    """Lay a picture of one slice around a voxel.

    The centre is at column `width // 2` and row `height // 2`, for even and odd sizes.

    Parameters
    ----------
    centre
        A voxel of `scale`.
    size
        Pixels a side, or width and height.
    plane
        Two axes: the first runs to the right, the second down.
    scale
        The scale whose voxels are the pixels.

    Raises
    ------
    InputError
        The size or the plane cannot be one.
    """
    right, down = _plane(plane)
    width, height = _sides(size)
    shape = [1, 1, 1]
    shape[right], shape[down] = width, height
    start = [int(c) for c in centre]
    start[right] -= width // 2
    start[down] -= height // 2
    return Window(scale, _triple(start), _triple(shape), right, down)


def whole(value: object, what: str) -> int:
    """Read a whole number of any numeric type.

    Raises
    ------
    InputError
        It is none.
    """
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not math.isfinite(float(value)) or value != int(value):  # type: ignore[arg-type, call-overload]
        raise InputError(
            f"{what} = {value!r} is no whole number",
            hint="positions and sizes are voxels; divide nm by the resolution, and round down",
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def check_resolution(resolution: Sequence[float]) -> tuple[Fraction, Fraction, Fraction]:
    """Read a voxel size in nm, x, y, z, exactly as it is written in decimal.

    Raises
    ------
    InputError
        It has not three positive numbers.
    """
    try:
        x, y, z = (Fraction(str(float(r))) for r in resolution)
    except (TypeError, ValueError) as error:
        raise InputError(f"{resolution!r} is no resolution: three numbers, nm a voxel") from error
    if min(x, y, z) <= 0:
        raise InputError(f"{resolution!r} is no resolution: it must be positive")
    return x, y, z


def _plane(plane: str) -> tuple[int, int]:
    if not isinstance(plane, str) or len(plane) != 2 or len(set(plane) & set(_AXES)) != 2:
        raise InputError(
            f"{plane!r} is no plane",
            hint="name two axes, the one to the right first: 'xy', 'xz', 'zy', ...",
        )
    return _AXES.index(plane[0]), _AXES.index(plane[1])


def _sides(size: int | Sequence[int]) -> tuple[int, int]:
    sides = [size, size] if isinstance(size, numbers.Real) else list(size)  # type: ignore[arg-type]
    if len(sides) != 2:
        raise InputError(f"size must be a number or (width, height), not {size!r}")
    width, height = (whole(side, "size") for side in sides)
    if not (0 < width <= MAX_SIZE and 0 < height <= MAX_SIZE):
        raise InputError(f"size must be between 1 and {MAX_SIZE} pixels a side, not {size!r}")
    return width, height


def _triple(values: Any) -> Triple:
    x, y, z = values
    return x, y, z
