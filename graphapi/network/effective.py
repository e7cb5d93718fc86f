"""Effective connectivity: products of shares of input, summed over all walks of a given length.

The share of input of a connection is its weight divided by all synapses that the postsynaptic
neuron receives. Multiplied along a walk and summed over all walks of some hops, it is the share of
a neuron's input that comes from another neuron that many hops upstream. The matrix of all pairs is
never built: only rows of the sources, or columns of the targets, are carried along.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphapi.common.threads import Stop
    from graphapi.network.passing import Floats

Ints = npt.NDArray[np.int64]

#: Numbers carried along at once: 128 MB.
_CELLS = 16_000_000


def effective_by_hop(
    shares: Any, sources: Any, targets: Any, hops: int, stop: Stop | None = None
) -> Iterator[Floats]:
    """Yield the effective connectivity from sources to targets, for 1 hop, 2 hops, and so on.

    Parameters
    ----------
    shares
        CSR matrix (n, n) of shares of input, rows pre, columns post; see `passed_on`.
    sources
        CSR matrix (k, n): the weight of each neuron in each source.
    targets
        CSR matrix (m, n): the weight of each neuron in each target.
    hops
        Largest number of hops.
    stop
        Ends the computation early.

    Yields
    ------
    numpy.ndarray
        float64, (k, m): `sources @ shares**h @ targets.T`.
    """
    if sources.shape[0] > targets.shape[0]:
        for found in effective_by_hop(shares.T, targets, sources, hops, stop):
            yield found.T
        return
    found = np.zeros((hops, sources.shape[0], targets.shape[0]))
    onward = shares.T
    step = max(1, _CELLS // max(1, shares.shape[0]))
    for first in range(0, sources.shape[0], step):
        rows = slice(first, first + step)
        carried = sources[rows].toarray().T
        for hop in range(hops):
            if stop is not None:
                stop.check()
            carried = onward @ np.ascontiguousarray(carried)
            found[hop, rows] = (targets @ carried).T
    yield from found


@dataclass(frozen=True)
class GroupPath:
    """One path from group to group.

    Attributes
    ----------
    groups
        Places of the groups, from the source's to the target's.
    contribution
        Sum over all walks of neurons through these groups.
    """

    groups: tuple[int, ...]
    contribution: float


@dataclass(frozen=True)
class GroupPaths:
    """The strongest paths, and what was left out.

    Attributes
    ----------
    paths
        The paths with the largest contributions in size, largest first.
    totals
        Effective connectivity over 1 hop, 2 hops, and so on, over all paths.
    complete
        Whether no other path contributes anything.
    """

    paths: list[GroupPath]
    totals: list[float]
    complete: bool


class PathSearch:
    """Search for the paths from group to group that carry most of the effective connectivity.

    Parameters
    ----------
    shares
        CSR matrix (n, n) of shares of input, rows pre, columns post; may be signed.
    sources, targets
        The weight of each neuron as a source, and as a target, (n,); not negative.
    group
        The group of each neuron, int64, (n,).
    hops
        Largest number of hops.
    stop
        Ends the search early.
    """

    def __init__(
        self,
        shares: Any,
        sources: Floats,
        targets: Floats,
        group: Ints,
        hops: int,
        stop: Stop | None = None,
    ) -> None:
        self._shares, self._sources, self._group = shares, sources, group
        self._hops, self._stop = hops, stop
        # What arrives at the targets from each neuron after each number of hops left.
        self._signed = bool((shares.data < 0).any())
        self._reach = _powers(shares, targets, hops)
        self._most = _powers(abs(shares), targets, hops) if self._signed else self._reach

    def strongest(self, limit: int) -> GroupPaths:
        """Return the paths that contribute most, exactly.

        An unfinished path is extended only while it may still become stronger than every finished
        one, so the result is the beginning of the full list.

        Raises
        ------
        QueryTimeoutError
            The time limit was reached.
        """
        unfinished = _Unfinished(limit)
        for length in range(1, self._hops + 1):
            self._extend(unfinished, (), self._sources, length)
        paths: list[GroupPath] = []
        while unfinished.heap and len(paths) < limit:
            if self._stop is not None:
                self._stop.check()
            _, _, groups, state, left = heapq.heappop(unfinished.heap)
            if left:
                places, values = state
                carried = np.asarray(values @ self._shares[places, :])
                self._extend(unfinished, groups, carried, left - 1)
            else:
                paths.append(GroupPath(groups, state))
        totals = [float(self._sources @ reach) for reach in self._reach[1:]]
        return GroupPaths(paths, totals, not (unfinished.heap or unfinished.dropped))

    def _extend(
        self, unfinished: _Unfinished, groups: tuple[int, ...], carried: Floats, left: int
    ) -> None:
        """Add one group to a path, for each group that leads on to the targets."""
        places = np.flatnonzero((carried != 0) & (self._most[left] > 0))
        if not places.size:
            return
        places = places[np.argsort(self._group[places], kind="stable")]
        starts = np.flatnonzero(np.diff(self._group[places], prepend=-1))
        for part in np.split(places, starts[1:]):
            values = carried[part]
            longer = (*groups, int(self._group[part[0]]))
            if left:
                size = float(np.abs(values) @ self._most[left][part])
                unfinished.add(size, longer, (part, values), left)
            else:
                contribution = float(values @ self._reach[0][part])
                unfinished.add(abs(contribution), longer, contribution, 0)


class _Unfinished:
    """Unfinished paths, the one with the largest bound first.

    Parameters
    ----------
    limit
        A path that is weaker than this many finished ones is dropped.

    Attributes
    ----------
    heap
        Negative bound, order of arrival, groups, state and hops left; 0 hops: finished.
    dropped
        Whether a path was dropped.
    """

    def __init__(self, limit: int) -> None:
        self.heap: list[tuple[float, int, tuple[int, ...], Any, int]] = []
        self.dropped = False
        self._limit, self._order = limit, itertools.count()
        self._finished: list[float] = []

    def add(self, size: float, groups: tuple[int, ...], state: Any, left: int) -> None:
        """Add a path whose contribution is at most `size`."""
        full = len(self._finished) == self._limit
        if size == 0 or (full and size < self._finished[0]):
            self.dropped |= size > 0
            return
        heapq.heappush(self.heap, (-size, next(self._order), groups, state, left))
        if not left:
            put = heapq.heappushpop if full else heapq.heappush
            put(self._finished, size)


def _powers(shares: Any, targets: Floats, hops: int) -> list[Floats]:
    """Return what arrives at the targets from each neuron, after 0 hops, 1 hop, and so on."""
    found = [np.asarray(targets, dtype=np.float64)]
    for _ in range(hops):
        found.append(np.asarray(shares @ found[-1]))
    return found
