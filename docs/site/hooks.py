"""What the site does to pages that are also read as files: their notes and their outward links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"^(```\w+) no-run.*$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)\s]*)\)")
_DOCS = Path(__file__).resolve().parents[1]


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Take notes for the test out of code blocks, and unlink files that are not of the site."""
    folder = Path(page.file.abs_src_path).resolve().parent

    def unlinked(match: re.Match[str]) -> str:
        target = (folder / match[2].partition("#")[0]).resolve()
        return match[0] if target.is_relative_to(_DOCS) else match[1]

    return _LINK.sub(unlinked, _FENCE.sub(r"\1", markdown))
