"""EM around synapses, with the sites of both partners marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.palette import OKABE_ITO
from graphapi.errors import InputError
from graphapi.imagery.em import CutOut, cut_out, segmentation_image
from graphapi.imagery.geometry import voxel_at, window_at
from graphapi.imagery.volume import open_volume
from graphapi.plots.canvas import need_columns, new_axes, new_row

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from graphapi.imagery.volume import Volume

#: Colours of the presynaptic and of the postsynaptic side.
PRE_COLOR, POST_COLOR = OKABE_ITO[1], OKABE_ITO[5]
_POSITIONS = ("pre_pt_position", "post_pt_position", "ctr_pt_position")


def em_with_synapse(
    source: str | os.PathLike[str] | Volume,
    pre: Sequence[int],
    post: Sequence[int],
    *,
    resolution: Sequence[float],
    centre: Sequence[int] | None = None,
    size: int = 500,
    mip: int | None = None,
    plane: str = "xy",
    segmentation: str | os.PathLike[str] | Volume | None = None,
    pre_root: int | None = None,
    post_root: int | None = None,
    to_roots: Callable[[Any], Any] | None = None,
    token: str | None = None,
    fill_missing: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Show the EM around a synapse, with its pre- and postsynaptic sites.

    Parameters
    ----------
    source
        The EM volume: its address, or an open one.
    pre, post
        The two sites, in voxels of `resolution`.
    resolution
        Size in nm of the voxels that positions count.
    centre
        Middle of the picture; None: halfway between the sites.
    size
        Width and height in pixels.
    mip, plane, token, fill_missing
        As for `graphapi.imagery.em.em_image`.
    segmentation
        The segmentation, to tint the two neurons; needs `pre_root` or `post_root`.
    pre_root, post_root
        Root ids of the neurons to tint, in the colours of their sites.
    to_roots
        Gives root ids of supervoxels, as for `segmentation_image`.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Sites that lie in other slices are drawn hollow, and the legend tells how far away. A
        bar tells the scale.

    Raises
    ------
    ImageryNotFoundError, InputError
        As for `em_image`.
    """
    sites = [_site(pre, "pre"), _site(post, "post")]
    middle = _halfway(*sites) if centre is None else _site(centre, "centre")
    found = cut_out(
        source,
        middle,
        size,
        resolution=resolution,
        mip=mip,
        plane=plane,
        fill_missing=fill_missing,
        token=token,
    )
    axes = new_axes(ax, (5, 5))
    width, height = found.pixel_size
    axes.imshow(found.pixels, cmap="gray", aspect=height / width, interpolation="nearest")
    if segmentation is not None:
        ids = _ids_below(found, segmentation, middle, size, resolution, plane, to_roots, token)
        _tint(axes, ids, {pre_root: PRE_COLOR, post_root: POST_COLOR}, height / width)
    _mark(axes, found, sites, resolution)
    _scale_bar(axes, found)
    axes.set_axis_off()
    return axes


def em_panels(
    source: str | os.PathLike[str] | Volume,
    synapses: pd.DataFrame,
    count: int = 3,
    *,
    resolution: Sequence[float],
    size: int = 500,
    token: str | None = None,
    axes: Iterable[Axes] | None = None,
    **options: Any,
) -> Any:
    """Show the EM around the largest synapses, side by side.

    Parameters
    ----------
    source
        The EM volume: its address, or an open one.
    synapses
        Synapse rows, positions in voxels of `resolution`. Those of the largest `size` are shown,
        largest first; where there is no such column, the first ones.
    count
        How many to show at most.
    resolution
        Size in nm of the voxels that positions count.
    size
        Width and height of each picture in pixels.
    token
        The CAVE token, for volumes that need it.
    axes
        Axes to draw on, one a synapse; None for new ones.
    options
        More for `em_with_synapse`: `mip`, `plane`, `segmentation`, `to_roots`, `fill_missing`.
        With `segmentation`, the two neurons of each synapse are tinted.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One a synapse; empty where there is none.

    Raises
    ------
    ImageryNotFoundError, InputError
        As for `em_image`.
    """
    need_columns(synapses, _POSITIONS, "synapses")
    if count < 1:
        raise InputError(f"count must be 1 or more, not {count}")
    chosen = synapses
    if "size" in synapses.columns:
        chosen = synapses.sort_values("size", ascending=False, kind="stable")
    chosen = chosen.head(count)
    if chosen.empty:
        return np.empty(0, dtype=object)
    volume = open_volume(source, token)
    row = new_row(axes, len(chosen), (4.2 * len(chosen), 4.6))
    for ax, (_, synapse) in zip(row, chosen.iterrows(), strict=True):
        _panel(ax, volume, synapse, resolution, size, token, options)
    return row


