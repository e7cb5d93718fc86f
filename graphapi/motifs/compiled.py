"""Search in memory: turn a pattern and a plan into arrays for the compiled matcher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from graphapi.common.threads import Stop, in_order, worker_count
from graphapi.motifs.memory import FieldReader, NeighbourLists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphapi.motifs.binding import MotifSchema
    from graphapi.motifs.memory import MemoryGraph
    from graphapi.motifs.pattern import Pattern
    from graphapi.motifs.plan import Plan

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]

_PROBES = 2000
_CHUNKS_PER_THREAD = 32
#: Numbers of the comparison operators.
OPERATORS = {"=": 0, "!=": 1, "<": 2, "<=": 3, ">": 4, ">=": 5}


class Program(NamedTuple):
    """A plan in arrays; all int64 unless stated otherwise.

    Parameters
    ----------
    indptr
        (rows, n + 1): where each node's list starts in `indices`.
    indices
        int32: all lists, one after the other; the last n entries are 0..n-1.
    allowed
        bool, (depths, n): which neurons meet the conditions on a depth's node.
    near_at, near
        Lists that a candidate must be in: (adjacency row, earlier depth, mark or -1).
    far_at, far
        Lists that it must not be in: (adjacency row, earlier depth, mark or -1).
    mark_at, marks
        Lists of a depth's node that are worth marking, because deeper levels look things up
        in them repeatedly: (adjacency row, mark).
    bound_at, bounds
        (earlier depth, 1): above it; (earlier depth, 0): below it.
    other_at, others
        Earlier depths it must differ from.
    compare_at, compare, codes
        Comparisons of fields: (operator, own code row, earlier depth, its code row); codes
        is (rows, n), -1 where a value is missing.
    tie_at, ties, tie_codes
        Comparisons of connections: (operator, pre depth, post depth, code row, pre depth,
        post depth, code row); codes are (rows, connections) in the order of adjacency row 0.
    twins
        (relabelings, depths): a mapping counts if it is not larger than any of its images.
    """

    indptr: Ints
    indices: npt.NDArray[np.int32]
    allowed: npt.NDArray[np.bool_]
    near_at: Ints
    near: Ints
    far_at: Ints
    far: Ints
    mark_at: Ints
    marks: Ints
    bound_at: Ints
    bounds: Ints
    other_at: Ints
    others: Ints
    compare_at: Ints
    compare: Ints
    codes: Ints
    tie_at: Ints
    ties: Ints
    tie_codes: Ints
    twins: Ints


@dataclass(frozen=True)
class Estimate:
    """How large a search will be.

    Parameters
    ----------
    matches
        Approximate number of matches.
    candidates
        Approximate number of neurons that will be looked at.
    widest
        The node of the pattern at which the search grows most.
    """

    matches: float
    candidates: float
    widest: int


class CompiledSearch:
    """One pattern over one graph in memory.

    Parameters
    ----------
    graph
        Already undirected, if the pattern is.
    pattern
        Bound to the schema.
    plan
        From `make_plan`.
    schema
        The fields' types.

    Attributes
    ----------
    looked
        Candidates that the last `count` looked at.
    """

    looked = 0

    def __init__(
        self, graph: MemoryGraph, pattern: Pattern, plan: Plan, schema: MotifSchema
    ) -> None:
        self._graph = graph
        self._pattern = pattern
        self._plan = plan
        self._depth = {node: d for d, node in enumerate(plan.order)}
        self._fields = FieldReader(graph, schema)
        self._program = self._make_program()
        self._starts = np.flatnonzero(self._program.allowed[0]).astype(np.int32)

    @property
    def widest_search(self) -> int:
        """Return a number of candidates that the search cannot exceed; far too many, mostly."""
        neurons, nodes = self._program.allowed.shape[1], len(self._plan.order)
        return sum(neurons**depth for depth in range(1, nodes + 1))

    def estimate(self) -> Estimate:
        """Estimate the size of the search by random descents from a fixed seed."""
        from graphapi.motifs.kernel import probe

        sizes, looked = probe(self._program, self._starts, _PROBES, 1)
        grown = sizes[1:] / np.maximum(sizes[:-1], 1.0)
        widest = self._plan.order[1 + int(np.argmax(grown))]
        return Estimate(float(sizes[-1]), float(looked), widest)

    def count(self, stop: Stop | None = None) -> int:
        """Count the matches without keeping them; `stop` ends it early."""
        self.looked = found = 0
        for more, _, looked in self._chunks(keep=False, limit=-1, stop=stop):
            found += more
            self.looked += looked
        return found

    def matches(self, *, limit: int | None = None, stop: Stop | None = None) -> Rows:
        """Find the matches.

        Returns
        -------
        numpy.ndarray
            int32 positions, (matches, nodes), columns in the pattern's order of nodes.
        """
        parts: list[Rows] = []
        missing = -1 if limit is None else limit
        if missing != 0:
            for found, rows, _ in self._chunks(keep=True, limit=missing, stop=stop):
                parts.append(rows)
                if limit is not None:
                    missing -= found
                    if missing <= 0:
                        break
        width = len(self._plan.order)
        rows = np.concatenate(parts) if parts else np.empty((0, width), dtype=np.int32)
        rows = rows[:limit] if limit is not None else rows
        return rows[:, np.argsort(self._plan.order)]

    def _chunks(
        self, *, keep: bool, limit: int, stop: Stop | None
    ) -> Iterator[tuple[int, Rows, int]]:
        """Search parts of the first node's candidates on all cores; yield results in their order.

        Our own stop flag reaches every thread within milliseconds, whatever ends the search:
        enough matches, the time limit, or Ctrl-C in this thread.
        """
        from graphapi.motifs.kernel import search

        threads = worker_count(None)
        count = max(1, min(self._starts.size, threads * _CHUNKS_PER_THREAD))
        ours = Stop(within=stop)

        def work(part: Rows) -> tuple[int, Rows, int]:
            ours.check()
            found: tuple[int, Rows, int] = search(self._program, part, keep, limit, ours.flag)
            return found

        parts = np.array_split(self._starts, count)
        yield from in_order(work, parts, at_once=threads, ahead=count, stop=ours)

    def _make_program(self) -> Program:
        lists = NeighbourLists(self._graph, self._fields)
        pattern, plan, depth = self._pattern, self._plan, self._depth
        near: list[list[tuple[int, ...]]] = [[] for _ in plan.order]
        far: list[list[tuple[int, ...]]] = [[] for _ in plan.order]
        for edge in pattern.edges:
            d, row, other = self._seen_from_later(edge.pre, edge.post, lists.number(edge))
            near[d].append((row, other))
        for edge in pattern.absent:
            for pre, post in pattern.ways(edge):
                d, row, other = self._seen_from_later(pre, post, lists.number(edge))
                far[d].append((row, other))
        for pre, post in plan.unconnected:
            d, row, other = self._seen_from_later(pre, post, 0)
            far[d].append((row, other))
        bounds: list[list[tuple[int, ...]]] = [[] for _ in plan.order]
        for small, large in plan.orders:
            a, b = depth[small], depth[large]
            bounds[max(a, b)].append((min(a, b), int(a < b)))
        others: list[list[tuple[int, ...]]] = [[] for _ in plan.order]
        for a, b in plan.different:
            others[max(depth[a], depth[b])].append((min(depth[a], depth[b]),))
        compare, codes = self._node_comparisons()
        ties, tie_codes = self._edge_comparisons()
        indptr, indices = lists.arrays()
        twins = [[depth[one[node]] for node in plan.order] for one in plan.relabelings]
        marks = _choose_marks(near, far)
        near_at, near_rows = _sliced(_with_marks(near, marks), 3)
        far_at, far_rows = _sliced(_with_marks(far, marks), 3)
        mark_at, mark_rows = _sliced(_marks_by_depth(marks, len(plan.order)), 2)
        bound_at, bound_rows = _sliced(bounds, 2)
        other_at, other_rows = _sliced(others, 1)
        compare_at, compare_rows = _sliced(compare, 4)
        tie_at, tie_rows = _sliced(ties, 7)
        return Program(
            indptr=indptr,
            indices=indices,
            allowed=np.stack(
                [self._fields.nodes_meeting(pattern.nodes[n].where) for n in plan.order]
            ),
            near_at=near_at,
            near=near_rows,
            far_at=far_at,
            far=far_rows,
            mark_at=mark_at,
            marks=mark_rows,
            bound_at=bound_at,
            bounds=bound_rows,
            other_at=other_at,
            others=other_rows[:, 0].copy(),
            compare_at=compare_at,
            compare=compare_rows,
            codes=codes,
            tie_at=tie_at,
            ties=tie_rows,
            tie_codes=tie_codes,
            twins=np.array(twins, dtype=np.int64).reshape(len(twins), len(plan.order)),
        )

    def _seen_from_later(self, pre: int, post: int, graph: int) -> tuple[int, int, int]:
        """Return the depth that completes a pair, the list to look it up in, the other depth."""
        a, b = self._depth[pre], self._depth[post]
        return (b, 2 * graph, a) if a < b else (a, 2 * graph + 1, b)

    def _node_comparisons(self) -> tuple[list[list[tuple[int, ...]]], Ints]:
        found: list[list[tuple[int, ...]]] = [[] for _ in self._plan.order]
        rows: list[Ints] = []
        for one in self._pattern.node_comparisons:
            late = one if self._depth[one.left] >= self._depth[one.right] else one.flipped()
            found[self._depth[late.left]].append(
                (OPERATORS[late.op], len(rows), self._depth[late.right], len(rows) + 1)
            )
            rows += self._fields.node_codes(late)
        return found, np.stack(rows) if rows else np.empty((0, 0), dtype=np.int64)

    def _edge_comparisons(self) -> tuple[list[list[tuple[int, ...]]], Ints]:
        found: list[list[tuple[int, ...]]] = [[] for _ in self._plan.order]
        rows: list[Ints] = []
        for one in self._pattern.edge_comparisons:
            ends = [self._pattern.edges[side] for side in (one.left, one.right)]
            a, b, c, d = (self._depth[i] for e in ends for i in (e.pre, e.post))
            found[max(a, b, c, d)].append((OPERATORS[one.op], a, b, len(rows), c, d, len(rows) + 1))
            rows += self._fields.edge_codes(one)
        return found, np.stack(rows) if rows else np.empty((0, 0), dtype=np.int64)


Marks = dict[tuple[int, int], int]


def _choose_marks(*checks: list[list[tuple[int, ...]]]) -> Marks:
    """Pick and number the lists that are looked up two or more levels below their node."""
    marks: Marks = {}
    for rows_by_depth in checks:
        for d, rows in enumerate(rows_by_depth):
            for row, other in rows:
                if other < d - 1:
                    marks.setdefault((row, other), len(marks))
    return marks


def _with_marks(checks: list[list[tuple[int, ...]]], marks: Marks) -> list[list[tuple[int, ...]]]:
    return [
        [
            (row, other, marks.get((row, other), -1) if other < d - 1 else -1)
            for row, other in sorted(set(rows))
        ]
        for d, rows in enumerate(checks)
    ]


def _marks_by_depth(marks: Marks, depths: int) -> list[list[tuple[int, ...]]]:
    rows: list[list[tuple[int, ...]]] = [[] for _ in range(depths)]
    for (row, other), mark in marks.items():
        rows[other].append((row, mark))
    return rows


def _sliced(rows: list[list[tuple[int, ...]]], width: int) -> tuple[Ints, Ints]:
    at = np.concatenate(([0], np.cumsum([len(part) for part in rows]))).astype(np.int64)
    flat = [row for part in rows for row in part]
    return at, np.array(flat, dtype=np.int64).reshape(len(flat), width)
