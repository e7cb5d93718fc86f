"""The graph that is explored: the demo's strong connections, in Neo4j and as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

    import neo4j

    from neo4j_server import Neo4jServer

TOKEN = "0123456789abcdef0123456789abcdef"
#: The neuron that the saved queries begin with.
SAMPLE = 576460752732847432


@dataclass(frozen=True)
class Explored:
    """The graph.

    Parameters
    ----------
    folder
        The datastack as the stand-in served it.
    session
        A driver's session: what it answers is compared with what Browser shows.
    connections
        `pre`, `post`, `weight`, without autapses.
    autapses
        By root id.
    """

    folder: Path
    server: Neo4jServer
    session: neo4j.Session
    connections: pd.DataFrame
    autapses: pd.Series

    def rows(self, text: str) -> list[dict[str, Any]]:
        return [dict(record) for record in self.session.run(text)]  # type: ignore[arg-type]

    @property
    def neurons(self) -> pd.DataFrame:
        """All neurons with all their properties, by the driver."""
        found = self.rows("MATCH (n:Neuron) RETURN properties(n) AS n")
        return pd.DataFrame([row["n"] for row in found]).set_index("root_id")


def keep_strong(path: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Leave out connections of fewer than five synapses, but for the sample's.

    Returns
    -------
    connections
        `pre`, `post`, `weight` of what is left, without autapses.
    autapses
        By root id.
    """
    rows = pd.read_parquet(path)
    pre, post = rows["pre_pt_root_id"], rows["post_pt_root_id"]
    weights = rows.groupby(["pre_pt_root_id", "post_pt_root_id"])["id"].transform("size")
    rows = rows[(weights >= 5) | (pre == post) | (pre == SAMPLE) | (post == SAMPLE)]
    rows.to_parquet(path, index=False)
    known = rows[(rows["pre_pt_root_id"] > 1) & (rows["post_pt_root_id"] > 1)]
    counted = known.groupby(["pre_pt_root_id", "post_pt_root_id"]).size()
    table = counted.reset_index().set_axis(["pre", "post", "weight"], axis=1)
    loops = table["pre"] == table["post"]
    return table[~loops].reset_index(drop=True), table[loops].set_index("pre")["weight"]
