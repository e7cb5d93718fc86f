"""The command line on Neo4j: the same answers as on a file, and what a server can refuse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from commands import BASE, Run
from neo4j import GraphDatabase

EDGES = [(1, 2, 5), (2, 1, 1), (1, 3, 5), (3, 4, 2), (4, 1, 3), (5, 1, 7)]
QUESTIONS = [
    ["upstream", str(BASE + 1)],
    ["downstream", str(BASE + 1), "-t", "3"],
    ["adjacency", "-w", "cell_class=ER", "--to", str(BASE + 1), "--to", str(BASE + 4)],
    ["counts", str(BASE + 1), str(BASE + 5)],
    ["neurons", "-w", "cell_class!=", "--fields", "root_id,cell_class,in_synapses"],
    ["cypher", "MATCH (:Neuron)-[c:CONNECTS]->() RETURN sum(c.weight) AS synapses"],
    ["motifs", "search", "A -> B; B -> A"],
]


@pytest.fixture
def neo4j(neo4j_server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CAVEGRAPH_NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("CAVEGRAPH_NEO4J_PASSWORD", neo4j_server.password)
    return neo4j_server.uri


def test_the_same_answers_as_from_a_file(tmp_path: Path, neo4j: str, run: Run) -> None:
    edges = pd.DataFrame(EDGES, columns=["pre", "post", "weight"])
    edges[["pre", "post"]] += BASE
    edges.to_csv(tmp_path / "edges.tsv", index=False, sep="\t")
    classes = pd.DataFrame({"root_id": [BASE + 1, BASE + 3], "cell_class": ["ER", "er"]})
    classes.to_feather(tmp_path / "classes.feather")
    source = [str(tmp_path / "edges.tsv"), "-a", str(tmp_path / "classes.feather")]
    file = str(tmp_path / "g.lbug")
    for place in (file, neo4j):
        code, said, problem = run("load", *source, "--to", place, "--replace", "--name", "toy")
        assert code == 0, problem
        assert "5 neurons, 6 connections of 23 synapses" in said
        assert run("verify", "-g", place)[0] == 0
        assert "toy, materialization version 0" in run("info", "-g", place)[1]
    for question in QUESTIONS:
        of_file = run(*question, "-g", file, "--csv", "-")
        assert of_file[0] == 0, of_file
        assert run(*question, "-g", neo4j, "--csv", "-") == of_file


def test_what_a_server_refuses(neo4j: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, problem = run("cypher", "MATCH (n) DETACH DELETE n", "-g", neo4j)
    assert code == 4
    assert "read-only" in problem
    monkeypatch.setenv("CAVEGRAPH_NEO4J_PASSWORD", "certainly-not-it")
    code, _, problem = run("info", "-g", neo4j)
    assert code == 4
    assert "CAVEGRAPH_NEO4J_PASSWORD" in problem
    assert "certainly-not-it" not in problem


def test_a_cluster_that_is_down_is_one_message() -> None:
    """In a process of its own, without pytest's logging: the driver's lines would come first."""
    code = "from loader.cli import main; main(['info', '-g', 'neo4j://127.0.0.1:9'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 4
    assert done.stderr.startswith("cavegraph: Neo4j at neo4j://127.0.0.1:9 does not answer")


def test_an_empty_server_is_told_to_load(neo4j_server, neo4j: str, run) -> None:
    with GraphDatabase.driver(
        neo4j_server.uri, auth=(neo4j_server.user, neo4j_server.password)
    ) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    code, _, problem = run("info", "-g", neo4j)
    assert code == 3
    assert f"cavegraph load SOURCE --to {neo4j}" in problem
    assert "again" not in problem
