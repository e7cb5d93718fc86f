"""Compute the content of a report; nothing is drawn or written here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from graphapi.common.progress import Progress
from graphapi.network.census import triad_census
from graphapi.network.distances import PathLengths, path_lengths
from graphapi.network.rich_club import beside_nulls, rich_club_curve, rich_club_measure
from graphapi.network.significance import Comparison, compare
from graphapi.network.statistics import degree_distribution, hubs, network_statistics
from graphapi.network.triads import TRIADS

if TYPE_CHECKING:
    from collections.abc import Hashable

    from graphapi.common.threads import Stop
    from graphapi.network.graph import DirectedGraph
    from graphapi.network.nulls import NullModel
    from graphapi.network.significance import Measure

#: Statistics that a null model may change.
_COMPARED = (
    "reciprocity",
    "transitivity",
    "clustering",
    "largest_weak_component",
    "largest_strong_component",
)
#: Connections that path lengths may look at: about half a minute on two cores.
_PATH_STEPS = 10_000_000_000


@dataclass(frozen=True, eq=False)
class Findings:
    """The content of a report.

    Parameters
    ----------
    statistics
        `value` by statistic, and the columns of `Comparison.table` for those that are compared
        with null graphs.
    census
        `Comparison.table` of the 16 classes of triads, with `title`.
    rich_club, degrees, hubs
        See `MotifAnalysis`.
    directed, undirected
        Path lengths.
    nulls
        A description of the null graphs.
    kept
        Properties that were checked to be the same in every null graph.
    shared
        Mean share of the connections that null graphs have in common with the connectome.
    """

    statistics: pd.DataFrame
    census: pd.DataFrame
    rich_club: pd.DataFrame
    degrees: pd.DataFrame
    hubs: pd.DataFrame
    directed: PathLengths
    undirected: PathLengths
    nulls: str
    kept: tuple[str, ...]
    shared: float


def find(
    graph: DirectedGraph,
    model: NullModel,
    *,
    nulls: int,
    seed: int,
    top: int,
    workers: int | None = None,
    stop: Stop | None = None,
) -> Findings:
    """Compute the content of a report about a graph."""
    curve = rich_club_curve(graph)
    levels = curve.index.to_numpy(dtype=np.int64)
    measures: dict[str, Measure] = {
        "triad": lambda one: triad_census(one, workers=1, stop=stop),
        "statistic": _compared,
        "k": lambda one: rich_club_measure(one, levels),
    }
    found = compare(graph, model, measures, nulls=nulls, seed=seed, workers=workers, stop=stop)
    titles = {triad.name: triad.title for triad in TRIADS}
    census = found["triad"].table
    census.insert(0, "title", [titles[str(name)] for name in census.index])
    return Findings(
        statistics=_statistics(graph, found["statistic"], workers, stop),
        census=census,
        rich_club=beside_nulls(curve, found["k"]),
        degrees=degree_distribution(graph),
        hubs=hubs(graph, top),
        directed=_paths(graph, True, seed, workers, stop),
        undirected=_paths(graph, False, seed, workers, stop),
        nulls=found["triad"].describe(),
        kept=found["triad"].kept,
        shared=float(found["triad"].shared.mean()),
    )


def _compared(graph: DirectedGraph) -> dict[Hashable, float]:
    found = network_statistics(graph, workers=1)
    return {name: found[name] for name in _COMPARED}


def _statistics(
    graph: DirectedGraph, found: Comparison, workers: int | None, stop: Stop | None
) -> pd.DataFrame:
    values = network_statistics(graph, workers=workers, stop=stop)
    frame = pd.DataFrame({"value": pd.Series(values, dtype=object)})
    frame.index.name = "statistic"
    return frame.join(found.table.drop(columns="observed"))


def _paths(
    graph: DirectedGraph, directed: bool, seed: int, workers: int | None, stop: Stop | None
) -> PathLengths:
    sample = None
    if graph.n * graph.m > _PATH_STEPS:
        sample = max(100, _PATH_STEPS // graph.m)
    title = "paths" if directed else "paths, either way"
    with Progress(title, sample or graph.n, unit="neurons") as progress:
        return path_lengths(
            graph,
            directed=directed,
            sample=sample,
            seed=seed,
            workers=workers,
            on_done=progress.advance,
            stop=stop,
        )
