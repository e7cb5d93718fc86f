"""Random graphs with awkward ids."""

from __future__ import annotations

import random

import pandas as pd

BASE = 576460752700000000


def random_graph(size: int, density: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Neurons with fields that have gaps, and connections with weights."""
    rng = random.Random(seed)  # noqa: S311 - a graph, not a secret
    ids = rng.sample(range(BASE, BASE + 1000), size)
    neurons = pd.DataFrame(
        {
            "root_id": ids,
            "kind": [rng.choice(["KC", "PN", "MBON", None]) for _ in ids],
            "side": [rng.choice(["left", "right"]) for _ in ids],
            "size": pd.array([rng.choice([1, 2, 3, None]) for _ in ids], "Int64"),
            "tags": [rng.choice([["a"], ["a", "b"], [], None]) for _ in ids],
            "ok": [rng.choice([True, False, None]) for _ in ids],
        }
    )
    rows = [
        (a, b, rng.randint(1, 9), rng.randint(1, 50))
        for a in ids
        for b in ids
        if a != b and rng.random() < density
    ]
    connections = pd.DataFrame(rows, columns=["pre", "post", "weight", "size_sum"]).astype("int64")
    return neurons, connections


def edge_set(connections: pd.DataFrame) -> frozenset[tuple[int, int]]:
    return frozenset(connections[["pre", "post"]].itertuples(index=False, name=None))
