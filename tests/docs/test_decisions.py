"""Decisions have one form, and whoever cites one finds it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from examples import ROOT

FOLDER = ROOT / "docs" / "decisions"
DECISIONS = sorted(FOLDER.glob("*.md"))
NUMBERS = {path.name[:4] for path in DECISIONS}
PARTS = ("Question", "Choice", "Why", "What would change our mind")
#: All of them are read in less than half an hour, one in a minute: half a page.
MOST_WORDS = 10_500
MOST_WORDS_EACH = 380
_CITED = re.compile(r"[Dd]ecisions?[ /](\d{4})")
_PART = re.compile(r"^\*\*([^*]+)\.\*\*", re.MULTILINE)


def faults(name: str, text: str) -> list[str]:
    """What is wrong with the form of a decision."""
    found = []
    if not re.match(rf"# {name[:4]} \S+( \S+)*\n\n\*\*Question\.\*\*", text):
        found.append("does not begin with '# NNNN Title' and '**Question.**'")
    if (parts := tuple(_PART.findall(text))) != PARTS:
        found.append(f"has the parts {parts}, not {PARTS}")
    if re.search(r"^##", text, re.MULTILINE):
        found.append("has a heading below its title")
    return found


def cited(text: str) -> set[str]:
    """Numbers of decisions that a text cites."""
    return set(_CITED.findall(text))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name[:4])
def test_a_decision_has_the_four_parts(path: Path) -> None:
    assert faults(path.name, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "# 0007: Title\n\n**Question.** a\n\n**Choice.** b\n\n**Why.** c\n\n"
        "**What would change our mind.** d\n",
        "# 0007 Title\n\n**Question.** a\n\n**Choice.** b\n\n**Why.** c\n",
        "# 0007 Title\n\n## Question\na\n\n## Choice\nb\n",
    ],
    ids=["colon", "no end", "headings"],
)
def test_another_form_is_seen(text: str) -> None:
    assert faults("0007-title.md", text) != []


def test_each_number_is_used_once() -> None:
    assert len(NUMBERS) == len(DECISIONS) > 20


def test_every_decision_cited_exists() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.toml", "*.yml", "*.cypher"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    texts = {name: ROOT / name for name in listed if (ROOT / name).is_file()}
    cites = {name: cited(path.read_text("utf-8")) for name, path in texts.items()}
    assert any("0003" in numbers for numbers in cites.values())
    assert {n: missing for n, numbers in cites.items() if (missing := numbers - NUMBERS)} == {}


def test_a_citation_is_seen_in_each_of_its_forms() -> None:
    one, two, three, four = ("9001", "9002", "9003", "9004")
    text = f"decision {one}, `docs/decisions/{two}`, [decision {three}](decisions/{four}-x.md)"
    assert cited(text) == {one, two, three, four}


def test_each_is_half_a_page_and_all_are_read_in_half_an_hour() -> None:
    words = {path.name: len(path.read_text("utf-8").split()) for path in DECISIONS}
    assert {name: n for name, n in words.items() if n > MOST_WORDS_EACH} == {}
    assert sum(words.values()) < MOST_WORDS
