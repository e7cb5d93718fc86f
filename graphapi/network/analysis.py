"""The network of an open connectome: its matrix, its statistics, its null graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.common.threads import Stop
from graphapi.errors import InputError, UnknownFieldError
from graphapi.graph.results import Provenance
from graphapi.graph.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    import pandas as pd

    from graphapi.graph.reader import Reader
    from graphapi.network.distances import PathLengths
    from graphapi.network.graph import DirectedGraph
    from graphapi.network.nulls import NullKind, NullModel
    from graphapi.network.significance import Comparison


class NetworkAnalysis:
    """What can be asked about a connectome as a network; base of `MotifAnalysis`.

    Parameters
    ----------
    connectome
        The open graph.
    """

    def __init__(self, connectome: Reader) -> None:
        self._connectome = connectome

    def graph(
        self, threshold: int = 1, neuron_ids: object = None, *, isolated: bool = False
    ) -> DirectedGraph:
        """Return the connections as a matrix, for your own algorithms too.

        Parameters
        ----------
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        neuron_ids
            Only these, and the connections among them: root ids or `NeuronCriteria`.
        isolated
            Keep neurons that have no such connection.

        Returns
        -------
        DirectedGraph
            Root ids, ascending, and an int64 CSR matrix: rows pre, columns post.
        """
        from graphapi.network.graph import DirectedGraph

        terms = Terms(threshold=threshold)
        chosen = None
        if neuron_ids is not None:
            chosen = self._connectome.selector.select(neuron_ids, what="neuron_ids")
        matrix, roots = self._whole.matrix(terms.threshold)
        attrs = self._attrs({} if chosen is None else chosen.mapping)
        graph = DirectedGraph(roots, matrix, attrs)
        if chosen is not None:
            graph = graph.subset(chosen.unique)
        if not isolated:
            return graph.connected()
        return DirectedGraph(graph.root_ids, graph.matrix.copy(), attrs)

    @property
    def _whole(self) -> Any:
        """All connections that count; a part of them in `MotifSearch` of regions."""
        return self._connectome.whole

    def _stop(self, timeout: float | None = None) -> Stop:
        """Start the clock of a computation: its own time limit, or that given to `open`."""
        return Stop(self._connectome.timeout if timeout is None else timeout)

    def _attrs(self, id_mapping: Mapping[int, int]) -> dict[Hashable | None, Any]:
        made = self._connectome.materialization
        source = Provenance(made.datastack, made.version, made.timestamp, "graph", id_mapping)
        return source.attrs()

    def _frame(
        self, make: Callable[[DirectedGraph], pd.DataFrame], threshold: int, neuron_ids: object
    ) -> pd.DataFrame:
        """Make a table from a graph, and record where its connections come from."""
        graph = self.graph(threshold, neuron_ids)
        frame = make(graph)
        frame.attrs |= graph.attrs
        return frame

    def statistics(self, threshold: int = 1, neuron_ids: object = None) -> dict[str, int | float]:
        """Return reciprocity, clustering, components and the like.

        Parameters
        ----------
        threshold, neuron_ids
            See `graph`.

        Returns
        -------
        dict
            Numbers by name; see `graphapi.network.statistics.network_statistics`.
        """
        from graphapi.network.statistics import network_statistics

        return network_statistics(self.graph(threshold, neuron_ids), stop=self._stop())

    def path_lengths(
        self,
        threshold: int = 1,
        neuron_ids: object = None,
        *,
        directed: bool = True,
        sample: int | None = None,
        seed: int = 0,
    ) -> PathLengths:
        """Measure the shortest paths between neurons, in connections.

        Parameters
        ----------
        threshold, neuron_ids
            See `graph`.
        directed
            Follow the direction of connections.
        sample
            Number of neurons to start from, drawn at random; None for all, which is exact.
        seed
            Seed of the sample.

        Returns
        -------
        PathLengths
            `mean`, `longest`, `reached_share`, and `to_frame()`: pairs by distance.
        """
        from graphapi.network.distances import path_lengths

        graph = self.graph(threshold, neuron_ids)
        stop = self._stop()
        return path_lengths(graph, directed=directed, sample=sample, seed=seed, stop=stop)

    def degrees(self, threshold: int = 1, neuron_ids: object = None) -> pd.DataFrame:
        """Count the partners and synapses of each neuron; see `graphapi.network.statistics`."""
        from graphapi.network.statistics import degree_table

        return self._frame(degree_table, threshold, neuron_ids)

    def degree_distribution(self, threshold: int = 1, neuron_ids: object = None) -> pd.DataFrame:
        """Count neurons by their number of partners; see `graphapi.network.statistics`."""
        from graphapi.network.statistics import degree_distribution

        return self._frame(degree_distribution, threshold, neuron_ids)

    def hubs(
        self, top: int = 20, threshold: int = 1, neuron_ids: object = None, by: str | None = None
    ) -> pd.DataFrame:
        """Return the neurons with the most partners.

        Parameters
        ----------
        top
            Number of neurons.
        threshold, neuron_ids
            See `graph`.
        by
            A neuron property to add as a column.

        Returns
        -------
        pandas.DataFrame
            By root id; see `graphapi.network.statistics.hubs`.
        """
        from graphapi.network.statistics import hubs

        found = self._frame(lambda graph: hubs(graph, top), threshold, neuron_ids)
        from graphapi.network.labels import column_of

        if by is None:
            return found
        return found.assign(**{column_of(by, found.columns): self.labels(by).reindex(found.index)})

    def null_model(
        self,
        kind: NullKind = "degree",
        *,
        keep_reciprocal: bool = False,
        by: str | None = None,
    ) -> NullModel:
        """Make a null model; `graphapi.network.nulls.NullModel` says what each kind keeps.

        Parameters
        ----------
        kind
            `'degree'`, `'erdos_renyi'`, `'block'` or `'block_random'`.
        keep_reciprocal
            Keep reciprocal pairs.
        by
            For the block models: a neuron property (`cell_class`, `side`, a region).
        """
        from graphapi.network.nulls import NullModel

        if by is None and kind in ("block", "block_random"):
            raise InputError(
                f"null model: {kind} needs to know what the blocks are",
                hint="pass by='cell_class' or another neuron property",
            )
        return NullModel(kind, keep_reciprocal, None if by is None else self.labels(by))

    def null_graph(
        self,
        model: NullModel | NullKind = "degree",
        threshold: int = 1,
        neuron_ids: object = None,
        *,
        seed: int = 0,
        index: int = 0,
    ) -> DirectedGraph:
        """Draw a null graph; see `graphapi.network.nulls.null_graph`."""
        from graphapi.network.nulls import null_graph

        graph = self.graph(threshold, neuron_ids)
        stop = self._stop()
        return null_graph(graph, self._model(model), seed=seed, index=index, stop=stop)

    def rich_club(
        self,
        nulls: int = 100,
        model: NullModel | NullKind = "degree",
        threshold: int = 1,
        neuron_ids: object = None,
        *,
        seed: int = 0,
        workers: int | None = None,
    ) -> pd.DataFrame:
        """Compare how densely neurons with many partners are interconnected with null graphs.

        Parameters
        ----------
        nulls
            Number of null graphs; 0 for the curve alone.
        model
            What the null graphs keep: a `NullModel` or the name of one.
        threshold, neuron_ids
            See `graph`.
        seed
            Seed of the null graphs.
        workers
            Number of threads; None for one per core.

        Returns
        -------
        pandas.DataFrame
            Index `k`; `neurons` with more than k partners (upstream and downstream together),
            `connections` among them, `phi`: the share of all pairs that are connected. With null
            graphs: `mean`, `std`, `min`, `max` of phi in them, `ratio` (above 1: a rich club),
            `z`, and `p_above`, `p_below`, `p`.
        """
        from graphapi.network.rich_club import rich_club_against, rich_club_curve

        if not nulls:
            return self._frame(rich_club_curve, threshold, neuron_ids)
        chosen = self._model(model)

        def against(graph: DirectedGraph) -> pd.DataFrame:
            stop = self._stop()
            return rich_club_against(
                graph, chosen, nulls=nulls, seed=seed, workers=workers, stop=stop
            )

        return self._frame(against, threshold, neuron_ids)

    def compare(
        self,
        measures: Mapping[str, Any],
        model: NullModel | NullKind = "degree",
        nulls: int = 100,
        threshold: int = 1,
        neuron_ids: object = None,
        *,
        seed: int = 0,
        workers: int | None = None,
    ) -> dict[str, Comparison]:
        """Compare numbers of your own with null graphs; see `graphapi.network.significance`.

        Parameters
        ----------
        measures
            Functions by name; each takes a `DirectedGraph` and returns numbers by name.
        model, nulls, threshold, neuron_ids, seed, workers
            As for `rich_club`.
        """
        from graphapi.network.significance import compare

        graph, chosen = self.graph(threshold, neuron_ids), self._model(model)
        stop = self._stop()
        return compare(graph, chosen, measures, nulls=nulls, seed=seed, workers=workers, stop=stop)

    def _model(self, model: NullModel | NullKind) -> NullModel:
        return self.null_model(model) if isinstance(model, str) else model

    def labels(self, by: str) -> pd.Series[Any]:
        """Return a property of all neurons, by root id; `Unknown` for neurons without it.

        Raises
        ------
        UnknownFieldError
            Neurons have no such property.
        """
        import pandas as pd

        table = self._connectome.annotations
        if by not in table.neuron_types:
            raise UnknownFieldError(
                f"neurons of {self._connectome.name} have no property '{by}'",
                hint=f"properties here: {', '.join(sorted(table.neuron_types))}",
            )
        roots = self._connectome.root_ids()
        return pd.Series(list(table.neuron_column(by)), index=roots, name=by).fillna("Unknown")
