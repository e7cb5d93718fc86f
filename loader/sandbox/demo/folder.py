"""Write the demo brain in the stand-in's folder format (docs/stand-in.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from loader.sandbox.demo.annotations import AnnotationPoints, annotation_table, as_csv_text
from loader.sandbox.demo.brain import RESOLUTION, Ints
from loader.sandbox.demo.history import DETECTED, VERSIONS
from loader.sandbox.standin.build import write_folder
from loader.sandbox.standin.folder import Version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from loader.sandbox.demo.world import World

DATASTACK: Final = "demo_ant"
NOTICE: Final = (
    "Synthetic: invented by `cavegraph demo` from a random seed and shaped after the counts of a "
    "published tutorial. No neuron, synapse or image here was ever observed; the ids mean nothing "
    "outside this folder."
)
#: Later than every edit.
_TODAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
_EXPIRED: Final = datetime(2025, 3, 1, 8, 10, 1, tzinfo=UTC)
#: The first has expired. It is a merged version: no creation times and no unresolved rows.
_VERSIONS: Final = [
    Version(1, VERSIONS[1], expires_on=_EXPIRED, valid=False, status="EXPIRED"),
    Version(2, VERSIONS[2], is_merged=False),
    Version(3, VERSIONS[3], is_merged=False),
]
_TABLES: Final = {
    "synapses_v2": ("synapse", "Synapses"),
    "nuclei": ("nucleus_detection", "Nuclei"),
    "backbone_proofread": ("proofreading_boolstatus_user", "Neurons whose backbone is proofread"),
}


def write_datastack(folder: Path, world: World, seed: int) -> None:
    """Write everything that the stand-in serves, except the volumes."""
    write_folder(
        folder,
        _tables(world),
        datastack=DATASTACK,
        versions=_VERSIONS,
        metadata={
            name: {
                "schema_type": schema,
                "description": f"{title}. {NOTICE}",
                "notice_text": NOTICE,
            }
            for name, (schema, title) in _TABLES.items()
        },
        resolution=RESOLUTION,
        synapse_table="synapses_v2",
        soma_table="nuclei",
        supervoxels=_supervoxels(world),
        edits=_edits(world),
        image="em",
        segmentation="seg",
        record={
            "description": f"{NOTICE} Seed {seed}.",
            "synthetic": True,
            "brain_mesh": "brain",
            "proofreading_status_table": "backbone_proofread",
        },
    )
    _write_skeletons(folder, world)


def _write_skeletons(folder: Path, world: World) -> None:
    """Write the points of all neurons that have a mesh too."""
    root_ids = world.population.root_id[: world.population.annotated]
    found = [skeleton.nodes() for skeleton in world.skeletons]
    places = np.concatenate([one.places for one in found])
    columns = {
        "root_id": np.repeat(root_ids, [len(one.parents) for one in found]).astype(np.int64),
        **dict(zip("xyz", places.T, strict=True)),
        "radius": np.concatenate([one.radii for one in found]),
        "compartment": np.concatenate([one.compartments for one in found]),
        "parent": np.concatenate([one.parents for one in found]),
    }
    pq.write_table(_as_table(columns), folder / "skeletons.parquet", row_group_size=10_000)


def _tables(world: World) -> dict[str, dict[int, pa.Table]]:
    """Return every table at every version."""
    tables: dict[str, dict[int, pa.Table]] = {name: {} for name in _TABLES}
    for version in _VERSIONS:
        roots = world.history.roots_at(version.timestamp)
        for name, columns, rows in (
            ("synapses_v2", _synapses(world, roots), world.rows.at(version.number)),
            ("nuclei", _nuclei(world, roots), np.ones(len(world.nuclei.id), dtype=bool)),
            ("backbone_proofread", _proofread(world, roots), world.proofread),
        ):
            kept = _only(columns, rows, merged=version.is_merged)
            tables[name][version.number] = _as_table(kept)
    return tables


def _supervoxels(world: World) -> pa.Table:
    """Return which root each supervoxel belongs to, and when."""
    held = world.segmented.everything.table.merge(world.history.intervals, on="piece")
    held = held.sort_values(["supervoxel_id", "start"], kind="stable")
    return _as_table(
        {
            "supervoxel_id": held["supervoxel_id"].to_numpy(),
            "root_id": held["root_id"].to_numpy(),
            "start": pa.array(held["start"], from_pandas=True),
            "end": pa.array(held["end"], from_pandas=True),
        }
    )


def _edits(world: World) -> pa.Table:
    edits = world.history.edits
    return _as_table(
        {
            "operation_id": edits["operation_id"].to_numpy(dtype=np.int64),
            "timestamp": pa.array(edits["timestamp"].tolist(), pa.timestamp("us", tz="UTC")),
            "kind": pa.array(edits["kind"].tolist()),
            "old_roots": pa.array(edits["old_roots"].tolist(), pa.list_(pa.int64())),
            "new_roots": pa.array(edits["new_roots"].tolist(), pa.list_(pa.int64())),
        }
    )


def write_annotations(folder: Path, world: World, rng: np.random.Generator) -> None:
    """Write the annotation table as Parquet and CSV, with a README beside it."""
    table = annotation_table(world.population, _annotation_points(world), rng)
    pq.write_table(_as_table(table), folder / "annotations.parquet")
    as_csv_text(table).to_csv(folder / "annotations.csv", index=False)
    (folder / "annotations.README.md").write_text(
        f"# annotations.parquet, annotations.csv\n\n{NOTICE}\n\n"
        "The shape of a SeaTable export: 30 text fields, `status`, `region` and the users lists "
        "(joined by commas in the CSV). `root_id` is as of the day a row was made, so some are "
        "stale and one or two are newer than the last version; `supervoxel_id` is right for all. "
        "Six central-complex neurons have two rows, three of them in conflict.\n"
    )


def _synapses(world: World, roots: Ints) -> dict[str, Any]:
    rows, pre, post = world.rows, world.segmented.pre, world.segmented.post
    return {
        "id": rows.id,
        "created": _utc(rows.created),
        "superceded_id": _nothing(len(rows)),
        # Text, not a boolean, as in the tutorial's table.
        "valid": pa.array(np.full(len(rows), "t")),
        "size": rows.size.astype(np.int32),
        "pre_pt_supervoxel_id": pre.supervoxel,
        "pre_pt_root_id": pre.roots(roots),
        "post_pt_supervoxel_id": post.supervoxel,
        "post_pt_root_id": post.roots(roots),
        "pre_pt_position": rows.pre_position,
        "post_pt_position": rows.post_position,
        "ctr_pt_position": rows.ctr_position,
    }


def _nuclei(world: World, roots: Ints) -> dict[str, Any]:
    nuclei, at = world.nuclei, world.segmented.nuclei
    # The nucleus as a ball: its radius in voxels, from its volume.
    radius = 1000 * (3 * nuclei.volume / (4 * np.pi)) ** (1 / 3)
    half = np.ceil(radius[:, None] / np.array(RESOLUTION)).astype(np.int64)
    return {
        "id": nuclei.id,
        "created": _detected(len(nuclei.id)),
        "superceded_id": _nothing(len(nuclei.id)),
        "valid": np.ones(len(nuclei.id), dtype=bool),
        "volume": nuclei.volume,
        "pt_position": nuclei.voxels,
        "bb_start_position": np.maximum(nuclei.voxels - half, 0),
        "bb_end_position": nuclei.voxels + half,
        "pt_supervoxel_id": at.supervoxel,
        "pt_root_id": at.roots(roots),
    }


def _proofread(world: World, roots: Ints) -> dict[str, Any]:
    at, count = world.segmented.somata, world.population.annotated
    return {
        "id": np.arange(1, count + 1),
        "created": _detected(count),
        "superceded_id": _nothing(count),
        "valid": np.ones(count, dtype=bool),
        "pt_position": world.soma_voxels,
        "proofread": np.ones(count, dtype=bool),
        "user_id": np.arange(count) % 3 + 1,
        "valid_id": at.roots(roots),
        "pt_supervoxel_id": at.supervoxel,
        "pt_root_id": at.roots(roots),
    }


def _detected(count: int) -> pa.Array:
    return _utc(np.full(count, np.datetime64(DETECTED.replace(tzinfo=None), "us")))


def _annotation_points(world: World) -> AnnotationPoints:
    """Collect the rows: one for each annotated neuron, then the second ones."""
    population, somata = world.population, world.segmented.somata
    neuron = np.arange(population.annotated)
    seconds = np.array([second.neuron for second in world.seconds], dtype=np.int64)
    voxels = world.soma_voxels[seconds].copy()
    supervoxel = somata.supervoxel[seconds].copy()
    piece = somata.piece[seconds].copy()
    twigs = world.history.twigs()
    for position, second in enumerate(world.seconds):
        if second.on_twig:
            piece[position] = twigs[second.neuron]
            voxels[position], supervoxel[position] = _point_of(world, twigs[second.neuron])
    piece = np.concatenate([somata.piece, piece])
    everyone = np.concatenate([neuron, seconds])
    nucleus, nucleus_voxels = _nuclei_of(world, everyone)
    return AnnotationPoints(
        neuron=everyone,
        annotated_as=[
            *(str(name) for name in population.group[: population.annotated]),
            *(second.annotated_as for second in world.seconds),
        ],
        root_id=_roots_as_written(world, piece),
        first_root_id=world.history.roots_at(VERSIONS[1])[piece],
        supervoxel_id=np.concatenate([somata.supervoxel, supervoxel]),
        voxels=np.concatenate([world.soma_voxels, voxels]),
        nucleus_id=nucleus,
        nucleus_voxels=nucleus_voxels,
        proofread=world.proofread[everyone],
    )


def _roots_as_written(world: World, piece: Ints) -> Ints:
    """Return the root id in each row; people always work on the newest segmentation.

    Rows of pieces edited since version 2 are older than that edit, except every third row.
    Rows of pieces edited after the last version are newer than the edit.
    """
    before, at_last, today = (
        world.history.roots_at(when)[piece]
        for when in (VERSIONS[2], VERSIONS[max(VERSIONS)], _TODAY)
    )
    written = today.copy()
    edited = np.flatnonzero((before != at_last) & (at_last == today))
    outdated = edited[(np.arange(len(edited)) % 3 != 2) | (piece[edited] >= len(world.population))]
    written[outdated] = before[outdated]
    return written


def _point_of(world: World, piece: int) -> tuple[Ints, int]:
    """Return a synapse's place on a piece, and its supervoxel."""
    for end, voxels in (
        (world.segmented.pre, world.rows.pre_position),
        (world.segmented.post, world.rows.post_position),
    ):
        on_piece = np.flatnonzero(end.piece == piece)
        if len(on_piece):
            return voxels[on_piece[0]], int(end.supervoxel[on_piece[0]])
    raise AssertionError(piece)


