"""The connections of a synthetic brain: dyads, drawn chunk by chunk.

A dyad is an unordered pair of neurons with at least one connection. Each possible dyad has one
owner, which follows from the two indices, and only the owner draws it. Chunks of owners share
no dyad, so one chunk in memory is enough for a brain of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

#: Share of connections with a connection back: FlyWire v630, all connections.
RECIPROCITY = 0.2655
#: Share of mutual dyads with two similar weights; chosen so that the reciprocity at five or more
#: synapses is FlyWire's 0.138.
ALIKE = 0.42
#: Share of partners from the neuron's own region.
LOCAL = 0.6
_LARGEST_WEIGHT = 2358
#: Shares of connections with 1, 2, 3 and 4 synapses; the rest have 5 or more.
_SMALL = np.array([0.551, 0.160, 0.077, 0.043])
_TAIL = 1.62


@dataclass(frozen=True)
class Population:
    """The properties of neurons that determine the wiring.

    Parameters
    ----------
    strength
        Relative chance that a neuron takes part in a dyad, float64, heavy-tailed.
    bias
        Preference for the presynaptic side, float64, around 1.
    region
        Region number of each neuron, int64, ascending.
    """

    strength: Floats
    bias: Floats
    region: Ints

    def __len__(self) -> int:
        return len(self.strength)

    @classmethod
    def make(cls, neurons: int, regions: int, rng: np.random.Generator) -> Population:
        """Draw a population."""
        sizes = rng.dirichlet(np.full(regions, 2.0))
        return cls(
            strength=rng.lognormal(0.0, 1.0, neurons),
            bias=rng.lognormal(0.0, 0.5, neurons),
            region=np.sort(rng.choice(regions, neurons, p=sizes)),
        )


class Wiring:
    """Draws the dyads of a population.

    Parameters
    ----------
    population
        The neurons.
    connections
        Number of connections in the whole brain.
    """

    def __init__(self, population: Population, connections: int) -> None:
        self._of = population
        self._cumulated = np.concatenate([[0.0], np.cumsum(population.strength)])
        ends = np.searchsorted(population.region, population.region, side="right")
        starts = np.searchsorted(population.region, population.region, side="left")
        self._low, self._high = self._cumulated[starts], self._cumulated[ends]
        self._mutual = RECIPROCITY / (2 - RECIPROCITY)
        self._dyads = connections / (1 + self._mutual)

    def draw(self, first: int, last: int, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
        """Draw all connections whose dyad is owned by neurons `first` to `last - 1`.

        Returns
        -------
        tuple of numpy.ndarray
            `pre` and `post` as indices into the population, and `weight`; int64, each ordered
            pair once, in random order.
        """
        quota = self._quota(last) - self._quota(first)
        owner, other = self._pairs(first, last, quota, rng)
        mutual = np.zeros(len(owner), dtype=bool)
        mutual[: round(len(owner) * self._mutual)] = True  # pairs are in random order
        forward = self._is_forward(owner, other, rng) | mutual
        pre = np.concatenate([np.where(forward, owner, other), other[mutual]])
        post = np.concatenate([np.where(forward, other, owner), owner[mutual]])
        weight = _weights(rng.random(len(owner)))
        alike = rng.random(int(mutual.sum())) < ALIKE
        back = np.where(alike, weight[mutual], _weights(rng.random(len(alike))))
        order = rng.permutation(len(pre))
        return pre[order], post[order], np.concatenate([weight, back])[order]

    def _quota(self, index: int) -> int:
        share = float(self._cumulated[index] / self._cumulated[-1])
        return round(self._dyads * share)

    def _pairs(
        self, first: int, last: int, quota: int, rng: np.random.Generator
    ) -> tuple[Ints, Ints]:
        """Draw `quota` different dyads; fewer if the chunk is full."""
        size, found = len(self._of), np.array([], dtype=np.int64)
        for _ in range(50):
            missing = quota - len(found)
            if missing <= 0:
                break
            owner, other = self._candidates(first, last, int(missing * 2.3) + 100, rng)
            smaller_owns = (owner + other) % 2 == 0
            mine = (owner != other) & ((owner < other) == smaller_owns)
            found = np.union1d(found, owner[mine] * size + other[mine])
        keys = rng.permutation(found)[:quota]
        return keys // size, keys % size

    def _candidates(
        self, first: int, last: int, number: int, rng: np.random.Generator
    ) -> tuple[Ints, Ints]:
        owner = self._at(rng.uniform(self._cumulated[first], self._cumulated[last], number))
        owner = np.clip(owner, first, last - 1)
        local = rng.random(number) < LOCAL
        low = np.where(local, self._low[owner], 0.0)
        high = np.where(local, self._high[owner], self._cumulated[-1])
        return owner, self._at(rng.uniform(low, high))

    def _at(self, places: Floats) -> Ints:
        found = np.searchsorted(self._cumulated, places, side="right") - 1
        return np.clip(found, 0, len(self._of) - 1).astype(np.int64)

    def _is_forward(
        self, owner: Ints, other: Ints, rng: np.random.Generator
    ) -> npt.NDArray[np.bool_]:
        mine, theirs = self._of.bias[owner], self._of.bias[other]
        return np.asarray(rng.random(len(owner)) < mine / (mine + theirs))


def _weights(uniform: Floats) -> Ints:
    """Turn numbers in [0, 1) into weights: many are 1, and a power law starts at 5."""
    edges = np.cumsum(_SMALL)
    weight = np.searchsorted(edges, uniform, side="right") + 1
    rest = uniform >= edges[-1]
    left = (1 - uniform[rest]) / (1 - edges[-1])
    weight[rest] = np.minimum(np.floor(5 * left ** (-1 / _TAIL)), _LARGEST_WEIGHT)
    return weight.astype(np.int64)
