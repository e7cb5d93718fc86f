"""A graph in memory, in the form that the compiled matcher needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from graphapi.engines.queries import Item, Query
from graphapi.motifs.predicates import codes_of, meets_all

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    import scipy.sparse as sp

    from graphapi.graph.door import Graph
    from graphapi.ids import IdArray
    from graphapi.motifs.binding import MotifSchema
    from graphapi.motifs.pattern import Comparison, Condition, Edge

Positions = npt.NDArray[np.int32]

#: Memory per connection while a search runs: three columns, both directions, and slack.
BYTES_PER_CONNECTION = 96


@dataclass(frozen=True, eq=False)
class MemoryGraph:
    """Connections by position, neurons by ascending root id.

    Parameters
    ----------
    root_ids
        int64, ascending, no repeats.
    pre, post
        int32 positions in `root_ids`, sorted by pre, then post; no pair twice, no self edges.
    edge_fields
        Arrow array of each property of a connection, in the order of `pre`.
    read_node_field
        Returns a neuron property as an Arrow array in the order of `root_ids`.
    """

    root_ids: IdArray
    pre: Positions
    post: Positions
    edge_fields: dict[str, pa.Array]
    read_node_field: Callable[[str, str], pa.Array]

    @classmethod
    def of(
        cls,
        matrix: sp.csr_array,
        root_ids: IdArray,
        edge_fields: dict[str, pa.Array],
        read_node_field: Callable[[str, str], pa.Array],
    ) -> MemoryGraph:
        """Wrap a matrix, which is shared and not copied."""
        import pyarrow as pa

        places = np.arange(root_ids.size, dtype=np.int32)
        pre, post = places.repeat(np.diff(matrix.indptr)), matrix.indices
        fields = {"weight": pa.array(matrix.data), **edge_fields}
        return cls(root_ids, pre, post.astype(np.int32, copy=False), fields, read_node_field)

    def weights(self, pre: Positions, post: Positions) -> npt.NDArray[np.int64]:
        """Return the weights of existing connections, by the positions of their ends."""
        size = self.root_ids.size
        keys = self.pre.astype(np.int64) * size + self.post
        at = np.searchsorted(keys, pre.astype(np.int64) * size + post)
        known = self.edge_fields["weight"].to_numpy(zero_copy_only=False)
        return np.asarray(known[at], dtype=np.int64)

    def undirected(self) -> MemoryGraph:
        """Return the graph with every connection in both directions, and their values summed."""
        import pyarrow as pa
        import pyarrow.compute as pc

        size = self.root_ids.size
        keys = self.pre.astype(np.int64) * size + self.post
        mirrored = self.post.astype(np.int64) * size + self.pre
        both = np.union1d(keys, mirrored)
        fields = {}
        for name, values in self.edge_fields.items():
            there = np.zeros(both.size, dtype=np.int64)
            known = np.zeros(both.size, dtype=np.bool_)
            plain = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
            valid = pc.is_valid(values).to_numpy(zero_copy_only=False)
            for way in (keys, mirrored):
                at = np.searchsorted(both, way)
                there[at] += plain
                known[at] |= valid
            fields[name] = pa.array(there, mask=~known)
        pre, post = (part.astype(np.int32) for part in np.divmod(both, max(size, 1)))
        return MemoryGraph(self.root_ids, pre, post, fields, self.read_node_field)


def count_connections(graph: Graph) -> int:
    """Ask the database how many connections there are."""
    query = Query(
        name="motif_size",
        text="MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)\nRETURN count(*) AS connections\n",
        columns=(Item("connections", "int"),),
    )
    return int(graph.run(query).column("connections")[0].as_py())


class FieldReader:
    """Reads each field once and evaluates conditions on it."""

    def __init__(self, graph: MemoryGraph, schema: MotifSchema) -> None:
        self._graph = graph
        self._schema = schema
        self._nodes: dict[str, pa.Array] = {}

    def nodes_meeting(self, where: tuple[Condition, ...]) -> npt.NDArray[np.bool_]:
        """Return which neurons meet all conditions; bool, (n,)."""
        columns = {one.field: self._node(one.field) for one in where}
        return meets_all(columns, where, self._graph.root_ids.size)

    def edges_meeting(self, edge: Edge) -> npt.NDArray[np.bool_]:
        """Return which connections an edge of the pattern can be; bool, (connections,)."""
        mask = meets_all(self._graph.edge_fields, edge.where, self._graph.pre.size)
        if edge.pre_where:
            mask &= self.nodes_meeting(edge.pre_where)[self._graph.pre]
        return mask

    def node_codes(self, one: Comparison) -> list[npt.NDArray[np.int64]]:
        """Rank the values of both sides of a comparison of neurons; see `codes_of`."""
        return codes_of([self._node(one.left_field), self._node(one.right_field)])

    def edge_codes(self, one: Comparison) -> list[npt.NDArray[np.int64]]:
        """Rank the values of both sides of a comparison of connections."""
        fields = self._graph.edge_fields
        return codes_of([fields[one.left_field], fields[one.right_field]])

    def _node(self, name: str) -> pa.Array:
        if name not in self._nodes:
            self._nodes[name] = self._graph.read_node_field(name, self._schema.nodes[name])
        return self._nodes[name]


class NeighbourLists:
    """Neighbour lists of the graph and of its parts that meet conditions; part 0 is the whole."""

    def __init__(self, graph: MemoryGraph, fields: FieldReader) -> None:
        self._graph = graph
        self._fields = fields
        self._numbers: dict[object, int] = {(frozenset(), frozenset()): 0}
        self._masks: list[npt.NDArray[np.bool_] | None] = [None]

    def number(self, edge: Edge) -> int:
        """Return the number of the part with the connections that an edge of the pattern can be."""
        key = (frozenset(edge.where), frozenset(edge.pre_where))
        if key not in self._numbers:
            self._numbers[key] = len(self._masks)
            self._masks.append(self._fields.edges_meeting(edge))
        return self._numbers[key]

    def arrays(self) -> tuple[npt.NDArray[np.int64], Positions]:
        """Return `indptr` and `indices` as `Program` describes them."""
        size = self._graph.root_ids.size
        starts, lists, offset = [], [], 0
        for mask in self._masks:
            pre = self._graph.pre if mask is None else self._graph.pre[mask]
            post = self._graph.post if mask is None else self._graph.post[mask]
            back = np.lexsort((pre, post))
            for source, target in ((pre, post), (post[back], pre[back])):
                counts = np.bincount(source, minlength=size)
                starts.append(offset + np.concatenate(([0], np.cumsum(counts))))
                lists.append(target)
                offset += target.size
        lists.append(np.arange(size, dtype=np.int32))
        return np.stack(starts).astype(np.int64), np.concatenate(lists).astype(np.int32)
