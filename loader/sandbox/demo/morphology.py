"""Skeletons: a soma and branching paths, and how to grow them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loader.sandbox.demo.brain import Floats, Ints

#: Distance between the points of a path, and the number of synapse places per step.
_STEP: Final = 2_500.0
_SPOTS_PER_STEP: Final = 7
SOMA_RADIUS: Final = 3_500.0


class Kind(Enum):
    """The kind of synapses on a branch."""

    TRUNK = "none"
    INPUT = "input"
    OUTPUT = "output"
    MIXED = "mixed"


_COMPARTMENTS: Final = {Kind.TRUNK: 0, Kind.INPUT: 3, Kind.OUTPUT: 2, Kind.MIXED: 0}


@dataclass
class Skeleton:
    """A neuron as a soma and branches.

    Attributes
    ----------
    soma
        Centre of the cell body, nm (3,).
    branches
        Paths, nm (k, 3) each, k >= 3; every path but the first begins on an earlier one.
    radii
        Of the branches, nm.
    kinds
        Of the branches.
    """

    soma: Floats
    branches: list[Floats] = field(default_factory=list)
    radii: list[float] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)

    def spots(self, *, outputs: bool) -> Floats:
        """Return points every 0.4 um or less that can hold output (else input) synapses.

        nm, (n, 3), n > 0.
        """
        wanted = (Kind.OUTPUT if outputs else Kind.INPUT, Kind.MIXED)
        pairs = zip(self.branches, self.kinds, strict=True)
        return np.concatenate([_densified(branch) for branch, kind in pairs if kind in wanted])

    def nodes(self) -> Nodes:
        """Return the skeleton as points, each with its parent; the soma is the first."""
        places, radii = [self.soma[None]], [np.array([SOMA_RADIUS])]
        parents = [np.array([-1])]
        kinds = [np.array([1])]
        for path, radius, kind in zip(self.branches, self.radii, self.kinds, strict=True):
            known = np.concatenate(places)
            start = int(((known - path[0]) ** 2).sum(axis=1).argmin())
            number, first = len(path) - 1, len(known)
            places.append(path[1:])
            radii.append(np.full(number, radius))
            parents.append(np.array([start, *range(first, first + number - 1)]))
            kinds.append(np.full(number, _COMPARTMENTS[kind]))
        return Nodes(*(np.concatenate(part) for part in (places, radii, parents, kinds)))


class Nodes(NamedTuple):
    """Points of a skeleton.

    Attributes
    ----------
    places
        nm, (n, 3).
    radii
        nm, (n,).
    parents
        Place of the point before each; -1 for the first.
    compartments
        SWC's numbers: 1 soma, 2 axon, 3 dendrite, 0 undefined.
    """

    places: Floats
    radii: Floats
    parents: Ints
    compartments: Ints


class Grower:
    """Grows one skeleton, path by path; `rng` draws how the branches waver."""

    def __init__(self, soma: Floats, rng: np.random.Generator) -> None:
        self.skeleton = Skeleton(soma)
        self.rng = rng

    def run(
        self, points: Sequence[Floats] | Floats, radius: float, kind: Kind, wobble: float = 350.0
    ) -> Floats:
        """Add a path through the points; return it, nm (k, 3)."""
        corners = np.asarray(points, dtype=np.float64)
        lengths = np.sqrt((np.diff(corners, axis=0) ** 2).sum(axis=1))
        along = np.concatenate([[0.0], np.cumsum(lengths)])
        places = np.linspace(0, along[-1], max(3, int(along[-1] / _STEP) + 1))
        path = np.stack([np.interp(places, along, axis) for axis in corners.T], axis=1)
        noise = np.cumsum(self.rng.normal(size=path.shape), axis=0)
        # A bridge rather than a walk: both ends stay where they are.
        share = np.linspace(0, 1, len(path))[:, None]
        path += wobble * (noise - noise[0] - share * (noise[-1] - noise[0]))
        self.skeleton.branches.append(path)
        self.skeleton.radii.append(radius)
        self.skeleton.kinds.append(kind)
        return path

    def tuft(self, root: Floats, targets: Floats, radius: float, kind: Kind) -> None:
        """Grow a tree from `root` (3,) to all targets (n, 3), each from its nearest branch."""
        grown = root[None]
        order = np.argsort(((targets - root) ** 2).sum(axis=1), kind="stable")
        for target in targets[order]:
            start = grown[np.argmin(((grown - target) ** 2).sum(axis=1))]
            grown = np.concatenate([grown, self.run([start, target], radius, kind)])


def _densified(path: Floats) -> Floats:
    shares = (np.arange(_SPOTS_PER_STEP) / _SPOTS_PER_STEP)[None, :, None]
    steps = path[:-1, None] + shares * np.diff(path, axis=0)[:, None]
    return np.concatenate([steps.reshape(-1, 3), path[-1:]])
