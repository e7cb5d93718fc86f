"""Documentation that cannot rot: every Python block runs, every printed output is compared,
every link leads somewhere."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import graphapi
import loader
from loader.demo import make_demo
from loader.standin import serve

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
TOKEN = "0123456789abcdef0123456789abcdef"


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[tuple[str, str, str]]:
    return [(m[1], m[2].strip(), m[3]) for m in _BLOCK.finditer(page.read_text("utf-8"))]


WITH_CODE = [page for page in PAGES if any(kind == "python" for kind, _, _ in blocks(page))]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which `cavegraph demo` has run: the graph, and its server still there."""
    folder = tmp_path_factory.mktemp("docs")
    served = folder / "cavegraph-demo" / "datastack"
    make_demo(served, progress=False)
    with serve(served, token=TOKEN) as server:
        source = loader.CaveSource(
            "demo_ant",
            server=server.url,
            token=TOKEN,
            annotations=[served / "annotations.parquet"],
            brain_mesh_source="precomputed://{server}/data/brain#1",
        )
        graph = folder / "cavegraph-demo" / "demo_ant.lbug"
        loader.load(source, graph, progress=False)
        yield folder


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_examples_run_and_print_what_they_say(
    page: Path, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of a page run in order in one namespace; a text block is the output before it.

    A block marked `python no-run` must say why in the same line.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    monkeypatch.chdir(demo)
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    default = graphapi.Connectome.open("cavegraph-demo/demo_ant.lbug", token=TOKEN)
    graphapi.use(default)
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    try:
        for kind, notes, code in blocks(page):
            if kind == "python" and notes.startswith("no-run"):
                assert len(notes) > len("no-run: why"), f"{name_of(page)}: why not run?"
            elif kind == "python":
                said = io.StringIO()
                with contextlib.redirect_stdout(said):
                    exec(compile(code, name_of(page), "exec"), names)  # noqa: S102
                printed = said.getvalue()
            elif kind == "text" and printed:
                assert _plain(printed) == _plain(code)
                printed = ""
    finally:
        graphapi.use(None)
        default.close()


def test_the_notebooks_cells_run(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl
    from tutorial_cells import CELLS

    mpl.use("Agg")
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    monkeypatch.setenv("CAVEGRAPH_TOKEN", TOKEN)
    monkeypatch.setenv("CAVEGRAPH_URI", str(demo / "cavegraph-demo" / "demo_ant.lbug"))
    graphapi.use(None)
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        for kind, text in CELLS:
            if kind == "code":
                code = compile(text.replace("plt.show()", "plt.close()"), "cell", "exec")
                exec(code, names)  # noqa: S102
        assert len(names["downstream"]) == 180
        names["made"].close()
    finally:
        graphapi.use(None)


def test_the_notebook_is_fresh_and_was_run() -> None:
    import nbformat
    from tutorial_cells import CELLS

    notebook = nbformat.read(ROOT / "docs" / "tutorial.ipynb", as_version=4)
    assert [cell.source for cell in notebook.cells] == [text for _, text in CELLS], (
        "run: python tests/docs/tutorial_notebook.py FOLDER"
    )
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert not [o for cell in code for o in cell.outputs if o.output_type == "error"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(_BLOCK, "", page.read_text("utf-8"))
    broken = [link for link in _LINK.findall(text) if not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_its_language(page: Path) -> None:
    opened = re.findall(r"^```(\w*)", page.read_text("utf-8"), re.MULTILINE)
    assert all(opened[::2]), "a block without a language"


def test_every_command_is_in_the_documentation() -> None:
    from loader.cli.app import app

    commands = [c.name or c.callback.__name__ for c in app.registered_commands]
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert [name for name in commands if f"cavegraph {name}" not in text] == []


def _plain(text: str) -> list[str]:
    """Lines without trailing blanks; runs of blanks count as one (widths differ by pandas)."""
    return [re.sub(r"\s+", " ", line).strip() for line in text.strip().splitlines()]


def test_the_command_line_page_is_fresh() -> None:
    from command_line_page import PAGE, page

    assert PAGE.read_text("utf-8") == page(), "run: python tests/docs/command_line_page.py"
