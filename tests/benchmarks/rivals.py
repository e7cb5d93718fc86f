"""The systems to beat: each holds or reads the same connections, and does no more than is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

if TYPE_CHECKING:
    import numpy.typing as npt

    from loader.sandbox.synthetic import SyntheticBrain

    Ids = npt.NDArray[np.int64]


class InPandas:
    """A table of all connections in memory, filtered."""

    def __init__(self, brain: SyntheticBrain) -> None:
        self.edges = pd.read_parquet(brain.folder / "connections")
        self.neurons = pd.read_parquet(brain.folder / "neurons.parquet")

    def connectivity(self, ids: Ids) -> pd.DataFrame:
        edges = self.edges
        found = edges[edges["pre"].isin(ids) | edges["post"].isin(ids)]
        return found.sort_values(["weight", "pre", "post"], ascending=[False, True, True])

    def adjacency(self, pre: Ids, post: Ids) -> pd.DataFrame:
        edges = self.edges
        found = edges[edges["pre"].isin(pre) & edges["post"].isin(post)]
        wide = found.pivot_table(
            index="pre", columns="post", values="weight", aggfunc="sum", fill_value=0
        )
        return wide.reindex(index=pre, columns=post, fill_value=0)

    def counts(self, ids: Ids) -> pd.DataFrame:
        edges = self.edges
        out = edges[edges["pre"].isin(ids)].groupby("pre")["weight"].agg(["size", "sum"])
        into = edges[edges["post"].isin(ids)].groupby("post")["weight"].agg(["size", "sum"])
        return out.join(into, how="outer", lsuffix="_out", rsuffix="_in").reindex(ids)

    def types(self) -> pd.DataFrame:
        kind = self.neurons.set_index("root_id")["cell_class"]
        pre, post = self.edges["pre"].map(kind), self.edges["post"].map(kind)
        return self.edges.groupby([pre, post])["weight"].agg(["size", "sum"])

    def two_hops(self, root: int) -> int:
        edges = self.edges
        first = edges.loc[edges["pre"] == root, "post"]
        return int(edges.loc[edges["pre"].isin(first), "post"].nunique())


class InDuckDB:
    """SQL over the Parquet files."""

    def __init__(self, brain: SyntheticBrain) -> None:
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute(
            "CREATE VIEW edges AS SELECT * FROM read_parquet("
            f"'{brain.folder / 'connections' / '*.parquet'}')"
        )
        self.connection.execute(
            "CREATE VIEW neurons AS SELECT * FROM read_parquet("
            f"'{brain.folder / 'neurons.parquet'}')"
        )

    def _ask(self, sql: str, *params: object) -> pd.DataFrame:
        return self.connection.execute(sql, list(params)).df()

    def connectivity(self, ids: Ids) -> pd.DataFrame:
        return self._ask(
            "SELECT * FROM edges WHERE pre IN (SELECT unnest($1)) OR post IN (SELECT unnest($1)) "
            "ORDER BY weight DESC, pre, post",
            ids.tolist(),
        )

    def adjacency(self, pre: Ids, post: Ids) -> pd.DataFrame:
        return self._ask(
            "SELECT * FROM edges WHERE pre IN (SELECT unnest($1)) AND post IN (SELECT unnest($2))",
            pre.tolist(),
            post.tolist(),
        )

    def counts(self, ids: Ids) -> pd.DataFrame:
        return self._ask(
            "SELECT pre AS id, 'out' AS way, count(*), sum(weight) FROM edges "
            "WHERE pre IN (SELECT unnest($1)) GROUP BY ALL UNION ALL "
            "SELECT post, 'in', count(*), sum(weight) FROM edges "
            "WHERE post IN (SELECT unnest($1)) GROUP BY ALL",
            ids.tolist(),
        )

    def types(self) -> pd.DataFrame:
        return self._ask(
            "SELECT a.cell_class, b.cell_class, count(*), sum(weight) FROM edges "
            "JOIN neurons a ON a.root_id = pre JOIN neurons b ON b.root_id = post GROUP BY ALL"
        )

    def two_hops(self, root: int) -> int:
        frame = self._ask(
            "SELECT count(DISTINCT post) AS n FROM edges WHERE pre IN "
            "(SELECT post FROM edges WHERE pre = $1)",
            root,
        )
        return int(frame["n"].iloc[0])


class InScipy:
    """Compressed rows and columns in memory: the fastest there is, once it has been built."""

    def __init__(self, brain: SyntheticBrain, edges: pd.DataFrame) -> None:
        frame = pd.read_parquet(brain.folder / "neurons.parquet").sort_values("root_id")
        self.roots = frame["root_id"].to_numpy()
        self.kinds = pd.factorize(frame["cell_class"])[0]
        pre, post = (np.searchsorted(self.roots, edges[side]) for side in ("pre", "post"))
        size = len(self.roots)
        self.rows = sp.csr_array((edges["weight"].to_numpy(), (pre, post)), shape=(size, size))
        self.columns = self.rows.tocsc()

    def _index(self, ids: Ids) -> Any:
        return np.searchsorted(self.roots, ids)

    def connectivity(self, ids: Ids) -> pd.DataFrame:
        index = self._index(ids)
        out, into = self.rows[index].tocoo(), self.columns[:, index].tocoo()
        pre = np.concatenate([ids[out.coords[0]], self.roots[into.coords[0]]])
        post = np.concatenate([self.roots[out.coords[1]], ids[into.coords[1]]])
        found = pd.DataFrame({"pre": pre, "post": post})
        found["weight"] = np.concatenate([out.data, into.data])
        found = found.drop_duplicates(["pre", "post"])
        return found.sort_values(["weight", "pre", "post"], ascending=[False, True, True])

    def adjacency(self, pre: Ids, post: Ids) -> pd.DataFrame:
        part = self.rows[self._index(pre)][:, self._index(post)]
        return pd.DataFrame(part.toarray(), index=pre, columns=post)

    def counts(self, ids: Ids) -> pd.DataFrame:
        index = self._index(ids)
        out, into = self.rows[index], self.columns[:, index]
        return pd.DataFrame(
            {
                "out": np.diff(out.indptr),
                "into": np.diff(into.indptr),
                "out_sum": out.sum(axis=1),
                "into_sum": into.sum(axis=0),
            },
            index=ids,
        )

    def types(self) -> Any:
        size = (len(self.roots), self.kinds.max() + 1)
        kinds = sp.csr_array((np.ones(size[0], int), (np.arange(size[0]), self.kinds)), shape=size)
        return (kinds.T @ (self.rows @ kinds)).toarray()

    def two_hops(self, root: int) -> int:
        first = self.rows[self._index(np.array([root]))].indices
        return len(np.unique(self.rows[first].indices))
