"""Records that describe a datastack, its materialization versions and its tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from graphapi.errors import CaveResponseError, VersionNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Resolution: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class DatastackInfo:
    """The info record of a datastack.

    Attributes
    ----------
    name, description
        As given by the info service.
    synapse_table, soma_table
        Table names; None if the datastack has none.
    viewer_resolution
        Voxel size in nm (x, y, z) of the coordinates that people use.
    image_source, segmentation_source
        Cloud paths of the EM volume and the segmentation; None if not given.
    segmentation_table
        Name of the chunkedgraph, the last part of `segmentation_source`.
    local_server
        Address of the server that serves tables and segmentation.
    proofreading_status_table, cell_identification_table
        Table names; None if the datastack has none.
    """

    name: str
    description: str
    synapse_table: str | None
    soma_table: str | None
    viewer_resolution: Resolution
    image_source: str | None
    segmentation_source: str | None
    segmentation_table: str | None
    local_server: str
    proofreading_status_table: str | None = None
    cell_identification_table: str | None = None

    @classmethod
    def from_answer(cls, name: str, answer: Mapping[str, Any]) -> DatastackInfo:
        """Read the answer to `datastack/full/<name>`."""
        what = f"the info record of datastack '{name}'"
        _require(isinstance(answer, dict), what, answer)
        volume = answer.get("aligned_volume") or {}
        _require(isinstance(volume, dict), f"'aligned_volume' in {what}", volume)
        segmentation = _text(answer, "segmentation_source", what)
        local_server = _text(answer, "local_server", what)
        _require(local_server is not None, f"'local_server' in {what}", local_server)
        return cls(
            name=name,
            description=_text(answer, "description", what)
            or _text(volume, "description", what)
            or "",
            synapse_table=_text(answer, "synapse_table", what),
            soma_table=_text(answer, "soma_table", what),
            viewer_resolution=_resolution(answer, "viewer_resolution", f"datastack '{name}'"),
            image_source=_text(volume, "image_source", what),
            segmentation_source=segmentation,
            segmentation_table=segmentation.rstrip("/").split("/")[-1] if segmentation else None,
            local_server=local_server or "",
            proofreading_status_table=_text(answer, "proofreading_status_table", what),
            cell_identification_table=_text(answer, "cell_identification_table", what),
        )


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One materialization version.

    Attributes
    ----------
    version
        Version number.
    timestamp
        Time at which its root ids are valid (timezone-aware, UTC).
    expires_on
        When the server deletes it (timezone-aware, UTC); None if never.
    valid
        Whether the server answers queries about it.
    is_merged
        Whether annotation and segmentation columns share one table. Merged versions have no
        `created` column and no rows without a supervoxel. In split versions the root id of
        such rows is 1.
    """

    version: int
    timestamp: datetime
    expires_on: datetime | None
    valid: bool
    is_merged: bool

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> VersionInfo:
        """Read one entry of the version metadata, with times already parsed."""
        number = answer["version"]
        whole = isinstance(number, int) and not isinstance(number, bool) and number >= 0
        _require(whole, "the number of a version", number)
        expires = answer.get("expires_on")
        if expires is not None:
            # The client uses a naive far-future time for "never".
            expires = None if expires.tzinfo is None else expires.astimezone(UTC)
        return cls(
            version=number,
            timestamp=answer["time_stamp"].astimezone(UTC),
            expires_on=expires,
            valid=bool(answer.get("valid", True))
            and str(answer.get("status") or "AVAILABLE").upper() == "AVAILABLE",
            is_merged=bool(answer.get("is_merged", True)),
        )


@dataclass(frozen=True, slots=True)
class TableInfo:
    """One annotation table.

    Attributes
    ----------
    name, schema_type, description
        As given by the server.
    reference_table
        The table that `target_id` refers to; None if this is not a reference table.
    voxel_resolution
        Voxel size in nm (x, y, z) of the positions stored in this table.
    notice
        Notice from the table's owners; empty if there is none.
    """

    name: str
    schema_type: str
    description: str
    reference_table: str | None
    voxel_resolution: Resolution
    notice: str = ""

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> TableInfo:
        """Read a table's metadata as the client returns it."""
        name = str(answer.get("table_name") or answer.get("annotation_table") or "")
        what = f"the description of table '{name}'"
        given = answer.get("voxel_resolution") or (None, None, None)
        axes = dict(zip(("r_x", "r_y", "r_z"), given, strict=True))
        return cls(
            name=name,
            schema_type=_text(answer, "schema_type", what) or _text(answer, "schema", what) or "",
            description=_text(answer, "description", what) or "",
            reference_table=_text(answer, "reference_table", what),
            voxel_resolution=_resolution(axes, "r", f"table '{name}'"),
            notice=_text(answer, "notice_text", what) or "",
        )


def choose_version(
    versions: Sequence[VersionInfo], wanted: int | Literal["latest"], where: str
) -> VersionInfo:
    """Return the requested version from a list that starts with the newest.

    Raises
    ------
    VersionNotFoundError
        The version does not exist or has expired. The error lists the versions that can be
        queried.
    """
    usable = [info for info in versions if info.valid]
    for info in usable:
        if wanted in ("latest", info.version):
            return info
    names = ", ".join(str(info.version) for info in usable) or "none"
    expired = any(info.version == wanted for info in versions)
    raise VersionNotFoundError(
        f"version {wanted} of {where} {'has expired' if expired else 'does not exist'}",
        hint=f"versions that can be queried: {names}",
    )


def names_from_answer(answer: Any, what: str) -> list[str]:
    """Return the server's list of names in alphabetical order.

    Raises
    ------
    CaveResponseError
        The answer is not a list of strings.
    """
    are_names = isinstance(answer, list) and all(isinstance(name, str) for name in answer)
    _require(are_names, what, answer)
    return sorted(answer)


def _text(answer: Mapping[str, Any], key: str, what: str) -> str | None:
    """Return a text field of a record; None if it is missing or empty."""
    value = answer.get(key)
    _require(value is None or isinstance(value, str), f"'{key}' in {what}", value)
    return value or None


def _require(holds: bool, what: str, answer: object) -> None:
    if not holds:
        text = repr(answer)
        raise CaveResponseError(
            f"{what} has an unexpected value: {text if len(text) <= 60 else f'{text[:57]}...'}",
            hint="check that this is the address of an up-to-date CAVE server",
        )


def _resolution(answer: Mapping[str, Any], prefix: str, what: str) -> Resolution:
    values = tuple(answer.get(f"{prefix}_{axis}") for axis in "xyz")
    if any(not isinstance(value, (int, float)) or not 0 < value < math.inf for value in values):
        raise CaveResponseError(
            f"{what} has no usable resolution: the server gives {values}",
            hint="ask the datastack's administrators, or pass the resolution yourself",
        )
    x, y, z = (float(value) for value in values if value is not None)
    return (x, y, z)
