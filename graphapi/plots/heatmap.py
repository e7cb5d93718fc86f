"""An adjacency matrix as a picture, sorted by class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.errors import InputError
from graphapi.ids import parse_root_ids
from graphapi.plots.canvas import new_axes, say_empty
from graphapi.plots.classes import group_sorted, read_classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from graphapi.plots.classes import Classes

#: Neurons on a side up to which each has its id written beside it.
MAX_NAMED = 60


def adjacency_heatmap(
    adjacency: pd.DataFrame,
    classes: Classes | None = None,
    *,
    by: str = "cell_class",
    order: Literal["given", "strongest"] = "given",
    ax: Axes | None = None,
    cmap: str = "viridis",
    log: bool = False,
    title: str | None = None,
) -> Axes:
    """Draw an adjacency matrix: rows presynaptic, columns postsynaptic.

    Parameters
    ----------
    adjacency
        As `get_adjacency` gives it: root ids as index and columns, numbers of synapses as values.
    classes
        The neurons' classes: a dict or Series by root id, or annotation rows. Rows and columns
        are sorted by class, the largest first and `Unknown` last, then by id, with lines between
        classes, each of which is labelled with its number of neurons. None: the matrix is drawn
        in the order that `order` says, with ids where there are at most `MAX_NAMED`.
    by
        Column of the class in annotation rows.
    order
        Without classes: `given` is the matrix's own order; `strongest` puts the columns with most
        synapses first, and each row with the others that are strongest in the same column.
    ax
        Axes to draw on; None for new ones.
    cmap
        Colour map.
    log
        Colours by the logarithm; pairs without synapses have the lowest colour.
    title
        Heading.

    Returns
    -------
    matplotlib.axes.Axes
        Cell (row i, column j) fills the square from (j, i) to (j + 1, i + 1), y downwards.

    Raises
    ------
    InputError
        It is no such matrix.
    """
    if order not in ("given", "strongest"):
        raise InputError(f"order must be 'given' or 'strongest', not {order!r}")
    values, rows, columns = _checked(adjacency)
    axes = new_axes(ax, (8, 6.5))
    axes.set(xlabel="Postsynaptic", ylabel="Presynaptic")
    if title:
        axes.set_title(title)
    if not values.size:
        say_empty(axes, "neurons")
        return axes
    if classes is None:
        if order == "strongest":
            values, rows, columns = _strongest_first(values, rows, columns)
        _draw(axes, values, cmap, log)
        _name_neurons(axes, rows, columns)
        return axes
    known = read_classes(classes, by)
    row_groups, column_groups = group_sorted(rows, known), group_sorted(columns, known)
    _draw(axes, values[np.ix_(_order(rows, row_groups), _order(columns, column_groups))], cmap, log)
    _mark_classes(axes.yaxis, axes.axhline, [(name, len(ids)) for name, ids in row_groups])
    _mark_classes(axes.xaxis, axes.axvline, [(name, len(ids)) for name, ids in column_groups])
    axes.tick_params(axis="x", rotation=45)
    for label in axes.get_xticklabels():
        label.set(ha="right", rotation_mode="anchor")
    return axes


def _checked(adjacency: pd.DataFrame) -> tuple[Any, list[int], list[int]]:
    if not hasattr(adjacency, "columns"):
        raise InputError(
            f"an adjacency must be a data frame, not {type(adjacency).__name__}",
            hint="sparse ones: draw adjacency.to_frame()",
        )
    rows = parse_root_ids(adjacency.index, what="rows of the adjacency").tolist()
    columns = parse_root_ids(adjacency.columns, what="columns of the adjacency").tolist()
    if len(set(rows)) < len(rows) or len(set(columns)) < len(columns):
        raise InputError("a neuron is twice in the rows or columns of the adjacency")
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


def _order(ids: Sequence[int], groups: Sequence[tuple[str, list[int]]]) -> list[int]:
    places = {root_id: place for place, root_id in enumerate(ids)}
    return [places[root_id] for _, members in groups for root_id in members]


def _draw(ax: Axes, values: Any, cmap: str, log: bool) -> None:
    from matplotlib import colormaps

    rows, columns = values.shape
    colors = colormaps[cmap]
    image = ax.imshow(
        values,
        # Under a logarithm, pairs without synapses have no colour of their own.
        cmap=colors.with_extremes(bad=colors(0.0)),
        norm=_logarithmic(values) if log else None,
        vmin=None if log else 0,
        extent=(0, columns, rows, 0),
        aspect="equal" if rows == columns else "auto",
        interpolation="nearest",
    )
    ax.figure.colorbar(image, ax=ax, label="Number of synapses")


def _logarithmic(values: Any) -> Any:
    from matplotlib.colors import LogNorm

    return LogNorm(vmin=1, vmax=max(2, values.max()))


def _name_neurons(ax: Axes, rows: Sequence[int], columns: Sequence[int]) -> None:
    for axis, ids, turned in ((ax.yaxis, rows, 0), (ax.xaxis, columns, 90)):
        if len(ids) <= MAX_NAMED:
            axis.set_ticks(np.arange(len(ids)) + 0.5, [str(i) for i in ids], rotation=turned)
            axis.set_tick_params(labelsize=6)
        else:
            axis.set_ticks([])


def _mark_classes(axis: Any, line: Any, groups: Sequence[tuple[str, int]]) -> None:
    sizes = np.array([size for _, size in groups])
    ends = np.cumsum(sizes)
    for end in ends[:-1]:
        line(end, color="white", linewidth=1.2, alpha=0.9)
    axis.set_ticks(ends - sizes / 2, [f"{name} (n={size})" for name, size in groups])
