"""Connectivity, adjacency and counts of every engine against the oracle."""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import Oracle
from toy import BASE, ROWS, ids

from graphapi.errors import CaveError, InputError, InvalidRootIdError, UnknownRootIdError

if TYPE_CHECKING:
    from collections.abc import Callable

    import graphapi

THRESHOLDS = [1, 3, 5]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def triples(frame: pd.DataFrame) -> list[tuple[int, int, int]]:
    assert list(frame.columns) == ["pre", "post", "weight"]
    assert set(frame.dtypes) == {np.dtype("int64")}
    return list(frame.itertuples(index=False, name=None))


def check_everything(connectome: graphapi.Connectome, rows: pd.DataFrame, some: list[int]) -> None:
    """Compare every call with the oracle, at all thresholds."""
    oracle = Oracle(rows)
    for threshold in THRESHOLDS:
        for up, down in [(True, True), (True, False), (False, True)]:
            answer = connectome.get_connectivity(some, up, down, threshold)
            assert triples(answer) == oracle.connectivity(some, up, down, threshold)
        for pre, post in [(some, some), (some, None), (None, some), (some[:1], some)]:
            for symmetric in (False, True):
                answer = connectome.get_adjacency(pre, post, threshold, symmetric=symmetric)
                expected = oracle.adjacency(pre, post, threshold, symmetric)
                assert answer.shape == expected.shape
                assert set(answer.dtypes) <= {np.dtype("int64")}
                assert list(answer.index) == list(expected.index)
                assert list(answer.columns) == list(expected.columns)
                assert np.array_equal(answer.to_numpy(), expected.to_numpy())
                sparse = connectome.get_adjacency(
                    pre, post, threshold, symmetric=symmetric, form="sparse"
                )
                assert np.array_equal(sparse.to_sparse().toarray(), expected.to_numpy())
        twice = [*some, some[0]]
        counts = connectome.get_synapse_counts(twice, threshold)
        assert list(counts.index) == twice
        assert counts.index.name == "neuron_id"
        names = ["downstream_partners", "upstream_partners", "output_synapses", "input_synapses"]
        assert list(counts[names].itertuples(index=False, name=None)) == oracle.counts(
            twice, threshold
        )
        assert counts["pre"].equals(counts["downstream_partners"].rename("pre"))
        assert counts["post"].equals(counts["upstream_partners"].rename("post"))
        check_subgraphs(connectome, oracle, some, threshold)
    whole = connectome.to_sparse()
    expected = oracle.connections().sort_values(["pre", "post"])
    found = whole.connections.to_frame().sort_values(["pre", "post"])
    assert np.array_equal(found.to_numpy(), expected.to_numpy())


def check_subgraphs(
    connectome: graphapi.Connectome, oracle: Oracle, some: list[int], threshold: int
) -> None:
    whole = oracle.graph(threshold)
    whole.add_nodes_from(some)  # neurons that only have an annotation
    members = set(some)
    for grow in (0, 1):
        if grow:
            members |= set(itertools.chain(*(nx.all_neighbors(whole, n) for n in some)))
        found = connectome.get_subgraph(some, grow=grow, threshold=threshold)
        expected = whole.subgraph(members)
        assert set(found.nodes) == members
        assert dict(found.edges) == dict(expected.edges)


def test_toy(toy: graphapi.Connectome) -> None:
    check_everything(toy, ROWS, ids(1, 2, 3, 6, 7, 8, 9))


def test_toy_by_hand(toy: graphapi.Connectome) -> None:
    assert triples(toy.get_connectivity(ids(1))) == [
        (BASE + 5, BASE + 1, 7),
        (BASE + 1, BASE + 2, 5),
        (BASE + 1, BASE + 3, 5),
        (BASE + 4, BASE + 1, 3),
        (BASE + 2, BASE + 1, 1),
    ]


