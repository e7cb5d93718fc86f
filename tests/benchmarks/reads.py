"""Questions: the same to us, to the bare engines, and to tables and matrices."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

import graphapi

from .bare import BareLadybug, BareNeo4j
from .measure import alternating, forget, peak_bytes, say
from .rivals import InDuckDB, InPandas, InScipy

if TYPE_CHECKING:
    from pathlib import Path

    from neo4j_server.process import LocalServer

    from .places import Run

Calls = dict[str, Callable[[], object]]
_TWO_HOPS = (
    "MATCH (a:Neuron)-[:CONNECTS]->(:Neuron)-[:CONNECTS]->(c:Neuron) WHERE a.root_id = $id "
    "RETURN count(DISTINCT c.root_id) AS n"
)
AT_HAND = "cavegraph, matrix at hand"
#: Question by name: how often it is asked.
QUESTIONS = {
    "connectivity of 1": 40,
    "connectivity of 10": 20,
    "connectivity of 1,000": 5,
    "adjacency 333 x 333": 10,
    "adjacency 5,000 x 5,000": 3,
    "counts of 1,000": 10,
    "two hops from 1": 10,
    "type matrix of the whole brain": 3,
}


class Sample:
    """Neurons that are asked about, drawn from a seed; each question has its own."""

    def __init__(self, roots: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        self._roots, self._rng = roots, np.random.default_rng(11)

    def draw(self, number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.sort(self._rng.choice(self._roots, min(number, len(self._roots)), replace=False))


class Ours:
    """The calls of this project; every result is what a user gets."""

    def __init__(self, connectome: graphapi.Connectome) -> None:
        self.of = connectome

    def connectivity(self, ids: Any) -> object:
        return self.of.get_connectivity(ids)

    def adjacency(self, pre: Any, post: Any) -> object:
        return self.of.get_adjacency(pre, post)

    def counts(self, ids: Any) -> object:
        return self.of.get_synapse_counts(ids)

    def types(self) -> object:
        return self.of.get_type_connectivity("cell_class")

    def two_hops(self, root: int) -> object:
        return self.of.cypher(_TWO_HOPS, {"id": root})


def embedded(run: Run) -> dict[str, Any]:
    """Ask the graph file, with and without the whole-graph matrix, and rivals without a server."""
    brain = run.brain()
    say("reading all connections into memory, for the matrix, pandas and scipy")
    pandas = InPandas(brain)
    with_matrix = graphapi.Connectome.open(run.graph())
    # none on disk: what is asked of the graph must not find it there
    with mock.patch.dict(os.environ, CAVEGRAPH_MATRIX_CACHE="0"):
        with_matrix.whole.matrix()
        systems: dict[str, Any] = {
            "cavegraph": Ours(graphapi.Connectome.open(run.graph())),
            AT_HAND: Ours(with_matrix),
            "bare LadybugDB": BareLadybug(run.graph()),
            "pandas in memory": pandas,
            "DuckDB over Parquet": InDuckDB(brain),
            "scipy CSR in memory": InScipy(brain, pandas.edges),
        }
        found = _ask_all(systems, pandas.neurons["root_id"].to_numpy())
    return {**found, "peak": peak_bytes()}


def neo4j(run: Run) -> dict[str, Any]:
    """Ask the server that the import has filled."""
    with run.running_server() as server:
        opened = _open(server)
        roots = opened.root_ids()
        systems = {
            "cavegraph": Ours(opened),
            "plain driver": BareNeo4j(server.uri, server.user, server.password),
        }
        busy = readers(lambda: _open(server), roots)
        asked = tuple(name for name in QUESTIONS if not name.startswith("type matrix"))
        found = {**_ask_all(systems, roots, asked), "growth of readers": busy}
        opened.close()
        return found


def cold(path: Path) -> dict[str, float]:
    """Time the first question of a new process to a file that is not in the system's cache."""
    import time

    forget(path)
    start = time.perf_counter()
    with graphapi.Connectome.open(path) as opened:
        ready = time.perf_counter()
        root = int(opened.engine.run_text("MATCH (n:Neuron) RETURN n.root_id AS i LIMIT 1")["i"][0])
        before = time.perf_counter()
        opened.get_connectivity(root)
        return {"open": ready - start, "first connectivity": time.perf_counter() - before}


def growth(run: Run) -> dict[str, Any]:
    """Ask graphs of several sizes the same questions."""
    found = {}
    for size in run.sizes:
        with graphapi.Connectome.open(run.graph(size)) as opened:
            roots = opened.root_ids()
            asked = ("connectivity of 1", "adjacency 333 x 333", "counts of 1,000")
            found[str(size)] = {
                **_ask_all({"cavegraph": Ours(opened)}, roots, asked),
                "type matrix": alternating({"cavegraph": Ours(opened).types}, rounds=3)[
                    "cavegraph"
                ],
            }
    return found


def readers(
    connect: Callable[[], graphapi.Connectome],
    roots: np.ndarray[tuple[int], np.dtype[np.int64]],
    seconds: float = 6.0,
) -> dict[str, Any]:
    """Ask for connectivity of one neuron again and again, from 1, 4 and 16 threads."""
    import statistics
    import time
    from concurrent.futures import ThreadPoolExecutor

    found = {}
    with connect() as opened:
        opened.get_connectivity(roots[:50])  # the server's first plan is not what is measured
        for number in (1, 4, 16):
            end = time.perf_counter() + seconds

            def ask(seed: int, end: float = end) -> list[float]:
                rng, times = np.random.default_rng(seed), []
                while (start := time.perf_counter()) < end:
                    opened.get_connectivity(int(rng.choice(roots)))
                    times.append(time.perf_counter() - start)
                return times

            with ThreadPoolExecutor(number) as pool:
                times = [t for part in pool.map(ask, range(number)) for t in part]
            found[str(number)] = {
                "a_second": len(times) / seconds,
                "median": statistics.median(times),
                "slowest of 100": sorted(times)[int(0.99 * (len(times) - 1))],
            }
    return found


def _open(server: LocalServer) -> graphapi.Connectome:
    return graphapi.Connectome.open(server.uri, user=server.user, password=server.password)


def _ask_all(
    systems: dict[str, Any], roots: Any, asked: tuple[str, ...] = tuple(QUESTIONS)
) -> dict[str, Any]:
    sample = Sample(roots)
    found = {}
    for question in asked:
        say(question)
        found[question] = alternating(_calls(question, systems, sample), rounds=QUESTIONS[question])
    return found


def _calls(question: str, systems: dict[str, Any], sample: Sample) -> Calls:
    """Give each system the same questions in the same order, other neurons every time."""
    kind = question.split(" ", maxsplit=1)[0]
    if kind == "type":
        return {name: system.types for name, system in systems.items()}
    number = int(question.rsplit(" ", maxsplit=1)[-1].replace(",", ""))
    drawn = [(sample.draw(number), sample.draw(number)) for _ in range(8)]
    methods = {
        "two": lambda system: lambda pre, _: system.two_hops(int(pre[0])),
        "adjacency": lambda system: system.adjacency,
        "connectivity": lambda system: lambda ids, _: system.connectivity(ids),
        "counts": lambda system: lambda ids, _: system.counts(ids),
    }
    return {name: _one_by_one(methods[kind](system), drawn) for name, system in systems.items()}


def _one_by_one(
    ask: Callable[..., object], drawn: Sequence[tuple[Any, Any]]
) -> Callable[[], object]:
    arguments = itertools.cycle(drawn)
    return lambda: ask(*next(arguments))
