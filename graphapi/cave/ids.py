"""Root ids that have changed: found, mapped to another time, and never quietly.

Every edit gives a neuron a new root id, while the supervoxels it is made of stay. So a stale
id is followed by its supervoxels: by the one that is known to mark the neuron (its soma, its
annotation), else by all of them, each with one vote.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from graphapi.common.progress import Progress
from graphapi.common.threads import in_order
from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphapi.cave.connection import Cave
    from graphapi.ids import IdArray

How: TypeAlias = Literal["current", "supervoxel", "overlap", "split", "unknown"]
_IDS_AT_A_TIME = 5_000
_SUPERVOXELS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class IdMapping:
    """Which root each asked id is at a time.

    Attributes
    ----------
    requested
        int64, as given, in order.
    resolved
        int64, as long; 0 where unknown.
    how
        As long: `current` (it is a root at that time), `supervoxel` (found by the given
        supervoxel), `overlap` (all its supervoxels are in one root), `split` (they are in
        several: the one with most of them is taken), `unknown` (it never existed, or nothing
        is left of it).
    confidence
        float64, as long: the share of its supervoxels that the resolved root holds.
    heirs
        For every split id: all its roots and their shares, largest first.
    timestamp
        The time it holds for, aware, UTC.
    """

    requested: IdArray
    resolved: IdArray
    how: tuple[How, ...]
    confidence: npt.NDArray[np.float64]
    heirs: Mapping[int, tuple[tuple[int, float], ...]]
    timestamp: datetime

    @property
    def unknown(self) -> IdArray:
        """The ids that could not be resolved; int64, each once, in order."""
        ways = zip(self.requested.tolist(), self.how, strict=True)
        lost = dict.fromkeys(root_id for root_id, how in ways if how == "unknown")
        return np.array(list(lost), dtype=np.int64)

    def changed(self) -> dict[int, int]:
        """Return requested -> resolved for the ids that were mapped to another one."""
        pairs = zip(self.requested.tolist(), self.resolved.tolist(), strict=True)
        return {old: new for old, new in pairs if new not in (0, old)}


def check_current(
    cave: Cave, ids: IdArray, timestamp: datetime | None = None
) -> npt.NDArray[np.bool_]:
    """Return whether each id is a root at a time.

    Parameters
    ----------
    cave
        The datastack.
    ids
        Root ids.
    timestamp
        Aware; None for now.

    Returns
    -------
    numpy.ndarray
        bool, as long as `ids`.
    """
    at = _moment(timestamp)
    return _batched(
        cave,
        "ids checked",
        ids,
        _IDS_AT_A_TIME,
        lambda batch: cave.segmentation.is_current(batch, at),
        np.dtype(bool),
    )


def roots_of(cave: Cave, supervoxel_ids: IdArray, timestamp: datetime | None = None) -> IdArray:
    """Return the root that holds each supervoxel at a time.

    Parameters
    ----------
    cave
        The datastack.
    supervoxel_ids
        Any number; 0 is background and is not asked for.
    timestamp
        Aware; None for now.

    Returns
    -------
    numpy.ndarray
        int64, as long as the input; 0 for background and where the server knows none.
    """
    at = _moment(timestamp)
    asked, back = np.unique(np.asarray(supervoxel_ids, dtype=np.int64), return_inverse=True)
    roots = np.zeros(len(asked), dtype=np.int64)
    real = asked > 0
    roots[real] = _batched(
        cave,
        "supervoxels",
        asked[real],
        _SUPERVOXELS_AT_A_TIME,
        lambda batch: cave.segmentation.roots_of(batch, at),
        np.dtype(np.int64),
    )
    return roots[back]


def map_to(
    cave: Cave,
    ids: IdArray,
    timestamp: datetime | None = None,
    *,
    supervoxels: Mapping[int, int] | None = None,
) -> IdMapping:
    """Find what root ids of any time are at one time.

    Parameters
    ----------
    cave
        The datastack.
    ids
        Root ids of any time, repeats allowed.
    timestamp
        Aware; None for now. Earlier than an id works as well as later.
    supervoxels
        Root id -> a supervoxel that marks that neuron, where one is known; exact and fast.

    Returns
    -------
    IdMapping
        One entry for every id, in order; ids that never existed are `unknown` in it.
    """
    at = _moment(timestamp)
    distinct = np.unique(ids)
    found: dict[int, tuple[int, How, float]] = {}
    current = check_current(cave, distinct, at)
    found.update({i: (i, "current", 1.0) for i in distinct[current].tolist()})
    stale = distinct[~current]
    found.update(_by_supervoxel(cave, stale, at, supervoxels or {}))
    left = np.array([i for i in stale.tolist() if i not in found], dtype=np.int64)
    known = left[_exist(cave, left)]
    heirs: dict[int, tuple[tuple[int, float], ...]] = {}
    with Progress("stale ids", len(known), unit="ids") if len(known) else nullcontext() as bar:
        shares = in_order(lambda i: _heirs(cave, i, at), known.tolist(), at_once=cave.max_in_flight)
        for root_id, share in zip(known.tolist(), shares, strict=True):
            if bar:
                bar.advance()
            if share:
                best, part = share[0]
                found[root_id] = (best, "overlap" if len(share) == 1 else "split", part)
            if len(share) > 1:
                heirs[root_id] = share
    entries = [found.get(i, (0, "unknown", 0.0)) for i in ids.tolist()]
    return IdMapping(
        requested=np.asarray(ids, dtype=np.int64),
        resolved=np.array([entry[0] for entry in entries], dtype=np.int64),
        how=tuple(entry[1] for entry in entries),
        confidence=np.array([entry[2] for entry in entries], dtype=np.float64),
        heirs=heirs,
        timestamp=at,
    )


def _by_supervoxel(
    cave: Cave, stale: IdArray, at: datetime, supervoxels: Mapping[int, int]
) -> dict[int, tuple[int, How, float]]:
    marked = [i for i in stale.tolist() if supervoxels.get(i, 0) > 0]
    marks = np.array([supervoxels[i] for i in marked], dtype=np.int64)
    roots = roots_of(cave, marks, at) if marked else marks
    return {
        i: (root, "supervoxel", 1.0) for i, root in zip(marked, roots.tolist(), strict=True) if root
    }


def _exist(cave: Cave, ids: IdArray) -> npt.NDArray[np.bool_]:
    return _batched(
        cave, "ids checked", ids, _IDS_AT_A_TIME, cave.segmentation.exist, np.dtype(bool)
    )


def _heirs(cave: Cave, root_id: int, at: datetime) -> tuple[tuple[int, float], ...]:
    """Return the roots that hold a stale root's supervoxels, and their shares, largest first."""
    parts = cave.segmentation.supervoxels(root_id)
    if not len(parts):
        return ()
    starts = range(0, len(parts), _SUPERVOXELS_AT_A_TIME)
    batches = [parts[i : i + _SUPERVOXELS_AT_A_TIME] for i in starts]
    held = np.concatenate([cave.segmentation.roots_of(batch, at) for batch in batches])
    roots, votes = np.unique(held[held > 0], return_counts=True)
    order = np.lexsort((roots, -votes))
    return tuple((int(roots[i]), float(votes[i] / len(parts))) for i in order)


def _batched(
    cave: Cave,
    title: str,
    ids: IdArray,
    size: int,
    call: Callable[[IdArray], npt.NDArray[Any]],
    dtype: np.dtype[Any],
) -> npt.NDArray[Any]:
    batches = [ids[i : i + size] for i in range(0, len(ids), size)]
    answers = []
    with Progress(title, len(ids), unit="ids") if len(batches) > 1 else nullcontext() as bar:
        for answer in in_order(call, batches, at_once=cave.max_in_flight):
            answers.append(answer)
            if bar:
                bar.advance(len(answer))
    return np.concatenate(answers) if answers else np.zeros(0, dtype=dtype)


def _moment(timestamp: datetime | None) -> datetime:
    if timestamp is None:
        return datetime.now(UTC)
    if timestamp.tzinfo is None:
        raise InputError(
            f"the timestamp {timestamp.isoformat()} has no time zone",
            hint="CAVE's times are UTC: timestamp.replace(tzinfo=datetime.UTC)",
        )
    return timestamp.astimezone(UTC)
