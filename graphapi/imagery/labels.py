"""Which label of a volume lies at each of many points, such as the region of a synapse."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.errors import CaveResponseError, InputError
from graphapi.imagery.geometry import check_resolution, pick_scale
from graphapi.imagery.volume import open_volume

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from graphapi.imagery.geometry import Scale, Triple
    from graphapi.imagery.volume import Volume

#: The label of voxels that belong to nothing.
BACKGROUND = 0
#: The chunk of points outside the volume.
OUTSIDE = -1


@dataclass(frozen=True, eq=False)
class Labels:
    """A segmentation at one scale, whose ids have names. Create it with `open_labels`.

    Attributes
    ----------
    volume, scale
        The volume, and the scale that is read.
    chunk
        Size of a stored chunk in voxels: x, y, z.
    names
        Id to name, from the segment properties of the volume; empty if it has none.
    """

    volume: Volume
    scale: Scale
    chunk: Triple
    names: Mapping[int, str]

    @property
    def checksum(self) -> str:
        """SHA-256 of the volume's description and its names; voxels are not read."""
        content = [self.volume.info, sorted(self.names.items())]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def chunk_bytes(self) -> int:
        """Memory of a decoded chunk."""
        size = np.dtype(str(self.volume.info.get("data_type", "uint64"))).itemsize
        return int(np.prod(self.chunk)) * size

    def name_of(self, label: int) -> str:
        """Return the name of a label: its number as text, if the volume has no name for it."""
        return self.names.get(label) or str(label)

    def voxels(
        self, points: npt.NDArray[Any], resolution: Sequence[float]
    ) -> npt.NDArray[np.int64]:
        """Return the voxel of this scale in which each point lies.

        Parameters
        ----------
        points
            Shape (n, 3): x, y, z. Whole numbers are voxels, of which the middle counts, computed
            exactly; floats are places.
        resolution
            Size in nm of the unit of `points`: x, y, z.
        """
        own, other = check_resolution(resolution), check_resolution(self.scale.resolution)
        found = np.empty(points.shape, dtype=np.int64)
        for axis in range(3):
            ratio = own[axis] / other[axis]
            values = points[:, axis]
            if values.dtype.kind in "iu":
                doubled = (2 * values.astype(np.int64) + 1) * ratio.numerator
                found[:, axis] = doubled // (2 * ratio.denominator)
            else:
                found[:, axis] = np.floor(values * float(ratio))
        return found

    def chunks(self, voxels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the number of the chunk in which each voxel lies; `OUTSIDE` if in none."""
        start, stop = np.array(self.scale.start), np.array(self.scale.stop)
        places = (voxels - start) // np.array(self.chunk)
        x, y, z = places[:, 0], places[:, 1], places[:, 2]
        wide, high, _ = self._grid
        inside = ((voxels >= start) & (voxels < stop)).all(axis=1)
        return np.where(inside, x + wide * (y + high * z), OUTSIDE)

    def at(
        self, voxels: npt.NDArray[np.int64], chunks: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.uint64], int]:
        """Read the label of each voxel, each chunk once.

        Parameters
        ----------
        voxels, chunks
            As from `voxels` and `chunks`.

        Returns
        -------
        labels
            `BACKGROUND` outside the volume, and where a chunk is not stored.
        missing
            Number of voxels in chunks that are not stored.

        Raises
        ------
        CaveResponseError
            The volume has several channels.
        """
        labels = np.full(len(voxels), BACKGROUND, dtype=np.uint64)
        missing = 0
        order = np.argsort(chunks, kind="stable")
        numbers, first = np.unique(chunks[order], return_index=True)
        groups = dict(zip(numbers.tolist(), np.split(order, first[1:]), strict=True))
        groups.pop(OUTSIDE, None)
        boxes = [self._box(number) for number in groups]
        blocks: Iterator[Any] = self.volume.read_stored(self.scale, boxes)
        for (start, _), group, block in zip(boxes, groups.values(), blocks, strict=True):
            if block is None:
                missing += len(group)
                continue
            if block.ndim != 3:
                raise CaveResponseError(f"{self.volume.source.text} has several channels")
            x, y, z = (voxels[group] - np.array(start)).T
            labels[group] = block[x, y, z]
        return labels, missing

    @property
    def _grid(self) -> Triple:
        """Number of chunks along each axis."""
        x, y, z = (
            -(-(stop - start) // size)
            for start, stop, size in zip(self.scale.start, self.scale.stop, self.chunk, strict=True)
        )
        return x, y, z

    def _box(self, number: int) -> tuple[Triple, Triple]:
        wide, high, _ = self._grid
        rest, x = divmod(number, wide)
        z, y = divmod(rest, high)
        start = [o + p * c for o, p, c in zip(self.scale.start, (x, y, z), self.chunk, strict=True)]
        stop = [min(a + c, s) for a, c, s in zip(start, self.chunk, self.scale.stop, strict=True)]
        return (start[0], start[1], start[2]), (stop[0], stop[1], stop[2])


def open_labels(
    source: str | os.PathLike[str] | Volume, *, mip: int = 0, token: str | None = None
) -> Labels:
    """Open a precomputed segmentation at one scale.

    Parameters
    ----------
    source
        Address of the volume; see `open_volume`.
    mip
        Number of the scale; 0 is the finest.
    token
        The CAVE token; see `open_volume`.

    Raises
    ------
    InputError
        The volume is not a precomputed segmentation, or has no such scale.
    CaveResponseError
        Its description or its names cannot be read.
    """
    volume = open_volume(source, token)
    where = volume.source.text
    if volume.source.form != "precomputed" or not volume.is_segmentation:
        raise InputError(
            f"{where} is not a precomputed segmentation",
            hint="a volume of regions has the id of a region in each voxel",
        )
    scale = pick_scale(volume.scales, (), mip)
    try:
        x, y, z = (int(size) for size in volume.info["scales"][scale.mip]["chunk_sizes"][0])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise CaveResponseError(f"the info file of {where} has no sizes of chunks") from error
    if min(x, y, z) < 1:
        raise CaveResponseError(f"the info file of {where} has chunks of no size")
    folder = volume.info.get("segment_properties")
    names = _names(volume.properties(str(folder)), where) if folder else {}
    return Labels(volume, scale, (x, y, z), names)


def _names(content: Mapping[str, Any], where: str) -> dict[int, str]:
    """Read the label of each id from segment properties; else a text that is called `name`."""
    try:
        inline = content["inline"]
        ids = [int(number) for number in inline["ids"]]
        columns = {
            (item["type"], item["id"]): item["values"]
            for item in inline["properties"]
            if item["type"] in ("label", "string")
        }
        values = next((v for (kind, _), v in columns.items() if kind == "label"), None)
        values = values or columns.get(("string", "name")) or []
        named = zip(ids, values, strict=True) if values else ()
        return {number: str(name).strip() for number, name in named if str(name).strip()}
    except (KeyError, TypeError, ValueError) as error:
        raise CaveResponseError(f"the segment properties of {where} cannot be read") from error
