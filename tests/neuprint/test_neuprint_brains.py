"""neuprint-python on whole brains: equal to plain pandas, and to the calls of graphapi."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from neuprint_client import as_default, client_of

import graphapi
import neuprint
from neuprint import NeuronCriteria
from support.connectomes import DATA, real_edges
from support.graphs import build_graph


@dataclass(frozen=True)
class Brain:
    """A served graph, and the frames that it was made of.

    Attributes
    ----------
    edges
        `pre`, `post`, `weight`, without autapses.
    cells
        By root id: `type`, and `traced`.
    """

    client: neuprint.Client
    graph: graphapi.Connectome
    edges: pd.DataFrame
    cells: pd.DataFrame

    def of(self, **asked: object) -> NeuronCriteria:
        return NeuronCriteria(client=self.client, **asked)

    def ids(self, kind: str) -> list[int]:
        return sorted(self.cells.index[self.cells["type"] == kind])

    def most(self, number: int) -> list[str]:
        """The types with the most neurons."""
        return self.cells["type"].value_counts().index[:number].tolist()


def demo_frames(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The demo's annotated central complex at version 3, and the connections in it."""
    rows = pd.read_parquet(folder / "tables" / "synapses_v2" / "v3.parquet")
    rows = rows.rename(columns={"pre_pt_root_id": "pre", "post_pt_root_id": "post"})
    annotated = pd.read_parquet(folder / "annotations.parquet").dropna(subset=["cell_type"])
    annotated = annotated[annotated["cell_class"].str.match("E|FB|PB")]
    cells = annotated.assign(root_id=annotated["root_id"].astype("int64"))
    cells = cells.drop_duplicates("root_id")[["root_id", "cell_type", "proofread"]]
    kept = rows[rows["pre"].isin(cells["root_id"]) & rows["post"].isin(cells["root_id"])]
    edges = kept[kept["pre"] != kept["post"]].groupby(["pre", "post"], as_index=False).size()
    return edges.rename(columns={"size": "weight"}), cells


def larva_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    edges = real_edges("larva")
    neurons = pd.read_parquet(DATA / "larva_winding2023" / "neurons.parquet")
    cells = neurons[["neuron_id", "cell_class"]].set_axis(["root_id", "cell_type"], axis=1)
    edges = edges[edges["pre"] != edges["post"]]
    return edges, cells.assign(proofread=cells["root_id"] % 3 == 0)


@pytest.fixture(
    scope="module",
    params=["larva", "demo", pytest.param("demo on Neo4j", marks=[pytest.mark.neo4j])],
)
def brain(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    certificate: tuple[Path, Path],
) -> Iterator[Brain]:
    is_demo = request.param.startswith("demo")
    folder = request.getfixturevalue("demo_datastack") if is_demo else None
    edges, cells = larva_frames() if folder is None else demo_frames(folder)
    to = None
    with pytest.MonkeyPatch.context() as patch:
        if "Neo4j" in request.param:
            server = request.getfixturevalue("neo4j_server")
            server.empty()
            patch.setenv("CAVEGRAPH_NEO4J_USER", server.user)
            patch.setenv("CAVEGRAPH_NEO4J_PASSWORD", server.password)
            to = server.uri
        place = build_graph(tmp_path_factory.mktemp("brain"), edges, cells, to=to)
        opened = graphapi.Connectome.open(place)
    known = cells.set_index("root_id").reindex(
        sorted({*cells["root_id"], *edges["pre"], *edges["post"]})
    )
    known = known.rename(columns={"cell_type": "type"})
    known["traced"] = known.pop("proofread").eq(True)
    with opened, client_of(opened, certificate) as client:
        yield Brain(client, opened, edges, known)


def sums(frame: pd.DataFrame, pre: str, post: str) -> dict[tuple[int, int], int]:
    return {pair: int(w) for pair, w in frame.groupby([pre, post])["weight"].sum().items()}


def theirs(frame: pd.DataFrame) -> dict[tuple[int, int], int]:
    return sums(frame, "bodyId_pre", "bodyId_post")


def test_neurons_and_their_counts(brain: Brain) -> None:
    kind = brain.most(1)[0]
    found = neuprint.fetch_neurons(brain.of(type=kind), omit_rois=True, client=brain.client)
    out, into = (brain.edges.groupby(end)["weight"].sum() for end in ("pre", "post"))
    assert found["bodyId"].tolist() == brain.ids(kind)
    assert found["pre"].tolist() == [out.get(one, 0) for one in found["bodyId"]]
    assert found["post"].tolist() == [into.get(one, 0) for one in found["bodyId"]]
    traced = brain.cells["traced"]
    assert found["status"].tolist() == ["Traced" if traced[n] else None for n in found["bodyId"]]
    ours = brain.graph.get_synapse_counts(found["bodyId"].tolist())
    assert ours["output_synapses"].tolist() == found["pre"].tolist()
    chosen = brain.graph.get_neurons(brain.graph.criteria(cell_type=kind))
    assert sorted(chosen["root_id"]) == found["bodyId"].tolist()


def test_neurons_by_regular_expression_and_status(brain: Brain) -> None:
    first = brain.most(1)[0][:2]
    asked = brain.of(type=f"{first}.*", regex=True, status="Traced")
    found = neuprint.fetch_neurons(asked, omit_rois=True, client=brain.client)
    cells = brain.cells
    wanted = cells[cells["type"].str.startswith(first, na=False) & cells["traced"]]
    assert found["bodyId"].tolist() == sorted(wanted.index)
    assert found["type"].tolist() == wanted["type"].sort_index().tolist()
    untraced = neuprint.fetch_neurons(brain.of(status=[None]), omit_rois=True, client=brain.client)
    assert untraced["bodyId"].tolist() == sorted(cells.index[~cells["traced"]])
    assert len(wanted) > 3
    assert len(untraced) > 3


