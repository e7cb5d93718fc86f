"""`cavegraph explore` at the size of a brain: a hub, a matrix, sixteen visitors, and the screen.

    python -m tests.benchmarks.visitors                 a network of about 1 million connections
    python -m tests.benchmarks.visitors --graph FILE    a graph that is there; it is only read

The network is synthetic: 50,000 neurons drawn from a seed, a hub with 10,000 partners among them.
The server is a process of its own. Every answer is compared with the drawn rows in pandas, or with
all rows of the graph, read past the server. Chromium then draws the same views. CPU time stands
beside each time, because other work on the machine makes the clock run on.
"""

from __future__ import annotations

import argparse
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import requests

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "serve")]

from explorer import open_explorer  # noqa: E402

from support.graphs import build_graph  # noqa: E402

from .onscreen import Screen, processor_of  # noqa: E402

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


@dataclass(frozen=True)
class Asked:
    """What is asked for: the connections that answers must show, a hub, a side of the matrix."""

    rows: pd.DataFrame
    hub: int
    direction: str
    side: list[int]

    @classmethod
    def of_drawn(cls, rows: pd.DataFrame) -> Asked:
        """Return what is asked of the drawn network."""
        return cls(rows, BASE + HUB, "downstream", (BASE + np.arange(1, SIDE + 1)).tolist())

    @classmethod
    def of_graph(cls, place: Path) -> Asked:
        """Read a graph file past the server: its rows, the hub, and the most connected neurons."""
        import ladybug

        database = ladybug.Database(str(place), read_only=True)
        query = (
            "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) "
            "RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight"
        )
        rows = ladybug.Connection(database).execute(query).get_as_df()
        database.close()
        ends = {"downstream": "pre", "upstream": "post"}
        partners = {way: rows[end].value_counts() for way, end in ends.items()}
        far = {way: (found - PARTNERS).abs().min() for way, found in partners.items()}
        way = min(far, key=lambda one: far[one])
        hub = (partners[way] - PARTNERS).abs().idxmin()
        return cls(rows, int(hub), way, partners["downstream"].index[:SIDE].tolist())


@contextmanager
def serving(graph: Path) -> Iterator[tuple[str, int]]:
    """Start `cavegraph explore` as a process; yield its address and its process id."""
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
            yield url[0], server.pid
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=60)


def timed(server: int, url: str, question: str, **asked: object) -> tuple[str, Any, int]:
    """Ask four times; return how long it took, the last answer and its size."""
    seconds, processor = [], []
    for _ in range(4):
        begun, before = time.perf_counter(), processor_of(server)
        answer = requests.post(f"{url}/api/v1/{question}", json=asked, timeout=300)
        seconds.append(time.perf_counter() - begun)
        processor.append(processor_of(server) - before)
        answer.raise_for_status()
    said = (
        f"{seconds[0]:.2f} s at first (CPU {processor[0]:.2f} s), "
        f"then {min(seconds[1:]):.2f} s (CPU {min(processor[1:]):.2f} s)"
    )
    return said, answer.json(), len(answer.content)


def visit(url: str, asked: Asked) -> None:
    """Let visitors ask for partners of random neurons, one after another, for some time."""
    rows, dice = asked.rows, np.random.default_rng(4)
    others = np.setdiff1d(rows["pre"].unique(), asked.side)
    chosen = dice.choice(others, min(ASKED, len(others)), replace=False)
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
                    answer = session.get(
                        f"{url}/api/v1/partners", params={"neurons": neuron}, timeout=60
                    )
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


def over_http(server: int, url: str, asked: Asked) -> None:
    """Ask for the hub and for the matrix, and compare."""
    rows = asked.rows
    asked_for = {"neurons": [str(asked.hub)], "direction": asked.direction}
    said, answer, size = timed(server, url, "partners", **asked_for)
    mine, theirs = ("pre", "post") if asked.direction == "downstream" else ("post", "pre")
    hub = rows[rows[mine] == asked.hub]
    wanted = sorted(zip(hub[theirs].astype(str), hub["weight"], strict=True))
    assert sorted((r[1], r[2]) for r in answer["rows"]) == wanted
    print(f"partners of the hub: {len(wanted):,} rows, {size / 1e6:.1f} MB, {said}")
    sent = {"pre": [str(root) for root in asked.side], "limit": 100_000}
    said, answer, size = timed(server, url, "matrix", **sent)
    cells = rows[rows["pre"].isin(asked.side) & rows["post"].isin(asked.side)]
    wanted = sorted(cells[["pre", "post", "weight"]].astype(str).itertuples(index=False))
    assert answer["total"] == len(wanted)
    found = {(r[2], r[3], str(r[4])) for r in answer["rows"]}
    assert len(found) == min(len(wanted), 100_000)
    assert found <= {tuple(one) for one in wanted}
    print(f"matrix of {SIDE:,} x {SIDE:,}: {len(wanted):,} cells, {size / 1e6:.1f} MB, {said}")


def on_screen(url: str, asked: Asked, folder: Path) -> None:
    """Let Chromium draw the first page, the table of the hub, and the matrix."""
    with open_explorer(folder) as window:
        screen = Screen(window, url)
        for what in ("first page, browser just started", "first page again"):
            seconds, processor = screen.first_page()
            print(f"{what}: {seconds:.2f} s (CPU of the browser {processor:.2f} s)")
        for what in ("table of the hub on screen", "again"):
            seconds, processor = screen.view(
                f"#/partners?neurons={asked.hub}&direction={asked.direction}"
            )
            print(f"{what}: {seconds:.2f} s (CPU of the browser {processor:.2f} s); "
                  f"{window.text('main .sum')}")  # fmt: skip
            screen.view("#/sets")
        window.driver.execute_script(
            "return fetch('/api/v1/sets/benchmark', {method: 'PUT', headers: "
            "{'content-type': 'application/json'}, body: JSON.stringify({neurons: arguments[0]})})"
            ".then(answer => answer.text())",
            [str(root) for root in asked.side],
        )
        seconds, processor = screen.view("#/matrix?pre=@benchmark&order=strongest")
        print(f"matrix on screen: {seconds:.2f} s (CPU of the browser {processor:.2f} s)")
        before = screen.processor()
        frames = 1000 * np.array(screen.move())
        slow, longest, rate = np.percentile(frames, 95), frames.max(), 1000 / frames.mean()
        processor = screen.processor() - before
        print(f"zoomed and moved for {frames.sum() / 1000:.1f} s: {rate:.0f} frames a second, "
              f"95 % within {slow:.0f} ms, the longest {longest:.0f} ms "
              f"(CPU of the browser {processor:.2f} s)")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        os.environ["XDG_DATA_HOME"] = f"{folder}/data"
        if given.graph:
            place = folder / "graph.lbug"  # sets are kept beside the graph
            place.symlink_to(given.graph.resolve())
            asked = Asked.of_graph(place)
        else:
            asked = Asked.of_drawn(draw())
            place = Path(str(build_graph(folder, asked.rows, datastack="visitors")))
        print(f"{len(asked.rows):,} connections; load average {os.getloadavg()}")
        with serving(place) as (url, server):
            on_screen(url, asked, folder)
            over_http(server, url, asked)
            visit(url, asked)
        print(f"load average at the end {os.getloadavg()}")


if __name__ == "__main__":
    main()
