"""Motif analysis of an open connectome: search in the graph, census and nulls on its matrix."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from graphapi.errors import UnknownFieldError
from graphapi.motifs.search import MotifSearch, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from graphapi.calls.export import ExportCalls
    from graphapi.motifs.graph import DirectedGraph
    from graphapi.motifs.search import Method, Motif


class MotifAnalysis:
    """What can be asked about motifs; `Connectome.motifs` is one.

    Parameters
    ----------
    connectome
        The open graph.
    """

    def __init__(self, connectome: ExportCalls) -> None:
        self._connectome = connectome

    def search(
        self,
        motif: Motif,
        limit: int | None = None,
        unique: bool = True,
        induced: bool = False,
        distinct: bool = True,
        annotate: Iterable[str] | None = None,
        timeout: float | None = None,
        method: Method = "auto",
    ) -> pd.DataFrame:
        """Find all subgraphs that match a motif; see `graphapi.motifs.search.MotifSearch`.

        Parameters
        ----------
        motif
            A DotMotif program (`"A -> B; B -> C; C -> A"`), the path of a file that holds
            one, or a `Pattern`.
        limit
            Most matches given; None for all.
        unique
            Each subgraph once, whatever the motif's symmetry.
        induced
            No connections among the neurons of a match but the motif's.
        distinct
            Different nodes of the motif are different neurons.
        annotate
            Neuron properties to add for every node.
        timeout
            Seconds after which the search is stopped.
        method
            `'compiled'` (in memory), `'cypher'` (in the database) or `'auto'`.

        Returns
        -------
        pandas.DataFrame
            A column of root ids for every node, then weights of the connections.
        """
        frame = self._search.search(
            motif, limit, unique, induced, distinct, annotate, timeout, method
        )
        made = self._connectome.materialization
        frame.attrs |= {
            "datastack": made.datastack,
            "version": made.version,
            "timestamp": made.timestamp,
        }
        return frame

    def count(
        self,
        motif: Motif,
        unique: bool = True,
        induced: bool = False,
        distinct: bool = True,
        timeout: float | None = None,
        method: Method = "auto",
    ) -> int:
        """Count the matches of a motif without listing them; see `search`."""
        return self._search.count(motif, unique, induced, distinct, timeout, method)

    def graph(
        self, threshold: int = 1, neurons: object = None, *, isolated: bool = False
    ) -> DirectedGraph:
        """Give the connections as a matrix, for everything below and for your own algorithms.

        Parameters
        ----------
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        neurons
            Only these, and the connections among them: root ids or `NeuronCriteria`.
        isolated
            Keep neurons without any such connection.

        Returns
        -------
        DirectedGraph
            Root ids, ascending, and an int64 CSR matrix: rows pre, columns post.
        """
        from graphapi.motifs.graph import DirectedGraph

        whole = self._connectome.to_sparse(threshold)
        found = whole.connections
        graph = DirectedGraph.from_edges(found.pre, found.post, found.weight, whole.pre_ids)
        if neurons is not None:
            chosen = self._connectome.selector.select(neurons, what="neurons")
            graph = graph.subset(chosen.unique)
        return graph if isolated else graph.connected()

    def census(
        self, threshold: int = 1, neurons: object = None, *, isolated: bool = False
    ) -> dict[str, int]:
        """Count the triads of all 16 classes, exactly.

        Parameters
        ----------
        threshold, neurons, isolated
            See `graph`. Classes 003, 012 and 102 depend on the number of neurons, so on
            `isolated`.

        Returns
        -------
        dict
            Number of triads per class, with networkx's names and in its order.
        """
        from graphapi.motifs.census import triad_census

        return triad_census(self.graph(threshold, neurons, isolated=isolated))

    def participation(self, threshold: int = 1, neurons: object = None) -> pd.DataFrame:
        """Count, for every neuron, the triads of each class that it is part of.

        Returns
        -------
        pandas.DataFrame
            Index `root_id`, a column for every class, int64.
        """
        from graphapi.motifs.census import participation

        return participation(self.graph(threshold, neurons))

    def roles(
        self, by: str | None = None, threshold: int = 1, neurons: object = None
    ) -> pd.DataFrame:
        """Count who takes which role in which class of triad.

        Parameters
        ----------
        by
            A neuron property (`cell_class`): one line a value of it. None: one line a neuron.
        threshold, neurons
            See `graph`.
        """
        graph = self.graph(threshold, neurons)
        if by is None:
            from graphapi.motifs.census import role_counts

            return role_counts(graph)
        from graphapi.motifs.labelled import label_roles

        return label_roles(graph, self._labels(by))

    def weights(self, threshold: int = 1, neurons: object = None) -> pd.DataFrame:
        """Tell how strong the connections in each class of triad are."""
        from graphapi.motifs.weighted import weighted_census

        return weighted_census(self.graph(threshold, neurons))

    @cached_property
    def _search(self) -> MotifSearch:
        made = self._connectome.materialization
        schema = schema_of(made.neuron_fields, has_size=made.has_size)
        return MotifSearch(self._connectome.engine, schema)

    def _labels(self, by: str) -> pd.Series[Any]:
        import pandas as pd

        table = self._connectome.annotations
        if by not in table.neuron_types:
            raise UnknownFieldError(
                f"neurons of {self._connectome.name} have no property '{by}'",
                hint=f"properties here: {', '.join(sorted(table.neuron_types))}",
            )
        roots = self._connectome.root_ids()
        return pd.Series(list(table.neuron_column(by)), index=roots).fillna("Unknown")
