"""Answers as a real server gave them (5.26.4), or as its source has them; no client between."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
import requests

from graphapi.errors import StandinError
from loader.sandbox.standin import Version, serve, write_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loader.sandbox.standin import RunningServer

SPLIT, MERGED = 1, 2
NOTICE = "ask us first"
STALE, CURRENT = (8 << 56) + 5, (8 << 56) + 7


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    points = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "valid": [True, True, True],
            "pt_position": [[3, -3, 5], [4, -5, 2], [9, 0, -1]],
            "pt_supervoxel_id": [(1 << 56) + n for n in (1, 2, 3)],
            "pt_root_id": [CURRENT, CURRENT, CURRENT + 2],
        }
    )
    tags = pd.DataFrame(
        {"id": [1, 2], "valid": [True, True], "target_id": [1, 3], "tag": ["a", "b"]}
    )
    split = {}
    for name, frame in (("points", points), ("tags", tags)):
        split[name] = frame.copy()
        split[name].insert(1, "created", pd.Timestamp("2024-01-02", tz="UTC"))
        split[name].insert(2, "superceded_id", pd.Series([None] * len(frame), dtype="Int64"))
    means = pd.DataFrame({"pt_root_id": [5, 6], "valid": [True, False], "mean": [0.5, 0.25]})
    folder = write_folder(
        tmp_path_factory.mktemp("recorded") / "folder",
        {
            "points": {SPLIT: split["points"], MERGED: points},
            "tags": {SPLIT: split["tags"], MERGED: tags},
            "mine": {MERGED: points},
        },
        datastack="teststack",
        versions=[
            Version(SPLIT, datetime(2024, 3, 1, tzinfo=UTC), is_merged=False),
            Version(MERGED, datetime(2024, 2, 1, tzinfo=UTC)),
        ],
        metadata={
            "points": {"notice_text": NOTICE},
            "tags": {
                "schema_type": "reference_tag",
                "reference_table": "points",
                "notice_text": "t",
            },
            "mine": {"read_permission": "PRIVATE"},
            "means": {"notice_text": NOTICE},
        },
        views={"means": {MERGED: means}},
        resolution=(4, 4, 40),
    )
    with serve(folder, row_limit=1000) as running:
        yield running


def url(server: RunningServer, rest: str, api: str = "v3") -> str:
    return f"{server.url}/materialize/api/{api}/datastack/teststack/{rest}"


def get(server: RunningServer, rest: str, api: str = "v3") -> requests.Response:
    return requests.get(url(server, rest, api), timeout=10)


def post(server: RunningServer, rest: str, body: Any = None, query: str = "") -> requests.Response:
    return requests.post(f"{url(server, rest)}?{query}", json=body or {}, timeout=10)


def table(answer: requests.Response) -> pa.Table:
    assert answer.status_code == 200, answer.text
    with pa.ipc.open_stream(answer.content) as reader:
        return reader.read_all()


def names_in_header(answer: requests.Response) -> Any:
    return ast.literal_eval(answer.headers["column_names"])


def refusal(answer: requests.Response) -> str:
    assert answer.status_code == 500
    return str(answer.json()["message"])


def warnings_of(answer: requests.Response) -> list[str]:
    """Return each `Warning` header: requests joins them."""
    return answer.raw.headers.getlist("Warning")


def test_positions_in_another_resolution_are_whole_and_cut_towards_zero(
    server: RunningServer,
) -> None:
    body = {"desired_resolution": [8, 8, 80]}
    rows = table(post(server, "version/2/table/points/query", body))
    found = {row["id"]: [row[f"pt_position_{axis}"] for axis in "xyz"] for row in rows.to_pylist()}
    assert found == {1: [1, -1, 2], 2: [2, -2, 1], 3: [4, 0, 0]}
    assert {rows.schema.field(f"pt_position_{axis}").type for axis in "xyz"} == {pa.int32()}


def test_a_joined_position_in_another_resolution_is_whole_too(server: RunningServer) -> None:
    body = {"tables": [["tags", "target_id"], ["points", "id"]], "desired_resolution": [8, 8, 80]}
    rows = table(post(server, "version/2/query", body))
    assert sorted(rows["pt_position_x"].to_pylist()) == [1, 4]
    assert rows.schema.field("pt_position_x").type == pa.int32()


def test_a_count_is_a_plain_int64(server: RunningServer) -> None:
    rows = table(post(server, "version/2/table/points/query", query="count=True"))
    assert rows.to_pandas()["count"].dtype == "int64"
    assert rows["count"].to_pylist() == [3]


def test_the_segmentation_source_of_a_table_is_null(server: RunningServer) -> None:
    assert get(server, "version/2/table/points/metadata").json()["segmentation_source"] is None


def test_a_version_has_no_parent(server: RunningServer) -> None:
    assert "parent_version" not in get(server, "version/2").json()
    assert all("parent_version" not in one for one in get(server, "metadata").json())


def test_the_header_of_a_split_version_names_deleted(server: RunningServer) -> None:
    answer = post(server, "version/1/table/points/query")
    assert names_in_header(answer)["points"]["deleted"] == "deleted"
    assert "deleted" not in table(answer).column_names
    merged = post(server, "version/2/table/points/query")
    assert "deleted" not in names_in_header(merged)["points"]


def test_the_header_of_a_split_join_names_both_tables_bookkeeping(server: RunningServer) -> None:
    body = {
        "tables": [["tags", "target_id"], ["points", "id"]],
        "suffix_map": {"tags": "", "points": "_ref"},
    }
    answer = post(server, "version/1/query", body)
    names = names_in_header(answer)
    for column in ("deleted", "superceded_id", "created", "id"):
        assert names["tags"][column] == column
        assert names["points"][column] == f"{column}_ref"
    served = table(answer).column_names
    assert {"created", "created_ref"} <= set(served)
    assert not [name for name in served if name.startswith(("deleted", "superceded_id"))]


def test_metadata_of_reference_tables_carries_no_warning(server: RunningServer) -> None:
    assert "Warning" not in get(server, "version/2/table/tags/metadata").headers
    assert NOTICE in get(server, "version/2/table/points/metadata").headers["Warning"]


def test_view_metadata(server: RunningServer) -> None:
    record = get(server, "version/2/views/means/metadata").json()
    assert record["table_name"] == "means"
    assert get(server, "version/2/views/means/schema").json()["mean"] == {"type": "float"}
    assert "table_name" not in get(server, "version/2/views").json()["means"]


def test_views_serve_every_row_with_their_notice(server: RunningServer) -> None:
    answer = post(server, "version/2/views/means/query")
    assert sorted(table(answer)["pt_root_id"].to_pylist()) == [5, 6]
    assert warnings_of(answer) == [f"Table Owner Notice on means: {NOTICE}"]
    counted = table(post(server, "version/2/views/means/query", query="count=True"))
    assert counted["count"].to_pylist() == [2]


def test_an_unknown_view_is_a_500(server: RunningServer) -> None:
    assert get(server, "version/2/views/nope/metadata").status_code == 500


def test_the_warning_of_a_cut_answer_comes_first(server: RunningServer) -> None:
    answer = post(server, "version/2/table/points/query", {"limit": 2})
    assert warnings_of(answer) == [
        '201 - "Limited query to 2 rows',
        f"Table Owner Notice on points: {NOTICE}",
    ]


class TestLive:
    @staticmethod
    def ask(server: RunningServer, query: str = "", **more: Any) -> requests.Response:
        body = {"table": "points", "timestamp": "2024-04-01T00:00:00+00:00", **more}
        return post(server, "query", body, query)

    def test_a_split_version_has_deleted(self, server: RunningServer) -> None:
        rows = table(self.ask(server))
        assert pa.types.is_timestamp(rows.schema.field("deleted").type)
        assert rows["deleted"].null_count == rows.num_rows == 3

    def test_roots_that_are_not_current_are_named(self, server: RunningServer) -> None:
        bad = {"filter_in_dict": {"points": {"pt_root_id": [STALE, CURRENT]}}}
        answer = self.ask(server, "allow_invalid_root_ids=True", **bad)
        assert table(answer).num_rows == 2
        assert str(STALE) in warnings_of(answer)[0]
        assert str(CURRENT) not in warnings_of(answer)[0]
        assert refusal(self.ask(server, **bad)).startswith("400 Bad Request: ")

    def test_a_cut_answer(self, server: RunningServer) -> None:
        warned = warnings_of(self.ask(server, limit=2))
        assert warned[0].endswith("than limit of 2 there may be more results which are not shown")


@pytest.mark.parametrize(
    ("way", "rest"),
    [
        ("post", "version/77/table/points/query"),
        ("post", "version/77/query"),
        ("get", "version/77/table/points/metadata"),
        ("get", "version/77/tables/metadata"),
        ("get v2", "version/77/table/points/count"),
        ("get", "version/77/views"),
        ("get", "version/77/views/schemas"),
        ("get", "version/77/views/means/metadata"),
        ("get", "version/77/views/means/schema"),
        ("post", "version/77/views/means/query"),
    ],
)
def test_a_missing_version_is_a_wrapped_404(server: RunningServer, way: str, rest: str) -> None:
    answer = post(server, rest) if way == "post" else get(server, rest, way[4:] or "v3")
    assert refusal(answer) == "404 Not Found: version 77 not found in teststack"


def test_a_missing_version_elsewhere(server: RunningServer) -> None:
    words = "404 Not Found: version 77 does not exist for teststack "
    assert refusal(get(server, "version/77/tables", "v2")) == words
    assert get(server, "version/77/tables").status_code == 404
    record = get(server, "version/77")
    assert (record.status_code, record.json()) == (404, "No version found")


def test_the_count_of_a_missing_table(server: RunningServer) -> None:
    assert refusal(get(server, "version/1/table/nope/count", "v2")) == (
        "404 Not Found: Analysis table 'nope' not found for version 1 in datastack teststack"
    )


class TestPrivate:
    def test_a_private_table_is_read_by_its_owner_alone(self, server: RunningServer) -> None:
        words = "401 Unauthorized: Unauthorized: The table can only be read by its owner"
        assert refusal(post(server, "version/2/table/mine/query")) == words
        assert refusal(post(server, "version/2/table/mine/query", query="count=True")) == words
        join = {"tables": [["tags", "target_id"], ["mine", "id"]]}
        assert refusal(post(server, "version/2/query", join)) == words
        record = get(server, "version/2/table/mine/metadata").json()
        assert record["read_permission"] == "PRIVATE"

    def test_an_odd_permission_is_refused(self, tmp_path: Path) -> None:
        rows = pd.DataFrame({"id": [1], "tag": ["a"]})
        with pytest.raises(StandinError, match="PUBLIC, GROUP, PRIVATE"):
            write_folder(tmp_path, {"t": rows}, metadata={"t": {"read_permission": "mine"}})
