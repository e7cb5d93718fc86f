"""Influence from every engine against a dense solution by numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from oracle import Oracle
from toy import ROWS, ids

import graphapi
from graphapi.errors import InputError, UnknownFieldError
from support.graphs import build_graph, example_frames

if TYPE_CHECKING:
    from pathlib import Path


def dense(rows: pd.DataFrame, threshold: int, seeds: list[int], silenced: list[int]) -> pd.Series:
    """Influence of all neurons by root id, without any code of ours."""
    oracle = Oracle(rows)
    nodes = sorted({*oracle.nodes(), *ids(7)})  # 7 has annotations only
    weights = np.zeros((len(nodes), len(nodes)))
    for pre, post, weight in oracle.graph(threshold).edges(data="weight"):
        weights[nodes.index(pre), nodes.index(post)] = weight
    weights[[nodes.index(one) for one in silenced if one not in seeds]] = 0
    largest = np.linalg.eigvals(weights).real.max()
    scaled = weights * (0.99 / largest) if largest > 1e-6 else weights
    start = np.isin(nodes, seeds).astype(float)
    return pd.Series(np.linalg.solve(np.eye(len(nodes)) - scaled.T, start), index=nodes)


def of(frame: pd.DataFrame) -> pd.Series:
    return frame.set_index("neuron_id")["influence"].sort_index()


@pytest.mark.parametrize("threshold", [1, 3])
@pytest.mark.parametrize("silenced", [[], ids(3), ids(1, 2)])
def test_one_group(toy: graphapi.Connectome, threshold: int, silenced: list[int]) -> None:
    found = toy.get_influence(ids(1, 9), silenced, threshold=threshold)
    expected = dense(ROWS, threshold, ids(1, 9), silenced)
    np.testing.assert_allclose(of(found), expected, rtol=1e-9, atol=1e-12)
    assert of(found).index.tolist() == expected.index.tolist()
    assert found["influence"].is_monotonic_decreasing
    assert found.loc[found["is_seed"], "neuron_id"].isin(ids(1, 9)).all()
    assert found.dtypes.astype(str).to_dict() == {
        "neuron_id": "int64",
        "is_seed": "bool",
        "influence": "float64",
        "adjusted_influence": "float64",
    }
    above = found["influence"] > np.exp(-24)
    expected_log = np.log(found["influence"][above]) + 24
    np.testing.assert_allclose(found["adjusted_influence"][above], expected_log)
    assert (found["adjusted_influence"][~above] == 0).all()


def test_where_it_comes_from(toy: graphapi.Connectome) -> None:
    attrs = toy.get_influence(ids(1), threshold=1).attrs
    assert attrs["datastack"] == toy.materialization.datastack
    assert (attrs["source"], attrs["threshold"], attrs["measure"]) == ("graph", 1, "synapses")
    assert attrs["gain"] == 0.99
    assert attrs["residual"] <= 1e-12
    weights = np.zeros((4, 4))  # 1, 2, 3, 4 are the only neurons in a loop
    weights[0, 1], weights[1, 0], weights[0, 2], weights[2, 3], weights[3, 0] = 5, 1, 5, 2, 3
    assert attrs["eigenvalue"] == pytest.approx(np.linalg.eigvals(weights).real.max())


def test_groups_are_answered_one_by_one(toy: graphapi.Connectome) -> None:
    """A seed is not silenced in the answer of its own group."""
    groups = {"one": ids(1), "nine": ids(9), "both": ids(9, 1)}
    found = toy.get_influence(groups, ids(1), threshold=1)
    assert found["group"].drop_duplicates().tolist() == ["one", "nine", "both"]
    for name, seeds in groups.items():
        part = found[found["group"] == name]
        np.testing.assert_allclose(of(part), dense(ROWS, 1, seeds, ids(1)), rtol=1e-9, atol=1e-12)
    assert list(found.attrs["eigenvalue"]) == ["one", "nine", "both"]


def test_summed_by_a_property(toy: graphapi.Connectome) -> None:
    found = toy.get_influence(ids(1), threshold=1, by="cell_class")
    values = dense(ROWS, 1, ids(1), [])
    classes = toy.get_neurons(values.index.tolist()).set_index("root_id")["cell_class"]
    assert classes[ids(1, 2, 3)].tolist() == ["ER", "EBc", "er"]
    expected = values.groupby(classes.fillna("Unknown"))
    assert found.columns.tolist() == [
        "cell_class", "neurons", "seeds", "influence", "mean_influence", "adjusted_influence",
    ]  # fmt: skip
    by_class = found.set_index("cell_class").sort_index()
    np.testing.assert_allclose(by_class["influence"], expected.sum(), atol=1e-12)
    np.testing.assert_allclose(by_class["mean_influence"], expected.mean(), atol=1e-12)
    assert by_class["neurons"].tolist() == expected.size().tolist()
    assert by_class["seeds"].sum() == by_class["seeds"]["ER"] == 1


def test_neurons_in_several_groups_are_refused(tmp_path: Path) -> None:
    connections, annotations = example_frames()
    with graphapi.Connectome.open(build_graph(tmp_path, connections, annotations)) as connectome:
        root = int(connections["pre"][0])
        with pytest.raises(InputError, match="several values of 'region'"):
            connectome.get_influence(root, by="region")
        assert len(connectome.get_influence(root, by="side")) == 3


def test_only_some_targets(toy: graphapi.Connectome) -> None:
    everything = of(toy.get_influence(ids(1), threshold=1))
    found = toy.get_influence(ids(1), threshold=1, targets=ids(4, 2, 6))
    pd.testing.assert_series_equal(of(found), everything[ids(2, 4, 6)])
    summed = toy.get_influence(ids(1), threshold=1, targets=ids(4, 2), by="cell_class")
    assert summed["neurons"].sum() == 2


def test_shares_of_input(toy: graphapi.Connectome) -> None:
    found = of(toy.get_influence(ids(9), threshold=4, measure="share_of_input"))
    # From four synapses up: 1->2, 1->3, 5->1, 9->2, 9->3, and no loop.
    assert found[ids(2, 3, 9, 1)].tolist() == pytest.approx([4 / 9, 4 / 9, 1, 0])


def test_what_is_refused(toy: graphapi.Connectome) -> None:
    with pytest.raises(UnknownFieldError, match="no property 'kind'"):
        toy.get_influence(ids(1), by="kind")
    with pytest.raises(InputError, match="seeds: no groups"):
        toy.get_influence({})
    with pytest.raises(InputError, match="gain"):
        toy.get_influence(ids(1), gain=1)
    with pytest.raises(InputError, match="measure"):
        toy.get_influence(ids(1), measure="strength")


#: Transmitters of the toy's neurons: 3 inhibits, 4 is not known.
TRANSMITTERS = {1: "acetylcholine", 2: "acetylcholine", 3: "gaba", 5: "glutamate", 9: "dopamine"}


@pytest.fixture
def with_transmitters(tmp_path: Path):
    """The toy's connections in a graph file, with transmitters."""
    rows = ROWS[(ROWS > 0).all(axis=1)]
    connections = rows.groupby(["pre", "post"]).size().rename("weight").reset_index()
    neurons = pd.DataFrame(
        {"root_id": ids(*TRANSMITTERS), "transmitter": list(TRANSMITTERS.values())}
    )
    with graphapi.Connectome.open(build_graph(tmp_path, connections, neurons)) as connectome:
        yield connectome


