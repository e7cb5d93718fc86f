"""The audit: no query about a few neurons may read the whole graph, and it would be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import neo4j
import numpy as np
import pandas as pd
import pytest

from graphapi.engines.ladybug import LadybugEngine
from graphapi.engines.neo4j import Neo4jEngine
from graphapi.engines.plan import Step, steps_of_drawing
from graphapi.engines.queries import Query, catalog
from graphapi.errors import FullScanError
from loader.checks.audit import audit_queries
from loader.cli import main
from support import build_graph

if TYPE_CHECKING:
    from pathlib import Path

    from neo4j_server import Neo4jServer

FIRST = 576460752700000000
CONNECTIONS = 3_000


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(5)
    keys = rng.choice(200 * 200, CONNECTIONS, replace=False)
    pre, post = keys // 200, keys % 200
    rows = pd.DataFrame({"pre": FIRST + pre, "post": FIRST + post, "weight": 1})[pre != post]
    return rows, pd.DataFrame({"root_id": FIRST + np.arange(200), "cell_class": "a"})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    return build_graph(tmp_path_factory.mktemp("audit"), *frames())


@pytest.fixture
def embedded(file: Path) -> Iterator[LadybugEngine]:
    engine = LadybugEngine.open(file)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def served(
    neo4j_server: Neo4jServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Neo4jEngine]:
    access = {"user": neo4j_server.user, "password": neo4j_server.password}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAVEGRAPH_NEO4J_USER", access["user"])
        patch.setenv("CAVEGRAPH_NEO4J_PASSWORD", access["password"])
        neo4j_server.empty()
        build_graph(tmp_path_factory.mktemp("served"), *frames(), to=neo4j_server.uri)
        engine = Neo4jEngine.connect(neo4j_server.uri, read_only=False)
        yield engine
        engine.close()


def test_no_query_about_given_neurons_scans_the_file(embedded: LadybugEngine) -> None:
    report = audit_queries(embedded)
    assert [f"{f.path}: {f.wrong}" for f in report.findings if not f.ok] == []
    report.raise_if_wrong()
    asked = {f.query for f in report.findings if f.about_given}
    assert {"downstream", "upstream", "between", "neighbours", "known_neurons"} <= asked
    one = next(f for f in report.findings if f.query == "downstream_of_one")
    assert one.about_given
    assert all(step.operator != "SCAN_NODE_TABLE" or "Alias: b" in step.about for step in one.scans)
    whole = {f.query: f for f in report.findings if not f.about_given}
    assert {"all_connections", "type_connectivity", "bi_fans"} <= whole.keys()
    assert [s.operator for s in whole["all_neurons"].scans] == ["SCAN_NODE_TABLE"]


@pytest.mark.parametrize("name", ["downstream", "upstream", "upstream_counts"])
def test_without_its_hint_a_query_reads_every_connection_and_is_found(
    embedded: LadybugEngine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The engine plans these so; the hints in `cypher/dialect/ladybug` are why it does not."""
    monkeypatch.setattr("loader.checks.audit.catalog", lambda: WithoutHint(name))
    report = audit_queries(embedded)
    assert [finding.query for finding in report.findings if not finding.ok] == [name]
    (finding,) = (finding for finding in report.findings if finding.query == name)
    assert [step.rows for step in finding.wrong] == [len(frames()[0])]
    with pytest.raises(FullScanError, match=rf"cypher/read/{name}\.cypher: SCAN_REL_TABLE"):
        report.raise_if_wrong()
    assert f"SCANS {name}" in str(report)


def test_a_profile_counts_the_rows_of_each_step(embedded: LadybugEngine) -> None:
    rows, _ = frames()
    steps = embedded.plan(catalog()["all_connections"], {"threshold": 1}, profile=True)
    by_operator = {step.operator: step for step in steps}
    assert by_operator["SCAN_REL_TABLE"].rows == len(rows)
    assert "Tables: CONNECTS" in by_operator["SCAN_REL_TABLE"].about
    pre = int(rows["pre"].iloc[0])
    steps = embedded.plan(catalog()["downstream"], {"ids": [pre], "threshold": 1}, profile=True)
    found = next(step for step in steps if step.operator == "SCAN_REL_TABLE")
    assert found.rows == (rows["pre"] == pre).sum()


