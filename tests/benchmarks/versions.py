"""Two versions load the same rows in turns: ``python -m tests.benchmarks.versions``.

`python -m tests.benchmarks.versions FOLDER --other WORKTREE` makes the rows of a brain with this
version, then loads them with the code of `WORKTREE` (a `git worktree` of an older commit, run
in the same environment) and with this one, in turns, and prints seconds on the clock and of
processor, and their ratios. Seconds of processor are less disturbed by other work on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

from .measure import say
from .watch import Watched, watched

ROOT = Path(__file__).resolve().parents[2]
#: Run by either version: only what both have.
_LOAD = """
import json, pathlib, sys
code, rows, target, work, memory = sys.argv[1:]
sys.path[0] = code
from loader import load
from loader.sources.files import FileSource
rows = sorted(pathlib.Path(rows).glob("*.parquet"))
tell = lambda told: print(json.dumps(told), flush=True)
report = load(FileSource(rows), target, work=work, memory_limit=memory, progress=False,
              on_step=lambda step: tell({"phase": step}))
tell({"connections": report.record.counts["connections"], "checks": report.checks.ok})
"""


def run(code: Path, rows: Path, folder: Path, memory: str) -> dict[str, Any]:
    """Load the rows once with the code of a folder."""
    at = folder / "load"
    at.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(code)}
    given = (code, rows, at / "g.lbug", at / "w", memory)
    command = [sys.executable, "-c", _LOAD, *map(str, given)]
    found: Watched = watched(command, at, environment)
    shutil.rmtree(at)
    if found.code or not found.answer.get("checks"):
        raise SystemExit(f"the load by '{code}' failed")
    return found.as_json()


def main(arguments: list[str] | None = None) -> int:
    """Make rows, load them in turns, and print the ratios."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.versions", description=__doc__
    )
    parser.add_argument("folder", type=Path, help="a new one; needs 3 GB for 16 M connections")
    parser.add_argument("--other", type=Path, required=True, help="worktree of the other version")
    parser.add_argument("--connections", type=float, default=16e6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="4GB")
    asked = parser.parse_args(arguments)
    from loader.sandbox.synthetic import make_brain

    folder = asked.folder.resolve()
    folder.mkdir(parents=True)
    make_brain(folder / "brain", connections=int(asked.connections), progress=False)
    rows = folder / "brain" / "synapses"
    versions = {"other": asked.other.resolve(), "this": ROOT}
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in versions}
    for number in range(asked.rounds):
        # The one that comes first changes, so that neither always finds a warm cache.
        for name in sorted(versions, reverse=bool(number % 2)):
            results[name].append(run(versions[name], rows, folder, asked.memory))
            one = results[name][-1]
            say(f"{name}: {one['wall_s']} s, {one['processor_s']} s CPU, {one['peak_mb']} MB")
    counts = {one["connections"] for runs in results.values() for one in runs}
    if len(counts) != 1:
        raise SystemExit(f"the versions disagree: {counts}")
    told: dict[str, Any] = {"connections": counts.pop(), "load_average": os.getloadavg()[0]}
    for what in ("wall_s", "processor_s", "peak_mb"):
        best = {n: statistics.median(one[what] for one in runs) for n, runs in results.items()}
        told[what] = {**best, "ratio": round(best["this"] / best["other"], 2)}
    shutil.rmtree(folder / "brain")
    (folder / "result.json").write_text(json.dumps({**told, "runs": results}), encoding="utf-8")
    print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
