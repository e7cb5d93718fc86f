"""The chunkedgraph of a hand-drawn history, through the real client.

::

    January   A(1 2)  B(3)   C(4 5)   D(6)
    March     A + B -> E(1 2 3)
    May       C -> F(4) + G(5)
    July      E + F -> H(1 2 3 4)
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import requests

from loader.sandbox.standin import Faults, Rule, Version, serve, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loader.sandbox.standin import RunningServer

A, B, C, D, E, F, G, H = ((8 << 56) + 2 * number + 1 for number in range(1, 9))
NAMES = dict(zip((A, B, C, D, E, F, G, H), "ABCDEFGH", strict=True))
SV = [(1 << 56) + number for number in range(7)]  # SV[0] is in no root
JANUARY, MARCH, MAY, JULY = (datetime(2024, m, 1, 0, 0, 0, 250, tzinfo=UTC) for m in (1, 3, 5, 7))
FEBRUARY, APRIL, JUNE, AUGUST = (datetime(2024, m, 1, tzinfo=UTC) for m in (2, 4, 6, 8))

HELD = [
    (1, A, JANUARY, MARCH),
    (2, A, JANUARY, MARCH),
    (3, B, JANUARY, MARCH),
    (4, C, JANUARY, MAY),
    (5, C, JANUARY, MAY),
    (6, D, JANUARY, None),
    (1, E, MARCH, JULY),
    (2, E, MARCH, JULY),
    (3, E, MARCH, JULY),
    (4, F, MAY, JULY),
    (5, G, MAY, None),
    (1, H, JULY, None),
    (2, H, JULY, None),
    (3, H, JULY, None),
    (4, H, JULY, None),
]


def history_tables() -> dict[str, pd.DataFrame]:
    held = pd.DataFrame(HELD, columns=["supervoxel_id", "root_id", "start", "end"])
    held["supervoxel_id"] = [SV[number] for number in held["supervoxel_id"]]
    for column in ("start", "end"):
        held[column] = pd.to_datetime(held[column], utc=True)
    edits = pd.DataFrame(
        [
            (1, MARCH, "merge", [A, B], [E]),
            (2, MAY, "split", [C], [F, G]),
            (3, JULY, "merge", [E, F], [H]),
        ],
        columns=["operation_id", "timestamp", "kind", "old_roots", "new_roots"],
    )
    return {"supervoxels": held, "edits": edits}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    points = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5, 6],
            "pt_supervoxel_id": SV[1:],
            "pt_root_id": [E, E, E, C, C, D],
        }
    )
    return write_folder(
        tmp_path_factory.mktemp("roots"),
        {"points": points},
        datastack="roots",
        versions=[Version(1, APRIL)],
        **history_tables(),
    )


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RunningServer]:
    with serve(folder) as running:
        yield running


@pytest.fixture
def graph(server: RunningServer, connect: Callable[..., Any]) -> Any:
    return connect(server).chunkedgraph


def names(roots: Any) -> str:
    return "".join(sorted(NAMES[int(root)] for root in roots))


@pytest.mark.parametrize(
    ("when", "roots"),
    [
        (FEBRUARY, "AABCCD"),
        (MARCH, "EEECCD"),
        (APRIL, "EEECCD"),
        (JUNE, "EEEFGD"),
        (None, "HHHHGD"),
    ],
)
def test_roots_of_supervoxels(graph: Any, when: datetime | None, roots: str) -> None:
    found = graph.get_roots(SV[1:], timestamp=when)
    assert found.dtype == np.uint64
    assert "".join(NAMES[int(root)] for root in found) == roots
    assert graph.get_root_id(SV[4], timestamp=when) == found[3]


def test_what_is_in_no_root_has_root_zero(graph: Any) -> None:
    assert graph.get_roots([0, SV[0], SV[1]]).tolist() == [0, 0, H]
    assert graph.get_roots([SV[1]], timestamp=datetime(2023, 1, 1, tzinfo=UTC)).tolist() == [0]
    assert graph.get_roots([]).tolist() == []


def test_current_roots(graph: Any) -> None:
    everyone = [A, B, C, D, E, F, G, H, 77]
    assert names(np.array(everyone)[graph.is_latest_roots(everyone)]) == "DGH"
    at_june = graph.is_latest_roots(everyone, timestamp=JUNE)
    assert names(np.array(everyone)[at_june]) == "DEFG"


@pytest.mark.parametrize(
    ("root", "when", "latest"),
    [(A, None, "H"), (C, None, "GH"), (D, None, "D"), (A, APRIL, "E"), (H, APRIL, "CE")],
)
def test_latest_roots(graph: Any, root: int, when: datetime | None, latest: str) -> None:
    assert names(graph.get_latest_roots(root, timestamp=when)) == latest


def test_suggested_roots(graph: Any) -> None:
    roots, shares = graph.suggest_latest_roots(C, return_all=True, return_fraction_overlap=True)
    assert names(roots) == "GH"
    assert shares.tolist() == [0.5, 0.5]
    assert graph.suggest_latest_roots(B) == H


def test_past_ids(graph: Any) -> None:
    found = graph.get_past_ids([H, G, D], timestamp_past=FEBRUARY)["past_id_map"]
    assert {NAMES[root]: names(old) for root, old in found.items()} == {
        "H": "ABC",
        "G": "C",
        "D": "D",
    }
    assert names(graph.get_past_ids([H], timestamp_past=JUNE)["past_id_map"][H]) == "EF"


def test_delta_roots(graph: Any) -> None:
    old, new = graph.get_delta_roots(FEBRUARY, JUNE)
    assert (names(old), names(new)) == ("ABC", "EFG")
    old, new = graph.get_delta_roots(FEBRUARY)
    assert (names(old), names(new)) == ("ABC", "GH")
    assert [len(side) for side in graph.get_delta_roots(AUGUST)] == [0, 0]


def test_root_timestamps(graph: Any) -> None:
    assert graph.get_root_timestamps([A, E, H]).tolist() == [JANUARY, MARCH, JULY]
    millisecond = MARCH - graph.get_root_timestamps([A], latest=True)[0]
    assert millisecond.total_seconds() == 0.001
    with pytest.raises(requests.HTTPError, match="not root ids"):
        graph.get_root_timestamps([77])


def test_lineage(graph: Any) -> None:
    lineage = graph.get_lineage_graph(E, as_nx_graph=True)
    assert {NAMES[old] + NAMES[new] for old, new in lineage.edges} == {"AE", "BE", "EH"}
    assert lineage.nodes[E]["operation_id"] == 1
    assert lineage.nodes[E]["timestamp"] == MARCH.timestamp()
    assert names(graph.get_original_roots(H)) == "ABC"


def test_leaves_and_known_nodes(graph: Any) -> None:
    assert graph.get_leaves(H).tolist() == SV[1:5]
    assert graph.get_leaves(A).tolist() == SV[1:3]
    assert graph.get_children(D).tolist() == [SV[6]]
    assert graph.is_valid_nodes([A, H, SV[3], 77, 0]).tolist() == [True, True, True, False, False]
    assert graph.is_valid_nodes([A, H], end_timestamp=APRIL).tolist() == [True, False]
    assert graph.get_oldest_timestamp() == JANUARY


def test_logs_of_changes(graph: Any) -> None:
    log = graph.get_change_log(H)
    assert (log["n_merges"], log["n_splits"], log["operations_ids"]) == (2, 1, [1, 2, 3])
    assert graph.get_tabular_change_log([E])[E]["before_root_ids"].tolist() == [[A, B]]
    assert graph.get_operation_details([2, 9])["2"]["roots"] == [F, G]


def test_another_table_is_a_404(server: RunningServer) -> None:
    url = f"{server.url}/segmentation/api/v1/table/other/oldest_timestamp"
    assert requests.get(url, timeout=10).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b'{"node_ids": 5}', b'{"node_ids": ["x"]}'])
def test_bodies_that_make_no_sense(server: RunningServer, body: bytes) -> None:
    url = f"{server.url}/segmentation/api/v1/table/roots_seg/is_latest_roots"
    assert requests.post(url, data=body, timeout=10).status_code == 400


def test_live_query(server: RunningServer, connect: Callable[..., Any]) -> None:
    """The client's own live query: roots of version 1, brought to any later time."""
    rows = connect(server).materialize.query_table(
        "points", timestamp=AUGUST, filter_in_dict={"pt_root_id": [H, G]}
    )
    assert {NAMES[root]: sorted(ids) for root, ids in rows.groupby("pt_root_id")["id"]} == {
        "H": [1, 2, 3, 4],
        "G": [5],
    }