def _panel(
    ax: Axes,
    volume: Volume,
    synapse: Any,
    resolution: Sequence[float],
    size: int,
    token: str | None,
    options: dict[str, Any],
) -> None:
    centre = [int(v) for v in synapse["ctr_pt_position"]]
    roots: dict[str, Any] = {}
    if options.get("segmentation") is not None:
        roots = {f"{side}_root": int(synapse[f"{side}_pt_root_id"]) for side in ("pre", "post")}
    em_with_synapse(
        volume,
        synapse["pre_pt_position"],
        synapse["post_pt_position"],
        centre=centre,
        resolution=resolution,
        size=size,
        token=token,
        ax=ax,
        **roots,
        **options,
    )
    told = f", size {synapse['size']:g}" if "size" in synapse.index else ""
    ax.set_title(f"Synapse at ({', '.join(map(str, centre))}){told}", fontsize="medium")


def _site(position: Sequence[int], what: str) -> list[int]:
    values = np.asarray(position)
    if values.shape != (3,) or not np.array_equal(values, values.astype(np.int64)):
        raise InputError(f"the {what} position must be three whole numbers, not {position!r}")
    return [int(v) for v in values]


def _halfway(first: Sequence[int], second: Sequence[int]) -> list[int]:
    return [(a + b) // 2 for a, b in zip(first, second, strict=True)]


def _ids_below(
    found: CutOut,
    segmentation: str | os.PathLike[str] | Volume,
    middle: Sequence[int],
    size: int,
    resolution: Sequence[float],
    plane: str,
    to_roots: Callable[[Any], Any] | None,
    token: str | None,
) -> Any:
    """Look up the segment under each pixel of the EM, whatever the segmentation's voxels."""
    volume = open_volume(segmentation, token)
    own = found.window.scale.resolution
    scale = _nearest(volume, own)
    x, y, z = middle
    sides = found.window.right, found.window.down
    # One voxel more on each side: the windows of two resolutions do not start at the same nm.
    width, height = (int(np.ceil(size * own[axis] / scale.resolution[axis])) + 2 for axis in sides)
    centre = voxel_at(middle, resolution, scale.resolution)
    window = window_at(centre, (width, height), plane, scale)
    ids = segmentation_image(
        volume,
        x,
        y,
        z,
        (width, height),
        resolution=resolution,
        mip=scale.mip,
        plane=plane,
        to_roots=to_roots,
    )
    columns, rows = (
        ((np.arange(size) + 0.5 + found.window.start[axis]) * own[axis] / scale.resolution[axis])
        .astype(np.int64)
        .clip(window.start[axis], window.stop[axis] - 1)
        - window.start[axis]
        for axis in sides
    )
    return ids[np.ix_(rows, columns)]


def _nearest(volume: Volume, resolution: Sequence[float]) -> Any:
    return min(volume.scales, key=lambda s: sum(abs(np.log(np.divide(s.resolution, resolution)))))


def _tint(ax: Axes, ids: Any, colors: dict[int | None, str], aspect: float) -> None:
    from matplotlib.colors import to_rgba

    tint = np.zeros((*ids.shape, 4))
    for root_id, color in colors.items():
        if root_id is not None:
            tint[ids == np.uint64(root_id)] = to_rgba(color, 0.3)
    ax.imshow(tint, aspect=aspect, interpolation="nearest").set_gid("segmentation")


def _mark(ax: Axes, found: CutOut, sites: Sequence[Sequence[int]], nm: Sequence[float]) -> None:
    depth = found.window.scale.resolution[found.window.depth]
    for place, name, color in zip(
        found.pixels_of(sites, nm), ("pre", "post"), (PRE_COLOR, POST_COLOR), strict=True
    ):
        column, row, away = place
        here = abs(away) < 0.5
        label = name if here else f"{name} ({away * depth:+.0f} nm)"
        ax.scatter(
            [column],
            [row],
            s=70,
            marker="o" if name == "pre" else "^",
            facecolors=color if here else "none",
            edgecolors="white" if here else color,
            linewidths=1.5,
            label=label,
        )
    rows, columns = found.pixels.shape[:2]
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    ax.legend(loc="upper right", fontsize="small", framealpha=0.7)


def _scale_bar(ax: Axes, found: CutOut) -> None:
    rows, columns = found.pixels.shape[:2]
    width = found.pixel_size[0]
    length = _round_length(columns * width / 4)
    start, row = columns * 0.05, rows * 0.95
    bar = ax.plot([start, start + length / width], [row, row], color="white", linewidth=3)
    bar[0].set_gid("scale bar")
    text = f"{length / 1000:g} \u00b5m" if length >= 1000 else f"{length:g} nm"
    ax.text(start, row - rows * 0.02, text, color="white", va="bottom", fontsize="small")


def _round_length(length: float) -> float:
    """Give the largest 1, 2 or 5 times a power of ten that is not longer."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length))
