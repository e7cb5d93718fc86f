"""What a load must come to, in plain pandas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Expected:
    edges: dict[tuple[int, int], tuple[int, int]]
    totals: dict[int, tuple[int, int, int, int, int]]


def expected(rows: pd.DataFrame, known: set[int], *, weighted: bool) -> Expected:
    """`pre`, `post` and `weight` or `size`; rows that count only. Totals: in, out synapses,
    in, out partners, autapses."""
    frame = rows.copy()
    frame["w"] = frame["weight"] if weighted else 1
    frame["s"] = frame.get("size", 0)
    frame = frame[frame["w"] > 0]
    pairs = frame.groupby(["pre", "post"])[["w", "s"]].sum()
    edges, totals = {}, {}

    def total(root: int) -> list[int]:
        return totals.setdefault(root, [0, 0, 0, 0, 0])

    for root in known:
        total(root)
    for (pre, post), (w, s) in zip(pairs.index, pairs.to_numpy(), strict=True):
        if pre == post:
            total(pre)[4] += int(w)
            continue
        edges[int(pre), int(post)] = (int(w), int(s))
        total(pre)[1] += int(w)
        total(pre)[3] += 1
        total(post)[0] += int(w)
        total(post)[2] += 1
    return Expected(edges, {int(k): tuple(v) for k, v in totals.items()})
