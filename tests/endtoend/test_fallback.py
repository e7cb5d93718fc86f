"""What the graph cannot answer comes from complete CAVE rows, by the same calls.

Expected values are computed with pandas from the tables that the server serves. The server's
row limit is so low that nearly every question is cut several times.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphapi
from graphapi.errors import (
    CaveAuthError,
    CaveUnavailableError,
    InputError,
    UnknownRootIdError,
    VersionNotFoundError,
)
from loader.sandbox.standin import Faults, Rule, RunningServer, serve

TOKEN = "0123456789abcdef0123456789abcdef"


def served_rows(folder: Path, version: int) -> pd.DataFrame:
    return pd.read_parquet(folder / "tables" / "synapses_v2" / f"v{version}.parquet")


def clean_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Neither autapses nor rows with background (0) or unresolved (1) ends."""
    whole = (rows.pre_pt_root_id > 1) & (rows.post_pt_root_id > 1)
    return rows[whole & (rows.pre_pt_root_id != rows.post_pt_root_id)]


def weights(rows: pd.DataFrame, threshold: int) -> pd.Series:
    counted = rows.groupby(["pre_pt_root_id", "post_pt_root_id"]).size()
    return counted[counted >= threshold]


def triples(frame: pd.DataFrame) -> list[tuple[int, int, int]]:
    return list(frame[["pre", "post", "weight"]].itertuples(index=False, name=None))


def expected_triples(counted: pd.Series) -> list[tuple[int, int, int]]:
    found = [(pre, post, int(weight)) for (pre, post), weight in counted.items()]
    return sorted(found, key=lambda c: (-c[2], c[0], c[1]))


@pytest.fixture(scope="module")
def some_roots(demo_folder: Path) -> list[int]:
    rows = clean_rows(served_rows(demo_folder, 3))
    by_size = rows.pre_pt_root_id.value_counts()
    return sorted([*by_size.index[:3].tolist(), *by_size.index[400:1200:80].tolist()])


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_graph_and_cave_give_the_same(connectome, some_roots: list[int], data) -> None:
    """`min_size=0` keeps every row, and is not what the graph was loaded with: CAVE answers."""
    ids = data.draw(st.lists(st.sampled_from(some_roots), min_size=1, max_size=4, unique=True))
    others = data.draw(st.lists(st.sampled_from(some_roots), min_size=1, max_size=4, unique=True))
    threshold = data.draw(st.sampled_from([1, 3, 5]))
    up, down = data.draw(st.sampled_from([(True, True), (True, False), (False, True)]))
    for ask in (
        lambda **more: connectome.get_connectivity(ids, up, down, threshold, **more),
        lambda **more: connectome.get_adjacency(ids, others, threshold, **more),
        lambda **more: connectome.get_adjacency(None, ids, threshold, symmetric=True, **more),
        lambda **more: connectome.get_synapse_counts(ids, threshold, **more),
    ):
        graph, cave = ask(), ask(min_size=0)
        assert (graph.attrs["source"], cave.attrs["source"]) == ("graph", "cave")
        pd.testing.assert_frame_equal(graph, cave, check_exact=True)


@pytest.mark.parametrize("min_size", [10, 50])
def test_min_size_is_counted_from_rows(connectome, demo_folder, some_roots, min_size) -> None:
    rows = clean_rows(served_rows(demo_folder, 3))
    rows = rows[(rows["size"] >= min_size) & rows.pre_pt_root_id.isin(some_roots[:4])]
    answer = connectome.get_connectivity(
        some_roots[:4], upstream=False, threshold=2, min_size=min_size
    )
    assert triples(answer) == expected_triples(weights(rows, 2))


def test_another_version(connectome, demo_folder) -> None:
    rows = clean_rows(served_rows(demo_folder, 2))
    root = int(rows.pre_pt_root_id.value_counts().index[5])
    expected = expected_triples(weights(rows[rows.pre_pt_root_id == root], 1))
    answer = connectome.get_connectivity(root, upstream=False, materialization=2)
    assert triples(answer) == expected
    assert (answer.attrs["version"], answer.attrs["source"]) == (2, "cave")


def test_versions_that_cannot_be_asked(connectome, some_roots) -> None:
    with pytest.raises(VersionNotFoundError, match="99"):
        connectome.get_connectivity(some_roots[0], materialization=99)
    with pytest.raises(VersionNotFoundError):  # version 1 has expired
        connectome.get_connectivity(some_roots[0], materialization=1)
    with pytest.raises(InputError, match="newest"):
        connectome.get_connectivity(some_roots[0], materialization="newest")


def test_the_graphs_own_version_by_number_is_the_graph(connectome, some_roots) -> None:
    answer = connectome.get_connectivity(some_roots[0], materialization=3)
    assert answer.attrs["source"] == "graph"


