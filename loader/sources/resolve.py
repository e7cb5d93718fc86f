"""Update the root ids of annotation files to the graph's timestamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.cave.ids import map_to, roots_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from graphapi.cave.connection import Cave
    from graphapi.ids import IdArray

_SHOWN = 5


class CaveRoots:
    """Finds roots at one time; a `loader.sources.annotationfile.Resolver`.

    A row's supervoxel determines its root exactly. Without one, an outdated root id is mapped to
    the root that has its supervoxels now. If these are in several roots, or the root never existed,
    the row belongs to no neuron and is reported.

    Parameters
    ----------
    cave
        The datastack.
    moment
        The graph's timestamp.
    """

    def __init__(self, cave: Cave, moment: datetime) -> None:
        self._cave = cave
        self._moment = moment

    def __call__(
        self, roots: Sequence[int | None], supervoxels: Sequence[int | None]
    ) -> tuple[list[int | None], list[str]]:
        """Find the root of each row.

        Parameters
        ----------
        roots, supervoxels
            Ids in each row; None if missing.

        Returns
        -------
        resolved
            Root id of each row; None if there is none.
        notes
            Notes for the user.
        """
        by_voxel = self._by_supervoxel([s for s in supervoxels if s])
        alone = [r for r, s in zip(roots, supervoxels, strict=True) if r and not s]
        by_root, lost = self._by_root(alone)
        resolved = [
            by_voxel.get(s) if s else by_root.get(r) if r else None
            for r, s in zip(roots, supervoxels, strict=True)
        ]
        changed = sum(1 for a, b in zip(roots, resolved, strict=True) if a and b and a != b)
        notes = []
        if changed:
            notes.append(f"{changed} rows had an outdated root id, kept as raw_root_id")
        if lost:
            shown = ", ".join(map(str, lost[:_SHOWN])) + (", ..." if len(lost) > _SHOWN else "")
            notes.append(f"{len(lost)} root ids are split or unknown at this version: {shown}")
        if missing := sum(1 for s in supervoxels if s and not by_voxel[s]):
            notes.append(f"{missing} supervoxels belong to no root at this version")
        return resolved, notes

    def _by_supervoxel(self, supervoxels: Sequence[int]) -> dict[int, int | None]:
        asked = _ids(supervoxels)
        found = roots_of(self._cave, asked, self._moment) if len(asked) else asked
        return {s: r or None for s, r in zip(asked.tolist(), found.tolist(), strict=True)}

    def _by_root(self, roots: Sequence[int]) -> tuple[dict[int, int], list[int]]:
        asked = _ids(roots)
        if not len(asked):
            return {}, []
        mapping = map_to(self._cave, asked, self._moment)
        entries = list(zip(asked.tolist(), mapping.resolved.tolist(), mapping.how, strict=True))
        found = {old: new for old, new, how in entries if how not in ("split", "unknown")}
        return found, [old for old, _, how in entries if how in ("split", "unknown")]


def _ids(values: Sequence[int]) -> IdArray:
    return np.unique(np.array(values, dtype=np.int64))
