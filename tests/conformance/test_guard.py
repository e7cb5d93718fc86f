"""One door: whatever reads the graph keeps the limit of `open`, and stops when it is replaced."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import direct
import matplotlib as mpl
import pandas as pd
import pyarrow as pa
import pytest
from toy import ANNOTATIONS, BASE, ROWS, ids

import graphapi
from graphapi.errors import GraphIncompleteError, QueryTimeoutError
from graphapi.graph.soundfiles import remember
from graphapi.motifs.analysis import MotifAnalysis

mpl.use("Agg")

CLASSES = {"by": "cell_class"}
CYCLE = "A -> B; B -> C; C -> A"
PINNED = f"A -> B; A.root_id = {BASE + 1}"

#: By name of the method: one question, or several ways that it is answered.
QUESTIONS: dict[str, list[Callable[[Any], Any]]] = {
    "criteria": [
        lambda c: c.criteria(cell_class="ER").get_roots(),
        lambda c: c.criteria(in_synapses=graphapi.AtLeast(1)).get_roots(),
    ],
    "cypher": [lambda c: c.cypher("MATCH (n:Neuron) RETURN count(n) AS n")],
    "root_ids": [lambda c: c.root_ids()],
    "run": [lambda c: c.run(graphapi.engines.queries.catalog()["all_neurons"])],
    "run_together": [
        lambda c: c.run_together([(graphapi.engines.queries.catalog()["all_neurons"], None)])
    ],
    "check_unchanged": [lambda c: c.check_unchanged()],
    "add_properties": [
        lambda c: c.add_properties(pd.DataFrame({"pre": ids(1), "post": ids(2)}), "cell_class")
    ],
    "get_annotations": [lambda c: c.get_annotations(ids(1, 4))],
    "get_field_values": [
        lambda c: c.get_field_values("cell_class"),
        lambda c: c.get_field_values("in_synapses"),
    ],
    "get_neurons": [lambda c: c.get_neurons(ids(1, 4))],
    "get_connectivity": [
        lambda c: c.get_connectivity(ids(1)),
        lambda c: c.get_connectivity(ids(1, 2), upstream=False),
    ],
    "get_adjacency": [
        lambda c: c.get_adjacency(ids(1), ids(2)),
        lambda c: c.get_adjacency(post_ids=ids(2)),
    ],
    "get_synapse_counts": [
        lambda c: c.get_synapse_counts(ids(1)),
        lambda c: c.get_synapse_counts(ids(1), threshold=2),
    ],
    "get_partners": [
        lambda c: c.get_partners(ids(1)),
        lambda c: c.get_partners(ids(1), partner_ids=ids(2), properties="cell_class"),
    ],
    "get_partner_groups": [lambda c: c.get_partner_groups(ids(1), ["cell_class"])],
    "compare_sides": [lambda c: c.compare_sides(ids(1, 2), side="cell_class")],
    "get_common_partners": [lambda c: c.get_common_partners(ids(1, 9))],
    "get_similarity": [lambda c: c.get_similarity(ids(1, 9))],
    "get_type_connectivity": [
        lambda c: c.get_type_connectivity(),
        lambda c: c.get_type_connectivity(pre_ids=ids(1)),
    ],
    "get_influence": [lambda c: c.get_influence(ids(1), threshold=1)],
    "get_effective_connectivity": [
        lambda c: c.get_effective_connectivity(ids(1), ids(4), hops=2),
        lambda c: c.get_effective_connectivity(ids(1), ids(4), hops=2, by="cell_class"),
    ],
    "plot_influence": [lambda c: c.plot_influence(ids(1), threshold=1, by="cell_class")],
    "plot_contributing_paths": [lambda c: c.plot_contributing_paths(ids(1), ids(4), hops=2)],
    "get_contributing_paths": [lambda c: c.get_contributing_paths(ids(1), ids(4), hops=2)],
    "get_paths": [lambda c: c.get_paths(ids(1), ids(4))],
    "get_shortest_paths": [lambda c: c.get_shortest_paths(ids(1), ids(4))],
    "get_strongest_paths": [lambda c: c.get_strongest_paths(ids(1), ids(4))],
    "get_subgraph": [lambda c: c.get_subgraph(ids(1), 1)],
    "iter_connections": [lambda c: list(c.iter_connections())],
    "to_networkx": [lambda c: c.to_networkx()],
    "to_sparse": [lambda c: c.to_sparse()],
    "to_matrix": [lambda c: c.to_matrix()],
    "get_class_colors": [lambda c: c.get_class_colors()],
    "plot_adjacency": [lambda c: c.plot_adjacency(ids(1), ids(2, 3))],
    "plot_connectivity": [lambda c: c.plot_connectivity(ids(1), 1)],
    "plot_partner_classes": [lambda c: c.plot_partner_classes(ids(1))],
    "plot_synapse_counts": [lambda c: c.plot_synapse_counts(ids(1))],
    "view_subgraph": [lambda c: c.view_subgraph(ids(1), 1)],
    "motifs.search": [
        lambda c: c.motifs.search(CYCLE, method="compiled"),
        lambda c: c.motifs.search(CYCLE, method="cypher"),
        lambda c: c.motifs.search(PINNED, annotate=["cell_class"]),
        lambda c: c.motifs.search(CYCLE),
    ],
    "motifs.count": [
        lambda c: c.motifs.count(CYCLE, method="compiled"),
        lambda c: c.motifs.count(CYCLE, method="cypher"),
        lambda c: c.motifs.count(CYCLE, induced=True),
    ],
    "motifs.significance": [
        lambda c: c.motifs.significance(nulls=2),
        lambda c: c.motifs.significance({"cycle": CYCLE}, nulls=2),
    ],
    "motifs.census": [lambda c: c.motifs.census()],
    "motifs.participation": [lambda c: c.motifs.participation()],
    "motifs.roles": [lambda c: c.motifs.roles(), lambda c: c.motifs.roles("cell_class")],
    "motifs.labelled_census": [lambda c: c.motifs.labelled_census("cell_class")],
    "motifs.labels": [lambda c: c.motifs.labels("cell_class")],
    "motifs.weights": [lambda c: c.motifs.weights()],
    "motifs.graph": [lambda c: c.motifs.graph(), lambda c: c.motifs.graph(1, ids(1, 2))],
    "motifs.statistics": [lambda c: c.motifs.statistics()],
    "motifs.path_lengths": [lambda c: c.motifs.path_lengths()],
    "motifs.degrees": [lambda c: c.motifs.degrees()],
    "motifs.degree_distribution": [lambda c: c.motifs.degree_distribution()],
    "motifs.hubs": [lambda c: c.motifs.hubs(2), lambda c: c.motifs.hubs(2, **CLASSES)],
    "motifs.null_model": [lambda c: c.motifs.null_model("block", **CLASSES)],
    "motifs.null_graph": [lambda c: c.motifs.null_graph()],
    "motifs.rich_club": [lambda c: c.motifs.rich_club(0)],
    "motifs.compare": [lambda c: c.motifs.compare({"n": lambda graph: {"n": graph.n}}, nulls=2)],
}
#: Methods that read nothing from the graph, or nothing but what others above read.
NOT_ASKED = {
    "close": "closes it",
    "open": "opens it; the limit is checked with every question",
    "require_cave": "asks nothing yet",
    "get_cave_client": "CAVE's",
    "get_synapses": "CAVE's rows; the ids are read as for get_connectivity",
    "plot_synapse_sizes": "draws get_synapses",
    "plot_synapses_in_em": "draws get_synapses",
    "plot_em_image": "images",
    "plot_segmentation_image": "images",
    "get_meshes": "meshes; the ids are read as for get_connectivity",
    "get_skeletons": "skeletons; the ids are read as for get_connectivity",
    "get_brain_mesh_scene": "draws get_meshes",
    "to_navis": "get_meshes",
    "neuroglancer_link": "an address; the ids are read as for get_connectivity",
    "plot_region_types": "needs a graph with regions; it draws get_type_connectivity",
    "get_regions": "needs a graph with regions; its queries go through run, as all do",
    "get_signs": "made of root_ids and a property, read as for criteria",
    "to_igraph": "made of to_networkx",
    "to_graphml": "made of to_networkx",
    "to_parquet": "made of run and iter_connections",
    "report": "made of motifs.graph and motifs.labels",
    "motifs.to_cypher": "text alone",
}


class Watched:
    """An engine that notes the time limit of each query, and can say that it was replaced."""

    def __init__(self, engine: Any, *, keeps_limits: bool = True) -> None:
        self._engine = engine
        self._keeps_limits = keeps_limits
        self.name = engine.name
        self.uri = "bolt://watched"
        self.limits: list[float | None] = []
        self.replaced = False

    def run(self, query: Any, params: Any = None, *, timeout: float | None = None) -> pa.Table:
        return self.run_together([(query, params)], timeout=timeout)[0]

    def run_together(self, asked: Any, *, timeout: float | None = None) -> list[pa.Table]:
        self.limits.append(timeout)
        kept = timeout if self._keeps_limits else None
        answers = self._engine.run_together(asked, timeout=kept)
        return [
            answer.slice(0, 0) if self.replaced and query.name == "materialization" else answer
            for (query, _), answer in zip(asked, answers, strict=True)
        ]

    def run_text(self, text: str, params: Any = None, *, timeout: float | None = None) -> pa.Table:
        self.limits.append(timeout)
        return self._engine.run_text(text, params, timeout=timeout)


def public_methods(kind: type, prefix: str = "") -> set[str]:
    return {
        prefix + name
        for name in dir(kind)
        if not name.startswith("_") and callable(getattr(kind, name))
    }


def test_every_method_is_asked_or_has_a_reason_not_to_be() -> None:
    known = public_methods(graphapi.Connectome) | public_methods(MotifAnalysis, "motifs.")
    assert QUESTIONS.keys() & NOT_ASKED.keys() == set()
    assert known == QUESTIONS.keys() | NOT_ASKED.keys()


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_the_limit_of_open_reaches_every_query(toy: graphapi.Connectome, name: str) -> None:
    for ask in QUESTIONS[name]:
        engine = Watched(toy.engine)
        ask(graphapi.Connectome(engine, timeout=900))
        assert len(engine.limits) >= 2
        assert set(engine.limits) == {900}


#: What counts triads, matches, paths or null graphs in memory.
COMPUTED = {
    "search": lambda m, **own: m.search(CYCLE, method="compiled", **own),
    "search, some": lambda m, **own: m.search(CYCLE, limit=1, method="compiled", **own),
    "count": lambda m, **own: m.count(f"{CYCLE}; A.root_id > 0", method="compiled", **own),
    "count by census": lambda m, **own: m.count(CYCLE, method="compiled", **own),
    "count either way": lambda m, **own: m.count("A -> B [weight > 1]", method="compiled", **own),
    "census": lambda m: m.census(),
    "participation": lambda m: m.participation(),
    "roles": lambda m: m.roles(),
    "roles by class": lambda m: m.roles("cell_class"),
    "labelled census": lambda m: m.labelled_census("cell_class"),
    "weights": lambda m: m.weights(),
    "statistics": lambda m: m.statistics(),
    "path lengths": lambda m: m.path_lengths(),
    "null graph": lambda m: m.null_graph(),
    "rich club": lambda m: m.rich_club(40),
    "significance": lambda m: m.significance(nulls=40),
    "significance of motifs": lambda m: m.significance({"cycle": CYCLE}, nulls=40),
    "compare": lambda m: m.compare({"n": lambda graph: {"n": graph.n}}, nulls=40),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_the_limit_of_open_reaches_what_is_computed_in_memory(
    toy: graphapi.Connectome, name: str
) -> None:
    """The database of this test keeps no limit, so only the computation can."""
    hurried = graphapi.Connectome(Watched(toy.engine, keeps_limits=False), timeout=1e-9)
    with pytest.raises(QueryTimeoutError, match=r"stopped after 1e-09 s(.|\n)*timeout="):
        COMPUTED[name](hurried.motifs)
    if "search" in name or "count" in name:  # a limit of its own comes first, either way
        COMPUTED[name](hurried.motifs, timeout=900)
        with pytest.raises(QueryTimeoutError, match=r"stopped after 1e-08 s"):
            COMPUTED[name](graphapi.Connectome(hurried.engine).motifs, timeout=1e-8)
    else:
        COMPUTED[name](graphapi.Connectome(hurried.engine, timeout=900).motifs)


def test_the_limit_of_open_reaches_a_report(toy: graphapi.Connectome, tmp_path: Path) -> None:
    hurried = graphapi.Connectome(Watched(toy.engine, keeps_limits=False), timeout=1e-9)
    with pytest.raises(QueryTimeoutError, match=r"stopped after 1e-09 s"):
        hurried.report(tmp_path, nulls=40)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_a_replaced_graph_answers_nothing(toy: graphapi.Connectome, name: str) -> None:
    """Neither what is asked for the first time, nor what is in memory from the last."""
    for ask in QUESTIONS[name]:
        for asked_before in (False, True):
            engine = Watched(toy.engine)
            connectome = graphapi.Connectome(engine)
            if asked_before:
                ask(connectome)
            engine.replaced = True
            with pytest.raises(GraphIncompleteError, match="replaced since it was opened"):
                ask(connectome)


@pytest.fixture(scope="module")
def graph_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file") / "toy.lbug"
    direct.into_ladybug(path, direct.contents(ROWS, ANNOTATIONS))
    return path


@pytest.mark.parametrize("asked_before", [False, True])
@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_a_replaced_graph_file_answers_nothing(
    graph_file: Path, tmp_path: Path, name: str, asked_before: bool
) -> None:
    """The old file is still open, but a load has put another one in its place."""
    opened, new = tmp_path / "graph.lbug", tmp_path / "new.lbug"
    shutil.copy(graph_file, opened)
    remember(opened)
    with graphapi.Connectome.open(opened) as connectome:
        if asked_before:
            for ask in QUESTIONS[name]:
                ask(connectome)
        shutil.copy(graph_file, new)
        new.replace(opened)
        for ask in QUESTIONS[name]:
            with pytest.raises(GraphIncompleteError, match="replaced since it was opened"):
                ask(connectome)


@pytest.mark.neo4j
def test_motifs_of_a_graph_that_is_replaced_on_a_server(engine_name: str, put: Any) -> None:
    with put(ROWS, ANNOTATIONS) as before:
        ask = before.motifs
        assert ask.count(CYCLE, method="cypher") == ask.count(CYCLE, method="compiled")
        with put(ROWS.iloc[:5], ANNOTATIONS):
            if engine_name == "ladybug":  # a file of its own, and the old one is as it was
                assert ask.count(CYCLE, method="cypher") == ask.count(CYCLE, method="compiled")
                return
            for method in ("cypher", "compiled"):
                with pytest.raises(GraphIncompleteError):
                    ask.search(CYCLE, method=method)
                with pytest.raises(GraphIncompleteError):
                    ask.count(CYCLE, method=method)
            with pytest.raises(GraphIncompleteError):
                ask.census()
