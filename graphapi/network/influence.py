"""Influence of neurons on all others: the steady state of linear dynamics.

Constant input to the seeds spreads along connections, with `dr/dt = -r + M r + s`. At the steady
state `r = s + M r`, which is solved by BiCGSTAB; docs/decisions/0170 compares it with other
solvers. The accuracy is checked for each neuron.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphapi.errors import ConvergenceError, InputError
from graphapi.network.spectrum import leading_eigenvalue

if TYPE_CHECKING:
    import scipy.sparse as sp

    from graphapi.common.threads import Stop

Floats = npt.NDArray[np.float64]

#: Largest residual of each neuron, relative to what it receives.
TOLERANCE = 1e-12
#: The constant of adjusted influence; smaller influences than exp(-24) count as none.
CONSTANT = 24.0
#: Most neurons for which a direct solution replaces an iteration that failed.
_DIRECT = 4_000
#: Steps of the power series after the iteration, which make small values exact too.
_POLISH = 60
_ITERATIONS = 2_000


@dataclass(frozen=True)
class Dynamics:
    """Linear dynamics of a network.

    Attributes
    ----------
    matrix
        `M`: what a neuron (column) passes on to another (row), scaled.
    eigenvalue
        Largest real part of the eigenvalues before scaling; None without any loop.
    scale
        The factor by which the weights were multiplied.
    """

    matrix: Any
    eigenvalue: float | None
    scale: float

    @classmethod
    def of(cls, passing: sp.csr_array, gain: float = 0.99, stop: Stop | None = None) -> Dynamics:
        """Scale a network so that its leading eigenvalue is `gain`.

        Without an eigenvalue above zero there is nothing to scale: activity dies out by itself.

        Parameters
        ----------
        passing
            What each connection passes on: rows pre, columns post; see `passed_on`.
        gain
            Above 0 and below 1: from 1 up, activity would grow without end.
        stop
            Ends the computation early.

        Raises
        ------
        InputError
            The gain is not between 0 and 1.
        ConvergenceError
            The eigenvalue was not found.
        """
        if isinstance(gain, bool) or not isinstance(gain, (int, float)) or not 0 < gain < 1:
            raise InputError(f"gain: {gain!r} is not between 0 and 1", hint="0.99 is usual")
        found = leading_eigenvalue(passing, stop)
        scale = 1.0 if found is None or found <= 0 else gain / found
        return cls((passing * scale).T, found, scale)

    def steady_state(self, seeds: Floats, stop: Stop | None = None) -> tuple[Floats, float]:
        """Return the activity of all neurons at constant input to the seeds.

        Parameters
        ----------
        seeds
            Input to each neuron, (n,).
        stop
            Ends the computation early.

        Returns
        -------
        numpy.ndarray
            float64, (n,). Neurons that nothing reaches are exactly 0.
        float
            The largest residual of any neuron, relative to what it receives without regard to
            signs; at most `TOLERANCE`.

        Raises
        ------
        ConvergenceError
            No solution of this accuracy was found.
        QueryTimeoutError
            The time limit was reached.
        """
        if not seeds.any():
            return np.zeros(seeds.shape), 0.0
        ways = [self._series] if self.eigenvalue is None else [self._bicgstab, self._gmres]
        if seeds.size <= _DIRECT:
            ways.append(self._direct)
        least = np.inf
        for way in ways:
            found, residual = self._polished(way(seeds, stop), seeds, stop)
            least = min(least, residual)
            if residual <= TOLERANCE:
                return found, residual
        raise ConvergenceError(
            f"influence was not found: the residual is {least:.1e}, above {TOLERANCE:.0e}",
            hint="use a smaller gain or a higher threshold",
        )

    def _series(self, seeds: Floats, stop: Stop | None) -> Floats:
        """Add up what arrives after each number of hops: without a loop, it ends."""
        found, wave = seeds.copy(), seeds
        while (wave := self._passed(wave, stop)).any():
            found += wave
        return found

    def _bicgstab(self, seeds: Floats, stop: Stop | None) -> Floats:
        from scipy.sparse.linalg import bicgstab

        answer = bicgstab(self._operator(stop), seeds, rtol=1e-13, atol=0, maxiter=_ITERATIONS)
        return np.asarray(answer[0], dtype=np.float64)

    def _gmres(self, seeds: Floats, stop: Stop | None) -> Floats:
        from scipy.sparse.linalg import gmres

        answer = gmres(
            self._operator(stop),
            seeds,
            rtol=1e-13,
            atol=0,
            restart=60,
            maxiter=1 + _ITERATIONS // 60,
        )
        return np.asarray(answer[0], dtype=np.float64)

    def _direct(self, seeds: Floats, stop: Stop | None) -> Floats:
        """Solve the equations of the neurons that the seeds reach; zeros stay exact."""
        from scipy.sparse import eye_array
        from scipy.sparse.linalg import splu

        if stop is not None:
            stop.check()
        reached = seeds != 0
        while (more := reached | (abs(self.matrix) @ reached > 0)).sum() > reached.sum():
            reached = more
        places = np.flatnonzero(reached)
        part = self.matrix.tocsr()[places, :].tocsc()[:, places]
        found = np.zeros(seeds.shape)
        found[places] = splu((eye_array(places.size) - part).tocsc()).solve(seeds[places])
        return found

    def _operator(self, stop: Stop | None) -> Any:
        from scipy.sparse.linalg import LinearOperator

        def left(activity: Floats) -> Floats:
            given = activity.ravel()
            return np.asarray(given - self._passed(given, stop))

        return LinearOperator(self.matrix.shape, matvec=left, dtype=np.float64)

    def _passed(self, activity: Floats, stop: Stop | None) -> Floats:
        if stop is not None:
            stop.check()
        return np.asarray(self.matrix @ activity)

    def _polished(self, found: Floats, seeds: Floats, stop: Stop | None) -> tuple[Floats, float]:
        """Return the best of a few steps of the power series, with its residual.

        A step computes each neuron anew from those that drive it. So the error of a small value
        becomes as small, relative to it, as the errors of the larger values before it.
        """
        least = np.inf
        signed = bool((self.matrix.data < 0).any()) or bool((seeds < 0).any())
        sizes = abs(self.matrix) if signed else None
        best = found = found if signed else np.maximum(found, 0)
        for _ in range(_POLISH):
            with np.errstate(over="ignore", invalid="ignore"):
                following = seeds + self._passed(found, stop)
                received = following if sizes is None else np.abs(seeds) + sizes @ np.abs(found)
            if not np.isfinite([found, following, received]).all():  # it grows without end
                break
            # A value so small that its square vanishes cannot be told from zero.
            error = np.abs(following - found) / np.maximum(received, np.finfo(float).tiny)
            if (residual := float(error.max())) < least:
                least, best = residual, found
            if residual <= TOLERANCE:
                break
            found = following
        return best, least


def adjusted(influence: npt.ArrayLike) -> Floats:
    """Return adjusted influence: ln of the size, plus 24, with the sign of the influence.

    0 where the size is exp(-24) or less, which counts as none.
    """
    values = np.asarray(influence, dtype=np.float64)
    sizes = np.maximum(np.abs(values), np.exp(-CONSTANT))
    return np.asarray(np.sign(values) * (np.log(sizes) + CONSTANT))
