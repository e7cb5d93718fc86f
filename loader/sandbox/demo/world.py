"""The demo brain in memory: everything is drawn before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from loader.sandbox.demo.annotations import Second, second_rows
from loader.sandbox.demo.brain import Ints, to_voxels
from loader.sandbox.demo.em import choose_clusters
from loader.sandbox.demo.history import History, make_history
from loader.sandbox.demo.neurons import Population, make_population
from loader.sandbox.demo.nuclei import Nuclei, detect_nuclei
from loader.sandbox.demo.published import published_neurons
from loader.sandbox.demo.segmentation import Points, Segmentation, segment
from loader.sandbox.demo.shapes import grow_skeletons
from loader.sandbox.demo.synapses import Clusters, Rows, make_rows
from loader.sandbox.demo.wiring import Connections, make_connections

if TYPE_CHECKING:
    from loader.sandbox.demo.morphology import Skeleton

_PROOFREAD_SHARE: Final = 0.8


@dataclass(frozen=True)
class Segmented:
    """The supervoxels of all points, by kind of point.

    Attributes
    ----------
    pre, post
        Ends of the synapse rows.
    nuclei
        Nuclei.
    somata
        Somata of the annotated neurons, one each.
    everything
        All points, in the order pre, post, nuclei, somata.
    """

    pre: Segmentation
    post: Segmentation
    nuclei: Segmentation
    somata: Segmentation
    everything: Segmentation


@dataclass(frozen=True)
class World:
    """All data that the folder is written from."""

    population: Population
    skeletons: list[Skeleton]
    history: History
    seconds: list[Second]
    connections: Connections
    clusters: Clusters
    rows: Rows
    nuclei: Nuclei
    soma_voxels: Ints
    proofread: npt.NDArray[np.bool_]
    segmented: Segmented


def make_world(streams: list[np.random.Generator]) -> World:
    """Make up the brain; each of the eight random streams serves one step."""
    population = make_population(streams[0])
    skeletons = grow_skeletons(population, streams[1])
    first_left = population.members("mALT_left")[:3]
    kept = np.append(first_left, population.sample)
    history = make_history(population, kept, streams[2])
    seconds = second_rows(population, history, kept, streams[3])
    ambiguous = np.array([second.neuron for second in seconds], dtype=np.int64)
    neurons = published_neurons(population, ambiguous)
    connections = make_connections(population, neurons, streams[4])
    clusters = choose_clusters(neurons.right[:3], skeletons)
    rows = make_rows(population, connections, skeletons, clusters, streams[5])
    nuclei = detect_nuclei(population, skeletons, streams[6])
    soma_voxels = _soma_voxels(skeletons)
    segmented = _segmented(population, history, rows, nuclei, soma_voxels, streams[7])
    proofread = streams[3].random(population.annotated) < _PROOFREAD_SHARE
    return World(
        population, skeletons, history, seconds, connections, clusters, rows, nuclei,
        soma_voxels, proofread, segmented,
    )  # fmt: skip


def _soma_voxels(skeletons: list[Skeleton]) -> Ints:
    """Return the soma of each annotated neuron in voxels, int64 (n, 3)."""
    return to_voxels(np.array([skeleton.soma for skeleton in skeletons]))


def _segmented(
    population: Population,
    history: History,
    rows: Rows,
    nuclei: Nuclei,
    soma_voxels: Ints,
    rng: np.random.Generator,
) -> Segmented:
    counts = (len(rows), len(rows), len(nuclei.id), population.annotated)
    points = Points(
        neuron=np.concatenate(
            [rows.pre, rows.post, nuclei.neuron, np.arange(population.annotated)]
        ),
        voxels=np.concatenate([rows.pre_position, rows.post_position, nuclei.voxels, soma_voxels]),
        on_body=np.arange(sum(counts)) >= 2 * len(rows),
    )
    everything = segment(points, history, rng)
    ends = np.cumsum(counts).tolist()
    pre, post, at_nuclei, at_somata = (
        Segmentation(
            everything.piece[end - count : end],
            everything.supervoxel[end - count : end],
            everything.table,
        )
        for end, count in zip(ends, counts, strict=True)
    )
    return Segmented(pre, post, at_nuclei, at_somata, everything)
