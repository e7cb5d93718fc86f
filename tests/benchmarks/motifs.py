"""Motif benchmarks: ours beside the field's tools, in one run on one machine.

    python tests/benchmarks/motifs.py            measures, and writes docs/benchmarks-motifs.md
    python tests/benchmarks/motifs.py --no-page  measures, and prints only

Needs `../shared/data` and the extras `dev`. Takes about five minutes on two idle cores. Nothing
here asserts a time; counts that differ from the other tool's are an error.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import graphapi  # noqa: E402
from support.connectomes import computed, real_edges  # noqa: E402
from support.graphs import build_graph  # noqa: E402

PAGE = ROOT / "docs" / "benchmarks-motifs.md"
CYCLE, LOOP = "A -> B; B -> C; C -> A", "A -> B; B -> C; A -> C"
FLY_NEURONS, FLY_CONNECTIONS = 139_255, 2_701_601


@dataclass(frozen=True)
class Time:
    """Seconds on the clock, and of all cores together."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{_number(self.wall)} s ({_number(self.cpu)})"


def timed(work: Callable[[], Any]) -> tuple[Time, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return Time(time.perf_counter() - wall, time.process_time() - cpu), answer


def repeated(work: Callable[[], Any], times: int = 5) -> tuple[Time, Any]:
    """Once to warm up, then the median of some."""
    work()
    runs = [timed(work) for _ in range(times)]
    wall, cpu = (median(getattr(one, name) for one, _ in runs) for name in ("wall", "cpu"))
    return Time(wall, cpu), runs[-1][1]


def larva(folder: Path) -> dict[str, Any]:
    """Measure on the larva: census, motif counts, null graphs."""
    import networkx as nx
    from dotmotif import Motif
    from dotmotif.executors import GrandIsoExecutor

    edges = real_edges("larva")
    path = build_graph(folder, edges, datastack="larva")
    plain = nx.DiGraph()
    real = edges[edges["pre"] != edges["post"]]
    plain.add_edges_from(zip(real["pre"].tolist(), real["post"].tolist(), strict=True))
    found: dict[str, Any] = {}
    with graphapi.Connectome.open(path) as connectome:
        from graphapi.network.census import triad_census

        graph = connectome.motifs.graph()
        ours, census = repeated(lambda: triad_census(graph))
        whole, _ = repeated(connectome.motifs.census)
        theirs, expected = timed(lambda: nx.triadic_census(plain))
        assert census == expected == computed("larva")["triads"]
        found["census"] = {"ours": ours, "from_graph": whole, "theirs": theirs}
        executor = GrandIsoExecutor(graph=plain)
        for name, motif in (("three-cycles", CYCLE), ("feed-forward loops", LOOP)):
            program = motif.replace("; ", "\n")
            ours, count = repeated(lambda motif=motif: connectome.motifs.count(motif))
            theirs, matches = timed(lambda program=program: executor.find(Motif(program)))
            mappings = connectome.motifs.count(motif, unique=False)
            assert len(matches) == mappings
            found[name] = {"ours": ours, "theirs": theirs, "count": count, "mappings": mappings}
        null, compared = timed(lambda: connectome.motifs.significance(nulls=100))
        found["nulls"] = {"time": null, "shared": float(compared.shared.mean())}
    return found


def whole_brain(folder: Path) -> dict[str, Any]:
    """Measure a made-up brain in a process of its own, so that its memory is its own."""
    from loader.sandbox.synthetic import make_brain
    from loader.sources.files import FileSource

    brain = make_brain(
        folder / "brain", connections=FLY_CONNECTIONS, neurons=FLY_NEURONS, progress=False
    )
    import loader

    path = folder / "brain.lbug"
    loader.load(
        FileSource(
            brain.folder / "connections",
            datastack="synthetic",
            synthetic=True,
        ),
        path,
        work=folder / "work",
        progress=False,
    )
    done = subprocess.run(
        [sys.executable, __file__, "--census-of", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def census_of(path: str) -> None:
    """Open a graph, take its census, and print what it took, as JSON."""

    def work() -> tuple[int, int, dict[str, int]]:
        with graphapi.Connectome.open(path) as connectome:
            graph = connectome.motifs.graph()
            from graphapi.network.census import triad_census

            return graph.n, graph.m, triad_census(graph)

    spent, (neurons, connections, census) = timed(work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    assert sum(census.values()) == neurons * (neurons - 1) * (neurons - 2) // 6
    print(
        json.dumps(
            {"neurons": neurons, "connections": connections, "peak_gb": peak, **asdict(spent)}
        )
    )


def page_of(found: dict[str, Any], brain: dict[str, Any]) -> str:
    census, cycles, loops = (found[n] for n in ("census", "three-cycles", "feed-forward loops"))
    nulls = found["nulls"]
    rows = [
        (
            "whole-larva triad census, all 16 classes",
            census["ours"],
            f"networkx `triadic_census`: {census['theirs']}",
            _ratio(census["theirs"], census["ours"]),
            "100",
        ),
        (
            "the same, reading the connections from the graph file each time",
            census["from_graph"],
            "",
            _ratio(census["theirs"], census["from_graph"]),
            "100",
        ),
        *(
            (
                f"{one['count']:,} {name} ({one['mappings']:,} mappings)",
                one["ours"],
                f"DotMotif's `GrandIsoExecutor`: {one['theirs']}",
                _ratio(one["theirs"], one["ours"]),
                "30",
            )
            for name, one in (("three-cycles", cycles), ("feed-forward loops", loops))
        ),
    ]
    table = "\n".join(
        f"| {what} | {ours} | {theirs} | {ratio} | {aim} |"
        for what, ours, theirs, ratio, aim in rows
    )
    spent = Time(brain["wall"], brain["cpu"])
    larva_size = "{nodes:,} neurons, {edges:,} connections".format(**computed("larva"))
    machine = (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"load average {os.getloadavg()[1]:.1f}"
    )
    lines = [
        "# Motif benchmarks",
        "",
        f"Written by `python tests/benchmarks/motifs.py`: one run on one machine ({machine}).",
        "Times are wall-clock seconds, with CPU seconds of all cores in brackets. Ours are medians",
        "of five runs, after compilation. Ratios are of CPU seconds, which other work",
        "on the machine disturbs least. All counts equal those of the other tool.",
        "",
        f"The larva's brain (Winding, Pedigo et al. 2023, all types; {larva_size}):",
        "",
        "| what | cavegraph | the other tool | times faster | aim |",
        "|---|---|---|---|---|",
        table,
        "",
        "| what | measured | aim |",
        "|---|---|---|",
        "| census of 100 degree-preserving null graphs of the larva, each drawn and checked "
        f"| {nulls['time']} | 300 s |",
        f"| census of a synthetic whole brain, {brain['neurons']:,} neurons, "
        f"{brain['connections']:,} connections, from opening the graph file | {spent} | 60 s |",
        f"| peak memory of that, everything included | {brain['peak_gb']:.2f} GB | 4 GB |",
        "",
        f"Null graphs shared {nulls['shared']:.1%} of their connections with the larva.",
    ]
    return "\n".join(lines) + "\n"


def _ratio(theirs: Time, ours: Time) -> str:
    return f"{theirs.cpu / ours.cpu:,.0f}"


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-page", action="store_true")
    parser.add_argument("--census-of")
    asked = parser.parse_args()
    if asked.census_of:
        census_of(asked.census_of)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = larva(Path(folder))
        print(found, flush=True)
        brain = whole_brain(Path(folder))
    text = page_of(found, brain)
    print(text)
    if not asked.no_page:
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
