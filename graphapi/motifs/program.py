"""What the compiled matcher is told: a plan in arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

#: Numbers of the comparison operators.
OPERATORS = {"=": 0, "!=": 1, "<": 2, "<=": 3, ">": 4, ">=": 5}


class Program(NamedTuple):
    """A plan in arrays; all int64 unless told otherwise.

    Parameters
    ----------
    indptr
        (rows, n + 1): where each node's list starts in `indices`.
    indices
        int32: all lists, one after the other; the last n entries are 0..n-1.
    allowed
        bool, (depths, n): which nodes meet the conditions of a depth's own.
    near_at, near
        Lists that a candidate must be in: (adjacency row, earlier depth, mark or -1).
    far_at, far
        Lists that it must not be in: (adjacency row, earlier depth, mark or -1).
    mark_at, marks
        Lists of a depth's node that are worth marking, because deeper levels look things up
        in them again and again: (adjacency row, mark).
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
