"""Runs docs/motifs.md and docs/many-hops.md on the larva, whose files are not in the repository.

`python tests/docs/larva_page.py [PAGE.md]` writes what the examples print into the text blocks,
and the pictures; read the difference before you commit it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from examples import ROOT, Block, Session, blocks

#: Each page, and the pictures its examples make: in their folder, and among the documents.
PAGES = {
    ROOT / "docs" / "motifs.md": {"larva-report/triad_spectrum.png": "larva_triad_spectrum.png"},
    ROOT / "docs" / "many-hops.md": {
        "larva_paths.png": "larva_paths.png",
        "larva_influence.png": "larva_influence.png",
    },
}
IMAGES = ROOT / "docs" / "images"
DATA = ROOT.parent / "shared" / "data" / "larva_winding2023"


def runs(block: Block) -> bool:
    """Tell whether a block is an example on the larva."""
    return block.kind in ("python", "bash") and "needs the larva's files" in block.notes


@contextlib.contextmanager
def at_the_larva(folder: Path) -> Iterator[Session]:
    """Give somebody who sits beside the larva's files."""
    import matplotlib as mpl

    mpl.use("Agg")
    (folder / "larva").symlink_to(DATA)
    old = Path.cwd()
    os.chdir(folder)
    session = Session(folder)
    try:
        yield session
    finally:
        if "brain" in session.names:
            session.names["brain"].close()
        os.chdir(old)


def outputs(session: Session, page: Path) -> Iterator[tuple[Block, str]]:
    """Run all examples of a page; give each text block with what was printed before it."""
    printed = ""
    for block in blocks(page):
        if runs(block):
            printed = session.run(block, page.name)
        elif block.kind == "text":
            yield block, printed


def main(names: list[str]) -> None:
    """Write outputs and pictures into the pages named, or into all."""
    os.environ["CAVEGRAPH_PROGRESS"] = "0"
    for page, pictures in PAGES.items():
        if names and page.name not in names:
            continue
        text, pieces, end = page.read_text("utf-8"), [], 0
        with tempfile.TemporaryDirectory() as folder, at_the_larva(Path(folder)) as session:
            for block, printed in outputs(session, page):
                lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
                pieces += [text[end : block.span[0]], "\n".join(lines), "\n"]
                end = block.span[1]
            for made, kept in pictures.items():
                shutil.copy(Path(folder) / made, IMAGES / kept)
        page.write_text("".join([*pieces, text[end:]]), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
