"""Writes cypher/README.md from the headers of the query files: run me after changing one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from graphapi.engines.queries import Item, Query, catalog

PAGE = Path(__file__).resolve().parents[2] / "cypher" / "README.md"
_FOLDERS = {
    "read": "Used by the API.",
    "explore": "Saved queries for people: [Neo4j Browser](../docs/browser.md), `cavegraph saved`.",
    "motifs": "Network motifs; they are saved queries too.",
    "schema": "Constraints and indexes; a load runs these.",
    "write": "What a load writes.",
    "verify": "Run at the end of a load, and by `cavegraph verify`.",
}
_INTRO = """# Query files

Made by `python tests/docs/cypher_page.py` from the headers of the files.

Each file holds one query. Its header gives the name, a summary, whether the query reads or writes,
its parameters, its columns and their order; `graphapi.engines.queries` checks all of them. The
body runs on every engine. If an engine's dialect forces a different body, that is in
`dialect/<engine>/` under the same name, and the query is marked * below.
"""


def page() -> str:
    """Give the page's text."""
    lines = [_INTRO]
    for folder, words in _FOLDERS.items():
        lines += [
            f"## {folder}/",
            "",
            words,
            "",
            "| query | parameters | columns |",
            "|---|---|---|",
        ]
        lines += [*_rows(folder), ""]
    return "\n".join(lines).rstrip() + "\n"


def _rows(folder: str) -> Iterator[str]:
    entries = files("cypher").joinpath(folder).iterdir()
    for name in sorted(e.name for e in entries if e.name.endswith(".cypher")):
        query: Query = catalog()[name.removesuffix(".cypher")]
        mark = " *" if query.overrides else ""
        title = f"[{query.name}]({folder}/{name}){mark}<br>{query.summary}"
        yield f"| {title} | {_items(query.params)} | {_items(query.columns)} |"


def _items(items: tuple[Item, ...]) -> str:
    return ", ".join(f"`{item.name}`" for item in items)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
