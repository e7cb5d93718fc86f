"""Paths from neurons to neurons: shortest, strongest, and all up to a number of hops.

A path visits no neuron twice. The two engines bound and count variable-length patterns
differently. So single-hop queries, which mean the same on both, fetch the connections from both
ends, and the paths are found in memory (docs/decisions/0137).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.notices import notice
from graphapi.graph.reader import Reader
from graphapi.graph.terms import Terms, check_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
            neurons from source to target) and `weights`, sorted by source, target and root ids.
            Pairs that are not connected within `max_hops` have no row.
        """
        ends = self._ends(sources, targets, max_hops, threshold, limit)
        between = self._corridor(ends)
        back = between.reverse(copy=False)
        left = {one: _distances(back, [one], max_hops) for one in ends.targets.unique.tolist()}
        paths = (
            path
            for source in ends.sources.unique.tolist()
            for target, hops_left in left.items()
            if source != target and source in hops_left
            for path in _paths(between, source, hops_left, hops_left[source])
        )
        return self._limited(ends, between, paths, limit, "shortest paths")

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
            As `get_shortest_paths`, sorted by hops first.
        """
        ends = self._ends(sources, targets, max_hops, threshold, limit)
        between = self._corridor(ends)
        left = _distances(between.reverse(copy=False), ends.targets.unique.tolist(), max_hops)
        paths = (
            path
            for hops in range(1, max_hops + 1)
            for source in ends.sources.unique.tolist()
            for path in _paths(between, source, left, hops)
        )
        return self._limited(ends, between, paths, limit, f"paths of at most {max_hops} hops")

    def _ends(
        self, sources: object, targets: object, max_hops: int, threshold: int, limit: int = 1
    ) -> _Ends:
        check_count("max_hops", max_hops)
        check_count("limit", limit)
        terms = Terms(threshold=threshold)
        return _Ends(
            self._select(sources, "sources", terms),
            self._select(targets, "targets", terms),
            max_hops,
            terms,
        )

    def _corridor(self, ends: _Ends) -> nx.DiGraph[int]:
        """Return all connections on walks of at most `max_hops` from sources to targets, sorted."""
        import networkx as nx

        sources, targets = ends.sources.unique, ends.targets.unique
        edges = self._widen(sources, (ends.max_hops + 1) // 2, ends, forward=True)
        edges += self._widen(targets, ends.max_hops // 2, ends, forward=False)
        whole: nx.DiGraph[int] = nx.DiGraph()
        whole.add_nodes_from([*sources.tolist(), *targets.tolist()])
        between = whole.copy()
        whole.add_weighted_edges_from(edges)
        from_source = _distances(whole, sources.tolist(), ends.max_hops)
        to_target = _distances(whole.reverse(copy=False), targets.tolist(), ends.max_hops)
        between.add_weighted_edges_from(
            sorted(
                (pre, post, weight)
                for pre, post, weight in edges
                if from_source.get(pre, ends.max_hops) + 1 + to_target.get(post, ends.max_hops)
                <= ends.max_hops
            )
        )
        return between

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

    def _limited(
        self,
        ends: _Ends,
        between: nx.DiGraph[int],
        paths: Iterator[list[int]],
        limit: int,
        what: str,
    ) -> pd.DataFrame:
        found = list(itertools.islice(paths, limit))
        complete = next(paths, None) is None
        if not complete:
            notice(
                f"there are more than {limit} {what}: these are the first {limit}, not all; "
                "raise limit or threshold",
                CutOffWarning,
            )
        return self._frame(ends, between, found, complete=complete)

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


def _distances(graph: nx.DiGraph[int], start: Iterable[int], most: int) -> dict[int, int]:
    """Return the hops from the nearest start to each neuron within a number of hops."""
    import networkx as nx

    layers = itertools.islice(nx.bfs_layers(graph, start), most + 1)
    return {node: hops for hops, layer in enumerate(layers) for node in layer}


def _paths(
    between: nx.DiGraph[int], source: int, left: Mapping[int, int], hops: int
) -> Iterator[list[int]]:
    """Yield all simple paths with exactly `hops` hops, sorted by their ids.

    `left` holds the hops that each neuron is away from the nearest target.
    """

    def extend(path: list[int]) -> Iterator[list[int]]:
        most = hops - len(path)  # after the next hop
        if most < 0:
            yield path
            return
        for post in between[path[-1]]:
            if left.get(post, hops) <= most and post not in path:
                yield from extend([*path, post])

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
            for post, edge in between[node].items():
                reached = min(width, edge["weight"])
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
