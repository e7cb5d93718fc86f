"""Queries that would take the whole process down are refused before the engine sees them.

LadybugDB 0.20.4 dies of a segmentation fault on these (seen on a graph with `Annotation` nodes),
so that no test can let it: what is tested is that they are refused, and that their cure is not.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import ladybug
import pandas as pd
import pytest

from graphapi.engines.ladybug import LadybugEngine
from graphapi.engines.ladybugdoor import (
    refuse_mixed_paths,
    refuse_shortest_with_node_filter,
    refuse_sums_after_distinct,
)
from graphapi.engines.queries import Item, Query, catalog
from graphapi.engines.tokens import split
from graphapi.errors import QueryRejectedError
from support.graphs import build_graph

ROOT = Path(__file__).resolve().parents[2]
DEADLY = [
    "MATCH p=(n:Neuron)-[:CONNECTS]->() RETURN p LIMIT 1",
    "MATCH p = (n:Neuron)-[:CONNECTS]->() RETURN nodes(p)",
    "MATCH p=(n:Neuron)-[:CONNECTS*1..2]->(m) RETURN collect(p) AS x",
    "MATCH p=(n:Neuron)-[c*1..2]->(m:Neuron) RETURN p",
    "MATCH p=(a:Annotation)-[:ANNOTATES]->(m:Neuron) RETURN p",
    "MATCH (n:Neuron), q = (n)<-[:CONNECTS* SHORTEST 1..3]-({root_id: 3}) RETURN q",
    "OPTIONAL MATCH p=(n:Neuron)-->(m) RETURN p",
    "/* ) */ match `my path` = (n:Neuron)--(m) return `my path`",
]
HARMLESS = [
    "MATCH (n:Neuron)-[:CONNECTS]->() RETURN n.root_id",
    "MATCH p=(n:Neuron)-[:CONNECTS]->(:Neuron) RETURN p",
    "MATCH p=(n:Neuron {root_id: 1})-[c:CONNECTS* SHORTEST 1..3]->(m:Neuron) RETURN p",
    "MATCH (a:Neuron), (b:Neuron) MATCH p=(a)-[:CONNECTS]->(b)<-[:CONNECTS]-(a) RETURN p",
    "MATCH p=(a:Neuron)-[:CONNECTS* ACYCLIC 1..3 (c, n | WHERE c.weight > 1)]->(b:Neuron) RETURN p",
    "MATCH p=(a:Annotation) RETURN p",
    "MATCH (n:Neuron) WHERE n.in_synapses = (1 + 2) RETURN n",
    "MATCH (n:Neuron) WITH n, n.in_synapses = (1) AS one RETURN one",
    "RETURN 'MATCH p = ()' AS text",
]


def words_of(text: str) -> list[str]:
    return [token.text for token in split(text, resolves_escapes=False)[0]]


@pytest.mark.parametrize("text", DEADLY)
def test_paths_through_nodes_of_several_labels_are_refused(text: str) -> None:
    with pytest.raises(QueryRejectedError, match="several labels") as refused:
        refuse_mixed_paths(words_of(text))
    assert ":Neuron" in str(refused.value.hint)


@pytest.mark.parametrize("text", HARMLESS)
def test_other_queries_are_let_through(text: str) -> None:
    refuse_mixed_paths(words_of(text))


def test_our_own_queries_pass() -> None:
    """Saved queries go through the same door when a person pastes them."""
    ours = [q for q in catalog() if "// engine: neo4j" not in (ROOT / q.path).read_text("utf-8")]
    assert len(ours) > 30
    for query in ours:
        refuse_mixed_paths(words_of(query.text_for("ladybug")))


CHAIN = "MATCH (a:Neuron)-[e:CONNECTS* {} 1..3 (r, n | WHERE {})]->(b:Neuron) RETURN b.root_id AS b"
MODES = ["SHORTEST", "ALL SHORTEST", "WSHORTEST(weight)", "ALL WSHORTEST(weight)", "shortest"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("condition", ["n.score > 5", "r.weight > 1 AND `N`.score > 5"])
def test_shortest_paths_with_a_condition_on_nodes_are_refused(mode: str, condition: str) -> None:
    """The engine drops ends that fail it, as the last test of this file shows."""
    with pytest.raises(QueryRejectedError, match="loses paths") as refused:
        refuse_shortest_with_node_filter(words_of(CHAIN.format(mode, condition)))
    assert "least length" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("mode", "condition"),
    [
        *((mode, "r.weight > 1") for mode in MODES),
        *((mode, "r.weight > 1 | {r.weight}, {n.root_id}") for mode in MODES),
        *((mode, "n.score > 5") for mode in ("", "TRAIL", "ACYCLIC")),
    ],
)
def test_the_same_filter_elsewhere_is_let_through(mode: str, condition: str) -> None:
    refuse_shortest_with_node_filter(words_of(CHAIN.format(mode, condition)))


def test_the_engine_still_drops_the_ends(tmp_path: Path) -> None:
    """Chain 1 -> 2 -> 3, only 3 fails the filter, and is an end: it is reached, in every mode.

    Where this fails, the engine was mended: let the form through again.
    """
    chain = pd.DataFrame({"pre": [1, 2], "post": [2, 3], "weight": [3, 3]})
    score = pd.DataFrame({"root_id": [1, 2, 3], "score": [9, 9, 0]})
    path = build_graph(tmp_path, chain, score)
    text = CHAIN.replace(" RETURN", " WHERE a.root_id = 1 RETURN")
    found = {}
    with contextlib.closing(LadybugEngine.open(path)) as engine:
        for mode in ("", "SHORTEST"):
            query = made(text.format(mode, "n.score > 5"))
            found[mode] = sorted(engine.run(query)["b"].to_pylist())
    assert found == {"": [2, 3], "SHORTEST": [2]}


def made(text: str) -> Query:
    return Query(name="made", text=text, columns=(Item("b", "int"),))


GROUPED = "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) RETURN {} ORDER BY b.root_id"
LOSES = [
    "b.root_id, count(DISTINCT a.root_id), sum(c.weight)",
    "count( distinct a ) AS n, count(*) AS m, b.root_id AS k",
    "b.root_id, collect(DISTINCT a.root_id)[1] + sum(c.weight) AS both",
]
KEEPS = [
    "b.root_id, sum(c.weight), count(*), count(DISTINCT a.root_id)",
    "count(DISTINCT a.root_id), sum(c.weight)",
    "b.root_id, count(DISTINCT a), count(DISTINCT b)",
    "b.root_id, count(DISTINCT a) AS n",
    "DISTINCT b.root_id, sum(c.weight), count(*)",
]


def test_sums_after_distinct_values_are_refused() -> None:
    for items in LOSES:
        for text in (GROUPED.format(items), f"MATCH (a) WITH {items} WHERE true RETURN 1"):
            with pytest.raises(QueryRejectedError, match="loses it") as refused:
                refuse_sums_after_distinct(words_of(text))
            assert "last" in str(refused.value.hint)
    for items in KEEPS:
        refuse_sums_after_distinct(words_of(GROUPED.format(items)))


def test_the_engine_still_loses_sums_after_distinct_values(tmp_path: Path) -> None:
    """Two rows of 3 onto neuron 3. Where this fails, the engine was mended: let them through."""
    path = build_graph(tmp_path, pd.DataFrame({"pre": [1, 2], "post": [3, 3], "weight": [3, 3]}))
    last = "b.root_id AS k, sum(c.weight) AS s, count(*) AS m, count(DISTINCT a.root_id) AS n"
    first = "b.root_id AS k, count(DISTINCT a.root_id) AS n, sum(c.weight) AS s, count(*) AS m"
    with contextlib.closing(LadybugEngine.open(path)) as engine:
        right = engine.run_text(GROUPED.format(last).replace("ORDER BY b.root_id", ""))
        assert right.to_pylist() == [{"k": 3, "s": 6, "m": 2, "n": 2}]
        text = GROUPED.format(first).replace("ORDER BY b.root_id", "")
        with pytest.raises(QueryRejectedError, match="loses it"):
            engine.run_text(text)
    with contextlib.closing(ladybug.Database(str(path), read_only=True)) as database:
        wrong = ladybug.Connection(database).execute(text).get_as_arrow()
    assert wrong.to_pylist() == [{"k": 3, "n": 2, "s": None, "m": 0}]
