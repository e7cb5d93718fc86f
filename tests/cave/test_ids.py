"""Stale ids followed by their supervoxels, in both directions of time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from graphapi.cave.ids import check_current, map_to, roots_of
from graphapi.errors import InputError

EARLY, LATE = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
#: root -> supervoxels, at two times. A and B merge into AB; C splits into C1 and C2;
#: E stays; L is late only, its supervoxel belonging to no one before.
A, B, AB, C, C1, C2, E, L = (576_460_752_700_000_000 + i for i in range(1, 9))
STATES = {
    EARLY: {A: [11, 12], B: [13], C: [21, 22, 23], E: [31]},
    LATE: {AB: [11, 12, 13], C1: [21], C2: [22, 23], E: [31], L: [41]},
}


class FakeSegmentation:
    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def roots_of(self, supervoxels: Any, at: datetime) -> Any:
        self.calls.append(("roots_of", len(supervoxels)))
        held = {s: root for root, parts in STATES[at].items() for s in parts}
        return np.array([held.get(s, 0) for s in supervoxels.tolist()], dtype=np.int64)

    def is_current(self, ids: Any, at: datetime) -> Any:
        self.calls.append(("is_current", len(ids)))
        return np.array([i in STATES[at] for i in ids.tolist()], dtype=bool)

    def exist(self, ids: Any) -> Any:
        return np.array([any(i in s for s in STATES.values()) for i in ids.tolist()], dtype=bool)

    def supervoxels(self, root_id: int) -> Any:
        self.calls.append(("supervoxels", root_id))
        parts = next(s[root_id] for s in STATES.values() if root_id in s)
        return np.array(parts, dtype=np.int64)


class FakeCave:
    max_in_flight = 2

    def __init__(self) -> None:
        self.segmentation = FakeSegmentation()


@pytest.fixture
def cave() -> Any:
    return FakeCave()


def test_forward(cave: Any) -> None:
    mapping = map_to(cave, np.array([C, A, E, 999, A, B]), LATE)
    assert mapping.requested.tolist() == [C, A, E, 999, A, B]
    assert mapping.resolved.tolist() == [C2, AB, E, 0, AB, AB]
    assert mapping.how == ("split", "overlap", "current", "unknown", "overlap", "overlap")
    assert mapping.unknown.tolist() == [999]
    assert mapping.changed() == {C: C2, A: AB, B: AB}
    assert mapping.resolved.dtype == np.int64


def test_backward(cave: Any) -> None:
    mapping = map_to(cave, np.array([AB, C1, L]), EARLY)
    assert mapping.resolved.tolist() == [A, C, 0]
    assert mapping.how == ("split", "overlap", "unknown")
    assert mapping.unknown.tolist() == [L]


def test_a_tie_goes_to_the_lowest_id(cave: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STATES, LATE, {C2: [21], C1: [22], L: [23]})
    assert map_to(cave, np.array([C]), LATE).resolved.tolist() == [C1]


def test_nothing_asked(cave: Any) -> None:
    mapping = map_to(cave, np.array([], dtype=np.int64), LATE)
    assert mapping.resolved.tolist() == []
    assert mapping.changed() == {}
    assert cave.segmentation.calls == []


def test_how_an_id_was_found(cave: Any) -> None:
    found = map_to(cave, np.array([A, 999]), LATE)
    assert found.requested.tolist() == [A, 999]
    assert found.resolved.tolist() == [AB, 0]
    assert list(found.how) == ["overlap", "unknown"]


def test_many_ids_go_in_batches_and_come_in_order(cave: Any) -> None:
    asked = np.array([31, 0, 22, 5] * 30_000, dtype=np.int64)
    assert roots_of(cave, asked, LATE).tolist() == [E, 0, C2, 0] * 30_000
    assert cave.segmentation.calls == [("roots_of", 3)]  # each supervoxel once, no background
    ids = np.array([E, A] * 6_000)
    assert check_current(cave, ids, LATE).tolist() == [True, False] * 6_000
    assert [size for name, size in cave.segmentation.calls if name == "is_current"] == [
        5_000, 5_000, 2_000,
    ]  # fmt: skip


def test_a_time_without_a_zone_is_refused(cave: Any) -> None:
    with pytest.raises(InputError, match="no time zone"):
        map_to(cave, np.array([A]), datetime(2024, 1, 1))