def _nuclei_of(world: World, neurons: Ints) -> tuple[Ints, Ints]:
    first = pd.Series(np.arange(len(world.nuclei.id)), index=world.nuclei.neuron)
    first = first[~first.index.duplicated()]
    at = first.reindex(neurons, fill_value=-1).to_numpy()
    found = at >= 0
    ids = np.where(found, world.nuclei.id[at], 0)
    return ids, np.where(found[:, None], world.nuclei.voxels[at], 0)


def _as_table(columns: Mapping[str, Any] | pd.DataFrame) -> pa.Table:
    """Return columns as Arrow: int64 (n, 3) arrays become lists, objects their values."""
    return pa.table({str(name): _arrow(values) for name, values in columns.items()})


def _only(columns: dict[str, Any], rows: Any, *, merged: bool) -> dict[str, Any]:
    """Keep some rows; a merged version keeps only the columns that it has."""
    dropped = ("created", "superceded_id") if merged else ()
    return {
        name: values.filter(pa.array(rows)) if isinstance(values, pa.Array) else values[rows]
        for name, values in columns.items()
        if name not in dropped
    }


def _utc(times: Any) -> pa.Array:
    """Return naive UTC datetime64[us] as Arrow timestamps that say UTC."""
    return pa.array(times, type=pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))


def _nothing(count: int) -> pa.Array:
    """Return an int64 column of nulls: no row of a frozen table has been superseded."""
    return pa.nulls(count, pa.int64())


def _arrow(values: Any) -> Any:
    if isinstance(values, np.ndarray) and values.ndim == 2:
        return _as_lists(values)
    return values if isinstance(values, pa.Array) else pa.array(values)


def _as_lists(points: Ints) -> pa.Array:
    offsets = np.arange(0, points.size + 1, points.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(points.ravel()))
