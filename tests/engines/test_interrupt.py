"""Ctrl-C while the embedded engine is at work."""

from __future__ import annotations

import _thread
import threading
import time
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import graphapi
from support.graphs import build_graph

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_stops_a_query_and_the_graph_answers_on(tmp_path: Path) -> None:
    ids = range(1, 121)
    pairs = [(a, b, 1) for a in ids for b in ids if a != b]
    path = build_graph(tmp_path, pd.DataFrame(pairs, columns=["pre", "post", "weight"]))
    endless = "MATCH " + "-[:CONNECTS]->".join(f"(n{k}:Neuron)" for k in range(6))
    with graphapi.Connectome.open(path) as connectome:
        count = "MATCH (n:Neuron) RETURN count(n) AS n"
        assert connectome.cypher(count)["n"].tolist() == [120]
        started = time.monotonic()
        threading.Timer(0.5, _thread.interrupt_main).start()
        with pytest.raises(KeyboardInterrupt):
            # without Ctrl-C: 120 ** 6 rows, or the time limit
            connectome.cypher(f"{endless} RETURN sum(n0.root_id * n5.root_id) AS s", timeout=90)
        assert time.monotonic() - started < 60
        assert connectome.cypher(count)["n"].tolist() == [120]
        assert not [t for t in threading.enumerate() if t.name.startswith("ladybug")]
