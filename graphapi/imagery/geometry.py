"""Convert voxels exactly between resolutions, and place windows on a slice.

Voxel `i` of a scale with a resolution of `r` nm covers `[i * r, (i + 1) * r)` nm. This holds for
every scale of a volume and every `voxel_offset`: the offset only says where data starts.
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
#: Most pixels per side; a larger size is a typing error.
MAX_SIZE = 16_384


@dataclass(frozen=True)
class Scale:
    """One resolution level of a volume.

    Attributes
    ----------
    mip
        Number of the scale; 0 is the finest.
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
        """Describe the scale in words."""
        return f"mip {self.mip} ({' x '.join(f'{r:g}' for r in self.resolution)} nm)"


@dataclass(frozen=True)
class Window:
    """A box of voxels of one scale, one voxel deep, shown as an image.

    Attributes
    ----------
    scale
        The scale of the voxels.
    start
        The box's first voxel, x, y, z; may lie outside the volume.
    shape
        Size in voxels, x, y, z.
    right, down
        Axes (0, 1, 2) that run to the right and down in the image.
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
        """Start and stop of the part inside the volume; None if there is none."""
        low = _triple(max(a, b) for a, b in zip(self.start, self.scale.start, strict=True))
        high = _triple(min(a, b) for a, b in zip(self.stop, self.scale.stop, strict=True))
        return (low, high) if all(a < b for a, b in zip(low, high, strict=True)) else None

    @property
    def depth(self) -> int:
        """The axis perpendicular to the image."""
        return 3 - self.right - self.down

    def pixels_of(self, points: Any, resolution: Sequence[float]) -> np.ndarray[Any, Any]:
        """Return where voxels of another resolution lie in the image.

        Parameters
        ----------
        points
            Voxels, shape (n, 3), x, y, z.
        resolution
            Size of those voxels in nm, x, y, z.

        Returns
        -------
        numpy.ndarray
            float64, shape (n, 3): column, row, and distance in slices from the image. Columns
            and rows count as in matplotlib's `imshow`: the middle of the first pixel is (0, 0).
        """
        voxels = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        nanometres = (voxels + 0.5) * np.asarray(resolution, dtype=np.float64)
        own: np.ndarray[Any, Any] = (
            nanometres / np.asarray(self.scale.resolution) - 0.5 - np.asarray(self.start)
        )
        return own[:, [self.right, self.down, self.depth]]


def scales_of(info: Mapping[str, Any], source: str) -> tuple[Scale, ...]:
    """Read the scales of a precomputed `info` file, finest first as in the file.

    Raises
    ------
    CaveResponseError
        The file does not describe scales.
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
    """Return a scale by its number, or the one with the given resolution.

    Parameters
    ----------
    scales
        The available scales.
    resolution
        In nm; used if `mip` is None. If no scale has it, the finest one is returned.
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
    """Return the voxel of another resolution that holds the middle of a voxel.

    Computed exactly with fractions; only the final result is rounded down.

    Parameters
    ----------
    point
        A voxel, x, y, z: whole numbers.
    resolution, target
        Voxel sizes in nm of `point` and of the result.

    Raises
    ------
    InputError
        A coordinate is not a whole number, or a resolution is not positive.
    """
    if len(point) != 3:
        raise InputError(f"a position has three coordinates, not {len(point)}")
    own, other = check_resolution(resolution), check_resolution(target)
    return _triple(
        math.floor((whole(value, _AXES[axis]) + Fraction(1, 2)) * own[axis] / other[axis])
        for axis, value in enumerate(point)
    )


def window_at(centre: Triple, size: int | Sequence[int], plane: str, scale: Scale) -> Window:
    """Return a window on one slice, centred at a voxel.

    The centre is at column `width // 2` and row `height // 2`, for even and odd sizes.

    Parameters
    ----------
    centre
        A voxel of `scale`.
    size
        Pixels per side, or (width, height).
    plane
        Two axes: the first runs to the right, the second down.
    scale
        The scale whose voxels are the pixels.

    Raises
    ------
    InputError
        The size or the plane is not valid.
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
    """Convert a whole number of any numeric type to int.

    Raises
    ------
    InputError
        The value is not a whole number.
    """
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not math.isfinite(float(value)) or value != int(value):  # type: ignore[arg-type, call-overload]
        raise InputError(
            f"{what} = {value!r} is not a whole number",
            hint="positions and sizes are in voxels; divide nm by the resolution and round down",
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def check_resolution(resolution: Sequence[float]) -> tuple[Fraction, Fraction, Fraction]:
    """Convert a voxel size in nm, x, y, z, to exact fractions of its decimal values.

    Raises
    ------
    InputError
        The value is not three positive numbers.
    """
    try:
        x, y, z = (Fraction(str(float(r))) for r in resolution)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{resolution!r} is not a resolution",
            hint="give three numbers: the voxel size in nm, x, y, z",
        ) from error
    if min(x, y, z) <= 0:
        raise InputError(f"{resolution!r} is not a resolution: it must be positive")
    return x, y, z


def _plane(plane: str) -> tuple[int, int]:
    if not isinstance(plane, str) or len(plane) != 2 or len(set(plane) & set(_AXES)) != 2:
        raise InputError(
            f"{plane!r} is not a plane",
            hint="name two axes, first the one to the right, then the one down: 'xy', 'xz', ...",
        )
    return _AXES.index(plane[0]), _AXES.index(plane[1])


def _sides(size: int | Sequence[int]) -> tuple[int, int]:
    sides = [size, size] if isinstance(size, numbers.Real) else list(size)  # type: ignore[arg-type]
    if len(sides) != 2:
        raise InputError(f"size must be a number or (width, height), not {size!r}")
    width, height = (whole(side, "size") for side in sides)
    if not (0 < width <= MAX_SIZE and 0 < height <= MAX_SIZE):
        raise InputError(f"size must be between 1 and {MAX_SIZE} pixels per side, not {size!r}")
    return width, height


def _triple(values: Any) -> Triple:
    x, y, z = values
    return x, y, z


def round_length(length: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not longer: for scale bars."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length))


def length_text(nm: float) -> str:
    """Write a length of some nm with its unit."""
    return f"{nm / 1000:g} \u00b5m" if nm >= 1000 else f"{nm:g} nm"
