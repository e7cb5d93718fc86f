"""The command: every section in a process of its own, then the page."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import loads, overcave, reads
from .measure import machine, say
from .page import write_page
from .places import Run, neo4j_is_here

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]


def _sizes(run: Run) -> dict[str, Any]:
    """Load the smaller brains, for what is measured as it grows; the stages say how long."""
    from loader import load

    found = {}
    for size in run.sizes[:-1]:
        work = run.work / f"stages-{size}"
        report = load(
            run.brain(size).source(), run.graph(size), work=work, replace=True, progress=False
        )
        found[str(size)] = {"rows": run.brain(size).synapse_rows, "stages": report.seconds}
    return found


def _readers(run: Run) -> dict[str, Any]:
    import graphapi

    with graphapi.Connectome.open(run.graph()) as opened:
        roots = opened.root_ids()
    return reads.readers(lambda: graphapi.Connectome.open(run.graph()), roots)


#: In the order in which they run; each may use what those before it have made.
SECTIONS: dict[str, Callable[[Run], dict[str, Any]]] = {
    "raw-embedded": loads.raw_embedded,
    "our-embedded": loads.our_embedded,
    "cold": lambda run: reads.cold(run.graph()),
    "reads-embedded": reads.embedded,
    "readers-embedded": _readers,
    "sizes": _sizes,
    "growth": reads.growth,
    "cave": overcave.over_cave,
    "raw-import": loads.raw_import,
    "our-import": loads.our_import,
    "reads-neo4j": reads.neo4j,
}
NEED_NEO4J = ("raw-import", "our-import", "reads-neo4j")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks."""
    options = _options(arguments)
    run = Run(options.work.resolve(), int(options.connections), options.memory)
    if options.section:
        run.keep(options.section, SECTIONS[options.section](run))
        return 0
    run.work.mkdir(parents=True, exist_ok=True)
    chosen = options.only or list(SECTIONS)
    if not neo4j_is_here():
        say("no Maven or Java: nothing is measured on Neo4j")
        chosen = [name for name in chosen if name not in NEED_NEO4J]
    if not options.page_only:
        _run_all(run, chosen)
    write_page(options.write, run)
    say(f"wrote {options.write}")
    return 0


def _run_all(run: Run, chosen: Sequence[str]) -> None:
    say(f"making brains of {run.sizes} connections")
    for size in run.sizes:
        run.brain(size)
    begun = time.time()
    run.keep("machine", {**machine(), "minutes": 0})
    for name in chosen:
        say(f"section {name}")
        command = [sys.executable, "-m", "tests.benchmarks", "--work", str(run.work)]
        command += ["--connections", str(run.connections), "--memory", run.memory]
        subprocess.run([*command, "--section", name], check=True, cwd=ROOT)
    ended = machine()
    before = run.results()["machine"]
    before["load_average_at_end"] = ended["load_average"]
    before["minutes"] = round((time.time() - begun) / 60)
    run.keep("machine", before)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for 6 GB of files")
    parser.add_argument("--connections", type=float, default=16e6, help="of the largest brain")
    parser.add_argument("--memory", default="3GB", help="limit of a load")
    parser.add_argument("--write", type=Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="sections; repeat")
    parser.add_argument("--page-only", action="store_true", help="write the page of the last run")
    parser.add_argument("--section", choices=SECTIONS, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests")]
    raise SystemExit(main())
