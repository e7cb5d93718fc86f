"""Statistics of a whole network: reciprocity, clustering, components, degrees, hubs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.errors import InputError
from graphapi.network.census import role_table
from graphapi.network.triads import NAMES, ROLES, TRIADS

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from graphapi.common.threads import Stop
    from graphapi.network.graph import DirectedGraph

    Ints = npt.NDArray[np.int64]

#: How many times more partners in one direction make a broadcaster or an integrator.
ONE_SIDED = 5


def network_statistics(
    graph: DirectedGraph, *, workers: int | None = None, stop: Stop | None = None
) -> dict[str, int | float]:
    """Describe a network by the numbers that connectome papers report.

    Parameters
    ----------
    graph
        Any graph; apply a threshold or choose a part of it first.
    workers, stop
        See `triad_census`.

    Returns
    -------
    dict
        - `neurons`, `connections`, `synapses`: counts;
        - `density`: share of the ordered pairs that are connected;
        - `mean_degree`: connections that a neuron makes, and receives, on average;
        - `mean_weight`, `max_weight`: synapses per connection;
        - `reciprocal_pairs`, and `reciprocity`: the share of connections with a reverse;
        - `transitivity`: share of the wedges that are closed, directions ignored;
        - `clustering`: mean over neurons of the share of closed wedges around each, 0 without
          a wedge, directions ignored;
        - `weak_components`, `largest_weak_component`, `strong_components`,
          `largest_strong_component`: numbers of components, and of neurons in the largest.

        Shares and means are floats, NaN if there is nothing to divide by.
    """
    n, m = graph.n, graph.m
    partners = graph.in_degree + graph.out_degree - graph.reciprocal_degree
    in_triangles = [TRIADS[NAMES.index(name)].closed for name, _ in ROLES]
    roles = role_table(graph, workers=workers, stop=stop)
    triangles = roles[:, in_triangles].sum(axis=1)
    wedges = partners * (partners - 1) // 2
    local = np.divide(triangles, wedges, out=np.zeros(n), where=wedges > 0)
    weak, strong = (component_sizes(graph, strong=kind) for kind in (False, True))
    synapses = int(graph.weight.sum())
    mutual = int(np.count_nonzero(graph.reciprocal))
    return {
        "neurons": n,
        "connections": m,
        "synapses": synapses,
        "density": _share(m, n * (n - 1)),
        "mean_degree": _share(m, n),
        "mean_weight": _share(synapses, m),
        "max_weight": int(graph.weight.max(initial=0)),
        "reciprocal_pairs": mutual // 2,
        "reciprocity": _share(mutual, m),
        "transitivity": _share(int(triangles.sum()), int(wedges.sum())),
        "clustering": _share(float(local.sum()), n),
        "weak_components": len(weak),
        "largest_weak_component": int(weak.max(initial=0)),
        "strong_components": len(strong),
        "largest_strong_component": int(strong.max(initial=0)),
    }


def component_sizes(graph: DirectedGraph, *, strong: bool) -> Ints:
    """Return the number of neurons of each component, int64, largest first.

    Parameters
    ----------
    graph
        The graph to split.
    strong
        Components within which directed paths lead from each neuron to every other; otherwise
        directions are ignored.
    """
    from scipy.sparse.csgraph import connected_components

    if not graph.n:
        return np.empty(0, dtype=np.int64)
    connection = "strong" if strong else "weak"
    _, member = connected_components(graph.matrix, directed=True, connection=connection)
    return np.sort(np.bincount(member).astype(np.int64))[::-1]


def degree_table(graph: DirectedGraph) -> pd.DataFrame:
    """Return each neuron's degrees and strengths.

    Returns
    -------
    pandas.DataFrame
        Index `root_id`, sorted. int64: `in_degree`, `out_degree` (upstream and downstream
        partners), `degree` (their sum), `reciprocal` (partners that are both), `in_synapses`,
        `out_synapses`.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "in_degree": graph.in_degree,
            "out_degree": graph.out_degree,
            "degree": graph.in_degree + graph.out_degree,
            "reciprocal": graph.reciprocal_degree,
            "in_synapses": graph.in_strength,
            "out_synapses": graph.out_strength,
        },
        index=pd.Index(graph.root_ids, name="root_id"),
    )


def degree_distribution(graph: DirectedGraph) -> pd.DataFrame:
    """Count neurons by degree.

    Returns
    -------
    pandas.DataFrame
        Index `k`, from 0 to the largest degree; int64: `in_degree`, `out_degree`, `degree`: the
        number of neurons with k upstream partners, k downstream partners, or k of both
        together. Each column adds up to the number of neurons. Empty without neurons.
    """
    import pandas as pd

    table = degree_table(graph)
    names = ["in_degree", "out_degree", "degree"]
    most = int(table["degree"].max()) + 1 if graph.n else 0
    counts = {name: np.bincount(table[name], minlength=most).astype(np.int64) for name in names}
    return pd.DataFrame(counts, index=pd.RangeIndex(most, name="k"))


def hubs(graph: DirectedGraph, top: int = 20) -> pd.DataFrame:
    """Return the neurons with the most partners.

    Parameters
    ----------
    graph
        Any graph.
    top
        Number of neurons; fewer if the graph has fewer.

    Returns
    -------
    pandas.DataFrame
        The rows of `degree_table` with the largest `degree`, largest first, then by root id;
        and `kind`: `broadcaster` (at least five times as many downstream partners as upstream
        ones), `integrator` (the reverse) or `balanced`.

    Raises
    ------
    InputError
        `top` is below 1.
    """
    if top < 1:
        raise InputError(f"hubs: top is {top}", hint="pass 1 or more")
    found = degree_table(graph).sort_values("degree", ascending=False, kind="stable").head(top)
    into, out = found["in_degree"].to_numpy(), found["out_degree"].to_numpy()
    kind = np.full(len(found), "balanced", dtype=object)
    kind[(out > 0) & (out >= ONE_SIDED * into)] = "broadcaster"
    kind[(into > 0) & (into >= ONE_SIDED * out)] = "integrator"
    return found.assign(kind=kind)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
