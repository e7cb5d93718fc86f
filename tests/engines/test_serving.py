"""Many readers: pieces with bounded memory, time limits, interrupts, routing, one pool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import neo4j
import numpy as np
import pandas as pd
import pytest

import graphapi
from graphapi.engines import is_neo4j
from graphapi.errors import InputError, QueryTimeoutError
from graphapi.graph.whole import _ranges
from support import build_graph

if TYPE_CHECKING:
    from neo4j_server import Neo4jServer

FIRST = 576460752700000000
ENDLESS = (
    "UNWIND range(1, 7001) AS a UNWIND range(1, 7001) AS b UNWIND range(1, 7001) AS c "
    "WITH a, b, c WHERE a * b * c % 7 = 3 RETURN count(*) AS n"
)


def frame() -> pd.DataFrame:
    """Connections of 300 neurons; the first has a fifth of them, the last has none going out."""
    rng = np.random.default_rng(9)
    pre = np.where(rng.random(4_000) < 0.2, 0, rng.integers(0, 299, 4_000))
    rows = pd.DataFrame({"pre": FIRST + pre, "post": FIRST + rng.integers(0, 300, 4_000)})
    rows = rows[rows["pre"] != rows["post"]]
    summed = rows.groupby(["pre", "post"], as_index=False).size()
    return summed.rename(columns={"size": "weight"})


@pytest.fixture(scope="module", params=["ladybug", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("serving")
    if request.param == "ladybug":
        yield str(build_graph(folder, frame()))
        return
    server: Neo4jServer = request.getfixturevalue("neo4j_server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAVEGRAPH_NEO4J_USER", server.user)
        patch.setenv("CAVEGRAPH_NEO4J_PASSWORD", server.password)
        server.empty()
        yield str(build_graph(folder, frame(), to=server.uri))


@pytest.fixture
def opened(place: str) -> Iterator[graphapi.Connectome]:
    with graphapi.Connectome.open(place) as connectome:
        yield connectome


@pytest.mark.parametrize("rows", [25, 500, 1_000_000])
def test_pieces_are_the_whole_graph(opened: graphapi.Connectome, rows: int) -> None:
    parts = [part.to_pandas() for part in opened.iter_connections(rows=rows)]
    largest = frame()["pre"].value_counts().max()
    assert max(len(part) for part in parts) <= max(rows, largest)
    assert (len(parts) == 1) == (rows == 1_000_000)
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), frame())


def test_pieces_keep_what_is_strong(opened: graphapi.Connectome) -> None:
    wanted = frame()[lambda f: f["weight"] >= 3].reset_index(drop=True)
    assert len(wanted) > 0
    parts = [part.to_pandas() for part in opened.iter_connections(3, rows=200)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), wanted)


def test_the_matrix_and_the_export_are_made_of_pieces(
    opened: graphapi.Connectome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphapi.graph.whole.ROWS", 150)
    written = opened.to_parquet(tmp_path)["connections"]
    pd.testing.assert_frame_equal(
        pd.read_parquet(written).sort_values(["pre", "post"], ignore_index=True), frame()
    )
    matrix, roots = opened.to_matrix()
    found = matrix.tocoo()
    triples = zip(roots[found.coords[0]], roots[found.coords[1]], found.data, strict=True)
    assert set(triples) == set(frame().itertuples(index=False, name=None))


def test_no_rows_are_no_piece(opened: graphapi.Connectome) -> None:
    with pytest.raises(InputError, match="rows: 0"):
        next(opened.iter_connections(rows=0))
    with pytest.raises(InputError, match="threshold"):
        opened.iter_connections(0)


def test_pieces_are_cut_between_neurons() -> None:
    roots, partners = np.arange(10, 17), np.array([0, 3, 2, 9, 0, 1, 0])
    assert _ranges(roots, partners, 5) == [(10, 12), (13, 13), (14, 16)]
    assert _ranges(roots[:0], partners[:0], 5) == []
    assert _ranges(roots, partners * 0, 5) == [(10, 16)]


def test_a_limit_for_every_call_of_a_connectome(place: str) -> None:
    with graphapi.Connectome.open(place, timeout=0.4) as connectome:
        with pytest.raises(QueryTimeoutError, match=r"after 0\.4 s"):
            connectome.cypher(ENDLESS)
        with pytest.raises(QueryTimeoutError, match=r"after 0\.2 s"):
            connectome.cypher(ENDLESS, timeout=0.2)
        assert len(connectome.root_ids()) == 300


def test_an_interrupt_stops_the_query_and_the_graph_still_answers(place: str) -> None:
    script = Path(__file__).with_name("interrupted.py")
    process = subprocess.Popen(
        [sys.executable, str(script), place],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "asking\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert said == "stopped; 300 neurons\n"
    assert process.returncode == 0
    if is_neo4j(place):
        assert_nothing_runs(place)


def assert_nothing_runs(place: str) -> None:
    """The server has ended the query, too; past our own code."""
    auth = (os.environ["CAVEGRAPH_NEO4J_USER"], os.environ["CAVEGRAPH_NEO4J_PASSWORD"])
    with neo4j.GraphDatabase.driver(place, auth=auth) as driver:
        running = driver.execute_query("SHOW TRANSACTIONS YIELD currentQuery").records
    assert [row for row in running if "7001" in row["currentQuery"]] == []


@pytest.mark.neo4j
def test_a_routing_address_answers_like_a_plain_one(neo4j_server: Neo4jServer, place: str) -> None:
    """A single server gives a routing table of itself; reads ask for a reader."""
    if not is_neo4j(place):
        pytest.skip("the embedded engine has no address")
    routed = place.replace("bolt://", "neo4j://")
    with graphapi.Connectome.open(routed) as connectome:
        root = int(frame()["pre"].iloc[0])
        found = connectome.get_connectivity(root, upstream=False)
        assert len(found) == (frame()["pre"] == root).sum()
        assert connectome.engine.uri.startswith("neo4j://")


def test_readers_share_a_connectome(opened: graphapi.Connectome) -> None:
    edges = frame()
    roots = edges["pre"].unique()

    def ask(root: int) -> int:
        return int(opened.get_connectivity(root, upstream=False)["weight"].sum())

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, roots))
    assert found == edges.groupby("pre")["weight"].sum().loc[roots].tolist()
