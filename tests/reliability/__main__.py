"""Measures and writes docs/reliability.md: ``python -m tests.reliability [soak|fuzz|memory|page]``.

Without a name everything is measured (an hour or more), then the page is written. What has
been measured stays in `tests/reliability/measured/`, so one part can be measured alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).parent / "measured"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def main(argv: list[str] | None = None) -> int:
    """Run one part or all; 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parts = ["all", "soak", "fuzz", "memory", "page", "shard"]
    parser.add_argument("part", nargs="?", default="all", choices=parts)
    parser.add_argument("--loads", type=int, default=1000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=3, help="loads at a time")
    parser.add_argument("--cases", type=int, default=12_000, help="fuzzed inputs")
    parser.add_argument("--rows", type=int, default=2_000_000, help="of the load for memory")
    parser.add_argument("--neo4j", default=None, help="of a shard: the server's address")
    parser.add_argument("--result", type=Path, default=None, help="of a shard: where to")
    asked = parser.parse_args(argv)
    if asked.part == "shard":
        return _shard(asked)
    if asked.part in ("all", "soak"):
        _keep("soak", _soak(asked.loads, asked.first_seed, asked.at_once))
    if asked.part in ("all", "fuzz"):
        from .fuzz import run_fuzz

        _keep("fuzz", run_fuzz(asked.cases))
    if asked.part in ("all", "memory"):
        from .memory import measure

        _keep("memory", measure(asked.rows))
    from .page import page

    measured = {path.stem: json.loads(path.read_text()) for path in MEASURED.glob("*.json")}
    PAGE.write_text(page(measured), encoding="utf-8")
    print(f"wrote {PAGE}")
    return 1 if measured.get("soak", {}).get("findings") else 0


def _keep(name: str, values: dict[str, Any]) -> None:
    MEASURED.mkdir(exist_ok=True)
    (MEASURED / f"{name}.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _soak(loads: int, first_seed: int, at_once: int) -> dict[str, Any]:
    """Share the seeds out over processes; Neo4j, which has one database, goes to the first."""
    from neo4j_server import NoServerError, obtain

    from .soak import added_up

    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cavegraph-soak")))
        environment, address = dict(os.environ), ""
        try:
            server = stack.enter_context(obtain())
            address = server.uri
            environment["CAVEGRAPH_NEO4J_USER"] = server.user
            environment["CAVEGRAPH_NEO4J_PASSWORD"] = server.password
        except NoServerError as error:
            print(f"without Neo4j: {error}", file=sys.stderr)
        edges = [first_seed + loads * part // at_once for part in range(at_once + 1)]
        running, results = [], []
        for number, (first, end) in enumerate(pairwise(edges)):
            results.append(scratch / f"{number}.json")
            command = [sys.executable, "-m", "tests.reliability", "shard"]
            command += ["--first-seed", str(first), "--loads", str(end - first)]
            command += ["--result", str(results[-1])]
            if address and number == 0:
                command += ["--neo4j", address]
            running.append(subprocess.Popen(command, env=environment))
        codes = [process.wait() for process in running]
        if any(codes):
            raise RuntimeError(f"a part of the soak ended with {codes}")
        return added_up([json.loads(path.read_text()) for path in results])


def _shard(asked: argparse.Namespace) -> int:
    from .soak import Outcome, run_soak, summary

    done = 0

    def tell(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        for finding in outcome.findings:
            print(f"FOUND {finding}", file=sys.stderr, flush=True)
        if done % 10 == 0:
            print(f"{done} of {asked.loads} loads from {asked.first_seed}", flush=True)

    with tempfile.TemporaryDirectory(prefix="cavegraph-shard") as scratch:
        outcomes = run_soak(
            asked.loads,
            Path(scratch) / "loads",
            neo4j=asked.neo4j,
            first_seed=asked.first_seed,
            tell=tell,
        )
    asked.result.write_text(json.dumps(summary(outcomes)))
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for neo4j_server
    sys.exit(main())
