"""Neurons with published numbers: they are wired so that the tutorial's numbers come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from loader.sandbox.demo.brain import Ints
    from loader.sandbox.demo.neurons import Population

#: Output rows of the first three right mALT neurons, sizes >= 10 and pairs of >= 3 of those.
RIGHT_PN_OUTPUTS: Final = (801, 582, 1615)
#: Downstream partners of the sample PBt neuron at >= 5 rows.
SAMPLE_PARTNERS: Final = 180
#: (downstream, upstream) partners of the first three left mALT neurons at >= 5 rows.
LEFT_PN_PARTNERS: Final = ((25, 13), (31, 3), (23, 19))
#: The glomerulus of each of the five right neurons; the second and fourth share one.
_GLOMERULI: Final = (0, 1, 2, 1, 3)
_ORNS_PER_GLOMERULUS: Final = (24, 27, 22, 21)
_LOCAL_INPUTS: Final = 22
_OTHER_INPUTS: Final = 8
#: Strongest connections of the sample neuron, and whether the partner is an EBc neuron.
_SAMPLE_TOP: Final = ((40, False), (33, True), (30, True), (28, False), (27, True))
_SAMPLE_GROUPS: Final = {"EBc": 35, "PBt": 14, "FBc": 10, "ER": 6, "FBt": 6}

#: Columns: pre, post, rows, small; see `wiring.Connections`.
_Quads = list[tuple[int, int, int, int]]


@dataclass(frozen=True)
class PublishedNeurons:
    """Indices of the neurons that are wired by hand, and of those that are never partners.

    Attributes
    ----------
    right, left
        The first five and the first three mALT neurons of each side, by root id.
    sample
        The sample PBt neuron.
    ambiguous
        Neurons with two annotation rows. They are never partners of the sample neuron, because
        the tutorial gives each partner one class.
    """

    right: Ints
    left: Ints
    sample: int
    ambiguous: Ints

    @property
    def outputs_fixed(self) -> Ints:
        """Return the neurons whose outputs are all wired by hand."""
        return np.concatenate([self.right[:3], self.left, [self.sample]])

    @property
    def inputs_fixed(self) -> Ints:
        """Return the neurons whose inputs are all wired by hand."""
        return np.concatenate([self.right, self.left])


def published_neurons(population: Population, ambiguous: Ints) -> PublishedNeurons:
    """Find the neurons that the tutorial samples."""
    right, left = population.members("mALT_right")[:5], population.members("mALT_left")[:3]
    return PublishedNeurons(right, left, population.sample, ambiguous)


def published_connections(
    population: Population, neurons: PublishedNeurons, rng: np.random.Generator
) -> Ints:
    """Wire the tutorial's neurons.

    Returns
    -------
    numpy.ndarray
        int64 (4, n): pre, post, rows, small (rows below size 10; -1 where sizes are free).
    """
    quads = _right_outputs(population, neurons, rng)
    quads += _right_inputs(population, neurons, rng)
    quads += _sample_outputs(population, neurons, rng)
    quads += _left_partners(population, neurons, rng)
    return np.array(quads, dtype=np.int64).T


def _right_outputs(
    population: Population, neurons: PublishedNeurons, rng: np.random.Generator
) -> _Quads:
    kenyon = population.on_side("KC_spiny", "right")
    local = population.on_side("LN", "right")
    horn = population.on_side("LHN", "right")
    bare = population.members("CA_R", "LH_R", "AL_R")
    quads: _Quads = []
    for pre, total in zip(neurons.right, RIGHT_PN_OUTPUTS, strict=False):
        pool = np.concatenate(
            [rng.permutation(kenyon)[:20], rng.permutation(local)[:9], rng.permutation(horn)[:8]]
        )
        pool = rng.permutation(np.concatenate([pool, rng.permutation(bare)[:900]]))
        strong = _weights_summing_to(total, rng)
        weak = rng.integers(0, 3, 90)
        big = np.concatenate([strong, weak])
        small = rng.poisson(0.15 * big) + np.concatenate([0 * strong, rng.integers(1, 4, 90)])
        quads += [
            (int(pre), int(post), int(b + s), int(s))
            for post, b, s in zip(pool, big, small, strict=False)
        ]
    return quads


def _weights_summing_to(total: int, rng: np.random.Generator) -> Ints:
    """Draw heavy-tailed weights of at least 3 with this sum."""
    drawn = 3 + np.clip(rng.lognormal(0.6, 1.1, total), 0, 60).astype(np.int64)
    kept = drawn[: int(np.searchsorted(np.cumsum(drawn), total - 3, side="right"))]
    return np.append(kept, total - kept.sum())


def _right_inputs(
    population: Population, neurons: PublishedNeurons, rng: np.random.Generator
) -> _Quads:
    bare = rng.permutation(population.members("AL_R"))
    local = rng.permutation(population.on_side("LN", "right"))[:_LOCAL_INPUTS]
    sensory = population.on_side("ORN", "right")
    named = np.concatenate([sensory[:10], bare])
    bounds = np.cumsum((0, *_ORNS_PER_GLOMERULUS))
    quads: _Quads = []
    for position, post in enumerate(neurons.right):
        glomerulus = _GLOMERULI[position]
        receptors = named[bounds[glomerulus] : bounds[glomerulus + 1]]
        quads += [(int(i), int(post), _heavy(rng, 3, 2.2), -1) for i in receptors]
    for rank, pre in enumerate(local):
        targets = {rank % 5, *rng.integers(0, 5, 2).tolist()}
        quads += [
            (int(pre), int(neurons.right[t]), _heavy(rng, 3, 1.0), -1) for t in sorted(targets)
        ]
    rest = named[bounds[-1] :]
    quads += [
        (int(pre), int(neurons.right[rank % 5]), _heavy(rng, 3, 0.7), -1)
        for rank, pre in enumerate(rest[:_OTHER_INPUTS])
    ]
    for post in neurons.right:
        weak = rng.permutation(rest[_OTHER_INPUTS:])[:70]
        quads += [(int(pre), int(post), int(rng.integers(1, 3)), -1) for pre in weak]
    return quads


def _sample_outputs(
    population: Population, neurons: PublishedNeurons, rng: np.random.Generator
) -> _Quads:
    banned = np.append(neurons.ambiguous, neurons.sample)
    allowed = {
        group: rng.permutation(np.setdiff1d(population.members(group), banned)).tolist()
        for group in _SAMPLE_GROUPS
    }
    bare = rng.permutation(population.members("CX", "LAL")).tolist()
    quads: _Quads = []
    for rows, is_ebc in _SAMPLE_TOP:
        post = (allowed["EBc"] if is_ebc else bare).pop()
        quads.append((neurons.sample, post, rows, -1))
    for group, count in _SAMPLE_GROUPS.items():
        mean = 1.4 if group == "EBc" else 0.4
        for post in [allowed[group].pop() for _ in range(count)]:
            quads.append((neurons.sample, post, min(_heavy(rng, 5, mean), 26), -1))
    while len(quads) < SAMPLE_PARTNERS:
        quads.append((neurons.sample, bare.pop(), min(_heavy(rng, 5, 0.6), 26), -1))
    for post in [bare.pop() for _ in range(160)]:
        quads.append((neurons.sample, post, int(rng.integers(1, 5)), -1))
    return quads


def _left_partners(
    population: Population, neurons: PublishedNeurons, rng: np.random.Generator
) -> _Quads:
    outputs = np.concatenate(
        [population.on_side("KC_spiny", "left")[:12], population.members("CA_L", "LH_L")]
    )
    inputs = np.concatenate([population.on_side("LN", "left")[:8], population.members("AL_L")])
    quads: _Quads = []
    for neuron, (downstream, upstream) in zip(neurons.left, LEFT_PN_PARTNERS, strict=True):
        for pool, strong, outward in ((outputs, downstream, True), (inputs, upstream, False)):
            for rank, partner in enumerate(rng.permutation(pool)[: strong + 60]):
                rows = _heavy(rng, 5, 1.2) if rank < strong else int(rng.integers(1, 5))
                pair = (int(neuron), int(partner)) if outward else (int(partner), int(neuron))
                quads.append((*pair, rows, -1))
    return quads


def _heavy(rng: np.random.Generator, least: int, scale: float) -> int:
    """Draw one weight: `least` or more, log-normal above it."""
    return least + int(min(rng.lognormal(scale, 0.9) - 0.5 if scale else 0, 60))
