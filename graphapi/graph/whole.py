"""The whole graph piece by piece: memory for a piece, however large the graph is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.progress import Progress
from graphapi.engines.queries import catalog
from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from graphapi.graph.door import Graph
    from graphapi.ids import IdArray

#: Connections a piece: 24 MB of ids and weights.
ROWS = 1_000_000


def iter_connections(graph: Graph, threshold: int, rows: int = ROWS) -> Iterator[pa.Table]:
    """Yield every connection; see `Connectome.iter_connections`."""
    if rows < 1:
        raise InputError(f"rows: {rows} is less than 1")
    query = catalog()["connections_from"]
    ranges = _ranges(*_out_partners(graph), rows)
    with Progress("Reading connections", len(ranges), unit="pieces") as bar:
        for first, last in ranges:
            yield graph.run(query, {"first": first, "last": last, "threshold": int(threshold)})
            bar.advance()


def whole_table(graph: Graph, threshold: int) -> pa.Table:
    """Return every connection at once: `pre`, `post`, `weight`.

    A server is asked for pieces: it would have to hold all rows before it sends the first as
    columns. The embedded engine hands its columns over as they are.
    """
    import pyarrow as pa

    if not graph.is_served:
        return graph.run(catalog()["all_connections"], {"threshold": int(threshold)})
    parts = list(iter_connections(graph, threshold))
    return pa.concat_tables(parts) if parts else _nothing()


def write_connections(graph: Graph, path: str, threshold: int = 1) -> None:
    """Write every connection into a Parquet file, a piece at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, _nothing().schema) as writer:
        for part in iter_connections(graph, threshold):
            writer.write_table(part)


def _nothing() -> pa.Table:
    import pyarrow as pa

    return pa.schema({name: pa.int64() for name in ("pre", "post", "weight")}).empty_table()


def _out_partners(graph: Graph) -> tuple[IdArray, IdArray]:
    query = catalog()["all_neuron_properties"].with_properties({"out_partners": "int"})
    table = graph.run(query)
    partners = np.nan_to_num(table.column("out_partners").to_numpy()).astype(np.int64)
    return table.column("root_id").to_numpy(), partners


def _ranges(roots: IdArray, partners: IdArray, rows: int) -> list[tuple[int, int]]:
    """Cut ascending root ids where a piece would have more than `rows` connections.

    A neuron with more is a piece of its own. Neurons without any belong to a piece too.
    """
    ranges = []
    start = seen = 0
    for place, number in enumerate(partners.tolist()):
        if seen and seen + number > rows:
            ranges.append((int(roots[start]), int(roots[place - 1])))
            start, seen = place, 0
        seen += number
    if len(roots):
        ranges.append((int(roots[start]), int(roots[-1])))
    return ranges
