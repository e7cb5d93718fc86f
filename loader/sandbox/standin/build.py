"""Write a folder for the stand-in from tables in memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from graphapi.errors import StandinError
from loader.sandbox.standin.folder import Folder, Version

Rows: TypeAlias = pd.DataFrame | pa.Table
#: The rows of a table: the same at all versions, or by version.
Versioned: TypeAlias = Rows | Mapping[int, Rows]

_FIRST = datetime(2024, 1, 1, 8, 10, 1, 123456, tzinfo=UTC)
_MONTH = timedelta(days=30)


def write_folder(
    folder: Path | str,
    tables: Mapping[str, Versioned],
    *,
    datastack: str = "standin",
    versions: Iterable[Version] | None = None,
    metadata: Mapping[str, Mapping[str, Any]] | None = None,
    views: Mapping[str, Versioned] | None = None,
    resolution: tuple[float, float, float] = (4, 4, 40),
    synapse_table: str | None = None,
    soma_table: str | None = None,
    supervoxels: Rows | None = None,
    edits: Rows | None = None,
    volumes: Mapping[str, Path | str] | None = None,
    image: str | None = None,
    segmentation: str | None = None,
    record: Mapping[str, Any] | None = None,
) -> Path:
    """Write a folder in the format of `docs/stand-in.md`.

    Parameters
    ----------
    folder
        Target folder; created if missing. Existing files are overwritten.
    tables
        Table name -> rows at all versions, or version -> rows. Columns are served in their
        order. A column `id` is required.
    datastack
        Name of the datastack.
    versions
        By default one version for each number in `tables`, a month apart; version 1 if the
        tables have no numbers. Versions are merged unless a table has a column `created`.
    metadata
        Table or view name -> its metadata; missing entries get defaults. The default schema is
        `synapse` for tables with both ends of synapses, else `cell_type_local`.
    views
        Like `tables`, but `id` is optional.
    resolution
        Nanometres per voxel: x, y, z; also for tables without a `voxel_resolution`.
    synapse_table, soma_table
        Names of tables. By default the first table with both ends of synapses, and no soma
        table.
    supervoxels, edits
        The chunkedgraph's files; None for none.
    volumes
        Volume name -> folder to copy.
    image, segmentation
        Names of the volumes with the EM image and the segmentation.
    record
        More entries of `datastack.json`.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    StandinError
        The folder cannot be served; the message says why.
    """
    place = Path(folder)
    by_table = {name: _by_version(rows) for name, rows in tables.items()}
    chosen = list(versions) if versions is not None else _default_versions(by_table)
    numbers = [version.number for version in chosen]
    for kind, group in (("tables", tables), ("views", views or {})):
        for name, rows in group.items():
            given = (metadata or {}).get(name, {})
            _write_table(place / kind / name, rows, numbers, resolution, given)
    for file, rows_or_none in (("supervoxels", supervoxels), ("edits", edits)):
        if rows_or_none is not None:
            _write_parquet(place / "chunkedgraph" / f"{file}.parquet", rows_or_none)
    for name, source in (volumes or {}).items():
        shutil.copytree(source, place / "volumes" / name, dirs_exist_ok=True)
    _write_json(
        place / "datastack.json",
        {
            "datastack": datastack,
            "description": "",
            "synthetic": False,
            "viewer_resolution": list(resolution),
            "synapse_table": synapse_table or _first_synapses(by_table),
            "soma_table": soma_table,
            "segmentation_table": f"{datastack}_seg",
            "image": image,
            "segmentation": segmentation,
            "proofreading_status_table": None,
            "cell_identification_table": None,
            "versions": [version.to_json() for version in chosen],
            **(record or {}),
        },
    )
    Folder.open(place)
    return place


def _write_table(
    place: Path,
    rows: Versioned,
    numbers: list[int],
    resolution: tuple[float, float, float],
    given: Mapping[str, Any],
) -> None:
    by_version = rows if isinstance(rows, Mapping) else dict.fromkeys(numbers, rows)
    if not by_version:
        raise StandinError(f"table '{place.name}' has rows at no version", hint="leave it out")
    some = next(iter(by_version.values()))
    _write_json(
        place / "metadata.json",
        {
            "schema_type": "synapse" if _is_synapses(some) else "cell_type_local",
            "description": "",
            "voxel_resolution": list(resolution),
            "reference_table": None,
            "notice_text": None,
            **given,
        },
    )
    for number, table in by_version.items():
        _write_parquet(place / f"v{number}.parquet", table)


def _write_parquet(path: Path, rows: Rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(rows, pd.DataFrame):
        rows = pa.Table.from_pandas(rows, preserve_index=False)
    rows = rows.replace_schema_metadata(None)
    pq.write_table(rows, path, compression="zstd", compression_level=1)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _by_version(rows: Versioned) -> dict[int | None, Rows]:
    if isinstance(rows, Mapping):
        return {int(number): table for number, table in rows.items()}
    return {None: rows}


def _default_versions(tables: Mapping[str, Mapping[int | None, Rows]]) -> list[Version]:
    numbers = sorted({n for rows in tables.values() for n in rows if n is not None}) or [1]
    split = any("created" in _names(r) for rows in tables.values() for r in rows.values())
    return [
        Version(number=number, timestamp=_FIRST + i * _MONTH, is_merged=not split)
        for i, number in enumerate(numbers)
    ]


def _first_synapses(tables: Mapping[str, Mapping[int | None, Rows]]) -> str | None:
    for name, rows in tables.items():
        if any(_is_synapses(r) for r in rows.values()):
            return name
    return None


def _is_synapses(rows: Rows) -> bool:
    return {"pre_pt_root_id", "post_pt_root_id"} <= set(_names(rows))


def _names(rows: Rows) -> list[str]:
    return list(rows.columns) if isinstance(rows, pd.DataFrame) else rows.column_names
