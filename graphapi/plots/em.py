"""Draw the EM around synapses, with the sites of both partners marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.palette import OKABE_ITO
from graphapi.errors import InputError
from graphapi.imagery.em import CutOut, cut_out, segmentation_image
from graphapi.imagery.geometry import length_text, round_length, voxel_at, window_at
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
#: An arrow that points at the origin, in points, from its tip to its tail. The tip keeps a distance
#: that leaves the synapse visible.
_TIP, _NECK, _TAIL = 5.0, 13.0, 26.0
_ARROW = (
    (_TIP, 0), (_NECK, 4.2), (_NECK, 1.3), (_TAIL, 1.3), (_TAIL, -1.3), (_NECK, -1.3),
    (_NECK, -4.2), (_TIP, 0),
)  # fmt: skip


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
        The EM volume: its address, or an open volume.
    pre, post
        The two sites, in voxels of `resolution`.
    resolution
        Size in nm of the voxels in which positions are given.
    centre
        Middle of the picture; None for halfway between the sites.
    size
        Width and height in pixels.
    mip, plane, token, fill_missing
        As for `graphapi.imagery.em.cut_out`.
    segmentation
        The segmentation, to tint and outline the two neurons; requires `pre_root` or `post_root`.
    pre_root, post_root
        Root ids of the neurons to tint, in the colours of their sites.
    to_roots
        Function that returns the root ids of supervoxels; see `segmentation_image`.
    ax
        Axes to draw on; None for new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Arrows point at the sites from both sides of the synapse. The arrow of a site in another
        section is hollow, and the legend gives its distance. A bar shows the scale.

    Raises
    ------
    ImageryNotFoundError, InputError
        As for `cut_out`.
    """
    sites = [_site(pre, "pre"), _site(post, "post")]
    if centre is None:
        middle = [(a + b) // 2 for a, b in zip(*sites, strict=True)]
    else:
        middle = _site(centre, "centre")
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
        neurons = {pre_root: PRE_COLOR, post_root: POST_COLOR}
        _tint(axes, ids, neurons, height / width)
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
        The EM volume: its address, or an open volume.
    synapses
        Synapse rows, with positions in voxels of `resolution`. Those with the largest `size` are
        shown; without this column, the first ones.
    count
        Largest number of synapses to show.
    resolution
        Size in nm of the voxels in which positions are given.
    size
        Width and height of each picture in pixels.
    token
        The CAVE token, for volumes that need it.
    axes
        Axes to draw on, one for each synapse; None for new ones.
    options
        Further options of `em_with_synapse`: `mip`, `plane`, `segmentation`, `to_roots`,
        `fill_missing`. With `segmentation`, the two neurons of each synapse are tinted.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One for each synapse; empty without synapses.

    Raises
    ------
    ImageryNotFoundError, InputError
        As for `cut_out`.
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
    """Return the segment under each pixel of the EM, whatever the segmentation's resolution."""
    volume = open_volume(segmentation, token)
    own = found.window.scale.resolution
    scale = _nearest(volume, own)
    sides = found.window.right, found.window.down
    # One more voxel on each side: windows of two resolutions do not start at the same nm.
    width, height = (int(np.ceil(size * own[axis] / scale.resolution[axis])) + 2 for axis in sides)
    centre = voxel_at(middle, resolution, scale.resolution)
    window = window_at(centre, (width, height), plane, scale)
    ids = segmentation_image(
        volume,
        middle,
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
    """Tint neurons, and draw their outlines, which also show small profiles."""
    from matplotlib.colors import to_rgba

    tint, outline = np.zeros((*ids.shape, 4)), np.zeros((*ids.shape, 4))
    for root_id, color in colors.items():
        if root_id is not None:
            inside = ids == np.uint64(root_id)
            tint[inside] = to_rgba(color, 0.3)
            outline[_edge(inside, 1 + len(ids) // 300)] = to_rgba(color, 1)
    for picture, name in ((tint, "segmentation"), (outline, "outlines")):
        ax.imshow(picture, aspect=aspect, interpolation="nearest").set_gid(name)


def _edge(inside: Any, width: int) -> Any:
    """Return the pixels of an area that are within some width of its edge."""
    core = inside
    for _ in range(width):
        padded = np.pad(core, 1, mode="edge")
        core = core & padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
    return inside & ~core


def _mark(ax: Axes, found: CutOut, sites: Sequence[Sequence[int]], nm: Sequence[float]) -> None:
    from matplotlib.patches import Patch
    from matplotlib.path import Path

    depth = found.window.scale.resolution[found.window.depth]
    width, height = found.pixel_size
    pre, post = found.pixels_of(sites, nm)
    drawn: list[tuple[Any, str]] = []
    for place, other, name, color in (
        (pre, post, "pre", PRE_COLOR),
        (post, pre, "post", POST_COLOR),
    ):
        column, row, away = place
        here = abs(away) < 0.5
        # Rows count downwards. If both sites are in one place, arrows come from left and right.
        apart = np.array([(column - other[0]) * width, (other[1] - row) * height])
        if not apart.any():
            apart = np.array([-1.0 if name == "pre" else 1.0, 0.0])
        x, y = apart / np.linalg.norm(apart)
        arrow = np.array(_ARROW) @ np.array([[x, y], [-y, x]])
        dots = ax.scatter(
            [column],
            [row],
            # matplotlib scales custom markers to half the root of this.
            s=(2 * np.abs(arrow).max()) ** 2,
            marker=Path(arrow, closed=True),
            facecolors=color if here else "none",
            edgecolors="white" if here else color,
            linewidths=0.6 if here else 1.4,
            label=name if here else f"{name} ({away * depth:+.0f} nm)",
        )
        dots.set_gid(f"{name} site")
        drawn.append((dots, color))
    rows, columns = found.pixels.shape[:2]
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    keys = [
        Patch(
            facecolor=color if len(dots.get_facecolors()) else "none",
            edgecolor=color,
            label=str(dots.get_label()),
        )
        for dots, color in drawn
    ]
    ax.legend(
        handles=keys, loc="upper right", fontsize="small", framealpha=0.85, handlelength=1,
        handleheight=0.8,
    )  # fmt: skip


def _scale_bar(ax: Axes, found: CutOut) -> None:
    from matplotlib.patheffects import withStroke

    rows, columns = found.pixels.shape[:2]
    width = found.pixel_size[0]
    length = round_length(columns * width / 4)
    start, row = columns * 0.05, rows * 0.95
    bar = ax.plot([start, start + length / width], [row, row], color="white", linewidth=3)
    bar[0].set(gid="scale bar", path_effects=[withStroke(linewidth=5, foreground="0.2")])
    text = ax.text(
        start, row - rows * 0.02, length_text(length), color="white", va="bottom", fontsize="small"
    )
    text.set_path_effects([withStroke(linewidth=2, foreground="0.2")])