@pytest.mark.parametrize("number", [6, 7, 8])
def test_neurons_without_connections_get_empty_answers(
    toy: graphapi.Connectome, number: int
) -> None:
    assert triples(toy.get_connectivity(ids(number))) == []
    assert toy.get_adjacency(ids(number), ids(number)).to_numpy().tolist() == [[0]]
    assert toy.get_adjacency(post_ids=ids(number)).shape == (0, 1)
    assert toy.get_synapse_counts(ids(number)).to_numpy().tolist() == [[0] * 6]
    assert dict(toy.get_subgraph(ids(number), grow=2).nodes).keys() == set(ids(number))


@pytest.mark.parametrize(
    "given_ids",
    [
        BASE + 1,
        str(BASE + 1),
        np.int64(BASE + 1),
        (BASE + 1,),
        {BASE + 1},
        pd.Series([BASE + 1]),
        np.array([BASE + 1], dtype=np.uint64),
        [np.int64(BASE + 1), str(BASE + 1)],
        pd.Index([BASE + 1]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_any_integer_like_id_is_taken(toy: graphapi.Connectome, given_ids: object) -> None:
    assert len(toy.get_connectivity(given_ids)) == 5


@pytest.mark.parametrize(
    "refused",
    [
        *(float(BASE), [1.0], np.array([1.0]), None, True, 0, -4, "x", 2**63, [None]),
        *("9" * 5000, 10**5000, str(2**63), "1.0", "", {"a": 1}, object(), [[BASE + 1]], b"7"),
        *(pd.DataFrame({"root_id": [BASE + 1]}), pd.Series([BASE + 1, None], dtype="Int64")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_id_is_refused(toy: graphapi.Connectome, refused: object) -> None:
    with pytest.raises(InvalidRootIdError, match="neuron_ids"):
        toy.get_connectivity(refused)


def test_an_empty_list_is_refused(toy: graphapi.Connectome) -> None:
    with pytest.raises(InputError, match="no ids given"):
        toy.get_connectivity([])


def test_all_unknown_ids_are_listed(toy: graphapi.Connectome) -> None:
    with pytest.raises(UnknownRootIdError) as caught:
        toy.get_connectivity(ids(1, 100, 101))
    assert caught.value.root_ids == tuple(ids(100, 101))


@pytest.mark.parametrize("threshold", [0, -1, 1.5, True, "3", 2**63, 10**30])
def test_a_threshold_is_a_whole_number_of_synapses(
    toy: graphapi.Connectome, threshold: object
) -> None:
    with pytest.raises(InputError, match="threshold"):
        toy.get_connectivity(ids(1), threshold=threshold)


@pytest.mark.parametrize("size", [float("nan"), float("inf"), -1, True, "10"])
def test_a_smallest_size_is_a_number(toy: graphapi.Connectome, size: object) -> None:
    for ask in (toy.get_connectivity, toy.get_adjacency, toy.get_synapse_counts, toy.get_synapses):
        with pytest.raises(InputError, match="min_size"):
            ask(ids(1), min_size=size)


@pytest.mark.parametrize("version", [True, 1.5, "newest", None])
def test_a_version_is_a_number_or_a_known_word(toy: graphapi.Connectome, version: object) -> None:
    with pytest.raises((InputError, CaveError)):
        toy.get_connectivity(ids(1), materialization=version)


def test_nothing_asked_for_is_refused(toy: graphapi.Connectome) -> None:
    with pytest.raises(InputError, match="both False"):
        toy.get_connectivity(ids(1), upstream=False, downstream=False)
    with pytest.raises(InputError, match="pre_ids"):
        toy.get_adjacency()


ORIGIN = {
    "datastack": "toy",
    "version": 7,
    "timestamp": "2025-06-01T00:00:00+00:00",
    "source": "graph",
    "id_mapping": {},
}


def answers(connectome: graphapi.Connectome, neurons: object) -> dict[str, pd.DataFrame]:
    """Every call that gives a frame about neurons."""
    return {
        "connectivity": connectome.get_connectivity(neurons),
        "adjacency": connectome.get_adjacency(neurons),
        "counts": connectome.get_synapse_counts(neurons),
        "counts above a threshold": connectome.get_synapse_counts(neurons, threshold=2),
        "annotations": connectome.get_annotations(neurons),
        "neurons": connectome.get_neurons(neurons),
        "partners": connectome.get_partners(neurons),
        "common partners": connectome.get_common_partners(neurons),
        "similarity": connectome.get_similarity(neurons),
        "types": connectome.get_type_connectivity("cell_class", pre_ids=neurons),
        "paths": connectome.get_paths(neurons, ids(4)),
        "shortest paths": connectome.get_shortest_paths(neurons, ids(4)),
        "strongest paths": connectome.get_strongest_paths(neurons, ids(4)),
    }


def test_answers_say_where_they_come_from(toy: graphapi.Connectome) -> None:
    found = answers(toy, ids(1)) | {"cypher": toy.cypher("MATCH (n:Neuron) RETURN count(n) AS n")}
    told = {name: {key: frame.attrs.get(key) for key in ORIGIN} for name, frame in found.items()}
    assert told == dict.fromkeys(found, ORIGIN)
    for part in (toy.get_adjacency(ids(1), form="sparse"), toy.to_sparse()):
        assert part.attrs == ORIGIN
        assert part.to_frame().attrs == ORIGIN
    for table in (
        toy.get_adjacency(ids(1), form="arrow"),
        toy.get_subgraph(ids(1), form="arrow"),
    ):
        assert json.loads(table.schema.metadata[b"cavegraph"]) == ORIGIN
    for graph in (toy.get_subgraph(ids(1)), toy.to_networkx()):
        assert graph.graph == {**ORIGIN, "id_mapping": "{}", "threshold": 1}  # fit for GraphML


def test_empty_answers_have_the_dtypes_of_full_ones(toy: graphapi.Connectome) -> None:
    """A criterion without a match: every column is there, and of its own type."""
    nothing = answers(toy, toy.criteria(cell_class="no such class"))
    by_neuron = {"adjacency", "similarity", "common partners"}  # one column a neuron
    for name, full in answers(toy, ids(1)).items():
        empty = nothing[name]
        assert len(empty) == 0, name
        assert empty.index.dtype == full.index.dtype, name
        if name not in by_neuron:
            assert dict(empty.dtypes) == dict(full.dtypes), name
    assert nothing["adjacency"].columns.dtype == np.int64
    shared = nothing["common partners"]
    assert dict(shared.dtypes) == dict.fromkeys(
        ["partner", "shared_by", "weight"], np.dtype("int64")
    )


pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=120)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pairs)
def test_random_graphs(put, pairs: list[tuple[int, int]]) -> None:
    rows = pd.DataFrame(pairs, columns=["pre", "post"])
    rows = rows.where(rows == 0, rows + BASE)
    nodes = Oracle(rows).nodes()
    if not nodes:
        return
    with put(rows) as connectome:
        check_everything(connectome, rows, nodes[::2])
        assert connectome.root_ids().tolist() == nodes


def mouse_cortex() -> pd.DataFrame:
    """Synapse rows of MICrONS: real ids, one synapse a pair."""
    table = pd.read_parquet(DATA / "microns_pinky100_v185" / "synapses.parquet")
    rows = table.rename(columns={"pre_pt_root_id": "pre", "post_pt_root_id": "post"})
    return rows[["pre", "post"]]


def worm() -> pd.DataFrame:
    """Chemical synapses of C. elegans, one row each: weights up to 142, so thresholds bite."""
    table = pd.read_parquet(DATA / "celegans_cook2019" / "hermaphrodite_edges.parquet")
    names = {name: BASE + i for i, name in enumerate(sorted({*table["pre"], *table["post"]}))}
    rows = table.loc[table.index.repeat(table["chemical"]), ["pre", "post"]]
    return pd.DataFrame({side: rows[side].map(names) for side in rows}).reset_index(drop=True)


@pytest.mark.skipif(not DATA.is_dir(), reason="shared data are not here")
@pytest.mark.parametrize("read", [mouse_cortex, worm])
def test_real_synapses(put, read: Callable[[], pd.DataFrame]) -> None:
    rows = read()
    with put(rows) as connectome, warnings.catch_warnings():
        warnings.simplefilter("error")
        check_everything(connectome, rows, Oracle(rows).nodes()[::25])