def test_unclean_rows_have_autapses_and_background(connectome, demo_folder) -> None:
    rows = served_rows(demo_folder, 3)
    own = rows[rows.pre_pt_root_id == rows.post_pt_root_id]
    root = int(own[own.pre_pt_root_id > 1].pre_pt_root_id.value_counts().index[0])
    answer = connectome.get_connectivity(root, upstream=False, clean=False)
    assert triples(answer) == expected_triples(weights(rows[rows.pre_pt_root_id == root], 1))
    assert (root, root) in set(zip(answer["pre"], answer["post"], strict=True))


@pytest.mark.parametrize("pixels", [True, False])
def test_raw_rows_are_all_there(connectome, demo_folder, some_roots, pixels) -> None:
    busy = clean_rows(served_rows(demo_folder, 3)).pre_pt_root_id.value_counts()
    root = int(busy.index[0])
    assert busy.iloc[0] > 1400  # more than two answers of the server
    answer = connectome.get_synapses(pre_ids=root, return_pixels=pixels)
    rows = clean_rows(served_rows(demo_folder, 3))
    rows = rows[rows.pre_pt_root_id == root].sort_values("id")
    assert answer["id"].tolist() == rows["id"].tolist()
    for name in ("pre_pt_root_id", "post_pt_root_id", "size", "pre_pt_supervoxel_id", "valid"):
        assert answer[name].tolist() == rows[name].tolist()
    scale = (1, 1, 1) if pixels else (8, 8, 42)
    expected = np.stack(rows["ctr_pt_position"].to_list()) * scale
    assert np.array_equal(np.stack(answer["ctr_pt_position"].to_list()), expected)


@pytest.fixture(scope="module")
def stale(demo_folder: Path) -> tuple[int, int]:
    """A root of version 2 and the one root that holds all of it at version 3."""
    spans = pd.read_parquet(demo_folder / "chunkedgraph" / "supervoxels.parquet")
    then = pd.Timestamp("2200-01-01", tz="UTC")
    end = pd.to_datetime(spans["end"], utc=True).fillna(then)
    v2 = set(served_rows(demo_folder, 2).pre_pt_root_id)
    v3 = served_rows(demo_folder, 3)
    current = set(v3.pre_pt_root_id) | set(v3.post_pt_root_id)
    for old, members in spans[end < then].groupby("root_id"):
        if old not in v2 or old in current:
            continue
        voxels = v3[v3.pre_pt_supervoxel_id.isin(members.supervoxel_id)]
        heirs = set(voxels.pre_pt_root_id)
        if len(heirs) == 1 and len(voxels):
            return int(old), int(heirs.pop())
    raise AssertionError("the demo has no such root")


def test_stale_ids_are_mapped_and_reported(connectome, stale) -> None:
    old, new = stale
    with pytest.warns(graphapi.StaleRootIdWarning, match=f"{old} -> {new}") as warned:
        answer = connectome.get_connectivity([old], upstream=False)
    assert warned[0].filename == __file__  # it points at who asked
    assert answer.attrs["id_mapping"] == {old: new}
    assert len(answer) > 0
    assert triples(answer) == triples(connectome.get_connectivity(new, upstream=False))
    with pytest.warns(graphapi.StaleRootIdWarning):
        counts = connectome.get_synapse_counts([old, new])
    assert counts.index.tolist() == [old, new]  # as asked for, and both with their counts
    assert counts.loc[old].tolist() == counts.loc[new].tolist()
    assert counts.loc[old, "output_synapses"] == answer["weight"].sum()


@pytest.fixture(scope="module")
def rows_of_now(demo_folder: Path) -> pd.DataFrame:
    """The rows of the newest version under the roots that hold their supervoxels now."""
    spans = pd.read_parquet(demo_folder / "chunkedgraph" / "supervoxels.parquet")
    root_of = spans[spans["end"].isna()].set_index("supervoxel_id")["root_id"].to_dict()
    rows = served_rows(demo_folder, 3)
    for side in ("pre", "post"):
        held = pd.Series([root_of.get(voxel, 0) for voxel in rows[f"{side}_pt_supervoxel_id"]])
        rows[f"{side}_then"] = rows[f"{side}_pt_root_id"]
        # background and unresolved ends have no root of their own
        rows[f"{side}_pt_root_id"] = held.where(rows[f"{side}_then"] > 1, rows[f"{side}_then"])
    return rows


def test_live_is_one_moment_and_says_which(connectome, rows_of_now: pd.DataFrame) -> None:
    moved = rows_of_now[(rows_of_now.pre_then != rows_of_now.pre_pt_root_id)]
    moved = moved[moved.pre_pt_root_id > 1]
    root = int(moved.pre_pt_root_id.value_counts().index[0])
    before = datetime.now(UTC)
    answer = connectome.get_connectivity(root, materialization="live")
    now = clean_rows(rows_of_now)
    touching = now[(now.pre_pt_root_id == root) | (now.post_pt_root_id == root)]
    assert triples(answer) == expected_triples(weights(touching, 1))
    assert (answer.attrs["version"], answer.attrs["source"]) == ("live", "cave")
    assert before <= datetime.fromisoformat(answer.attrs["timestamp"]) <= datetime.now(UTC)
    rows = connectome.get_synapses(post_ids=root, materialization="live")
    assert rows["id"].tolist() == sorted(now[now.post_pt_root_id == root]["id"])


