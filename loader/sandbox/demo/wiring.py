"""The connections at the last version, with their numbers of synapse rows.

Most of the wiring is drawn at random, block by block. Neurons with numbers in the tutorial are
wired separately (`published`), so that these numbers hold for every seed. The random blocks do
not touch the outputs or inputs of those neurons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from loader.sandbox.demo.neurons import GROUPS, POOLS, Population, group_of
from loader.sandbox.demo.published import PublishedNeurons, published_connections

if TYPE_CHECKING:
    from loader.sandbox.demo.brain import Floats, Ints


@dataclass(frozen=True)
class Connections:
    """Ordered pairs of two different neurons, each pair once.

    Attributes
    ----------
    pre, post
        Indices into the population, int64 (n,).
    rows
        Synapse rows of the pair, int64 (n,), at least 1.
    small
        Number of rows with size below 10; -1 if sizes are free.
    """

    pre: Ints
    post: Ints
    rows: Ints
    small: Ints


@dataclass(frozen=True)
class Block:
    """Random wiring between two groups.

    Parameters
    ----------
    pre, post
        Group names.
    chance
        Mean probability that a pair is connected.
    weight
        Mean synapse rows of a connected pair.
    columns
        True if neurons at similar positions in their groups prefer each other, like the
        columns of the central complex.
    """

    pre: str
    post: str
    chance: float
    weight: float
    columns: bool = False


_BLOCKS: Final = (
    # Central complex
    Block("PBt", "EBc", 0.50, 9.0, columns=True),
    Block("EBc", "PBt", 0.42, 6.0, columns=True),
    Block("ER", "EBc", 0.34, 5.0),
    Block("ER", "ER", 0.18, 3.0),
    Block("EBc", "ER", 0.12, 2.5),
    Block("EBc", "EBc", 0.15, 3.0, columns=True),
    Block("PBt", "PBt", 0.25, 3.5, columns=True),
    Block("PBt", "FBc", 0.30, 4.5, columns=True),
    Block("EBc", "FBc", 0.12, 2.5, columns=True),
    Block("FBt", "FBt", 0.20, 3.2, columns=True),
    Block("FBt", "FBc", 0.25, 4.0),
    Block("FBc", "FBt", 0.20, 3.0),
    Block("FBc", "FBc", 0.20, 3.0, columns=True),
    Block("PBt", "FBt", 0.02, 1.5),
    Block("FBt", "EBc", 0.01, 1.5),
    # Olfaction and the rest
    Block("mALT_right", "LN", 0.12, 3.0),
    Block("mALT_left", "LN", 0.12, 3.0),
    Block("mALT_right", "KC_spiny", 0.12, 3.0),
    Block("mALT_left", "KC_spiny", 0.08, 2.5),
    Block("mALT_right", "LHN", 0.15, 4.0),
    Block("lALT_right", "LHN", 0.20, 4.0),
    Block("lALT_left", "LHN", 0.20, 4.0),
    Block("LN", "mALT_right", 0.15, 3.5),
    Block("LN", "mALT_left", 0.10, 3.0),
    Block("LN", "LN", 0.20, 3.0),
    Block("ORN", "LN", 0.25, 4.0),
    Block("ORN", "mALT_right", 0.06, 8.0),
    Block("KC_spiny", "MBON", 0.35, 4.0),
    Block("KC_smooth", "MBON", 0.35, 4.0),
    Block("KC_spiny", "KC_spiny", 0.03, 1.5),
    Block("MBON", "LHN", 0.10, 3.0),
    Block("MBON", "FBt", 0.08, 3.0),
    Block("LHN", "DN", 0.15, 3.0),
    Block("OLT", "ER", 0.04, 3.0),
    Block("FBc", "DN", 0.10, 3.0),
)

_SEGMENTS_PER_NEURON_OUT: Final = 58.0
_SEGMENTS_PER_NEURON_IN: Final = 44.0
_SEGMENTS_PER_SEGMENT: Final = 4


def make_connections(
    population: Population, neurons: PublishedNeurons, rng: np.random.Generator
) -> Connections:
    """Wire the whole brain.

    Returns
    -------
    Connections
        About 110,000 pairs and 320,000 synapse rows, sorted by pre, then post.
    """
    parts = [_block(population, block, rng) for block in _BLOCKS]
    parts.append(_with_segments(population, rng, _SEGMENTS_PER_NEURON_OUT))
    parts.append(_with_segments(population, rng, _SEGMENTS_PER_NEURON_IN)[[1, 0, 2]])
    parts.append(_among_segments(population, rng))
    pre, post, rows = np.concatenate(parts, axis=1)
    free = ~np.isin(pre, neurons.outputs_fixed) & ~np.isin(post, neurons.inputs_fixed)
    pre, post, rows = _summed(pre[free], post[free], rows[free], len(population))
    fixed = published_connections(population, neurons, rng)
    small = np.concatenate([np.full(len(pre), -1), fixed[3]])
    pre, post, rows = np.concatenate([np.stack([pre, post, rows]), fixed[:3]], axis=1)
    order = np.lexsort((post, pre))
    return Connections(pre[order], post[order], rows[order], small[order])


def heavy_weights(rng: np.random.Generator, count: int, mean: float) -> Ints:
    """Draw synapse rows per pair: at least 1, log-normal in the tail, `mean` on average."""
    spread = 0.9
    scale = max(mean - 0.5, 0.6)  # rounding up adds half a row
    drawn = rng.lognormal(np.log(scale) - spread**2 / 2, spread, count)
    return np.clip(np.ceil(drawn), 1, 120).astype(np.int64)


def _block(population: Population, block: Block, rng: np.random.Generator) -> Ints:
    pre, post = population.members(block.pre), population.members(block.post)
    chance = np.full((len(pre), len(post)), block.chance)
    if block.columns:
        chance *= _column_preference(len(pre), len(post))
    hit = rng.random(chance.shape) < np.minimum(chance, 0.98)
    rows, columns = np.nonzero(hit & (pre[:, None] != post[None]))
    return np.stack([pre[rows], post[columns], heavy_weights(rng, len(rows), block.weight)])


def _column_preference(n_pre: int, n_post: int) -> Floats:
    """Return factors with mean near 1, shape (n_pre, n_post): high at similar angles."""
    angles = 2 * np.pi * (np.arange(n_pre)[:, None] / n_pre - np.arange(n_post)[None] / n_post)
    preference = np.exp(1.6 * np.cos(angles))
    return np.asarray(preference / preference.mean(), dtype=np.float64)


def _with_segments(population: Population, rng: np.random.Generator, mean: float) -> Ints:
    """Draw pairs of an annotated neuron and a bare segment from the neuron's pools."""
    partners = np.clip(rng.lognormal(np.log(mean) - 0.18, 0.6, population.annotated), 4, 400)
    neuron = np.repeat(np.arange(population.annotated), partners.astype(np.int64))
    pool = _pool_names(population, neuron, rng)
    segment = np.empty(len(neuron), dtype=np.int64)
    for name in POOLS:
        chosen = pool == name
        segment[chosen] = _popular(population.members(name), int(chosen.sum()), rng)
    return np.stack([neuron, segment, heavy_weights(rng, len(neuron), 2.4)])


