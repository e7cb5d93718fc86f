"""Write the whole demo datastack to one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from graphapi.common.progress import Progress
from loader.sandbox.demo.em import SEGMENT_KEY, write_em
from loader.sandbox.demo.folder import write_annotations, write_datastack
from loader.sandbox.demo.meshes import write_brain_mesh, write_neuron_meshes
from loader.sandbox.demo.world import World, make_world

#: One random stream per step, so that a change in one step does not change the others.
_STREAMS: Final = 10


def make_demo(folder: Path, *, seed: int = 7, progress: bool = True, volumes: bool = True) -> None:
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
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(_STREAMS)]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with Progress("demo datastack", 6 if volumes else 3, unit="steps", shown=progress) as bar:
        world = make_world(streams[:8])
        bar.advance()
        write_datastack(folder, world, seed)
        bar.advance()
        write_annotations(folder, world, streams[8])
        bar.advance()
        if volumes:
            _write_volumes(folder / "volumes", world, streams[9], bar)


def _write_volumes(folder: Path, world: World, rng: np.random.Generator, bar: Progress) -> None:
    root_ids = world.population.root_id[: world.population.annotated]
    write_neuron_meshes(folder / "seg", root_ids, world.skeletons)
    bar.advance()
    write_brain_mesh(folder / "brain")
    bar.advance()
    ends = (world.segmented.pre.supervoxel, world.segmented.post.supervoxel)
    write_em(folder / "em", folder / "seg" / SEGMENT_KEY, world.clusters, world.rows, ends, rng)
    bar.advance()
