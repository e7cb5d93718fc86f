"""Tables on a terminal, and into files: CSV, Parquet, JSON."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from graphapi.common.files import write_whole
from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

_ID_NAMES = frozenset({"pre", "post", "id", "root_ids", "partner", "neuron", "source", "target"})
#: Above this, JavaScript and many JSON readers round whole numbers.
_SAFE_IN_JSON = 2**53


@dataclass(frozen=True)
class Output:
    """Where a table goes; several at once are fine. None at all: the terminal.

    Parameters
    ----------
    csv, parquet, json
        File names; `-` is standard output.
    rows
        Most rows shown on the terminal; 0 for all.
    ids
        Names of columns that hold ids, besides those that always do.
    """

    csv: str | None
    parquet: str | None
    json: str | None
    rows: int
    ids: frozenset[str] = frozenset()

    def write(self, frame: pd.DataFrame) -> None:
        """Write or show a table; an index with a name becomes its first column."""
        if frame.index.name is not None:
            frame = frame.reset_index()
        if self.csv:
            _to_file(self.csv, lambda place: frame.to_csv(place, index=False))
        if self.parquet:
            if self.parquet == "-":
                raise InputError("Parquet cannot go to standard output", hint="name a file")
            labelled = frame.rename(columns=str)
            _to_file(self.parquet, lambda place: labelled.to_parquet(place, index=False))
        if self.json:
            text = json.dumps(json_rows(frame, self.ids), ensure_ascii=False, indent=1)
            _to_file(self.json, lambda place: Path(place).write_text(text + "\n", "utf-8"))
        if not (self.csv or self.parquet or self.json):
            _show(frame, self.rows)


def json_rows(frame: pd.DataFrame, ids: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Turn a table into JSON objects; ids are texts, because JSON numbers round them."""
    known = _ID_NAMES | ids
    return [
        {str(name): _json_value(str(name), value, known) for name, value in record.items()}
        for record in frame.to_dict("records")
    ]


def _json_value(name: str, value: Any, ids: frozenset[str]) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(value, (list, tuple, np.ndarray)):
        return [_json_value(name, element, ids) for element in value]
    if isinstance(value, dict):
        return {str(key): _json_value(str(key), element, ids) for key, element in value.items()}
    if value is None or pd.isna(value):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and not isinstance(value, bool):
        is_id = name in ids or name.endswith("_id") or abs(value) > _SAFE_IN_JSON
        return str(value) if is_id else value
    if isinstance(value, float) and math.isinf(value):
        return str(value)  # JSON has no infinity
    return value if isinstance(value, (bool, float, str)) else str(value)


def _to_file(place: str, write: Callable[[str], Any]) -> None:
    if place == "-":
        _to_stdout(write)
        return
    write_whole(Path(place), write)
    typer.echo(f"wrote {place}", err=True)


def _to_stdout(write: Callable[[str], Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "table"
        write(str(place))
        sys.stdout.write(place.read_text("utf-8"))


def _show(frame: pd.DataFrame, most: int) -> None:
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table

    shown = frame if most == 0 else frame.head(most)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in frame.columns:
        number = frame[name].dtype.kind in "iuf"
        table.add_column(str(name), justify="right" if number else "left", no_wrap=True)
    for row in shown.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    console = Console(highlight=False, markup=False, emoji=False)
    # ids must never be cut: lines may be longer than the terminal is wide
    unbounded = console.options.update(width=10_000)
    console.width = max(console.width, Measurement.get(console, unbounded, table).maximum)
    console.print(table)
    if len(shown) < len(frame):
        console.print(f"... {len(frame):,} rows in all; --rows 0 shows them, --csv saves them")
    else:
        console.print(f"{len(frame):,} row{'' if len(frame) == 1 else 's'}")


def _cell(value: Any) -> str:
    import pandas as pd

    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