@pytest.mark.parametrize(("glutamate", "unknown"), [(-1, 1), (1, 0), (-1, 0)])
def test_signed(with_transmitters: graphapi.Connectome, glutamate: int, unknown: int) -> None:
    table = {"acetylcholine": 1, "gaba": -1, "glutamate": glutamate, "dopamine": 0}
    table["unknown"] = unknown
    brain = with_transmitters
    found = brain.get_influence(ids(5, 9), signed=True, signs=table, threshold=1)
    sign = {ids(k)[0]: table[name] for k, name in TRANSMITTERS.items()}
    oracle = Oracle(ROWS)
    nodes = sorted(of(found).index)
    weights = pd.DataFrame(0.0, index=nodes, columns=nodes)
    for pre, post, weight in oracle.graph(1).edges(data="weight"):
        weights.loc[pre, post] = weight * sign.get(pre, unknown)
    largest = np.linalg.eigvals(weights).real.max()
    scaled = weights * (0.99 / largest) if largest > 1e-6 else weights
    expected = np.linalg.solve(np.eye(len(nodes)) - scaled.T, np.isin(nodes, ids(5, 9)) * 1.0)
    np.testing.assert_allclose(of(found), expected, rtol=1e-9, atol=1e-12)
    assert (found["influence"] < 0).any()
    assert found.attrs["signs"]["signs"] == table
    shares = oracle_shares(oracle, nodes)
    signed_shares = shares.mul([sign.get(node, unknown) for node in nodes], axis=0)
    two = signed_shares @ signed_shares
    effective = brain.get_effective_connectivity(ids(5), ids(3), 2, signed=True, signs=table)
    assert effective["hop_2"].tolist() == pytest.approx([two.loc[ids(5)[0], ids(3)[0]]])
    assert effective.attrs["signs"]["signs"] == table
    paths = brain.get_contributing_paths(
        ids(5), ids(3), 2, signed=True, signs=table, by="transmitter"
    )
    assert paths["contribution"].sum() == pytest.approx(effective["hop_2"][0])


def oracle_shares(oracle: Oracle, nodes: list[int]) -> pd.DataFrame:
    weights = pd.DataFrame(0.0, index=nodes, columns=nodes)
    for pre, post, weight in oracle.graph(1).edges(data="weight"):
        weights.loc[pre, post] = weight
    return weights / weights.sum().clip(lower=1)


def test_signs_are_never_assumed(with_transmitters: graphapi.Connectome) -> None:
    for ask in (
        lambda **some: with_transmitters.get_influence(ids(1), **some),
        lambda **some: with_transmitters.get_effective_connectivity(ids(1), ids(2), **some),
        lambda **some: with_transmitters.get_contributing_paths(
            ids(1), ids(2), by="transmitter", **some
        ),
    ):
        with pytest.raises(InputError, match="need a table of signs"):
            ask(signed=True)
        with pytest.raises(InputError, match="signed is False"):
            ask(signs="fly")
