"""Saved queries about paths and partners, as people paste them, on every engine.

Expected values come from networkx and pandas. Only the values that a query's own comment says
may be changed are changed here.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from oracle import Oracle
from toy import BASE

from graphapi.engines.queries import catalog

NAMES = [
    "all_paths",
    "class_shares",
    "common_partners",
    "partner_shares",
    "similar_neurons",
    "strongest_paths",
]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(BASE + rng.integers(1, 25, (420, 2)), columns=["pre", "post"])


@pytest.fixture(scope="module")
def kinds(rows: pd.DataFrame) -> dict[int, str]:
    return {root: ("KC", "PN")[root % 3] for root in Oracle(rows).nodes() if root % 3 < 2}


@pytest.fixture
def graph(put, rows, kinds):
    with put(rows, [{"root_id": r, "cell_class": k} for r, k in kinds.items()]) as connectome:
        yield connectome


def pasted(connectome, name: str, **changes: object) -> pd.DataFrame:
    """Run a saved query with other values in its first lines; give its declared columns."""
    query = catalog()[name]
    text = query.text_for(connectome.engine.name)
    for old, new in changes.values():
        assert old in text, f"{name}: {old!r} is not there to be changed"
        text = text.replace(old, new)
    frame = connectome.cypher(text)
    assert list(frame.columns) == [item.name for item in query.columns]
    return frame


def paths_of(weights: nx.DiGraph, source: int, target: int) -> list[tuple]:
    """All simple paths of at most three hops: (hops, weakest, ids, weights)."""
    found = []
    for path in nx.all_simple_paths(weights, source, target, cutoff=3):
        on_it = [weights.edges[pair]["weight"] for pair in itertools.pairwise(path)]
        found.append((len(on_it), min(on_it), list(path), on_it))
    return found


def ends(source: int, target: int, least: int) -> dict[str, tuple[str, str]]:
    return {
        "source": ("576460752702328878", str(source)),
        "target": ("576460752732847432", str(target)),
        "least": ("5", str(least)),
    }


@pytest.mark.parametrize("least", [1, 2])
def test_all_paths(graph, rows, least: int) -> None:
    oracle = Oracle(rows).graph(least)
    for source, target in ((BASE + 3, BASE + 17), mutual(oracle)):
        answer = pasted(graph, "all_paths", **_least(graph, source, target, least))
        expected = sorted(paths_of(oracle, source, target), key=lambda p: (p[0], -p[1], p[2]))
        given = [
            (r.hops, r.weakest, list(r.root_ids), list(r.weights)) for r in answer.itertuples()
        ]
        assert given == expected[:200]
        assert len(given) > 3 or least > 1
        assert set(answer["paths_in_all"]) == {len(expected)}


def mutual(weights: nx.DiGraph) -> tuple[int, int]:
    """Return two neurons that drive each other: a walk can go to and fro between them."""
    return next((a, b) for a, b in sorted(weights.edges) if weights.has_edge(b, a))


def test_a_list_of_paths_that_is_cut_says_so(graph, rows) -> None:
    source, target = BASE + 3, BASE + 17
    changes = _least(graph, source, target, 1)
    answer = pasted(graph, "all_paths", **changes, cut=("LIMIT 200", "LIMIT 4"))
    expected = paths_of(Oracle(rows).graph(1), source, target)
    assert len(answer) == 4 < len(expected)
    assert set(answer["paths_in_all"]) == {len(expected)}


def test_strongest_paths(graph, rows) -> None:
    oracle = Oracle(rows).graph(1)
    for source, target in ((BASE + 3, BASE + 17), mutual(oracle)):
        answer = pasted(graph, "strongest_paths", **_least(graph, source, target, 1))
        expected = paths_of(oracle, source, target)
        expected.sort(key=lambda p: (-p[1], p[0], p[2]))
        given = [
            (r.hops, r.weakest, list(r.root_ids), list(r.weights)) for r in answer.itertuples()
        ]
        assert given == expected[:10]


def test_partner_shares(graph, rows) -> None:
    root = BASE + 3
    answer = pasted(graph, "partner_shares", root_id=("576460752732847432", str(root)))
    pairs = Oracle(rows).connections()
    made, received = pairs.groupby("pre").weight.sum(), pairs.groupby("post").weight.sum()
    expected = {}
    for row in pairs[(pairs.pre == root) | (pairs.post == root)].itertuples():
        way, partner = ("downstream", row.post) if row.pre == root else ("upstream", row.pre)
        shares = (row.weight / made[row.pre], row.weight / received[row.post])
        expected[way, partner] = (row.weight, *map(pytest.approx, shares))
    given = {
        (r.direction, r.partner): (r.weight, r.share_of_output, r.share_of_input)
        for r in answer.itertuples()
    }
    assert given == expected


def test_class_shares(graph, rows, kinds) -> None:
    answer = pasted(graph, "class_shares", least=(">= 5", ">= 2"))
    cells: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in Oracle(rows).connections(2).itertuples():
        key = kinds.get(row.pre, "Unknown"), kinds.get(row.post, "Unknown")
        cells[key].append(row.weight)
    made, received = defaultdict(int), defaultdict(int)
    for (pre, post), weights in cells.items():
        made[pre] += sum(weights)
        received[post] += sum(weights)
    given = {(r.pre_class, r.post_class): list(r)[3:] for r in answer.itertuples()}
    assert given == {
        (pre, post): pytest.approx(
            [
                len(weights),
                sum(weights),
                sum(weights) / len(weights),
                sum(weights) / made[pre],
                sum(weights) / received[post],
            ]
        )
        for (pre, post), weights in cells.items()
    }
    assert list(answer["synapses"]) == sorted(answer["synapses"], reverse=True)


def test_similar_neurons(graph, rows) -> None:
    root = BASE + 3
    answer = pasted(graph, "similar_neurons", root_id=("576460752732847432", str(root)))
    wide = (
        Oracle(rows)
        .connections()
        .pivot_table(index="pre", columns="post", values="weight", fill_value=0)
    )
    mine = wide.loc[root]
    expected = {}
    for other, theirs in wide.drop(index=root).iterrows():
        shared = int(((mine > 0) & (theirs > 0)).sum())
        if shared:
            lengths = math.sqrt((mine**2).sum()) * math.sqrt((theirs**2).sum())
            expected[other] = (shared, pytest.approx((mine * theirs).sum() / lengths))
    given = {r.neuron: (r.shared, r.similarity) for r in answer.itertuples()}
    assert given == expected
    assert len(given) > 5


def test_common_partners(graph, rows) -> None:
    three = [BASE + 3, BASE + 4, BASE + 5]
    answer = pasted(
        graph,
        "common_partners",
        root_ids=("[576460752732847432, 576460752790365406]", str(three)),
    )
    pairs = Oracle(rows).connections()
    expected = {}
    for way, mine, theirs in (("upstream", "post", "pre"), ("downstream", "pre", "post")):
        for partner, found in pairs[pairs[mine].isin(three)].groupby(theirs):
            if len(found) >= 2:
                expected[way, partner] = (len(found), int(found.weight.sum()))
    given = {(r.direction, r.partner): (r.shared_by, r.weight) for r in answer.itertuples()}
    assert given == expected
    assert {way for way, _ in given} == {"upstream", "downstream"}


@pytest.mark.parametrize("name", NAMES)
def test_headers_hold(graph, name: str) -> None:
    """Run as the files are: neurons that are not in this graph give no rows, and no error."""
    query = catalog()[name]
    answer = graph.run(query)
    assert answer.column_names == [item.name for item in query.columns]


def _least(graph, source: int, target: int, least: int) -> dict[str, tuple[str, str]]:
    old, new = ("5 AS least", f"{least} AS least")
    if graph.engine.name != "neo4j":
        old, new = ">= 5", f">= {least}"
    return ends(source, target, least) | {"least": (old, new)}
