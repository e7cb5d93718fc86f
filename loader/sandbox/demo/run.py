"""The demo from end to end: server, load, queries, figures."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.connectome import Connectome
from graphapi.errors import StandinError
from loader.pipeline import load
from loader.sandbox.demo.datastack import make_demo
from loader.sandbox.demo.folder import DATASTACK
from loader.sandbox.demo.tour import Tour
from loader.sandbox.standin import RunningServer, serve
from loader.sources.cave import CaveSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: The stand-in's token. It is not a secret; cloud-volume needs one for any segmentation.
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105
#: The demo's port, unless it is in use: a graph records the address of its server.
PORT = 8700
_DONE = "complete"


@dataclass(frozen=True)
class Places:
    """The demo's files, in one folder."""

    root: Path

    @property
    def datastack(self) -> Path:
        """Return the folder of the synthetic datastack, which the stand-in serves."""
        return self.root / "datastack"

    @property
    def graph(self) -> Path:
        """Return the graph file."""
        return self.root / "demo_ant.lbug"

    @property
    def figures(self) -> Path:
        """Return the folder of the figures."""
        return self.root / "figures"


def run_demo(
    root: Path, *, to: str | None = None, seed: int = 7, say: Callable[[str], None] = print
) -> list[Path]:
    """Make, serve and load the synthetic ant brain, and run the tutorial's queries.

    Parameters
    ----------
    root
        Folder for all files of the demo.
    to
        Where the graph goes: a file or the address of a Neo4j server; None for a file in
        `root`.
    seed
        Random seed of the synthetic brain.
    say
        Called with each line to print.

    Returns
    -------
    list of pathlib.Path
        The figures.
    """
    places, clock = Places(root), time.monotonic()
    say("A SYNTHETIC ant brain, made up by a program and served by a stand-in for CAVE.")
    with serve_demo(places, seed=seed) as server:
        say(f"CAVE stand-in at {server.url}, datastack {DATASTACK} [{_since(clock)}]")
        target = to or str(places.graph)
        report = load(demo_source(places, server.url), target, replace=True)
        say(f"\n{report}")
        with Connectome.open(target, token=TOKEN) as connectome:
            figures = Tour(connectome, places.figures, say).run()
    say(f"\n{len(figures)} figures in {places.figures} [{_since(clock)} in all]")
    graph = to or str(places.graph.resolve())
    say("The graph is kept. To query it, in this terminal or a new one:")
    say(f"  export CAVEGRAPH_URI={shlex.quote(graph)}")
    say("  cavegraph info")
    say("To see it in a browser:")
    say(f"  cavegraph explore {shlex.quote(graph)}")
    say("The server, which holds raw synapses, images and meshes, stops now.")
    say(f"  cavegraph serve-demo --folder {shlex.quote(str(places.root))}")
    say("starts it again, and prints what else to export.")
    return figures


def serve_demo(places: Places, *, seed: int = 7, port: int | None = None) -> RunningServer:
    """Serve the synthetic datastack; make it first if it is missing.

    Parameters
    ----------
    places
        The demo's files.
    seed
        Random seed of the synthetic brain.
    port
        Port to listen on; 0 for any free one, None for `PORT`, or any free one if `PORT` is
        in use.
    """
    mark = places.datastack / f".{_DONE}-{seed}"
    if not mark.is_file():
        places.datastack.mkdir(parents=True, exist_ok=True)
        for old in places.datastack.glob(f".{_DONE}-*"):
            old.unlink()
        make_demo(places.datastack, seed=seed)
        mark.touch()
    if port is not None:
        return serve(places.datastack, port=port, token=TOKEN)
    try:
        return serve(places.datastack, port=PORT, token=TOKEN)
    except StandinError:  # it says its address, and so does the graph
        return serve(places.datastack, port=0, token=TOKEN)


def exports(places: Places, server: str) -> dict[str, str]:
    """Return the environment variables with which documented examples find the demo.

    Parameters
    ----------
    places
        The demo's files.
    server
        Address of its running server.
    """
    graph = {"CAVEGRAPH_URI": str(places.graph.resolve())} if places.graph.exists() else {}
    return {**graph, "CAVEGRAPH_SERVER": server, "CAVEGRAPH_TOKEN": TOKEN}


def demo_source(places: Places, server: str) -> CaveSource:
    """Return the demo as a source for the loader: CAVE tables, and annotations from a file."""
    return CaveSource.from_preset(
        DATASTACK,
        server=server,
        token=TOKEN,
        annotations=[places.datastack / "annotations.parquet"],
    )


def _since(start: float) -> str:
    return f"{time.monotonic() - start:.0f} s"
