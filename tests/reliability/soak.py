"""Many loads of a small datastack under random faults and kills; none may end wrong.

Each load has a seed that decides everything about it but the moment at which a timed kill
strikes. What it is told by an error it does: the same command again, once more when the server
is well again, another working folder, another version. It counts as good when the graph then
is the one that pandas makes of the served rows, and when at no moment before anybody could
read anything but the old graph, the new one, or nothing.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from loader.sandbox.standin import Faults, Rule, serve

from .child import TIMEOUT, Attempt, Ending, run
from .look import look
from .world import NEWEST, OLDER, World, make_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .world import Truth

TOKEN = "0" * 32
#: Faults that strike by rules, and how they are drawn.
RULES = (
    "wrapped_error", "wrapped_rate_limit", "rate_limit", "rate_limit_with_wait", "unavailable",
    "drop", "cut", "hang", "wrong_count", "expire", "unauthorized", "forbidden", "terms",
    "root_change",
)  # fmt: skip
_ROW_LIMITS = (50, 120, 100_000)
_PATIENCE = 3
_MOST_ATTEMPTS = 12


@dataclass(frozen=True)
class Plan:
    """What one load meets."""

    seed: int
    split: bool
    neo4j: bool
    old_graph: bool
    row_limit: int
    limit_warning: bool
    in_flight: int
    version: int | str
    rules: dict[str, Rule]
    kills: tuple[tuple[int, float], ...]
    damage: bool


@dataclass
class Outcome:
    """What became of one load."""

    plan: Plan
    endings: list[Ending] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    rows_lost: int = 0
    seconds: float = 0.0

    @property
    def refusals(self) -> list[Ending]:
        """The errors it ended in on the way."""
        return [ending for ending in self.endings if ending.kind == "refused"]


def make_plan(seed: int, *, neo4j: bool) -> Plan:
    """Draw what a load meets from its seed."""
    draw = random.Random(seed)  # noqa: S311 - no secret hangs on it
    rules = {name: _rule(draw, name) for name in draw.sample(RULES, draw.choice((0, 1, 1, 2, 3)))}
    kills = tuple(_kill(draw) for _ in range(draw.choice((0, 0, 1, 1, 2, 3))))
    return Plan(
        seed=seed,
        split=draw.random() < 0.5,
        neo4j=neo4j and seed % 3 == 0,
        old_graph=draw.random() < 0.6,
        row_limit=draw.choice(_ROW_LIMITS),
        limit_warning=draw.random() < 0.5,
        in_flight=draw.choice((1, 2, 4)),
        version=draw.choice((NEWEST, "latest")),
        rules=rules,
        kills=kills,
        damage=bool(kills) and draw.random() < 0.15,
    )


def _rule(draw: random.Random, name: str) -> Rule:
    # Few requests of a load can meet these.
    latest = {"root_change": 1, "wrong_count": 14, "expire": 24}.get(name, 50)
    return Rule(
        probability=1.0 if name == "root_change" else draw.choice((0.05, 0.3, 1.0)),
        count=1 if name in ("expire", "hang") else draw.choice((1, 2, 4, 9)),
        after=draw.randrange(latest),
        seconds=draw.choice((0.3, TIMEOUT * 1.5)) if name == "hang" else 1.0,
    )


def _kill(draw: random.Random) -> tuple[int, float]:
    if draw.random() < 0.5:
        return draw.randrange(1, 24), 0.0
    return 0, draw.uniform(0.02, 1.6)


class Soak:
    """Runs loads.

    Parameters
    ----------
    scratch
        Folder for everything; made here.
    neo4j
        Address of a server whose graph may be replaced: every third load goes there.
    """

    def __init__(self, scratch: Path, neo4j: str | None = None) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self._scratch = scratch
        self._neo4j = neo4j
        self._worlds = {
            split: make_world(scratch / f"split-{split}", split=split, seed=17 + split)
            for split in (False, True)
        }
        self._old = scratch / "old.lbug"

    def one(self, seed: int) -> Outcome:
        """Run one load to its end, and whatever its errors ask for."""
        plan = make_plan(seed, neo4j=self._neo4j is not None)
        outcome = Outcome(plan)
        start = time.monotonic()
        place = self._scratch / f"load-{seed}"
        place.mkdir()
        faults = Faults(seed=seed, limit_warning=plan.limit_warning, **plan.rules)
        world = self._worlds[plan.split]
        with serve(world.folder, token=TOKEN, row_limit=plan.row_limit, faults=faults) as server:
            target = self._target(plan, place)
            load = _Load(world, outcome, target, server.url, place)
            load.run(faults)
            outcome.injected.update(faults.counts)
        outcome.seconds = time.monotonic() - start
        if not (self._old.exists() or plan.neo4j or outcome.findings):
            shutil.copy(target, self._old)
        shutil.rmtree(place)
        return outcome

    def _target(self, plan: Plan, place: Path) -> str:
        if plan.neo4j and self._neo4j is not None:
            return self._neo4j
        if plan.old_graph and self._old.exists():
            shutil.copy(self._old, place / "graph.lbug")
        return str(place / "graph.lbug")


class _Load:
    """One load and what follows from its errors."""

    def __init__(
        self, world: World, outcome: Outcome, target: str, url: str, scratch: Path
    ) -> None:
        self._world = world
        self._outcome = outcome
        self._target = target
        self._scratch = scratch
        self._before = look(target)
        self._folders = 0
        plan = outcome.plan
        self._attempt = Attempt(
            url, plan.version, str(world.file), target, self._work(), plan.in_flight
        )

    def run(self, faults: Faults) -> None:
        kills = list(self._outcome.plan.kills)
        refused = 0
        for _ in range(_MOST_ATTEMPTS):
            after, at = kills.pop(0) if kills else (0, 0.0)
            ending = run(replace(self._attempt, kill_after=after, kill_at=at), self._scratch)
            self._outcome.endings.append(ending)
            self._check_readers(done=ending.kind == "done")
            if ending.kind == "done":
                return
            if ending.kind == "crashed":
                self._find(f"{ending.error}: {ending.message}")
                return
            if ending.kind == "killed":
                self._damage_a_stage()
                continue
            refused += 1
            if not ending.hint:
                self._find(f"no word on how to go on: {ending.error}: {ending.message}")
            self._do_as_told(ending)
            if refused >= _PATIENCE:
                for name in RULES:
                    setattr(faults, name, None)  # the server is well again
        self._find(f"never ended well: {ending}")

    def _do_as_told(self, ending: Ending) -> None:
        """Do what the error says; where it says "try again", the same."""
        if ending.error == "StageError" and "--work" in ending.hint:
            self._attempt = replace(self._attempt, work=self._work())
        elif ending.error == "VersionNotFoundError":
            self._attempt = replace(self._attempt, version=OLDER, work=self._work())

    def _work(self) -> str:
        self._folders += 1
        return str(self._scratch / f"work{self._folders}")

    def _check_readers(self, *, done: bool) -> None:
        """At every moment: the old graph, the new one, or nothing."""
        state, held = look(self._target, verified=done)
        truth = self._truth(state)
        if not done and (state, held) == self._before:
            return
        if not done and state == "incomplete" and self._outcome.plan.neo4j:
            return
        if held is None or truth is None or held != truth:
            self._outcome.rows_lost += _lost(truth, held)
            self._find(f"what can be read is neither the old graph nor the new one: {state}")

    def _truth(self, state: str) -> Truth | None:
        number = state.rpartition(" ")[2]
        return self._world.truth.get(int(number)) if number.isdigit() else None

    def _damage_a_stage(self) -> None:
        """Once: the end of a stage is lost on the disk."""
        if not self._outcome.plan.damage or self._outcome.injected["damaged_stage"]:
            return
        from pathlib import Path

        files = sorted(Path(self._attempt.work).rglob("*.parquet"))
        if files:
            chosen = files[self._outcome.plan.seed % len(files)]
            chosen.write_bytes(chosen.read_bytes()[:-3])
            self._outcome.injected["damaged_stage"] += 1

    def _find(self, words: str) -> None:
        self._outcome.findings.append(f"seed {self._outcome.plan.seed}: {words}")


def _lost(truth: Truth | None, held: Truth | None) -> int:
    if truth is None:
        return 0
    have = held.edges if held else {}
    edges = sum(max(0, w - have.get(pair, (0, 0))[0]) for pair, (w, _) in truth.edges.items())
    totals = held.totals if held else {}
    loops = sum(max(0, t[4] - totals.get(root, (0,) * 5)[4]) for root, t in truth.totals.items())
    return edges + loops


def summary(outcomes: list[Outcome]) -> dict[str, Any]:
    """Add outcomes up, as JSON values."""
    return {
        "loads": len(outcomes),
        "on_neo4j": sum(o.plan.neo4j for o in outcomes),
        "processes": sum(len(o.endings) for o in outcomes),
        "at_once": sum(_at_once(o) for o in outcomes),
        "went_on": sum(not _at_once(o) and not o.findings for o in outcomes),
        "wrong": sum(bool(o.findings) for o in outcomes),
        "rows_lost": sum(o.rows_lost for o in outcomes),
        "findings": [finding for o in outcomes for finding in o.findings],
        "seconds": round(sum(o.seconds for o in outcomes)),
        "faults": {name: _of_fault(name, outcomes) for name in _fault_names()},
    }


def added_up(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Add summaries up: numbers and lists; what only some have counts too."""
    whole: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            if isinstance(value, dict):
                whole[name] = added_up([whole.get(name, {}), value])
            else:
                whole[name] = whole[name] + value if name in whole else value
    return whole


