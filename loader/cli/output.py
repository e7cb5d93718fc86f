"""Write tables: to the terminal, or to CSV, Parquet and JSON files."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from graphapi.common.files import write_whole
from graphapi.common.jsonvalues import cell, is_id
from graphapi.common.spreadsheet import for_spreadsheets
from graphapi.errors import InputError
from loader.cli.terminal import show
from loader.work.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


@dataclass(frozen=True)
class Output:
    """Where a table goes: to one or more files, else to the terminal.

    Parameters
    ----------
    csv, parquet, json
        File names; `-` is standard output.
    rows
        Show at most this many rows on the terminal; 0 for all.
    ids
        Columns that hold ids, besides the usual ones.
    columns
        Keep only these columns, in this order; None for all.
    csv_safe
        Write CSV whose ids a spreadsheet does not round, and whose texts it does not run.
    wide
        Show every column, even if the table is wider than the terminal.
    """

    csv: str | None
    parquet: str | None
    json: str | None
    rows: int = 20
    ids: frozenset[str] = frozenset()
    columns: list[str] | None = None
    csv_safe: bool = False
    wide: bool = False

    def write(self, frame: pd.DataFrame) -> None:
        """Write or show a table; an index with a name becomes its first column."""
        if frame.index.name is not None:
            frame = frame.reset_index()
        if self.columns is not None:
            frame = _only(frame, self.columns)
        if self.csv:
            plain = for_spreadsheets(frame) if self.csv_safe else frame
            _to_file(self.csv, lambda place: plain.to_csv(place, index=False))
        if self.parquet:
            if self.parquet == "-":
                raise InputError("Parquet cannot go to standard output", hint="give a file name")
            labelled = frame.rename(columns=str)
            _to_file(self.parquet, lambda place: labelled.to_parquet(place, index=False))
        if self.json:
            rows = [
                {str(n): cell(v, ids=is_id(str(n)) or n in self.ids) for n, v in row.items()}
                for row in frame.to_dict("records")
            ]
            text = json.dumps(rows, ensure_ascii=False, indent=1)
            _to_file(self.json, lambda place: Path(place).write_text(text + "\n", "utf-8"))
        if not (self.csv or self.parquet or self.json):
            show(frame, self.rows, wide=self.wide)


def _only(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    known = {str(name): name for name in frame.columns}
    if unknown := [name for name in names if name not in known]:
        raise InputError(
            f"no such column: {', '.join(unknown)}", hint=f"columns: {', '.join(known)}"
        )
    return frame[[known[name] for name in names]]


def _to_file(place: str, write: Callable[[str], Any]) -> None:
    if place == "-":
        _to_stdout(write)
        return
    write_whole(Path(place), write)
    typer.echo(f"wrote {place}", err=True)


def _to_stdout(write: Callable[[str], Any]) -> None:
    """Write the bytes that a file would hold: UTF-8, whatever the console's encoding.

    A terminal gets control characters written out instead: it would obey them.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "table"
        write(str(place))
        content = place.read_bytes()
        if sys.stdout.isatty():
            content = visible(content.decode(), keep="\n\t").encode()
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
