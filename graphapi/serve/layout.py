"""Places of the neurons of a drawing: by forces, or in layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import networkx as nx
    import numpy.typing as npt

    Places = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]

#: Rounds of moving; fewer for many neurons, since each takes time with their square.
_ROUNDS, _FEW_ROUNDS, _MANY = 120, 40, 500


def force_layout(count: int, rows: Whole, columns: Whole, weights: Whole, *, seed: int) -> Places:
    """Place neurons by springs: strong connections pull their ends together.

    Neurons that nothing connects with the others stand beside them, the largest part first.

    Parameters
    ----------
    count
        Number of neurons.
    rows, columns, weights
        The connections.
    seed
        Seed of the first places; the same seed gives the same drawing.

    Returns
    -------
    numpy.ndarray
        Shape (count, 2), x and y from 0 to 1.
    """
    import networkx as nx

    graph = _drawn(count, rows, columns, weights)
    rounds = _ROUNDS if count <= _MANY else _FEW_ROUNDS
    places = np.zeros((count, 2))
    parts = [np.array(sorted(part)) for part in nx.connected_components(graph)]
    parts.sort(key=lambda part: (-len(part), part[0]))
    corners = _shelves([len(part) ** 0.5 for part in parts])
    for part, corner in zip(parts, corners, strict=True):
        near = nx.spring_layout(graph.subgraph(part), iterations=rounds, seed=seed % 2**32)
        inside = _within([near[node] for node in part.tolist()])
        places[part] = corner + (0.1 + 0.8 * inside) * len(part) ** 0.5
    return _within(places)


def _shelves(sides: list[float]) -> Places:
    """Return corners of squares, the largest first, side by side on shelves."""
    wide = max([*sides[:1], 1.1 * sum(side * side for side in sides) ** 0.5])
    corners, x, y, high = [], 0.0, 0.0, 0.0
    for side in sides:
        if x and x + side > wide:
            x, y, high = 0.0, y + high, 0.0
        corners.append((x, y))
        x, high = x + side, max(high, side)
    return np.array(corners).reshape(-1, 2)


def layered_layout(count: int, rows: Whole, columns: Whole, first: Whole) -> Places:
    """Place neurons in layers, by their number of hops from the first ones.

    Parameters
    ----------
    count
        Number of neurons.
    rows, columns
        The connections, from row to column.
    first
        Neurons of the first layer; where none is pointed at, only those without input here
        stay in it.

    Returns
    -------
    numpy.ndarray
        Shape (count, 2): x is the layer, from left to right; neurons that no path reaches are in
        the last one. Neighbours are near each other in y.
    """
    layer = np.full(count, -1, dtype=np.int64)
    pointed = np.zeros(count, dtype=bool)
    pointed[columns] = True
    sources = first[~pointed[first]]
    frontier = sources if len(sources) else first
    depth = 0
    while len(frontier):
        layer[frontier] = depth
        reached = np.zeros(count, dtype=bool)
        reached[columns[np.isin(rows, frontier)]] = True
        frontier = np.flatnonzero(reached & (layer < 0))
        depth += 1
    layer[layer < 0] = depth
    height = np.zeros(count)
    for at in range(int(layer.max(initial=0)) + 1):
        members = np.flatnonzero(layer == at)
        height[members] = _heights(members, at, layer, height, rows, columns)
    return _within(np.column_stack([layer.astype(float), height]))


def _heights(
    members: Whole, at: int, layer: Whole, height: Places, rows: Whole, columns: Whole
) -> Places:
    """Spread the members of a layer, in the order of the mean height of their inputs."""
    means = np.full(len(members), 0.5)
    for place, one in enumerate(members.tolist()):
        inputs = rows[columns == one]
        inputs = inputs[layer[inputs] < at]
        if len(inputs):
            means[place] = height[inputs].mean()
    spread = np.empty(len(members))
    spread[np.argsort(means, kind="stable")] = (np.arange(len(members)) + 0.5) / len(members)
    return spread


def _drawn(count: int, rows: Whole, columns: Whole, weights: Whole) -> nx.Graph[int]:
    import networkx as nx

    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(count))
    pull = np.log1p(weights.astype(float))
    for a, b, weight in zip(rows.tolist(), columns.tolist(), pull.tolist(), strict=True):
        both = graph.get_edge_data(a, b, {"weight": 0.0})["weight"]
        graph.add_edge(a, b, weight=both + weight)
    return graph


def _within(places: object) -> Places:
    """Scale places to 0 to 1 on both axes."""
    found = np.asarray(places, dtype=float).reshape(-1, 2)
    if not len(found):
        return found
    low, size = found.min(axis=0), np.ptp(found, axis=0)
    scaled = np.where(size > 0, (found - low) / np.where(size > 0, size, 1), 0.5)
    return np.asarray(scaled, dtype=float)