def _fault_names() -> list[str]:
    return ["row_limit", "shuffle", *RULES, "damaged_stage", "killed_after_step", "killed_anytime"]


def _of_fault(name: str, outcomes: list[Outcome]) -> dict[str, Any]:
    struck = [(o, times) for o in outcomes if (times := _times(name, o))]
    errors = Counter(e.error for o, _ in struck for e in o.refusals)
    return {
        "times": sum(times for _, times in struck),
        "loads": len(struck),
        "at_once": sum(_at_once(o) for o, _ in struck),
        "went_on": sum(not _at_once(o) and not o.findings for o, _ in struck),
        "errors": dict(errors.most_common()),
        "rows_lost": sum(o.rows_lost for o, _ in struck),
        "wrong": sum(bool(o.findings) for o, _ in struck),
    }


def _times(name: str, outcome: Outcome) -> int:
    if not name.startswith("killed"):
        return outcome.injected[name]
    timed = name == "killed_anytime"
    used = zip(outcome.endings, outcome.plan.kills, strict=False)
    return sum(e.kind == "killed" and bool(at) == timed for e, (_, at) in used)


def _at_once(outcome: Outcome) -> bool:
    return [e.kind for e in outcome.endings] == ["done"] and not outcome.findings


def run_soak(
    loads: int,
    scratch: Path,
    *,
    neo4j: str | None = None,
    first_seed: int = 0,
    tell: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run many loads, one after the other."""
    soak = Soak(scratch, neo4j)
    outcomes = []
    for seed in range(first_seed, first_seed + loads):
        outcomes.append(soak.one(seed))
        tell(outcomes[-1])
    return outcomes
