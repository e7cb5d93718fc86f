"""Path lengths: the fewest connections that lead from one neuron to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.threads import Stop, in_order, worker_count
from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    import pandas as pd

    from graphapi.network.graph import DirectedGraph

    Ints = npt.NDArray[np.int64]

#: Connections looked at in one piece of work: a few tenths of a second.
_STEPS = 30_000_000


@dataclass(frozen=True, eq=False)
class PathLengths:
    """How far neurons are from one another, in connections.

    Parameters
    ----------
    counts
        int64: `counts[d]` ordered pairs are at distance d; `counts[0]` is 0.
    sources
        Number of neurons that paths start from.
    neurons
        Number of neurons in the graph; more than `sources` for a sample.
    directed
        Whether paths follow the direction of connections.
    """

    counts: Ints
    sources: int
    neurons: int
    directed: bool

    @property
    def sampled(self) -> bool:
        """Whether paths start from only some neurons."""
        return self.sources < self.neurons

    @property
    def reached(self) -> int:
        """Number of ordered pairs with a path from the first to the second."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Mean distance of the pairs with a path; NaN if there is none."""
        if not self.reached:
            return float("nan")
        return float(self.counts @ np.arange(self.counts.size)) / self.reached

    @property
    def longest(self) -> int:
        """Largest distance; the diameter, if paths start from all neurons."""
        return int(self.counts.nonzero()[0].max(initial=0))

    @property
    def reached_share(self) -> float:
        """Share of the ordered pairs with a path; NaN without pairs."""
        pairs = self.sources * (self.neurons - 1)
        return self.reached / pairs if pairs else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """Return `pairs` (int64) by `distance`, from 1 up."""
        import pandas as pd

        return pd.DataFrame(
            {"pairs": self.counts[1:]},
            index=pd.RangeIndex(1, max(1, self.counts.size), name="distance"),
        )


def path_lengths(
    graph: DirectedGraph,
    *,
    directed: bool = True,
    sample: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    on_done: Callable[[int], None] | None = None,
    stop: Stop | None = None,
) -> PathLengths:
    """Measure the shortest paths from all neurons, or a sample of them, to all neurons.

    Parameters
    ----------
    graph
        Any graph.
    directed
        Follow the direction of connections.
    sample
        Number of neurons to start from, drawn at random; None for all, which is exact. So is a
        sample of as many neurons as there are, or more.
    seed
        Seed of the sample.
    workers, stop
        See `triad_census`.
    on_done
        Called after each piece of work with the number of sources done.

    Raises
    ------
    InputError
        The sample is below 1.
    """
    if sample is not None and sample < 1:
        raise InputError(f"path lengths: a sample of {sample}", hint="pass 1 or more, or None")
    sources = np.arange(graph.n, dtype=np.int64)
    if sample is not None and sample < graph.n:
        sources = np.sort(np.random.default_rng(seed).choice(sources, sample, replace=False))
    matrix = graph.matrix if directed else (graph.matrix + graph.matrix.T).tocsr()
    indptr = matrix.indptr.astype(np.int64)
    indices = matrix.indices.astype(np.int32)
    size = max(1, _STEPS // max(1, matrix.nnz))
    pieces = [sources[at : at + size] for at in range(0, sources.size, size)]
    ours = Stop(within=stop)

    def work(piece: Ints) -> Ints:
        from graphapi.network.census_kernel import count_distances

        ours.check()
        counts = np.zeros(graph.n + 1, dtype=np.int64)
        seen = np.full(graph.n, -1, dtype=np.int64)
        count_distances(piece, indptr, indices, seen, np.empty(graph.n, np.int64), counts)
        return counts

    total = np.zeros(graph.n + 1, dtype=np.int64)
    parts = in_order(work, pieces, at_once=worker_count(workers), stop=ours)
    for piece, counts in zip(pieces, parts, strict=True):
        total += counts
        if on_done:
            on_done(piece.size)
    end = int(total.nonzero()[0].max(initial=0)) + 1
    return PathLengths(total[:end], int(sources.size), graph.n, directed)