def test_connections_between_types(brain: Brain) -> None:
    a, b = brain.most(2)
    neurons, found = neuprint.fetch_adjacencies(
        brain.of(type=a), brain.of(type=b), min_total_weight=2, client=brain.client
    )
    edges = brain.edges[brain.edges["pre"].isin(brain.ids(a))]
    edges = edges[edges["post"].isin(brain.ids(b)) & (edges["weight"] >= 2)]
    assert theirs(found) == sums(edges, "pre", "post")
    ours = brain.graph.get_adjacency(brain.ids(a), brain.ids(b), 2, form="arrow").to_pandas()
    assert theirs(found) == sums(ours, "pre", "post")
    kinds = brain.cells["type"]
    assert neurons["type"].tolist() == [kinds[one] for one in neurons["bodyId"]]


def test_all_connections_of_traced_neurons(brain: Brain) -> None:
    _, found = neuprint.fetch_traced_adjacencies(client=brain.client)
    traced = brain.cells.index[brain.cells["traced"]]
    edges = brain.edges[brain.edges["pre"].isin(traced) & brain.edges["post"].isin(traced)]
    assert len(edges) > 1000
    assert theirs(found) == sums(edges, "pre", "post")


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_common_partners(brain: Brain, direction: str) -> None:
    near, far = ("post", "pre") if direction == "upstream" else ("pre", "post")
    pair = brain.edges.groupby(near)["weight"].sum().nlargest(2).index.tolist()
    found = neuprint.fetch_common_connectivity(pair, direction, 2, client=brain.client)
    edges = brain.edges[brain.edges[near].isin(pair) & (brain.edges["weight"] >= 2)]
    shared = edges.groupby(far)[near].nunique()
    shared = shared[shared == 2].index
    assert theirs(found) == sums(edges[edges[far].isin(shared)], "pre", "post")
    ours = brain.graph.get_common_partners(pair, direction, threshold=2)
    assert set(found[f"bodyId_{far}"]) == set(shared) == set(ours["partner"])


def test_paths(brain: Brain) -> None:
    """From a neuron to one two strong steps away, by all ways and by the shortest."""
    strong = brain.edges[brain.edges["weight"] >= 5]
    drawn = nx.from_pandas_edgelist(strong, "pre", "post", create_using=nx.DiGraph)
    source = strong["pre"].value_counts().index[0]
    away = nx.single_source_shortest_path_length(drawn, source, 2)
    target = max(one for one, hops in away.items() if hops == 2)
    everyone = brain.of(status=["Traced", None])
    found = neuprint.fetch_shortest_paths(source, target, 5, everyone, 30, client=brain.client)
    wanted = sorted(map(tuple, nx.all_shortest_paths(drawn, source, target)))
    assert sorted(tuple(part["bodyId"]) for _, part in found.groupby("path")) == wanted
    found = neuprint.fetch_paths(
        source, target, 5, everyone, 30, max_path_length=2, client=brain.client
    )
    assert sorted(tuple(part["bodyId"]) for _, part in found.groupby("path")) == wanted
    ours = brain.graph.get_shortest_paths(source, target, threshold=5)
    assert sorted(tuple(path) for path in ours["root_ids"]) == wanted


def test_simple_connections_and_own_cypher(brain: Brain) -> None:
    kind = brain.most(1)[0]
    found = neuprint.fetch_simple_connections(None, brain.ids(kind), min_weight=4,
                                              client=brain.client)  # fmt: skip
    edges = brain.edges[brain.edges["post"].isin(brain.ids(kind)) & (brain.edges["weight"] >= 4)]
    assert theirs(found) == sums(edges, "pre", "post")
    ours = brain.graph.get_connectivity(brain.ids(kind), upstream=True, downstream=False,
                                        threshold=4)  # fmt: skip
    assert theirs(found) == sums(ours, "pre", "post")
    found = neuprint.fetch_custom(
        "MATCH (n:Neuron)-[c:ConnectsTo]->(m:Neuron) WHERE c.weight >= 4 "
        f"AND m.type = {kind!r} RETURN n.type AS type, sum(c.weight) AS weight ORDER BY type",
        client=brain.client,
    )
    by_type = edges.assign(type=edges["pre"].map(brain.cells["type"]))
    wanted = by_type.groupby("type", dropna=False)["weight"].sum()
    told = zip(found["type"], found["weight"], strict=True)
    assert {(t if isinstance(t, str) else None): w for t, w in told} == {
        (t if isinstance(t, str) else None): w for t, w in wanted.items()
    }


def test_output_completeness(brain: Brain) -> None:
    root = brain.edges.groupby("pre")["weight"].sum().nlargest(1).index.tolist()
    edges = brain.edges[brain.edges["pre"].isin(root)]
    untraced = edges[~edges["post"].map(brain.cells["traced"])]
    with as_default(brain.client):
        found = neuprint.fetch_output_completeness(root, client=brain.client)
    assert found["total_weight"].tolist() == [edges["weight"].sum()]
    assert found["untraced_weight"].tolist() == [untraced["weight"].sum()]
