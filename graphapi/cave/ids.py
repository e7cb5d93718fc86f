"""Find root ids that have changed, and map them to another time.

Every edit gives a neuron a new root id, but its supervoxels stay the same. A stale id is
therefore traced through its supervoxels: through the one known to mark the neuron (at its soma
or annotation) if there is one, otherwise through all of them, with one vote each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from graphapi.common.progress import Progress
from graphapi.common.threads import in_order
from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphapi.cave.connection import Cave
    from graphapi.ids import IdArray

How: TypeAlias = Literal["current", "overlap", "split", "unknown"]
_IDS_AT_A_TIME = 5_000
_SUPERVOXELS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class IdMapping:
    """The root ids of some neurons at one time.

    Attributes
    ----------
    requested
        int64, the ids as given, in input order.
    resolved
        int64, same length; 0 where unknown.
    how
        Same length. `current`: the id is a root at that time. `overlap`: one root holds all its
        supervoxels. `split`: several roots hold them, and the one with the most was chosen.
        `unknown`: the id never existed, or none of its supervoxels belongs to a root.
    """

    requested: IdArray
    resolved: IdArray
    how: tuple[How, ...]

    @property
    def unknown(self) -> IdArray:
        """The ids that could not be resolved; int64, each once, in order."""
        ways = zip(self.requested.tolist(), self.how, strict=True)
        lost = dict.fromkeys(root_id for root_id, how in ways if how == "unknown")
        return np.array(list(lost), dtype=np.int64)

    def changed(self) -> dict[int, int]:
        """Return requested -> resolved for the ids that changed."""
        pairs = zip(self.requested.tolist(), self.resolved.tolist(), strict=True)
        return {old: new for old, new in pairs if new not in (0, old)}


def check_current(
    cave: Cave, ids: IdArray, timestamp: datetime | None = None
) -> npt.NDArray[np.bool_]:
    """Return whether each id is a root at a given time.

    Parameters
    ----------
    cave
        The datastack.
    ids
        Root ids.
    timestamp
        Timezone-aware; None for now.

    Returns
    -------
    numpy.ndarray
        bool, same length as `ids`.
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
    """Return the root id of each supervoxel at a given time.

    Parameters
    ----------
    cave
        The datastack.
    supervoxel_ids
        Any number of ids; 0 is background and is not sent to the server.
    timestamp
        Timezone-aware; None for now.

    Returns
    -------
    numpy.ndarray
        int64, same length as the input; 0 for background and for supervoxels without a root.
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


def map_to(cave: Cave, ids: IdArray, timestamp: datetime | None = None) -> IdMapping:
    """Map root ids of any time to one time.

    Parameters
    ----------
    cave
        The datastack.
    ids
        Root ids of any time; repeats are allowed.
    timestamp
        Timezone-aware; None for now. It may be earlier or later than the ids.

    Returns
    -------
    IdMapping
        One entry for every id, in input order; ids that never existed are `unknown`.
    """
    at = _moment(timestamp)
    distinct = np.unique(ids)
    current = check_current(cave, distinct, at)
    found: dict[int, tuple[int, How]] = {i: (i, "current") for i in distinct[current].tolist()}
    stale = distinct[~current]
    known = stale[_exist(cave, stale)]
    with Progress("stale ids", len(known), unit="ids", shown=len(known) > 0) as bar:
        all_heirs = in_order(
            lambda i: _heirs(cave, i, at), known.tolist(), at_once=cave.max_in_flight
        )
        for root_id, heirs in zip(known.tolist(), all_heirs, strict=True):
            bar.advance()
            if heirs:
                found[root_id] = (heirs[0], "overlap" if len(heirs) == 1 else "split")
    entries = [found.get(i, (0, "unknown")) for i in ids.tolist()]
    return IdMapping(
        requested=np.asarray(ids, dtype=np.int64),
        resolved=np.array([entry[0] for entry in entries], dtype=np.int64),
        how=tuple(entry[1] for entry in entries),
    )


def _exist(cave: Cave, ids: IdArray) -> npt.NDArray[np.bool_]:
    return _batched(
        cave, "ids checked", ids, _IDS_AT_A_TIME, cave.segmentation.exist, np.dtype(bool)
    )


def _heirs(cave: Cave, root_id: int, at: datetime) -> list[int]:
    """Return the roots that hold a stale root's supervoxels, the one with the most first."""
    parts = cave.segmentation.supervoxels(root_id)
    if not len(parts):
        return []
    starts = range(0, len(parts), _SUPERVOXELS_AT_A_TIME)
    batches = [parts[i : i + _SUPERVOXELS_AT_A_TIME] for i in starts]
    held = np.concatenate([cave.segmentation.roots_of(batch, at) for batch in batches])
    roots, votes = np.unique(held[held > 0], return_counts=True)
    heirs: list[int] = roots[np.lexsort((roots, -votes))].tolist()
    return heirs


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
    with Progress(title, len(ids), unit="ids", shown=len(batches) > 1) as bar:
        for answer in in_order(call, batches, at_once=cave.max_in_flight):
            answers.append(answer)
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
