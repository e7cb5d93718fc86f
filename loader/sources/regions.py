"""Where the regions of synapses come from: their own column, a CAVE table, or a volume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from graphapi.errors import InputError
from loader.sources.dumps import NO_COLUMN

if TYPE_CHECKING:
    from graphapi.cave.records import Resolution

_OF_TABLE = ("region",)
_OF_VOLUME = ("point", "resolution", "mip")


@dataclass(frozen=True)
class RegionColumn:
    """A column of the synapse table.

    Parameters
    ----------
    column
        Its name.
    """

    column: str


@dataclass(frozen=True)
class RegionTable:
    """A reference table of CAVE with the region of each synapse.

    Parameters
    ----------
    name
        Name of the table; its `target_id` is the synapse's id.
    column
        Column with the regions; by default recognised by its name.
    """

    name: str
    column: str = ""


@dataclass(frozen=True)
class RegionVolume:
    """A precomputed segmentation of the brain into regions, looked up at each synapse's point.

    Parameters
    ----------
    source
        Address of the volume: `precomputed://...`, or the path of a folder.
    point
        Which point of a synapse: the first part of its columns' names (`ctr`, `pre`, `post`).
        By default the first of these that the rows have, else `x`, `y`, `z`.
    resolution
        Size in nm of the voxels in which the points are given: x, y, z. For CAVE by default the
        table's; files do not say it, so it must be given ((1, 1, 1) for nanometres).
    mip
        Number of the volume's scale to read; 0 is the finest.
    """

    source: str
    point: str = ""
    resolution: Resolution | None = None
    mip: int = 0


#: What a user may say of regions; `none` leaves them out.
RegionsAsked: TypeAlias = str | Path | RegionTable | RegionVolume
Regions: TypeAlias = RegionColumn | RegionTable | RegionVolume


def read_regions(given: RegionsAsked | None) -> RegionTable | RegionVolume | None:
    """Read what a user says of regions.

    Parameters
    ----------
    given
        The name of a CAVE table or the address of a volume, with settings after a question mark:
        `TABLE?region=COLUMN`, `precomputed://PLACE?point=post&resolution=4,4,40&mip=1`.

    Returns
    -------
    RegionTable or RegionVolume or None
        None if nothing is said.

    Raises
    ------
    InputError
        A setting is unknown or has a wrong value.
    """
    if given is None or isinstance(given, (RegionTable, RegionVolume)):
        return given
    text, sign, query = str(given).rpartition("?")
    said = [part.partition("=")[::2] for part in query.split("&")]
    if not sign or any(name not in (*_OF_TABLE, *_OF_VOLUME) for name, _ in said):
        text, said = str(given), []
    is_volume = "/" in text or (Path(text) / "info").is_file()
    known = _OF_VOLUME if is_volume else _OF_TABLE
    if wrong := sorted({name for name, _ in said} - set(known)):
        what = "volume" if is_volume else "CAVE table"
        raise InputError(
            f"--regions '{given}': {wrong} are not settings of a {what}",
            hint=f"a {what} takes {', '.join(known)}",
        )
    found = dict(said)
    if not is_volume:
        return RegionTable(text, found.get("region", ""))
    return RegionVolume(
        text, found.get("point", ""), _resolution(found, given), _mip(found.get("mip", "0"), given)
    )


def is_none(given: object) -> bool:
    """Return whether a user says that regions are left out."""
    return given in ("", NO_COLUMN)


def _resolution(said: dict[str, str], given: object) -> Resolution | None:
    if "resolution" not in said:
        return None
    try:
        x, y, z = (float(size) for size in said["resolution"].split(","))
    except ValueError:
        x = y = z = 0.0
    if min(x, y, z) <= 0:
        raise InputError(
            f"--regions '{given}': the resolution is not three positive numbers",
            hint="give the size in nm of the points' voxels: resolution=4,4,40",
        )
    return (x, y, z)


def _mip(text: str, given: object) -> int:
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"--regions '{given}': mip is not a whole number", hint="0 is the finest")
    return int(text)
