"""Paths, shared partners and type tables of every engine against networkx and pandas."""

from __future__ import annotations

import itertools
import warnings

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from oracle import Oracle
from toy import BASE, ROWS, ids

import graphapi
from graphapi.errors import InputError, UnknownFieldError


@pytest.fixture(scope="module")
def random_rows() -> pd.DataFrame:
    """A few hundred synapses among forty neurons."""
    rng = np.random.default_rng(11)
    return pd.DataFrame(BASE + rng.integers(1, 40, (420, 2)), columns=["pre", "post"])


@pytest.fixture(scope="module")
def random_annotations(random_rows: pd.DataFrame) -> list[dict]:
    roots = Oracle(random_rows).nodes()
    kinds = ["KC", "PN", None]
    return [{"root_id": root, "cell_class": kinds[root % 3]} for root in roots]


@pytest.fixture
def random_graph(put, random_rows, random_annotations):
    with put(random_rows, random_annotations) as connectome:
        yield connectome


def simple_paths(graph: nx.DiGraph, source: int, target: int, most: int) -> list[list[int]]:
    """All simple paths by brute force over orderings of neighbours."""
    if source == target:
        return []
    return [list(p) for p in nx.all_simple_paths(graph, source, target, cutoff=most)]


@pytest.mark.parametrize("threshold", [1, 2])
def test_all_paths(random_graph, random_rows, threshold: int) -> None:
    graph = Oracle(random_rows).graph(threshold)
    nodes = sorted(graph)
    for source, target in itertools.product(nodes[:4], nodes[-4:]):
        answer = random_graph.get_paths(source, target, max_hops=3, threshold=threshold)
        expected = simple_paths(graph, source, target, 3)
        assert list(answer["root_ids"]) == sorted(expected, key=lambda path: (len(path), path))
        assert list(answer["hops"]) == sorted(len(p) - 1 for p in expected)
        for row in answer.itertuples():
            weights = [graph.edges[e]["weight"] for e in itertools.pairwise(row.root_ids)]
            assert (row.weights, row.weakest) == (weights, min(weights))
        assert answer.attrs["complete"] is True


def test_shortest_paths(random_graph, random_rows) -> None:
    graph = Oracle(random_rows).graph(2)
    nodes = sorted(graph)
    answer = random_graph.get_shortest_paths(nodes[:5], nodes[5:12], max_hops=4, threshold=2)
    expected = []
    for source, target in itertools.product(nodes[:5], nodes[5:12]):
        if nx.has_path(graph, source, target):
            paths = list(nx.all_shortest_paths(graph, source, target))
            expected += [path for path in paths if len(path) <= 5]
    assert expected
    assert list(answer["root_ids"]) == sorted(expected, key=lambda p: (p[0], p[-1], p))


def test_strongest_paths(random_graph, random_rows) -> None:
    graph = Oracle(random_rows).graph(1)
    nodes = sorted(graph)
    answer = random_graph.get_strongest_paths(nodes[:4], nodes[4:10], max_hops=3)
    found = {(r.source, r.target): (r.weakest, r.hops) for r in answer.itertuples()}
    for source, target in itertools.product(nodes[:4], nodes[4:10]):
        options = [
            (min(graph.edges[e]["weight"] for e in itertools.pairwise(path)), -(len(path) - 1))
            for path in simple_paths(graph, source, target, 3)
        ]
        if options:
            weakest, hops = max(options)
            assert found.pop((source, target)) == (weakest, -hops)
    assert not found


def test_paths_over_the_limit_say_so(random_graph) -> None:
    roots = random_graph.root_ids()
    with pytest.warns(graphapi.CutOffWarning, match="not all"):
        answer = random_graph.get_paths(roots[:5], roots[-5:], max_hops=3, limit=7)
    assert len(answer) == 7
    assert answer.attrs["complete"] is False
    whole = random_graph.get_paths(roots[:5], roots[-5:], max_hops=3)
    assert list(answer["root_ids"]) == list(whole["root_ids"][:7])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        random_graph.get_paths(roots[:5], roots[-5:], max_hops=3, limit=len(whole))


