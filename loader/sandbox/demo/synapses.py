"""From connections to synapse rows: sizes, places, times, and rows outside any connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from loader.sandbox.demo.brain import RESOLUTION, Floats, Ints, neuropils, to_voxels
from loader.sandbox.demo.history import DETECTED, VERSIONS
from loader.sandbox.demo.neurons import POOLS, Population

if TYPE_CHECKING:
    from loader.sandbox.demo.morphology import Skeleton
    from loader.sandbox.demo.wiring import Connections

#: Instead of a neuron's index: outside the segmentation, or supervoxel not looked up.
BACKGROUND: Final = -1
UNRESOLVED: Final = -2
#: In `Rows.last`: the row is still valid.
_STILL: Final = 99

#: Distance of synapses from a branch's axis in nm, about its radius.
_OFF_AXIS: Final = 130.0
#: Neuropils of the pools that are not named after a neuropil.
_POOL_PLACES: Final = {
    "CX": ("EB", "FB", "PB"),
    "LAL": ("LAL_R", "LAL_L"),
    "OTHER": ("PR", "GNG", "ML_R", "ML_L", "OL_R", "OL_L"),
}
_AUTAPSES: Final = 1_500
_BACKGROUND_ROWS: Final = 4_000
_UNRESOLVED_ROWS: Final = 420
_REPLACED: Final = 220
_DELETED: Final = 130
#: Number of branch points to try for each row.
_CANDIDATES: Final = 12


@dataclass(frozen=True)
class Rows:
    """Synapse rows by ascending id, of all versions.

    Attributes
    ----------
    id, size
        int64 (n,); ids have gaps.
    pre, post
        Neuron indices, or `BACKGROUND` or `UNRESOLVED`.
    pre_position, post_position, ctr_position
        Voxels, int64 (n, 3).
    created
        UTC, datetime64[us] (n,).
    first, last
        First and last version that has the row, int64 (n,).
    """

    id: Ints
    pre: Ints
    post: Ints
    size: Ints
    pre_position: Ints
    post_position: Ints
    ctr_position: Ints
    created: npt.NDArray[np.datetime64]
    first: Ints
    last: Ints

    def __len__(self) -> int:
        return len(self.id)

    def at(self, version: int) -> npt.NDArray[np.bool_]:
        """Return which rows a version has, bool (n,)."""
        return np.asarray((self.first <= version) & (self.last >= version))


@dataclass(frozen=True)
class Clusters:
    """Places that gather the largest output synapses of some neurons.

    Attributes
    ----------
    neurons
        Indices.
    places
        nm, (n, 3), one per neuron.
    """

    neurons: Ints
    places: Floats


_ROWS_PER_CLUSTER: Final = 24
#: Half the extent of a cluster in nm; in z it stays within a few sections.
_CLUSTER_REACH: Final = np.array([900.0, 900.0, 84.0])


def make_rows(
    population: Population,
    connections: Connections,
    skeletons: list[Skeleton],
    clusters: Clusters,
    rng: np.random.Generator,
) -> Rows:
    """Make the synapse rows of all versions."""
    pre, post = (np.repeat(side, connections.rows) for side in (connections.pre, connections.post))
    size = _sizes(connections, rng)
    others = _other_rows(population, rng)
    pre, post = np.concatenate([pre, others[0]]), np.concatenate([post, others[1]])
    size = np.concatenate([size, _free_sizes(rng, others.shape[1])])
    places = _places(population, skeletons, pre, post, rng)
    gather(places, pre, size, clusters, rng)
    first, last = _lifetimes(pre, post, rng)
    source, first, last = _with_past_rows(first, last, rng)
    return _assembled(pre[source], post[source], size[source], places[source], first, last, rng)


def _sizes(connections: Connections, rng: np.random.Generator) -> Ints:
    sizes = _free_sizes(rng, int(connections.rows.sum()))
    start = np.repeat(np.cumsum(connections.rows) - connections.rows, connections.rows)
    position = np.arange(len(sizes)) - start
    small = np.repeat(connections.small, connections.rows)
    held = small >= 0
    below = held & (position < small)
    above = held & (position >= small)
    sizes[above] = np.maximum(sizes[above], rng.integers(10, 30, int(above.sum())))
    sizes[below] = rng.integers(4, 10, int(below.sum()))
    return sizes


def _free_sizes(rng: np.random.Generator, count: int) -> Ints:
    return np.clip(rng.lognormal(np.log(36), 0.85, count), 3, 900).astype(np.int64)


def _other_rows(population: Population, rng: np.random.Generator) -> Ints:
    """Draw autapses, background rows and unresolved rows; int64 (2, n)."""
    annotated = rng.integers(0, population.annotated, _AUTAPSES)
    ends = rng.integers(0, len(population), _BACKGROUND_ROWS)
    nowhere = np.full(_BACKGROUND_ROWS, BACKGROUND)
    outward = rng.random(_BACKGROUND_ROWS) < 0.5
    # One row each for distinct bare segments, so that no partner count depends on them.
    waiting = rng.permutation(population.members(*POOLS))[:_UNRESOLVED_ROWS]
    waiting[: _UNRESOLVED_ROWS // 2] = UNRESOLVED
    return np.concatenate(
        [
            np.stack([annotated, annotated]),
            np.stack([np.where(outward, ends, nowhere), np.where(outward, nowhere, ends)]),
            np.stack([waiting, np.full(_UNRESOLVED_ROWS, UNRESOLVED)]),
        ],
        axis=1,
    )


def _places(
    population: Population,
    skeletons: list[Skeleton],
    pre: Ints,
    post: Ints,
    rng: np.random.Generator,
) -> Floats:
    """Return where each row lies, nm (n, 3): on the pre neuron if it has a skeleton, else post."""
    homes = _homes(population, skeletons, rng)
    places = homes[np.where(pre >= 0, pre, np.where(post >= 0, post, 0))]
    places = places + rng.normal(size=places.shape) * 2_500
    drawn = population.annotated
    on_pre = (pre >= 0) & (pre < drawn)
    on_post = ~on_pre & (post >= 0) & (post < drawn)
    for here, anchor, other, outputs in ((on_pre, pre, post, True), (on_post, post, pre, False)):
        towards = homes[np.where(other[here] >= 0, other[here], anchor[here])]
        towards = towards + rng.normal(size=towards.shape) * 6_000
        places[here] = _nearest_spots(skeletons, anchor[here], towards, outputs, rng)
    return places


def _homes(population: Population, skeletons: list[Skeleton], rng: np.random.Generator) -> Floats:
    """Return a middle point for every neuron, nm (n, 3)."""
    homes = np.empty((len(population), 3))
    for index, skeleton in enumerate(skeletons):
        homes[index] = skeleton.spots(outputs=False).mean(axis=0)
    regions = neuropils()
    for pool in POOLS:
        members, names = population.members(pool), _POOL_PLACES.get(pool, (pool,))
        for position, name in enumerate(names):
            chosen = members[position :: len(names)]
            homes[chosen] = regions[name].sample(rng, len(chosen))
    return homes


def _nearest_spots(
    skeletons: list[Skeleton],
    anchor: Ints,
    towards: Floats,
    outputs: bool,
    rng: np.random.Generator,
) -> Floats:
    """Return a point on each anchor's skeleton, near `towards`: the best of a few; nm (n, 3)."""
    nodes = [skeleton.spots(outputs=outputs) for skeleton in skeletons]
    counts = np.array([len(points) for points in nodes])
    starts = np.cumsum(counts) - counts
    points = np.concatenate(nodes)
    drawn = rng.random((len(anchor), _CANDIDATES)) * counts[anchor][:, None]
    candidates = points[starts[anchor][:, None] + drawn.astype(np.int64)]
    gaps = ((candidates - towards[:, None]) ** 2).sum(axis=2)
    nearest = candidates[np.arange(len(anchor)), gaps.argmin(axis=1)]
    return np.asarray(nearest + rng.normal(size=nearest.shape) * _OFF_AXIS)


