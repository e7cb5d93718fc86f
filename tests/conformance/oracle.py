"""The right answers, in plain pandas and networkx, from synapse rows.

Nothing of graphapi or of any query is used here.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import pandas as pd


@dataclass(frozen=True)
class Oracle:
    """Answers from synapse rows `pre`, `post` (0 is background)."""

    rows: pd.DataFrame

    def connections(self, threshold: int = 1) -> pd.DataFrame:
        real = self.rows[(self.rows.pre != 0) & (self.rows.post != 0)]
        real = real[real.pre != real.post]
        pairs = real.groupby(["pre", "post"]).size().rename("weight").reset_index()
        return pairs[pairs.weight >= threshold]

    def connectivity(
        self, ids: list[int], upstream: bool, downstream: bool, threshold: int
    ) -> list[tuple[int, int, int]]:
        pairs = self.connections(threshold)
        keep = pd.Series(False, index=pairs.index)
        if downstream:
            keep |= pairs.pre.isin(ids)
        if upstream:
            keep |= pairs.post.isin(ids)
        found = pairs[keep].itertuples(index=False, name=None)
        return sorted(found, key=lambda c: (-c[2], c[0], c[1]))

    def adjacency(
        self, pre: list[int] | None, post: list[int] | None, threshold: int, symmetric: bool
    ) -> pd.DataFrame:
        pairs = self.connections(threshold)
        if pre is not None:
            pairs = pairs[pairs.pre.isin(pre)]
        if post is not None:
            pairs = pairs[pairs.post.isin(post)]
        rows = sorted(set(pairs.pre if pre is None else pre))
        columns = sorted(set(pairs.post if post is None else post))
        if symmetric:
            rows = columns = sorted({*rows, *columns})
        wide = pairs.pivot_table(index="pre", columns="post", values="weight", aggfunc="sum")
        wide = wide.reindex(index=rows, columns=columns).fillna(0).astype("int64")
        return wide.rename_axis(index=None, columns=None)

    def counts(self, ids: list[int], threshold: int) -> list[tuple[int, int, int, int]]:
        pairs = self.connections(threshold)
        answers = []
        for root in ids:
            out, into = pairs[pairs.pre == root], pairs[pairs.post == root]
            answers.append((len(out), len(into), int(out.weight.sum()), int(into.weight.sum())))
        return answers

    def graph(self, threshold: int = 1) -> nx.DiGraph:
        made = nx.DiGraph()
        made.add_nodes_from(self.nodes())
        made.add_weighted_edges_from(self.connections(threshold).itertuples(index=False, name=None))
        return made

    def nodes(self) -> list[int]:
        return sorted((set(self.rows.pre) | set(self.rows.post)) - {0})
