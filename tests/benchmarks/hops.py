"""Many hops at the size of a fly's brain: influence, effective connectivity, the matrix on disk.

    python -m tests.benchmarks.hops    measures, and prints a table for notes.md

The network is synthetic: 139,255 neurons, 15.8 million connections, drawn from a seed with heavy
tails. It is no brain; its size is what is measured. Each measure has a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
NEURONS, DRAWN = 139_255, 16_000_000
#: What is asked, and its goal.
GOALS = {
    "influence of 200 seeds, threshold 1": "5 s",
    "influence of 200 seeds, threshold 5": "5 s",
    "influence of 200 seeds, threshold 5, random signs": "",
    "5 hops of a group of 200": "2 s",
    "3 hops of 64 neurons": "",
    "the 20 strongest paths of 3 hops, 300 types": "",
    "the matrix from disk in a second process": "100 ms",
}


def make(place: Path) -> None:
    """Draw the network and keep it as the matrix cache does."""
    import scipy.sparse as sp

    rng = np.random.default_rng(1)
    out, into = (rng.pareto(2.0, NEURONS) + 0.2 for _ in range(2))
    pre = rng.choice(NEURONS, DRAWN, p=out / out.sum()).astype(np.int32)
    post = rng.choice(NEURONS, DRAWN, p=into / into.sum()).astype(np.int32)
    weight = np.minimum(rng.geometric(0.3, DRAWN), 500)
    apart = pre != post
    shape = (NEURONS, NEURONS)
    matrix = sp.csr_array((weight[apart], (pre[apart], post[apart])), shape=shape)
    matrix.sum_duplicates()
    roots = 576_460_752_700_000_000 + 7 * np.arange(NEURONS)
    if not cache(place).write(1, roots, matrix):
        raise RuntimeError("the matrix was not kept")


def cache(place: Path) -> Any:
    """Return the cache that holds the network."""
    from graphapi.graph.materialization import Materialization
    from graphapi.graph.matrixcache import MatrixCache

    record = Materialization("made-up", 1, "", "", "load", "", "", synthetic=True)
    return MatrixCache(place, "made-up", replace(record, counts={"connections": DRAWN}), 8 << 30)


def measure(name: str, place: Path) -> dict[str, float]:
    """Do one thing, with the matrix mapped before; return seconds and the process's memory."""
    import scipy.sparse.csgraph
    import scipy.sparse.linalg

    from graphapi.graph.whole import _stronger
    from graphapi.network.effective import PathSearch, effective_by_hop
    from graphapi.network.influence import Dynamics
    from graphapi.network.passing import passed_on

    start, cpu = time.perf_counter(), time.process_time()
    found = cache(place).read(1)
    mapped, mapped_cpu = time.perf_counter() - start, time.process_time() - cpu
    if found is None:
        raise RuntimeError("there is no matrix")
    whole = found.matrix
    rng = np.random.default_rng(2)
    group = np.zeros(NEURONS)
    group[rng.choice(NEURONS, 200, replace=False)] = 1
    signs = rng.choice([1, 1, -1], NEURONS) if "signs" in name else None
    start, cpu = time.perf_counter(), time.process_time()
    if name.startswith("influence"):
        matrix = _stronger(whole, 5) if "threshold 5" in name else whole
        Dynamics.of(passed_on(matrix, signs=signs)).steady_state(group)
    elif "hops of" in name and "paths" not in name:
        shares = passed_on(whole, "share_of_input")
        rows = np.eye(64, NEURONS) if "64" in name else group[None]
        sources = scipy.sparse.csr_array(rows)
        list(effective_by_hop(shares, sources, sources, 3 if "64" in name else 5))
    elif "paths" in name:
        shares = passed_on(whole, "share_of_input")
        types = rng.integers(0, 300, NEURONS)
        PathSearch(shares, group, np.roll(group, 1) / 200, types, 3).strongest(20)
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    if "disk" in name:
        wall, used = mapped, mapped_cpu
    # An upper bound: a process starts with the peak of the one that started it.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"wall": wall, "cpu": used, "peak": peak}


def apart(name: str, place: Path) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.hops", "--measure", name, str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Measure everything and print it."""
    lines = ["| what | goal | time | CPU time | peak memory |", "| --- | --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "matrices"
        make(place)
        print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
        for name, goal in GOALS.items():
            told = min((apart(name, place) for _ in range(3)), key=lambda one: one["wall"])
            lines.append(
                f"| {name} | {goal} | {told['wall']:.2f} s | {told['cpu']:.2f} s "
                f"| {told['peak']:.2f} GB |"
            )
            print(lines[-1], file=sys.stderr)
    print("\n".join(lines))


if __name__ == "__main__":
    if "--measure" in sys.argv:
        at = sys.argv.index("--measure")
        print(json.dumps(measure(sys.argv[at + 1], Path(sys.argv[at + 2]))))
    else:
        main()
