"""docs/browser.md and the files beside it are made from the saved queries."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from browser_page import DOCS, PAGE, page

from graphapi.engines.savedqueries import saved_queries
from loader.browser.browserkit import write_kit

REMEDY = "run: python tests/docs/browser_page.py"


def test_the_table_of_saved_queries_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page(), REMEDY


@pytest.mark.parametrize("name", ["cavegraph.grass", "cavegraph-favourites.zip", "tour.html"])
def test_the_kit_is_fresh(tmp_path: Path, name: str) -> None:
    write_kit(tmp_path)
    assert (tmp_path / name).read_bytes() == (DOCS / "browser" / name).read_bytes(), REMEDY


def test_pictures_are_small() -> None:
    pictures = re.findall(r"\]\((images/browser_\w+\.png)\)", PAGE.read_text("utf-8"))
    assert len(set(pictures)) == 7
    sizes = {name: (DOCS / name).stat().st_size for name in pictures}
    assert {name: size for name, size in sizes.items() if size > 200_000} == {}


def test_every_saved_query_can_be_pasted_without_parameters() -> None:
    assert [query.name for query in saved_queries() if "$" in query.text.replace("$(", "(")] == []


@pytest.mark.parametrize(("field", "written"), [("class", "n.class"), ("a class", "n.`a class`")])
def test_the_kit_of_a_graph_whose_class_is_another_field(
    tmp_path: Path, field: str, written: str
) -> None:
    write_kit(tmp_path, ["KC"], field=field)
    with zipfile.ZipFile(tmp_path / "cavegraph-favourites.zip") as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    texts["tour"] = (tmp_path / "tour.html").read_text("utf-8")
    assert [name for name, text in texts.items() if re.search(r"\bcell_class\b", text)] == []
    assert written in texts["cavegraph/class_sizes.cypher"]
    assert written in texts["tour"]
