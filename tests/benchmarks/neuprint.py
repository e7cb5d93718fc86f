"""neuPrint's client on a graph, against the same questions asked of graphapi, in one run.

    python -m tests.benchmarks.neuprint GRAPH.lbug    measures, and prints lines for notes.md

The server is `cavegraph serve`, a process of its own; the answers of both are compared.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import graphapi

from .measure import alternating, say

if TYPE_CHECKING:
    import neuprint

ROOT = Path(__file__).resolve().parents[2]
_MAIN = "from loader.cli import main; main()"


@contextmanager
def serving(graph: Path) -> Iterator[neuprint.Client]:
    """Start `cavegraph serve` as a process; yield a client of it."""
    from neuprint import Client

    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-u", "-c", _MAIN, "serve", str(graph), "--port", "0"],
            cwd=ROOT,
            env={**os.environ, "XDG_DATA_HOME": folder, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        ) as server,
    ):
        try:
            assert server.stdout is not None
            told = "".join(server.stdout.readline() for _ in range(4))
            found = re.search(r"Client\('(.+?)', '(.+?)', token='.+?',\s+verify='(.+?)'\)", told)
            assert found, "the server did not start"
            yield Client(found[1], found[2], token="any", verify=found[3], progress=False)
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=60)


def questions(
    client: neuprint.Client, connectome: graphapi.Connectome, number: int
) -> dict[str, dict[str, Any]]:
    """Return pairs of calls, `theirs` and `ours`, that answer the same question."""
    from neuprint import fetch_adjacencies

    roots = connectome.root_ids()
    ids = np.random.default_rng(5).choice(roots, min(number, len(roots)), replace=False)
    fields = [name for name in ("cell_type", "cell_class") if name in _fields(connectome)]

    def ours(post: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        table = connectome.get_adjacency(ids, post, form="arrow").to_pandas()
        ends = np.union1d(table["pre"].to_numpy(), table["post"].to_numpy())
        return connectome.get_neurons(ends)[fields], table

    def theirs(post: Any, **given: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        found: tuple[pd.DataFrame, pd.DataFrame] = fetch_adjacencies(
            ids, post, client=client, **given
        )
        return found

    among, all_of = f"among {len(ids):,} neurons", f"of {len(ids):,} neurons, downstream"
    return {
        among: {"theirs": lambda: theirs(ids), "ours": lambda: ours(ids)},
        all_of: {"theirs": lambda: theirs(None), "ours": lambda: ours(None)},
        f"{all_of}, omit_rois=True": {
            "theirs": lambda: theirs(None, omit_rois=True),
            "ours": lambda: ours(None),
        },
    }


def _fields(connectome: graphapi.Connectome) -> list[str]:
    return [item.name for item in connectome.materialization.neuron_fields]


def compared(pair: dict[str, Any]) -> int:
    """Check that both calls find the same weights; return the number of connections."""
    _, found = pair["theirs"]()
    sums = found.groupby(["bodyId_pre", "bodyId_post"])["weight"].sum()
    _, wanted = pair["ours"]()
    expected = wanted.set_index(["pre", "post"])["weight"].sort_index()
    expected.index.names = sums.index.names
    pd.testing.assert_series_equal(sums, expected, check_dtype=False)
    return len(expected)


def measured(graph: Path, number: int, rounds: int) -> list[str]:
    """Return a line of a table for each question: connections, seconds of both, their ratio."""
    lines = []
    with serving(graph) as client, graphapi.Connectome.open(graph) as connectome:
        for name, pair in questions(client, connectome, number).items():
            say(name)
            size = compared(pair)
            times = alternating(pair, rounds=rounds)
            theirs, ours = (times[side]["median"] for side in ("theirs", "ours"))
            lines.append(f"| {name} | {size:,} | {theirs:.2f} | {ours:.2f} | {theirs / ours:.1f} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print("| fetch_adjacencies | connections | neuprint-python, s | graphapi, s | ratio |")
    print("|---|---|---|---|---|")
    print(*measured(given.graph, given.neurons, given.rounds), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
