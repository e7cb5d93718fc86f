"""What the site does to pages that are also read as files: their notes and their outward links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_FENCE = re.compile(r"^(```\w+) no-run.*$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)\s]*)\)")
_DOCS = Path(__file__).resolve().parents[1]


def on_config(config: Any) -> Any:
    """Put pages that the navigation does not list at its end: none is left out."""
    pages = {path.name for path in _DOCS.glob("*.md")}
    if missing := sorted(pages - set(_listed(config.nav))):
        config.nav.append({"More": missing})
    return config


def _listed(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
        return
    for inner in part.values() if isinstance(part, dict) else part:
        yield from _listed(inner)


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Take notes for the test out of code blocks, and unlink files that are not of the site."""
    folder = Path(page.file.abs_src_path).resolve().parent

    def unlinked(match: re.Match[str]) -> str:
        target = (folder / match[2].partition("#")[0]).resolve()
        return match[0] if target.is_relative_to(_DOCS) else match[1]

    return _LINK.sub(unlinked, _FENCE.sub(r"\1", markdown))