def test_a_root_of_the_graph_that_is_gone_is_brought_forward(connectome, rows_of_now) -> None:
    moved = rows_of_now[rows_of_now.pre_then != rows_of_now.pre_pt_root_id]
    heirs = moved[moved.pre_pt_root_id > 1].groupby("pre_then")["pre_pt_root_id"].nunique()
    old = int(heirs[heirs == 1].index[0])
    with pytest.warns(graphapi.StaleRootIdWarning, match=str(old)):
        answer = connectome.get_synapse_counts(old, materialization="live")
    new = answer.attrs["id_mapping"][old]
    now = clean_rows(rows_of_now)
    assert answer.loc[old, "output_synapses"] == (now.pre_pt_root_id == new).sum()
    assert answer.loc[old, "downstream_partners"] == len(weights(now[now.pre_pt_root_id == new], 1))


@pytest.mark.parametrize("version", ["latest", 1, "live"])
def test_criteria_of_another_connectome_are_refused(connectome, graph_file, version) -> None:
    with graphapi.Connectome.open(graph_file, token=TOKEN) as other:
        chosen = other.criteria(cell_class="EBc")
        with pytest.raises(InputError, match="neuron_ids: these criteria belong to"):
            connectome.get_connectivity(chosen, materialization=version)


def test_stale_ids_can_be_refused(connectome, stale) -> None:
    with pytest.raises(UnknownRootIdError, match="update_ids=True"):
        connectome.get_connectivity(stale[0], update_ids=False)


def test_ids_that_never_were_are_refused(connectome, some_roots) -> None:
    never = [576460752999999999, 576460752999999998]
    with pytest.raises(UnknownRootIdError) as caught:
        connectome.get_connectivity([some_roots[0], *never])
    assert set(caught.value.root_ids) == set(never)


@pytest.mark.parametrize("update_ids", [True, False])
@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://nowhere.invalid"])
def test_a_wrong_id_without_a_network_is_told_at_once(
    graph_file: Path, address: str, update_ids: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        "graphapi.graph.fallback.Cave.connect", lambda *given, **more: asked.append((given, more))
    )
    with graphapi.Connectome.open(graph_file, token=TOKEN, server=address) as connectome:
        for ask in (
            connectome.get_connectivity,
            connectome.get_annotations,
            connectome.get_synapse_counts,
        ):
            with pytest.raises(UnknownRootIdError, match="not in this graph") as caught:
                ask([576460752732847433], update_ids=update_ids)
            assert "cannot be reached" in str(caught.value)
    assert asked == []  # none of the tries, and the pauses between them, that CAVE is given


def test_a_dead_server(graph_file: Path, some_roots) -> None:
    with graphapi.Connectome.open(graph_file, server="http://127.0.0.1:9", token=TOKEN) as opened:
        assert len(opened.get_connectivity(some_roots[0])) > 0  # the graph needs no server
        with pytest.raises(CaveUnavailableError, match=r"127\.0\.0\.1:9"):
            opened.get_synapses(some_roots[0])


@pytest.mark.parametrize("token", ["feedfeedfeedfeedfeedfeedfeedfeed", None])
def test_a_wrong_or_missing_token(graph_file, server: RunningServer, some_roots, token) -> None:
    with graphapi.Connectome.open(graph_file, server=server.url, token=token) as opened:
        with pytest.raises(CaveAuthError, match="generate_cave_token") as caught:
            opened.get_synapses(some_roots[0])
        assert "feedfeed" not in str(caught.value)
        # an id that the graph lacks: said so, since the cause may be the id and not the login
        with pytest.raises(CaveAuthError, match="generate_cave_token") as caught:
            opened.get_connectivity(576460752732847433)
        assert "not in demo_ant v3: 576460752732847433" in str(caught.value)
        assert "feedfeed" not in str(caught.value)


def test_a_server_that_loses_answers_loses_no_row(graph_file, demo_folder, some_roots) -> None:
    faults = Faults(
        seed=5,
        unavailable=Rule(probability=0.1, count=None),
        drop=Rule(probability=0.05, count=None),
    )
    with (
        serve(demo_folder, row_limit=700, token=TOKEN, faults=faults) as troubled,
        graphapi.Connectome.open(graph_file, server=troubled.url, token=TOKEN) as opened,
    ):
        answer = opened.get_synapses(pre_ids=some_roots)
        assert faults.counts["unavailable"] + faults.counts["drop"] > 0
    rows = clean_rows(served_rows(demo_folder, 3))
    assert sorted(answer["id"]) == sorted(rows[rows.pre_pt_root_id.isin(some_roots)]["id"])
