"""Files of a synthetic brain with the published statistics of FlyWire's fly brain.

Nothing in it was measured. Sizes, weights, reciprocity and heavy-tailed degrees resemble
FlyWire v630/v783 (Dorkenwald et al. 2024, Lin et al. 2024), so that a load or query takes as
long as with real data. The circuits mean nothing.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.madeup import marked_synthetic
from graphapi.common.progress import Progress
from graphapi.errors import InputError
from loader.sandbox.synthetic.wiring import Population, Wiring

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from loader.sandbox.synthetic.wiring import Ints
    from loader.sources.files import FileSource

#: The size of FlyWire v783.
FLY_NEURONS, FLY_CONNECTIONS = 139_255, 16_000_000
REGIONS, CLASSES, TYPES = 78, 40, 8_000
#: Rows outside any connection, as shares of the rows that form connections.
AUTAPSES, BACKGROUND = 0.002, 0.01
_FIRST_ROOT = 720_575_940_600_000_000
_CONNECTIONS_A_CHUNK = 500_000


@dataclass(frozen=True)
class SyntheticBrain:
    """A synthetic brain on disk.

    Parameters
    ----------
    folder
        Folder with `synapses/*.parquet` (`id`, `pre_pt_root_id`, `post_pt_root_id`, `size`;
        int64, one row per synapse), `connections/*.parquet` (`pre`, `post`, `weight`; int64,
        the same brain, summed) and `neurons.parquet` (`root_id` and annotation fields). Each
        file is marked as synthetic, and so is a graph that is loaded from one of them.
    neurons, connections, synapse_rows, kept_rows
        Counts; kept rows are part of a connection.
    seed
        Random seed.
    """

    folder: Path
    neurons: int
    connections: int
    synapse_rows: int
    kept_rows: int
    seed: int

    @classmethod
    def read(cls, folder: str | Path) -> SyntheticBrain:
        """Open a brain that was made before.

        Raises
        ------
        InputError
            There is none, or it is not finished.
        """
        folder = Path(folder)
        try:
            values = json.loads((folder / "brain.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(
                f"'{folder}' does not hold a finished synthetic brain",
                hint="make one with `cavegraph synthetic`",
            ) from error
        return cls(folder, **{k: v for k, v in values.items() if k != "synthetic"})

    def synapse_files(self) -> list[Path]:
        """Return the files of synapse rows, in order."""
        return sorted((self.folder / "synapses").glob("*.parquet"))

    def source(self) -> FileSource:
        """Return a source for `loader.load`."""
        from loader.sources.annotationfile import AnnotationFile
        from loader.sources.files import FileSource

        return FileSource(
            list(self.synapse_files()),
            annotations=[AnnotationFile(self.folder / "neurons.parquet", name="synthetic")],
            datastack="synthetic_brain",
            version=1,
        )


def make_brain(
    folder: str | Path,
    *,
    connections: float = FLY_CONNECTIONS,
    neurons: int | None = None,
    seed: int = 0,
    progress: bool = True,
) -> SyntheticBrain:
    """Make a synthetic brain; needs about 300 MB of memory for any size.

    Parameters
    ----------
    folder
        New or empty.
    connections
        Approximate number of connections; at least 1,000.
    neurons
        Number of neurons. By default a neuron has as many partners as in the fly.
    seed
        Random seed; the same seed and size give the same files.
    progress
        Show a progress bar.

    Raises
    ------
    InputError
        The folder is not empty, or there are too many connections for the neurons.
    """
    import pyarrow as pa

    wanted = int(connections)
    number = neurons or max(100, round(FLY_NEURONS * wanted / FLY_CONNECTIONS))
    if wanted < 1_000 or wanted > number * (number - 1) // 8:
        raise InputError(
            f"{wanted:,} connections among {number:,} neurons",
            hint="at least 1,000, and at most an eighth of all pairs",
        )
    folder = Path(folder).expanduser()
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"'{folder}' is not empty", hint="choose a new folder")
    for name in ("synapses", "connections"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    population = Population.make(number, REGIONS, rng)
    roots = _FIRST_ROOT + np.cumsum(rng.integers(1, 2_000, number))
    annotated = pa.Table.from_pandas(_neurons(population, roots, rng), preserve_index=False)
    _write_marked(annotated, folder / "neurons.parquet")
    files = _Files(folder, roots)
    chunks = max(1, wanted // _CONNECTIONS_A_CHUNK)
    bounds = np.linspace(0, number, chunks + 1).astype(int).tolist()
    wiring = Wiring(population, wanted)
    with Progress("Making a synthetic brain", chunks, unit="chunks", shown=progress) as bar:
        for first, last in itertools.pairwise(bounds):
            files.write(*wiring.draw(first, last, rng), rng)
            bar.advance()
    return files.finish(number, seed)


class _Files:
    """The files of connections and synapses, one of each per chunk."""

    def __init__(self, folder: Path, roots: Ints) -> None:
        self._folder, self._roots = folder, roots
        self._part = self._connections = self._rows = self._kept = 0

    def write(self, pre: Ints, post: Ints, weight: Ints, rng: np.random.Generator) -> None:
        """Write one chunk."""
        roots = self._roots
        self._table("connections", {"pre": roots[pre], "post": roots[post], "weight": weight})
        kept = int(weight.sum())
        loops = rng.integers(0, len(roots), int(kept * AUTAPSES))
        loose = rng.integers(0, len(roots), int(kept * BACKGROUND))
        nothing = np.zeros(len(loose), dtype=np.int64)
        from_ = np.concatenate([np.repeat(roots[pre], weight), roots[loops], roots[loose]])
        onto = np.concatenate([np.repeat(roots[post], weight), roots[loops], nothing])
        order = rng.permutation(len(from_))
        self._table(
            "synapses",
            {
                "id": np.arange(self._rows + 1, self._rows + len(order) + 1),
                "pre_pt_root_id": from_[order],
                "post_pt_root_id": onto[order],
                "size": rng.lognormal(4.5, 0.9, len(order)).astype(np.int64) + 1,
            },
        )
        self._part += 1
        self._connections += len(pre)
        self._rows += len(order)
        self._kept += kept

    def finish(self, neurons: int, seed: int) -> SyntheticBrain:
        """Write the summary file; a folder without one is not finished."""
        values = {
            "neurons": neurons,
            "connections": self._connections,
            "synapse_rows": self._rows,
            "kept_rows": self._kept,
            "seed": seed,
        }
        text = json.dumps({"synthetic": True, **values}, indent=1)
        (self._folder / "brain.json").write_text(text, encoding="utf-8")
        return SyntheticBrain(self._folder, **values)

    def _table(self, kind: str, columns: dict[str, Ints]) -> None:
        import pyarrow as pa

        path = self._folder / kind / f"part-{self._part:04}.parquet"
        _write_marked(pa.table(columns), path)


def _write_marked(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table.cast(marked_synthetic(table.schema)), path)


def _neurons(population: Population, roots: Ints, rng: np.random.Generator) -> pd.DataFrame:
    """Make up annotations; cell classes follow regions, types follow classes."""
    import pandas as pd

    number = len(population)
    cell_class = population.region % CLASSES
    spread = np.minimum(rng.zipf(1.3, number), TYPES // CLASSES) - 1
    kind = cell_class * (TYPES // CLASSES) + spread
    super_classes = np.array(["optic", "central", "sensory", "visual_projection", "descending"])
    frame = pd.DataFrame(
        {
            "root_id": roots,
            "super_class": super_classes[cell_class % len(super_classes)],
            "cell_class": np.array([f"synthetic_class_{i:02}" for i in range(CLASSES)])[cell_class],
            "cell_type": np.array([f"synthetic_type_{i:04}" for i in range(TYPES)])[kind],
            "side": np.array(["left", "right", "center"])[
                rng.choice(3, number, p=[0.48, 0.48, 0.04])
            ],
        }
    )
    # As in real tables, some neurons have a class but no type yet.
    frame.loc[rng.random(number) < 0.05, "cell_type"] = None
    return frame