@pytest.mark.parametrize(("when", "held"), [(AUGUST, [1, 2, 3, 4]), (JUNE, [])])
def test_live_live_query(
    server: RunningServer, connect: Callable[..., Any], when: datetime, held: list[int]
) -> None:
    rows = connect(server).materialize.live_live_query(
        "points",
        when,
        filter_equal_dict={"points": {"pt_root_id": H}},
        allow_invalid_root_ids=True,
    )
    assert sorted(rows["id"]) == held
    assert set(rows["pt_root_id"]) <= {H}


def test_live_live_query_of_a_stale_root(
    server: RunningServer, connect: Callable[..., Any]
) -> None:
    with pytest.raises(requests.HTTPError) as caught:
        connect(server).materialize.live_live_query(
            "points", AUGUST, filter_equal_dict={"points": {"pt_root_id": E}}
        )
    assert caught.value.response.status_code == 500
    assert caught.value.response.json()["message"].startswith("400 Bad Request")


def test_a_root_that_changes_between_two_calls(folder: Path, connect: Callable[..., Any]) -> None:
    with serve(folder, faults=Faults(root_change=Rule())) as running:
        graph = connect(running).chunkedgraph
        assert graph.is_latest_roots([H]).tolist() == [True]
        assert graph.is_latest_roots([H]).tolist() == [False]
        (new,) = graph.get_latest_roots(H)
        assert new not in NAMES
        assert graph.get_roots(SV[1:]).tolist() == [new] * 4 + [G, D]
        assert graph.get_roots(SV[1:], timestamp=AUGUST).tolist() == [H] * 4 + [G, D]
        assert graph.get_leaves(int(new)).tolist() == SV[1:5]
        assert running.faults.counts["root_change"] == 1
    with serve(folder) as running:
        assert connect(running).chunkedgraph.is_latest_roots([H]).all(), "the folder is unchanged"


def test_without_files_every_root_is_current_at_all_times(
    tmp_path: Path, connect: Callable[..., Any]
) -> None:
    points = pd.DataFrame(
        {"id": [1, 2, 3], "pt_supervoxel_id": [SV[1], SV[2], 0], "pt_root_id": [A, A, 0]}
    )
    bare = pd.DataFrame({"id": [1], "pre_pt_root_id": [B], "post_pt_root_id": [C]})
    with serve(write_folder(tmp_path, {"points": points, "synapses": bare})) as running:
        graph = connect(running).chunkedgraph
        assert graph.is_latest_roots([A, B, C, D, 0]).tolist() == [True] * 3 + [False] * 2
        assert graph.get_latest_roots(B).tolist() == [B]
        assert graph.get_leaves(A).tolist() == SV[1:3]
        assert graph.get_roots(SV[1:4]).tolist() == [A, A, 0]
        assert graph.get_past_ids([A], timestamp_past=JANUARY)["past_id_map"] == {A: [A]}
