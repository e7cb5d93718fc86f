"""Our reading against the stand-in, through the real caveclient: exact, or an error of ours."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphapi.cave.complete import fetch_range, fetch_rows, id_ranges
from graphapi.cave.connection import Cave
from graphapi.cave.ids import check_current, map_to, roots_of
from graphapi.cave.synapses import connectivity_from_rows, synapse_rows
from graphapi.cave.tables import fetch_table
from graphapi.errors import (
    CaveAuthError,
    CaveResponseError,
    IncompleteAnswerError,
    TableNotFoundError,
    VersionNotFoundError,
)
from loader.sandbox.standin import Faults, Rule, RunningServer, Version, serve, write_folder

DATA = Path(__file__).parents[2].parent / "shared" / "data"
N = [576_460_752_700_000_000 + i for i in range(8)]
THEN = datetime(2024, 1, 1, 8, tzinfo=UTC)


def connect(server: RunningServer, **options: Any) -> Cave:
    options = {"token": "t0ken", "pause": lambda _: None, "timeout": 10.0, **options}
    return Cave.connect(server.datastack, server=server.url, **options)


def some_synapses(count: int, seed: int = 0, *, split: bool = False) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "id": chance.choice(count * 50, count, replace=False).astype(np.int64) + 3,
            "valid": np.full(count, True),
            "pre_pt_supervoxel_id": chance.integers(1, 9, count) + (1 << 56),
            "pre_pt_root_id": chance.choice(np.array([0, 1, *N]), count),
            "post_pt_supervoxel_id": chance.integers(1, 9, count) + (1 << 56),
            "post_pt_root_id": chance.choice(np.array([0, 1, *N]), count),
            "pre_pt_position": [[int(i), int(i) * 2, 7] for i in range(count)],
            "size": chance.integers(1, 400, count).astype(np.int32),
        }
    )
    if split:
        rows.insert(1, "created", pd.Timestamp("2023-05-01", tz="UTC"))
        rows.insert(2, "superceded_id", pd.array([None] * count, dtype="Int64"))
    return rows


def key(frame: pd.DataFrame) -> list[tuple[int, ...]]:
    columns = ["id", "pre_pt_root_id", "post_pt_root_id", "size"]
    return sorted(frame[columns].itertuples(index=False, name=None))


@pytest.mark.parametrize("split", [False, True])
def test_a_whole_table_in_ranges(tmp_path: Path, split: bool) -> None:
    rows = some_synapses(1_500, split=split)
    with serve(write_folder(tmp_path, {"synapses": rows}), row_limit=170) as server:
        cave = connect(server)
        version = cave.resolve_version("latest")
        assert version.is_merged is not split
        ranges = id_ranges(cave, "synapses", version.version)
        parts = [fetch_range(cave, "synapses", version.version, one) for one in ranges]
        assert [len(part) for part in parts] == [one.rows for one in ranges]
        read = pa.concat_tables(parts).to_pandas()
        assert key(read) == key(rows)
        assert ("created" in read) is split
        assert read["id"].is_monotonic_increasing
        assert server.faults.counts["row_limit"] > 0


def test_the_real_pinky_rows_come_back(tmp_path: Path) -> None:
    path = DATA / "microns_pinky100_v185" / "synapses.parquet"
    if not path.exists():
        pytest.skip("no microns_pinky100_v185 beside the repository")
    rows = pd.read_parquet(path).sort_values("id", ignore_index=True)
    folder = write_folder(tmp_path, {"synapses": rows})
    with serve(folder, row_limit=300) as server:
        cave = connect(server)
        everyone = rows["pre_pt_root_id"].unique()
        got = synapse_rows(cave, 1, everyone, clean=False, progress=False)
        assert len(got) == 1736
        for column in ["id", "pre_pt_root_id", "post_pt_root_id", "size"]:
            assert got[column].tolist() == rows[column].tolist()
        axes = [rows[f"pre_pt_position_{axis}"] for axis in "xyz"]
        assert got["pre_pt_position"].tolist() == [list(p) for p in zip(*axes, strict=True)]
        assert len(synapse_rows(cave, 1, everyone, progress=False)) == 1734  # two autapses
        pairs = connectivity_from_rows(got)
        assert int(pairs["weight"].sum()) == 1736


def test_one_heavy_neuron_over_the_limit(tmp_path: Path) -> None:
    rows = some_synapses(300)
    rows["pre_pt_root_id"] = N[0]
    with serve(write_folder(tmp_path, {"synapses": rows}), row_limit=40) as server:
        got = fetch_rows(connect(server), "synapses", 1, pre_ids=np.array([N[0]]))
        assert key(got.to_pandas()) == key(rows)


def test_reference_tables(tmp_path: Path) -> None:
    nuclei = pd.DataFrame(
        {"id": [3, 4, 5], "valid": [True, True, False], "pt_root_id": N[:3], "volume": [1.5] * 3}
    )
    types = pd.DataFrame(
        {"id": [1, 2, 3, 4], "valid": True, "target_id": [4, 5, 3, 99], "cell_type": list("abcd")}
    )
    folder = write_folder(
        tmp_path,
        {"synapses": some_synapses(5), "nuclei": nuclei, "types": types},
        metadata={"types": {"reference_table": "nuclei", "schema_type": "cell_type_reference"}},
    )
    with serve(folder) as server:
        rows = fetch_table(connect(server), "types", 1, progress=False)
        assert rows["cell_type"].to_pylist() == ["a", "b", "c", "d"]
        assert rows["id_ref"].to_pylist() == [4, None, 3, None]
        assert rows["pt_root_id_ref"].to_pylist() == [N[1], None, N[0], None]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    count=st.integers(1, 40), seed=st.integers(0, 9), limit=st.integers(3, 50), split=st.booleans()
)
def test_any_table_at_any_limit(
    tmp_path_factory: pytest.TempPathFactory, count: int, seed: int, limit: int, split: bool
) -> None:
    rows = some_synapses(count, seed, split=split)
    folder = write_folder(tmp_path_factory.mktemp("any"), {"synapses": rows})
    with serve(folder, row_limit=limit, faults=Faults(seed=seed)) as server:
        cave = connect(server)
        wanted = np.array(N[:4])
        got = fetch_rows(cave, "synapses", 1, pre_ids=wanted, progress=False)
        assert key(got.to_pandas()) == key(rows[rows["pre_pt_root_id"].isin(wanted)])
        ranges = id_ranges(cave, "synapses", 1)
        parts = [fetch_range(cave, "synapses", 1, one) for one in ranges]
        assert key(pa.concat_tables(parts).to_pandas()) == key(rows)


PASSING = {
    "wrapped_rate_limit": Rule(0.3, count=None),
    "rate_limit": Rule(0.3, count=None),
    "rate_limit_with_wait": Rule(0.3, count=None),
    "unavailable": Rule(0.3, count=None),
    "drop": Rule(0.3, count=None),
    "cut": Rule(0.3, count=None),
    "hang": Rule(0.3, count=3, seconds=1.5),
    "wrapped_error": Rule(0.15, count=None),
    "wrong_count": Rule(0.2, count=None),
}


@pytest.mark.parametrize("warns", [True, False])
@pytest.mark.parametrize("fault", PASSING)
def test_faults_cost_time_and_no_rows(tmp_path: Path, fault: str, warns: bool) -> None:
    rows = some_synapses(200, 1)
    folder = write_folder(tmp_path, {"synapses": rows})
    faults = Faults(seed=5, limit_warning=warns, **{fault: PASSING[fault]})
    timeout = 1.0 if fault == "hang" else 10.0
    with serve(folder, row_limit=40, faults=faults) as server:
        wanted = key(rows[rows["pre_pt_root_id"].isin(N)])
        got = None
        # A count may stay wrong, and a plain failure is not waited out for long.
        may_fail = (
            contextlib.suppress(IncompleteAnswerError, CaveResponseError)
            if fault in ("wrong_count", "wrapped_error")
            else contextlib.nullcontext()
        )
        with may_fail:
            cave = connect(server, timeout=timeout, max_retries=20)
            got = fetch_rows(cave, "synapses", 1, pre_ids=np.array(N), progress=False)
        assert got is None or key(got.to_pandas()) == wanted
        assert faults.counts[fault] > 0


def test_a_version_that_expires_under_way(tmp_path: Path) -> None:
    rows = some_synapses(200, 1)
    versions = [
        Version(number=n, timestamp=THEN + timedelta(days=n), is_merged=True) for n in (1, 2)
    ]
    folder = write_folder(tmp_path, {"synapses": rows}, versions=versions)
    faults = Faults(expire=Rule(count=1, after=4, path="/query"))
    with serve(folder, row_limit=40, faults=faults) as server:
        cave = connect(server)
        with pytest.raises(VersionNotFoundError, match=r"version 1 .*expired") as gone:
            fetch_rows(cave, "synapses", 1, pre_ids=np.array(N), progress=False)
        assert "can be queried: 2" in str(gone.value)


def test_the_doors_that_stay_shut(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, {"synapses": some_synapses(5)})
    with serve(folder, token="0123456789abcdef") as server:
        with pytest.raises(CaveAuthError, match="generate_cave_token"):
            connect(server, token="fedcba9876543210")
        with pytest.raises(CaveAuthError, match="generate_cave_token"):
            Cave.connect(server.datastack, server=server.url, token="")
        cave = connect(server, token="0123456789abcdef")
        with pytest.raises(TableNotFoundError, match="its tables: synapses"):
            fetch_rows(cave, "synapse", 1, pre_ids=np.array(N))
        with pytest.raises(VersionNotFoundError, match="can be queried: 1"):
            fetch_rows(cave, "synapses", 9, pre_ids=np.array(N))


def test_a_private_table_is_a_refusal_at_once(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path,
        {"synapses": some_synapses(5), "mine": some_synapses(5)},
        metadata={"mine": {"read_permission": "PRIVATE"}},
    )
    with serve(folder) as server:
        cave = connect(server)
        before = len(server.requests)
        with pytest.raises(CaveAuthError, match=r"table 'mine'.*read by its owner"):
            cave.query("mine", 1)
        assert [r.path.split("/")[-1] for r in server.requests[before:]].count("query") == 1
        with pytest.raises(CaveAuthError, match="read by its owner"):
            fetch_table(cave, "mine", 1)


@pytest.mark.parametrize("version", [9, 77])
def test_every_question_about_a_missing_version_names_those_there_are(
    tmp_path: Path, version: int
) -> None:
    with serve(write_folder(tmp_path, {"synapses": some_synapses(5)})) as server:
        cave = connect(server)
        for ask in (
            lambda: cave.tables(version),
            lambda: cave.table_info("synapses", version),
            lambda: cave.count("synapses", version),
            lambda: cave.query("synapses", version),
            lambda: fetch_table(cave, "synapses", version),
        ):
            with pytest.raises(VersionNotFoundError, match="can be queried: 1"):
                ask()


SV = [(1 << 56) + i for i in range(1, 9)]


def edited(folder: Path) -> Path:
    """Two roots merge after version 1, and one splits; all synapses lie on their supervoxels."""
    merge, cut = THEN + timedelta(days=10), THEN + timedelta(days=20)
    lives = [
        *[(SV[i], N[0], THEN - timedelta(days=9), merge) for i in (0, 1)],
        (SV[2], N[1], THEN - timedelta(days=9), merge),
        *[(SV[i], N[4], merge, None) for i in (0, 1, 2)],
        *[(SV[i], N[2], THEN - timedelta(days=9), cut) for i in (3, 4, 5)],
        *[(SV[i], N[5], cut, None) for i in (3, 4)],
        (SV[5], N[6], cut, None),
        *[(SV[i], N[3], THEN - timedelta(days=9), None) for i in (6, 7)],
    ]
    supervoxels = pd.DataFrame(lives, columns=["supervoxel_id", "root_id", "start", "end"])
    for column in ("start", "end"):
        supervoxels[column] = pd.to_datetime(supervoxels[column], utc=True).dt.as_unit("us")
    edits = pd.DataFrame(
        {
            "operation_id": [1, 2],
            "timestamp": pd.to_datetime([merge, cut], utc=True).as_unit("us"),
            "kind": ["merge", "split"],
            "old_roots": [N[:2], N[2:3]],
            "new_roots": [N[4:5], N[5:7]],
        }
    )
    rows = some_synapses(300, 3)
    then = {sv: root for sv, root, start, _ in lives if start < THEN}
    for side in ("pre", "post"):
        rows[f"{side}_pt_root_id"] = [then[sv] for sv in rows[f"{side}_pt_supervoxel_id"]]
    return write_folder(
        folder,
        {"synapses": rows},
        versions=[Version(number=1, timestamp=THEN, is_merged=True)],
        supervoxels=supervoxels,
        edits=edits,
    )


def test_stale_ids_both_ways(tmp_path: Path) -> None:
    with serve(edited(tmp_path)) as server:
        cave = connect(server)
        asked = np.array([N[0], N[1], N[2], N[3], 576_460_752_799_999_999])
        assert check_current(cave, asked, THEN).tolist() == [True] * 4 + [False]
        now = map_to(cave, asked)
        assert now.resolved.tolist() == [N[4], N[4], N[5], N[3], 0]
        assert now.how == ("overlap", "overlap", "split", "current", "unknown")
        assert now.unknown.tolist() == [576_460_752_799_999_999]
        then = map_to(cave, np.array([N[4], N[6]]), THEN)
        assert then.resolved.tolist() == [N[0], N[2]]
        assert roots_of(cave, np.array([SV[0], 0, SV[7]])).tolist() == [N[4], 0, N[3]]


def test_live_rows(tmp_path: Path) -> None:
    with serve(edited(tmp_path), row_limit=25) as server:
        cave = connect(server)
        rows = pd.read_parquet(tmp_path / "tables" / "synapses" / "v1.parquet")
        now = {
            **dict.fromkeys(SV[:3], N[4]), **dict.fromkeys(SV[3:5], N[5]),
            SV[5]: N[6], **dict.fromkeys(SV[6:], N[3]),
        }  # fmt: skip
        for side in ("pre", "post"):
            rows[f"{side}_pt_root_id"] = [now[sv] for sv in rows[f"{side}_pt_supervoxel_id"]]
        got = synapse_rows(
            cave,
            datetime.now(UTC),
            np.array([N[5]]),
            np.array([N[4], N[6]]),
            clean=False,
            progress=False,
        )
        want = rows[(rows["pre_pt_root_id"] == N[5]) & rows["post_pt_root_id"].isin([N[4], N[6]])]
        assert len(want)
        assert key(got) == key(want)