def test_boxes_that_stand_side_by_side_are_told_apart() -> None:
    drawing = """
┌─────────────────────┐
│     JOIN_TWO[2]     │
│  ----------------   │
│      Keys: b        │──────────┐
│  NumOutputTuples: 7 │          │
└──────────┬──────────┘          │
┌──────────┴──────────┐┌─────────┴─────────┐
│    SCAN_LEFT[0]     ││   SCAN_RIGHT[1]   │
│ NumOutputTuples: 3  ││ NumOutputTuples: 4│
└─────────────────────┘└───────────────────┘
"""
    assert steps_of_drawing(drawing, profile=True) == (
        Step("JOIN_TWO", 7, "Keys: b"),
        Step("SCAN_LEFT", 3),
        Step("SCAN_RIGHT", 4),
    )


def test_no_query_file_scans_neo4j(served: Neo4jEngine) -> None:
    report = audit_queries(served)
    assert [f"{f.path}: {f.wrong}" for f in report.findings if not f.ok] == []
    findings = {f.query: f for f in report.findings}
    assert findings["downstream"].scans == ()
    assert findings["write_connections"].about_given
    assert [s.operator for s in findings["all_neurons"].scans] == ["NodeByLabelScan"]
    assert any(path.startswith("cypher/explore") for path in (f.path for f in report.findings))


def test_a_missing_index_is_found(served: Neo4jEngine) -> None:
    with without_constraint(served, "Neuron"):
        report = audit_queries(served)
        wrong = {f.query for f in report.findings if not f.ok}
        assert {"downstream", "upstream", "known_neurons", "write_connections"} <= wrong
        assert "all_connections" not in wrong
        with pytest.raises(FullScanError, match="NodeByLabelScan"):
            report.raise_if_wrong()
    assert audit_queries(served).ok


def test_a_profile_of_neo4j_has_rows(served: Neo4jEngine) -> None:
    steps = served.plan(catalog()["known_neurons"], {"ids": [FIRST, 1]}, profile=True)
    seek = next(step for step in steps if "Seek" in step.operator)
    assert seek.rows == 1
    assert "root_id" in seek.about


def test_the_command_says_so_and_ends_with_a_code(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(lambda: main(["audit", "--graph", str(file)])) == 0
    assert "none of these reads the whole graph" in capsys.readouterr().out
    monkeypatch.setattr("loader.checks.audit.catalog", lambda: WithoutHint("downstream"))
    assert code_of(lambda: main(["audit", "--graph", str(file)])) == 6
    said = capsys.readouterr()
    assert "SCANS downstream" in said.out
    assert "cypher/read/downstream.cypher" in said.err


class WithoutHint:
    """The catalogue, with one query as it would be without LadybugDB's hint."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getitem__(self, name: str) -> Query:
        query = catalog()[name]
        if name != self.name:
            return query
        lines = query.text_for("ladybug").splitlines()
        plain = "\n".join(line for line in lines if not line.startswith("HINT"))
        return replace(query, overrides={"ladybug": plain})

    def __iter__(self) -> Iterator[Query]:
        return (self[query.name] for query in catalog())


def code_of(call: Callable[[], None]) -> object:
    with pytest.raises(SystemExit) as ended:
        call()
    return ended.value.code


@contextmanager
def without_constraint(engine: Neo4jEngine, label: str) -> Iterator[None]:
    """Drop what makes a label's ids found quickly, for a while; past our own code."""
    with neo4j.GraphDatabase.driver(
        engine.uri, auth=(engine._address.user, engine._address.password)
    ) as driver:
        found, _, _ = driver.execute_query(
            "SHOW CONSTRAINTS YIELD name, labelsOrTypes WHERE $label IN labelsOrTypes RETURN name",
            label=label,
        )
        for row in found:
            driver.execute_query(f"DROP CONSTRAINT `{row['name']}`")
        try:
            yield
        finally:
            engine.write(catalog()["constrain_neurons"])
