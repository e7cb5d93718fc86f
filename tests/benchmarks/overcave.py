"""The same call answered from CAVE rows, by the stand-in: a server of another process."""

from __future__ import annotations

import multiprocessing
import shutil
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import graphapi
from loader import CaveSource, load
from loader.sandbox.standin import serve, write_folder

from .measure import alternating, say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.queues import Queue
    from pathlib import Path

    from loader.sandbox.synthetic import SyntheticBrain

    from .places import Run

DATASTACK = "synthetic_brain"


def over_cave(run: Run) -> dict[str, Any]:
    """Ask a graph loaded from the stand-in, and the stand-in itself through `clean=False`.

    Both answer `get_connectivity` of one neuron. On these rows `clean=False` differs only by
    autapses and background, which a graph does not hold: so CAVE's rows must be asked for.
    """
    brain = run.brain(run.cave_size)
    folder = run.work / "served"
    if not folder.exists():
        say("writing the stand-in's folder")
        _write(brain, folder)
    with _served(folder) as url:
        place = run.work / "graph-cave.lbug"
        say("loading over CAVE")
        source = CaveSource(DATASTACK, server=url, token="0" * 32)
        stages = run.work / "stages-cave"
        shutil.rmtree(stages, ignore_errors=True)  # they are of another server's address
        load(source, place, work=stages, replace=True, progress=False)
        with graphapi.Connectome.open(place, server=url, token="0" * 32) as opened:
            roots = np.random.default_rng(3).choice(opened.root_ids(), 200, replace=False)
            graph, cave, alone = (iter(roots[start:].tolist()) for start in (0, 0, 50))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                times = alternating(
                    {
                        "graph": lambda: opened.get_connectivity(next(graph)),
                        "CAVE rows": lambda: opened.get_connectivity(next(cave), clean=False),
                    },
                    rounds=15,
                )
                times |= alternating(
                    {"graph, one after another": lambda: opened.get_connectivity(next(alone))},
                    rounds=100,
                )
    return {"synapse_rows": brain.synapse_rows, **times}


def _write(brain: SyntheticBrain, folder: Path) -> None:
    rows = pa.concat_tables([pq.read_table(path) for path in brain.synapse_files()])
    rng = np.random.default_rng(1)
    for end in ("pre", "post", "ctr"):
        for axis in "xyz":
            column = rng.integers(0, 200_000, rows.num_rows).astype("int32")
            rows = rows.append_column(f"{end}_pt_position_{axis}", pa.array(column))
    write_folder(folder, {"synapses": rows}, datastack=DATASTACK, synapse_table="synapses")


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    spawned = multiprocessing.get_context("spawn")
    told: Queue[str] = spawned.Queue()
    process = spawned.Process(target=_serve, args=(folder, told), daemon=True)
    process.start()
    try:
        yield told.get(timeout=120)
    finally:
        process.terminate()
        process.join()


def _serve(folder: Path, told: Queue[str]) -> None:
    server = serve(folder, row_limit=500_000)
    told.put(server.url)
    server.wait()