def test_shortest_paths_over_the_limit_say_so(random_graph) -> None:
    roots = random_graph.root_ids()
    whole = random_graph.get_shortest_paths(roots[:5], roots[-5:])
    assert whole.attrs["complete"] is True
    for limit in (1, len(whole) // 2, len(whole) - 1):
        with pytest.warns(graphapi.CutOffWarning, match="not all"):
            answer = random_graph.get_shortest_paths(roots[:5], roots[-5:], limit=limit)
        assert list(answer["root_ids"]) == list(whole["root_ids"][:limit])
        assert answer.attrs["complete"] is False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        random_graph.get_shortest_paths(roots[:5], roots[-5:], limit=len(whole))
    with pytest.raises(InputError, match="limit"):
        random_graph.get_shortest_paths(roots[:5], roots[-5:], limit=0)


def test_no_path_is_an_empty_frame(toy: graphapi.Connectome) -> None:
    answer = toy.get_paths(ids(7), ids(1))
    assert answer.empty
    assert list(answer.columns) == ["source", "target", "hops", "weakest", "root_ids", "weights"]
    assert toy.get_strongest_paths(ids(7), ids(1)).empty
    assert toy.get_shortest_paths(ids(1), ids(1)).empty


@pytest.mark.parametrize("max_hops", [0, -1, 1.5, True])
def test_hops_are_whole_numbers(toy: graphapi.Connectome, max_hops: object) -> None:
    with pytest.raises(InputError, match="max_hops"):
        toy.get_paths(ids(1), ids(2), max_hops=max_hops)


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_partner_shares(random_graph, random_rows, direction: str) -> None:
    pairs = Oracle(random_rows).connections()
    some = Oracle(random_rows).nodes()[:6]
    near, far = ("pre", "post") if direction == "downstream" else ("post", "pre")
    expected = {
        (row[near], row[far]): (
            row["weight"],
            row["weight"] / pairs[pairs.pre == row["pre"]].weight.sum(),
            row["weight"] / pairs[pairs.post == row["post"]].weight.sum(),
        )
        for row in pairs[pairs[near].isin(some)].to_dict("records")
    }
    answer = random_graph.get_partners(some, direction)
    found = {
        (r.neuron, r.partner): (r.weight, r.share_of_output, r.share_of_input)
        for r in answer.itertuples()
    }
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert found[key] == pytest.approx(values)


@pytest.mark.parametrize("at_least", [None, 2, 1])
@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_common_partners(random_graph, random_rows, direction: str, at_least: int | None) -> None:
    graph = Oracle(random_rows).graph()
    some = Oracle(random_rows).nodes()[3:6]
    step = graph.predecessors if direction == "upstream" else graph.successors
    wanted = at_least or len(some)
    sets = [set(step(root)) for root in some]
    expected = {
        partner
        for partner in set().union(*sets)
        if sum(partner in members for members in sets) >= wanted
    }
    answer = random_graph.get_common_partners(some, direction, at_least=at_least)
    assert set(answer["partner"]) == expected
    for row in answer.to_dict("records"):
        edges = [
            (row["partner"], root) if direction == "upstream" else (root, row["partner"])
            for root in some
        ]
        weights = [graph.edges[e]["weight"] if graph.has_edge(*e) else 0 for e in edges]
        assert [row[root] for root in some] == weights
        assert row["weight"] == sum(weights)
        assert row["shared_by"] == sum(w > 0 for w in weights)


def test_similarity(random_graph, random_rows) -> None:
    nodes = Oracle(random_rows).nodes()
    dense = Oracle(random_rows).adjacency(nodes, nodes, 1, False).to_numpy().astype(float)
    norm = np.linalg.norm(dense, axis=1)
    expected = np.array(
        [
            [a @ b / (m * n) if m and n else 0 for b, n in zip(dense, norm, strict=True)]
            for a, m in zip(dense, norm, strict=True)
        ]
    )
    answer = random_graph.get_similarity(nodes)
    assert list(answer.index) == nodes
    np.testing.assert_allclose(answer.to_numpy(), expected, atol=1e-12)


def test_similarity_of_too_many(toy: graphapi.Connectome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphapi.ask.partners.MOST_DENSE_CELLS", 8)
    assert toy.get_similarity(ids(1, 2)).shape == (2, 2)
    with pytest.raises(InputError, match=r"3 x 3 neurons .*memory[\s\S]*at most 2 neurons"):
        toy.get_similarity(ids(1, 2, 3))


@pytest.mark.parametrize("threshold", [1, 2])
@pytest.mark.parametrize("selected", [False, True])
def test_types(random_graph, random_rows, random_annotations, threshold, selected) -> None:
    kind = {a["root_id"]: a["cell_class"] or "Unknown" for a in random_annotations}
    pairs = Oracle(random_rows).connections(threshold)
    some = Oracle(random_rows).nodes()[::2]
    if selected:
        pairs = pairs[pairs.pre.isin(some)]
    named = pairs.assign(a=pairs.pre.map(kind), b=pairs.post.map(kind))
    expected = {
        key: (len(part), part.weight.sum(), part.weight.mean())
        for key, part in named.groupby(["a", "b"])
    }
    answer = random_graph.get_type_connectivity(
        "cell_class", pre_ids=some if selected else None, threshold=threshold
    )
    found = {
        (r.pre_type, r.post_type): (r.connections, r.synapses, r.mean_weight)
        for r in answer.itertuples()
    }
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert found[key] == pytest.approx(values)
    assert answer.groupby("pre_type")["share_of_output"].sum().to_numpy() == pytest.approx(1)
    assert answer.groupby("post_type")["share_of_input"].sum().to_numpy() == pytest.approx(1)
    matrix = graphapi.type_matrix(answer, "synapses")
    assert matrix.loc["KC", "PN"] == named[(named.a == "KC") & (named.b == "PN")].weight.sum()
    assert matrix.to_numpy().sum() == pairs.weight.sum()


def test_types_need_a_text_property(toy: graphapi.Connectome) -> None:
    with pytest.raises(UnknownFieldError, match="no text property 'in_synapses'") as caught:
        toy.get_type_connectivity("in_synapses")
    assert "cell_class" in str(caught.value)
    with pytest.raises(UnknownFieldError):
        toy.get_type_connectivity("x` AS y //")


def test_bad_arguments(toy: graphapi.Connectome) -> None:
    with pytest.raises(InputError, match="direction"):
        toy.get_partners(ids(1), "sideways")
    with pytest.raises(InputError, match="at_least"):
        toy.get_common_partners(ids(1), at_least=0)
    with pytest.raises(InputError, match="limit"):
        toy.get_paths(ids(1), ids(2), limit=0)


def test_the_whole_graph_as_networkx(toy: graphapi.Connectome) -> None:
    whole, expected = toy.to_networkx(), Oracle(ROWS).graph()
    assert dict(whole.edges) == dict(expected.edges)
    assert set(whole.nodes) == {*expected.nodes, BASE + 7}
    assert whole.nodes[BASE + 2]["cell_class"] == "EBc"
    assert "cell_class" not in whole.nodes[BASE + 5]
