"""Draw an adjacency matrix as a heatmap, sorted by class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.common.palette import class_colors
from graphapi.errors import InputError
from graphapi.ids import parse_root_ids
from graphapi.plots.canvas import new_axes, say_empty
from graphapi.plots.classes import group_sorted, read_classes, word_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from graphapi.plots.classes import Classes

    Groups = Sequence[tuple[str, list[int]]]

#: Most neurons per side whose ids are shown.
MAX_NAMED = 60
#: With more classes per side, their names are small.
_MANY_CLASSES = 12
#: The strip of class colours: its distance from the matrix and its width, in axes units.
_STRIP = (0.008, 0.018)


def adjacency_heatmap(
    adjacency: pd.DataFrame,
    classes: Classes | None = None,
    *,
    by: str = "cell_class",
    order: Literal["given", "strongest"] = "given",
    colors: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    cmap: str = "viridis_r",
    log: bool = False,
    title: str | None = None,
) -> Axes:
    """Draw an adjacency matrix: rows presynaptic, columns postsynaptic.

    Parameters
    ----------
    adjacency
        A result of `get_adjacency`: root ids as index and columns, numbers of synapses as values.
    classes
        The neurons' classes: a dict or Series by root id, or annotation rows. Rows and columns
        are sorted by class, the largest first and `Unknown` last. Lines separate the classes;
        each has its colour and its number of neurons beside it. Names that would overlap are
        omitted, smallest classes first, and the axis says so. None: ids are shown, if there are
        at most `MAX_NAMED`.
    by
        Column of the class in annotation rows.
    order
        `given`: the matrix's own order; with classes, by id within a class. `strongest`: the
        columns with most synapses first, and each row beside others that are strongest in the
        same column; with classes, within each class.
    colors
        Colours by class, as from `get_class_colors`; None for the palette, in order of size.
    ax
        Axes to draw on; None for new ones.
    cmap
        Colour map.
    log
        Colour by the logarithm.
    title
        Heading.

    Returns
    -------
    matplotlib.axes.Axes
        Cell (row i, column j) fills the square from (j, i) to (j + 1, i + 1), y downwards. Pairs
        without synapses stay empty.

    Raises
    ------
    InputError
        `adjacency` is not such a matrix.
    """
    if order not in ("given", "strongest"):
        raise InputError(f"order must be 'given' or 'strongest', not {order!r}")
    values, rows, columns = _checked(adjacency)
    axes = new_axes(ax, (8, 6.5))
    axes.set(xlabel="Postsynaptic", ylabel="Presynaptic")
    if title:
        axes.set_title(title, y=1.03)  # above a note on the right
    if not values.size:
        say_empty(axes, "neurons")
        return axes
    if order == "strongest":
        values, rows, columns = _strongest_first(values, rows, columns)
    if classes is None:
        draw_cells(axes, values, cmap, log)
        _name_neurons(axes, rows, columns)
        return axes
    known = read_classes(classes, by)
    row_groups: Groups = group_sorted(rows, known)
    column_groups: Groups = group_sorted(columns, known)
    if order == "strongest":
        row_groups, column_groups = _kept(row_groups, rows), _kept(column_groups, columns)
    draw_cells(
        axes, values[np.ix_(_order(rows, row_groups), _order(columns, column_groups))], cmap, log
    )
    paint = class_colors([name for name, _ in [*row_groups, *column_groups]], colors)
    _mark_classes(axes, row_groups, paint, word_for(by), "pre")
    _mark_classes(axes, column_groups, paint, word_for(by), "post")
    return axes


def _checked(adjacency: pd.DataFrame) -> tuple[Any, list[int], list[int]]:
    if not hasattr(adjacency, "columns"):
        raise InputError(
            f"an adjacency must be a data frame, not {type(adjacency).__name__}",
            hint="for a sparse one, pass adjacency.to_frame()",
        )
    rows = parse_root_ids(adjacency.index, what="rows of the adjacency").tolist()
    columns = parse_root_ids(adjacency.columns, what="columns of the adjacency").tolist()
    if len(set(rows)) < len(rows) or len(set(columns)) < len(columns):
        raise InputError("a neuron occurs twice in the rows or columns of the adjacency")
    values = adjacency.to_numpy()
    if values.size and values.dtype.kind not in "iufb":
        raise InputError(f"the adjacency holds {values.dtype}, not numbers")
    return values, rows, columns


def _strongest_first(
    values: Any, rows: Sequence[int], columns: Sequence[int]
) -> tuple[Any, list[int], list[int]]:
    across = np.lexsort((columns, -values.sum(axis=0)))
    values = values[:, across]
    down = np.lexsort((rows, -values.max(axis=1), values.argmax(axis=1)))
    return values[down], [rows[i] for i in down], [columns[i] for i in across]


def _kept(groups: Groups, ids: Sequence[int]) -> Groups:
    """Sort the members of each class in the order of the matrix."""
    places = {root_id: place for place, root_id in enumerate(ids)}
    return [(name, sorted(members, key=places.__getitem__)) for name, members in groups]


def _order(ids: Sequence[int], groups: Groups) -> list[int]:
    places = {root_id: place for place, root_id in enumerate(ids)}
    return [places[root_id] for _, members in groups for root_id in members]


def draw_cells(
    ax: Axes, values: Any, cmap: str, log: bool, label: str = "Number of synapses"
) -> None:
    """Draw a matrix as coloured squares, zeros empty, with a bar that says what colours mean."""
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm

    rows, columns = values.shape
    image = ax.imshow(
        np.ma.masked_equal(values, 0),
        # Pairs without synapses have no colour at all.
        cmap=colormaps[cmap].with_extremes(bad=(1, 1, 1, 0)),
        norm=LogNorm(vmin=1, vmax=max(2, values.max())) if log else None,
        vmin=None if log else 0,
        vmax=None if log else values.max() or 1,
        extent=(0, columns, rows, 0),
        aspect="equal" if rows == columns else "auto",
        interpolation="nearest",
    )
    bar = ax.figure.colorbar(image, ax=ax, label=label)
    if log:
        top = max(2, values.max())
        steps = [step * 10**power for power in range(12) for step in (1, 2, 5)]
        shown = [step for step in steps if step <= top]
        bar.set_ticks(shown, labels=[f"{step:,}" for step in shown], minor=False)
        bar.minorticks_off()


def _name_neurons(ax: Axes, rows: Sequence[int], columns: Sequence[int]) -> None:
    for axis, ids, turned in ((ax.yaxis, rows, 0), (ax.xaxis, columns, 90)):
        if len(ids) <= MAX_NAMED:
            axis.set_ticks(np.arange(len(ids)) + 0.5, [str(i) for i in ids], rotation=turned)
            axis.set_tick_params(labelsize=6)
        else:
            axis.set_ticks([])
    if len(rows) > MAX_NAMED:
        ax.set_ylabel(f"Presynaptic ({len(rows)} neurons)")
    if len(columns) > MAX_NAMED:
        ax.set_xlabel(f"Postsynaptic ({len(columns)} neurons)")


def _mark_classes(
    ax: Axes, groups: Groups, colors: Mapping[str, str], word: str, side: Literal["pre", "post"]
) -> None:
    """Draw the boundaries, colours and names of classes along the rows (pre) or the columns."""
    from matplotlib.patches import Rectangle

    rows = side == "pre"
    away, wide = _STRIP
    for name, start, size in _spans(groups):
        if start:
            (ax.axhline if rows else ax.axvline)(start, color="0.55", linewidth=0.8)
        place, extent = (-away - wide, start), (wide, size)
        strip = Rectangle(
            place if rows else place[::-1],
            *(extent if rows else extent[::-1]),
            transform=ax.get_yaxis_transform() if rows else ax.get_xaxis_transform(),
            color=colors[name],
            clip_on=False,
            linewidth=0,
        )
        strip.set_gid(f"{side} {name}")
        ax.add_patch(strip)
    box = ax.get_window_extent()
    # Turned by 45 degrees, a line of text is 1.4 times as wide along the axis.
    inches = (box.height if rows else box.width / 1.4) / ax.figure.dpi
    told = _name_classes(ax.yaxis if rows else ax.xaxis, groups, inches)
    if not rows:
        ax.tick_params(axis="x", rotation=45)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    if told < len(groups):
        name_axis = ax.set_ylabel if rows else ax.set_xlabel
        name_axis(f"{side.title()}synaptic ({told} of {len(groups)} {word} names are shown)")


def _spans(groups: Groups) -> list[tuple[str, int, int]]:
    """Return each class with its first row and its number of rows."""
    sizes = [len(ids) for _, ids in groups]
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    return [(name, start, len(ids)) for (name, ids), start in zip(groups, starts, strict=True)]


def _name_classes(axis: Any, groups: Groups, inches: float) -> int:
    """Write the names of the largest classes, as many as fit; return their number."""
    points = 10 if len(groups) <= _MANY_CLASSES else 7
    spans = _spans(groups)
    room = points * 1.25 / 72 / inches * sum(size for _, _, size in spans)
    shown: list[tuple[float, str]] = []
    for name, start, size in sorted(spans, key=lambda span: -span[2]):
        middle = start + size / 2
        if all(abs(middle - other) >= room for other, _ in shown):
            shown.append((middle, f"{name} (n={size})"))
    shown.sort()
    axis.set_ticks([middle for middle, _ in shown], [text for _, text in shown])
    axis.set_tick_params(labelsize=points, length=0, pad=12)
    return len(shown)
