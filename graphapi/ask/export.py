"""The graph, or a piece of it, for other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from graphapi import connectivity as _connectivity
from graphapi.connectivity import Terms
from graphapi.opengraph import OpenGraph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import networkx as nx
    import pyarrow as pa
    import scipy.sparse as sp

    from graphapi.ids import IdArray
    from graphapi.subgraph import SubgraphForm


class ExportCalls(OpenGraph):
    """Pieces of the graph as objects of other libraries."""

    @overload
    def get_subgraph(
        self, ids: object, grow: int = 0, threshold: int = 1, *, form: Literal["networkx"] = ...
    ) -> nx.DiGraph[int]: ...

    @overload
    def get_subgraph(
        self, ids: object, grow: int = 0, threshold: int = 1, *, form: Literal["sparse"]
    ) -> _connectivity.Adjacency: ...

    @overload
    def get_subgraph(
        self, ids: object, grow: int = 0, threshold: int = 1, *, form: Literal["arrow"]
    ) -> pa.Table: ...

    @overload
    def get_subgraph(
        self, ids: object, grow: int = 0, threshold: int = 1, *, form: Literal["igraph"]
    ) -> Any: ...

    def get_subgraph(
        self, ids: object, grow: int = 0, threshold: int = 1, *, form: SubgraphForm = "networkx"
    ) -> Any:
        """Give the induced subgraph of some neurons.

        Parameters
        ----------
        ids
            Root ids of any integer-like kind, or `NeuronCriteria`.
        grow
            Add all neurons within this many hops, in either direction, before inducing.
        threshold
            Smallest weight of a connection, in synapses, inclusive; holds for growing too.
        form
            `'networkx'` (a `DiGraph`), `'igraph'` (extra `igraph`), `'sparse'` (an
            `Adjacency`) or `'arrow'` (connections only).

        Returns
        -------
        networkx.DiGraph, igraph.Graph, Adjacency or pyarrow.Table
            All connections among the members. Nodes are root ids with the neuron's
            properties (those that have a value), edges have `weight`.
        """
        from graphapi.subgraph import get_subgraph

        return get_subgraph(self, ids, grow=grow, threshold=threshold, form=form)

    def to_networkx(self, threshold: int = 1) -> nx.DiGraph[int]:
        """Give the whole graph as a `DiGraph`; see `get_subgraph`."""
        from graphapi.subgraph import to_networkx

        return to_networkx(self, self.to_sparse(threshold), threshold)

    def to_igraph(self, threshold: int = 1) -> Any:
        """Give the whole graph as an `igraph.Graph`; see `get_subgraph`."""
        from graphapi.subgraph import networkx_to_igraph

        return networkx_to_igraph(self.to_networkx(threshold))

    def to_sparse(self, threshold: int = 1) -> _connectivity.Adjacency:
        """Give the whole graph as labels and connections; `.to_sparse()` makes the CSR matrix."""
        terms = Terms(threshold=threshold)
        found = _connectivity.fetch(self, terms, pre=None, post=None)
        attrs = _connectivity.provenance(self, terms, {}).attrs()
        return _connectivity.Adjacency(self.root_ids(), self.root_ids(), found, attrs)

    def iter_connections(self, threshold: int = 1, *, rows: int = 1_000_000) -> Iterator[pa.Table]:
        """Give the whole graph piece by piece, with memory for a piece.

        Parameters
        ----------
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        rows
            About how many connections a piece has at most; a neuron's outgoing connections
            are always in one piece.

        Yields
        ------
        pyarrow.Table
            `pre`, `post`, `weight`, int64, ascending by `pre` and `post`, also from piece to
            piece. Every connection is in exactly one of them.

        Raises
        ------
        GraphIncompleteError
            The graph has been replaced meanwhile.
        """
        from graphapi.graph.whole import iter_connections

        return iter_connections(self, Terms(threshold=threshold).threshold, rows)

    def to_matrix(self, threshold: int = 1) -> tuple[sp.csr_array, IdArray]:
        """Give the whole graph as int64 CSR and the root ids of its rows and columns."""
        whole = self.to_sparse(threshold)
        return whole.to_sparse(), whole.pre_ids

    def to_parquet(self, folder: str | Path) -> dict[str, Path]:
        """Write the whole graph as Parquet files.

        Parameters
        ----------
        folder
            Made when it is not there; files of these names in it are replaced.

        Returns
        -------
        dict
            `connections` (`pre, post, weight`), `neurons` (all properties), `annotations` (raw
            rows) and `materialization` (what the graph is, as JSON), with their paths.

        Raises
        ------
        InputError
            The folder or a file cannot be written; no half-written file is left.
        """
        from graphapi.export import to_parquet

        return to_parquet(self, folder)

    def to_graphml(self, path: str | Path, threshold: int = 1) -> Path:
        """Write the whole graph as GraphML; lists become JSON texts, GraphML has none.

        Parameters
        ----------
        path
            The file; replaced when it is there.
        threshold
            Smallest weight of a connection, in synapses, inclusive.

        Raises
        ------
        InputError
            The file cannot be written.
        """
        from graphapi.export import to_graphml

        return to_graphml(self, path, threshold)
