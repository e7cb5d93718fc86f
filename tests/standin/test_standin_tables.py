"""Versions, tables, joins, views and the errors around them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import requests

from loader.sandbox.standin import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loader.sandbox.standin import RunningServer


@pytest.fixture(scope="module")
def server(cells_folder: Path) -> Iterator[RunningServer]:
    with serve(cells_folder) as running:
        yield running


@pytest.fixture
def client(server: RunningServer, connect: Callable[..., Any]) -> Any:
    return connect(server)


def refused(call: Callable[[], Any]) -> requests.Response:
    with pytest.raises(requests.HTTPError) as caught:
        call()
    return caught.value.response


def test_info(client: Any, server: RunningServer) -> None:
    info = client.info
    assert info.get_datastacks() == ["toy"]
    assert info.viewer_resolution().tolist() == [8.0, 8.0, 42.0]
    assert info.get_datastack_info()["soma_table"] == "cells"
    assert info.local_server() == server.url
    assert info.segmentation_source() == f"graphene://{server.url}/segmentation/table/toy_seg"
    assert info.get_aligned_volumes() == ["toy_volume"]
    assert info.get_aligned_volume_info()["id"] == 1
    assert info.get_aligned_volume_info_by_id(1)["name"] == "toy_volume"
    assert info.get_datastacks_by_aligned_volume() == ["toy"]
    assert info.get_image_mirrors() == []


def test_an_unknown_datastack_is_a_404(server: RunningServer) -> None:
    from caveclient import CAVEclient

    def open_it() -> None:
        CAVEclient("nope", server_address=server.url, auth_token="a", write_server_cache=False)

    assert refused(open_it).status_code == 404


def test_versions(client: Any) -> None:
    materialize = client.materialize
    assert materialize.get_versions() == [2, 3]
    assert materialize.get_versions(expired=True) == [1, 2, 3]
    assert materialize.version == 3
    expired, split, merged = materialize.get_versions_metadata(expired=True)
    assert (expired["valid"], expired["status"]) == (False, "EXPIRED")
    assert split["time_stamp"] == datetime(2024, 2, 5, 6, 7, 8, 90, tzinfo=UTC)
    assert (split["is_merged"], merged["is_merged"]) == (False, True)
    assert split["expires_on"].year == 2262, "the client stands this for never"
    assert merged["expires_on"] == datetime(2099, 1, 1, tzinfo=UTC)
    assert materialize.get_version_metadata(3)["version"] == 3
    assert materialize.get_timestamp(3) == datetime(2024, 3, 5, 6, 7, 8, 90, tzinfo=UTC)


def test_a_client_may_be_bound_to_a_version(
    server: RunningServer, connect: Callable[..., Any]
) -> None:
    assert connect(server, version=2).materialize.version == 2
    with pytest.raises(ValueError, match="Version"):
        connect(server, version=9)


def test_tables(client: Any) -> None:
    materialize = client.materialize
    assert sorted(materialize.get_tables()) == ["cells", "tags"]
    assert materialize.get_tables(version=1) == ["cells"]
    assert materialize.get_annotation_count("cells") == 180
    metadata = materialize.get_table_metadata("tags")
    assert metadata["reference_table"] == "cells"
    assert metadata["schema_type"] == "reference_tag"
    assert metadata["voxel_resolution"] == [8.0, 8.0, 42.0]
    assert "pcg_table_name" not in metadata
    assert materialize.get_table_metadata("cells")["pcg_table_name"] == "toy_seg"
    assert {m["table_name"] for m in materialize.get_tables_metadata()} == {"cells", "tags"}


def test_true_404s(client: Any) -> None:
    materialize = client.materialize
    for call in (
        lambda: materialize.get_version_metadata(9),
        lambda: materialize.get_table_metadata("nope"),
        lambda: materialize.query_table("nope"),  # by way of the metadata
    ):
        assert refused(call).status_code == 404
    assert refused(lambda: materialize.get_version_metadata(9)).json() == "No version found"


@pytest.mark.parametrize(
    ("version", "table", "says"),
    [
        (3, "nope", "404 Not Found: Analysis table 'nope' not found"),
        (1, "tags", "404 Not Found: Analysis table 'tags' not found"),
        (1, "cells", "410 Gone: This materialization version is not available"),
    ],
)
def test_refusals_are_wrapped_in_500(client: Any, version: int, table: str, says: str) -> None:
    answer = refused(
        lambda: client.materialize.query_table(
            table, materialization_version=version, merge_reference=False
        )
    )
    assert answer.status_code == 500
    assert answer.json()["message"].startswith(says)


def test_unknown_keys_of_a_body(server: RunningServer) -> None:
    url = f"{server.url}/materialize/api/v3/datastack/toy/version/3/table/cells/query"
    answer = requests.post(url, json={"filter_out_dict": {}, "limit": "many"}, timeout=10)
    assert answer.status_code == 500
    assert set(answer.json()["schema_errors"]) == {"filter_out_dict", "limit"}
    assert requests.post(url, data=b"{", timeout=10).status_code == 400
    assert requests.post(url, data=b"[]", timeout=10).status_code == 400


def test_notices_are_warnings(client: Any, caplog: Any) -> None:
    client.materialize.query_table("cells", metadata=False)
    assert "Table Owner Notice on cells: ask first: é" in caplog.text


def test_a_reference_table_is_joined_with_its_target(client: Any, cells: pd.DataFrame) -> None:
    rows = client.materialize.query_table("tags").sort_values("id")
    assert rows["id"].tolist() == [1, 2, 3], "the row that is not valid is left out"
    assert rows["id_ref"].tolist() == rows["target_id"].tolist() == [17, 27, 17]
    roots = cells.set_index("id")["pt_root_id"]
    assert rows["pt_root_id"].tolist() == roots[[17, 27, 17]].tolist()
    assert {"valid", "valid_ref", "tag", "cell_type"} <= set(rows.columns)
    alone = client.materialize.query_table("tags", merge_reference=False)
    assert list(alone.columns) == ["id", "valid", "target_id", "tag"]


def test_a_join_keeps_created_and_drops_superceded(client: Any) -> None:
    rows = client.materialize.query_table("tags", materialization_version=2)
    assert "created" in rows.columns
    assert not any(name.startswith("superceded_id") for name in rows.columns)


def test_a_join_with_chosen_columns(client: Any) -> None:
    rows = client.materialize.join_query(
        [["tags", "target_id"], ["cells", "id"]],
        select_columns={"tags": ["id", "tag"], "cells": ["id", "pt_position"]},
        suffixes={"tags": "_tag", "cells": "_cell"},
        filter_in_dict={"tags": {"tag": ["a", "b"]}},
        filter_greater_dict={"cells": {"id": 20}},
        desired_resolution=[1, 1, 1],
    )
    assert list(rows.columns) == ["id_tag", "tag", "id_cell", "pt_position"]
    assert rows[["id_tag", "id_cell"]].to_numpy().tolist() == [[2, 27]]


def test_refused_joins(client: Any) -> None:
    join = client.materialize.join_query
    pairs = [["tags", "target_id"], ["cells", "id"]]
    same = refused(lambda: join(pairs, suffixes={"tags": "_s", "cells": "_s"}))
    assert "Duplicate suffixes" in same.json()["message"]
    column = refused(lambda: join(pairs, select_columns={"tags": ["nocol"]}))
    assert column.json()["message"].startswith("400 Bad Request: column nocol not found in tags")
    key = refused(lambda: join([["tags", "nocol"], ["cells", "id"]]))
    assert "nocol not in model" in key.json()["message"]


def test_the_table_manager(client: Any, cells: pd.DataFrame) -> None:
    rows = client.materialize.tables.cells(rank=3).query()
    assert sorted(rows["id"]) == cells.query("valid and rank == 3")["id"].tolist()
    rows = client.materialize.tables.tags(tag=["a", "c"]).query()
    assert rows["id"].tolist() == [17, 17], "here id is the target's, unlike query_table"
    assert sorted(rows["id_ref"]) == [1, 3]


def test_views(client: Any) -> None:
    materialize = client.materialize
    assert list(materialize.get_views()) == ["counts"]
    assert materialize.get_views(version=2) == {}
    assert materialize.get_view_metadata("counts")["description"] == "how many"
    assert materialize.get_view_schema("counts") == {
        "pt_root_id": {"type": "integer"},
        "n": {"type": "integer"},
        "mean": {"type": "float"},
    }
    rows = materialize.query_view("counts", filter_greater_dict={"n": 1})
    assert rows.to_numpy().tolist() == [[6, 2, 1 / 3]]
    assert rows.dtypes.astype(str).tolist() == ["Int64", "Int64", "Float64"]
    assert materialize.query_view("counts", get_counts=True)["count"].tolist() == [2]
    assert sorted(materialize.views.counts(pt_root_id=5).query()["n"]) == [1]


def test_views_that_are_not_there(client: Any) -> None:
    materialize = client.materialize
    gone = refused(lambda: materialize.query_view("counts", materialization_version=2))
    assert gone.status_code == 500
    assert (
        refused(lambda: materialize.get_view_schemas(materialization_version=2)).status_code == 404
    )
    assert refused(lambda: materialize.get_view_metadata("nope")).status_code == 500


def test_unique_strings(client: Any) -> None:
    assert client.materialize.get_unique_string_values("cells") == {
        "cell_type": ["ER", "ER2", "FBt a", "PBt"]
    }


def test_schemas(client: Any) -> None:
    assert "synapse" in client.schema.get_schemas()
    definition = client.schema.schema_definition("cell_kind_of_our_own")
    fields = definition["definitions"][definition["$ref"].rsplit("/", 1)[1]]["properties"]
    assert set(fields) == {"cell_type", "score", "rank", "pt"}
    assert set(client.schema.schema_definition_multi(["synapse", "bound_tag"])) == {
        "synapse",
        "bound_tag",
    }
