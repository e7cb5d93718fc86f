"""Read and check the folder that the stand-in serves; `docs/stand-in.md` has the format."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from graphapi.errors import StandinError
from loader.sandbox.standin.columns import Column, read_columns

_FORMAT = "docs/stand-in.md describes the folder format"
_VERSION_FILE = re.compile(r"v(\d+)\.parquet")
_CHUNKEDGRAPH = {
    "supervoxels.parquet": {"supervoxel_id", "root_id", "start", "end"},
    "edits.parquet": {"operation_id", "timestamp", "kind", "old_roots", "new_roots"},
}
_SKELETONS = "skeletons.parquet"
_SKELETON = {"root_id", "x", "y", "z", "radius", "compartment", "parent"}
_PERMISSIONS = ("PUBLIC", "GROUP", "PRIVATE")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Version:
    """One materialization version.

    Attributes
    ----------
    number
        Number of the version.
    timestamp
        The time of its root ids, with a time zone.
    expires_on
        When it expires; None for never.
    valid, status
        An expired version has `valid` False and `status` EXPIRED; its rows are not served.
    is_merged
        Whether annotations and segmentation are one table: no `created` column, and no rows
        without a supervoxel.
    """

    number: int
    timestamp: datetime
    expires_on: datetime | None = None
    valid: bool = True
    status: str = "AVAILABLE"
    is_merged: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `datastack.json`."""
        return {
            "version": self.number,
            "timestamp": self.timestamp.isoformat(timespec="microseconds"),
            "expires_on": None
            if self.expires_on is None
            else self.expires_on.isoformat(timespec="microseconds"),
            "valid": self.valid,
            "status": self.status,
            "is_merged": self.is_merged,
        }


@dataclass(frozen=True)
class TableFile:
    """The rows of a table or view at one version.

    Attributes
    ----------
    path
        The Parquet file.
    columns
        The served columns by name, in order; a position is one column.
    """

    path: Path
    columns: dict[str, Column] = field(repr=False)


@dataclass(frozen=True)
class Table:
    """A table or a view.

    Attributes
    ----------
    name
        Name of the table.
    metadata
        Contents of its `metadata.json`.
    files
        Its files by version number.
    is_view
        Whether it is a view.
    """

    name: str
    metadata: dict[str, Any]
    files: dict[int, TableFile] = field(repr=False)
    is_view: bool = False

    @property
    def resolution(self) -> tuple[float, float, float]:
        """Return the nanometres per voxel: x, y, z."""
        x, y, z = (float(size) for size in self.metadata["voxel_resolution"])
        return (x, y, z)

    @property
    def reference_table(self) -> str | None:
        """Return the name of the table that `target_id` refers to."""
        return self.metadata.get("reference_table") or None

    @property
    def read_permission(self) -> str:
        """Return who may read it: PUBLIC, GROUP or PRIVATE."""
        return str(self.metadata.get("read_permission") or "PUBLIC")

    @property
    def newest(self) -> TableFile:
        """Return its file at the highest version."""
        return self.files[max(self.files)]


@dataclass(frozen=True)
class Folder:
    """A datastack in a folder.

    Attributes
    ----------
    path
        The folder's absolute path.
    record
        Contents of `datastack.json`.
    versions
        Versions by number, in the order of the file.
    tables, views
        Tables and views by name.
    """

    path: Path
    record: dict[str, Any] = field(repr=False)
    versions: dict[int, Version]
    tables: dict[str, Table] = field(repr=False)
    views: dict[str, Table] = field(repr=False)

    @classmethod
    def open(cls, path: Path | str) -> Folder:
        """Read a folder's JSON files and the schemas of its tables, but no rows.

        Raises
        ------
        StandinError
            A file is missing or not in the format; the message names it.
        """
        folder = resolved(Path(path))
        if folder is None:
            raise _refused(Path(path), "is a link that leads back to itself")
        _refuse_links_out(folder)
        record = _read_json(folder / "datastack.json")
        for key in ("datastack", "viewer_resolution", "versions"):
            if key not in record:
                raise _refused(folder / "datastack.json", f"has no '{key}'")
        _three_numbers(record["viewer_resolution"], folder / "datastack.json", "viewer_resolution")
        versions = _read_versions(record["versions"], folder / "datastack.json")
        for name, wanted in _CHUNKEDGRAPH.items():
            _check_columns(folder / "chunkedgraph" / name, wanted)
        _check_columns(folder / _SKELETONS, _SKELETON)
        return cls(
            path=folder,
            record=record,
            versions=versions,
            tables=_read_tables(folder / "tables", set(versions), record),
            views=_read_tables(folder / "views", set(versions), record),
        )

    @property
    def datastack(self) -> str:
        """Return the name of the datastack."""
        return str(self.record["datastack"])

    @property
    def segmentation_table(self) -> str:
        """Return the name of the chunkedgraph."""
        return str(self.record.get("segmentation_table") or f"{self.datastack}_seg")

    @cached_property
    def volumes(self) -> Path:
        """Return the folder of the volumes; it may be missing."""
        return self.path / "volumes"

    @property
    def skeletons(self) -> Path | None:
        """Return the path of `skeletons.parquet`, if it exists."""
        return _existing(self.path / _SKELETONS)

    @property
    def supervoxels(self) -> Path | None:
        """Return the path of `chunkedgraph/supervoxels.parquet`, if it exists."""
        return _existing(self.path / "chunkedgraph" / "supervoxels.parquet")

    @property
    def edits(self) -> Path | None:
        """Return the path of `chunkedgraph/edits.parquet`, if it exists."""
        return _existing(self.path / "chunkedgraph" / "edits.parquet")


