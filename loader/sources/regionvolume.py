"""Look up the region of each synapse in a volume, at the synapse's point.

Points are sorted by the chunk of the volume in which they lie, on disk, so that each chunk is read
once or twice, and memory holds a few chunks and a few pieces of rows.
"""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.cave.token import find_token
from graphapi.common.threads import in_order
from graphapi.errors import InputError, LoadError, SourceSchemaError
from graphapi.imagery.info import parse_source
from graphapi.imagery.labels import BACKGROUND, OUTSIDE, Labels, open_labels
from loader.sources.cavepieces import write_step
from loader.sources.regionpoints import POINT
from loader.work.duck import database, literal, write_parquet
from loader.work.parquet import reading
from loader.work.room import as_bytes, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from graphapi.cave.records import Resolution
    from loader.sources.regions import RegionVolume
    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

_VOXEL = ("voxel_x", "voxel_y", "voxel_z")
_CHUNK = "chunk"
_STEPS = "regions/"
_SORTED = f"{_STEPS}sorted"
#: Rows of one step: minutes of a slow server at most.
_ROWS_AT_A_TIME = 102_400


def opened(asked: RegionVolume) -> Labels:
    """Open the volume; a server that CAVE serves gets the user's token, others get none.

    Raises
    ------
    CavegraphError
        There is no such volume, or it is not a precomputed segmentation.
    """
    source = parse_source(asked.source)
    token = find_token(source.address) if source.takes_token else None
    return open_labels(asked.source, mip=asked.mip, token=token)


def described(asked: RegionVolume) -> dict[str, str]:
    """Return the volume as the graph's record says it; its checksum changes with its names."""
    labels = opened(asked)
    found = {
        "volume": labels.volume.source.text,
        "mip": str(labels.scale.mip),
        "point": asked.point,
        "resolution": ",".join(f"{size:g}" for size in asked.resolution or ()),
        "checksum": labels.checksum,
    }
    return {name: text for name, text in found.items() if text}


def located(
    workspace: Workspace,
    settings: Settings,
    asked: RegionVolume,
    files: Sequence[str],
    where: str,
) -> tuple[list[str], list[str]]:
    """Write rows with the region at their point, resumably.

    Parameters
    ----------
    workspace, settings
        Of the load.
    asked
        The volume, with the resolution of the points.
    files
        Parquet files in the working folder, with the columns `POINT`.
    where
        The rows, for messages.

    Returns
    -------
    files, told
        Files of rows with the column `region` (null for none), and what the record says of it.

    Raises
    ------
    InputError
        The resolution of the points is not given.
    SourceSchemaError
        No synapse lies in a region: the points or their resolution are others.
    LoadError
        The volume's chunks do not fit into the memory limit.
    """
    if asked.resolution is None:
        raise InputError(
            f"{where} does not say the resolution of its points",
            hint="add the size in nm of their voxels: --regions 'VOLUME?resolution=4,4,40', or "
            "resolution=1,1,1 for nanometres",
        )
    labels = opened(asked)
    at_once = _at_once(labels, settings)
    if not workspace.is_done(_SORTED):
        _sort(workspace, settings, labels, files, asked.resolution)
    groups = workspace.info(_SORTED)["groups"]
    path = workspace.files(_SORTED)[0]

    def finish(number: int) -> dict[str, int]:
        step = f"{_STEPS}{number:06}"
        if not workspace.is_done(step):
            write_step(workspace, step, *_looked_up(labels, path, number))
        found: dict[str, int] = workspace.info(step)
        return found

    totals: Counter[str] = Counter()
    rows = workspace.info(_SORTED)["rows"]
    with settings.bar("Looking up regions", rows) as bar:
        for numbers in in_order(finish, range(groups), at_once=at_once):
            bar.advance(numbers["rows"])
            totals.update(numbers)
    if rows and not totals["met"]:
        raise SourceSchemaError(
            f"{labels.volume.source.text} has a region at none of {rows:,} synapses; "
            f"{totals['outside']:,} lie outside the volume",
            hint="is the resolution of the points right? "
            f"{', '.join(f'{size:g}' for size in asked.resolution)} nm was assumed; another one: "
            "--regions 'VOLUME?resolution=X,Y,Z'",
        )
    made = [f"{_STEPS}{number:06}.parquet" for number in range(groups)]
    return made, [_told(labels, asked.resolution, totals)]


def _told(labels: Labels, resolution: Resolution, totals: Counter[str]) -> str:
    points = " x ".join(f"{size:g}" for size in resolution)
    reasons = {
        "outside the volume": totals["outside"],
        "in chunks that are not stored": totals["missing"],
        "without a point": totals["lacking"],
    }
    why = ", ".join(f"{number:,} {reason}" for reason, number in reasons.items() if number)
    return (
        f"regions from {labels.volume.source.text}, {labels.scale.describe()}, at points in "
        f"{points} nm: {totals['met']:,} of {totals['rows']:,} synapses have one"
        f"{f' ({why})' if why else ''}"
    )


