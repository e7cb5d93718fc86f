"""Who takes which role, and how strongly, against counting by hand."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from motif_graphs import (
    graphs,
    larva_classes,
    random_graph,
    real_graph,
    to_networkx,
    triads_by_hand,
)

from graphapi.errors import InputError
from graphapi.network.census import role_counts, triad_census
from graphapi.network.labelled import label_roles, labelled_census
from graphapi.network.labels import Labels
from graphapi.network.triads import CONNECTED, TRIADS
from graphapi.network.weighted import weighted_census

if TYPE_CHECKING:
    from graphapi.network.graph import DirectedGraph


def _labels(graph: DirectedGraph, kinds: int = 3) -> dict[int, str]:
    return {i: ["LN", "PN", "KC", "MBON"][k % kinds] for k, i in enumerate(graph.root_ids.tolist())}


@given(graphs(max_n=10))
@settings(max_examples=40, deadline=None)
def test_labelled_census_is_that_of_counting_by_hand(graph: DirectedGraph) -> None:
    labels = _labels(graph)
    other = to_networkx(graph)
    pictures = {t.name: nx.DiGraph(t.edges) for t in TRIADS if t.connected}
    expected: Counter = Counter()
    for name, nodes in triads_by_hand(graph):
        if name in pictures:
            # Of all ways to lay the three on the picture, the one whose labels come first.
            ways = [
                tuple(labels[order[p]] for p in range(3))
                for order in permutations(nodes)
                if all(other.has_edge(order[a], order[b]) for a, b in pictures[name].edges)
            ]
            expected[(name, *min(ways))] += 1
    found = labelled_census(graph, labels)
    assert found.columns.tolist() == ["triad", "label_0", "label_1", "label_2", "count"]
    assert {tuple(row[:4]): row[4] for row in found.itertuples(index=False)} == expected


def test_labelled_census_of_the_larva_adds_up() -> None:
    graph, classes = real_graph("larva"), larva_classes()
    census = triad_census(graph)
    found = labelled_census(graph, classes)
    assert found.groupby("triad")["count"].sum().to_dict() == {c: census[c] for c in CONNECTED}
    assert (found["count"] > 0).all()
    assert found["count"].is_monotonic_decreasing


def test_three_cycles_of_the_larva_by_class_are_products_of_matrices() -> None:
    graph, classes = real_graph("larva"), larva_classes()
    single = graph.where(~graph.reciprocal).matrix.astype(bool).astype(np.int64)
    by_class = classes.reindex(graph.root_ids).to_numpy()
    found = labelled_census(graph, classes)
    cycles = found[found["triad"] == "030C"].set_index(["label_0", "label_1", "label_2"])["count"]
    counted = []
    for three in [("KC", "LN", "PN"), ("DN-SEZ", "LHN", "MBON"), ("KC", "MBIN", "MBON")]:
        p, q, r = (np.flatnonzero(by_class == name) for name in three)
        walks = sum(
            int((single[x][:, y] @ single[y][:, z]).multiply(single[z][:, x].T).sum())
            for x, y, z in [(p, q, r), (p, r, q)]
        )
        assert sum(cycles.get(order, 0) for order in permutations(three)) == walks
        counted.append(walks)
    assert max(counted) > 100


@given(graphs(max_n=10))
@settings(max_examples=30, deadline=None)
def test_label_roles_are_role_counts_by_label(graph: DirectedGraph) -> None:
    labels = _labels(graph)
    roles = role_counts(graph)
    expected = roles[[c for c in roles if c[0] in CONNECTED]].groupby(
        [labels[i] for i in roles.index]
    )
    found = label_roles(graph, labels)
    assert found.index.name == "label"
    assert found.shape[1] == 30
    for label, rows in expected:
        assert found.loc[label].to_dict() == rows.sum().to_dict()


@given(graphs(max_n=10))
@settings(max_examples=40, deadline=None)
def test_weights_are_those_of_counting_by_hand(graph: DirectedGraph) -> None:
    other = to_networkx(graph)
    weights: dict[str, list] = {name: [] for name in CONNECTED}
    for name, nodes in triads_by_hand(graph):
        if name in weights:
            weights[name].append([w for *_, w in other.subgraph(nodes).edges(data="weight")])
    found = weighted_census(graph)
    assert found.index.tolist() == list(CONNECTED)
    for name, triads in weights.items():
        row = found.loc[name]
        assert row["count"] == len(triads)
        assert row["weight_sum"] == sum(map(sum, triads))
        if triads:
            assert row["mean_weight"] == pytest.approx(np.mean(np.concatenate(triads)))
            intensities = [np.prod(np.float64(t)) ** (1 / len(t)) for t in triads]
            assert row["mean_intensity"] == pytest.approx(np.mean(intensities), rel=1e-9)
            mean = row["mean_weight"] / graph.weight.mean()
            assert row["relative_weight"] == pytest.approx(mean)
        else:
            assert row[["mean_weight", "mean_intensity"]].isna().all()


def test_equal_weights_have_that_intensity() -> None:
    graph = real_graph("microns")
    found = weighted_census(graph)
    present = found[found["count"] > 0]
    assert np.allclose(present["mean_intensity"], 1)
    assert (present["mean_weight"] == 1).all()


def test_neurons_without_a_label_are_unknown() -> None:
    graph = random_graph(4, 0.5, 1)
    a, b, c, _ = graph.root_ids.tolist()
    labels = Labels.of(graph, pd.Series(["x", None, "y", "z"], index=[a, b, c, 999]))
    assert labels.names == ("Unknown", "x", "y")
    assert labels.code.tolist() == [1, 0, 2, 0]


def test_bad_labels_are_refused() -> None:
    graph = random_graph(200, 0.01, 1)
    ids = graph.root_ids.tolist()
    with pytest.raises(InputError, match="more than one label"):
        Labels.of(graph, pd.Series(["x", "y"], index=[ids[0]] * 2))
    with pytest.raises(InputError, match="not root ids"):
        Labels.of(graph, pd.Series(["x"], index=[float(ids[0])]))
    with pytest.raises(InputError, match="200 different ones"):
        labelled_census(graph, {i: f"type {i}" for i in ids})
