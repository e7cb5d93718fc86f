"""What a search reads of a graph: fields under conditions, and sorted neighbour lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from graphapi.motifs.predicates import codes_of, meets_all

if TYPE_CHECKING:
    import pyarrow as pa

    from graphapi.motifs.binding import MotifSchema
    from graphapi.motifs.memory import MemoryGraph
    from graphapi.motifs.pattern import Comparison, Condition, Edge

Rows = npt.NDArray[np.int32]


class FieldReader:
    """Reads each field once and answers conditions on it."""

    def __init__(self, graph: MemoryGraph, schema: MotifSchema) -> None:
        self._graph = graph
        self._schema = schema
        self._nodes: dict[str, pa.Array] = {}

    def nodes_meeting(self, where: tuple[Condition, ...]) -> npt.NDArray[np.bool_]:
        """Tell which neurons meet all conditions; bool, (n,)."""
        columns = {one.field: self._node(one.field) for one in where}
        return meets_all(columns, where, self._graph.root_ids.size)

    def edges_meeting(self, edge: Edge) -> npt.NDArray[np.bool_]:
        """Tell which connections this edge of the pattern may be; bool, (connections,)."""
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
    """Neighbour lists of the graph and of its parts under conditions; part 0 is the whole."""

    def __init__(self, graph: MemoryGraph, fields: FieldReader) -> None:
        self._graph = graph
        self._fields = fields
        self._numbers: dict[object, int] = {(frozenset(), frozenset()): 0}
        self._masks: list[npt.NDArray[np.bool_] | None] = [None]

    def number(self, edge: Edge) -> int:
        """Find the part that holds the connections this edge of the pattern may be."""
        key = (frozenset(edge.where), frozenset(edge.pre_where))
        if key not in self._numbers:
            self._numbers[key] = len(self._masks)
            self._masks.append(self._fields.edges_meeting(edge))
        return self._numbers[key]

    def arrays(self) -> tuple[npt.NDArray[np.int64], Rows]:
        """Give `indptr` and `indices` as `Program` describes them."""
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
