"""docs/reliability.md is what was measured, and what was measured is good."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .__main__ import MEASURED, PAGE
from .attacks import ATTACKS
from .page import FAULTS, page
from .soak import RULES


@pytest.fixture
def measured() -> dict:
    return {path.stem: json.loads(path.read_text()) for path in MEASURED.glob("*.json")}


def test_the_page_is_made_of_what_was_measured(measured) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(measured)


def test_every_fault_was_injected_and_none_cost_a_row(measured) -> None:
    soak = measured["soak"]
    assert set(RULES) < FAULTS.keys() == soak["faults"].keys()
    assert soak["loads"] >= 1000
    assert soak["on_neo4j"] > 0
    assert soak["findings"] == []
    assert soak["wrong"] == soak["rows_lost"] == 0
    for name, fault in soak["faults"].items():
        assert fault["times"] > 0, name
        assert fault["rows_lost"] == 0, name


def test_ten_thousand_cases_were_read_or_refused(measured) -> None:
    fuzz = measured["fuzz"]
    assert fuzz["cases"] >= 10_000
    assert {kind for counts in fuzz["targets"].values() for kind in counts} == {"read", "refused"}


def test_a_large_load_took_less_than_a_gigabyte(measured) -> None:
    memory = measured["memory"]
    assert memory["rows"] >= 2_000_000
    assert memory["peak_mb"] < 1000
    assert memory["rows_lost"] == 0


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.test)
def test_every_attack_on_the_page_has_its_tests(attack) -> None:
    file, _, name = attack.test.partition("::")
    text = (Path(__file__).parents[2] / file).read_text(encoding="utf-8")
    assert f"def {name or 'test_'}" in text
