"""Whatever is changed in a loaded graph, `verify` sees it: fifteen kinds, drawn from a seed."""

from __future__ import annotations

import random

import pytest

from graphapi.engines import open_engine
from graphapi.errors import CavegraphError
from loader import verify_graph
from support import build_graph, connections_frame, example_frames

SEED = 20261127
CYCLE = (701, 702, 703)


def _neurons() -> list[int]:
    _, annotations = example_frames()
    return sorted(set(annotations["root_id"].dropna().astype("int64")))


def reversed_cycle(_: random.Random) -> list[str]:
    a, b, c = CYCLE
    cut = f"MATCH (x:Neuron)-[c:CONNECTS]->(y:Neuron) WHERE x.root_id IN {[a, b, c]} DELETE c"
    ends = ((b, a), (c, b), (a, c))
    made = [
        f"MATCH (x:Neuron {{root_id: {x}}}), (y:Neuron {{root_id: {y}}}) "
        "CREATE (x)-[:CONNECTS {weight: 5, size_sum: 0}]->(y)"
        for x, y in ends
    ]
    return [cut, *made]


def attached_twice(chance: random.Random) -> list[str]:
    a, b = chance.sample([0, 2, 3], 2)
    return [
        f"MATCH (a:Annotation)-[r:ANNOTATES]->(:Neuron) WHERE a.annotation_id = {a} DELETE r",
        f"MATCH (a:Annotation {{annotation_id: {b}}}), (n:Neuron) WHERE n.root_id = a.root_id "
        "CREATE (a)-[:ANNOTATES]->(n)",
    ]


def record_text(chance: random.Random) -> list[str]:
    old, new = chance.choice([("toy", "yot"), ("notes", "seton"), ("files", "filed"), (" ", "  ")])
    return [f"MATCH (m:Materialization) SET m.record = replace(m.record, '{old}', '{new}')"]


def record_number(chance: random.Random) -> list[str]:
    name = chance.choice(["version", "neurons", "connections", "synapses", "format_version"])
    return [f"MATCH (m:Materialization) SET m.{name} = m.{name} + 1"]


def record_word(chance: random.Random) -> list[str]:
    name = chance.choice(
        ["datastack", "timestamp", "server", "source", "synapse_table", "loaded_at", "checksum",
         "cavegraph_version"]
    )  # fmt: skip
    return [f"MATCH (m:Materialization) SET m.{name} = 'x'"]


def weight(chance: random.Random) -> list[str]:
    return [_one_connection(chance, "SET c.weight = c.weight + 1")]


def two_weights_traded(_: random.Random) -> list[str]:
    return [
        "MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) WHERE c.weight IN [2, 7] "
        "SET c.weight = 9 - c.weight"
    ]


def connection_gone(chance: random.Random) -> list[str]:
    return [_one_connection(chance, "DELETE c")]


def size(chance: random.Random) -> list[str]:
    return [_one_connection(chance, "SET c.size_sum = 17")]


def _one_connection(chance: random.Random, change: str) -> str:
    x, y = chance.choice([(701, 702), (702, 703), (703, 701)])
    ends = f"x.root_id = {x} AND y.root_id = {y}"
    return f"MATCH (x:Neuron)-[c:CONNECTS]->(y:Neuron) WHERE {ends} {change}"


def neuron_property(chance: random.Random) -> list[str]:
    name = chance.choice(["cell_class", "side"])
    root = chance.choice(_neurons())
    return [f"MATCH (n:Neuron) WHERE n.root_id = {root} SET n.{name} = 'other'"]


def neuron_total(chance: random.Random) -> list[str]:
    name = chance.choice(["in_synapses", "out_partners", "autapses"])
    return [
        f"MATCH (n:Neuron) WHERE n.root_id = {chance.choice(CYCLE)} SET n.{name} = n.{name} + 1"
    ]


def neuron_added(chance: random.Random) -> list[str]:
    return [f"CREATE (:Neuron {{root_id: {chance.randint(10, 99)}}})"]


