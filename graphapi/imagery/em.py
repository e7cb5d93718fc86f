"""Cut images of EM and segmentation out of a volume, centred at a position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.errors import CaveResponseError, ImageryNotFoundError, InputError
from graphapi.imagery.geometry import Window, pick_scale, voxel_at, window_at
from graphapi.imagery.volume import Volume, open_volume

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

#: Value of pixels outside the volume: black in EM, background in segmentation.
PADDING = 0


@dataclass(frozen=True, eq=False)
class CutOut:
    """An image, and its position in the volume.

    Attributes
    ----------
    pixels
        Rows by columns (and channels, if there are several), in the volume's dtype.
    window
        The voxels that the image shows.
    """

    pixels: Any
    window: Window

    def pixels_of(self, points: Any, resolution: Sequence[float]) -> Any:
        """Return where positions lie in the image; see `geometry.Window.pixels_of`."""
        return self.window.pixels_of(points, resolution)

    @property
    def pixel_size(self) -> tuple[float, float]:
        """Width and height of a pixel in nm."""
        resolution = self.window.scale.resolution
        return resolution[self.window.right], resolution[self.window.down]

    @property
    def centre(self) -> tuple[int, int]:
        """Column and row of the pixel that holds the requested position."""
        shape = self.window.shape
        return shape[self.window.right] // 2, shape[self.window.down] // 2


def segmentation_image(
    source: str | os.PathLike[str] | Volume,
    position: Sequence[object],
    size: int | Sequence[int] = 1000,
    *,
    resolution: Sequence[float],
    mip: int | None = None,
    plane: str = "xy",
    pad: bool = True,
    fill_missing: bool = False,
    token: str | None = None,
    to_roots: Callable[[Any], Any] | None = None,
) -> Any:
    """Cut an image of ids out of a segmentation, with the same window as `cut_out`.

    Parameters
    ----------
    source, position, size, resolution, mip, plane, pad, fill_missing, token
        As for `cut_out`.
    to_roots
        Function that returns the root id of each supervoxel id. It is called once, with the
        distinct ids other than 0, sorted, as uint64. A graphene volume stores supervoxel ids,
        which are returned if `to_roots` is None.

    Returns
    -------
    numpy.ndarray
        uint64, shape (height, width); 0 is background or outside the volume.

    Raises
    ------
    InputError
        The volume is not a segmentation; otherwise as for `cut_out`.
    """
    volume = open_volume(source, token)
    if not volume.is_segmentation:
        raise InputError(f"{volume.source.text} is an image, not a segmentation")
    found = cut_out(
        volume,
        position,
        size,
        resolution=resolution,
        mip=mip,
        plane=plane,
        pad=pad,
        fill_missing=fill_missing,
    ).pixels.astype(np.uint64)
    return found if to_roots is None else _renamed(found, to_roots)


def cut_out(
    source: str | os.PathLike[str] | Volume,
    position: Sequence[object],
    size: int | Sequence[int] = 1000,
    *,
    resolution: Sequence[float],
    mip: int | None = None,
    plane: str = "xy",
    pad: bool = True,
    fill_missing: bool = False,
    token: str | None = None,
) -> CutOut:
    """Cut an image out of an EM volume, centred at a position.

    Rows are y and columns are x (for `plane='xy'`), so `ax.imshow(image)` shows the slice as
    Neuroglancer does: a larger x is further to the right. CRANTpy returns cloud-volume's order, x
    first, which `imshow` shows transposed; transpose the pixels to get that order.

    Parameters
    ----------
    source
        Address of the volume, or an open volume.
    position
        x, y, z of a voxel of the datastack: whole numbers, in voxels of `resolution`, like the
        pixel positions of `get_synapses`. The image may have other voxels. Its centre is the voxel
        that holds the middle of this one, at `pixels[height // 2, width // 2]`, for even and odd
        sizes.
    size
        Pixels per side, or (width, height), in voxels of the scale shown.
    resolution
        Size in nm of the voxels of the position.
    mip
        Number of the scale to show. None: the scale with this `resolution`, or the finest scale
        if there is none.
    plane
        Two axes, the first to the right, the second down: 'xy', 'xz', 'yz', 'zy', ...
    pad
        Fill pixels outside the volume with `PADDING` (0). False: raise an error instead.
    fill_missing
        Show chunks missing from the volume as 0, instead of raising an error.
    token
        The CAVE token, for volumes that need it.

    Returns
    -------
    CutOut
        The pixels, of the volume's dtype, usually uint8, shape (height, width), with channels
        last, if several; and their position in the volume.

    Raises
    ------
    ImageryNotFoundError
        The image lies completely outside the volume, or a chunk of it is missing.
    InputError
        An argument is not valid.
    CaveAuthError, CaveUnavailableError, CaveResponseError
        The server refuses the token, does not answer, or holds damaged data.
    """
    volume = open_volume(source, token)
    scale = pick_scale(volume.scales, resolution, mip)
    window = window_at(voxel_at(position, resolution, scale.resolution), size, plane, scale)
    inside = _inside(volume, window, pad=pad)
    block = volume.read(scale, *inside, fill=fill_missing)
    return CutOut(_picture(block, window, inside[0]), window)


def _inside(volume: Volume, window: Window, *, pad: bool) -> Any:
    inside = window.inside
    if inside is not None and (pad or inside == (window.start, window.stop)):
        return inside
    scale = window.scale
    how = "lies outside" if inside is None else "reaches beyond"
    raise ImageryNotFoundError(
        f"voxels {window.start} to {window.stop} {how} the volume {volume.source.text}, which "
        f"has voxels {scale.start} to {scale.stop} at {scale.describe()}",
        hint="check the position and its resolution"
        if inside is None
        else "pass pad=True to fill the rest with 0",
    )


def _picture(block: Any, window: Window, first: Sequence[int]) -> Any:
    """Reorder a block of x, y, z to rows and columns, and pad it to the window."""
    axes = (window.down, window.right, window.depth)
    if block.ndim not in (3, 4):
        raise CaveResponseError(f"the volume returns an array with {block.ndim} axes")
    flat = np.moveaxis(block, axes, (0, 1, 2))[:, :, 0]
    shape = (window.shape[window.down], window.shape[window.right])
    if flat.shape[:2] == shape:
        return np.ascontiguousarray(flat)
    picture = np.full(shape + flat.shape[2:], PADDING, dtype=block.dtype)
    row, column = (first[axis] - window.start[axis] for axis in (window.down, window.right))
    picture[row : row + flat.shape[0], column : column + flat.shape[1]] = flat
    return picture


def _renamed(found: Any, to_roots: Callable[[Any], Any]) -> Any:
    ids, places = np.unique(found, return_inverse=True)
    named = ids[ids != 0]
    if not len(named):
        return found
    roots = np.asarray(to_roots(named))
    if roots.shape != named.shape or roots.dtype.kind not in "iu":
        raise CaveResponseError(
            f"to_roots must return one integer for each of {len(named)} supervoxels, but "
            f"returned shape {roots.shape}, dtype {roots.dtype}"
        )
    names = ids.copy()
    names[ids != 0] = roots.astype(np.uint64)
    return names[places].reshape(found.shape)
