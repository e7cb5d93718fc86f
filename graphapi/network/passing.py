"""What each connection passes on: its synapses, or its share of the input; with a sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from graphapi.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp

Floats = npt.NDArray[np.float64]

Measure = Literal["synapses", "share_of_input"]
MEASURES = ("synapses", "share_of_input")


def passed_on(
    matrix: sp.csr_array,
    measure: str = "synapses",
    signs: npt.ArrayLike | None = None,
    silenced: npt.NDArray[np.int64] | None = None,
) -> sp.csr_array:
    """Return what each connection passes on, as floats.

    Parameters
    ----------
    matrix
        Weights, rows pre, columns post; only the connections that count.
    measure
        `'synapses'`: the weight. `'share_of_input'`: the weight divided by all synapses that the
        postsynaptic neuron receives in `matrix`.
    signs
        For each presynaptic neuron 1, -1, or 0 for one that passes nothing on; None: 1 for all.
    silenced
        Places of neurons that pass nothing on. The shares of the others stay as they are.

    Returns
    -------
    scipy.sparse.csr_array
        float64, the same shape, sorted; connections that pass nothing on are left out.

    Raises
    ------
    InputError
        No such measure, or a sign is not 1, -1 or 0.
    """
    import scipy.sparse as sp

    if measure not in MEASURES:
        raise InputError(f"measure: {measure!r} is not one of {', '.join(MEASURES)}")
    n = matrix.shape[0]
    values = matrix.data.astype(np.float64)
    if measure == "share_of_input":
        received = np.bincount(matrix.indices, weights=values, minlength=n)
        values /= received[matrix.indices]
    factor = np.ones(n) if signs is None else _checked(signs, n)
    if silenced is not None:
        factor[silenced] = 0
    made = sp.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)
    if (factor != 1).any():
        values *= np.repeat(factor, np.diff(matrix.indptr))
        if not factor.all():
            made = _without_zeros(made)
    made.has_canonical_format = True
    return made


def _checked(signs: npt.ArrayLike, n: int) -> Floats:
    values = np.array(signs, dtype=np.float64)
    if values.shape != (n,) or not np.isin(values, (-1, 0, 1)).all():
        raise InputError(f"signs: one of 1, -1 and 0 is needed for each of {n} neurons")
    return values


def _without_zeros(matrix: Any) -> Any:
    """Leave zeros out; the arrays given are shared, so they are not changed in place."""
    import scipy.sparse as sp

    kept = matrix.data != 0
    before = np.concatenate(([0], np.cumsum(kept)))
    parts = (matrix.data[kept], matrix.indices[kept], before[matrix.indptr])
    return sp.csr_array(parts, shape=matrix.shape)
