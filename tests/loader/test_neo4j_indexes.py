"""Indexes and constraints that a Neo4j database has had before a load."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import neo4j
import pytest
import readback

from graphapi.engines import open_engine
from graphapi.errors import LoadError
from loader import verify_graph
from support import build_graph, connections_frame, example_frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

#: The same as ours, under other names.
ALIKE = [
    "CREATE CONSTRAINT lab_roots FOR (x:Neuron) REQUIRE x.root_id IS UNIQUE",
    "CREATE CONSTRAINT lab_rows FOR (x:Annotation) REQUIRE x.annotation_id IS UNIQUE",
    "CREATE CONSTRAINT `lab's record` FOR (x:Materialization) REQUIRE x.slot IS UNIQUE",
    "CREATE INDEX lab_annotation FOR (x:Annotation) ON (x.root_id)",
    "CREATE INDEX lab_class FOR (x:Neuron) ON (x.cell_class)",
    "CREATE CONSTRAINT lab_mark FOR (x:LoadMark) REQUIRE x.slot IS UNIQUE",
]
#: Ours cannot be made beside them; what the message says to type.
IN_THE_WAY = [
    ("CREATE INDEX lab FOR (x:Neuron) ON (x.root_id)", "DROP INDEX `lab`"),
    ("CREATE INDEX cavegraph_neuron FOR (x:Lab) ON (x.y)", "DROP INDEX `cavegraph_neuron`"),
    (
        "CREATE CONSTRAINT cavegraph_neuron_cell_class FOR (x:Lab) REQUIRE x.y IS UNIQUE",
        "DROP CONSTRAINT `cavegraph_neuron_cell_class`",
    ),
    (
        "CREATE FULLTEXT INDEX `l``ab` FOR (x:Neuron) ON EACH "
        "[x.display_name, x.cell_class, x.side, x.region]",
        "DROP INDEX `l``ab`",
    ),
]
#: As good as none of ours, and no hindrance.
BESIDE = [
    "CREATE TEXT INDEX lab_text FOR (x:Neuron) ON (x.cell_class)",
    "CREATE INDEX lab_two FOR (x:Neuron) ON (x.cell_class, x.side)",
    "CREATE INDEX lab_other FOR (x:Cell) ON (x.root_id)",
    "CREATE INDEX lab_edges FOR ()-[x:CONNECTS]-() ON (x.weight)",
    "CREATE FULLTEXT INDEX lab_words FOR (x:Neuron) ON EACH [x.cell_class]",
]


@pytest.fixture
def driver(neo4j_place: str) -> Iterator[neo4j.Driver]:
    """A database without indexes, which is left so."""
    auth = (os.environ["CAVEGRAPH_NEO4J_USER"], os.environ["CAVEGRAPH_NEO4J_PASSWORD"])
    with neo4j.GraphDatabase.driver(neo4j_place, auth=auth) as driver:
        without_indexes(driver)
        yield driver
        without_indexes(driver)


def without_indexes(driver: neo4j.Driver) -> None:
    for what, shown in (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES")):
        for row in driver.execute_query(f"SHOW {shown} YIELD name, type").records:
            if row["type"] == "LOOKUP":
                continue
            name = row["name"].replace("`", "``")
            driver.execute_query(f"DROP {what} `{name}`")


def wrong(place: str) -> set[str]:
    engine = open_engine(place)
    try:
        return {check.name for check in verify_graph(engine, progress=False).failed}
    finally:
        engine.close()


def test_the_same_under_another_name_is_as_good(
    tmp_path: Path, neo4j_place: str, driver: neo4j.Driver
) -> None:
    for text in (*ALIKE, *BESIDE):
        driver.execute_query(text)
    by_words = "SHOW INDEXES YIELD id, name WHERE name = 'cavegraph_neuron_text' RETURN id"
    made = []
    for _ in range(2):  # a first load, and one that replaces it
        build_graph(tmp_path, *example_frames(), to=neo4j_place)
        assert wrong(neo4j_place) == set()
        made += [row["id"] for row in driver.execute_query(by_words).records]
    assert len(made) == 2
    assert made[0] == made[1]  # not made again: each change makes the server plan anew
    assert len(readback.edges(neo4j_place)) == 5
    names = {row["name"] for row in driver.execute_query("SHOW INDEXES").records}
    assert {"lab_roots", "lab_rows", "lab_class", "lab_words"} <= names
    assert not {"cavegraph_neuron", "cavegraph_annotation", "cavegraph_neuron_cell_class"} & names
    driver.execute_query("DROP CONSTRAINT lab_roots")
    driver.execute_query("DROP INDEX lab_class")
    assert wrong(neo4j_place) == {"indexes.missing"}


@pytest.mark.parametrize(("text", "remedy"), IN_THE_WAY)
def test_what_is_in_the_way_is_named_before_anything_is_changed(
    tmp_path: Path, neo4j_place: str, driver: neo4j.Driver, text: str, remedy: str
) -> None:
    old = connections_frame([(1, 2, 3)])
    build_graph(tmp_path, old, to=neo4j_place)
    without_indexes(driver)
    driver.execute_query(text)
    frames: tuple[pd.DataFrame, pd.DataFrame] = example_frames()
    with pytest.raises(LoadError) as refused:
        build_graph(tmp_path, *frames, to=neo4j_place)
    assert remedy in str(refused.value)
    assert readback.edges(neo4j_place) == {(1, 2): (3, 0)}
    driver.execute_query(remedy)
    build_graph(tmp_path, *frames, to=neo4j_place)
    assert wrong(neo4j_place) == set()
