"""The motif page's examples, on the real larva where it is beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import blocks, plain
from larva_page import DATA, PAGE, at_the_larva, outputs, runs


def test_the_page_has_an_output_for_each_example() -> None:
    kinds = [b.kind for b in blocks(PAGE) if runs(b) or b.kind == "text"]
    assert kinds.count("python") == kinds.count("text") > 10


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
def test_examples_print_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    with at_the_larva(tmp_path) as session:
        for block, printed in outputs(session):
            assert plain(printed) == plain(block.code)
