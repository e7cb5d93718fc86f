"""The pages on the larva: examples run on its real files where they are beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import blocks, plain
from larva_page import DATA, IMAGES, PAGES, at_the_larva, outputs, runs

of_each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@of_each_page
def test_the_page_has_an_output_for_each_example(page: Path) -> None:
    kinds = [b.kind for b in blocks(page) if runs(b) or b.kind == "text"]
    assert len(kinds) > 15
    assert kinds.count("text") >= kinds.count("python") > 7


@of_each_page
def test_the_page_shows_its_pictures(page: Path) -> None:
    for name in PAGES[page].values():
        assert f"(images/{name})" in page.read_text("utf-8")
        assert (IMAGES / name).is_file()


@of_each_page
@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
def test_examples_print_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    with at_the_larva(tmp_path) as session:
        for block, printed in outputs(session, page):
            assert plain(printed) == plain(block.code)
        for made in PAGES[page]:
            assert (tmp_path / made).is_file()
