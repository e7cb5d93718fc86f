"""Puts a graph into a database by its own driver, past our loader.

A mistake in the loader's writer can so not hide a mistake in the reader.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import graphapi
from graphapi.graph.materialization import Field, Materialization
from graphapi.graph.soundfiles import remember

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import neo4j
    import pandas as pd

    from neo4j_server import Neo4jServer

ANNOTATION_FIELDS = {
    "root_id": "INT64",
    "cell_class": "STRING",
    "side": "STRING",
    "region": "STRING[]",
    "proofread": "BOOL",
    "size_um": "DOUBLE",
}
NEURON_FIELDS = {
    "cell_class": "STRING",
    "in_synapses": "INT64",
    "out_synapses": "INT64",
    "in_partners": "INT64",
    "out_partners": "INT64",
}
_OURS = {
    "INT64": "int",
    "STRING": "string",
    "STRING[]": "list[string]",
    "BOOL": "bool",
    "DOUBLE": "float",
}


def record(neurons: int, connections: int) -> Materialization:
    return Materialization(
        datastack="toy",
        version=7,
        timestamp="2025-06-01T00:00:00+00:00",
        source="files",
        load_id=uuid4().hex,
        loaded_at="2025-06-02T00:00:00+00:00",
        cavegraph_version="test",
        synthetic=True,
        annotation_fields=tuple(Field(n, _OURS[t]) for n, t in ANNOTATION_FIELDS.items()),
        neuron_fields=tuple(Field(n, _OURS[t]) for n, t in NEURON_FIELDS.items()),
        counts={"neurons": neurons, "connections": connections},
    )


def contents(rows: pd.DataFrame, annotations: list[dict[str, Any]]) -> dict[str, list[dict]]:
    """Nodes and edges as plain dictionaries, computed row by row."""
    weights: dict[tuple[int, int], int] = {}
    roots = {int(a["root_id"]) for a in annotations}
    into: dict[int, int] = {}
    out: dict[int, int] = {}
    for pre, post in rows[["pre", "post"]].itertuples(index=False, name=None):
        roots |= {pre, post} - {0}
        if pre == post or 0 in (pre, post):
            continue
        weights[pre, post] = weights.get((pre, post), 0) + 1
        out[pre] = out.get(pre, 0) + 1
        into[post] = into.get(post, 0) + 1
    first: dict[int, str] = {}
    for row in annotations:
        if row.get("cell_class") is not None:
            first.setdefault(row["root_id"], row["cell_class"])
    return {
        "neurons": [
            {
                "root_id": root,
                "cell_class": first.get(root),
                "in_synapses": into.get(root, 0),
                "out_synapses": out.get(root, 0),
                "in_partners": sum(post == root for _, post in weights),
                "out_partners": sum(pre == root for pre, _ in weights),
            }
            for root in sorted(roots)
        ],
        "annotations": [
            {"annotation_id": i, **{name: row.get(name) for name in ANNOTATION_FIELDS}}
            for i, row in enumerate(annotations, 1)
        ],
        "connections": [
            {"pre": pre, "post": post, "weight": weight} for (pre, post), weight in weights.items()
        ],
    }


def into_ladybug(path: Path, content: dict[str, list[dict]]) -> None:
    import ladybug

    database = ladybug.Database(str(path))
    graph = ladybug.Connection(database)
    neuron = ", ".join(f"{name} {kind}" for name, kind in NEURON_FIELDS.items())
    row = ", ".join(f"{name} {kind}" for name, kind in ANNOTATION_FIELDS.items())
    graph.execute(f"CREATE NODE TABLE Neuron(root_id INT64, {neuron}, PRIMARY KEY(root_id))")
    graph.execute(
        f"CREATE NODE TABLE Annotation(annotation_id INT64, {row}, PRIMARY KEY(annotation_id))"
    )
    graph.execute("CREATE REL TABLE CONNECTS(FROM Neuron TO Neuron, weight INT64, size_sum INT64)")
    graph.execute(
        "CREATE NODE TABLE Materialization(load_id STRING, record STRING, status STRING, "
        "PRIMARY KEY(load_id))"
    )
    graph.execute("BEGIN TRANSACTION")  # waits for the disk once, not once a row
    for label, node in (("neurons", "Neuron"), ("annotations", "Annotation")):
        for item in content[label]:
            known = {name: value for name, value in item.items() if value is not None}
            values = ", ".join(f"{name}: ${name}" for name in known)
            graph.execute(f"CREATE (:{node} {{{values}}})", known)
    for edge in content["connections"]:
        graph.execute(
            "MATCH (a:Neuron {root_id: $pre}), (b:Neuron {root_id: $post}) "
            "CREATE (a)-[:CONNECTS {weight: $weight, size_sum: 0}]->(b)",
            edge,
        )
    made = record(len(content["neurons"]), len(content["connections"]))
    graph.execute(
        "CREATE (:Materialization {load_id: $load_id, record: $record, status: 'complete'})",
        {"load_id": made.load_id, "record": json.dumps(asdict(made))},
    )
    graph.execute("COMMIT")
    graph.execute("CHECKPOINT")
    graph.close()
    database.close()
    # It has no more than the questions need, so it would not pass as a whole graph.
    remember(path)


def into_neo4j(uri: str, user: str, password: str, content: dict[str, list[dict]]) -> None:
    import neo4j

    with neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver:
        run = driver.execute_query
        run("MATCH (n) DETACH DELETE n")
        run(
            "CREATE CONSTRAINT cavegraph_neuron IF NOT EXISTS "
            "FOR (n:Neuron) REQUIRE n.root_id IS UNIQUE"
        )
        run("UNWIND $rows AS r CREATE (n:Neuron) SET n = r", rows=content["neurons"])
        run("UNWIND $rows AS r CREATE (n:Annotation) SET n = r", rows=content["annotations"])
        run(
            "UNWIND $rows AS r MATCH (a:Neuron {root_id: r.pre}), (b:Neuron {root_id: r.post}) "
            "CREATE (a)-[:CONNECTS {weight: r.weight, size_sum: 0}]->(b)",
            rows=content["connections"],
        )
        made = record(len(content["neurons"]), len(content["connections"]))
        run(
            "CREATE (:Materialization {load_id: $load_id, record: $record, status: 'complete'})",
            load_id=made.load_id,
            record=json.dumps(asdict(made)),
        )


@contextmanager
def opened(
    content: dict[str, list[dict]], path: Path, server: Neo4jServer | None
) -> Iterator[graphapi.Connectome]:
    """Put a graph into a Neo4j server, or into a file where there is none, and open it."""
    if server is not None:
        into_neo4j(server.uri, server.user, server.password, content)
    else:
        into_ladybug(path, content)
    with _connectome(path, server) as connectome:
        yield connectome


def _connectome(path: Path, server: Neo4jServer | None) -> graphapi.Connectome:
    if server is None:
        return graphapi.Connectome.open(path)
    return graphapi.Connectome.open(server.uri, user=server.user, password=server.password)


class Kept:
    """Graphs that many tests ask for: the same one is put again in the cheapest way.

    A test finds what it would find otherwise. A file is copied; a server is left as it is only if
    each of its nodes and connections reads as it did after they were put.

    Parameters
    ----------
    folder
        Where files go.
    server
        Where graphs go; None for files.
    """

    def __init__(self, folder: Path, server: Neo4jServer | None) -> None:
        self._folder, self._server = folder, server
        self._files: dict[str, Path] = {}
        self._held: tuple[str, list[Any]] = ("", [])

    @contextmanager
    def opened(self, content: dict[str, list[dict]]) -> Iterator[graphapi.Connectome]:
        """Open a graph of its own."""
        path = self._folder / f"{uuid4().hex}.lbug"
        if self._server is None:
            self._copy(content, path)
        else:
            self._put(content, self._server)
        with _connectome(path, self._server) as connectome:
            yield connectome

    def _copy(self, content: dict[str, list[dict]], path: Path) -> None:
        key = repr(content)
        if key not in self._files:
            first = path.with_suffix(".first")
            into_ladybug(first, content)
            self._files[key] = first
        shutil.copy(self._files[key], path)
        remember(path)

    def _put(self, content: dict[str, list[dict]], server: Neo4jServer) -> None:
        import neo4j

        key = repr(content)
        with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
            if key == self._held[0] and _all_of(driver) == self._held[1]:
                return
            into_neo4j(server.uri, server.user, server.password, content)
            small = len(content["connections"]) < 100
            self._held = (key, _all_of(driver)) if small else ("", [])


def _all_of(driver: neo4j.Driver) -> list[Any]:
    """Read all that a database holds."""
    text = (
        "MATCH (n) RETURN elementId(n), labels(n), properties(n), "
        "[(n)-[r]->(m) | [type(r), properties(r), elementId(m)]]"
    )
    held = [record.values() for record in driver.execute_query(text).records]
    indexes = driver.execute_query("SHOW INDEXES YIELD id, name, state").records
    return [held, [record.values() for record in indexes]]
