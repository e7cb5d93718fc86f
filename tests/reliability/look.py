"""What a graph holds, or that nobody may read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.engines import open_engine
from graphapi.errors import GraphIncompleteError, GraphNotFoundError
from graphapi.graph.materialization import read_materialization
from loader import verify_graph

from .world import Truth

if TYPE_CHECKING:
    from graphapi.engines.base import Engine

_EDGES = (
    "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) "
    "RETURN a.root_id AS pre, b.root_id AS post, c.weight AS w, c.size_sum AS s"
)
_TOTALS = (
    "MATCH (n:Neuron) RETURN n.root_id AS r, n.in_synapses AS a, n.out_synapses AS b, "
    "n.in_partners AS c, n.out_partners AS d, n.autapses AS e"
)
_ANNOTATIONS = (
    "MATCH (a:Annotation) OPTIONAL MATCH (a)-[:ANNOTATES]->(n:Neuron) "
    "RETURN a.annotation_table AS t, a.id AS i, n.root_id AS r ORDER BY a.annotation_id"
)


def look(place: str, *, verified: bool = False) -> tuple[str, Truth | None]:
    """Read a graph as a stranger would, by Cypher of our own.

    Returns
    -------
    state
        `nothing`, `incomplete` (there is one that must not be read) or the datastack and
        version that it says it is.
    held
        What it holds; None where it cannot be read.
    """
    try:
        engine = open_engine(place)
    except GraphNotFoundError:
        return "nothing", None
    try:
        record = read_materialization(engine)
        if verified:
            verify_graph(engine).raise_if_wrong()
        return f"{record.datastack} {record.version}", _held(engine)
    except GraphIncompleteError:
        return "incomplete", None
    finally:
        engine.close()


def _held(engine: Engine) -> Truth:
    edges = engine.run_text(_EDGES).to_pylist()
    totals = engine.run_text(_TOTALS).to_pylist()
    rows = engine.run_text(_ANNOTATIONS).to_pylist()
    held = Truth(
        {(e["pre"], e["post"]): (e["w"], e["s"]) for e in edges},
        {t["r"]: tuple(t[name] for name in "abcde") for t in totals},
        [(row["t"], row["i"], row["r"]) for row in rows],
    )
    if len(held.edges) != len(edges) or len(held.totals) != len(totals):
        raise AssertionError(f"{engine.uri} holds a connection or neuron twice")
    return held
