"""What a graph holds, asked by Cypher of our own, not by the query files."""

from __future__ import annotations

from typing import Any

from graphapi.engines import open_engine

TOTALS = ("in_synapses", "out_synapses", "in_partners", "out_partners", "autapses")


def edges(uri: str) -> dict[tuple[int, int], tuple[int, int]]:
    rows = ask(
        uri,
        "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) "
        "RETURN a.root_id AS pre, b.root_id AS post, c.weight AS w, c.size_sum AS s",
    )
    assert len({(r["pre"], r["post"]) for r in rows}) == len(rows)
    return {(r["pre"], r["post"]): (r["w"], r["s"]) for r in rows}


def totals(uri: str) -> dict[int, tuple[int, ...]]:
    rows = ask(
        uri,
        "MATCH (n:Neuron) RETURN n.root_id AS root_id, "
        + ", ".join(f"n.{name} AS {name}" for name in TOTALS),
    )
    assert len({r["root_id"] for r in rows}) == len(rows)
    return {r["root_id"]: tuple(r[name] for name in TOTALS) for r in rows}


def annotations(uri: str, fields: list[str]) -> list[dict[str, Any]]:
    return ask(
        uri,
        "MATCH (a:Annotation) OPTIONAL MATCH (a)-[:ANNOTATES]->(n:Neuron) "
        "RETURN a.annotation_id AS annotation_id, a.root_id AS root_id, n.root_id AS attached, "
        + ", ".join(f"a.`{name}` AS `{name}`" for name in fields)
        + " ORDER BY annotation_id",
    )


def neurons(uri: str, fields: list[str]) -> dict[int, dict[str, Any]]:
    rows = ask(
        uri,
        "MATCH (n:Neuron) RETURN n.root_id AS root_id, "
        + ", ".join(f"n.`{name}` AS `{name}`" for name in fields),
    )
    return {r.pop("root_id"): r for r in rows}


def ask(uri: str, text: str) -> list[dict[str, Any]]:
    engine = open_engine(str(uri))
    try:
        return engine.run_text(text).to_pylist()
    finally:
        engine.close()