def read_time(text: Any, path: Path) -> datetime:
    """Read an ISO 8601 time; without a zone it is UTC.

    Raises
    ------
    StandinError
        The text is not such a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise _refused(path, f"has {text!r} where an ISO 8601 time belongs") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _read_versions(entries: Any, path: Path) -> dict[int, Version]:
    versions = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        if not isinstance(entry, dict) or not {"version", "timestamp"} <= entry.keys():
            raise _refused(path, f"has a version without 'version' or 'timestamp': {entry!r}")
        expires = entry.get("expires_on")
        number = entry["version"]
        if isinstance(number, bool) or not isinstance(number, int):
            raise _refused(path, f"has a version whose number is {number!r}")
        versions[number] = Version(
            number=number,
            timestamp=read_time(entry["timestamp"], path),
            expires_on=None if expires is None else read_time(expires, path),
            valid=bool(entry.get("valid", True)),
            status=str(entry.get("status", "AVAILABLE")),
            is_merged=bool(entry.get("is_merged", True)),
        )
    if not versions:
        raise _refused(path, "lists no versions")
    return versions


def _read_tables(folder: Path, versions: set[int], record: dict[str, Any]) -> dict[str, Table]:
    if not folder.is_dir():
        return {}
    return {
        place.name: _read_table(place, versions, record)
        for place in sorted(folder.iterdir())
        if place.is_dir()
    }


def _read_table(place: Path, versions: set[int], record: dict[str, Any]) -> Table:
    if not _NAME.fullmatch(place.name):
        raise _refused(place, "has a name with characters that an address cannot contain")
    metadata = _read_json(place / "metadata.json")
    metadata.setdefault("voxel_resolution", record["viewer_resolution"])
    _three_numbers(metadata["voxel_resolution"], place / "metadata.json", "voxel_resolution")
    if (metadata.get("read_permission") or "PUBLIC") not in _PERMISSIONS:
        says = f"has a 'read_permission' that is not one of {', '.join(_PERMISSIONS)}"
        raise _refused(place / "metadata.json", says)
    is_view = place.parent.name == "views"
    files = {}
    for path in sorted(place.iterdir()):
        match = _VERSION_FILE.fullmatch(path.name)
        if match and int(match[1]) in versions:
            files[int(match[1])] = _read_table_file(path, view=is_view)
    if not files:
        raise _refused(place, "has no v<version>.parquet of a version in datastack.json")
    return Table(place.name, metadata, files, is_view)


def _read_table_file(path: Path, *, view: bool) -> TableFile:
    columns = read_columns(_read_schema(path), path, wide=view)
    if not view and ("id" not in columns or columns["id"].kind != "integer"):
        raise _refused(path, "has no column 'id' of whole numbers")
    return TableFile(path, columns)


def _check_columns(path: Path, wanted: set[str]) -> None:
    """Refuse a file that lacks a column; a missing file is fine."""
    missing = wanted - set(_read_schema(path).names) if path.is_file() else set()
    if missing:
        raise _refused(path, f"has no column {', '.join(sorted(missing))}")


def _read_schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise _refused(path, f"is not a Parquet file: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _refused(path, "does not exist") from None
    except (OSError, ValueError) as error:
        raise _refused(path, f"cannot be read: {error}") from error
    if not isinstance(record, dict):
        raise _refused(path, "is not one JSON object")
    return record


def _three_numbers(value: Any, path: Path, key: str) -> None:
    numbers = value if isinstance(value, list) else []
    if len(numbers) != 3 or not all(isinstance(n, (int, float)) and n > 0 for n in numbers):
        raise _refused(path, f"has {value!r} as '{key}', not three sizes in nm")


def _refuse_links_out(folder: Path) -> None:
    """Refuse a folder whose tables or JSON files are links to files elsewhere."""
    inner = [path for name in ("tables", "views", "chunkedgraph") for path in _below(folder / name)]
    # Volumes may have a million files: each is checked when it is requested.
    for path in (folder / "datastack.json", folder / "volumes", *inner):
        if path.is_symlink():
            target = resolved(path)
            if target is None or not target.is_relative_to(folder):
                raise _refused(path, "is a link out of the folder, or back to itself")


def resolved(path: Path) -> Path | None:
    """Return the target of a path after following links; None if links form a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a circle of links is a RuntimeError before Python 3.13
        return None


def _below(place: Path) -> list[Path]:
    return [place, *(place.rglob("*") if place.is_dir() else ())]


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _refused(path: Path, why: str) -> StandinError:
    return StandinError(f"{path} {why}", hint=_FORMAT)
