"""Rows through the real client are the rows of the file, whatever is asked of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import requests

from loader.sandbox.standin import Faults, serve, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loader.sandbox.standin import RunningServer


@pytest.fixture(scope="module")
def server(cells_folder: Path) -> Iterator[RunningServer]:
    with serve(cells_folder) as running:
        yield running


@pytest.fixture
def query(server: RunningServer, connect: Callable[..., Any]) -> Callable[..., pd.DataFrame]:
    """Query `cells`; the merged version, and in order, unless asked otherwise."""
    materialize = connect(server).materialize

    def ask(**asked: Any) -> pd.DataFrame:
        asked = {"materialization_version": 3, "metadata": False, **asked}
        return materialize.query_table("cells", **asked)

    return ask


def ids(frame: pd.DataFrame) -> list[int]:
    return sorted(frame["id"].tolist())


def test_real_synapses_come_back_unchanged(
    shared_data: Path, tmp_path: Path, connect: Callable[..., Any]
) -> None:
    source = shared_data / "microns_pinky100_v185" / "synapses.parquet"
    expected = pd.read_parquet(source)
    with serve(write_folder(tmp_path, {"synapses": pq.read_table(source)})) as running:
        rows = connect(running).materialize.query_table("synapses", split_positions=True)
    assert rows["id"].tolist() != expected["id"].tolist(), "no order is promised"
    rows = rows.set_index("id").loc[expected["id"]].reset_index()
    assert list(rows.columns) == list(expected.columns)
    for name in expected.columns:
        assert rows[name].tolist() == expected[name].tolist(), name
    assert {str(kind) for kind in rows.dtypes} == {"Int64", "Int32", "Float32"}


def test_the_tutorials_rows_come_back_unchanged(
    shared_data: Path, tmp_path: Path, connect: Callable[..., Any]
) -> None:
    source = shared_data / "cave_samples" / "synapses_kronauer_ant.parquet"
    expected = pd.read_parquet(source)
    with serve(write_folder(tmp_path, {"synapses": pq.read_table(source)})) as running:
        rows = connect(running).materialize.synapse_query(remove_autapses=False)
    rows = rows.set_index("id").loc[expected["id"]].reset_index()
    assert set(rows.columns) == set(expected.columns)
    for name in expected.columns:
        if name.endswith("_position"):
            assert np.array_equal(np.stack(rows[name]), np.stack(expected[name])), name
        else:
            assert rows[name].tolist() == expected[name].tolist(), name
    assert rows.dtypes.astype(str)[["pre_pt_root_id", "size", "created", "valid"]].tolist() == [
        "Int64",
        "Int32",
        "datetime64[ns, UTC]",
        "string",
    ]


def test_types_are_those_of_the_real_server(query: Callable[..., pd.DataFrame]) -> None:
    kinds = query(materialization_version=2, split_positions=True).dtypes.astype(str).to_dict()
    assert kinds == {
        "id": "Int64",
        "created": "datetime64[ns, UTC]",
        "superceded_id": "Int64",
        "valid": "boolean",
        "cell_type": "string",
        "score": "Float32",
        "rank": "Int32",
        "pt_position_x": "Int32",
        "pt_position_y": "Int32",
        "pt_position_z": "Int32",
        "pt_supervoxel_id": "Int64",
        "pt_root_id": "Int64",
    }


def test_rows_that_are_not_valid_are_never_sent(
    query: Callable[..., pd.DataFrame], cells: pd.DataFrame
) -> None:
    assert ids(query()) == cells.loc[cells["valid"], "id"].tolist()


def test_a_merged_version_has_no_bookkeeping(query: Callable[..., pd.DataFrame]) -> None:
    assert not {"created", "superceded_id", "deleted"} & set(query().columns)


def test_unresolved_rows_of_a_split_version_have_root_one(
    query: Callable[..., pd.DataFrame], cells: pd.DataFrame
) -> None:
    rows = query(materialization_version=2).set_index("id")
    assert rows.loc[cells["id"][7], ["pt_root_id", "pt_supervoxel_id"]].tolist() == [1, 1]
    others = cells.drop(index=7).query("valid").set_index("id")["pt_root_id"]
    assert rows["pt_root_id"].drop(cells["id"][7]).sort_index().tolist() == others.tolist()


FILTERS: list[tuple[dict[str, Any], Callable[[pd.DataFrame], Any]]] = [
    ({"filter_in_dict": {"id": [17, 27, 18]}}, lambda f: f["id"].isin([17, 27])),
    (
        {"filter_in_dict": {"cell_type": ["ER", "PBt"]}},
        lambda f: f["cell_type"].isin(["ER", "PBt"]),
    ),
    ({"filter_in_dict": {"id": []}}, lambda f: f["id"] < 0),
    ({"filter_equal_dict": {"rank": 3}}, lambda f: f["rank"] == 3),
    ({"filter_equal_dict": {"cell_type": "FBt a"}}, lambda f: f["cell_type"] == "FBt a"),
    ({"filter_greater_dict": {"id": 1007}}, lambda f: f["id"] > 1007),
    ({"filter_less_dict": {"id": 1007}}, lambda f: f["id"] < 1007),
    ({"filter_greater_equal_dict": {"id": 1007}}, lambda f: f["id"] >= 1007),
    ({"filter_less_equal_dict": {"id": 1007}}, lambda f: f["id"] <= 1007),
    ({"filter_greater_dict": {"score": 0.25}}, lambda f: f["score"] > 0.25),
    ({"filter_less_dict": {"rank": 2.5}}, lambda f: f["rank"] < 2.5),
    (
        {"filter_greater_equal_dict": {"id": 500}, "filter_less_dict": {"id": 900, "rank": 2}},
        lambda f: (f["id"] >= 500) & (f["id"] < 900) & (f["rank"] < 2),
    ),
    (
        {"filter_regex_dict": {"cell_type": "^ER.?$"}},
        lambda f: f["cell_type"].str.fullmatch("ER.?").eq(True),
    ),
    (
        {"filter_spatial_dict": {"pt_position": [[100, 0, 200], [700, 650, 1000]]}},
        lambda f: [
            100 <= x <= 700 and 0 <= y <= 650 and 200 <= z <= 1000 for x, y, z in f["pt_position"]
        ],
    ),
    ({"filter_out_dict": {"rank": [0, 1, 2]}}, lambda f: f["rank"] >= 0),
]


@pytest.mark.parametrize(("asked", "keep"), FILTERS, ids=[str(asked)[:60] for asked, _ in FILTERS])
def test_filters(
    query: Callable[..., pd.DataFrame],
    cells: pd.DataFrame,
    asked: dict[str, Any],
    keep: Callable[[pd.DataFrame], Any],
) -> None:
    expected = cells[np.asarray(keep(cells)) & cells["valid"]]
    assert ids(query(**asked)) == expected["id"].tolist()
    assert query(get_counts=True, **asked)["count"].tolist() == [len(expected)]


def test_filters_find_large_ids_exactly(
    query: Callable[..., pd.DataFrame], cells: pd.DataFrame
) -> None:
    root = int(cells["pt_root_id"][11])
    assert query(filter_equal_dict={"pt_root_id": root})["pt_root_id"].tolist() == [root]
    assert query(filter_equal_dict={"pt_root_id": root - 1}).empty
    assert query(filter_in_dict={"pt_root_id": np.array([root, root - 1])})["id"].tolist() == [117]
    beyond = query(filter_greater_dict={"pt_root_id": root})["pt_root_id"]
    assert len(beyond) == (cells.loc[cells["valid"], "pt_root_id"] > root).sum()


def test_twenty_thousand_ids_in_one_filter(
    query: Callable[..., pd.DataFrame], cells: pd.DataFrame
) -> None:
    rows = query(filter_in_dict={"id": list(range(20_000))})
    assert ids(rows) == cells.loc[cells["valid"], "id"].tolist()


def test_rows_created_since(query: Callable[..., pd.DataFrame], cells: pd.DataFrame) -> None:
    since = {
        "materialization_version": 2,
        "filter_greater_dict": {"created": "2024-02-10T00:00:00"},
    }
    assert ids(query(**since)) == [cells["id"][5]]


def test_selecting_a_root_brings_its_supervoxel(query: Callable[..., pd.DataFrame]) -> None:
    rows = query(select_columns=["rank", "pt_root_id"])
    assert list(rows.columns) == ["rank", "pt_supervoxel_id", "pt_root_id"]


def test_selecting_a_position_alone_works(query: Callable[..., pd.DataFrame]) -> None:
    assert list(query(select_columns=["pt_position"], split_positions=True).columns) == [
        "pt_position_x",
        "pt_position_y",
        "pt_position_z",
    ]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"select_columns": ["id"]}, "'BigInteger' object has no attribute 'id'"),
        ({"select_columns": ["id", "nocol"]}, "nocol not in model"),
        ({"filter_equal_dict": {"nocol": 1}}, "'nocol'"),
        ({"filter_regex_dict": {"rank": "a"}}, "only supported on string columns"),
        ({"filter_regex_dict": {"cell_type": "("}}, "missing"),
        ({"filter_spatial_dict": {"pt_position": [[5, 5, 5], [5, 9, 9]]}}, "must be less than"),
        ({"filter_equal_dict": {"id": "' OR 1=1 --"}}, "invalid input syntax"),
        ({"filter_equal_dict": {"id": {}}}, "invalid input syntax"),
        ({"filter_equal_dict": {'id" OR 1=1 --': 1}}, "OR 1=1"),
        ({"filter_equal_dict": {"pt_position": 1}}, "operator does not exist"),
    ],
)
def test_what_the_server_breaks_on_is_a_500(
    query: Callable[..., pd.DataFrame], asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(requests.HTTPError) as caught:
        query(**asked)
    answer = caught.value.response
    assert answer.status_code == 500
    assert message in answer.json()["message"]
    assert set(answer.json()) == {"code", "message", "traceback"}


def test_positions_in_another_resolution(
    query: Callable[..., pd.DataFrame], cells: pd.DataFrame
) -> None:
    rows = query(desired_resolution=[4, 16, 1], split_positions=True, metadata=True)
    rows_by_id = rows.set_index("id").sort_index()
    stored = np.stack(cells.loc[cells["valid"], "pt_position"].to_list())
    twice, half, nanometres = stored[:, 0] * 2, stored[:, 1] // 2, stored[:, 2] * 42
    for axis, values in zip("xyz", (twice, half, nanometres), strict=True):
        assert rows_by_id[f"pt_position_{axis}"].tolist() == values.tolist()
        assert rows_by_id[f"pt_position_{axis}"].dtype == "Int32"
    assert rows.attrs["dataframe_resolution"] == [4.0, 16.0, 1.0]


def test_positions_as_stored_are_whole_and_say_their_resolution(
    query: Callable[..., pd.DataFrame], cells: pd.DataFrame
) -> None:
    rows = query(metadata=True)
    assert rows.attrs["dataframe_resolution"] == [8.0, 8.0, 42.0]
    assert rows.attrs["table_voxel_resolution"] == [8.0, 8.0, 42.0]
    found = rows.set_index("id")["pt_position"].sort_index()
    expected = np.stack(cells.loc[cells["valid"], "pt_position"].to_list())
    assert np.array_equal(np.stack(found.to_list()), expected)


def test_json_records(query: Callable[..., pd.DataFrame], cells: pd.DataFrame) -> None:
    records = query(return_df=False, materialization_version=2)
    assert {r["id"]: r["cell_type"] for r in records} == dict(
        cells.loc[cells["valid"], ["id", "cell_type"]].itertuples(index=False)
    )
    assert {r["created"] for r in records} == {1706933106789, 1709251200000}
    assert set(records[0]) >= {"pt_position_x", "pt_position_y", "pt_position_z"}


def test_an_empty_answer_has_its_types(query: Callable[..., pd.DataFrame]) -> None:
    rows = query(filter_equal_dict={"id": -1}, split_positions=True)
    assert len(rows) == 0
    assert rows.dtypes.equals(query(split_positions=True).dtypes)


def test_random_sample_is_a_share(query: Callable[..., pd.DataFrame], cells: pd.DataFrame) -> None:
    sizes = [len(query(random_sample=60)) for _ in range(12)]
    assert all(0 < size < 150 for size in sizes)
    assert len(query(random_sample=1000)) == cells["valid"].sum()


def test_order_is_another_each_time_unless_told_otherwise(
    cells_folder: Path, connect: Callable[..., Any]
) -> None:
    def orders(faults: Faults | None) -> list[list[int]]:
        with serve(cells_folder, faults=faults) as running:
            materialize = connect(running).materialize
            found = [materialize.query_table("cells", metadata=False)["id"].tolist() for _ in "ab"]
            assert running.faults.counts["shuffle"] == (0 if faults else 2)
            return found

    first, second = orders(None)
    assert first != second
    assert sorted(first) == sorted(second)
    assert orders(Faults(shuffle=False)) == [sorted(first)] * 2


@pytest.fixture(scope="module")
def limited(cells_folder: Path) -> Iterator[RunningServer]:
    with serve(cells_folder, row_limit=50) as running:
        yield running


class TestRowLimit:
    def test_answers_are_cut_with_a_warning_and_counts_are_not(
        self, limited: RunningServer, connect: Callable[..., Any], caplog: Any
    ) -> None:
        materialize = connect(limited).materialize
        with caplog.at_level(logging.WARNING, logger="caveclient.base"):
            rows = materialize.query_table("cells", metadata=False)
        assert len(rows) == 50
        assert '201 - "Limited query to 50 rows' in caplog.text
        assert limited.faults.counts["row_limit"] == 1
        assert materialize.query_table("cells", get_counts=True)["count"].tolist() == [180]
        assert len(materialize.query_table("cells", limit=100_000)) == 50

    def test_a_callers_own_limit_warns_too(
        self, limited: RunningServer, connect: Callable[..., Any], caplog: Any
    ) -> None:
        with caplog.at_level(logging.WARNING, logger="caveclient.base"):
            rows = connect(limited).materialize.query_table("cells", limit=3, metadata=False)
        assert len(rows) == 3
        assert "Limited query to 3 rows" in caplog.text

    def test_paging_by_offset_misses_rows(
        self, limited: RunningServer, connect: Callable[..., Any]
    ) -> None:
        materialize = connect(limited).materialize
        pages = [
            materialize.query_table("cells", offset=start, metadata=False)["id"]
            for start in range(0, 180, 50)
        ]
        assert [len(page) for page in pages] == [50, 50, 50, 30]
        assert pd.concat(pages).nunique() < 180

    def test_disjoint_id_ranges_are_complete(
        self, limited: RunningServer, connect: Callable[..., Any], cells: pd.DataFrame
    ) -> None:
        materialize = connect(limited).materialize
        pieces = [
            materialize.query_table(
                "cells",
                filter_greater_equal_dict={"id": low},
                filter_less_dict={"id": low + 400},
                metadata=False,
            )
            for low in range(0, 2400, 400)
        ]
        assert ids(pd.concat(pieces)) == cells.loc[cells["valid"], "id"].tolist()
