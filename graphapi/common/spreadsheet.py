"""Tables that spreadsheets read unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: Spreadsheets keep only 15 digits of a number.
_SPREADSHEET_ROUNDS = 10**15


def for_spreadsheets(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose cells a spreadsheet shows unchanged.

    A whole number of more than 15 digits would be rounded. A text that begins with `=`, `+`,
    `-`, `@`, a tab or a line break could run as a formula. Both get a leading apostrophe,
    which marks text.
    """
    made = frame.rename(columns=lambda name: _spreadsheet_cell(str(name)))
    for place in range(made.shape[1]):
        if made.iloc[:, place].dtype.kind not in "fb":
            made.isetitem(place, [_spreadsheet_cell(value) for value in frame.iloc[:, place]])
    return made


def _spreadsheet_cell(value: Any) -> Any:
    import numpy as np

    if isinstance(value, (bool, float)):
        return value
    if isinstance(value, (int, np.integer)):
        return f"'{value}" if abs(int(value)) >= _SPREADSHEET_ROUNDS else value
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value
