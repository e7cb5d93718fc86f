"""Shared parts of all figures: axes, notes, and checks of the tables they draw."""

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
        matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise MissingExtraError("matplotlib", "figures") from error
    return plt


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the axes to draw on: the given ones, or new ones of a size in inches."""
    if ax is not None:
        return ax
    axes: Axes = pyplot().subplots(figsize=size, layout="constrained")[1]
    return axes


def new_row(axes: Iterable[Axes] | None, count: int, size: tuple[float, float]) -> Any:
    """Return `count` axes side by side, as an array.

    Raises
    ------
    InputError
        A different number of axes was given.
    """
    import numpy as np

    if axes is None:
        figure = pyplot().subplots(1, count, figsize=size, layout="constrained", squeeze=False)
        return figure[1][0]
    given = np.ravel(np.asarray(axes, dtype=object))
    if len(given) != count:
        raise InputError(f"{len(given)} axes were given, but {count} are needed")
    return given


def open_frame(ax: Axes) -> None:
    """Remove the lines at the top and on the right."""
    ax.spines[["top", "right"]].set_visible(False)


def add_note(ax: Axes, note: str) -> None:
    """Write the source of the data in small letters: at the upper right, or below a drawing."""
    if ax.axison:
        ax.set_title(note, loc="right", fontsize=7, color="0.35")
        return
    figure = ax.figure
    if figure.get_supxlabel() in ("", note):  # the layout leaves room for it
        figure.supxlabel(note, x=0.99, ha="right", fontsize=7, color="0.35")
        return
    text = ax.annotate(
        note, (1, 0), xycoords="axes fraction", xytext=(0, -3), textcoords="offset points",
        ha="right", va="top", fontsize=7, color="0.35",
    )  # fmt: skip
    text.set_gid("note")


def say_empty(ax: Axes, what: str) -> None:
    """Write in the middle that there is nothing to draw."""
    ax.text(0.5, 0.5, f"no {what}", transform=ax.transAxes, ha="center", va="center", color="0.4")


def need_columns(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Check that a table has the columns to draw.

    Raises
    ------
    InputError
        It is not a DataFrame, or lacks a column.
    """
    if not hasattr(frame, "columns"):
        raise InputError(f"{what} must be a data frame, not {type(frame).__name__}")
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise InputError(
            f"{what} lack the column(s) {', '.join(missing)}",
            hint=f"they have: {', '.join(map(str, frame.columns))}",
        )
