"""Compare numbers of a connectome with those of its null graphs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graphapi.common.notices import notice
from graphapi.common.progress import Progress
from graphapi.common.threads import Stop, in_order, worker_count
from graphapi.errors import InputError
from graphapi.network.graph import DirectedGraph
from graphapi.network.nulls import NullModel, check_preserved, null_graph, shared_connections

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    Flags = npt.NDArray[np.bool_]

#: Numbers of a graph, by name: the same names for every graph of the same neurons.
Measure: TypeAlias = Callable[[DirectedGraph], Mapping[Any, float]]


#: The two-sided p of a number that no null graph reaches is 2 / (1 + nulls): here below 0.05.
ENOUGH = 40


class FewNullsWarning(UserWarning):
    """There are too few null graphs for any number to be significant."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A graph's numbers beside those of its null graphs.

    Parameters
    ----------
    observed
        float64, indexed by the names of the numbers.
    values
        float64, a row for each null graph (index `null`), a column for each number.
    model
        What the null graphs keep.
    seed
        Seed of the null graphs: `null_graph(graph, model, seed=seed, index=i)` draws the i-th
        again.
    kept
        Properties that were checked to be the same in every null graph.
    shared
        float64, by null graph: share of the graph's connections that it also has. If this is
        far above the share in independent graphs, the rewiring was too short.
    attrs
        Where the graph's connections come from, as in the `.attrs` of tables.
    """

    observed: pd.Series[float]
    values: pd.DataFrame
    model: NullModel
    seed: int
    kept: tuple[str, ...]
    shared: pd.Series[float]
    attrs: dict[Hashable | None, Any] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """Mean, standard deviation, z and p of each number.

        Returns
        -------
        pandas.DataFrame
            float64 columns, a row for each number:

            - `observed`; `mean`, `std` (of a sample: n - 1), `min`, `max` of the null graphs;
            - `ratio`: observed to mean;
            - `z`: (observed - mean) / std; if all null graphs have the same number, 0 if it is
              also observed and infinite if not;
            - `p_above`, `p_below`: (1 + null graphs with as much or more, as little or less) /
              (1 + null graphs): never 0, which no sample can show;
            - `p`: two-sided, twice the smaller of the two, at most 1.

            NaN throughout if a number is not defined for the graph or for a null graph.
        """
        import pandas as pd

        observed, values = self.observed.to_numpy(), self.values.to_numpy()
        mean, std = values.mean(axis=0), values.std(axis=0, ddof=1)
        # numbers that are all equal have a mean that may differ from them by rounding
        std[np.ptp(values, axis=0) == 0] = 0.0
        known = np.isfinite(observed) & np.isfinite(values).all(axis=0)
        above = _share_of(values >= observed, known)
        below = _share_of(values <= observed, known)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = observed / mean
            z = (observed - mean) / std
        z[known & (std == 0) & (observed == values[0])] = 0.0
        table = pd.DataFrame(
            {
                "observed": observed,
                "mean": mean,
                "std": std,
                "min": values.min(axis=0),
                "max": values.max(axis=0),
                "ratio": ratio,
                "z": z,
                "p_above": above,
                "p_below": below,
                "p": np.minimum(1.0, 2 * np.fmin(above, below)),
            },
            index=self.observed.index,
        )
        table.attrs = dict(self.attrs)
        return table

    def describe(self) -> str:
        """Describe the null graphs in one line."""
        return (
            f"{len(self.values)} null graphs ({self.model.kind}; kept: {self.model.describe()}; "
            f"seed {self.seed})"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self.describe()}</p>{self.table.to_html()}"

    def __repr__(self) -> str:
        return f"{self.describe()}\n{self.table}"


def compare(
    graph: DirectedGraph,
    model: NullModel,
    measures: Mapping[str, Measure],
    *,
    nulls: int = 100,
    seed: int = 0,
    workers: int | None = None,
    stop: Stop | None = None,
) -> dict[str, Comparison]:
    """Compare numbers of a graph with those of null graphs; each null graph is drawn once.

    Parameters
    ----------
    graph
        The graph to measure.
    model
        What the null graphs keep; each of them is checked.
    measures
        Functions by name; each takes a graph and returns numbers by name. They run in parallel
        threads.
    nulls
        Number of null graphs. The smallest possible p is 2 / (1 + nulls): fewer than 40 raise a
        `FewNullsWarning`.
    seed
        Seed of the null graphs. Results do not depend on `workers`.
    workers, stop
        See `triad_census`. A measure that takes long should check `stop` itself.

    Returns
    -------
    dict
        A `Comparison` for each measure.

    Raises
    ------
    InputError
        Fewer than 2 null graphs, or a negative seed.
    CavegraphError
        A null graph does not keep what the model promises.
    """
    import pandas as pd

    if nulls < 2:
        raise InputError(f"significance: {nulls} null graphs", hint="pass 2 or more; 100 is usual")
    if nulls < ENOUGH:
        notice(
            f"{nulls} null graphs: p cannot be below {2 / (1 + nulls):.2g}, so nothing can be "
            f"significant at 0.05; draw {ENOUGH} or more (100 is usual)",
            FewNullsWarning,
        )
    threads = worker_count(workers)
    observed = {name: dict(measure(graph)) for name, measure in measures.items()}
    kept: dict[str, None] = {}
    ours = Stop(within=stop)

    def work(index: int) -> tuple[float, dict[str, list[float]]]:
        null = null_graph(graph, model, seed=seed, index=index, stop=ours)
        kept.update(dict.fromkeys(check_preserved(graph, null, model)))
        found = {}
        for name, measure in measures.items():
            ours.check()
            numbers = measure(null)
            found[name] = [float(numbers[one]) for one in observed[name]]
        return shared_connections(graph, null), found

    with Progress("null graphs", nulls, unit="graphs") as progress:
        drawn = []
        for one in in_order(work, range(nulls), at_once=threads, stop=ours):
            drawn.append(one)
            progress.advance()
    shared = pd.Series([one for one, _ in drawn], name="shared", dtype="float64")
    answer = {}
    for name, numbers in observed.items():
        labels = pd.Index(list(numbers), name=name)
        rows = np.array([found[name] for _, found in drawn], dtype=np.float64)
        answer[name] = Comparison(
            pd.Series(list(numbers.values()), index=labels, dtype="float64", name="observed"),
            pd.DataFrame(
                rows.reshape(nulls, len(labels)),
                index=pd.RangeIndex(nulls, name="null"),
                columns=labels,
            ),
            model,
            seed,
            tuple(kept),
            shared,
            graph.attrs,
        )
    return answer


def _share_of(holds: Flags, known: Flags) -> npt.NDArray[np.float64]:
    share = (1 + holds.sum(axis=0)) / (1 + len(holds))
    return np.where(known, share, np.nan)
