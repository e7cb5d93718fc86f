"""Show tables on a terminal: name what is hidden, and escape control characters."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import typer

from loader.work.visible import visible

if TYPE_CHECKING:
    import pandas as pd

#: Longer texts are shortened if a table is wider than the terminal.
_LONG = 32
_GAP = 2


def say(text: object) -> None:
    """Print lines of text with their control characters escaped: they may be a stranger's."""
    typer.echo(visible(str(text), keep="\n"))


def show(frame: pd.DataFrame, most: int, *, wide: bool = False) -> None:
    """Print a table, and say what is hidden.

    On a terminal (or if `$COLUMNS` is set), long texts are shortened, and the columns that do
    not fit are hidden and named. Numbers, and so ids, are never shortened. A pipe gets all
    columns.

    Parameters
    ----------
    frame
        The table.
    most
        Show at most this many rows; 0 for all.
    wide
        Print every column in full.
    """
    shown = frame if most == 0 else frame.head(most)
    names = [visible(str(name)) for name in frame.columns]
    columns = [[_cell(value) for value in shown.iloc[:, place]] for place in range(frame.shape[1])]
    room = None if wide else _room()
    notes = []
    if room is not None and _width(names, columns) > room:
        columns, shortened = _shorten(columns)
        fits = _fitting(names, columns, room)
        if fits < len(names):
            rest = len(names) - fits
            notes.append(f"{rest} of {len(names)} columns hidden: {_few(names[fits:], room)}")
        if any(shortened[:fits]):
            notes.append("long texts shortened")
        names, columns = names[:fits], columns[:fits]
    right = [frame.iloc[:, place].dtype.kind in "iuf" for place in range(len(names))]
    _print_table(names, columns, right)
    print(_counted(len(shown), len(frame)))  # noqa: T201
    if notes:
        print(f"{'; '.join(notes)}. --columns a,b chooses, --wide shows all")  # noqa: T201


def _room() -> int | None:
    if not (sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()):
        return None
    import shutil

    return shutil.get_terminal_size().columns


def _shorten(columns: list[list[str]]) -> tuple[list[list[str]], list[bool]]:
    short = [
        [cell if len(cell) <= _LONG or _is_id(cell) else f"{cell[: _LONG - 1]}…" for cell in cells]
        for cells in columns
    ]
    return short, [before != after for before, after in zip(columns, short, strict=True)]


def _is_id(cell: str) -> bool:
    return re.fullmatch(r"[-+0-9.,\[\] ]+", cell) is not None


def _fitting(names: list[str], columns: list[list[str]], room: int) -> int:
    """Return how many columns fit, from the left; at least one."""
    for count in range(len(names), 1, -1):
        if _width(names[:count], columns[:count]) <= room:
            return count
    return min(1, len(names))


def _width(names: list[str], columns: list[list[str]]) -> int:
    widths = [_column_width(n, c) for n, c in zip(names, columns, strict=True)]
    return sum(widths) + _GAP * (len(widths) - 1)


def _column_width(name: str, cells: list[str]) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, [name, *cells]))


def _few(names: list[str], room: int) -> str:
    text = ", ".join(names)
    return text if len(text) <= room else f"{text[: room - 1].rsplit(',', 1)[0]} and others"


def _print_table(names: list[str], columns: list[list[str]], right: list[bool]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, number in zip(names, right, strict=True):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    console = Console(highlight=False, markup=False, emoji=False)
    console.width = max(console.width, _width(names, columns) + 1) if names else console.width
    console.print(table)


def _counted(shown: int, rows: int) -> str:
    if shown < rows:
        return f"... {rows:,} rows in all; --rows 0 shows them, --csv saves them"
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def _cell(value: Any) -> str:
    import pandas as pd

    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else visible(str(value))
