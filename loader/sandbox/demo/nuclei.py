"""Nuclei: the stable identity of a cell, from a detector that makes mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from loader.sandbox.demo.brain import Floats, Ints, neuropils, to_voxels
from loader.sandbox.demo.neurons import POOLS, Population
from loader.sandbox.demo.synapses import BACKGROUND

if TYPE_CHECKING:
    from loader.sandbox.demo.morphology import Skeleton

#: Sensory neurons have their somata outside the brain.
_WITHOUT: Final = "ORN"
_MISSED: Final = 0.03
_ON_BARE_SEGMENTS: Final = 600
_ON_BACKGROUND: Final = 5
#: Number of neurons in which the detector found two nuclei.
_TWO_NUCLEI: Final = ("DN", 3)


@dataclass(frozen=True)
class Nuclei:
    """Detected nuclei, by id.

    Attributes
    ----------
    id
        int64 (n,), ascending.
    neuron
        Index, or `BACKGROUND`.
    voxels
        Centre, int64 (n, 3).
    volume
        Cubic micrometres, float64 (n,).
    """

    id: Ints
    neuron: Ints
    voxels: Ints
    volume: Floats


def detect_nuclei(
    population: Population, skeletons: list[Skeleton], rng: np.random.Generator
) -> Nuclei:
    """Make up the nuclei that a detector would find."""
    annotated = np.setdiff1d(np.arange(population.annotated), population.members(_WITHOUT))
    found = annotated[rng.random(len(annotated)) > _MISSED]
    doubled = population.members(_TWO_NUCLEI[0])[: _TWO_NUCLEI[1]]
    found = np.union1d(found, doubled)
    somata = np.array([skeletons[i].soma for i in found])
    second = np.array([skeletons[i].soma + 4_000.0 for i in doubled])
    bare = rng.permutation(population.members(*POOLS))[:_ON_BARE_SEGMENTS]
    rind = neuropils()["PR"].sample(rng, len(bare) + _ON_BACKGROUND, fill=1.05)
    neuron = np.concatenate([found, doubled, bare, np.full(_ON_BACKGROUND, BACKGROUND)])
    places = np.concatenate([somata, second, rind])
    order = rng.permutation(len(neuron))
    return Nuclei(
        id=np.sort(rng.choice(9_000_000, len(neuron), replace=False)) + 1_000_000,
        neuron=neuron[order],
        voxels=to_voxels(places[order]),
        volume=np.clip(rng.lognormal(np.log(28), 0.35, len(neuron)), 8, 120).round(3),
    )
