"""The leading eigenvalue of a network's matrix: how strongly recurrent activity returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.errors import ConvergenceError

if TYPE_CHECKING:
    import numpy.typing as npt
    import scipy.sparse as sp

    from graphapi.common.threads import Stop

#: Components up to this size are solved exactly, as a dense matrix.
_DENSE = 200
#: With signs, loops can cancel, and a real part of zero is found only to about the square root of
#: the precision. Relative to the largest sum of a row or column, up to this counts as zero.
_ROUNDING = 1e-7
#: Vectors that Arnoldi's method keeps.
_VECTORS = 40


def leading_eigenvalue(matrix: sp.csr_array, stop: Stop | None = None) -> float | None:
    """Return the largest real part of the eigenvalues of a matrix; None without any loop.

    The eigenvalues of a network are those of its strongly connected components, so each is
    solved by itself: it is faster, and exact where two components have the same eigenvalue.
    With signs, a real part that cannot be told from zero is 0.

    Parameters
    ----------
    matrix
        float64, rows pre, columns post, without zeros and with an empty diagonal.
    stop
        Ends the computation early.

    Raises
    ------
    ConvergenceError
        The eigenvalue was not found.
    QueryTimeoutError
        The time limit was reached.
    """
    from scipy.sparse.csgraph import connected_components

    if not matrix.nnz:
        return None
    _, label = connected_components(matrix, directed=True, connection="strong")
    sizes = np.bincount(label)
    best: float | None = None
    for component in np.argsort(-sizes, kind="stable"):
        if sizes[component] < 2:
            break
        if stop is not None:
            stop.check()
        inside = label == component
        if sizes[component] > _DENSE:
            found = _largest(matrix, inside, stop)
        else:
            places = np.flatnonzero(inside)
            block = matrix[places, :].tocsc()[:, places]
            if best is not None and _bound(block) <= best:
                continue
            found = float(np.linalg.eigvals(block.toarray()).real.max())
        best = found if best is None else max(best, found)
    if best is not None and (matrix.data < 0).any() and 0 < best <= _ROUNDING * _bound(matrix):
        return 0.0
    return best


def _bound(block: Any) -> float:
    """Return a value that no eigenvalue exceeds: the largest absolute sum of a row or column."""
    sizes = abs(block)
    return float(min(sizes.sum(axis=0).max(), sizes.sum(axis=1).max()))


def _largest(matrix: Any, inside: npt.NDArray[np.bool_], stop: Stop | None) -> float:
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

    n = matrix.shape[0]

    def passed(activity: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if stop is not None:
            stop.check()
        found: npt.NDArray[np.float64] = inside * (matrix @ (inside * activity.ravel()))
        return found

    operator = LinearOperator((n, n), matvec=passed, dtype=np.float64)
    # Without negative values, the eigenvalue of the largest size is real and the one sought.
    signed = bool((matrix.data < 0).any())
    try:
        (found,) = eigs(
            operator,
            k=1,
            which="LR" if signed else "LM",
            ncv=_VECTORS if signed else None,
            v0=inside.astype(np.float64),
            return_eigenvectors=False,
        )
    except ArpackNoConvergence as error:
        raise ConvergenceError(
            f"the leading eigenvalue of {int(inside.sum()):,} neurons was not found: {error}",
            hint="use a higher threshold, or signed=False",
        ) from error
    return float(found.real if signed else abs(found))
