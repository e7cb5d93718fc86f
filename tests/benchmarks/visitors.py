"""`cavegraph explore` at the size of a large circuit: a hub, a matrix, sixteen visitors at once.

    python -m tests.benchmarks.visitors    measures, and prints lines for notes.md

The network is synthetic: 50,000 neurons and about 1 million connections drawn from a seed, a hub
with 10,000 partners among them. The server is a process of its own; every answer is compared with
the drawn rows in pandas.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import requests

ROOT = Path(__file__).resolve().parents[2]
BASE, NEURONS, DRAWN, HUB, PARTNERS = 576_460_752_700_000_000, 50_000, 1_000_000, 0, 10_000
SIDE, VISITORS, SECONDS, ASKED = 1000, 16, 20, 2000


def draw() -> pd.DataFrame:
    """Draw the connections: one row a pair, no autapses."""
    dice = np.random.default_rng(3)
    pre = np.concatenate([np.full(PARTNERS, HUB), dice.integers(1, NEURONS, DRAWN)])
    post = np.concatenate([np.arange(1, PARTNERS + 1), dice.integers(0, NEURONS, DRAWN)])
    # half of the weight of the first thousand stays among them, so that the matrix is not empty
    post[PARTNERS:][pre[PARTNERS:] <= SIDE] %= 2 * SIDE
    weight = np.minimum(dice.geometric(0.3, len(pre)), 500)
    rows = pd.DataFrame({"pre": BASE + pre, "post": BASE + post, "weight": weight})
    return rows[rows["pre"] != rows["post"]].drop_duplicates(["pre", "post"], ignore_index=True)


@contextmanager
def serving(graph: Path) -> Iterator[str]:
    """Start `cavegraph explore` as a process; yield the address of its API."""
    command = [sys.executable, "-u", "-c", "from loader.cli import main; main()", "explore"]
    with subprocess.Popen(
        [*command, str(graph), "--no-browser", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
        assert url, "the server did not start"
        try:
            yield f"{url[0]}/api/v1/"
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=60)


def timed(url: str, question: str, **asked: object) -> tuple[list[float], dict[str, object], int]:
    """Ask three times; return the seconds, the last answer and its size."""
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        answer = requests.post(url + question, json=asked, timeout=300)
        seconds.append(time.perf_counter() - begun)
        answer.raise_for_status()
    return seconds, answer.json(), len(answer.content)


def said(seconds: list[float]) -> str:
    return f"{seconds[0]:.2f} s at first, then {min(seconds[1:]):.2f} s"


def visit(url: str, rows: pd.DataFrame) -> None:
    """Let visitors ask for partners of random neurons, one after another, for some time."""
    dice = np.random.default_rng(4)
    chosen = (BASE + dice.choice(np.arange(SIDE + 1, NEURONS), ASKED, replace=False)).tolist()
    mine = rows[rows["pre"].isin(chosen)]
    expected = {
        str(neuron): sorted(zip(part["post"].astype(str), part["weight"], strict=True))
        for neuron, part in mine.groupby("pre")
    }
    turns, over = itertools.cycle(expected), time.monotonic() + SECONDS
    lock = threading.Lock()

    def ask(_: int) -> list[tuple[float, str]]:
        done = []
        with requests.Session() as session:
            while time.monotonic() < over:
                with lock:
                    neuron = next(turns)
                begun = time.perf_counter()
                try:
                    answer = session.get(f"{url}partners", params={"neurons": neuron}, timeout=60)
                except requests.RequestException as error:
                    done.append((time.perf_counter() - begun, f"lost: {error}"))
                    continue
                seconds, state = time.perf_counter() - begun, "right"
                if answer.status_code != 200:
                    state = f"status {answer.status_code}"
                elif sorted((r[1], r[2]) for r in answer.json()["rows"]) != expected[neuron]:
                    state = "wrong"
                done.append((seconds, state))
        return done

    with ThreadPoolExecutor(VISITORS) as pool:
        found = [one for part in pool.map(ask, range(VISITORS)) for one in part]
    seconds = np.array([one for one, _ in found])
    states = pd.Series([state for _, state in found]).value_counts().to_dict()
    middle, late = np.percentile(seconds, [50, 99])
    print(f"{VISITORS} visitors for {SECONDS} s: {len(found):,} requests, {states}; "
          f"median {middle:.3f} s, 99th percentile {late:.3f} s")  # fmt: skip


def main() -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from support.graphs import build_graph

    rows = draw()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = f"{folder}/data"
        place = Path(str(build_graph(Path(folder), rows, datastack="visitors")))
        print(f"{NEURONS:,} neurons, {len(rows):,} connections; load average {os.getloadavg()}")
        with serving(place) as url:
            taken, answer, size = timed(url, "partners", neurons=[str(BASE + HUB)])
            hub = rows[rows["pre"] == BASE + HUB]
            wanted = sorted(zip(hub["post"].astype(str), hub["weight"], strict=True))
            assert sorted((r[1], r[2]) for r in answer["rows"]) == wanted
            print(f"partners of the hub: {len(wanted):,} rows, {size / 1e6:.1f} MB, {said(taken)}")
            inside = BASE + np.arange(1, SIDE + 1)
            taken, answer, size = timed(
                url, "matrix", pre=inside.astype(str).tolist(), limit=100_000
            )
            cells = rows[rows["pre"].isin(inside) & rows["post"].isin(inside)]
            wanted = sorted(cells[["pre", "post", "weight"]].astype(str).itertuples(index=False))
            found = sorted((r[2], r[3], str(r[4])) for r in answer["rows"])
            assert found == [tuple(one) for one in wanted]
            print(f"matrix of {SIDE:,} x {SIDE:,}: {len(wanted):,} cells, {size / 1e6:.1f} MB, "
                  f"{said(taken)}")  # fmt: skip
            visit(url, rows)
        print(f"load average at the end {os.getloadavg()}")


if __name__ == "__main__":
    main()
