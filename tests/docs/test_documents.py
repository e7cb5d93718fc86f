"""Documentation that cannot rot: every Python block runs, every printed output is compared,
every link leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assistants_page import answered
from examples import GRAPH, ROOT, TOKEN, blocks, demo_in, plain, reader

import graphapi

pytestmark = pytest.mark.xdist_group("docs")
_OUTSIDE = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "cypher/README.md")]
PAGES = sorted([*_OUTSIDE, *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)\s]+)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


#: What they show needs machines that no test has.
NEEDS_A_CLUSTER = ("scale.md",)
#: Why a decision was made needs no example.
WITH_EXAMPLES = [page for page in PAGES if page.parent.name not in ("decisions", "cypher")]
WITH_CODE = [page for page in WITH_EXAMPLES if any(b.runs for b in blocks(page))]


@pytest.fixture(scope="session")
def demo(demo_datastack: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with demo_in(tmp_path_factory.mktemp("docs"), demo_datastack) as folder:
        yield folder


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_examples_run_and_print_what_they_say(
    page: Path, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of a page run in order in one namespace; a text block is the output before it."""
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    printed = ""
    with reader(demo) as session:
        for block in blocks(page):
            if block.runs:
                printed = session.run(block, name_of(page))
            elif block.kind == "text" and printed:
                assert plain(printed) == plain(block.code)
                printed = ""


def test_an_assistant_is_answered_as_its_page_says(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    expected = (ROOT / "docs" / "assistants.md").read_text("utf-8")
    assert answered(demo / GRAPH) == expected, "run: python tests/docs/assistants_page.py"


@pytest.mark.parametrize("page", [p for p in WITH_CODE if p.parent.name == "docs"], ids=name_of)
def test_a_page_that_asks_the_demo_says_how_to_find_it(page: Path) -> None:
    first = next(
        (b.code for b in blocks(page) if b.kind == "python" and "import graphapi" in b.code), ""
    )
    asks_the_default = bool(re.search(r"\bcp\.(?!Connectome|use)", first)) and ".open(" not in first
    link = "(quick-start.md#in-a-new-terminal)"
    assert not asks_the_default or link in page.read_text("utf-8")


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_a_page_has_an_example_that_runs(page: Path) -> None:
    elsewhere = re.findall(r"no-run: .*?(tests/\S+\.py) runs it", page.read_text("utf-8"))
    ran = page in WITH_CODE or any((ROOT / test).exists() for test in elsewhere)
    # A page of measurements is its own example: the command that made it is named on top.
    made = re.search(r"^(?:Made|Written) by `python", page.read_text("utf-8"), re.MULTILINE)
    assert ran or made or page.name in ("CONTRIBUTING.md", *NEEDS_A_CLUSTER)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_block_that_is_not_run_says_why(page: Path) -> None:
    skipped = [b.notes for b in blocks(page) if b.notes.startswith("no-run")]
    assert [notes for notes in skipped if not re.match(r"no-run: \w+.{8,}", notes)] == []


def test_the_notebooks_cells_run(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl
    from tutorial_cells import CELLS

    mpl.use("Agg")
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    monkeypatch.setenv("CAVEGRAPH_TOKEN", TOKEN)
    monkeypatch.setenv("CAVEGRAPH_URI", str(demo / GRAPH))
    graphapi.use(None)
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        for kind, text in CELLS:
            if kind == "code":
                code = compile(text.replace("plt.show()", "plt.close()"), "cell", "exec")
                exec(code, names)  # noqa: S102
        assert len(names["downstream"]) == 180
        graphapi.default_connectome().close()
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
    links = [link.partition("#") for link in _LINK.findall(text)]
    targets = [((page.parent / path).resolve(), anchor) for path, _, anchor in links]
    assert [target for target, _ in targets if not target.exists()] == []
    wrong = [(target.name, a) for target, a in targets if a and a not in anchors(target)]
    assert wrong == []


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as links name them."""
    text = re.sub(_BLOCK, "", page.read_text("utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_its_language(page: Path) -> None:
    opened = re.findall(r"^```(\w*)", page.read_text("utf-8"), re.MULTILINE)
    assert all(opened[::2]), "a block without a language"


def test_every_command_is_in_the_documentation() -> None:
    from loader.cli.app import app

    commands = [c.name or c.callback.__name__.replace("_", "-") for c in app.registered_commands]
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert [name for name in commands if f"cavegraph {name}" not in text] == []


def test_the_page_of_query_files_is_fresh() -> None:
    from cypher_page import PAGE, page

    assert PAGE.read_text("utf-8") == page(), "run: python tests/docs/cypher_page.py"


def test_the_api_page_is_fresh() -> None:
    from api_page import PAGE, page

    assert PAGE.read_text("utf-8") == page(), "run: python tests/docs/api_page.py"


def test_the_command_line_page_is_fresh() -> None:
    from command_line_page import PAGE, page

    assert PAGE.read_text("utf-8") == page(), "run: python tests/docs/command_line_page.py"
