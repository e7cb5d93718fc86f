"""Answer questions about many neurons from the whole-graph matrix, without asking the database.

The answers are those of the graph, in the same order: rows and columns of the matrix are in the
order of root ids, so its connections are in the order of pre, then post.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphapi.graph.results import Connections

if TYPE_CHECKING:
    import numpy.typing as npt
    import scipy.sparse as sp

    from graphapi.ids import IdArray

#: The index of the graph finds the connections of fewer neurons as fast.
FEWEST = 20
#: Connections that are read in the time in which the index finds those of one neuron.
_READ_PER_NEURON = 800_000
_PIECE = 65_536


@dataclass(frozen=True)
class HeldMatrix:
    """All connections of a graph that have a smallest weight, in memory or mapped from disk.

    Attributes
    ----------
    roots
        Root ids of rows (pre) and columns (post), sorted.
    matrix
        Weights, with sorted indices.
    threshold
        Smallest weight of the connections.
    """

    roots: IdArray
    matrix: sp.csr_array
    threshold: int

    def between(
        self, threshold: int, pre: IdArray | None, post: IdArray | None
    ) -> Connections | None:
        """Return the connections from some neurons to others; None if the index is faster.

        Parameters
        ----------
        threshold
            Smallest weight, at least that of the matrix.
        pre, post
            Distinct root ids; None for all neurons, but not both. Unknown ones have no connection.

        Returns
        -------
        Connections or None
            Sorted by weight, largest first, then pre, then post.
        """
        if pre is None:
            if post is None or not self._is_worth_reading(post):
                return None
            return self._sorted(np.flatnonzero(self._are_columns(post)), threshold)
        at = self._of_rows(pre)
        if post is not None:
            at = at[self._chosen(post)[self.matrix.indices[at]]]
        return self._sorted(at, threshold)

    def around(self, threshold: int, neuron_ids: IdArray) -> Connections | None:
        """Return all connections from and onto some neurons, each once; see `between`."""
        if not self._is_worth_reading(neuron_ids):
            return None
        found = self._are_columns(neuron_ids)
        found[self._of_rows(neuron_ids)] = True
        return self._sorted(np.flatnonzero(found), threshold)

    def _is_worth_reading(self, neuron_ids: IdArray) -> bool:
        """Return whether to pass over all connections, to find those onto some neurons."""
        return len(neuron_ids) >= max(FEWEST, int(self.matrix.nnz) // _READ_PER_NEURON)

    def _chosen(self, neuron_ids: IdArray) -> npt.NDArray[np.bool_]:
        chosen = np.zeros(self.roots.size, dtype=np.bool_)
        chosen[places_among(self.roots, neuron_ids)] = True
        return chosen

    def _are_columns(self, neuron_ids: IdArray) -> npt.NDArray[np.bool_]:
        """Return for each connection whether it is onto one of the neurons."""
        chosen, columns = self._chosen(neuron_ids), self.matrix.indices
        found = np.empty(columns.size, dtype=np.bool_)
        # in pieces, because numpy first converts the indices; they are valid, so nothing is clipped
        for start in range(0, columns.size, _PIECE):
            piece = slice(start, start + _PIECE)
            chosen.take(columns[piece], out=found[piece], mode="clip")
        return found

    def _of_rows(self, neuron_ids: IdArray) -> npt.NDArray[np.int64]:
        """Return the places of the connections from some neurons; sorted."""
        rows = places_among(self.roots, neuron_ids)
        starts = self.matrix.indptr[rows].astype(np.int64)
        sizes = self.matrix.indptr[rows + 1] - starts
        before = np.cumsum(sizes) - sizes
        return np.repeat(starts - before, sizes) + np.arange(sizes.sum())

    def _sorted(self, at: npt.NDArray[np.int64], threshold: int) -> Connections:
        weights = self.matrix.data[at]
        if threshold > self.threshold:
            kept = weights >= threshold
            at, weights = at[kept], weights[kept]
        pre = self.roots[np.searchsorted(self.matrix.indptr, at, side="right") - 1]
        post = self.roots[self.matrix.indices[at]]
        order = _heaviest_first(weights)
        return Connections(pre[order], post[order], weights[order])


def places_among(roots: IdArray, neuron_ids: IdArray) -> npt.NDArray[np.intp]:
    """Return the places of neurons in sorted root ids, without those that are not there; sorted."""
    if not roots.size:
        return np.array([], dtype=np.intp)
    places = np.minimum(roots.searchsorted(neuron_ids), roots.size - 1)
    return np.sort(places[roots[places] == neuron_ids])


def _heaviest_first(weights: IdArray) -> npt.NDArray[np.intp]:
    """Return the order of weights, largest first; equal ones stay in their order."""
    if not weights.size:
        return np.array([], dtype=np.intp)
    below = weights.max() - weights
    # numpy sorts 16-bit numbers by counting, ten times as fast
    return np.argsort(below.astype(np.uint16) if below.max() < 1 << 16 else below, kind="stable")
