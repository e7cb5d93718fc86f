"""Runs docs/motifs.md on the larva, whose files are not in the repository.

`python tests/docs/larva_page.py` writes what its examples print into its text blocks, and the
picture; read the difference before you commit it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from examples import ROOT, Block, Session, blocks

PAGE = ROOT / "docs" / "motifs.md"
PICTURE = ROOT / "docs" / "images" / "larva_triad_spectrum.png"
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


def outputs(session: Session) -> Iterator[tuple[Block, str]]:
    """Run all examples; give each text block with what was printed before it."""
    printed = ""
    for block in blocks(PAGE):
        if runs(block):
            printed = session.run(block, PAGE.name)
        elif block.kind == "text":
            yield block, printed


def main() -> None:
    """Write outputs and picture into the page."""
    os.environ["CAVEGRAPH_PROGRESS"] = "0"
    text, pieces, end = PAGE.read_text("utf-8"), [], 0
    with tempfile.TemporaryDirectory() as folder, at_the_larva(Path(folder)) as session:
        for block, printed in outputs(session):
            lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
            pieces += [text[end : block.span[0]], "\n".join(lines), "\n"]
            end = block.span[1]
        shutil.copy(Path(folder) / "larva-report" / "triad_spectrum.png", PICTURE)
    PAGE.write_text("".join([*pieces, text[end:]]), "utf-8")


if __name__ == "__main__":
    main()