def gather(
    places: Floats, pre: Ints, size: Ints, clusters: Clusters, rng: np.random.Generator
) -> None:
    """Move the largest outputs of the clusters' neurons to their place; changes `places`."""
    for neuron, place in zip(clusters.neurons, clusters.places, strict=True):
        outputs = np.flatnonzero(pre == neuron)
        largest = outputs[np.argsort(-size[outputs], kind="stable")[:_ROWS_PER_CLUSTER]]
        offsets = rng.uniform(-1, 1, (len(largest), 3)) * _CLUSTER_REACH
        places[largest] = place + offsets


def _lifetimes(pre: Ints, post: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw the first version of each row; all rows are still valid."""
    first = rng.choice([1, 2, 3], size=len(pre), p=[0.97, 0.02, 0.01])
    unresolved = (pre == UNRESOLVED) | (post == UNRESOLVED)
    first[unresolved] = rng.integers(2, 4, int(unresolved.sum()))
    return first, np.full(len(pre), _STILL)


def _with_past_rows(first: Ints, last: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Add rows that later versions lack.

    Between versions 2 and 3, some rows replace an older row of the same pair; others are
    deleted.

    Returns
    -------
    source, first, last
        For each row, old and new: the row it copies, and its first and last version.
    """
    early = rng.permutation(np.flatnonzero(first == 1))
    replaced, deleted = early[:_REPLACED], early[_REPLACED : _REPLACED + _DELETED]
    first[replaced] = 3
    source = np.concatenate([np.arange(len(first)), replaced, deleted])
    past = np.ones(_REPLACED + _DELETED, dtype=np.int64)
    ends = np.concatenate([np.full(_REPLACED, 2), rng.integers(1, 3, _DELETED)])
    return source, np.concatenate([first, past]), np.concatenate([last, ends])


def _assembled(
    pre: Ints,
    post: Ints,
    size: Ints,
    places: Floats,
    first: Ints,
    last: Ints,
    rng: np.random.Generator,
) -> Rows:
    order = rng.permutation(len(pre))
    pre, post, size, places = pre[order], post[order], size[order], places[order]
    ids = np.sort(rng.choice(3 * len(pre), size=len(pre), replace=False) + 1)
    # The two ends lie on either side of the cleft, 80 to 180 nm apart.
    angle = rng.uniform(0, 2 * np.pi, len(pre))
    half = rng.uniform(40, 90, len(pre))
    across = np.stack([half * np.cos(angle), half * np.sin(angle), np.zeros(len(pre))], axis=1)
    centre = (to_voxels(places) + 0.5) * np.array(RESOLUTION)
    return Rows(
        id=ids.astype(np.int64),
        pre=pre,
        post=post,
        size=size,
        pre_position=to_voxels(centre - across),
        post_position=to_voxels(centre + across),
        ctr_position=to_voxels(centre),
        created=_created(first[order], rng),
        first=first[order],
        last=last[order],
    )


def _created(first: Ints, rng: np.random.Generator) -> npt.NDArray[np.datetime64]:
    """Return creation times: the same for all rows of version 1, else between two versions."""
    created = np.full(len(first), np.datetime64(DETECTED.replace(tzinfo=None), "us"))
    for version in (2, 3):
        later = first == version
        start = np.datetime64(VERSIONS[version - 1].replace(tzinfo=None), "us")
        span = VERSIONS[version] - VERSIONS[version - 1] - timedelta(days=2)
        seconds = rng.integers(86_400, int(span.total_seconds()), int(later.sum()))
        created[later] = start + seconds.astype("timedelta64[s]")
    return created
