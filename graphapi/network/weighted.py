"""Measure how strong the connections within each class of triads are."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from graphapi.common.threads import worker_count
from graphapi.network.census import exact_sum, triad_census
from graphapi.network.neighbours import Neighbours, UpwardLists, seen_from_other
from graphapi.network.triads import BOTH, CONNECTED, IN, NAMES, OUT, TRIADS, codes

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from graphapi.common.threads import Stop
    from graphapi.network.graph import DirectedGraph

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_Value = TypeVar("_Value", np.int64, np.float64)


def weighted_census(graph: DirectedGraph, *, stop: Stop | None = None) -> pd.DataFrame:
    """Return the weights of the connections within the 13 connected classes.

    Returns
    -------
    pandas.DataFrame
        Index `triad`. Columns: `count`, triads; `connections` in one triad; `weight_sum`,
        synapses of all connections of all triads, a connection once for each of its triads
        (object, exact Python ints); `mean_weight`, synapses per connection, `weight_sum /
        (count * connections)`; `relative_weight`, the same divided by the mean weight
        of all connections; `mean_intensity`, the mean over triads of the geometric mean of
        their weights (Onnela's intensity), to rounding. NaN for a class without triads.
    """
    import pandas as pd

    threads = worker_count(None)
    lists = Neighbours.of(graph)
    census = triad_census(graph, workers=threads, stop=stop)
    weights, intensities = _sums(lists, threads, stop)
    table = pd.DataFrame(
        {
            "count": [census[name] for name in CONNECTED],
            "connections": [len(t.edges) for t in TRIADS if t.connected],
            "weight_sum": pd.Series([weights[name] for name in CONNECTED], dtype=object),
        }
    )
    table.index = pd.Index(CONNECTED, name="triad")
    count = table["count"].astype(float).replace(0.0, np.nan)
    table["mean_weight"] = table["weight_sum"].astype(float) / (count * table["connections"])
    overall = float(graph.weight.mean()) if graph.m else float("nan")
    table["relative_weight"] = table["mean_weight"] / overall
    table["mean_intensity"] = pd.Series([intensities[name] for name in CONNECTED], CONNECTED)
    table["mean_intensity"] /= count
    return table


def _sums(
    lists: Neighbours, workers: int, stop: Stop | None
) -> tuple[dict[str, int], dict[str, float]]:
    """Add up, over the triads of each connected class, weights and intensities."""
    from graphapi.network.census_kernel import weigh_triangles

    up = UpwardLists.of(lists)
    total, log = _pair_weights(lists)
    total, log = total[up.place], log[up.place]
    triad, wedge = _tables()
    weights, intensities, _ = up.each_piece(
        workers,
        lambda: (
            np.zeros((len(TRIADS), 2), dtype=np.int64),
            np.zeros((len(TRIADS), 2)),
            np.zeros(lists.n, dtype=np.int64),
        ),
        lambda lo, hi, mark, mine: weigh_triangles(
            lo, hi, up.ptr, up.idx, up.code, total, log, triad, wedge, mark, mine[2], *mine[:2]
        ),
        stop,
    )
    all_weights, all_intensities = _wedge_sums(lists)
    for k, each in enumerate(TRIADS):
        if each.closed:
            all_weights[each.name] = int(weights[k, 0])
            all_intensities[each.name] = float(intensities[k, 0])
        elif each.connected:
            all_weights[each.name] -= int(weights[k, 1])
            all_intensities[each.name] -= float(intensities[k, 1])
    return all_weights, all_intensities


def _pair_weights(lists: Neighbours) -> tuple[Ints, Floats]:
    """Return the sum of each pair's weights, and the sum of their logarithms."""
    out, into = lists.weight_out, lists.weight_in
    return out + into, np.log(np.maximum(out, 1)) + np.log(np.maximum(into, 1))


def _tables() -> tuple[Ints, Ints]:
    """Return each code's class and connections, and the same after removing each pair."""
    triad = np.zeros((64, 2), dtype=np.int64)
    wedge = np.zeros((64, 3, 2), dtype=np.int64)
    for code in range(64):
        triad[code] = _class_of(code)
        for k in range(3):
            wedge[code, k] = _class_of(code & ~(3 << 2 * k))
    return triad, wedge


def _class_of(code: int) -> tuple[int, int]:
    which = int(codes().triad[code])
    return which, len(TRIADS[which].edges)


def _wedge_sums(lists: Neighbours) -> tuple[dict[str, int], dict[str, float]]:
    """Sum over all wedges, open or closed: partners of each kind, taken in pairs."""
    weights = dict.fromkeys(CONNECTED, 0)
    intensities = dict.fromkeys(CONNECTED, 0.0)
    total, log = _pair_weights(lists)
    degrees = lists.degrees
    for a, b in ((x, y) for x in (OUT, IN, BOTH) for y in (OUT, IN, BOTH) if x <= y):
        name = NAMES[codes().triad[seen_from_other(a) | b << 2]]
        power = np.exp(log / ((1 + (a == BOTH)) + (1 + (b == BOTH))))
        if a == b:
            weight = _by_neuron(lists, a, total) * np.maximum(degrees[:, a - 1] - 1, 0)
            square = _by_neuron(lists, a, power) ** 2 - _by_neuron(lists, a, power**2)
            intensity = square / 2
        else:
            weight = _by_neuron(lists, a, total) * degrees[:, b - 1]
            weight += _by_neuron(lists, b, total) * degrees[:, a - 1]
            intensity = _by_neuron(lists, a, power) * _by_neuron(lists, b, power)
        weights[name] += exact_sum(weight)
        intensities[name] += float(intensity.sum())
    return weights, intensities


def _by_neuron(lists: Neighbours, kind: int, values: npt.NDArray[_Value]) -> npt.NDArray[_Value]:
    """Add up values of entries of one kind, for each neuron."""
    from scipy.sparse import csr_array

    chosen = values * (lists.code == kind)
    matrix = csr_array((chosen, lists.idx, lists.ptr), shape=(lists.n, lists.n))
    return np.asarray(matrix.sum(axis=1), dtype=values.dtype)
