"""The bare queries: what a person writes against each engine's own driver, with nothing of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    Ids = npt.NDArray[np.int64]

_COLUMNS = "RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight"
_OUT = f"MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) WHERE a.root_id IN $ids {_COLUMNS}"
_IN = f"MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) WHERE b.root_id IN $ids {_COLUMNS}"
_BETWEEN = (
    "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) WHERE a.root_id IN $pre AND b.root_id IN $post "
    f"{_COLUMNS}"
)
_ONE_OUT = f"MATCH (a:Neuron {{root_id: $id}})-[c:CONNECTS]->(b:Neuron) {_COLUMNS}"
_ONE_IN = f"MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron {{root_id: $id}}) {_COLUMNS}"
_COUNTS = (
    "MATCH (n:Neuron) WHERE n.root_id IN $ids RETURN n.root_id AS root_id, n.in_partners AS i, "
    "n.out_partners AS o, n.in_synapses AS si, n.out_synapses AS so"
)
_TYPES = (
    "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) RETURN a.cell_class AS pre, b.cell_class AS post, "
    "count(*) AS connections, sum(c.weight) AS synapses"
)
_TWO_HOPS = (
    "MATCH (a:Neuron {root_id: $id})-[:CONNECTS]->(:Neuron)-[:CONNECTS]->(c:Neuron) "
    "RETURN count(DISTINCT c.root_id) AS n"
)


class BareLadybug:
    """The embedded engine's own package; answers as Arrow, then pandas."""

    def __init__(self, path: Path) -> None:
        import ladybug

        self.database = ladybug.Database(str(path), read_only=True)
        self.graph = ladybug.Connection(self.database)

    def ask(self, text: str, **params: object) -> pd.DataFrame:
        result = self.graph.execute(text, params)
        return result.get_as_arrow().to_pandas()  # type: ignore[union-attr]

    def connectivity(self, ids: Ids) -> pd.DataFrame:
        if len(ids) == 1:
            parts = [self.ask(text, id=int(ids[0])) for text in (_ONE_OUT, _ONE_IN)]
        else:
            parts = [self.ask(text, ids=ids.tolist()) for text in (_OUT, _IN)]
        return pd.concat(parts)

    def adjacency(self, pre: Ids, post: Ids) -> pd.DataFrame:
        return self.ask(_BETWEEN, pre=pre.tolist(), post=post.tolist())

    def counts(self, ids: Ids) -> pd.DataFrame:
        return self.ask(_COUNTS, ids=ids.tolist())

    def types(self) -> pd.DataFrame:
        return self.ask(_TYPES)

    def two_hops(self, root: int) -> pd.DataFrame:
        return self.ask(_TWO_HOPS, id=root)

    def close(self) -> None:
        self.graph.close()
        self.database.close()


class BareNeo4j:
    """Neo4j's driver by its own short form, `execute_query`; answers as records, then pandas."""

    def __init__(self, uri: str, user: str, password: str) -> None:
        import neo4j

        self.driver = neo4j.GraphDatabase.driver(uri, auth=(user, password))

    def ask(self, text: str, **params: Any) -> pd.DataFrame:
        records, _, keys = self.driver.execute_query(text, params, routing_="r", database_="neo4j")
        return pd.DataFrame([record.values() for record in records], columns=list(keys))

    connectivity = BareLadybug.connectivity
    adjacency = BareLadybug.adjacency
    counts = BareLadybug.counts
    types = BareLadybug.types
    two_hops = BareLadybug.two_hops

    def close(self) -> None:
        self.driver.close()
