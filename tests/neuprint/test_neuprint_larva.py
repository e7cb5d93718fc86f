"""A whole brain by neuprint-python, against plain pandas and `graphapi`."""

from __future__ import annotations

import pandas as pd
import pytest

import graphapi
import neuprint
from neuprint import NeuronCriteria
from support.connectomes import DATA, need_data, real_edges


@pytest.fixture(scope="module")
def edges() -> pd.DataFrame:
    found = real_edges("larva")
    return found[found["pre"] != found["post"]]


@pytest.fixture(scope="module")
def classes() -> pd.Series:
    need_data()
    neurons = pd.read_parquet(DATA / "larva_winding2023" / "neurons.parquet")
    return neurons.set_index("neuron_id")["cell_class"]


def sums(frame: pd.DataFrame, pre: str, post: str) -> dict[tuple[int, int], int]:
    return {pair: int(w) for pair, w in frame.groupby([pre, post])["weight"].sum().items()}


def test_adjacencies_of_a_type(
    larva_client: neuprint.Client,
    larva: graphapi.Connectome,
    edges: pd.DataFrame,
    classes: pd.Series,
) -> None:
    cells = classes.index[classes == "KC"]
    kenyon = NeuronCriteria(type="KC", client=larva_client)
    neurons, found = neuprint.fetch_adjacencies(kenyon, kenyon, client=larva_client)
    wanted = edges[edges["pre"].isin(cells) & edges["post"].isin(cells)]
    assert sums(found, "bodyId_pre", "bodyId_post") == sums(wanted, "pre", "post")
    assert set(neurons["bodyId"]) == set(wanted["pre"]) | set(wanted["post"])
    ours = larva.get_adjacency(cells, cells, form="arrow").to_pandas()
    assert sums(found, "bodyId_pre", "bodyId_post") == sums(ours, "pre", "post")


def test_the_strongest_connections_of_the_brain(
    larva_client: neuprint.Client, edges: pd.DataFrame, classes: pd.Series
) -> None:
    sources = NeuronCriteria(type="MB.*|KC", client=larva_client)
    found = neuprint.fetch_simple_connections(sources, None, min_weight=10, client=larva_client)
    inside = classes.index[classes.str.fullmatch("MB.*|KC", na=False)]
    wanted = edges[edges["pre"].isin(inside) & (edges["weight"] >= 10)]
    assert sums(found, "bodyId_pre", "bodyId_post") == sums(wanted, "pre", "post")
    assert found["type_post"].tolist() == [classes.get(one) for one in found["bodyId_post"]]


def test_shortest_paths_are_those_of_networkx(
    larva_client: neuprint.Client, edges: pd.DataFrame
) -> None:
    import networkx as nx

    strong = edges[edges["weight"] >= 3]
    drawn = nx.from_pandas_edgelist(strong, "pre", "post", create_using=nx.DiGraph)
    source, target = 29, int(strong["post"].iloc[-1])
    found = neuprint.fetch_shortest_paths(source, target, 3, client=larva_client)
    listed = sorted(tuple(part["bodyId"]) for _, part in found.groupby("path"))
    assert listed == sorted(map(tuple, nx.all_shortest_paths(drawn, source, target)))


def test_a_long_list_of_ids_is_joined_with_the_neurons(
    larva_client: neuprint.Client, classes: pd.Series
) -> None:
    """As neuprintr asks, 2,000 at a time: not each id with each neuron of the brain."""
    ids = classes.index[:2000].tolist()
    found = larva_client.fetch_custom(
        f"WITH {ids} AS bodyIds UNWIND bodyIds AS bodyId MATCH (n:`Segment`) "
        "WHERE n.bodyId=bodyId RETURN n.bodyId AS id, n.type AS type"
    )
    assert found["id"].tolist() == ids
    assert found["type"].tolist() == classes.where(classes.notna(), None).loc[ids].tolist()
