"""Writes what docs/browser.md and docs/browser/ hold of the saved queries; run after a change."""

from __future__ import annotations

import re
from pathlib import Path

from graphapi.engines.savedqueries import SavedQuery, saved_queries
from loader.browser.browserkit import write_kit

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "browser.md"
_BETWEEN = re.compile(r"(?<=<!-- saved queries -->\n).*(?=<!-- end -->)", re.DOTALL)


def page() -> str:
    """Give the page's text with its table made anew."""
    text, count = _BETWEEN.subn(lambda _: table(), PAGE.read_text("utf-8"))
    assert count == 1, "the page has lost the marks of its table"
    return text


def table() -> str:
    """Give the table of saved queries."""
    rows = ["| saved query | what it shows | what you can change |", "|---|---|---|"]
    return "\n".join([*rows, *map(_row, saved_queries())]) + "\n"


def _row(query: SavedQuery) -> str:
    link = f"[{query.title}](../cypher/{query.folder}/{query.name}.cypher)"
    change = query.change.removeprefix("Change").removeprefix(":").strip().replace(" -- ", ": ")
    return f"| {link} | {query.summary} | {change} |".replace("*", "\\*")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    write_kit(DOCS / "browser")
