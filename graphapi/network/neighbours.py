"""Partner lists of each neuron, both directions in one, and the triangles in them.

Every triad with two or more connected pairs is a wedge (a neuron and two of its partners) or a
triangle. Wedges are counted from degrees; only triangles are searched for, each once: lists are
cut to partners of higher degree, and none is longer than sqrt(2 m).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphapi.common.threads import Stop, in_order
from graphapi.network.triads import BOTH, IN, OUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphapi.network.graph import DirectedGraph

Ints = npt.NDArray[np.int64]

#: Look-ups in one piece of work: a few tenths of a second.
_STEPS = 20_000_000


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Partner lists of a graph with n neurons and p connected pairs.

    Parameters
    ----------
    ptr
        int64, (n + 1,): where each list starts.
    idx
        int32, (2 p,): partners, sorted.
    code
        uint8, (2 p,): `OUT`, `IN` or `BOTH`, as seen from the list's neuron.
    weight_out, weight_in
        int64, (2 p,): weight to and from the partner; 0 without a connection.
    """

    ptr: Ints
    idx: npt.NDArray[np.int32]
    code: npt.NDArray[np.uint8]
    weight_out: Ints
    weight_in: Ints

    @classmethod
    def of(cls, graph: DirectedGraph) -> Neighbours:
        """Make the lists of a graph."""
        from graphapi.network.census_kernel import merge_neighbours

        out, into = graph.matrix, graph.matrix.tocsc()
        lists = [
            np.ascontiguousarray(array, dtype=kind)
            for array, kind in (
                (out.indptr, np.int64),
                (out.indices, np.int32),
                (into.indptr, np.int64),
                (into.indices, np.int32),
            )
        ]
        ptr = np.zeros(graph.n + 1, dtype=np.int64)

        def merged(size: int) -> list[Any]:
            kinds = (np.int32, np.uint8, np.int64, np.int64)
            arrays = [np.empty(size, dtype=kind) for kind in kinds]
            merge_neighbours(graph.n, *lists, ptr, *arrays)
            return arrays

        merged(0)
        idx, code, from_out, from_in = merged(int(ptr[-1]))
        return cls(ptr, idx, code, _taken(out.data, from_out), _taken(into.data, from_in))

    @property
    def n(self) -> int:
        """Number of neurons."""
        return int(self.ptr.size - 1)

    @property
    def degrees(self) -> Ints:
        """Number of partners that are only downstream, only upstream, and both: int64, (n, 3)."""
        owner = np.repeat(np.arange(self.n), np.diff(self.ptr))
        place = owner * 3 + (self.code.astype(np.int64) - 1)
        return np.bincount(place, minlength=3 * self.n).reshape(self.n, 3).astype(np.int64)

    def sums_over(self, code: int, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Add up, for each neuron, `values` (shape (n, k)) of its partners of one kind."""
        from scipy.sparse import csr_array

        is_kind = (self.code == code).astype(values.dtype)
        matrix = csr_array((is_kind, self.idx, self.ptr), shape=(self.n, self.n))
        return np.asarray(matrix @ values)


@dataclass(frozen=True, eq=False)
class UpwardLists:
    """Partner lists cut to partners of higher degree; neurons are numbered by degree.

    Parameters
    ----------
    order
        int64, (n,): the neuron of each rank.
    ptr, idx, code
        Lists as in `Neighbours`, of ranks and by rank.
    place
        int64, (p,): where each entry stands in `Neighbours`.
    """

    order: Ints
    ptr: Ints
    idx: npt.NDArray[np.int32]
    code: npt.NDArray[np.uint8]
    place: Ints

    @classmethod
    def of(cls, lists: Neighbours) -> UpwardLists:
        """Cut the lists."""
        from graphapi.network.census_kernel import point_upwards

        n, pairs = lists.n, lists.idx.size // 2
        order = np.argsort(np.diff(lists.ptr), kind="stable")
        rank = np.empty(n, dtype=np.int64)
        rank[order] = np.arange(n)
        ptr = np.zeros(n + 1, dtype=np.int64)
        idx = np.empty(pairs, dtype=np.int32)
        code = np.empty(pairs, dtype=np.uint8)
        place = np.empty(pairs, dtype=np.int64)
        point_upwards(n, order, rank, lists.ptr, lists.idx, lists.code, ptr, idx, code, place)
        return cls(order, ptr, idx, code, place)

    def pieces(self) -> list[tuple[int, int]]:
        """Cut the ranks into ranges of about equal work."""
        from graphapi.network.census_kernel import steps_of

        n = self.order.size
        steps = np.empty(n, dtype=np.int64)
        steps_of(n, self.ptr, self.idx, steps)
        total = np.cumsum(steps)
        number = int(total[-1] // _STEPS) + 1 if n else 0
        cuts = np.searchsorted(total, np.arange(1, number) * (total[-1] / number)) if n else []
        bounds = np.unique(np.concatenate([[0], cuts, [n]]).astype(np.int64)).tolist()
        return list(pairwise(bounds))

    def each_piece(
        self,
        workers: int,
        new: Callable[[], tuple[Any, ...]],
        visit: Callable[[int, int, npt.NDArray[np.uint8], Any], None],
        stop: Stop | None = None,
    ) -> tuple[Any, ...]:
        """Visit all pieces on threads, each with its own arrays; return the sums of the arrays.

        Parameters
        ----------
        workers
            Largest number of threads.
        new
            Makes the arrays that a thread counts in.
        visit
            Called with a range of ranks, an array of marks by rank (all 0, before and after)
            and the thread's arrays.
        stop
            Checked before each piece.
        """
        pieces = self.pieces()
        take = count()  # next() on it is atomic
        ours = Stop(within=stop)

        def work(_: int) -> tuple[Any, ...]:
            mark, mine = np.zeros(self.order.size, dtype=np.uint8), new()
            while (which := next(take)) < len(pieces):
                ours.check()
                visit(*pieces[which], mark, mine)
            return mine

        threads = max(1, min(workers, len(pieces)))
        parts = list(in_order(work, range(threads), at_once=threads, stop=ours))
        return tuple(sum(arrays[1:], start=arrays[0]) for arrays in zip(*parts, strict=True))


def seen_from_other(code: int) -> int:
    """Return a pair's code as seen from its other end."""
    return {0: 0, OUT: IN, IN: OUT, BOTH: BOTH}[code]


def _taken(data: Ints, places: Ints) -> Ints:
    values = np.zeros(places.size, dtype=np.int64)
    there = places >= 0
    values[there] = data[places[there]]
    return values