def annotation_field(chance: random.Random) -> list[str]:
    name = chance.choice(["cell_class", "row_id", "annotation_table"])
    number = chance.choice(range(5))
    return [f"MATCH (a:Annotation) WHERE a.annotation_id = {number} SET a.{name} = 'other'"]


def annotation_moved(chance: random.Random) -> list[str]:
    number = chance.choice([0, 2, 3])
    return [
        f"MATCH (a:Annotation)-[r:ANNOTATES]->(:Neuron) WHERE a.annotation_id = {number} DELETE r",
        f"MATCH (a:Annotation {{annotation_id: {number}}}), (n:Neuron {{root_id: {CYCLE[0]}}}) "
        "CREATE (a)-[:ANNOTATES]->(n)",
    ]


def second_record(_: random.Random) -> list[str]:
    return ["CREATE (:Materialization {slot: 'other', status: 'complete', record: '{}'})"]


ALIKE = (
    reversed_cycle, attached_twice, record_text, record_number, record_word, weight,
    two_weights_traded, connection_gone, size, neuron_property, neuron_total, neuron_added,
    annotation_field, annotation_moved, second_record,
)  # fmt: skip


def graph(tmp_path, place: str) -> None:
    connections, annotations = example_frames()
    a, b, c = CYCLE
    cycle = connections_frame([(a, b, 5), (b, c, 5), (c, a, 5)])
    import pandas as pd

    rows = pd.concat([connections, cycle], ignore_index=True)
    build_graph(tmp_path, rows, annotations, to=place, datastack="toy")


def wrong(place: str) -> set[str]:
    """Name what does not hold; `refused` where the graph cannot even be opened."""
    engine = open_engine(place)
    try:
        return {check.name for check in verify_graph(engine, progress=False).failed}
    except CavegraphError:
        return {"refused"}
    finally:
        engine.close()


def test_there_are_fifteen() -> None:
    assert len(ALIKE) == len(set(ALIKE)) == 15


@pytest.mark.parametrize("mutation", ALIKE, ids=lambda mutation: mutation.__name__)
def test_a_change_is_seen(tmp_path, place, run_raw, mutation) -> None:
    graph(tmp_path, place)
    assert wrong(place) == set()
    for text in mutation(random.Random(f"{SEED} {mutation.__name__}")):  # noqa: S311 - seeded
        run_raw(text)
    seen = wrong(place)
    assert seen
    if mutation is reversed_cycle:
        assert seen == {"connections.pairs", "connections.weights", "connections.sizes"}
    if mutation is attached_twice:
        assert seen == {"annotations.ties"}


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ("MATCH (n:Neuron {root_id: 701}) SET n.display_name = 'ER L'", {"neurons.misnamed"}),
        ("MATCH (n:Neuron {root_id: 701}) REMOVE n.display_name", {"neurons.misnamed"}),
        ("DROP CONSTRAINT cavegraph_neuron", {"indexes.missing"}),
        ("DROP CONSTRAINT cavegraph_annotation", {"indexes.missing"}),
        ("DROP INDEX cavegraph_annotation_root", {"indexes.missing"}),
        ("DROP INDEX cavegraph_neuron_text", {"indexes.missing"}),
        ("DROP INDEX cavegraph_neuron_cell_class", {"indexes.missing"}),
    ],
)
def test_names_and_indexes_of_neo4j(tmp_path, neo4j_place, change, seen) -> None:
    import os

    import neo4j

    graph(tmp_path, neo4j_place)
    auth = (os.environ["CAVEGRAPH_NEO4J_USER"], os.environ["CAVEGRAPH_NEO4J_PASSWORD"])
    with neo4j.GraphDatabase.driver(neo4j_place, auth=auth) as driver:
        driver.execute_query(change)
    assert wrong(neo4j_place) == seen
    (tmp_path / "again").mkdir()
    graph(tmp_path / "again", neo4j_place)
    assert wrong(neo4j_place) == set()
