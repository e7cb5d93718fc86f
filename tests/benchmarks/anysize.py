"""A load of MICrONS' size under a memory limit: ``python -m tests.benchmarks.anysize FOLDER``.

Makes a table of synapse rows from a seed with DuckDB (both ends drawn with heavy tails, so
nearly every pair is a connection of its own), loads it in a process of its own, and tells
time, the peak of memory of that process and its children, and disk. `--scale 50` makes a
fiftieth of rows and neurons.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROWS, PRE, POST = 337_312_429, 8_000_000, 3_000_000
FIRST = 576_460_752_773_799_604
#: Exponent of the draw: the first tenth of the ids gets half of the ends.
TAIL = 3
SEED = 0.337
#: A prime: neurons with many ends are spread over the ids, as in a real table, not the first ones.
_SPREAD = 7_368_787


def make_table(path: Path, scale: int, memory: str) -> int:
    """Write the rows, and return how many there are."""
    import duckdb

    rows, pre, post = ROWS // scale, PRE // scale, POST // scale
    connection = duckdb.connect()
    for name, value in (("memory_limit", memory), ("temp_directory", str(path.parent / "spill"))):
        connection.execute(f"SET {name} = '{value}'")
    connection.execute("SET threads = 1")  # the seed holds for one
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SELECT setseed({SEED})")
    connection.execute(
        f"COPY (SELECT i AS id, {FIRST} + {_SPREAD} * floor({pre} * pow(random(), {TAIL}))::BIGINT "
        f"% {pre} AS pre_pt_root_id, "
        f"{FIRST} + {_SPREAD} * floor({post} * pow(random(), {TAIL}))::BIGINT "
        f"% {pre} AS post_pt_root_id, "
        f"1 + floor(1000 * random())::BIGINT AS size "
        f"FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"
    )
    connection.close()
    return rows


def load(table: Path, target: Path, work: Path, memory: str) -> None:
    """Load the table; run in a process of its own."""
    from loader import load as loaded

    report = loaded(table, target, work=work, memory_limit=memory, progress=True, replace=True)
    print(json.dumps({"seconds": report.seconds, "counts": report.counts}))


def watched(command: list[str]) -> dict[str, Any]:
    """Run a command, and watch the memory of its processes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            peak[0] = max(peak[0], _resident(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = process.communicate()
    ended.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"the load ended with {process.returncode}")
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found | {
        "wall_s": round(time.perf_counter() - start, 1),
        "peak_mb": peak[0] // 10**6,
    }


def _resident(root: int) -> int:
    """Sum the resident memory of a process and all below it (Linux)."""
    parents, sizes = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            parents[int(folder.name)] = int(fields[1])
            sizes[int(folder.name)] = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    below = {root}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(sizes.get(pid, 0) for pid in below)


def main(arguments: list[str] | None = None) -> None:
    """Make, load, and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.anysize", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new one; needs about 40 GB at full scale")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--memory", default="7GB")
    parser.add_argument("--keep", action="store_true", help="keep table and graph")
    parser.add_argument("--load", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    table, target, work = (asked.folder / name for name in ("rows.parquet", "g.lbug", "work"))
    if asked.load:
        load(table, target, work, asked.memory)
        return
    asked.folder.mkdir(parents=True)
    start = time.perf_counter()
    found: dict[str, Any] = {"rows": make_table(table, asked.scale, asked.memory)}
    found["made_s"] = round(time.perf_counter() - start, 1)
    free = shutil.disk_usage(asked.folder).free
    lowest, ended = [free], threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            lowest[0] = min(lowest[0], shutil.disk_usage(asked.folder).free)

    watcher = threading.Thread(target=watch)
    watcher.start()
    command = [sys.executable, "-m", "tests.benchmarks.anysize", str(asked.folder), "--load"]
    try:
        found |= watched([*command, "--memory", asked.memory])
    finally:
        ended.set()
        watcher.join()
    found |= {
        "memory": asked.memory,
        "graph_mb": target.stat().st_size // 10**6,
        "stages_mb": sum(p.stat().st_size for p in work.rglob("*") if p.is_file()) // 10**6,
        "most_disk_mb": (free - lowest[0]) // 10**6,
        "cores": os.cpu_count(),
    }
    if not asked.keep:
        shutil.rmtree(asked.folder)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
