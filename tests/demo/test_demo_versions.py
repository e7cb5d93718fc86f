"""Tables, supervoxels and edits tell one story at every version."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from loader.sandbox.demo import make_demo

TABLES = {
    "synapses_v2": ("pre_pt", "post_pt"),
    "nuclei": ("pt",),
    "backbone_proofread": ("pt",),
}


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("name", list(TABLES))
def test_every_root_is_its_supervoxels_root_at_the_time(demo, name, version):
    rows, roots = demo.table(name, version), demo.roots_at(demo.time_of(version))
    for end in TABLES[name]:
        real = rows[rows[f"{end}_root_id"] > 1]
        expected = roots.reindex(real[f"{end}_supervoxel_id"]).to_numpy()
        np.testing.assert_array_equal(expected, real[f"{end}_root_id"].to_numpy())
        nobody = rows[rows[f"{end}_root_id"] <= 1]
        assert (nobody[f"{end}_supervoxel_id"] == nobody[f"{end}_root_id"]).all()


def test_ids_carry_their_layer(demo):
    assert (demo.intervals.root_id.to_numpy() >> 56 == 8).all()
    assert (demo.intervals.supervoxel_id.to_numpy() >> 56 == 1).all()
    assert demo.intervals.root_id.astype(str).str.startswith("5764607527").all()


def test_a_supervoxel_keeps_to_one_chunk(demo):
    rows = demo.synapses[demo.synapses.pre_pt_root_id > 1]
    chunk = np.stack(rows.pre_pt_position.to_numpy()) // [512, 512, 128]
    ids = rows.pre_pt_supervoxel_id.to_numpy()
    for axis, shift in enumerate((46, 36, 26)):
        np.testing.assert_array_equal((ids >> shift) & 1023, chunk[:, axis])


def test_intervals_of_a_supervoxel_follow_without_gap(demo):
    held = demo.intervals.sort_values(["supervoxel_id", "start"])
    following = held.groupby("supervoxel_id").start.shift(-1)
    last = following.isna()
    assert held.end[last].isna().all()
    assert (held.end[~last] == following[~last]).all()


def test_edits_turn_old_roots_into_new_ones(demo):
    held = demo.intervals
    for edit in demo.edits.itertuples():
        ending = held[held.root_id.isin(edit.old_roots)]
        assert set(ending.root_id) == set(edit.old_roots)
        assert (ending.end == edit.timestamp).all()
        beginning = held[held.root_id.isin(edit.new_roots)]
        assert set(beginning.root_id) == set(edit.new_roots)
        assert (beginning.start == edit.timestamp).all()
        assert set(ending.supervoxel_id) == set(beginning.supervoxel_id)
        sides = (edit.old_roots, edit.new_roots)
        assert [len(s) for s in sides] == ([2, 1] if edit.kind == "merge" else [1, 2])
    # Nothing else ever changes a root.
    changed = set(held[held.end.notna()].root_id)
    assert changed == {root for roots in demo.edits.old_roots for root in roots}


def test_merges_and_splits_fall_between_all_versions_and_after(demo):
    bounds = [demo.time_of(version) for version in (1, 2, 3)]
    period = np.searchsorted(pd.DatetimeIndex(bounds), demo.edits.timestamp)
    for between in range(4):
        assert set(demo.edits.kind[period == between]) == {"merge", "split"}


def test_versions_and_their_columns(demo):
    versions = {v["version"]: v for v in demo.record["versions"]}
    assert versions[1]["status"] == "EXPIRED"
    assert versions[1]["is_merged"]
    assert [versions[v]["valid"] for v in (1, 2, 3)] == [False, True, True]
    assert "created" not in demo.table("synapses_v2", 1)
    assert not (demo.table("synapses_v2", 1).pre_pt_root_id == 1).any()
    for version in (2, 3):
        assert (demo.table("synapses_v2", version).created <= demo.time_of(version)).all()


def test_rows_come_and_go_between_versions(demo):
    ids = {v: set(demo.table("synapses_v2", v)["id"]) for v in (1, 2, 3)}
    assert len(ids[2] - ids[1]) > 1000
    assert len(ids[3] - ids[2]) > 1000
    assert len(ids[2] - ids[3]) > 200
    latest = demo.synapses.set_index("id").created
    assert (latest[list(ids[3] - ids[2])] > demo.time_of(2)).all()


def test_some_annotation_rows_are_stale_and_some_from_the_future(demo):
    rows = demo.annotations[demo.annotations.root_id.notna()]
    written = rows.root_id.astype("int64")
    wrong = written[written != rows.now]
    started = demo.intervals.groupby("root_id").start.min()
    future = started[wrong.to_numpy()] > demo.time_of(3)
    assert future.sum() >= 2
    assert (~future).sum() >= 6
    assert demo.annotations.root_id.isna().sum() == 3


def test_one_seed_gives_the_same_bytes(demo, tmp_path):
    make_demo(tmp_path, seed=7, progress=False, volumes=False)
    written = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert len(written) == 19
    for path in written:
        twin = demo.folder / path.relative_to(tmp_path)
        assert _digest(path) == _digest(twin), path.name


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
