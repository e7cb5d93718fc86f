"""Influence against a dense solution by numpy, and its invariants."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from motif_graphs import graphs, random_graph, real_graph

from graphapi.errors import ConvergenceError, InputError
from graphapi.network.graph import DirectedGraph
from graphapi.network.influence import TOLERANCE, Dynamics, adjusted
from graphapi.network.passing import passed_on


def dense(
    weights: np.ndarray,
    seeds: np.ndarray,
    *,
    measure: str = "synapses",
    signs: np.ndarray | None = None,
    silenced: list[int] = (),
    gain: float = 0.99,
) -> np.ndarray:
    """Solve the same by numpy alone: rows of `weights` are pre."""
    passing = weights.astype(float)
    if measure == "share_of_input":
        passing = passing / np.maximum(passing.sum(axis=0), 1)
    if signs is not None:
        passing = passing * signs[:, None]
    passing[list(silenced)] = 0
    largest = largest_eigenvalue(passing)
    if largest > (0 if signs is None else 1e-7 * np.abs(passing).sum(axis=0).max(initial=0)):
        passing = passing * (gain / largest)
    return np.linalg.solve(np.eye(len(weights)) - passing.T, seeds)


def largest_eigenvalue(passing: np.ndarray) -> float:
    """Find the largest real part, in one strongly connected part of the network at a time."""
    network = nx.from_numpy_array(passing, create_using=nx.DiGraph)
    parts = [np.ix_(*[sorted(part)] * 2) for part in nx.strongly_connected_components(network)]
    # A double eigenvalue of the whole would be inexact.
    return max((_largest_of(passing[part]) for part in parts), default=0.0)


def _largest_of(part: np.ndarray) -> float:
    if len(part) < 1000 or (part < 0).any():
        return float(np.linalg.eigvals(part).real.max())
    vector, before, found = np.ones(len(part)), 0.0, 1.0
    while abs(found - before) > 1e-15 * found:  # the power method, shifted so that it converges
        vector = part @ vector + found * vector
        vector /= np.linalg.norm(vector)
        before, found = found, float(vector @ part @ vector)
    return found


def some(graph: DirectedGraph, count: int, seed: int = 0) -> np.ndarray:
    """Draw places of neurons."""
    return np.random.default_rng(seed).choice(graph.n, min(count, graph.n), replace=False)


def at(places: np.ndarray, n: int) -> np.ndarray:
    """Input of 1 at some places."""
    found = np.zeros(n)
    found[places] = 1
    return found


@pytest.mark.parametrize(
    ("name", "silence", "measure", "signed"),
    [
        *itertools.product(["worm"], [0, 40], ["synapses", "share_of_input"], [False, True]),
        ("larva", 0, "synapses", False),
        pytest.param("larva", 40, "synapses", True, marks=pytest.mark.slow),
    ],
)
def test_real_connectomes_as_a_dense_solution(
    name: str, silence: int, measure: str, signed: bool
) -> None:
    graph = real_graph(name)
    signs = np.where(np.random.default_rng(5).random(graph.n) < 0.3, -1, 1) if signed else None
    silenced = some(graph, silence, 1)
    seeds = at(some(graph, 20, 2), graph.n)
    seeds[silenced] = 0
    dynamics = Dynamics.of(passed_on(graph.matrix, measure, signs, silenced))
    found, residual = dynamics.steady_state(seeds)
    expected = dense(
        graph.matrix.toarray(), seeds, measure=measure, signs=signs, silenced=silenced.tolist()
    )
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10 * np.abs(expected).max())
    assert residual <= TOLERANCE
    reached = np.abs(expected) > 1e-12 * np.abs(expected).max()
    assert reached.sum() > graph.n / 2
    if not signed:  # small values as exactly as large ones, where the oracle is as exact
        np.testing.assert_allclose(
            adjusted(found)[reached], adjusted(expected)[reached], rtol=0, atol=1e-6
        )
        assert (found >= 0).all()


@given(graphs(), st.integers(0, 1000), st.sampled_from([0.5, 0.9, 0.99]))
@settings(max_examples=150, deadline=None)
def test_random_graphs_as_a_dense_solution(graph: DirectedGraph, seed: int, gain: float) -> None:
    rng = np.random.default_rng(seed)
    seeds, silenced = rng.random(graph.n), np.flatnonzero(rng.random(graph.n) < 0.2)
    dynamics = Dynamics.of(passed_on(graph.matrix, silenced=silenced), gain)
    found, residual = dynamics.steady_state(seeds)
    expected = dense(graph.matrix.toarray(), seeds, silenced=silenced.tolist(), gain=gain)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert residual <= TOLERANCE


@given(graphs(), st.integers(0, 1000))
@example(random_graph(n=7, density=0.3, seed=7), 0)  # loops cancel: the real part is 0
@settings(max_examples=150, deadline=None)
def test_signed_random_graphs_as_a_dense_solution(graph: DirectedGraph, seed: int) -> None:
    rng = np.random.default_rng(seed)
    signs = rng.integers(-1, 2, graph.n)
    seeds = rng.random(graph.n)
    dynamics = Dynamics.of(passed_on(graph.matrix, signs=signs))
    expected = dense(graph.matrix.toarray(), seeds, signs=signs)
    found, _ = dynamics.steady_state(seeds)
    scale = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8 * scale)


@given(graphs(), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_influence_is_linear_in_the_seeds(graph: DirectedGraph, seed: int) -> None:
    rng = np.random.default_rng(seed)
    dynamics = Dynamics.of(passed_on(graph.matrix))
    one, other = rng.random(graph.n), rng.random(graph.n)
    together, _ = dynamics.steady_state(2 * one + 3 * other)
    parts = [dynamics.steady_state(part)[0] for part in (one, other)]
    np.testing.assert_allclose(together, 2 * parts[0] + 3 * parts[1], rtol=1e-9)


@given(graphs(), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_silencing_is_deleting_what_a_neuron_sends(graph: DirectedGraph, seed: int) -> None:
    rng = np.random.default_rng(seed)
    silent = rng.random(graph.n) < 0.3
    seeds = rng.random(graph.n)
    without = graph.where(~silent[graph.pre])
    mute = Dynamics.of(passed_on(graph.matrix, silenced=np.flatnonzero(silent)))
    deleted = Dynamics.of(passed_on(without.matrix))
    found, expected = mute.steady_state(seeds)[0], deleted.steady_state(seeds)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    # Deleting what it receives as well changes the influence on itself alone.
    apart = graph.where(~silent[graph.pre] & ~silent[graph.post])
    alone = Dynamics.of(passed_on(apart.matrix)).steady_state(seeds)[0]
    np.testing.assert_allclose(found[~silent], alone[~silent], rtol=1e-9)


@given(graphs(), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_exactly_what_a_seed_reaches_is_influenced(graph: DirectedGraph, seed: int) -> None:
    assume(graph.n)
    start = seed % graph.n
    found, _ = Dynamics.of(passed_on(graph.matrix)).steady_state(at(np.array([start]), graph.n))
    network = nx.DiGraph(list(zip(graph.pre.tolist(), graph.post.tolist(), strict=True)))
    network.add_node(start)
    assert set(np.flatnonzero(found).tolist()) == {start, *nx.descendants(network, start)}


def test_a_chain_by_hand() -> None:
    chain = DirectedGraph.from_edges([1, 2, 1], [2, 3, 3], [5, 7, 2])
    dynamics = Dynamics.of(passed_on(chain.matrix))
    assert (dynamics.eigenvalue, dynamics.scale) == (None, 1.0)
    found, residual = dynamics.steady_state(np.array([1.0, 0, 0]))
    assert found.tolist() == [1, 5, 37]
    assert residual == 0
    shares = Dynamics.of(passed_on(chain.matrix, "share_of_input"))
    assert shares.steady_state(np.array([1.0, 0, 0]))[0].tolist() == pytest.approx([1, 1, 1])


def test_a_loop_by_hand() -> None:
    pair = DirectedGraph.from_edges([1, 2], [2, 1], [8, 2])  # eigenvalue: the root of 16
    dynamics = Dynamics.of(passed_on(pair.matrix), gain=0.5)
    assert dynamics.eigenvalue == pytest.approx(4)
    # r1 = 1 + r2 / 4, r2 = r1
    assert dynamics.steady_state(np.array([1.0, 0]))[0] == pytest.approx([4 / 3, 4 / 3])


def test_one_loop_behind_another_of_the_same_strength() -> None:
    """A defective eigenvalue: of the whole matrix it would be found to eight digits only."""
    two = DirectedGraph.from_edges([1, 2, 2, 3, 4], [2, 1, 3, 4, 3], [3, 3, 900, 3, 3])
    dynamics = Dynamics.of(passed_on(two.matrix))
    assert dynamics.eigenvalue == pytest.approx(3, rel=1e-14)
    seeds = at(np.array([0]), 4)
    found, _ = dynamics.steady_state(seeds)
    np.testing.assert_allclose(found, dense(two.matrix.toarray(), seeds), rtol=1e-9)


def test_no_seed_and_no_neuron() -> None:
    pair = DirectedGraph.from_edges([1, 2], [2, 1])
    assert Dynamics.of(passed_on(pair.matrix)).steady_state(np.zeros(2))[0].tolist() == [0, 0]
    empty = DirectedGraph.from_edges([], [])
    assert Dynamics.of(passed_on(empty.matrix)).steady_state(np.zeros(0))[0].size == 0


def test_what_is_not_accurate_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = real_graph("worm")
    dynamics = Dynamics.of(passed_on(graph.matrix))
    monkeypatch.setattr("graphapi.network.influence.TOLERANCE", 1e-19)  # finer than a float is
    monkeypatch.setattr("graphapi.network.influence._POLISH", 1)
    with pytest.raises(ConvergenceError, match="the residual is"):
        dynamics.steady_state(at(np.array([3]), graph.n))


@pytest.mark.parametrize("gain", [0, 1, -0.5, 2, True, "0.9", float("nan")])
def test_only_a_gain_between_0_and_1(gain: object) -> None:
    pair = DirectedGraph.from_edges([1, 2], [2, 1])
    with pytest.raises(InputError, match="gain"):
        Dynamics.of(passed_on(pair.matrix), gain)


def test_measure_and_signs_are_checked() -> None:
    pair = DirectedGraph.from_edges([1, 2], [2, 1])
    with pytest.raises(InputError, match="measure"):
        passed_on(pair.matrix, "strength")
    for signs in ([1], [1, 2], [1, np.nan]):
        with pytest.raises(InputError, match="signs"):
            passed_on(pair.matrix, signs=signs)


def test_the_weights_given_are_not_changed() -> None:
    pair = DirectedGraph.from_edges([1, 2], [2, 1], [3, 4])
    passed_on(pair.matrix, "share_of_input", [-1, 0], np.array([0]))
    assert pair.weight.tolist() == [3, 4]


def test_adjusted_influence() -> None:
    found = adjusted([1, np.e, -np.e, 0, np.exp(-24), np.exp(-30), -np.exp(-23)])
    assert found == pytest.approx([24, 25, -25, 0, 0, 0, -1])
