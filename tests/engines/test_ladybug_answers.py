"""Multi-hop and cyclic patterns on random graphs: the embedded engine against DuckDB.

This test is why `ladybug` is pinned (docs/decisions/0003): 0.22.0 fails it, 0.20.4 passes.
Raise the pin only when the new version passes with every size and seed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import ladybug
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [(300, 6_000), (3_000, 90_000), (12_000, 240_000)]
WEIGHTS = [1, 3, 5]

CYPHER = {
    "two_hop": """MATCH (a:N)-[x:C]->(b:N) MATCH (b)-[y:C]->(c:N)
        WHERE x.weight >= $w AND y.weight >= $w AND a.id < 40 AND a.id <> c.id
        RETURN count(DISTINCT c.id)""",
    "reciprocal": """MATCH (a:N)-[x:C]->(b:N) MATCH (b)-[y:C]->(a)
        WHERE a.id < b.id AND x.weight >= $w AND y.weight >= $w RETURN count(*)""",
    "feed_forward": """MATCH (a:N)-[x:C]->(b:N) MATCH (b)-[y:C]->(c:N) MATCH (a)-[z:C]->(c)
        WHERE x.weight >= $w AND y.weight >= $w AND z.weight >= $w RETURN count(*)""",
    "three_cycle": """MATCH (a:N)-[x:C]->(b:N) MATCH (b)-[y:C]->(c:N) MATCH (c)-[z:C]->(a)
        WHERE x.weight >= $w AND y.weight >= $w AND z.weight >= $w
        AND a.id < b.id AND a.id < c.id RETURN count(*)""",
    "bi_fan": """MATCH (a:N)-[x:C]->(c:N) MATCH (a)-[y:C]->(d:N) MATCH (b:N)-[u:C]->(c)
        MATCH (b)-[v:C]->(d) WHERE a.id < 60 AND a.id < b.id AND c.id < d.id
        AND x.weight >= $w AND y.weight >= $w AND u.weight >= $w AND v.weight >= $w
        RETURN count(*)""",
    "not_exists": """MATCH (a:N)-[x:C]->(b:N) WHERE x.weight >= $w
        AND NOT EXISTS { MATCH (b)-[y:C]->(a) WHERE y.weight >= $w } RETURN count(*)""",
}
SQL = {
    "two_hop": """SELECT count(DISTINCT y.post) FROM e x JOIN e y ON x.post = y.pre
        WHERE x.weight >= $w AND y.weight >= $w AND x.pre < 40 AND x.pre <> y.post""",
    "reciprocal": """SELECT count(*) FROM e x JOIN e y ON x.post = y.pre AND y.post = x.pre
        WHERE x.pre < x.post AND x.weight >= $w AND y.weight >= $w""",
    "feed_forward": """SELECT count(*) FROM e x JOIN e y ON x.post = y.pre
        JOIN e z ON z.pre = x.pre AND z.post = y.post
        WHERE x.weight >= $w AND y.weight >= $w AND z.weight >= $w""",
    "three_cycle": """SELECT count(*) FROM e x JOIN e y ON x.post = y.pre
        JOIN e z ON z.pre = y.post AND z.post = x.pre
        WHERE x.weight >= $w AND y.weight >= $w AND z.weight >= $w
        AND x.pre < x.post AND x.pre < y.post""",
    "bi_fan": """SELECT count(*) FROM e x JOIN e y ON x.pre = y.pre AND x.post < y.post
        JOIN e u ON u.post = x.post AND u.pre > x.pre JOIN e v ON v.pre = u.pre AND v.post = y.post
        WHERE x.pre < 60 AND x.weight >= $w AND y.weight >= $w AND u.weight >= $w
        AND v.weight >= $w""",
    "not_exists": """SELECT count(*) FROM e x WHERE x.weight >= $w AND NOT EXISTS
        (SELECT 1 FROM e y WHERE y.pre = x.post AND y.post = x.pre AND y.weight >= $w)""",
}
CLASS_CYPHER = """MATCH (a:N)-[x:C]->(b:N) WHERE x.weight >= $w
    RETURN a.class AS pre, b.class AS post, sum(x.weight) AS weight ORDER BY pre, post"""
CLASS_SQL = """SELECT a.class, b.class, sum(weight) FROM e JOIN n a ON e.pre = a.id
    JOIN n b ON e.post = b.id WHERE weight >= $w GROUP BY 1, 2 ORDER BY 1, 2"""


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """The same random graph in both databases; heavy-tailed, without self edges."""
    nodes, edges = request.param
    folder: Path = tmp_path_factory.mktemp("answers")
    rng = np.random.default_rng(nodes)
    pre = ((1 - rng.power(2.0, edges)) * nodes).astype(np.int64)
    post = ((1 - rng.power(1.5, edges)) * nodes).astype(np.int64)
    key = np.unique(pre[pre != post] * nodes + post[pre != post])
    weight = rng.geometric(0.35, len(key))
    table = pa.table({"pre": key // nodes, "post": key % nodes, "weight": weight})
    people = pa.table({"id": np.arange(nodes), "class": [f"k{i % 7}" for i in range(nodes)]})
    pq.write_table(table, folder / "e.parquet")
    pq.write_table(people, folder / "n.parquet")

    database = ladybug.Database(str(folder / "g.lbug"))
    graph = ladybug.Connection(database)
    graph.execute("CREATE NODE TABLE N(id INT64, class STRING, PRIMARY KEY(id))")
    graph.execute("CREATE REL TABLE C(FROM N TO N, weight INT64)")
    graph.execute(f"COPY N FROM '{folder / 'n.parquet'}'")
    graph.execute(f"COPY C FROM '{folder / 'e.parquet'}'")

    tables = duckdb.connect()
    tables.register("e", table)
    tables.register("n", people)
    yield graph, tables
    graph.close()
    database.close()


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("pattern", sorted(CYPHER))
def test_pattern_counts(both, pattern: str, weight: int) -> None:
    graph, tables = both
    expected = tables.execute(SQL[pattern], {"w": weight}).fetchone()[0]
    assert expected > 0
    answer = graph.execute(CYPHER[pattern], {"w": weight}).get_next()[0]
    assert answer == expected


@pytest.mark.parametrize("weight", WEIGHTS)
def test_class_sums(both, weight: int) -> None:
    graph, tables = both
    expected = [tuple(r) for r in tables.execute(CLASS_SQL, {"w": weight}).fetchall()]
    answer = graph.execute(CLASS_CYPHER, {"w": weight}).get_all()
    assert [(a, b, int(w)) for a, b, w in answer] == expected
