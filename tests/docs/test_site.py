"""The documentation site builds without a warning, whole, and fetches nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("mkdocs")
pytestmark = pytest.mark.xdist_group("docs")


def build(config: Path, place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", place],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site")
    done = build(ROOT / "docs" / "site" / "mkdocs.yml", place)
    assert done.returncode == 0, done.stderr
    return place


def pages(site: Path) -> list[Path]:
    return sorted(page for page in site.rglob("*.html") if page.name != "404.html")


def test_every_page_is_built_and_in_the_navigation(site: Path) -> None:
    names = [page.stem for page in (ROOT / "docs").glob("*.md")]
    assert len(names) > 12
    home = (site / "index.html").read_text("utf-8")
    links = set(re.findall(r'<a href="([^"#]+)" class="md-nav__link', home))
    assert {f"{name}.html" for name in names} - links <= {"index.html"}


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for page in pages(site):
        text = page.read_text("utf-8")
        fetched = re.findall(
            r'<(?:script|img|iframe|link)\b[^>]*?(?:src|href)="(https?:[^"]*)"', text
        )
        assert fetched == [], page.name


def test_links_lead_to_files_and_headings(site: Path) -> None:
    ids = {
        page: set(re.findall(r'\bid="([^"]+)"', page.read_text("utf-8"))) for page in pages(site)
    }
    seen = 0
    for page in ids:
        for raw in re.findall(r'(?:href|src)="([^"]+)"', page.read_text("utf-8")):
            link = urlsplit(unescape(raw))
            if link.scheme or link.netloc or raw.startswith("data:"):
                continue
            target = (page.parent / unquote(link.path)).resolve() if link.path else page
            assert target.exists(), f"{page.name}: {raw}"
            if link.fragment and target in ids and not link.fragment.startswith("__"):
                assert unquote(link.fragment) in ids[target], f"{page.name}: {raw}"
            seen += 1
    assert seen > 500


def test_notes_for_tests_are_not_shown(site: Path) -> None:
    assert [page.name for page in pages(site) if "no-run" in page.read_text("utf-8")] == []


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "site").mkdir(parents=True)
    for name in ("mkdocs.yml", "hooks.py"):
        (docs / "site" / name).write_text((ROOT / "docs" / "site" / name).read_text("utf-8"))
    text = (docs / "site" / "mkdocs.yml").read_text("utf-8")
    kept = text[: text.index("\nnav:")] + "\nnav:\n  - index.md\n"
    (docs / "site" / "mkdocs.yml").write_text(kept)
    (docs / "index.md").write_text("# Home\n\n[nowhere](nowhere.md)\n")
    done = build(docs / "site" / "mkdocs.yml", tmp_path / "out")
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