def _pool_names(population: Population, neuron: Ints, rng: np.random.Generator) -> Ints:
    """Return the name of one pool for each entry of `neuron`, str (n,)."""
    longest = max(len(group.pools) for group in GROUPS)
    choices = []
    for index in range(population.annotated):
        pools = group_of(str(population.group[index])).pools
        letter = "R" if population.side[index] == "right" else "L"
        choices.append([pools[i % len(pools)].replace("*", letter) for i in range(longest)])
    return np.array(choices)[neuron, rng.integers(0, longest, len(neuron))]


def _popular(members: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Draw members, some far more often than others; each call favours other members."""
    popularity = 0.3 + rng.pareto(1.8, len(members))
    return rng.choice(members, size=count, p=popularity / popularity.sum())


def _among_segments(population: Population, rng: np.random.Generator) -> Ints:
    """Draw pairs of bare segments from the same pool."""
    parts = []
    for name in POOLS:
        members = population.members(name)
        pre = np.repeat(members, _SEGMENTS_PER_SEGMENT)
        post = rng.choice(members, size=len(pre))
        keep = pre != post
        parts.append(np.stack([pre[keep], post[keep]]))
    pre, post = np.concatenate(parts, axis=1)
    return np.stack([pre, post, heavy_weights(rng, len(pre), 1.8)])


def _summed(pre: Ints, post: Ints, rows: Ints, size: int) -> tuple[Ints, Ints, Ints]:
    key, where = np.unique(pre * size + post, return_inverse=True)
    total = np.bincount(where, weights=rows).astype(np.int64)
    return key // size, key % size, total
