"""Synapse rows and what they add up to, against plain Python loops."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_server import RowServer

from graphapi.cave.positions import NANOMETRE, positions
from graphapi.cave.records import DatastackInfo, TableInfo
from graphapi.cave.synapses import (
    connectivity_from_rows,
    synapse_rows,
)
from graphapi.errors import InputError, SourceSchemaError, TableNotFoundError

DATA = Path(__file__).parents[2].parent / "shared" / "data"
N = [576_460_752_700_000_000 + i for i in range(5)]


class Datastack(RowServer):
    """A row server that also knows resolutions."""

    datastack = "rows"

    def __init__(
        self, rows: pd.DataFrame, *, stored: tuple[float, ...] = (1, 1, 1), **kw: Any
    ) -> None:
        super().__init__(rows, **kw)
        self.stored = stored
        self.info = DatastackInfo(
            "rows", "", "synapses", None, (8.0, 8.0, 42.0), None, None, None, self.server
        )

    def table_info(self, table: str, version: int) -> TableInfo:
        return TableInfo(table, "synapse", "", None, self.stored)  # type: ignore[arg-type]


def frame(rows: list[tuple[int, int, int]]) -> pd.DataFrame:
    """`(pre, post, size)` in the order of ids."""
    count = len(rows)
    return pd.DataFrame(
        {
            "id": np.arange(count, dtype=np.int64) * 3 + 5,
            "valid": np.full(count, "t", dtype=object),
            "size": np.array([row[2] for row in rows], dtype=np.int32),
            "pre_pt_supervoxel_id": np.arange(count, dtype=np.int64) + 72_691_531_949_599_416,
            "pre_pt_root_id": np.array([row[0] for row in rows], dtype=np.int64),
            "post_pt_root_id": np.array([row[1] for row in rows], dtype=np.int64),
            "pre_pt_position_x": np.arange(count, dtype=np.int64) * 13 - 9,
            "pre_pt_position_y": np.arange(count, dtype=np.int64) * 17,
            "pre_pt_position_z": np.arange(count, dtype=np.int64) * 41 + 41,
        }
    )


neuron = st.sampled_from([0, *N])
tables = st.lists(st.tuples(neuron, neuron, st.integers(0, 20)), min_size=1, max_size=40)


@settings(max_examples=120, deadline=None)
@given(
    rows=tables,
    limit=st.integers(1, 50),
    pre=st.none() | st.sets(st.sampled_from(N)),
    post=st.none() | st.sets(st.sampled_from(N)),
    threshold=st.integers(1, 4),
    min_size=st.none() | st.integers(0, 20),
    clean=st.booleans(),
    pixels=st.booleans(),
)
def test_rows_are_kept_by_size_then_threshold_then_clean(
    rows: list[tuple[int, int, int]],
    limit: int,
    pre: set[int] | None,
    post: set[int] | None,
    threshold: int,
    min_size: int | None,
    clean: bool,
    pixels: bool,
) -> None:
    if pre is None and post is None:
        return
    table = frame(rows)
    answer = synapse_rows(
        Datastack(table, limit=limit),
        1,  # type: ignore[arg-type]
        None if pre is None else np.array(sorted(pre), dtype=np.int64),
        None if post is None else np.array(sorted(post), dtype=np.int64),
        threshold=threshold,
        min_size=min_size,
        clean=clean,
        return_pixels=pixels,
        progress=False,
    )
    kept = [
        (i, row)
        for i, row in enumerate(rows)
        if (pre is None or row[0] in pre)
        and (post is None or row[1] in post)
        and (min_size is None or row[2] >= min_size)
    ]
    weight = Counter((row[0], row[1]) for _, row in kept)
    kept = [(i, row) for i, row in kept if weight[row[0], row[1]] >= threshold]
    if clean:
        kept = [(i, row) for i, row in kept if row[0] != row[1] and row[0] and row[1]]
    want_ids = [i * 3 + 5 for i, _ in kept]
    assert answer["id"].tolist() == want_ids
    x, y, z = (8, 8, 42) if pixels else (1, 1, 1)
    want = [[(i * 13 - 9) // x, i * 17 // y, (i * 41 + 41) // z] for i, _ in kept]
    assert answer["pre_pt_position"].tolist() == want
    assert list(answer.columns) == [
        "pre_pt_root_id",
        "post_pt_root_id",
        "id",
        "valid",
        "size",
        "pre_pt_supervoxel_id",
        "pre_pt_position",
    ]
    types = {name: str(kind) for name, kind in answer.dtypes.items()}
    assert types == {
        "pre_pt_root_id": "int64",
        "post_pt_root_id": "int64",
        "id": "int64",
        "valid": "object",
        "size": "int32",
        "pre_pt_supervoxel_id": "int64",
        "pre_pt_position": "object",
    }
    assert answer.index.equals(pd.RangeIndex(len(kept)))


def test_the_tutorials_own_rows_come_back_unchanged() -> None:
    path = DATA / "cave_samples" / "synapses_kronauer_ant.parquet"
    if not path.exists():
        pytest.skip(f"no {path.name} beside the repository")
    sample = pq.read_table(path).to_pandas().sort_values("id", ignore_index=True)
    split = sample.copy()
    for column in [c for c in sample if c.endswith("_position")]:
        for i, axis in enumerate("xyz"):
            split[f"{column}_{axis}"] = [int(p[i]) for p in sample[column]]
        split = split.drop(columns=column)
    server = Datastack(split, stored=(8.0, 8.0, 42.0), limit=3)
    pre = sample["pre_pt_root_id"].unique()
    answer = synapse_rows(server, 1, pre)  # type: ignore[arg-type]
    assert set(answer.columns) == set(sample.columns)
    assert list(answer.columns[:2]) == ["pre_pt_root_id", "post_pt_root_id"]
    assert list(answer.columns[-3:]) == ["pre_pt_position", "post_pt_position", "ctr_pt_position"]
    for column in sample:
        if column.endswith("_position"):
            assert answer[column].tolist() == [list(map(int, p)) for p in sample[column]]
        else:
            assert answer[column].dtype == sample[column].dtype, column
            assert answer[column].isna().equals(sample[column].isna())
            assert answer[column].dropna().tolist() == sample[column].dropna().tolist()
    nanometres = synapse_rows(server, 1, pre, return_pixels=False)  # type: ignore[arg-type]
    first = sample["pre_pt_position"][0]
    assert nanometres["pre_pt_position"][0] == [first[0] * 8, first[1] * 8, first[2] * 42]


def test_an_empty_answer_keeps_columns_and_types() -> None:
    server = Datastack(frame([(N[0], N[1], 5)]))
    full = synapse_rows(server, 1, np.array([N[0]]))  # type: ignore[arg-type]
    for nobody in (np.array([N[4]]), np.array([], dtype=np.int64)):
        empty = synapse_rows(server, 1, nobody)  # type: ignore[arg-type]
        assert len(empty) == 0
        assert list(empty.columns) == list(full.columns)
        assert list(empty.dtypes) == list(full.dtypes)


def test_whole_numbers_with_gaps_stay_whole() -> None:
    rows = frame([(N[0], N[1], 5), (N[0], N[2], 5)])
    big = 2**62 + 1
    rows["superceded_id"] = pd.array([big, None], dtype="Int64")
    rows["post_pt_root_id"] = pd.array([N[1], None], dtype="Int64")
    answer = synapse_rows(Datastack(rows), 1, np.array([N[0]]), clean=False)  # type: ignore[arg-type]
    assert str(answer["superceded_id"].dtype) == "Int64"
    assert answer["superceded_id"][0] == big
    assert answer["post_pt_root_id"].tolist() == [N[1], 0]


def test_bad_arguments() -> None:
    server = Datastack(frame([(N[0], N[1], 5)]))
    with pytest.raises(InputError, match="pre_ids, post_ids or both"):
        synapse_rows(server, 1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="threshold"):
        synapse_rows(server, 1, np.array(N), threshold=0)  # type: ignore[arg-type]
    server.tables["synapses"] = server.tables["synapses"].drop(columns="size")
    with pytest.raises(SourceSchemaError, match="size"):
        synapse_rows(server, 1, np.array(N), min_size=1)  # type: ignore[arg-type]
    server.info = DatastackInfo("rows", "", None, None, (1, 1, 1), None, None, None, "")
    with pytest.raises(TableNotFoundError, match="no synapse table"):
        synapse_rows(server, 1, np.array(N))  # type: ignore[arg-type]


@given(
    st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=5),
    st.sampled_from([1.0, 3.6, 4.0, 7.5, 8.0, 42.0]),
    st.sampled_from([4.0, 8.0, 16.0, 42.0]),
)
def test_voxels_are_rounded_down_exactly(values: list[int], stored: float, wanted: float) -> None:
    table = pa.table({f"p_{axis}": values for axis in "xyz"})
    scale = Fraction(str(stored)) / Fraction(str(wanted))
    want = [floor(v * scale) for v in values]
    got = positions(table, "p", (stored,) * 3, (wanted,) * 3)
    assert got == [[v, v, v] for v in want]


def test_nanometres_of_broken_voxels_are_floats_and_missing_positions_are_none() -> None:
    table = pa.table({"p_x": [1, None], "p_y": [2, 4], "p_z": [3, 5]})
    assert positions(table, "p", (7.5, 7.5, 50.0), NANOMETRE) == [[7.5, 15.0, 150.0], None]


@settings(max_examples=80, deadline=None)
@given(rows=tables, threshold=st.integers(1, 4))
def test_connections_add_up(rows: list[tuple[int, int, int]], threshold: int) -> None:
    weight = Counter((pre, post) for pre, post, _ in rows)
    strong = {pair: n for pair, n in weight.items() if n >= threshold}
    pairs = connectivity_from_rows(frame(rows), threshold=threshold)
    want = sorted(((p, q, n) for (p, q), n in strong.items()), key=lambda r: (-r[2], r[0], r[1]))
    assert list(pairs.itertuples(index=False, name=None)) == want
    assert [str(t) for t in pairs.dtypes] == ["int64"] * 3


def test_sums_of_no_rows_keep_their_types() -> None:
    none = frame([(N[0], N[1], 5)]).iloc[:0]
    assert [str(t) for t in connectivity_from_rows(none).dtypes] == ["int64"] * 3
