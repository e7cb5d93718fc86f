"""Memory of a writing process beside the engine's pool (Linux, glibc)."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphapi.common.memory import resident
from loader.sources import regionvolume
from loader.writers import neo4j, pieces

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="only glibc keeps freed memory"
)

#: Takes 320 MB in blocks of 16 KB, as the engine does for rows, and frees all but each 64th.
_TAKE = """
import ctypes, os, sys, time
from graphapi.common.memory import resident
from loader.writers.resident import give_back_freed
c = ctypes.CDLL(None)
c.malloc.restype, c.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
c.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
def taken():
    return resident(os.getpid()) + resident(os.getppid())
limit = taken() + 200 * 2**20
if sys.argv[1] == "watched":
    give_back_freed(limit)
blocks = [c.malloc(16384) for _ in range(20_000)]
for block in blocks:
    c.memset(block, 1, 16384)
assert taken() > limit
for number, block in enumerate(blocks):
    if number % 64:
        c.free(block)
until = time.monotonic() + float(sys.argv[2])
while taken() > limit and time.monotonic() < until:
    time.sleep(0.05)
print(taken() <= limit)
"""


#: Copies neurons and pieces of connections, and tells the most memory after each.
_COPY = """
import sys
from pathlib import Path
from graphapi.engines.ladybug import LadybugEngine
def most():
    lines = Path("/proc/self/status").read_text().splitlines()
    return [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
folder, told = Path(sys.argv[1]), []
engine = LadybugEngine.create(folder / "g.lbug", threads=2, buffer_bytes=128 * 2**20)
engine.execute_ddl("CREATE NODE TABLE Neuron(root_id INT64, PRIMARY KEY(root_id))")
engine.execute_ddl("CREATE REL TABLE CONNECTS(FROM Neuron TO Neuron, weight INT64)")
engine.copy_parquet("Neuron", folder / "n.parquet", ["root_id"])
for number in range(3):
    engine.copy_parquet("CONNECTS", folder / f"{number}.parquet", ["weight"])
    told += most()
print(told)
"""


def _run(text: str, *given: str) -> str:
    command = [sys.executable, "-c", text, *given]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def test_what_a_merged_piece_takes_outside_the_pool_is_in_the_model(tmp_path: Path):
    """The engine holds a list per neuron and direction, however small the piece is."""
    number = 1_500_000
    zeros = np.zeros(number, np.int64)
    neurons = pa.table({"root_id": np.arange(number), "in_partners": zeros, "out_partners": zeros})
    pq.write_table(neurons.select(["root_id"]), tmp_path / "n.parquet")
    ids = np.arange(0, number, 30)
    for piece in range(3):
        rows = {"pre": ids, "post": (ids + piece + 1) % number, "weight": np.ones_like(ids)}
        pq.write_table(pa.table(rows), tmp_path / f"{piece}.parquet")
    first, _, third = json.loads(_run(_COPY, str(tmp_path)))
    pq.write_table(neurons, tmp_path / "all.parquet")
    room = pieces.room_for("1GB", 50_000_000, tmp_path / "all.parquet")
    outside = 1_000_000_000 - pieces.PYTHON_BYTES - room.pool
    assert number * 60 < third - first < outside


def test_what_was_read_of_a_file_does_not_stay_in_memory(tmp_path: Path):
    """By default, pyarrow keeps all bytes that were read of a file while it is open."""
    chance = np.random.default_rng(2).integers(0, 2**62, 1_500_000)
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": chance}), path, row_group_size=50_000, use_dictionary=False)
    taken: list[int] = []

    def copy(*_: object) -> None:
        taken.append(pa.total_allocated_bytes())

    del chance
    pieces.copy_in_pieces(path, 200_000, tmp_path / "part", copy)
    assert len(taken) > 10
    after = pa.total_allocated_bytes()
    with neo4j._batches(path) as (_, batches):
        read = [pa.total_allocated_bytes() for _ in batches]
    placed = [pa.total_allocated_bytes() for _ in regionvolume._batches([path])]
    for found in (taken, read, placed):
        assert max(found) - after < path.stat().st_size / 3


def test_freed_memory_is_given_back_near_the_limit():
    assert _run(_TAKE, "alone", "1") == "False\n"
    assert _run(_TAKE, "watched", "60") == "True\n"


def test_a_process_that_has_ended_takes_nothing():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        assert resident(process.pid) == 0
