"""Paths as Cypher means them: no connection twice, but neurons may come twice."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from graphapi.errors import InputError
from graphapi.serve.neuprint.frame import Path

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import scipy.sparse as sp

    from graphapi.common.threads import Stop
    from graphapi.ids import IdArray

    Places = npt.NDArray[np.int64]

_MOST_PATHS = 100_000
_MOST_HOPS = 100


def only_edges(matrix: sp.csr_array, kept: npt.NDArray[np.bool_]) -> sp.csr_array:
    """Return a matrix with some of its connections, which are in the matrix's own order."""
    import scipy.sparse as sp

    places = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return sp.csr_array((matrix.data[kept], matrix.indices[kept], places), shape=matrix.shape)


class Trails:
    """Finds paths in the matrix of a graph.

    Parameters
    ----------
    matrix, roots
        Weights and root ids of the connections that paths may use.
    allowed
        Which neurons paths may visit.
    stop
        Ends the search when its time is over.
    """

    def __init__(
        self, matrix: sp.csr_array, roots: IdArray, allowed: npt.NDArray[np.bool_], stop: Stop
    ) -> None:
        if not allowed.all():
            kept = np.flatnonzero(allowed)
            matrix, roots = matrix[kept][:, kept], roots[kept]
        self._matrix, self._roots, self._stop = matrix, roots, stop

    def shortest(self, source: int, target: int, most: int | None) -> list[Path]:
        """Return all paths with the fewest hops from one root id to another."""
        start, end = self._place(source), self._place(target)
        if start is None or end is None:
            return []
        if start == end:
            raise InputError("the shortest path from a neuron to itself has no hops")
        levels, seen = [np.array([start])], np.zeros(len(self._roots), dtype=bool)
        seen[start] = True
        while not seen[end]:
            self._stop.check()
            after = self._after(levels[-1])
            after = after[~seen[after]]
            if not len(after) or len(levels) > min(_MOST_HOPS, most or _MOST_HOPS):
                return []
            seen[after] = True
            levels.append(after)
        return self._listed(levels[:-1], end)

    def all(self, source: int, target: int, least: int, most: int | None) -> list[Path]:
        """Return all paths with `least` to `most` hops, shortest first.

        Raises
        ------
        InputError
            There is no largest number of hops, or there are too many paths.
        """
        if most is None or most > _MOST_HOPS:
            raise InputError(
                f"paths need a largest number of hops, at most {_MOST_HOPS}",
                hint="write [:ConnectsTo*1..3], or max_path_length=3",
            )
        start, end = self._place(source), self._place(target)
        if start is None or end is None:
            return []
        found = []
        if least == 0 and start == end:
            found.append(Path((source,), ()))
        levels = [np.array([start])]
        for hops in range(1, most + 1):
            self._stop.check()
            if hops >= least:
                found += self._listed(levels, end, len(found))
            levels.append(self._after(levels[-1]))
        return found

    def _place(self, root: int) -> int | None:
        place = int(self._roots.searchsorted(root))
        there = place < len(self._roots) and self._roots[place] == root
        return place if there else None

    def _after(self, places: Places) -> Places:
        return np.unique(self._matrix[places].indices).astype(np.int64)

    def _listed(self, levels: list[Places], end: int, before: int = 0) -> list[Path]:
        """Return the paths to `end` whose neurons are of one level after the other."""
        steps: list[dict[int, list[tuple[int, int]]]] = []
        needed = np.array([end])
        for level in reversed(levels):
            self._stop.check()
            part = self._matrix[level][:, needed].tocoo()
            step: dict[int, list[tuple[int, int]]] = {}
            for row, column, weight in zip(*part.coords, part.data, strict=True):
                step.setdefault(int(level[row]), []).append((int(needed[column]), int(weight)))
            steps.append(step)
            needed = np.array(sorted(step), dtype=np.int64)
            if not len(needed):
                return []
        steps.reverse()
        found: list[Path] = []
        for places, weights in self._walk(steps, (int(levels[0][0]),), ()):
            if len(found) + before >= _MOST_PATHS:
                raise InputError(
                    f"there are more than {_MOST_PATHS:,} paths",
                    hint="ask for stronger connections, or fewer hops",
                )
            if not len(found) % 1000:
                self._stop.check()
            found.append(Path(tuple(self._roots[list(places)].tolist()), weights))
        return found

    def _walk(
        self,
        steps: list[dict[int, list[tuple[int, int]]]],
        places: tuple[int, ...],
        weights: tuple[int, ...],
    ) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        if len(weights) == len(steps):
            yield places, weights
            return
        used = set(itertools.pairwise(places))
        for after, weight in steps[len(weights)].get(places[-1], ()):
            if (places[-1], after) not in used:
                yield from self._walk(steps, (*places, after), (*weights, weight))
