"""Read the whole graph: in pieces with little memory, or once as a matrix that is kept."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.madeup import marked_synthetic
from graphapi.common.memory import machine_memory
from graphapi.common.progress import Progress
from graphapi.common.threads import stop_around
from graphapi.engines.forks import after_fork
from graphapi.engines.queries import Item, Query, catalog
from graphapi.errors import GraphIncompleteError
from graphapi.graph.frommatrix import HeldMatrix
from graphapi.graph.matrixcache import MatrixCache
from graphapi.graph.terms import check_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    import scipy.sparse as sp

    from graphapi.graph.door import Graph
    from graphapi.ids import IdArray

#: Seconds between checks while another thread reads the graph.
_STEP = 0.05
#: Connections per piece: 24 MB of ids and weights.
ROWS = 1_000_000
#: Memory that reading the matrix takes, for each connection: 44 bytes were measured.
_READ_BYTES = 48
#: Not in the query catalog, because a graph without sizes does not have this property.
_SIZES = Query(
    name="all_sizes",
    text="MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron)\n"
    "RETURN a.root_id AS pre, b.root_id AS post, c.size_sum AS size_sum\n",
    columns=(Item("pre", "int"), Item("post", "int"), Item("size_sum", "int")),
)


def iter_connections(
    graph: Graph, threshold: int, rows: int = ROWS, timeout: float | None = None
) -> Iterator[pa.Table]:
    """Yield every connection, in pieces; see `graphapi.ask.export.ExportQuestions`."""
    check_count("rows", rows)
    query = catalog()["connections_from"]
    ranges = _ranges(*_out_partners(graph), rows)
    with Progress("Reading connections", len(ranges), unit="pieces") as bar:
        for first, last in ranges:
            params = {"first": first, "last": last, "threshold": int(threshold)}
            yield graph.run(query, params, timeout)
            bar.advance()


class WholeGraph:
    """All connections of a graph as a matrix, read once and shared by all callers.

    A graph of 100,000 connections or more is also kept on disk, for other processes; see
    `graphapi.graph.matrixcache`.

    Parameters
    ----------
    graph
        The open graph. Each call checks that it has not been replaced.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        # one attribute, so that threads never see parts of two matrices
        self._held: HeldMatrix | None = None
        self._strong: tuple[int, sp.csr_array] | None = None
        self._fields: dict[str, pa.Array] = {}
        self._lock = threading.RLock()
        after_fork(self._start_anew)

    @property
    def is_read(self) -> bool:
        """Whether all connections are in memory."""
        return self._held is not None and self._held.threshold == 1

    def at_hand(self, threshold: int) -> HeldMatrix | None:
        """Return a matrix with all connections of a weight, if it need not be read from the graph.

        Parameters
        ----------
        threshold
            Smallest weight, in synapses, inclusive. The matrix may hold smaller ones too.

        Returns
        -------
        HeldMatrix or None
            From memory, or mapped from disk, where an earlier process kept it.

        Raises
        ------
        GraphIncompleteError
            The graph has been replaced since it was opened.
        """
        held = self._held
        if held is None or held.threshold > threshold:
            held = self._cache().read(threshold)
        if held is not None:
            self._graph.check_unchanged()
            self._held = held
        return held

    def read_ahead(self) -> bool:
        """Read the matrix now, so that answers come from it later; unless that is dear.

        Returns
        -------
        bool
            Whether the matrix is at hand. Of a graph on a server only what is kept on disk is
            used: reading one takes minutes. And nothing is read that would take more than a
            quarter of this machine's memory.

        Raises
        ------
        GraphIncompleteError
            The graph has been replaced since it was opened.
        """
        if self.at_hand(1) is not None:
            return True
        number = self._graph.materialization.counts.get("connections", 0)
        if self._graph.is_served or number * _READ_BYTES > machine_memory() // 4:
            return False
        self.matrix()
        return True

    def matrix(
        self, threshold: int = 1, timeout: float | None = None
    ) -> tuple[sp.csr_array, IdArray]:
        """Return the weights, and the root ids of rows (pre) and columns (post).

        A matrix read with one threshold, by this process or an earlier one, is reused for all
        higher ones.

        Parameters
        ----------
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        timeout
            Seconds that a query may take; None for the limit given to `open`, if any.

        Returns
        -------
        scipy.sparse.csr_array
            int64, (n, n), with sorted indices. Its arrays are shared, so they are read-only.
        numpy.ndarray
            int64, (n,), sorted.

        Raises
        ------
        GraphIncompleteError
            The graph has been replaced since it was opened.
        """
        with self._alone():
            held = self.at_hand(threshold)
            if held is None:
                roots, matrix = self._read(threshold, timeout)
                held = HeldMatrix(roots, matrix, threshold)
                self._cache().write(threshold, roots, matrix)
                self._held = held
        if threshold == held.threshold:
            return held.matrix, held.roots.copy()
        strong = self._strong
        if strong is None or strong[0] != threshold:
            strong = self._strong = threshold, _stronger(held.matrix, threshold)
        return strong[1], held.roots.copy()

    def sizes(self, timeout: float | None = None) -> pa.Array:
        """Return `size_sum` of all connections, in the order of `matrix()`; may have nulls."""
        matrix, roots = self.matrix(timeout=timeout)
        with self._alone():
            return self._sizes_of(matrix, roots, timeout)

    def _sizes_of(self, matrix: sp.csr_array, roots: IdArray, timeout: float | None) -> pa.Array:
        if "size_sum" not in self._fields:
            table = self._graph.run(_SIZES, timeout=timeout).combine_chunks()
            ends = (roots.searchsorted(table.column(name)) for name in ("post", "pre"))
            found = table.column("size_sum").take(np.lexsort(tuple(ends)))
            if len(found) != matrix.nnz:
                raise GraphIncompleteError("the graph's connections changed while they were read")
            self._fields["size_sum"] = found.combine_chunks()
        return self._fields["size_sum"]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one thread in at a time: others wait for what it reads, up to their own limit."""
        stop = stop_around()
        while not self._lock.acquire(timeout=_STEP):
            if stop is not None:
                stop.check()
        try:
            yield
        finally:
            self._lock.release()

    def _start_anew(self) -> None:
        """Leave the lock to the parent's threads; called in a forked child."""
        self._lock = threading.RLock()

    def _cache(self) -> MatrixCache:
        uri = self._graph.engine.uri
        place = uri if self._graph.is_served else str(Path(uri).resolve())
        return MatrixCache.of(place, self._graph.materialization)

    def _read(self, threshold: int, timeout: float | None) -> tuple[IdArray, sp.csr_array]:
        """Read all connections in pieces, which come in the order of pre, then post."""
        import scipy.sparse as sp

        roots = self._graph.root_ids()
        starts = np.zeros(roots.size + 1, dtype=np.int64)
        columns, weights = [np.array([], dtype=np.int32)], [np.array([], dtype=np.int64)]
        for part in iter_connections(self._graph, threshold, timeout=timeout):
            pre, post = (roots.searchsorted(part.column(name)) for name in ("pre", "post"))
            starts[1:] += np.bincount(pre, minlength=roots.size)
            columns.append(post.astype(np.int32))
            weights.append(part.column("weight").to_numpy())
        parts = np.concatenate(weights), np.concatenate(columns), starts.cumsum()
        matrix = sp.csr_array(parts, shape=(roots.size, roots.size))
        matrix.sum_duplicates()
        for values in (matrix.indptr, matrix.indices, matrix.data):
            values.setflags(write=False)
        return roots, matrix


def _stronger(matrix: sp.csr_array, threshold: int) -> sp.csr_array:
    import scipy.sparse as sp

    kept = matrix.data >= threshold
    before = np.concatenate(([0], np.cumsum(kept)))
    parts = (matrix.data[kept], matrix.indices[kept], before[matrix.indptr])
    return sp.csr_array(parts, shape=matrix.shape)


def write_connections(
    graph: Graph, path: str, threshold: int = 1, *, synthetic: bool = False
) -> None:
    """Write every connection to a Parquet file, in pieces; mark it if it is synthetic."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, marked_synthetic(_nothing().schema, synthetic)) as writer:
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
    """Split sorted root ids into ranges with at most `rows` connections.

    A neuron with more connections is a range by itself. Neurons without connections are included.
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
