"""What all figures share: where they are drawn, and what they ask of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from matplotlib.axes import Axes


def pyplot() -> Any:
    """Import matplotlib's pyplot.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise MissingExtraError("matplotlib", "viz") from error
    return plt


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Give the axes to draw on: those given, or new ones of a size in inches."""
    if ax is not None:
        return ax
    axes: Axes = pyplot().subplots(figsize=size, layout="constrained")[1]
    return axes


def new_row(axes: Iterable[Axes] | None, count: int, size: tuple[float, float]) -> Any:
    """Give `count` axes side by side, as an array.

    Raises
    ------
    InputError
        Another number of axes was given.
    """
    import numpy as np

    if axes is None:
        figure = pyplot().subplots(1, count, figsize=size, layout="constrained", squeeze=False)
        return figure[1][0]
    given = np.ravel(np.asarray(axes, dtype=object))
    if len(given) != count:
        raise InputError(f"{len(given)} axes were given where {count} are drawn on")
    return given


def open_frame(ax: Axes) -> None:
    """Take the lines above and to the right away."""
    ax.spines[["top", "right"]].set_visible(False)


def say_empty(ax: Axes, what: str) -> None:
    """Say in the middle that there is nothing to draw."""
    ax.text(0.5, 0.5, f"no {what}", transform=ax.transAxes, ha="center", va="center", color="0.4")


def need_columns(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Check that a frame has the columns that are drawn.

    Raises
    ------
    InputError
        It is no frame, or lacks one.
    """
    if not hasattr(frame, "columns"):
        raise InputError(f"{what} must be a data frame, not {type(frame).__name__}")
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise InputError(
            f"{what} lack the column(s) {', '.join(missing)}",
            hint=f"there are: {', '.join(map(str, frame.columns))}",
        )
