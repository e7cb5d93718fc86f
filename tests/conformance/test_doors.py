"""The door for people's own Cypher reads, whatever is tried; the record guards the graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from toy import ids

from graphapi.errors import (
    InputError,
    QueryRejectedError,
    QueryTimeoutError,
    ReadOnlyError,
)

if TYPE_CHECKING:
    import graphapi

WRITES = [
    "CREATE (n:Neuron {root_id: 1})",
    "MATCH (n:Neuron) SET n.cell_class = 'x'",
    "MATCH (n:Neuron) DETACH DELETE n",
    "MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) DELETE c",
    "MERGE (n:Neuron {root_id: 99})",
    "  /* harmless */ CREATE (n:Neuron {root_id: 1})",
    "MATCH (n:Neuron) WITH n CREATE (m:Neuron {root_id: n.root_id + 1000})",
]


@pytest.mark.parametrize("text", WRITES)
def test_writes_are_refused_and_change_nothing(toy: graphapi.Connectome, text: str) -> None:
    before = toy.cypher("MATCH (n:Neuron) RETURN n.root_id AS r, n.cell_class AS c ORDER BY r")
    edges = toy.to_sparse().connections.to_frame()
    with pytest.raises(ReadOnlyError):
        toy.cypher(text)
    after = toy.cypher("MATCH (n:Neuron) RETURN n.root_id AS r, n.cell_class AS c ORDER BY r")
    assert after.equals(before)
    assert len(toy.to_sparse().connections.to_frame()) == len(edges)


def test_own_cypher_keeps_ids_exact(toy: graphapi.Connectome) -> None:
    frame = toy.cypher(
        "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) WHERE a.root_id = $id "
        "RETURN b.root_id AS partner, c.weight AS weight ORDER BY partner",
        {"id": ids(9)[0]},
    )
    assert frame["partner"].dtype == np.int64
    assert frame["partner"].tolist() == ids(2, 3)


def test_sums_come_as_whole_numbers(toy: graphapi.Connectome) -> None:
    frame = toy.cypher("MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) RETURN sum(c.weight) AS total")
    assert frame["total"].tolist() == [31]
    assert frame["total"].dtype == np.int64


def test_sums_beyond_int64_stay_exact(toy: graphapi.Connectome) -> None:
    big = 2**62
    frame = toy.cypher("UNWIND $numbers AS n RETURN sum(n) AS total", {"numbers": [big, big, big]})
    assert frame["total"].tolist() == [3 * big]


def test_two_columns_of_one_name_are_refused(toy: graphapi.Connectome) -> None:
    with pytest.raises(QueryRejectedError, match=r"\bid\b|same name"):
        toy.cypher(
            "MATCH (a:Neuron)-[:CONNECTS]->(b:Neuron) RETURN a.root_id AS id, b.root_id AS id"
        )


@pytest.mark.parametrize("text", ["MATCH (n:Neuron RETURN n", "MATCH (n) RETURN"])
def test_broken_cypher_is_rejected(toy: graphapi.Connectome, text: str) -> None:
    with pytest.raises(QueryRejectedError):
        toy.cypher(text)


def test_a_slow_query_is_stopped(toy: graphapi.Connectome) -> None:
    with pytest.raises(QueryTimeoutError):
        toy.cypher(
            "UNWIND range(1, 30000) AS a UNWIND range(1, 30000) AS b "
            "WITH a, b WHERE a * b % 7 = 3 RETURN count(*) AS n",
            timeout=0.3,
        )
    assert len(toy.root_ids()) == 9  # the graph still answers


def test_a_limit_by_parameter_is_not_remembered(toy: graphapi.Connectome) -> None:
    """LadybugDB 0.20.4 keeps the first value on a connection, for every later query."""
    text = "MATCH (n:Neuron) RETURN n.root_id AS r LIMIT $most"
    assert [len(toy.cypher(text, {"most": most})) for most in (5, 2, 7)] == [5, 2, 7]


@pytest.mark.parametrize(
    "text", ["RETURN $x AS x", "MATCH (n:Neuron) WHERE n.root_id = $x OR n.root_id = $y RETURN n"]
)
def test_a_parameter_without_a_value_is_named(toy: graphapi.Connectome, text: str) -> None:
    with pytest.raises(InputError, match=r"\$x"):
        toy.cypher(text, {"y": 1})


def test_a_dollar_in_a_text_is_no_parameter(toy: graphapi.Connectome) -> None:
    frame = toy.cypher("RETURN '$x' AS a, \"$y\" AS b // $z")
    assert frame.iloc[0].tolist() == ["$x", "$y"]


@pytest.mark.parametrize("value", [2**63, object(), {"a": object()}, "\ud800", ["a\udfff"]])
def test_values_that_no_property_can_have(toy: graphapi.Connectome, value: object) -> None:
    with pytest.raises(InputError, match="parameter 'x'"):
        toy.cypher("RETURN $x AS x", {"x": value})


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_time_limit_is_a_time(toy: graphapi.Connectome, timeout: float) -> None:
    with pytest.raises(InputError, match="is not a time limit"):
        toy.cypher("RETURN 1 AS x", timeout=timeout)


PATHS = [
    "MATCH p = (a:Neuron {root_id: $id})-[:CONNECTS]->(b:Neuron) RETURN p",
    "MATCH (a:Neuron {root_id: $id}), (b:Neuron) MATCH p = (a)-[:CONNECTS]->(b) RETURN p",
    "MATCH p = (:Neuron {root_id: $id})-[:CONNECTS*1..1]->(:Neuron) RETURN p",
]


@pytest.mark.parametrize("text", PATHS)
def test_paths_among_neurons_are_returned(toy: graphapi.Connectome, text: str) -> None:
    assert len(toy.cypher(text, {"id": ids(1)[0]})) == 2


def test_missing_parameters_are_an_error(toy: graphapi.Connectome) -> None:
    from graphapi.engines.queries import catalog

    with pytest.raises(InputError, match="threshold"):
        toy.run(catalog()["downstream"], {"ids": ids(1)})


def test_the_record_is_read_back(toy: graphapi.Connectome) -> None:
    made = toy.materialization
    assert (made.datastack, made.version, made.synthetic) == ("toy", 7, True)
    assert json.loads(made.to_json())["load_id"] == made.load_id
    assert toy.name == "toy v7"
    assert "9 neurons, 8 connections" in repr(toy)
