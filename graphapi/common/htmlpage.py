"""A self-contained HTML page, for notebooks and browsers, that loads nothing else."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path

from graphapi.common.files import write_bytes_whole


@dataclass(frozen=True)
class HtmlPage:
    """A complete HTML page.

    Attributes
    ----------
    page
        The HTML text.
    height
        Height in a notebook, in pixels.
    """

    page: str
    height: int = 600

    @classmethod
    def of(cls, body: str, *, style: str, script: str, height: int = 600) -> HtmlPage:
        """Build a page from a body, a style sheet and a script."""
        head = (
            "<!doctype html><html><head><meta charset='utf-8'><title>cavegraph</title>"
            f"<style>html,body{{margin:0;height:100%;overflow:hidden}}{style}</style></head>"
        )
        return cls(f"{head}<body>{body}<script>{script}</script></body></html>", height)

    def save(self, path: str | Path) -> Path:
        """Write the page to a file.

        Raises
        ------
        InputError
            The file cannot be written.
        """
        target = Path(path)
        write_bytes_whole(target, self.page.encode())
        return target

    def __repr__(self) -> str:
        size = len(self.page.encode())
        return f"<HtmlPage of {size:,} bytes; a notebook shows it, .save(path) writes it>"

    def _repr_html_(self) -> str:
        inside = html.escape(self.page, quote=True)
        return (
            f'<iframe srcdoc="{inside}" width="100%" height="{self.height}" '
            'style="border:0"></iframe>'
        )
