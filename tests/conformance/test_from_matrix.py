"""Questions that cost no more than they must: no look-up where the answer shows that an id exists,
and none to the database where the whole-graph matrix is at hand. The answers stay the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from oracle import Oracle
from toy import BASE, ids

import graphapi
from graphapi.errors import UnknownRootIdError
from graphapi.graph import matrixcache

if TYPE_CHECKING:
    from collections.abc import Callable

NEURONS = 120
#: Read the database for connections; `known_neurons` looks ids up.
QUERIES = {"upstream", "downstream", "between", "upstream_of_one", "downstream_of_one"}


def _rows() -> pd.DataFrame:
    """Synapses of 120 neurons: many ties in weight, some heavy, autapses and background."""
    rng = np.random.default_rng(5)
    pre, post = (BASE + rng.integers(1, NEURONS + 1, 2_500) for _ in range(2))
    times = np.where(rng.random(2_500) < 0.02, 40, rng.integers(1, 4, 2_500))
    rows = pd.DataFrame({"pre": np.repeat(pre, times), "post": np.repeat(post, times)})
    rows.loc[rows.index[:30], "post"] = 0
    alone = pd.DataFrame({"pre": ids(500, 500), "post": ids(500, 500)})
    return pd.concat([rows, alone], ignore_index=True)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return _rows()


@pytest.fixture(scope="module")
def graph(put, rows: pd.DataFrame):
    kinds = ["ER", "EBc", "PFN"]
    annotations = [
        {"root_id": BASE + k, "cell_class": kinds[k % 3]} for k in range(1, NEURONS + 1, 2)
    ]
    with put(rows, annotations) as opened:
        yield opened


@pytest.fixture
def again(graph, opened_again):
    return lambda: opened_again(graph)


ONE_NEURON: dict[str, Callable[[graphapi.Connectome, int], Any]] = {
    "connectivity": lambda c, one: c.get_connectivity(one),
    "downstream": lambda c, one: c.get_connectivity(one, upstream=False),
    "adjacency": lambda c, one: c.get_adjacency(one),
    "columns": lambda c, one: c.get_adjacency(post_ids=one),
    "counts": lambda c, one: c.get_synapse_counts(one),
    "counts from 2": lambda c, one: c.get_synapse_counts(one, threshold=2),
    "shares": lambda c, one: c.get_common_partners([one, one + 1]),
}


@pytest.mark.parametrize("question", ONE_NEURON)
def test_a_neuron_that_the_answer_shows_is_not_looked_up(again, question: str) -> None:
    connectome, asked = again()
    ONE_NEURON[question](connectome, BASE + 3)
    assert asked
    assert "known_neurons" not in asked


def test_only_what_the_answer_does_not_show_is_looked_up(again) -> None:
    connectome, asked = again()
    assert connectome.get_connectivity(ids(500)).empty
    assert asked.count("known_neurons") == 1
    assert connectome.get_connectivity(ids(500)).empty
    assert asked.count("known_neurons") == 1
    for ask in (connectome.get_connectivity, connectome.get_adjacency):
        with pytest.raises(UnknownRootIdError) as caught:
            ask([*ids(3), *ids(900, 4, 901, 500)])
        assert caught.value.root_ids == tuple(ids(900, 901))
    with pytest.raises(UnknownRootIdError) as caught:
        connectome.get_adjacency(ids(3), ids(902))
    assert caught.value.root_ids == tuple(ids(902))
    with pytest.raises(UnknownRootIdError):
        connectome.get_synapse_counts(ids(903))


def _questions(rng: np.random.Generator) -> list[tuple[str, dict[str, Any]]]:
    """Draw calls with other neurons each time; some ids are passed twice."""

    def some() -> list[int]:
        drawn = BASE + rng.choice(NEURONS, rng.integers(20, 100), replace=False) + 1
        return [*drawn.tolist(), int(drawn[0]), *ids(500)]

    threshold = int(rng.choice([1, 2, 3, 40]))
    one = ids(int(rng.integers(1, NEURONS)))
    return [
        ("connectivity", {"neuron_ids": some(), "threshold": threshold}),
        ("connectivity", {"neuron_ids": some(), "threshold": threshold, "upstream": False}),
        ("connectivity", {"neuron_ids": some(), "threshold": threshold, "downstream": False}),
        ("adjacency", {"pre_ids": some(), "post_ids": some(), "threshold": threshold}),
        ("adjacency", {"pre_ids": one, "post_ids": some(), "threshold": threshold}),
        ("adjacency", {"pre_ids": some(), "threshold": threshold}),
        ("adjacency", {"post_ids": some(), "threshold": threshold, "symmetric": True}),
    ]


def _is_right(rows: pd.DataFrame, call: str, given: dict[str, Any], found: pd.DataFrame) -> None:
    oracle, threshold = Oracle(rows), given["threshold"]
    if call == "connectivity":
        up, down = given.get("upstream", True), given.get("downstream", True)
        expected = oracle.connectivity(given["neuron_ids"], up, down, threshold)
        assert list(found.itertuples(index=False, name=None)) == expected
    else:
        ends = [given.get(name) for name in ("pre_ids", "post_ids")]
        wide = oracle.adjacency(*ends, threshold, given.get("symmetric", False))
        pd.testing.assert_frame_equal(found, wide, check_index_type=False, check_column_type=False)


@pytest.mark.parametrize("kept", ["in memory", "on disk", "in memory from 2"])
def test_the_matrix_answers_as_the_graph_does(
    again, rows: pd.DataFrame, kept: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_graph, queries = again()
    by_matrix, asked = again()
    of_a_kind = by_graph.criteria(cell_class="ER").get_roots().tolist()
    assert len(of_a_kind) == 20
    rng = np.random.default_rng(9)
    drawn = [one for _ in range(4) for one in _questions(rng)]
    drawn.append(("connectivity", {"neuron_ids": of_a_kind, "threshold": 1}))
    expected = [getattr(by_graph, f"get_{call}")(**given) for call, given in drawn]
    assert QUERIES & set(queries)
    if kept == "on disk":
        monkeypatch.setenv("CAVEGRAPH_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("CAVEGRAPH_MATRIX_CACHE", "8G")
        monkeypatch.setattr(matrixcache, "SMALLEST", 1)
        again()[0].whole.matrix()
    else:
        by_matrix.whole.matrix(2 if "2" in kept else 1)
    for (call, given), right in zip(drawn, expected, strict=True):
        asked.clear()
        found = getattr(by_matrix, f"get_{call}")(**given)
        pd.testing.assert_frame_equal(found, right)
        assert found.attrs == right.attrs
        _is_right(rows, call, given, found)
        from_graph = kept == "in memory from 2" and given["threshold"] < 2
        assert bool(QUERIES & set(asked)) == from_graph
    criteria = by_matrix.criteria(cell_class="ER")
    pd.testing.assert_frame_equal(
        by_matrix.get_connectivity(criteria), by_graph.get_connectivity(of_a_kind)
    )


def test_unknown_ids_are_refused_where_the_matrix_answers(again) -> None:
    connectome, _ = again()
    connectome.whole.matrix()
    with pytest.raises(UnknownRootIdError) as caught:
        connectome.get_connectivity([*ids(*range(1, 60)), *ids(901, 900)])
    assert caught.value.root_ids == tuple(ids(900, 901))
