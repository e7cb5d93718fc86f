"""Queries that would take the whole process down are refused before the engine sees them.

LadybugDB 0.20.4 dies of a segmentation fault on these (seen on a graph with `Annotation` nodes),
so that no test can let it: what is tested is that they are refused, and that their cure is not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from graphapi.engines.ladybugdoor import refuse_mixed_paths
from graphapi.engines.queries import catalog
from graphapi.errors import QueryRejectedError

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


@pytest.mark.parametrize("text", DEADLY)
def test_paths_through_nodes_of_several_labels_are_refused(text: str) -> None:
    with pytest.raises(QueryRejectedError, match="several labels") as refused:
        refuse_mixed_paths(text)
    assert ":Neuron" in str(refused.value.hint)


@pytest.mark.parametrize("text", HARMLESS)
def test_other_queries_are_let_through(text: str) -> None:
    refuse_mixed_paths(text)


def test_our_own_queries_pass() -> None:
    """Saved queries go through the same door when a person pastes them."""
    ours = [q for q in catalog() if "// engine: neo4j" not in (ROOT / q.path).read_text("utf-8")]
    assert len(ours) > 30
    for query in ours:
        refuse_mixed_paths(query.text_for("ladybug"))
