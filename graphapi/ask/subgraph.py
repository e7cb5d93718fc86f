"""Subgraphs of the connectome as graph objects."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from graphapi.engines.queries import catalog
from graphapi.errors import InputError, MissingExtraError
from graphapi.graph.reader import Reader
from graphapi.graph.results import Adjacency
from graphapi.graph.terms import Terms

if TYPE_CHECKING:
    import networkx as nx
    import pyarrow as pa

    from graphapi.ids import IdArray

#: Characters that XML files cannot contain, escaped or not (XML 1.0, section 2.2).
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

SubgraphForm = Literal["networkx", "igraph", "sparse", "arrow"]


class SubgraphQuestions(Reader):
    """Questions whose answer is a graph."""

    @overload
    def get_subgraph(
        self,
        neuron_ids: object,
        grow: int = 0,
        threshold: int = 1,
        *,
        form: Literal["networkx"] = ...,
    ) -> nx.DiGraph[int]: ...

    @overload
    def get_subgraph(
        self, neuron_ids: object, grow: int = 0, threshold: int = 1, *, form: Literal["sparse"]
    ) -> Adjacency: ...

    @overload
    def get_subgraph(
        self, neuron_ids: object, grow: int = 0, threshold: int = 1, *, form: Literal["arrow"]
    ) -> pa.Table: ...

    @overload
    def get_subgraph(
        self, neuron_ids: object, grow: int = 0, threshold: int = 1, *, form: Literal["igraph"]
    ) -> Any: ...

    def get_subgraph(
        self,
        neuron_ids: object,
        grow: int = 0,
        threshold: int = 1,
        *,
        form: SubgraphForm = "networkx",
    ) -> Any:
        """Return the induced subgraph of some neurons.

        Parameters
        ----------
        neuron_ids
            Root ids of any integer-like kind, or `NeuronCriteria`.
        grow
            First add all neurons within this many hops, in either direction.
        threshold
            Smallest weight of a connection, in synapses, inclusive; also applies to `grow`.
        form
            `'networkx'` (a `DiGraph`), `'igraph'` (extra `igraph`), `'sparse'` (an
            `Adjacency`) or `'arrow'` (connections only).

        Returns
        -------
        networkx.DiGraph, igraph.Graph, Adjacency or pyarrow.Table
            All connections among these neurons. Nodes are root ids with the neuron's properties
            (those that have a value); edges have `weight`. All attributes of a networkx graph are
            numbers, texts or bools, so that `networkx.write_graphml` and `write_gexf` can write
            them: lists become JSON, and control characters that XML cannot contain are escaped.
        """
        if isinstance(grow, bool) or not isinstance(grow, int) or grow < 0:
            raise InputError(
                f"grow: {grow!r} is not a number of hops",
                hint="pass a whole number; 0 adds no neurons",
            )
        terms = Terms(threshold=threshold)
        selection = self._select(neuron_ids, "neuron_ids", terms)
        members = self._grown(selection.unique, grow, threshold)
        found = self._fetch(terms, pre=members, post=members)
        part = Adjacency(members, members, found, self._provenance(terms, selection).attrs())
        if form == "sparse":
            return part
        if form == "arrow":
            return part.to_arrow()
        graph = self._as_networkx(part, threshold)
        if form == "networkx":
            return graph
        if form == "igraph":
            return networkx_to_igraph(graph)
        raise InputError(f"form: {form!r} is not 'networkx', 'igraph', 'sparse' or 'arrow'")

    def _grown(self, neuron_ids: IdArray, hops: int, threshold: int) -> IdArray:
        """Add the neurons within some hops, in either direction; sorted."""
        members = frontier = neuron_ids
        for _ in range(hops):
            if not len(frontier):
                break
            params = {"ids": frontier.tolist(), "threshold": int(threshold)}
            near = self.run(catalog()["neighbours"], params).column("root_id").to_numpy()
            frontier = np.setdiff1d(near, members)
            members = np.union1d(members, frontier)
        return members

    def _as_networkx(self, part: Adjacency, threshold: int) -> nx.DiGraph[int]:
        """Return a `DiGraph`: nodes are root ids with their properties, edges have `weight`.

        The graph's attributes (`.graph`) hold its provenance and the threshold, with `id_mapping`
        as JSON.
        """
        import networkx as nx

        origin = {str(name): written(value) for name, value in part.attrs.items()}
        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.graph.update(origin, threshold=threshold)
        graph.add_nodes_from(part.pre_ids.tolist())
        properties = self.annotations.neurons_of(part.pre_ids)
        for row in properties.to_dict("records"):
            root = int(row.pop("root_id"))
            graph.nodes[root].update({str(name): written(v) for name, v in row.items() if known(v)})
        found = part.connections
        graph.add_weighted_edges_from(
            zip(found.pre.tolist(), found.post.tolist(), found.weight.tolist(), strict=True)
        )
        return graph


def networkx_to_igraph(graph: nx.DiGraph[int]) -> Any:
    """Return an `igraph.Graph` with root ids in the vertex attribute `root_id`.

    Raises
    ------
    MissingExtraError
        igraph is not installed.
    """
    try:
        import igraph
    except ImportError as error:
        raise MissingExtraError("igraph", "igraph") from error
    roots = list(graph.nodes)
    place = {root: number for number, root in enumerate(roots)}
    names = sorted({name for _, data in graph.nodes(data=True) for name in data})
    return igraph.Graph(
        n=len(roots),
        edges=[(place[pre], place[post]) for pre, post in graph.edges],
        directed=True,
        vertex_attrs={
            "root_id": roots,
            **{name: [graph.nodes[root].get(name) for root in roots] for name in names},
        },
        edge_attrs={"weight": [data["weight"] for _, _, data in graph.edges(data=True)]},
    )


def known(value: object) -> bool:
    """Return whether a value is not missing (None, NaN or `pandas.NA`)."""
    import pandas as pd

    return isinstance(value, (list, tuple, np.ndarray)) or not pd.isna(value)  # type: ignore[call-overload]


def written(value: object) -> object:
    """Convert a value to one that graph files can store: a number, a bool or a text."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple, dict)):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        return _NOT_IN_XML.sub(lambda found: ascii(found[0])[1:-1], value)
    return "" if value is None else value
