"""The history of the segmentation: versions, merges, splits, and the root of a piece over time.

The brain consists of pieces. Edits move pieces between roots but never cut them. Each neuron
has one piece; a neuron that is edited at some time may have a second one, a twig.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loader.sandbox.demo.brain import Ints
    from loader.sandbox.demo.neurons import Population

#: When the segmentation begins.
BEGINNING: Final = datetime(2024, 9, 4, 12, 0, 0, 250000, tzinfo=UTC)
#: When most synapses were detected.
DETECTED: Final = datetime(2024, 12, 2, 10, 0, 0, 700037, tzinfo=UTC)
#: Materialization version and its time.
VERSIONS: Final = {
    1: datetime(2025, 1, 20, 8, 10, 1, 179472, tzinfo=UTC),
    2: datetime(2025, 6, 16, 8, 10, 0, 612014, tzinfo=UTC),
    3: datetime(2025, 10, 13, 8, 10, 1, 204875, tzinfo=UTC),
}
#: After the last version: these edits are only in "live".
LATER: Final = datetime(2025, 12, 1, tzinfo=UTC)

#: Which groups are edited: period (before version 1, 2, 3, and after 3), kind of edit, groups.
_PLAN: Final = (
    (0, "merge", ("LN", "OTHER")),
    (0, "split", ("OTHER",)),
    (1, "merge", ("mALT_left", "ER", "FBt", "KC_spiny", "CX")),
    (1, "split", ("LN", "DN", "LAL")),
    (2, "merge", ("mALT_right", "ER", "EBc", "PBt", "FBt", "KC_smooth", "AL_R")),
    (2, "split", ("ER", "FBt", "mALT_left", "LHN", "CA_R")),
    (3, "merge", ("FBt", "LN")),
    (3, "split", ("FBc",)),
)
#: One ER neuron is merged twice: between versions 1 and 2, and between 2 and 3.
_TWICE: Final = "ER"


@dataclass(frozen=True)
class Edit:
    """One proofreading operation.

    Attributes
    ----------
    kind
        `merge` or `split`.
    timestamp
        UTC.
    parts
        Pieces of each of the old roots (merge) or new roots (split).
    """

    kind: str
    timestamp: datetime
    parts: tuple[tuple[int, ...], ...]

    @property
    def pieces(self) -> tuple[int, ...]:
        """Return all pieces that the edit touches."""
        return tuple(piece for part in self.parts for piece in part)


@dataclass(frozen=True)
class History:
    """The whole segmentation over time.

    Attributes
    ----------
    owner
        Index of the neuron that holds each piece at the last version, int64 (pieces,). Piece
        i < `bodies` is the body of neuron i; later ones are twigs.
    bodies
        Number of neurons.
    intervals
        `piece`, `root_id` int64; `start`, `end` UTC, `end` missing while current.
    edits
        As written to `chunkedgraph/edits.parquet`.
    """

    owner: Ints
    bodies: int
    intervals: pd.DataFrame
    edits: pd.DataFrame

    def roots_at(self, timestamp: datetime) -> Ints:
        """Return the root of every piece at a time, int64 (pieces,)."""
        alive = self.intervals[
            (self.intervals["start"] <= timestamp)
            & (self.intervals["end"].isna() | (self.intervals["end"] > timestamp))
        ]
        return alive.sort_values("piece")["root_id"].to_numpy(dtype=np.int64)

    def twigs(self) -> dict[int, int]:
        """Return the twig of each neuron that has one; the first if it has two."""
        found: dict[int, int] = {}
        for piece in range(self.bodies, len(self.owner)):
            found.setdefault(int(self.owner[piece]), piece)
        return found


def make_history(population: Population, kept: Ints, rng: np.random.Generator) -> History:
    """Make up the edits.

    Parameters
    ----------
    population
        Roots at the last version.
    kept
        Indices of neurons that no edit touches.
    rng
        Random generator; draws which neurons are edited, and when.
    """
    owner, edits = _plan(population, kept, rng)
    edits = sorted(edits, key=lambda edit: edit.timestamp)
    spare = iter(population.spare_roots.tolist())
    intervals, operations = _replayed(population.root_id, owner, edits, spare)
    return History(owner, len(population), intervals, operations)


def _plan(population: Population, kept: Ints, rng: np.random.Generator) -> tuple[Ints, list[Edit]]:
    owner = list(range(len(population)))
    edits: list[Edit] = []
    used = set(kept.tolist())

    def pick(group: str) -> int:
        free = [i for i in population.members(group).tolist() if i not in used]
        used.add(chosen := int(rng.choice(free)))
        return chosen

    def twig(neuron: int) -> int:
        owner.append(neuron)
        return len(owner) - 1

    for period, kind, groups in _PLAN:
        for group in groups:
            neuron, when = pick(group), _moment(period, rng)
            edits.append(Edit(kind, when, _parts(period, kind, neuron, pick, twig)))
    twice = pick(_TWICE)
    first, second = twig(twice), twig(twice)
    edits.append(Edit("merge", _moment(1, rng), ((twice,), (first,))))
    edits.append(Edit("merge", _moment(2, rng), ((twice, first), (second,))))
    return np.array(owner, dtype=np.int64), edits


def _parts(
    period: int,
    kind: str,
    neuron: int,
    pick: Callable[[str], int],
    twig: Callable[[int], int],
) -> tuple[tuple[int, ...], ...]:
    """Return the pieces on each side of an edit.

    Before the last version, a merge joins a neuron with its twig, and a split separates it
    from a bare segment. Later, a merge joins two neurons, and a split cuts off a twig.
    """
    one_neuron = (kind == "merge") == (period < 3)
    return ((neuron,), (twig(neuron) if one_neuron else pick("OTHER"),))


def _moment(period: int, rng: np.random.Generator) -> datetime:
    """Draw a time between two versions, to the millisecond, at least a day from either."""
    bounds = (BEGINNING, *VERSIONS.values(), LATER)
    start, end = bounds[period], bounds[period + 1]
    moment = start + (end - start) * float(rng.uniform(0.05, 0.95))
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _replayed(
    roots: Ints, owner: Ints, edits: list[Edit], spare: Iterator[int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply the edits in order; return the intervals of all pieces and the operations."""
    whole = {edit.pieces: 0 for edit in edits if edit.kind == "split"}
    touched = sorted({piece for edit in edits for piece in edit.pieces})
    together = {piece: group for group in whole for piece in group}
    root_of: dict[int, int] = {}
    since = dict.fromkeys(touched, BEGINNING)
    for piece in touched:
        group = together.get(piece, (piece,))
        if piece not in root_of:
            root = _root_after(group, edits, roots, owner, spare)
            root_of.update(dict.fromkeys(group, root))
    rows: list[tuple[int, int, datetime, datetime | None]] = []
    operations = []
    for done, edit in enumerate(edits, start=1):
        old = list(dict.fromkeys(root_of[piece] for piece in edit.pieces))
        rows += [(i, root_of[i], since[i], edit.timestamp) for i in edit.pieces]
        groups = (edit.pieces,) if edit.kind == "merge" else edit.parts
        new = [_root_after(group, edits[done:], roots, owner, spare, edit) for group in groups]
        for group, root in zip(groups, new, strict=True):
            root_of.update(dict.fromkeys(group, root))
            since.update(dict.fromkeys(group, edit.timestamp))
        operations.append((1000 + 7 * done, edit.timestamp, edit.kind, old, new))
    rows += [(i, root_of[i], since[i], None) for i in touched]
    rows += [
        (int(i), int(roots[i]), BEGINNING, None)
        for i in np.setdiff1d(np.arange(len(owner)), touched)
    ]
    intervals = pd.DataFrame(rows, columns=["piece", "root_id", "start", "end"])
    for column in ("start", "end"):
        intervals[column] = pd.to_datetime(intervals[column], utc=True).astype(
            "datetime64[us, UTC]"
        )
    columns = ["operation_id", "timestamp", "kind", "old_roots", "new_roots"]
    return intervals.sort_values(["piece", "start"], ignore_index=True), pd.DataFrame(
        operations, columns=columns
    )


def _root_after(
    group: tuple[int, ...],
    coming: list[Edit],
    roots: Ints,
    owner: Ints,
    spare: Iterator[int],
    edit: Edit | None = None,
) -> int:
    """Return the root of some pieces: the last version's if they keep it, else a spare one."""
    last = VERSIONS[max(VERSIONS)]
    changes = any(set(group) & set(e.pieces) for e in coming if e.timestamp <= last)
    if changes or (edit is not None and edit.timestamp > last):
        return next(spare)
    return int(roots[owner[group[0]]])
