"""Write an HTML page that needs no other file and no network."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em;
       color: #1a1a1a; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; font-size: 0.85em; }
th, td { padding: 0.2em 0.45em; border-bottom: 1px solid #ddd; text-align: right; }
th { vertical-align: bottom; overflow-wrap: anywhere; min-width: 3em; }
td { white-space: nowrap; }
td.text { white-space: normal; overflow-wrap: anywhere; min-width: 11em; }
th:first-child, td:first-child { text-align: left; }
td.text, th.text { text-align: left; }
img { max-width: 100%; } p.note { color: #555; } div.wide { overflow-x: auto; }
@media print { div.wide { overflow: visible; } table { font-size: 0.6em; } }
"""


@dataclass(frozen=True)
class Section:
    """A heading with an optional text, picture and table.

    Parameters
    ----------
    title
        The heading.
    text
        Plain text.
    picture
        PNG, and a description for those who cannot see it.
    table
        If its index has a name, it is the first column.
    """

    title: str
    text: str = ""
    picture: tuple[bytes, str] | None = None
    table: pd.DataFrame | None = None


def page(title: str, facts: Mapping[str, str], sections: Sequence[Section]) -> str:
    """Write a page.

    Parameters
    ----------
    title
        Heading of the page.
    facts
        Names and values below the heading, in two columns.
    sections
        The rest, in order.
    """
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="text">{escape(value)}</td></tr>\n'
        for name, value in facts.items()
    )
    body = "\n".join(_section(one) for one in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title><style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n"
        f"<table>{rows}</table>\n{body}\n</body></html>\n"
    )


def _section(one: Section) -> str:
    parts = [f"<h2>{escape(one.title)}</h2>"]
    if one.text:
        parts.append(f'<p class="note">{escape(one.text)}</p>')
    if one.picture:
        png, said = one.picture
        data = base64.b64encode(png).decode("ascii")
        parts.append(f'<img alt="{escape(said)}" src="data:image/png;base64,{data}">')
    if one.table is not None:
        parts.append(_table(one.table))
    return "\n".join(parts)


def _table(frame: pd.DataFrame) -> str:
    shown = frame.reset_index() if frame.index.name else frame
    kinds = ["text" if any(isinstance(v, str) for v in shown[c]) else "" for c in shown.columns]
    head = "".join(
        f'<th class="{kind}">{escape(str(name))}</th>'
        for name, kind in zip(shown.columns, kinds, strict=True)
    )
    ids = [str(name) == "root_id" for name in shown.columns]
    rows = []
    for row in shown.itertuples(index=False):
        cells = (
            f'<td class="{kind}">{escape(str(value) if is_id else cell(value))}</td>'
            for value, kind, is_id in zip(row, kinds, ids, strict=True)
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    lines = "\n".join(rows)
    return f'<div class="wide"><table><tr>{head}</tr>\n{lines}</table></div>'


def cell(value: Any) -> str:
    """Format a value for people: whole numbers in full, others to four digits."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, (float, np.floating)):
        if np.isinf(value):
            return "∞" if value > 0 else "-∞"
        number = float(value)
        is_count = number.is_integer() or abs(number) >= 10_000
        return f"{value:,.0f}" if is_count else f"{value:,.4g}"
    return str(value)
