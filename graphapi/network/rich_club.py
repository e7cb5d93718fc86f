"""Rich club: whether neurons with many partners are more interconnected than expected.

The degree of a neuron is its upstream and downstream partners together. phi(k) is the share of the
ordered pairs of neurons with a degree above k that are connected. It grows with k in random graphs
too: the test is its ratio to a null model that keeps the degrees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt
    import pandas as pd

    from graphapi.common.threads import Stop
    from graphapi.network.graph import DirectedGraph
    from graphapi.network.nulls import NullModel
    from graphapi.network.significance import Comparison, Measure

    Ints = npt.NDArray[np.int64]


def rich_club_curve(graph: DirectedGraph) -> pd.DataFrame:
    """Return phi(k) for every k at which it changes.

    Returns
    -------
    pandas.DataFrame
        Index `k`, ascending: 0 and all degrees that at least two neurons exceed. `neurons`
        with a degree above k, `connections` among them (int64), and `phi`. Empty below two
        neurons with a connection.
    """
    import pandas as pd

    degree = graph.in_degree + graph.out_degree
    levels = np.unique(np.concatenate([[0], degree])).astype(np.int64)
    members = members_above(degree, levels)
    levels, members = levels[members > 1], members[members > 1]
    inside = connections_above(graph, levels)
    return pd.DataFrame(
        {"neurons": members, "connections": inside, "phi": inside / (members * (members - 1))},
        index=pd.Index(levels, name="k"),
    )


def rich_club_measure(graph: DirectedGraph, levels: Ints) -> dict[Hashable, float]:
    """Return phi at some k, ascending, for comparing with null graphs; NaN below two neurons."""
    members = members_above(graph.in_degree + graph.out_degree, levels)
    pairs = members * (members - 1)
    phi = np.full(levels.size, np.nan)
    np.divide(connections_above(graph, levels), pairs, out=phi, where=pairs > 0)
    return dict(zip(levels.tolist(), phi.tolist(), strict=True))


def members_above(degree: Ints, levels: Ints) -> Ints:
    """Count the neurons with a degree above each level."""
    return np.asarray(degree.size - np.searchsorted(np.sort(degree), levels, side="right"))


def connections_above(graph: DirectedGraph, levels: Ints) -> Ints:
    """Count the connections whose ends both have a degree above each level."""
    degree = graph.in_degree + graph.out_degree
    return members_above(np.minimum(degree[graph.pre], degree[graph.post]), levels)


def rich_club_against(
    graph: DirectedGraph,
    model: NullModel,
    *,
    nulls: int = 100,
    seed: int = 0,
    workers: int | None = None,
    stop: Stop | None = None,
) -> pd.DataFrame:
    """Compare the curve with null graphs.

    Returns
    -------
    pandas.DataFrame
        As `rich_club_curve`, with the columns of `Comparison.table` for phi.
    """
    from graphapi.network.significance import compare

    curve = rich_club_curve(graph)
    levels = curve.index.to_numpy()
    measures: dict[str, Measure] = {"phi": lambda one: rich_club_measure(one, levels)}
    found = compare(graph, model, measures, nulls=nulls, seed=seed, workers=workers, stop=stop)
    return beside_nulls(curve, found["phi"])


def beside_nulls(curve: pd.DataFrame, found: Comparison) -> pd.DataFrame:
    """Add the columns of a comparison with null graphs to a curve."""
    table = found.table.drop(columns="observed").set_axis(curve.index, axis=0)
    joined = curve.join(table)
    joined.attrs["nulls"] = found.describe()
    return joined
