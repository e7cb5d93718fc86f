"""How much memory a load takes: millions of rows from the stand-in, which runs elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from loader.sandbox.standin import write_folder

_NEURONS = 40_000
_BASE = 576_460_752_700_000_000
_SERVER = """
import sys
from loader.sandbox.standin import serve
with serve(sys.argv[1]) as server:
    print(server.url, flush=True)
    sys.stdin.read()
    print(len(server.requests), flush=True)
"""
_LOADER = """
import json, resource, sys, time
from loader import CaveSource, load, verify_graph
start = time.monotonic()
source = CaveSource("big_stack", server=sys.argv[1], token="0" * 32, annotations=["cells"])
report = load(source, sys.argv[2], work=sys.argv[3], progress=False)
print(json.dumps({
    "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    "seconds": round(time.monotonic() - start),
    "stages": {name: round(value, 1) for name, value in report.seconds.items()},
    "counts": report.counts,
}))
"""


def measure(rows: int) -> dict[str, Any]:
    """Serve a table of so many synapses and load it, each in a process of its own.

    Returns
    -------
    dict
        `rows`; `peak_mb` of the loading process as the operating system counts it; `seconds`;
        `requests`; `neurons`, `connections`; `rows_lost`, against a count by pandas.
    """
    with tempfile.TemporaryDirectory(prefix="cavegraph-memory") as scratch:
        place = Path(scratch)
        frame = _rows(rows)
        kept = frame[(frame["pre_pt_root_id"] > 1) & (frame["post_pt_root_id"] > 1)]
        edges = kept[kept["pre_pt_root_id"] != kept["post_pt_root_id"]]
        pairs = len(edges[["pre_pt_root_id", "post_pt_root_id"]].drop_duplicates())
        write_folder(
            place / "served", {"synapses": frame, "cells": _cells()}, datastack="big_stack"
        )
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(place / "served")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the stand-in has no pipes")
        try:
            url = server.stdout.readline().strip()
            places = [str(place / "graph.lbug"), str(place / "work")]
            said = subprocess.run(
                [sys.executable, "-c", _LOADER, url, *places],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout
            server.stdin.close()
            requests = int(server.stdout.readline())
        finally:
            server.kill()
            server.wait()
    found = json.loads(said.splitlines()[-1])
    counts = found.pop("counts")
    if counts["connections"] != pairs:
        raise AssertionError(f"{counts['connections']} connections, pandas has {pairs}")
    return {
        "rows": rows,
        **found,
        "requests": requests,
        "neurons": counts["neurons"],
        "connections": counts["connections"],
        "rows_lost": len(edges) - counts["synapses_kept"],
    }


def _rows(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    ends = {}
    for end in ("pre", "post"):
        # A few neurons have most synapses, as in a brain; some rows have background.
        number = (_NEURONS * rng.random(count) ** 3).astype(np.int64)
        roots = _BASE + number
        roots[rng.random(count) < 0.01] = 0
        ends[f"{end}_pt_root_id"] = roots
    frame = pd.DataFrame({"id": np.cumsum(rng.integers(1, 4, count)), "valid": True, **ends})
    frame["size"] = rng.integers(1, 900, count).astype("float32")
    for axis in "xyz":
        frame[f"ctr_pt_position_{axis}"] = rng.integers(0, 90_000, count).astype("int32")
    return frame


def _cells() -> pd.DataFrame:
    number = np.arange(_NEURONS // 2)
    return pd.DataFrame(
        {
            "id": number + 1,
            "valid": True,
            "cell_type": [f"type{n % 300}" for n in number],
            "pt_supervoxel_id": number + 1_000,
            "pt_root_id": _BASE + number,
            "pt_position_x": number,
            "pt_position_y": number,
            "pt_position_z": number,
        }
    )
