"""Skeletons from a server that speaks the wire contract, and from one that is wrong."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tiny_server import DATASTACK, Reply, TinyServer, running

from graphapi.cave.connection import Cave
from graphapi.cave.skeletons import read_skeleton
from graphapi.errors import CaveResponseError, CaveUnavailableError

ROOT = 576460752700000001
PATH = rf"/skeletoncache/api/v1/{DATASTACK}/async/get_skeleton/4/{ROOT}/flatdict"
TREE: dict[str, Any] = {
    "vertices": [[0.5, 0, 0], [100, 0, 0], [100, 50, 0], [200, 0, 0]],
    "edges": [[0, 1], [2, 1], [3, 1]],
    "root": 3,
    "radius": [10, 20, 30, 40],
    "compartment": [3, 3, 2, 1],
    "mesh_to_skel_map": [0, 1],
}


def packed(answer: Any) -> bytes:
    return gzip.compress(json.dumps(answer).encode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[TinyServer]:
    monkeypatch.setenv("HOME", str(tmp_path))
    with running() as tiny:
        tiny.routes[r"/skeletoncache/api/version"] = lambda *_: Reply("0.23.11")
        yield tiny


def asked(server: TinyServer, body: bytes) -> Any:
    server.routes[PATH] = lambda *_: Reply(body)
    with Cave.connect(DATASTACK, server=server.address, max_retries=0) as cave:
        return cave.skeletons.of(ROOT)


def test_a_tree_begins_at_its_root_and_goes_down(server: TinyServer) -> None:
    found = asked(server, packed(TREE))
    assert found["node"].tolist() == [1, 2, 3, 4]
    assert found["parent"].tolist() == [-1, 1, 2, 2]
    rows = set(found[["x", "y", "z", "radius", "compartment"]].itertuples(index=False, name=None))
    assert rows == {(0.5, 0, 0, 10, 3), (100, 0, 0, 20, 3), (100, 50, 0, 30, 2), (200, 0, 0, 40, 1)}
    assert found[["x", "compartment"]].iloc[:2].to_numpy().tolist() == [[200, 1], [100, 3]]


def test_what_is_not_told_is_0(server: TinyServer) -> None:
    bare = {name: TREE[name] for name in ("vertices", "edges")}
    found = asked(server, packed(bare))
    assert found["radius"].tolist() == found["compartment"].tolist() == [0] * 4
    assert found["x"].iloc[0] == 0.5
    partly = {"radius": [10, float("nan"), None, 40], "compartment": [3, float("nan"), None, 1]}
    found = asked(server, packed({**TREE, **partly})).sort_values(["x", "y"])
    assert found["radius"].tolist() == [10, 0, 0, 40]
    assert found["compartment"].tolist() == [3, 0, 0, 1]
    assert found["compartment"].dtype == "int64"
    (one,) = asked(server, packed({"vertices": [[1, 2, 3]], "edges": []})).to_numpy().tolist()
    assert one == [1, 0, 1, 2, 3, 0, -1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"edges": [[0, 1], [2, 1], [3, 1], [0, 3]]}, "loops"),
        ({"edges": [[0, 1], [1, 0], [2, 3]]}, "loops"),
        ({"edges": [[0, 0]]}, "loops"),
        ({"edges": [[0, 4]]}, "edges"),
        ({"edges": [[0, -1]]}, "edges"),
        ({"vertices": []}, "points"),
        ({"vertices": [[0, 0, 0], [1, 1, float("nan")]], "edges": []}, "points"),
        ({"radius": [1, 2]}, "values"),
        ({"root": 9}, "begins"),
        ({"vertices": None}, "unexpected answer"),
    ],
)
def test_what_is_not_a_tree_is_refused(
    server: TinyServer, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CaveResponseError, match=reason):
        asked(server, packed({**TREE, **change}))


def test_a_damaged_answer_is_refused(server: TinyServer) -> None:
    whole = packed(TREE)
    for body in (whole[:-9], b"", json.dumps(TREE).encode(), gzip.compress(b"[1")):
        with pytest.raises((CaveResponseError, CaveUnavailableError)):
            asked(server, body)


def test_a_server_without_the_service_has_none(server: TinyServer) -> None:
    del server.routes[r"/skeletoncache/api/version"]
    with Cave.connect(DATASTACK, server=server.address, max_retries=0) as cave:
        assert cave.skeletons.of(ROOT) is None


@pytest.mark.parametrize("seed", range(5))
def test_every_piece_is_a_tree_of_its_own(seed: int) -> None:
    draw = np.random.default_rng(seed)
    name = draw.permutation(60)
    edges = [(name[draw.integers(i)], name[i]) for i in range(1, 60) if draw.random() < 0.8]
    root = int(draw.integers(60))
    made = {"vertices": [[i, 0, 0] for i in range(60)], "edges": edges, "root": root}
    found = read_skeleton(made)
    points, parents = found["x"].astype(int).tolist(), found["parent"].tolist()
    assert points[0] == root
    assert sorted(points) == list(range(60))
    met = {frozenset((a, points[p - 1])) for a, p in zip(points, parents, strict=True) if p > 0}
    assert met == {frozenset(map(int, pair)) for pair in edges}
    piece: list[int] = []
    for place, parent in enumerate(parents):
        assert parent == -1 or 1 <= parent <= place
        piece.append(place if parent == -1 else piece[parent - 1])
    assert piece == sorted(piece)


def test_many_pieces_take_no_time() -> None:
    started = time.monotonic()
    found = read_skeleton({"vertices": np.zeros((40_000, 3)), "edges": []})
    assert found["parent"].tolist() == [-1] * 40_000
    assert time.monotonic() - started < 10
