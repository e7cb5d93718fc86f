"""A graph that was opened before a fork answers in the child, and its parent goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from support.graphs import build_graph

if TYPE_CHECKING:
    from neo4j_server import Neo4jServer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

#: Runs in a process of its own: a test run has threads that nobody should fork.
SCRIPT = """
import multiprocessing, os, sys, threading, time
import graphapi as cp

graph = cp.Connectome.open(sys.argv[1])
cp.use(graph)

def ask(root):
    own = graph.cypher("MATCH (n:Neuron) RETURN n.root_id AS r")
    return len(cp.get_connectivity(root, upstream=False)), len(own)

def ends(work):
    child = os.fork()
    if child == 0:
        work()
        sys.exit(0)
    for _ in range(300):
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.1)
    os.kill(child, 9)
    return "hangs"

def busy():
    while not done:
        ask(1)

print(ask(1))
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map_async(ask, [1, 1, 1]).get(timeout=40))
print(ends(lambda: None), ends(graph.close), ends(lambda: print(ask(1), flush=True)))
done = False
thread = threading.Thread(target=busy)  # holds the engine's lock now and then
thread.start()
print([ends(lambda: ask(1)) for _ in range(3)])
done = True
thread.join()
print(ask(1))
graph.close()
print(ends(graph.close))
"""
EXPECTED = """(2, 4)
[(2, 4), (2, 4), (2, 4)]
(2, 4)
0 0 0
[0, 0, 0]
(2, 4)
0
"""


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str | Path:
    pairs = pd.DataFrame({"pre": [1, 1, 2], "post": [2, 3, 4], "weight": [1, 1, 1]})
    if request.param == "ladybug":
        return build_graph(tmp_path, pairs)
    server: Neo4jServer = request.getfixturevalue("neo4j_server")
    monkeypatch.setenv("CAVEGRAPH_NEO4J_USER", server.user)
    monkeypatch.setenv("CAVEGRAPH_NEO4J_PASSWORD", server.password)
    server.empty()
    return build_graph(tmp_path, pairs, to=server.uri)


def test_a_graph_opened_before_a_fork_answers_in_the_child(place: str | Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(place)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (run.stdout, run.returncode) == (EXPECTED, 0), run.stderr


def test_a_graph_that_is_replaced_is_not_opened_again(tmp_path: Path) -> None:
    """The child opens the file anew: it must be the one that the parent has open."""
    pairs = pd.DataFrame({"pre": [1, 1, 2], "post": [2, 3, 4], "weight": [1, 1, 1]})
    first, second = build_graph(tmp_path, pairs), build_graph(tmp_path, pairs, version=2)
    script = """
import os, sys
import graphapi as cp
graph = cp.Connectome.open(sys.argv[1])
print(len(graph.get_connectivity(1, upstream=False)), flush=True)
os.replace(sys.argv[2], sys.argv[1])
if os.fork() == 0:
    try:
        graph.get_connectivity(1, upstream=False)
    except cp.errors.GraphIncompleteError as error:
        print(error.message.rpartition("' ")[2], flush=True)
    os._exit(0)
os.wait()
"""
    run = subprocess.run(
        [sys.executable, "-c", script, str(first), str(second)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert run.stdout == "2\nhas been replaced since it was opened\n", run.stderr