def _at_once(labels: Labels, settings: Settings) -> int:
    """Return how many pieces may be read at once: half of the memory is for chunks."""
    limit = as_bytes(settings.memory_limit) // 2
    # A chunk is held as it was fetched, as it is decoded, and as a copy.
    fitting = limit // (3 * labels.chunk_bytes)
    if fitting < 1:
        raise LoadError(
            f"a chunk of {labels.volume.source.text} has {as_text(labels.chunk_bytes)}, which does "
            f"not fit into {settings.memory_limit}",
            hint="allow more with --memory, or read another scale: --regions 'VOLUME?mip=1'",
        )
    return min(settings.in_flight, fitting)


def _sort(
    workspace: Workspace,
    settings: Settings,
    labels: Labels,
    files: Sequence[str],
    resolution: Resolution,
) -> None:
    """Find the voxel of each point, and sort the rows by chunk, on disk."""
    import pyarrow.parquet as pq

    placed = workspace.scratch() / "placed.parquet"
    paths = [workspace.folder / file for file in files]
    rows = sum(pq.read_metadata(path).num_rows for path in paths)
    writer: pq.ParquetWriter | None = None
    with settings.bar("Placing synapses", rows) as bar:
        for batch in _batches(paths):
            table = _placed(batch, labels, resolution)
            if writer is None:
                writer = pq.ParquetWriter(placed, table.schema)
            writer.write_table(table)
            bar.advance(batch.num_rows)
    if writer is not None:
        writer.close()
    name = f"{_SORTED}.parquet"
    with (
        workspace.new_file(name) as path,
        database(
            workspace.scratch(), memory_limit=settings.memory_limit, threads=settings.threads
        ) as connection,
    ):
        rows_by_chunk = f"SELECT * FROM read_parquet({literal(placed)}) ORDER BY {_CHUNK}"
        write_parquet(connection, rows_by_chunk, path, ROW_GROUP_SIZE=_ROWS_AT_A_TIME)
    placed.unlink()
    groups = max(1, pq.read_metadata(workspace.folder / name).num_row_groups)
    workspace.finish(_SORTED, [name], {"groups": groups, "rows": rows})


def _batches(paths: Sequence[Path]) -> Iterator[pa.Table]:
    """Read rows in pieces; at least one, even if it has no rows."""
    import pyarrow as pa

    for path in paths:
        with reading(path) as file:
            if not file.metadata.num_rows:
                yield file.schema_arrow.empty_table()
            for batch in file.iter_batches(_ROWS_AT_A_TIME):
                yield pa.Table.from_batches([batch])


def _placed(rows: pa.Table, labels: Labels, resolution: Resolution) -> pa.Table:
    """Replace the point of each row by its voxel and chunk."""
    import pyarrow as pa
    import pyarrow.compute as pc

    axes = [rows[name].combine_chunks() for name in POINT]
    there = np.logical_and.reduce(
        [pc.is_finite(axis.cast(pa.float64())).fill_null(False).to_numpy(False) for axis in axes]
    )
    whole = all(pa.types.is_integer(axis.type) for axis in axes)
    kind = pa.int64() if whole else pa.float64()
    filled = [axis.cast(kind).fill_null(0).to_numpy(zero_copy_only=False) for axis in axes]
    points = np.where(there[:, None], np.stack(filled, axis=1), 0)
    voxels = labels.voxels(points, resolution)
    chunks = np.where(there, labels.chunks(voxels), OUTSIDE)
    made = rows.drop_columns(list(POINT))
    for axis, name in enumerate(_VOXEL):
        made = made.append_column(name, pa.array(voxels[:, axis], mask=~there))
    return made.append_column(_CHUNK, pa.array(chunks))


def _looked_up(labels: Labels, path: Path, number: int) -> tuple[pa.Table, dict[str, int]]:
    """Return one piece of the rows with their regions, and how many have none and why."""
    import pyarrow as pa

    with reading(path) as file:
        is_empty = file.num_row_groups == 0
        rows: Any = file.schema_arrow.empty_table() if is_empty else file.read_row_group(number)
    lacking = rows[_VOXEL[0]].null_count
    voxels = np.stack([rows[name].fill_null(0).to_numpy() for name in _VOXEL], axis=1)
    chunks = rows[_CHUNK].to_numpy()
    found, missing = labels.at(voxels, chunks)
    ids, places = np.unique(found, return_inverse=True)
    names = [None if label == BACKGROUND else labels.name_of(label) for label in ids.tolist()]
    regions = pa.array(names, pa.string()).take(pa.array(places))
    made = rows.drop_columns([*_VOXEL, _CHUNK]).append_column("region", regions)
    numbers = {
        "rows": rows.num_rows,
        "met": int((found != BACKGROUND).sum()),
        "outside": int((chunks == OUTSIDE).sum()) - lacking,
        "missing": missing,
        "lacking": lacking,
    }
    return made, numbers
