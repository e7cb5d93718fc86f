"""Matches against trying every choice of neurons, on each engine and by both methods."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motif_graphs import memory_graph
from motif_oracle import connected_motifs, mappings, program, subgraphs
from motif_random import edge_set, random_graph
from motif_schema import SCHEMA

from graphapi.common.threads import Stop
from graphapi.errors import MotifError, QueryTimeoutError
from graphapi.motifs.binding import bind
from graphapi.motifs.compiled import CompiledSearch
from graphapi.motifs.dsl import parse
from graphapi.motifs.memory import MemoryGraph
from graphapi.motifs.plan import Rules, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ("compiled", "cypher")
LETTERS = "ABCD"


def _in_memory(neurons: pd.DataFrame, connections: pd.DataFrame) -> MemoryGraph:
    fields = neurons.set_index("root_id").sort_index()
    return memory_graph(
        neurons["root_id"].to_numpy(),
        connections["pre"].to_numpy(),
        connections["post"].to_numpy(),
        {name: pa.array(connections[name]) for name in ("weight", "size_sum")},
        lambda name, _: pa.array(fields[name].to_list()),
    )


def _compiled(graph: MemoryGraph, text: str, rules: Rules) -> CompiledSearch:
    pattern = bind(parse(text), SCHEMA)
    return CompiledSearch(graph, pattern, make_plan(pattern, rules), SCHEMA)


def _tuples(frame: pd.DataFrame, size: int) -> list[tuple[int, ...]]:
    return list(frame[list(LETTERS[:size])].itertuples(index=False, name=None))


# --- every connected motif ----------------------------------------------------------------


@pytest.mark.parametrize("induced", [False, True])
@pytest.mark.parametrize(("size", "neurons", "density"), [(2, 8, 0.4), (3, 8, 0.4), (4, 7, 0.5)])
def test_compiled_finds_every_connected_motif(
    size: int, neurons: int, density: float, induced: bool
) -> None:
    nodes, connections = random_graph(neurons, density, seed=size)
    graph, edges = _in_memory(nodes, connections), edge_set(connections)
    for pairs in connected_motifs(size):
        every = mappings(nodes["root_id"], edges, pairs, size, induced=induced)
        once = _compiled(graph, program(pairs), Rules(induced=induced))
        rows = graph.root_ids[once.matches()]
        columns = [parse(program(pairs)).names.index(letter) for letter in LETTERS[:size]]
        found = [tuple(row) for row in rows[:, columns].tolist()]
        assert len(found) == len(set(found)) == once.count()
        assert subgraphs(found, pairs) == subgraphs(every, pairs)
        assert len(found) == len(subgraphs(every, pairs)), pairs
        all_of_them = _compiled(graph, program(pairs), Rules(unique=False, induced=induced))
        assert all_of_them.count() == len(every)


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.sampled_from([m for k in (2, 3, 4) for m in connected_motifs(k)]),
    edges=st.frozensets(
        st.tuples(st.integers(1, 7), st.integers(1, 7)).filter(lambda e: e[0] != e[1]), max_size=30
    ),
    induced=st.booleans(),
    distinct=st.booleans(),
    unique=st.booleans(),
)
def test_compiled_on_random_graphs(
    pairs: Any, edges: frozenset[tuple[int, int]], induced: bool, distinct: bool, unique: bool
) -> None:
    size = 1 + max(max(pair) for pair in pairs)
    nodes = pd.DataFrame({"root_id": range(1, 8)})
    connections = pd.DataFrame(sorted(edges), columns=["pre", "post"], dtype="int64")
    connections["weight"] = connections["size_sum"] = np.ones(len(edges), dtype=np.int64)
    every = mappings(range(1, 8), edges, pairs, size, induced=induced, distinct=distinct)
    found = _compiled(
        _in_memory(nodes, connections), program(pairs), Rules(unique, induced, distinct)
    )
    expected = len(_orbits(every, pairs, size)) if unique else len(every)
    assert found.count() == len(found.matches()) == expected


def _orbits(every: list[tuple[int, ...]], pairs: Any, size: int) -> set[Any]:
    """Equivalent mappings: the same roles up to permuting nodes that keeps all connections."""
    from itertools import permutations

    keep = [p for p in permutations(range(size)) if {(p[a], p[b]) for a, b in pairs} == set(pairs)]
    return {min(tuple(m[p[i]] for i in range(size)) for p in keep) for m in every}


@pytest.mark.parametrize("method", METHODS)
def test_every_three_node_motif_on_each_engine(put: Callable[..., Any], method: str) -> None:
    neurons, connections = random_graph(8, 0.45, seed=11)
    edges = edge_set(connections)
    with put(neurons, connections) as motifs:
        for size in (2, 3):
            for pairs in connected_motifs(size):
                _check_on_engine(motifs, neurons, edges, pairs, size, method)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_every_four_node_motif_on_each_engine(
    put: Callable[..., Any], method: str, request: pytest.FixtureRequest
) -> None:
    """All 199 motifs, compiled on the embedded engine; fewer of what takes long.

    From Neo4j every fourth: compiled searches differ only in where they read the graph. As Cypher,
    which an engine plans for up to a second each, every eightieth. With CAVEGRAPH_ALL_MOTIFS=1 in
    the environment all of them, in some minutes.
    """
    neurons, connections = random_graph(7, 0.5, seed=13)
    edges = edge_set(connections)
    chosen = connected_motifs(4)
    first = ("ladybug", "neo4j").index(request.node.callspec.params["put"])
    if not os.environ.get("CAVEGRAPH_ALL_MOTIFS"):
        chosen = chosen[40 * first :: 80] if method == "cypher" else chosen[:: 1 + 3 * first]
    with put(neurons, connections) as motifs:
        for pairs in chosen:
            _check_on_engine(motifs, neurons, edges, pairs, 4, method)


def _check_on_engine(
    motifs: Any, neurons: pd.DataFrame, edges: Any, pairs: Any, size: int, method: str
) -> None:
    _check_search(motifs, neurons, edges, pairs, size, method, induced=False)
    found = _check_search(motifs, neurons, edges, pairs, size, method, induced=True)
    assert motifs.count(program(pairs), induced=True, method=method) == found


def _check_search(
    motifs: Any,
    neurons: pd.DataFrame,
    edges: Any,
    pairs: Any,
    size: int,
    method: str,
    *,
    induced: bool,
) -> int:
    every = mappings(neurons["root_id"], edges, pairs, size, induced=induced)
    frame = motifs.search(program(pairs), induced=induced, method=method)
    found = _tuples(frame, size)
    assert len(found) == len(subgraphs(every, pairs)), (pairs, induced)
    assert subgraphs(found, pairs) == subgraphs(every, pairs)
    return len(found)


@pytest.mark.parametrize("method", METHODS)
def test_mappings_with_repeats_on_each_engine(put: Callable[..., Any], method: str) -> None:
    """Every mapping, and neurons that may stand for several nodes."""
    neurons, connections = random_graph(7, 0.5, seed=14)
    ids, edges = neurons["root_id"], edge_set(connections)
    bifan, fan = ((0, 2), (0, 3), (1, 2), (1, 3)), ((0, 3), (1, 3), (2, 3))
    loops = ((0, 1), (1, 2), (2, 0)), ((0, 1), (1, 2), (2, 3), (3, 0))
    with put(neurons, connections) as motifs:
        for pairs in (bifan, fan, *loops):
            size, text = 1 + max(map(max, pairs)), program(pairs)
            every = mappings(ids, edges, pairs, size)
            frame = motifs.search(text, unique=False, method=method)
            assert sorted(_tuples(frame, size)) == every
            loose = mappings(ids, edges, pairs, size, distinct=False)
            assert motifs.count(text, distinct=False, unique=False, method=method) == len(loose)
            once = len(_orbits(loose, pairs, size))
            assert motifs.count(text, distinct=False, method=method) == once


# --- results ------------------------------------------------------------------------------


def test_auto_asks_the_database_for_named_neurons_and_then_stays_in_memory(
    put: Callable[..., Any],
) -> None:
    neurons, connections = random_graph(6, 0.6, seed=1)
    first = int(connections["pre"].iloc[0])
    with put(neurons, connections) as motifs:
        assert motifs.search(f"A -> B\nA.root_id = {first}").attrs["method"] == "cypher"
        assert motifs.search("A -> B").attrs["method"] == "compiled"
        assert motifs.search(f"A -> B\nA.root_id = {first}").attrs["method"] == "compiled"
    with put(neurons, connections, memory_bytes=0) as motifs:
        assert motifs.search("A -> B").attrs["method"] == "cypher"


def test_parts_that_do_not_touch(put: Callable[..., Any]) -> None:
    neurons, connections = random_graph(6, 0.3, seed=4)
    edges, pairs = edge_set(connections), [(0, 1), (2, 3)]
    every = mappings(neurons["root_id"], edges, pairs, 4)
    with put(neurons, connections) as motifs:
        for method in METHODS:
            assert motifs.count("A -> B\nC -> D", method=method) == len(every) // 2
            assert motifs.count("A -> B\nC -> D", unique=False, method=method) == len(every)


@pytest.mark.parametrize("method", METHODS)
def test_nodes_that_stand_only_where_a_connection_must_not_exist(
    put: Callable[..., Any], method: str
) -> None:
    """A limit or a selection bounds them; without either they would be any neuron."""
    neurons, connections = random_graph(7, 0.4, seed=6)
    ids, edges = neurons["root_id"], edge_set(connections)
    fields = neurons.set_index("root_id")
    cycle = [(0, 1), (1, 2), (2, 0)]
    text = program([], cycle)
    with put(neurons, connections) as motifs:
        for ask in (motifs.search, motifs.count):
            with pytest.raises(MotifError, match=r"'A' occurs only in") as error:
                ask(text, method=method)
            assert "limit=100" in str(error.value)
            assert "line 1:" in str(error.value)
        every = mappings(ids, edges, [], 3, absent=cycle)
        some = motifs.search(text, limit=4, unique=False, method=method)
        assert len(some) == 4
        assert set(_tuples(some, 3)) <= set(every)
        everything = motifs.search(text, limit=10**6, unique=False, method=method)
        assert sorted(_tuples(everything, 3)) == every

        left = set(fields.index[fields["side"] == "left"])
        chosen = [m for m in every if set(m) <= left]
        selected = text + "".join(f"\n{node}.side = left" for node in "ABC")
        assert len(chosen) > 0
        assert motifs.count(selected, unique=False, method=method) == len(chosen)
        frame = motifs.search(selected, unique=False, method=method)
        assert sorted(_tuples(frame, 3)) == chosen
        tail = motifs.search("A -> B\nC !> B", limit=10**6, unique=False, method=method)
        assert sorted(_tuples(tail, 3)) == mappings(ids, edges, [(0, 1)], 3, absent=[(2, 1)])


# --- errors -------------------------------------------------------------------------------


def test_too_many_matches_are_refused(put: Callable[..., Any]) -> None:
    neurons, connections = random_graph(12, 0.9, seed=2)
    with put(neurons, connections, max_matches=100) as motifs:
        for method in METHODS:
            with pytest.raises(MotifError, match=r"it has .* matches") as error:
                motifs.search("A -> B\nB -> C\nC -> D", method=method)
            assert "limit=" in str(error.value)
            assert len(motifs.search("A -> B\nB -> C\nC -> D", limit=100, method=method)) == 100
        with pytest.raises(MotifError, match=r"line \d.*grows most at"):
            motifs.search("A -> B\nB -> C\nC -> D", method="compiled")


def _dense(size: int) -> MemoryGraph:
    ids = np.arange(1, size + 1)
    pre, post = (part.ravel() for part in np.meshgrid(ids, ids))
    apart = pre != post
    weights = pa.array(np.ones(int(apart.sum()), dtype=np.int64))
    return memory_graph(ids, pre[apart], post[apart], {"weight": weights}, lambda *_: None)


CLIQUE = "\n".join(f"n{a} -> n{b}" for a in range(9) for b in range(9) if a < b)


def test_an_endless_count_is_refused_or_timed_out(put: Callable[..., Any]) -> None:
    graph = _dense(150)
    neurons, connections = random_graph(3, 0.5, seed=3)
    with put(neurons, connections) as motifs:
        motifs.count("A -> B; A.size > 0")
        motifs._graphs[False, False] = graph
        with pytest.raises(MotifError, match=r"line .*would look at about"):
            motifs.count(CLIQUE)
        with pytest.raises(QueryTimeoutError, match=r"0\.3 s"):
            motifs.count(CLIQUE, timeout=0.3)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_stops_the_threads() -> None:
    import _thread

    search = _compiled(_dense(150), CLIQUE, Rules())
    _compiled(_dense(4), "A -> B", Rules()).count()
    before = set(threading.enumerate())  # a server of another test may still be up
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        search.count(Stop(60))
    assert not [t for t in set(threading.enumerate()) - before if t.name.startswith("cavegraph")]


# --- real graphs --------------------------------------------------------------------------

DATA = Path(__file__).parents[3] / "shared" / "data"


def _real(name: str) -> pd.DataFrame:
    """Connections of a real connectome without autapses, ids from 1 up."""
    if not DATA.is_dir():
        pytest.skip("the shared data are not here")
    if name == "pinky":
        rows = pd.read_parquet(DATA / "microns_pinky100_v185" / "synapses.parquet")
        frame = rows.groupby(["pre_pt_root_id", "post_pt_root_id"]).size().reset_index()
    elif name == "worm":
        frame = pd.read_parquet(DATA / "celegans_cook2019" / "hermaphrodite_edges.parquet")
        frame = frame[frame["weight"] > 0][["pre", "post", "weight"]].drop_duplicates(
            ["pre", "post"]
        )
    else:
        frame = pd.read_parquet(DATA / "larva_winding2023" / "edges.parquet")
        frame = frame[["pre", "post", "weight"]]
    frame.columns = pd.Index(["pre", "post", "weight"])
    frame = frame[frame["pre"] != frame["post"]]
    names = sorted(set(frame["pre"]) | set(frame["post"]))
    number = {one: i for i, one in enumerate(names, 1)}
    return frame.assign(pre=frame["pre"].map(number), post=frame["post"].map(number)).astype(
        "int64"
    )


def _graph_of(edges: pd.DataFrame) -> MemoryGraph:
    ids = np.unique(edges[["pre", "post"]].to_numpy())
    weights = {"weight": pa.array(edges["weight"])}
    pre, post = edges["pre"].to_numpy(), edges["post"].to_numpy()
    return memory_graph(ids, pre, post, weights, lambda *_: None)


@pytest.mark.parametrize("name", ["worm", "pinky", "larva"])
def test_real_three_cycles(name: str) -> None:
    """By walking every two-step path in plain Python."""
    edges = _real(name)
    targets: dict[int, set[int]] = {}
    for pre, post in edges[["pre", "post"]].itertuples(index=False):
        targets.setdefault(pre, set()).add(post)
    cycles, alone = 0, 0
    for a, nexts in targets.items():
        for b in nexts:
            for c in targets.get(b, ()):
                if a in targets.get(c, ()):
                    cycles += 1
                    answered = a in targets.get(b, ()) or b in targets[c] or c in nexts
                    alone += not answered
    graph = _graph_of(edges)
    text = "A -> B; B -> C; C -> A"
    assert _compiled(graph, text, Rules()).count() * 3 == cycles
    assert _compiled(graph, text, Rules(induced=True)).count() * 3 == alone
    assert _compiled(graph, text, Rules(unique=False)).count() == cycles
    assert cycles > 0


def test_larva_against_sparse_products() -> None:
    import scipy.sparse as sp

    edges = _real("larva")
    graph = _graph_of(edges)
    n = int(edges[["pre", "post"]].to_numpy().max()) + 1
    matrix = sp.csr_array((np.ones(len(edges), np.int64), (edges["pre"], edges["post"])), (n, n))
    square = matrix @ matrix
    count = lambda text, **rules: _compiled(graph, text, Rules(**rules)).count()  # noqa: E731
    assert count("A -> B; B -> C; C -> A") == 257_970
    assert count("A -> B; B -> C; A -> C") == int((square * matrix).sum())
    assert count("A -> B; B -> A") == int((matrix * matrix.T).sum()) // 2
    assert count("A -> B; B -> C; C -> A", induced=True) == 20_809  # class 030C of the census
    assert count("A -> B; B -> C; A -> C", induced=True) == 287_705  # class 030T
