"""A few loads of the soak behind docs/reliability.md, and that it can tell right from wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from . import child, soak
from .look import look
from .world import NEWEST, make_world

#: Drawn loads; each takes seconds, and `python -m tests.reliability` runs thousands.
LOADS = 2


@pytest.fixture(autouse=True)
def _no_token_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAVEGRAPH_TOKEN", raising=False)


def test_some_loads_end_well(tmp_path) -> None:
    outcomes = soak.run_soak(LOADS, tmp_path / "soak", first_seed=5)
    found = soak.summary(outcomes)
    assert found["findings"] == []
    assert (found["wrong"], found["rows_lost"]) == (0, 0)
    assert found["at_once"] + found["went_on"] == found["loads"] == LOADS
    assert sum(fault["times"] for fault in found["faults"].values()) > LOADS
    twice = soak.added_up([found, found])
    assert twice["loads"] == 2 * LOADS
    assert twice["faults"]["shuffle"]["times"] == 2 * found["faults"]["shuffle"]["times"]


def test_a_seed_says_everything() -> None:
    assert soak.make_plan(7, neo4j=True) == soak.make_plan(7, neo4j=True)
    plans = [soak.make_plan(seed, neo4j=True) for seed in range(300)]
    assert {name for plan in plans for name in plan.rules} == set(soak.RULES)
    assert any(plan.neo4j for plan in plans)
    assert any(plan.damage for plan in plans)


def test_a_graph_that_lacks_a_synapse_is_found(tmp_path, monkeypatch) -> None:
    """The soak's own eyes: the truth is given one synapse more than is served."""
    honest = soak.make_world

    def with_one_more(place, *, split, seed):
        world = honest(place, split=split, seed=seed)
        truth = world.truth[NEWEST]
        pair, (weight, size) = next(iter(truth.edges.items()))
        more = replace(truth, edges={**truth.edges, pair: (weight + 1, size)})
        return replace(world, truth={**world.truth, NEWEST: more})

    monkeypatch.setattr(soak, "make_world", with_one_more)
    monkeypatch.setattr(soak, "make_plan", _calm)
    (outcome,) = soak.run_soak(1, tmp_path / "soak")
    assert outcome.rows_lost == 1
    assert "neither the old graph nor the new one" in outcome.findings[0]


def test_a_crash_is_found(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(soak, "make_plan", _calm)
    monkeypatch.setattr(soak, "run", lambda *_: child.Ending("crashed", "KeyError", "'x'"))
    (outcome,) = soak.run_soak(1, tmp_path / "soak")
    assert "KeyError" in outcome.findings[0]
    assert soak.summary([outcome])["wrong"] == 1


def test_an_error_without_advice_is_found(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(soak, "make_plan", _calm)
    monkeypatch.setattr(soak, "run", lambda *_: child.Ending("refused", "LoadError", "no"))
    (outcome,) = soak.run_soak(1, tmp_path / "soak")
    assert "no word on how to go on" in outcome.findings[0]
    assert "never ended well" in outcome.findings[-1]


def test_nothing_is_nothing(tmp_path) -> None:
    assert look(str(tmp_path / "none.lbug")) == ("nothing", None)
    assert make_world(tmp_path, split=True, seed=1).truth[NEWEST].rows > 100


def _calm(seed: int, *, neo4j: bool) -> soak.Plan:
    return soak.Plan(
        seed=seed, split=False, neo4j=False, old_graph=False, row_limit=100_000,
        limit_warning=True, in_flight=4, version=NEWEST, rules={}, kills=(), damage=False,
    )  # fmt: skip
