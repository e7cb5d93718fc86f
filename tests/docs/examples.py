"""The examples of the documentation: found, run, and their outputs put into the pages.

`python tests/docs/examples.py PAGE ...` runs the pages on a fresh demo and writes what they print
into their text blocks; read the difference before you commit it.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import graphapi
import loader
from loader.sandbox.demo import make_demo
from loader.sandbox.demo.run import TOKEN, Places, exports
from loader.sandbox.standin import serve

ROOT = Path(__file__).resolve().parents[2]
GRAPH = "cavegraph-demo/demo_ant.lbug"
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block: its language, what stands behind it, its text, and where the text is."""

    kind: str
    notes: str
    code: str
    span: tuple[int, int]

    @property
    def runs(self) -> bool:
        """Whether it is an example that is run; a block marked `no-run: why` says why not."""
        return self.kind in ("python", "bash") and not self.notes.startswith("no-run")


def blocks(page: Path) -> list[Block]:
    """Give the code blocks of a page."""
    text = page.read_text("utf-8")
    return [Block(m[1], m[2].strip(), m[3], m.span(3)) for m in _BLOCK.finditer(text)]


@dataclass
class Session:
    """One page being read and typed in: names of Python and exports of bash stay."""

    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    exports: list[str] = field(default_factory=list)

    def run(self, block: Block, name: str) -> str:
        """Run a block; give all that it printed."""
        return self._bash(block.code) if block.kind == "bash" else self._python(block.code, name)

    def _python(self, code: str, name: str) -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, name, "exec"), self.names)  # noqa: S102
        return said.getvalue()

    def _bash(self, code: str) -> str:
        script = "\n".join(["set -euo pipefail", *self.exports, code])
        self.exports += re.findall(r"^export .*$", code, re.MULTILINE)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{code}\nended with {done.returncode}:\n{done.stdout}"
        return done.stdout


@contextlib.contextmanager
def demo_in(folder: Path, datastack: Path | None = None) -> Iterator[Path]:
    """Give a folder in which `cavegraph demo` has run: the graph, and its server still there.

    The demo's files are copied from `datastack`, if they are made already.
    """
    served = folder / "cavegraph-demo" / "datastack"
    if datastack is None:
        make_demo(served, progress=False)
    else:
        shutil.copytree(datastack, served)
    with serve(served, token=TOKEN) as server:
        source = loader.CaveSource(
            "demo_ant",
            server=server.url,
            token=TOKEN,
            annotations=[served / "annotations.parquet"],
            brain_mesh_source="precomputed://{server}/data/brain#1",
        )
        loader.load(source, folder / GRAPH, progress=False)
        yield folder


@contextlib.contextmanager
def reader(folder: Path) -> Iterator[Session]:
    """Give somebody who sits in that folder, with what `cavegraph serve-demo` says to export."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.use("Agg")
    old = Path.cwd()
    os.chdir(folder)
    with graphapi.Connectome.open(GRAPH) as loaded:
        server = loaded.materialization.server
    # nothing but what `cavegraph serve-demo` says to export, in a folder beside the demo's
    told = exports(Places(Path("cavegraph-demo")), server) | {"CAVEGRAPH_URI": GRAPH}
    with patch.dict(os.environ, told):
        default = graphapi.Connectome.open()
    graphapi.use(default)
    try:
        with patch.dict(os.environ, told):
            yield Session(folder)
    finally:
        graphapi.use(None)
        default.close()
        plt.close("all")
        os.chdir(old)


def plain(text: str) -> list[str]:
    """Lines without trailing blanks; runs of blanks count as one (widths differ by pandas)."""
    return [re.sub(r"\s+", " ", line).strip() for line in text.strip().splitlines()]


def filled(page: Path, session: Session) -> str:
    """Give a page's text with each output as it is printed now."""
    text = page.read_text("utf-8")
    pieces, end, printed = [], 0, ""
    for block in blocks(page):
        if block.runs:
            printed = session.run(block, page.name)
        elif block.kind == "text" and printed:
            lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
            pieces += [text[end : block.span[0]], "\n".join(lines), "\n"]
            end, printed = block.span[1], ""
    return "".join([*pieces, text[end:]])


def main(pages: list[str]) -> None:
    """Run pages and write their outputs."""
    os.environ["CAVEGRAPH_PROGRESS"] = "0"
    with tempfile.TemporaryDirectory() as folder, demo_in(Path(folder)) as place:
        for page in [Path(page).resolve() for page in pages]:
            with reader(place) as session:
                page.write_text(filled(page, session), "utf-8")
            sys.stdout.write(f"{page.name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
