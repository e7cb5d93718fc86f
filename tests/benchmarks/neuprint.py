"""neuPrint's client on a graph, against the same questions asked of graphapi, in one run.

    python -m tests.benchmarks.neuprint GRAPH.lbug    measures, and prints lines for notes.md

The server is `cavegraph serve`, a process of its own; the answers are compared. graphapi is asked
in two ways: from the graph file, as in a first session; and from the matrix that the server kept.
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
from unittest.mock import patch

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
    client: neuprint.Client,
    connectome: graphapi.Connectome,
    from_file: graphapi.Connectome,
    number: int,
) -> dict[str, dict[str, Any]]:
    """Return calls that answer the same question: `theirs`, `file` and `kept`."""
    from neuprint import fetch_adjacencies

    roots = connectome.root_ids()
    ids = np.random.default_rng(5).choice(roots, min(number, len(roots)), replace=False)
    fields = [name for name in ("cell_type", "cell_class") if name in _fields(connectome)]

    def ours(graph: graphapi.Connectome, post: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        table = graph.get_adjacency(ids, post, form="arrow").to_pandas()
        ends = np.union1d(table["pre"].to_numpy(), table["post"].to_numpy())
        return graph.get_neurons(ends)[fields], table

    def file(post: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        with patch.dict(os.environ, CAVEGRAPH_MATRIX_CACHE="0"):
            return ours(from_file, post)

    def all_ways(post: Any, **given: Any) -> dict[str, Any]:
        return {
            "theirs": lambda: theirs(post, **given),
            "file": lambda: file(post),
            "kept": lambda: ours(connectome, post),
        }

    def theirs(post: Any, **given: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        found: tuple[pd.DataFrame, pd.DataFrame] = fetch_adjacencies(
            ids, post, client=client, **given
        )
        return found

    among, all_of = f"among {len(ids):,} neurons", f"of {len(ids):,} neurons, downstream"
    return {
        among: all_ways(ids),
        all_of: all_ways(None),
        f"{all_of}, omit_rois=True": all_ways(None, omit_rois=True),
    }


def _fields(connectome: graphapi.Connectome) -> list[str]:
    return [item.name for item in connectome.materialization.neuron_fields]


def compared(ways: dict[str, Any]) -> int:
    """Check that all calls find the same weights; return the number of connections."""
    _, found = ways["theirs"]()
    sums = found.groupby(["bodyId_pre", "bodyId_post"])["weight"].sum()
    for name in ("file", "kept"):
        _, wanted = ways[name]()
        expected = wanted.set_index(["pre", "post"])["weight"].sort_index()
        expected.index.names = sums.index.names
        pd.testing.assert_series_equal(sums, expected, check_dtype=False)
    return len(sums)


def measured(graph: Path, number: int, rounds: int) -> list[str]:
    """Return a line of a table for each question: connections, seconds, ratios."""
    lines = []
    opened = graphapi.Connectome.open
    with serving(graph) as client, opened(graph) as connectome, opened(graph) as from_file:
        for name, ways in questions(client, connectome, from_file, number).items():
            say(name)
            size = compared(ways)
            times = alternating(ways, rounds=rounds)
            theirs, file, kept = (times[way]["median"] for way in ("theirs", "file", "kept"))
            lines.append(
                f"| {name} | {size:,} | {theirs:.2f} | {file:.2f} | {theirs / file:.1f} "
                f"| {kept:.2f} | {theirs / kept:.1f} |"
            )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph", type=Path)
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(
        "| fetch_adjacencies | connections | neuprint-python, s | graphapi from the file, s "
        "| ratio | graphapi, matrix kept, s | ratio |"
    )
    print("|---|---|---|---|---|---|---|")
    print(*measured(given.graph, given.neurons, given.rounds), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
