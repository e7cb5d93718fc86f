"""Live rows: what every supervoxel's root is now, whatever it was at the last version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_server import RowServer

from graphapi.cave.live import fetch_live_rows
from graphapi.cave.records import VersionInfo
from graphapi.errors import SourceSchemaError, UnknownRootIdError

THEN, NOW = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
SUPERVOXELS = range(101, 111)


class Segmentation:
    def __init__(self, then: dict[int, int], now: dict[int, int]) -> None:
        self.states = {THEN: then, NOW: now}

    def roots_of(self, supervoxels: Any, at: datetime) -> Any:
        return np.array([self.states[at].get(s, 0) for s in supervoxels.tolist()], dtype=np.int64)

    def is_current(self, ids: Any, at: datetime) -> Any:
        return np.array([i in self.states[at].values() for i in ids.tolist()], dtype=bool)

    def past_ids(self, ids: Any, past: datetime, future: datetime) -> dict[int, list[int]]:
        then, now = self.states[past], self.states[future]
        return {i: sorted({then[s] for s in SUPERVOXELS if now[s] == i}) for i in ids.tolist()}


class Live(RowServer):
    datastack = "live"

    def __init__(self, rows: pd.DataFrame, segmentation: Segmentation, **options: Any) -> None:
        super().__init__(rows, **options)
        self.segmentation = segmentation

    def resolve_version(self, version: str) -> VersionInfo:
        assert version == "latest"
        return VersionInfo(4, THEN, None, valid=True, is_merged=True)


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[int, int], dict[int, int]]:
    """Two partitions of the supervoxels; a part that did not change keeps its root id."""
    labels = st.lists(st.integers(0, 4), min_size=10, max_size=10)
    then_labels, now_labels = draw(labels), draw(labels)

    def parts(chosen: list[int]) -> set[frozenset[int]]:
        return {
            frozenset(s for s, k in zip(SUPERVOXELS, chosen, strict=True) if k == label)
            for label in chosen
        }

    numbers = {
        part: 576_460_752_700_000_000 + n
        for n, part in enumerate(sorted(parts(then_labels) | parts(now_labels), key=sorted))
    }

    def roots(chosen: list[int]) -> dict[int, int]:
        return {s: numbers[part] for part in parts(chosen) for s in part}

    return roots(then_labels), roots(now_labels)


def table(ends: list[tuple[int, int]], then: dict[int, int]) -> pd.DataFrame:
    pre = np.array([p for p, _ in ends], dtype=np.int64)
    post = np.array([q for _, q in ends], dtype=np.int64)
    return pd.DataFrame(
        {
            "id": np.arange(len(ends), dtype=np.int64),
            "valid": np.full(len(ends), True),
            "pre_pt_supervoxel_id": pre,
            "pre_pt_root_id": np.array([then[s] for s in pre.tolist()], dtype=np.int64),
            "post_pt_supervoxel_id": post,
            "post_pt_root_id": np.array([then[s] for s in post.tolist()], dtype=np.int64),
        }
    )


@settings(max_examples=100, deadline=None)
@given(
    history=histories(),
    ends=st.lists(st.tuples(*[st.sampled_from(list(SUPERVOXELS))] * 2), min_size=1, max_size=30),
    limit=st.integers(1, 40),
    data=st.data(),
)
def test_live_rows_are_those_of_the_roots_of_now(
    history: tuple[dict[int, int], dict[int, int]],
    ends: list[tuple[int, int]],
    limit: int,
    data: st.DataObject,
) -> None:
    then, now = history
    some = st.none() | st.sets(st.sampled_from(sorted(now.values())), min_size=1)
    pre, post = data.draw(some), data.draw(some)
    if pre is None and post is None:
        return
    server = Live(table(ends, then), Segmentation(then, now), limit=limit)
    rows, version = fetch_live_rows(
        server,  # type: ignore[arg-type]
        "synapses",
        pre_ids=None if pre is None else np.array(sorted(pre)),
        post_ids=None if post is None else np.array(sorted(post)),
        timestamp=NOW,
        progress=False,
    )
    want = [
        (i, now[p], now[q])
        for i, (p, q) in enumerate(ends)
        if (pre is None or now[p] in pre) and (post is None or now[q] in post)
    ]
    columns = [rows[name].to_pylist() for name in ("id", "pre_pt_root_id", "post_pt_root_id")]
    assert list(zip(*columns, strict=True)) == want
    assert version == 4


def test_an_id_that_is_not_current_is_refused() -> None:
    now = dict.fromkeys(SUPERVOXELS, 7)
    server = Live(table([(101, 102)], now), Segmentation(now, now))
    with pytest.raises(UnknownRootIdError, match="update_ids"):
        fetch_live_rows(server, "synapses", pre_ids=np.array([7, 8]), timestamp=NOW)  # type: ignore[arg-type]


def test_a_table_without_supervoxels_cannot_be_brought_forward() -> None:
    now = dict.fromkeys(SUPERVOXELS, 7)
    rows = table([(101, 102)], now).drop(columns="post_pt_supervoxel_id")
    server = Live(rows, Segmentation(now, now))
    with pytest.raises(SourceSchemaError, match="post_pt_supervoxel_id"):
        fetch_live_rows(server, "synapses", pre_ids=np.array([7]), timestamp=NOW)  # type: ignore[arg-type]
