"""A connectome as a sparse matrix and an index of root ids, independent of any engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphapi.errors import InputError, UnknownRootIdError
from graphapi.ids import parse_root_ids, unique_ids

if TYPE_CHECKING:
    from collections.abc import Hashable

    from graphapi.ids import IdArray, RootIds

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DirectedGraph:
    """Neurons and their connections, as arrays.

    Rows of `matrix` are presynaptic, columns postsynaptic; both are in the order of
    `root_ids`. Use `from_edges` unless you already have the matrix.

    Parameters
    ----------
    root_ids
        int64, shape (n,), sorted, no repeats.
    matrix
        `scipy.sparse.csr_array` of int64 weights, shape (n, n): stored values are above
        zero, sorted within a row, and never on the diagonal.
    attrs
        Where the connections come from, as in the `.attrs` of tables; parts of a graph inherit
        it.

    Raises
    ------
    InputError
        An array breaks one of these rules.
    """

    root_ids: IdArray
    matrix: Any
    attrs: dict[Hashable | None, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids, matrix = self.root_ids, self.matrix
        if (
            ids.dtype != np.int64
            or ids.ndim != 1
            or (ids.size > 1 and not (np.diff(ids) > 0).all())
        ):
            raise InputError(
                "graph: root_ids must be int64, ascending and without repeats",
                hint="DirectedGraph.from_edges sorts them",
            )
        if getattr(matrix, "format", None) != "csr" or matrix.shape != (ids.size, ids.size):
            raise InputError(
                f"graph: matrix must be CSR of shape {(ids.size, ids.size)}",
                hint="DirectedGraph.from_edges builds it from pre, post and weight",
            )
        if matrix.dtype != np.int64 or not matrix.has_canonical_format:
            raise InputError("graph: matrix must be int64, sorted in rows and without repeats")
        if matrix.nnz and int(matrix.data.min()) <= 0:
            raise InputError("graph: a connection has a weight of zero or less")
        if bool((self.pre == matrix.indices).any()):
            raise InputError("graph: the diagonal must be empty; autapses are not connections")

    @classmethod
    def from_edges(
        cls,
        pre: RootIds,
        post: RootIds,
        weight: npt.ArrayLike | None = None,
        root_ids: RootIds | None = None,
    ) -> DirectedGraph:
        """Build a graph from connections or from synapses.

        Parameters
        ----------
        pre, post
            Root ids of the two ends, of equal length. Pairs may come in any order; the weights
            of repeated pairs are summed. Self-connections are left out, as everywhere in the
            graph model, but their neurons are kept.
        weight
            Synapses of each connection, whole numbers above zero; None for 1 each.
        root_ids
            All neurons, with or without a connection; None for the ends of the connections.

        Raises
        ------
        InvalidRootIdError
            An end is not a root id.
        InputError
            Lengths differ, or a weight is not a whole number above zero.
        UnknownRootIdError
            An end is not in `root_ids`.
        """
        sources = parse_root_ids(pre, what="pre")
        targets = parse_root_ids(post, what="post")
        values = _weights(weight, sources.size)
        if not sources.size == targets.size == values.size:
            raise InputError(
                f"graph: {sources.size} pre, {targets.size} post and {values.size} weights",
                hint="pass one of each for every connection",
            )
        ends = unique_ids(np.concatenate([sources, targets]))
        ids = ends if root_ids is None else unique_ids(parse_root_ids(root_ids, what="root_ids"))
        missing = np.setdiff1d(ends, ids, assume_unique=True)
        if missing.size:
            raise UnknownRootIdError(
                missing.tolist(), "root_ids", hint="root_ids must name both ends of each connection"
            )
        kept = sources != targets
        a, b = (np.searchsorted(ids, ends[kept]) for ends in (sources, targets))
        return cls(ids, csr_matrix_of(a, b, values[kept], ids.size))

    @property
    def n(self) -> int:
        """Number of neurons."""
        return int(self.root_ids.size)

    @property
    def m(self) -> int:
        """Number of connections (ordered pairs)."""
        return int(self.matrix.nnz)

    @cached_property
    def pre(self) -> Counts:
        """Position of the presynaptic neuron of each connection, int64, ascending."""
        return np.repeat(np.arange(self.n), np.diff(self.matrix.indptr))

    @property
    def post(self) -> Counts:
        """Position of the postsynaptic neuron of each connection, int64, ascending in a row."""
        return np.asarray(self.matrix.indices, dtype=np.int64)

    @property
    def weight(self) -> Counts:
        """Synapses of each connection, int64, in the order of `pre`."""
        return np.asarray(self.matrix.data)

    @cached_property
    def out_degree(self) -> Counts:
        """Downstream partners of each neuron, int64, shape (n,)."""
        return np.asarray(np.diff(self.matrix.indptr), dtype=np.int64)

    @cached_property
    def in_degree(self) -> Counts:
        """Upstream partners of each neuron, int64, shape (n,)."""
        return np.bincount(self.matrix.indices, minlength=self.n).astype(np.int64)

    @cached_property
    def out_strength(self) -> Counts:
        """Synapses each neuron makes, int64, shape (n,)."""
        return np.asarray(self.matrix.sum(axis=1), dtype=np.int64)

    @cached_property
    def in_strength(self) -> Counts:
        """Synapses each neuron receives, int64, shape (n,)."""
        return np.asarray(self.matrix.sum(axis=0), dtype=np.int64)

    @cached_property
    def reciprocal(self) -> npt.NDArray[np.bool_]:
        """Whether the reverse connection exists, bool, in the order of `pre`."""
        keys = self.pre * self.n + self.post
        back = self.post * self.n + self.pre
        # Keys ascend, as rows and columns do.
        places = np.searchsorted(keys, back)
        found = places < keys.size
        found[found] = keys[places[found]] == back[found]
        return found

    @property
    def reciprocal_degree(self) -> Counts:
        """Partners of each neuron that are both upstream and downstream, int64, shape (n,)."""
        return np.bincount(self.pre[self.reciprocal], minlength=self.n)

    def where(self, mask: npt.NDArray[np.bool_]) -> DirectedGraph:
        """Keep all neurons, and the connections where `mask` (in the order of `pre`) is true."""
        return DirectedGraph(
            self.root_ids,
            csr_matrix_of(self.pre[mask], self.post[mask], self.weight[mask], self.n),
            self.attrs,
        )

    def subset(self, ids: RootIds) -> DirectedGraph:
        """Return the induced subgraph: these neurons and every connection among them.

        Raises
        ------
        UnknownRootIdError
            An id is not in this graph.
        """
        wanted = unique_ids(parse_root_ids(ids))
        missing = np.setdiff1d(wanted, self.root_ids, assume_unique=True)
        if missing.size:
            raise UnknownRootIdError(missing.tolist(), "this graph")
        places = np.searchsorted(self.root_ids, wanted)
        part = self.matrix[places, :].tocsc()[:, places].tocsr()
        part.sort_indices()
        return DirectedGraph(wanted, part, self.attrs)

    def connected(self) -> DirectedGraph:
        """Leave out neurons that have no connection."""
        return self.subset(self.root_ids[(self.out_degree + self.in_degree) > 0])


def csr_matrix_of(pre: Counts, post: Counts, weight: Counts, n: int) -> Any:
    """Make the matrix of connections between positions, in any order; repeated pairs add up."""
    from scipy.sparse import coo_array

    matrix = coo_array((weight, (pre, post)), shape=(n, n)).tocsr()
    matrix.sum_duplicates()
    return matrix


def _weights(weight: npt.ArrayLike | None, count: int) -> Counts:
    if weight is None:
        return np.ones(count, dtype=np.int64)
    values = np.asarray(weight)
    if values.size and values.dtype.kind not in "iu":
        raise InputError(
            f"graph: weights are {values.dtype}, not whole numbers",
            hint="a weight is a count of synapses; convert with .astype('int64')",
        )
    if values.size and int(values.min()) <= 0:
        raise InputError(
            f"graph: a weight is {int(values.min())}",
            hint="leave out pairs without synapses",
        )
    return values.astype(np.int64).ravel()
