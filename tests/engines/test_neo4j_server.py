"""The real server that the tests run against."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import neo4j
import pytest

from neo4j_server import LocalServer, Neo4jServer, admin_command, assemble

TESTS = Path(__file__).parents[1]


def test_it_is_neo4j_5_26_with_apoc(neo4j_server: Neo4jServer) -> None:
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        (component,) = driver.execute_query("CALL dbms.components()").records
        (apoc,) = driver.execute_query("RETURN apoc.version() AS version").records
    assert component["versions"][0].startswith("5.26.")
    assert apoc["version"].startswith("5.26.")


def test_it_serves_neo4j_browser(neo4j_server: Neo4jServer) -> None:
    if not neo4j_server.http_url:
        pytest.skip("the server was given without its HTTP address")
    with urllib.request.urlopen(f"{neo4j_server.http_url}/browser/", timeout=10) as page:  # noqa: S310
        assert b"Neo4j Browser" in page.read()


def test_no_password_is_shown(neo4j_server: Neo4jServer) -> None:
    assert neo4j_server.password not in repr(neo4j_server)


def test_it_ends_with_a_process_that_is_killed() -> None:
    sleeper = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    script = (
        "import os, subprocess, sys\n"
        "command = [sys.executable, sys.argv[1], sys.executable, '-c', sys.argv[2]]\n"
        "child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "print(child.stdout.readline().decode(), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    keeper = TESTS / "neo4j_server" / "keeper.py"
    command = [sys.executable, "-c", script, str(keeper), sleeper]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    pid = int(done.stdout)
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(pid)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_import_tool_fills_a_new_server(neo4j_server: Neo4jServer, tmp_path: Path) -> None:
    if neo4j_server.local is None:
        pytest.skip("the server was not assembled here")
    nodes, edges = tmp_path / "nodes.csv", tmp_path / "edges.csv"
    nodes.write_text(":ID,root_id:long\n1,576460752773799604\n2,576460752773799605\n")
    edges.write_text(":START_ID,:END_ID,weight:long\n1,2,7\n")
    server = LocalServer(assemble(), tmp_path / "home", quick=True)
    server.prepare()
    command = admin_command(server.distribution, server.home, quick=True)
    command += ["database", "import", "full"]
    command += ["neo4j", "--id-type=integer"]
    command += [f"--nodes=Neuron={nodes}", f"--relationships=CONNECTS={edges}"]
    # its report goes where it is run
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    server.start()
    try:
        auth = (server.user, server.password)
        with neo4j.GraphDatabase.driver(server.uri, auth=auth) as driver:
            query = "MATCH (a)-[c:CONNECTS]->(b) RETURN a.root_id, c.weight, b.root_id"
            (row,) = driver.execute_query(query).records
    finally:
        server.stop(at_once=True)
    assert list(row) == [576460752773799604, 7, 576460752773799605]
