"""Count motifs in any graph of a connectome's neurons, null graphs included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from graphapi.engines.queries import catalog
from graphapi.motifs.binding import bind
from graphapi.motifs.memory import MemoryGraph
from graphapi.motifs.plan import Rules, make_plan
from graphapi.motifs.search import read_motif

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pyarrow as pa

    from graphapi.common.threads import Stop
    from graphapi.graph.door import Graph
    from graphapi.motifs.binding import MotifSchema
    from graphapi.motifs.search import Motif
    from graphapi.network.graph import DirectedGraph


class MotifCounts:
    """Counts motifs in a graph; neuron properties are read from the connectome once.

    Parameters
    ----------
    graph
        The open graph.
    schema
        Its fields. Of a connection only `weight` can be asked for: null graphs have no sizes.
    motifs
        Motifs by name.
    rules
        Which matches count.
    stop
        Ends a count early.

    Raises
    ------
    MotifError, UnknownFieldError
        As for `MotifSearch.search`.
    """

    def __init__(
        self,
        graph: Graph,
        schema: MotifSchema,
        motifs: Mapping[str, Motif],
        rules: Rules,
        stop: Stop | None = None,
    ) -> None:
        import pyarrow as pa

        self._schema = replace(schema, edges={"weight": schema.edges["weight"]})
        self._rules, self._stop = rules, stop
        self._patterns = {
            name: bind(read_motif(motif), self._schema) for name, motif in motifs.items()
        }
        # Read here and not when first needed: counting runs in several threads.
        self._root_ids = graph.run(catalog()["all_neurons"]).column("root_id").to_numpy()
        self._fields: dict[str, pa.Array] = {}
        used = {name for pattern in self._patterns.values() for name in pattern.node_fields}
        for name in sorted(used - {"root_id"}):
            asked = catalog()["all_neuron_properties"].with_properties({name: schema.nodes[name]})
            self._fields[name] = graph.run(asked).column(name).combine_chunks()
        self._fields["root_id"] = pa.array(self._root_ids)

    def __call__(self, graph: DirectedGraph) -> dict[Hashable, float]:
        """Count each motif in a graph of neurons of the connectome."""
        from graphapi.motifs.compiled import CompiledSearch

        plain = self._in_memory(graph)
        found: dict[Hashable, float] = {}
        for name, pattern in self._patterns.items():
            here = plain.undirected() if pattern.undirected else plain
            plan = make_plan(pattern, self._rules)
            found[name] = CompiledSearch(here, pattern, plan, self._schema).count(self._stop)
        return found

    def _in_memory(self, graph: DirectedGraph) -> MemoryGraph:
        import pyarrow as pa

        places = np.searchsorted(self._root_ids, graph.root_ids)
        return MemoryGraph.of(
            graph.matrix,
            graph.root_ids,
            {},
            lambda name, _: self._fields[name].take(pa.array(places)),
        )
