"""A load of MICrONS' size under a memory limit: ``python -m tests.benchmarks.anysize FOLDER``.

Makes a table of synapse rows from a seed with DuckDB (both ends drawn with heavy tails, so
nearly every pair is a connection of its own), loads it in a process of its own, and tells the
time, the peak of memory of all processes together, and the disk of each phase. Everything is
in the folder. The same command goes on where it was stopped. `--scale 50` makes a fiftieth of
rows and neurons; `--memory` may be repeated, and the same table is then loaded once for each.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from .measure import say
from .watch import Phase, watched

ROOT = Path(__file__).resolve().parents[2]
ROWS, PRE, POST = 337_312_429, 8_000_000, 3_000_000
FIRST = 576_460_752_773_799_604
#: Exponent of the draw: the first tenth of the ids gets half of the ends.
TAIL = 3
#: Factors of the position of an id: a prime spreads neurons with many ends over all ids, as in
#: a real table; 1 puts them side by side.
LAYOUTS = {"spread": 7_368_787, "clustered": 1}
#: Rows of a file of the table.
_SHARD = 8_000_000
#: Bytes of the folder for a row: of the table, of sums that do not fit into memory, and of
#: stages and graph.
_TABLE_BYTES, _SPILL_BYTES, _KEPT_BYTES = 20, 48, 45
_PLAN = "plan.json"


def make_table(folder: Path, rows: int, pre: int, post: int, factor: int, memory: str) -> None:
    """Write the rows, in files of their own; those that are there are not made again."""
    import duckdb

    folder.mkdir(exist_ok=True)
    for number in range(-(-rows // _SHARD)):
        path = folder / f"rows-{number:03}.parquet"
        if path.exists():
            continue
        say(f"making {path.name}")
        start, end = number * _SHARD, min(rows, (number + 1) * _SHARD)
        part = path.with_suffix(".part")
        with duckdb.connect() as connection:
            connection.execute(f"SET memory_limit = '{memory}'")
            connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
            connection.execute("SET threads = 1")  # the seed holds for one
            connection.execute(f"SELECT setseed({(number + 1) / 1000})")
            connection.execute(
                f"COPY (SELECT i AS id, "
                f"{FIRST} + {factor} * floor({pre} * pow(random(), {TAIL}))::BIGINT "
                f"% {pre} AS pre_pt_root_id, "
                f"{FIRST} + {factor} * floor({post} * pow(random(), {TAIL}))::BIGINT "
                f"% {pre} AS post_pt_root_id, "
                f"1 + floor(1000 * random())::BIGINT AS size "
                f"FROM range({start}, {end}) t(i)) TO '{part}' "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
        part.replace(path)


def load(table: Path, target: Path, work: Path, memory: str) -> None:
    """Load the table, and say each step; run in a process of its own."""
    from graphapi.errors import CavegraphError
    from loader import load as loaded

    def tell(told: dict[str, Any]) -> None:
        print(json.dumps(told), flush=True)

    try:
        report = loaded(
            str(table / "rows-*.parquet"),
            target,
            work=work,
            memory_limit=memory,
            progress=sys.stderr.isatty(),
            on_step=lambda step: tell({"phase": step}),
        )
    except CavegraphError as error:
        tell({"refused": f"{type(error).__name__}: {error}"})
        raise SystemExit(1) from error
    tell({"seconds": report.seconds, "counts": report.record.counts, "ok": bool(report.checks)})


def main(arguments: list[str] | None = None) -> int:
    """Make, load, and tell."""
    asked = _options(arguments)
    folder = asked.folder.resolve()
    table = folder / "table"
    if asked.load:
        at = folder / f"load-{asked.load}"
        load(table, at / "g.lbug", at / "work", asked.load)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the load ends too
    plan = _plan(folder, asked)
    start = time.perf_counter()
    numbers = (plan["rows"], plan["pre"], plan["post"], LAYOUTS[plan["layout"]])
    make_table(table, *numbers, asked.memory[0])
    say(f"table of {plan['rows']:,} rows ready after {time.perf_counter() - start:,.0f} s")
    found = {}
    for memory in asked.memory:
        at = folder / f"load-{memory}"
        at.mkdir(exist_ok=True)
        say(f"loading with --memory {memory}")
        load_average = os.getloadavg()[0]
        command = [sys.executable, "-m", "tests.benchmarks.anysize", str(folder), "--load", memory]
        run = watched(command, folder, _environment(folder), _say_phase)
        result = {
            **plan,
            "memory": memory,
            "cores": os.cpu_count(),
            "load_average": [round(load_average, 1), round(os.getloadavg()[0], 1)],
            **run.as_json(),
        }
        graph = at / "g.lbug"
        if graph.exists():
            result["graph_mb"] = graph.stat().st_size // 10**6
        with (folder / "results.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        found[memory] = result
        if run.code and "refused" not in run.answer:
            say(f"the load ended with {run.code}; the same command goes on from there")
            return 1
        if not asked.keep:
            shutil.rmtree(at)
    if not asked.keep:
        shutil.rmtree(table)
    print(json.dumps(found, indent=1))
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.anysize", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new one, or that of a run to go on with")
    parser.add_argument("--scale", type=int, default=1, help="make so much less (default 1)")
    parser.add_argument("--layout", choices=LAYOUTS, default="spread")
    parser.add_argument("--memory", action="append", help="repeat for several (default 7GB)")
    parser.add_argument("--keep", action="store_true", help="keep table, stages and graph")
    parser.add_argument("--load", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    asked.memory = asked.memory or ["7GB"]
    return asked


def _plan(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Note what is made, or see that a folder is of the same run; and that the disk will do."""
    plan = {
        "rows": ROWS // asked.scale,
        "pre": PRE // asked.scale,
        "post": POST // asked.scale,
        "layout": asked.layout,
    }
    folder.mkdir(parents=True, exist_ok=True)
    noted = folder / _PLAN
    if noted.exists():
        if json.loads(noted.read_text("utf-8")) != plan:
            raise SystemExit(f"'{folder}' is of another run: {noted.read_text('utf-8')}")
    elif any(folder.iterdir()):
        raise SystemExit(f"'{folder}' is not empty, and not of this program")
    else:
        noted.write_text(json.dumps(plan), encoding="utf-8")
    there = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    needed = plan["rows"] * (_TABLE_BYTES + _SPILL_BYTES + _KEPT_BYTES) - there
    free = shutil.disk_usage(folder).free
    say(f"{needed / 1e9:.1f} GB of disk needed at most, {free / 1e9:.1f} GB free")
    if needed > free:
        raise SystemExit("too little disk")
    return plan


def _environment(folder: Path) -> dict[str, str]:
    scratch = folder / "tmp"
    scratch.mkdir(exist_ok=True)
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": path}


def _say_phase(phase: Phase) -> None:
    say(
        f"{phase.name}: {phase.seconds:,.0f} s ({phase.processor:,.0f} s of processor), "
        f"memory {phase.peak_mb / 1000:.2f} GB, disk {phase.disk_mb / 1000:.1f} GB"
    )


if __name__ == "__main__":
    raise SystemExit(main())
