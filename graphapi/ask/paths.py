"""Paths from neurons to neurons: shortest, strongest, and all up to some hops.

A path visits no neuron twice. The engines bound and count variable-length patterns differently.
So paths are found with single-hop queries from both ends, which mean the same on every engine,
and are joined here.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.notices import notice
from graphapi.errors import InputError
from graphapi.graph.reader import Reader
from graphapi.graph.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import networkx as nx
    import pandas as pd

    from graphapi.graph.selection import Selection
    from graphapi.ids import IdArray


class CutOffWarning(UserWarning):
    """Warning that there are more answers than the limit, so the result is not complete."""


@dataclass(frozen=True)
class _Ends:
    """Sources and targets of paths, and limits on them."""

    sources: Selection
    targets: Selection
    max_hops: int
    terms: Terms


class PathQuestions(Reader):
    """Questions about paths from neurons to neurons."""

    def get_shortest_paths(
        self,
        sources: object,
        targets: object,
        max_hops: int = 6,
        threshold: int = 1,
        limit: int = 10_000,
    ) -> pd.DataFrame:
        """Return all shortest paths (with the fewest hops) from each source to each target.

        Parameters
        ----------
        sources, targets
            Root ids or `NeuronCriteria`.
        max_hops
            Largest number of hops of a path.
        threshold
            Smallest weight of each connection of a path, in synapses, inclusive.
        limit
            Largest number of paths to return. If there are more, a `CutOffWarning` is issued and
            `.attrs['complete']` is False.

        Returns
        -------
        pandas.DataFrame
            `source`, `target`, `hops`, `weakest` (smallest weight on the path), `root_ids` (the
            neurons from source to target) and `weights`. Pairs that are not connected within
            `max_hops` have no row.
        """
        _check_limit(limit)
        ends = self._ends(sources, targets, max_hops, threshold)
        between = self._corridor(ends)
        found: list[list[int]] = []
        for source in ends.sources.unique.tolist():
            for target in ends.targets.unique.tolist():
                # One path beyond the limit is enough to know that there are more.
                few = itertools.islice(_shortest(between, source, target), limit + 1 - len(found))
                found += [path for path in few if len(path) <= ends.max_hops + 1]
                if len(found) > limit:
                    _warn(
                        f"there are more than {limit} shortest paths; the {limit} returned are not "
                        "all"
                    )
                    return self._frame(ends, between, found[:limit], complete=False)
        return self._frame(ends, between, found, complete=True)

    def get_strongest_paths(
        self, sources: object, targets: object, max_hops: int = 4, threshold: int = 1
    ) -> pd.DataFrame:
        """Return the strongest path from each source to each target.

        A path is as strong as its weakest connection. Of equally strong paths, the one with the
        fewest hops is returned.

        Parameters
        ----------
        sources, targets, max_hops, threshold
            See `get_shortest_paths`.

        Returns
        -------
        pandas.DataFrame
            As `get_shortest_paths`, with at most one row for each pair.
        """
        ends = self._ends(sources, targets, max_hops, threshold)
        between = self._corridor(ends)
        found = []
        for source in ends.sources.unique.tolist():
            if source not in between:
                continue
            reach = _widest(between, source, ends.max_hops)
            for target in ends.targets.unique.tolist():
                path = _best(reach, target)
                if target != source and path:
                    found.append(path)
        return self._frame(ends, between, found, complete=True)

    def get_paths(
        self,
        sources: object,
        targets: object,
        max_hops: int = 3,
        threshold: int = 1,
        limit: int = 10_000,
    ) -> pd.DataFrame:
        """Return all paths of at most `max_hops` hops that visit no neuron twice.

        Parameters
        ----------
        sources, targets, max_hops, threshold, limit
            See `get_shortest_paths`.

        Returns
        -------
        pandas.DataFrame
            As `get_shortest_paths`, sorted by hops, fewest first.
        """
        _check_limit(limit)
        ends = self._ends(sources, targets, max_hops, threshold)
        between = self._corridor(ends)
        found: list[list[int]] = []
        complete = True
        for hops in range(1, ends.max_hops + 1):
            for path in _of_length(between, ends, hops):
                if len(found) == limit:
                    complete = False
                    break
                found.append(path)
            if not complete:
                _warn(
                    f"there are more than {limit} paths of at most {ends.max_hops} hops; "
                    f"the {limit} returned are the shortest, not all"
                )
                break
        return self._frame(ends, between, found, complete=complete)

    def _ends(self, sources: object, targets: object, max_hops: int, threshold: int) -> _Ends:
        if isinstance(max_hops, bool) or not isinstance(max_hops, int) or max_hops < 1:
            raise InputError(f"max_hops: {max_hops!r} is not a number of hops, 1 or more")
        terms = Terms(threshold=threshold)
        return _Ends(
            self._select(sources, "sources", terms),
            self._select(targets, "targets", terms),
            max_hops,
            terms,
        )

    def _corridor(self, ends: _Ends) -> nx.DiGraph[int]:
        """Return all connections on walks of at most `max_hops` from sources to targets."""
        import networkx as nx

        sources, targets = ends.sources.unique, ends.targets.unique
        edges = self._widen(sources, (ends.max_hops + 1) // 2, ends, forward=True)
        edges += self._widen(targets, ends.max_hops // 2, ends, forward=False)
        whole: nx.DiGraph[int] = nx.DiGraph()
        whole.add_nodes_from([*sources.tolist(), *targets.tolist()])
        whole.add_weighted_edges_from(edges)
        from_source = _distances(whole, sources.tolist(), ends.max_hops)
        to_target = _distances(whole.reverse(copy=False), targets.tolist(), ends.max_hops)
        useful = [
            (pre, post)
            for pre, post in whole.edges
            if from_source.get(pre, ends.max_hops) + 1 + to_target.get(post, ends.max_hops)
            <= ends.max_hops
        ]
        return nx.DiGraph(whole.edge_subgraph(useful))

    def _widen(
        self, start: IdArray, hops: int, ends: _Ends, *, forward: bool
    ) -> list[tuple[int, int, int]]:
        """Fetch the connections within some hops of the start, with one query per hop."""
        seen, frontier = start, start
        edges: list[tuple[int, int, int]] = []
        for _ in range(hops):
            if not len(frontier):
                break
            if forward:
                found = self._fetch(ends.terms, pre=frontier, post=None)
            else:
                found = self._fetch(ends.terms, pre=None, post=frontier)
            edges += zip(
                found.pre.tolist(), found.post.tolist(), found.weight.tolist(), strict=True
            )
            reached = found.post if forward else found.pre
            frontier = np.setdiff1d(reached, seen)
            seen = np.union1d(seen, frontier)
        return edges

    def _frame(
        self, ends: _Ends, between: nx.DiGraph[int], found: list[list[int]], *, complete: bool
    ) -> pd.DataFrame:
        import pandas as pd

        rows = []
        for path in found:
            weights = [int(between.edges[pair]["weight"]) for pair in itertools.pairwise(path)]
            rows.append((path[0], path[-1], len(weights), min(weights), path, weights))
        frame = pd.DataFrame(
            rows, columns=["source", "target", "hops", "weakest", "root_ids", "weights"]
        )
        frame = frame.astype(dict.fromkeys(["source", "target", "hops", "weakest"], "int64"))
        origin = self._provenance(ends.terms, ends.sources, ends.targets).attrs()
        frame.attrs = {**origin, "complete": complete}
        return frame


def _check_limit(limit: int) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InputError(f"limit: {limit!r} is not a number of paths, 1 or more")


def _warn(text: str) -> None:
    notice(f"{text}; raise limit or threshold", CutOffWarning)


def _distances(graph: nx.DiGraph[int], start: Iterable[int], most: int) -> dict[int, int]:
    distance = dict.fromkeys(start, 0)
    frontier = list(distance)
    for hops in range(1, most + 1):
        frontier = sorted({n for node in frontier for n in graph[node] if n not in distance})
        distance.update(dict.fromkeys(frontier, hops))
    return distance


def _shortest(between: nx.DiGraph[int], source: int, target: int) -> Iterator[list[int]]:
    """Yield all paths with the fewest hops between two neurons, sorted by their ids."""
    if source == target or source not in between or target not in between:
        return
    remaining = _distances(between.reverse(copy=False), [target], len(between))

    def extend(path: list[int]) -> Iterator[list[int]]:
        left = remaining[path[-1]]
        if left == 0:
            yield path
        for post in sorted(between[path[-1]]):
            if remaining.get(post, left) == left - 1:
                yield from extend([*path, post])

    if source in remaining:
        yield from extend([source])


def _of_length(between: nx.DiGraph[int], ends: _Ends, hops: int) -> Iterator[list[int]]:
    """Yield all simple paths with exactly `hops` hops, sorted by their ids."""
    targets = set(ends.targets.unique.tolist())
    remaining = _distances(between.reverse(copy=False), targets & set(between), ends.max_hops)

    def extend(path: list[int]) -> Iterator[list[int]]:
        left = hops - (len(path) - 1)
        if left == 0:
            if path[-1] in targets:
                yield path
            return
        for post in sorted(between[path[-1]]):
            if post not in path and remaining.get(post, hops + 1) <= left - 1:
                yield from extend([*path, post])

    for source in ends.sources.unique.tolist():
        if source in between:
            yield from extend([source])


def _widest(
    between: nx.DiGraph[int], source: int, max_hops: int
) -> list[dict[int, tuple[int, list[int]]]]:
    """Return, for each number of hops, the strongest walk to each neuron and its bottleneck.

    The strongest walk with the fewest hops never visits a neuron twice: without the loop it would
    be shorter and at least as strong.
    """
    layers: list[dict[int, tuple[int, list[int]]]] = [{source: (2**62, [source])}]
    for _ in range(max_hops):
        layer: dict[int, tuple[int, list[int]]] = {}
        for node in sorted(layers[-1]):
            width, path = layers[-1][node]
            for post in sorted(between[node]):
                reached = min(width, between.edges[node, post]["weight"])
                if reached > layer.get(post, (0, []))[0]:
                    layer[post] = (reached, [*path, post])
        layers.append(layer)
    return layers


def _best(layers: list[dict[int, tuple[int, list[int]]]], target: int) -> list[int]:
    """Return the path with the largest bottleneck; of several, the one with the fewest hops."""
    best: tuple[int, list[int]] = (0, [])
    for layer in layers:
        if target in layer and layer[target][0] > best[0]:
            best = layer[target]
    return best[1]
