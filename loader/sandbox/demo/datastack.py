"""Write the whole demo datastack to one folder."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from graphapi.common.progress import Progress
from loader.sandbox.demo.em import SEGMENT_KEY, write_em
from loader.sandbox.demo.folder import DATASTACK, NOTICE, write_annotations, write_datastack
from loader.sandbox.demo.history import VERSIONS
from loader.sandbox.demo.meshes import write_brain_mesh, write_neuron_meshes
from loader.sandbox.demo.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: One random stream per step, so that a change in one step does not change the others.
_STREAMS: Final = 10


@dataclass(frozen=True)
class DemoSummary:
    """A summary of the datastack.

    Attributes
    ----------
    folder
        Folder of the datastack.
    datastack
        Name of the datastack.
    seed
        Random seed.
    notice
        A sentence that says the datastack is synthetic.
    annotated
        Annotated neurons.
    annotation_rows
        Rows of `annotations.parquet`, with second rows and rows without a root.
    segments
        Un-annotated segments.
    synapse_rows
        Rows of the synapse table by version.
    connections
        Ordered pairs with at least one row at the last version, without autapses and
        background.
    edits
        Merges and splits.
    megabytes
        Size of the folder on disk.
    """

    folder: Path
    datastack: str
    seed: int
    notice: str
    annotated: int
    annotation_rows: int
    segments: int
    synapse_rows: dict[int, int]
    connections: int
    edits: int
    megabytes: float


def make_demo(
    folder: Path, *, seed: int = 7, progress: bool = True, volumes: bool = True
) -> DemoSummary:
    """Write the synthetic datastack `demo_ant`.

    Parameters
    ----------
    folder
        Target folder; created if missing. Files of an earlier demo are overwritten.
    seed
        Random seed; the same seed gives the same tables, byte for byte.
    progress
        Show a progress bar.
    volumes
        Also write the EM image and the meshes. Without them, `image` and `segmentation` point
        to empty places.

    Returns
    -------
    DemoSummary
        Counts of what is in the folder.
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(_STREAMS)]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _steps(6 if volumes else 3, progress) as step:
        world = make_world(streams[:8])
        step()
        write_datastack(folder, world, seed)
        step()
        annotations = write_annotations(folder, world, streams[8])
        step()
        if volumes:
            _write_volumes(folder / "volumes", world, streams[9], step)
    return _summary(folder, seed, world, len(annotations))


@contextlib.contextmanager
def _steps(total: int, shown: bool) -> Iterator[Callable[[], None]]:
    """Yield a function that counts one step as done."""
    if not shown:
        yield lambda: None
        return
    with Progress("demo datastack", total, unit="steps") as bar:
        yield bar.advance


def _write_volumes(
    folder: Path, world: World, rng: np.random.Generator, step: Callable[[], None]
) -> None:
    root_ids = world.population.root_id[: world.population.annotated]
    write_neuron_meshes(folder / "seg", root_ids, world.skeletons)
    step()
    write_brain_mesh(folder / "brain")
    step()
    ends = (world.segmented.pre.supervoxel, world.segmented.post.supervoxel)
    write_em(folder / "em", folder / "seg" / SEGMENT_KEY, world.clusters, world.rows, ends, rng)
    step()


def _summary(folder: Path, seed: int, world: World, annotation_rows: int) -> DemoSummary:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return DemoSummary(
        folder=folder,
        datastack=DATASTACK,
        seed=seed,
        notice=NOTICE,
        annotated=world.population.annotated,
        annotation_rows=annotation_rows,
        segments=len(world.population) - world.population.annotated,
        synapse_rows={version: int(world.rows.at(version).sum()) for version in VERSIONS},
        connections=len(world.connections.rows),
        edits=len(world.history.edits),
        megabytes=round(size / 1e6, 1),
    )
