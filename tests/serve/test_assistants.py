"""Tools for assistants, asked by the SDK's client over http, on each engine, counted again."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import networkx as nx
import numpy as np
import pytest
from jsonschema import Draft202012Validator
from serve_client import a

import graphapi
from conformance.toy import ANNOTATIONS, BASE, ROWS
from graphapi.serve.application import questions
from graphapi.serve.assistants.tools import TOOLS
from support.assistant import Assistant

EDGES = {
    (pre, post): weight
    for (pre, post), weight in Counter(ROWS.itertuples(index=False, name=None)).items()
    if pre != post and 0 not in (pre, post)
}
CLASSES = {
    row["root_id"]: row["cell_class"] for row in reversed(ANNOTATIONS) if row.get("cell_class")
}


def test_each_tool_says_that_it_only_reads(assistant: Assistant) -> None:
    tools = assistant.tools()
    assert len(tools) == 12
    for tool in tools:
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.destructive_hint is False
        assert 20 < len(tool.description) < 300
        for schema in (tool.input_schema, tool.output_schema):
            Draft202012Validator.check_schema(schema)
        assert "format" not in tool.input_schema["properties"]
    assert sum(len(tool.model_dump_json(exclude_none=True)) for tool in tools) < 30_000


def test_every_parameter_of_a_tool_is_one_of_its_question() -> None:
    takes = {question.answer: set(question.takes) for question in questions()}
    for tool in TOOLS:
        if tool.name != "saved_queries":  # takes nothing
            assert set(tool.takes) <= takes[tool.answer], tool.name
        assert set(tool.needs) <= set(tool.takes)


def test_the_graph_is_described(assistant: Assistant) -> None:
    said = assistant.ask("describe_graph")
    roots = {row["root_id"] for row in ANNOTATIONS} | set(ROWS["pre"]) | set(ROWS["post"])
    assert said.json["counts"]["neurons"] == len(roots - {0})
    assert said.json["counts"]["connections"] == len(EDGES)
    made = said.json["provenance"]
    assert (made["datastack"], made["version"], made["synthetic"]) == ("toy", 7, True)
    assert made["load_id"] in said.text
    assert "SYNTHETIC" in said.text
    assert "the load is complete" in said.text


def test_values_are_counted(assistant: Assistant) -> None:
    expected = Counter(
        row["cell_class"] for row in ANNOTATIONS if str(row.get("cell_class")).startswith("E")
    )
    found = assistant.ask("list_values", field="cell_class", prefix="e").records
    assert {row["value"]: row["rows"] for row in found if row["value"][0] == "E"} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cell_class=ER", [1, 3]),
        ("ebc", [2]),
        (f"{BASE + 5} {BASE + 9}", [5, 9]),
        ([BASE + 9, str(BASE + 5)], [5, 9]),
        (BASE + 9, [9]),
    ],
)
def test_neurons_are_found(assistant: Assistant, text: Any, expected: list[int]) -> None:
    found = assistant.ask("find_neurons", text=text)
    assert {row["root_id"] for row in found.records} == {a(number) for number in expected}
    assert all(a(number) in found.text for number in expected)


@pytest.mark.parametrize("threshold", [1, 3])
@pytest.mark.parametrize(("direction", "end"), [("upstream", 1), ("downstream", 0)])
def test_partners(assistant: Assistant, direction: str, end: int, threshold: int) -> None:
    asked = {BASE + 1, BASE + 3}
    expected = {
        (str(pair[end]), str(pair[1 - end])): weight
        for pair, weight in EDGES.items()
        if pair[end] in asked and weight >= threshold
    }
    found = assistant.ask(
        "get_partners",
        neurons=[a(1), BASE + 3],
        direction=direction,
        threshold=threshold,
    )
    assert {(r["neuron"], r["partner"]): r["weight"] for r in found.records} == expected
    assert found.json["synapses"] == sum(expected.values())
    for (neuron, partner), weight in expected.items():
        assert f"{neuron}\t{partner}\t{weight}\t" in found.text


def test_partners_by_class(assistant: Assistant) -> None:
    expected: Counter[str] = Counter()
    for (pre, post), weight in EDGES.items():
        if post == BASE + 1:
            expected[CLASSES.get(pre, "Unknown")] += weight
    found = assistant.ask("get_partners", neurons=a(1), direction="upstream", by="cell_class")
    assert {row["cell_class"]: row["weight"] for row in found.records} == expected


def test_common_partners(assistant: Assistant) -> None:
    expected = {
        str(post): {str(pre): EDGES[pre, post] for pre in (BASE + 1, BASE + 9)}
        for post in {post for _, post in EDGES}
        if (BASE + 1, post) in EDGES and (BASE + 9, post) in EDGES
    }
    found = assistant.ask("get_common_partners", neurons=[a(1), a(9)], direction="downstream")
    assert len(expected) == 2
    assert {
        row["partner"]: {one: row[one] for one in (a(1), a(9))} for row in found.records
    } == expected


def test_a_table_of_types(assistant: Assistant) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for (pre, post), weight in EDGES.items():
        expected[CLASSES.get(pre, "Unknown"), CLASSES.get(post, "Unknown")] += weight
    found = assistant.ask("get_type_table", by="cell_class").records
    hostile = [row for row in found if "<img" in row["pre_type"]]  # what the fixture adds
    assert len(hostile) == 2
    sums: Counter[tuple[str, str]] = Counter()
    for row in found:
        pre = "Unknown" if row in hostile else row["pre_type"]
        sums[pre, row["post_type"]] += row["synapses"]
    assert sums == expected


def test_paths(assistant: Assistant) -> None:
    graph = nx.DiGraph(list(EDGES))
    expected = list(nx.all_shortest_paths(graph, BASE + 9, BASE + 1))
    found = assistant.ask("find_paths", sources=a(9), targets=[a(1)])
    assert [[int(one) for one in row["root_ids"]] for row in found.records] == expected
    assert found.json["cut_off"] is False


def test_influence(assistant: Assistant) -> None:
    """The steady state, solved again: r = s + M r, with M scaled to 0.99."""
    ids = sorted({one for pair in EDGES for one in pair})
    matrix = np.zeros((len(ids), len(ids)))
    for (pre, post), weight in EDGES.items():
        matrix[ids.index(post), ids.index(pre)] = weight
    matrix *= 0.99 / max(np.linalg.eigvals(matrix).real)
    start = np.array([one == BASE + 1 for one in ids], dtype=float)
    expected = np.linalg.solve(np.eye(len(ids)) - matrix, start)
    found = assistant.ask("rank_influence", seeds=a(1), threshold=1).records
    values = {row["neuron_id"]: row["influence"] for row in found}
    assert [values[str(one)] for one in ids] == pytest.approx(expected.tolist())


def test_motifs(assistant: Assistant) -> None:
    nodes = {one for pair in EDGES for one in pair}
    expected = [
        three
        for three in itertools.permutations(nodes, 3)
        if three[0] == min(three)
        and all(pair in EDGES for pair in zip(three, (*three[1:], three[0]), strict=True))
    ]
    found = assistant.ask("count_motif", motif="A -> B; B -> C; C -> A")
    assert found.json["count"] == len(expected) == 1
    (row,) = found.records
    assert {int(row[one]) for one in "ABC"} == set(expected[0])


def test_a_query_and_its_root_ids(assistant: Assistant) -> None:
    query = (
        "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) WHERE a.root_id IN $pre_ids "
        "RETURN b.root_id AS target, c.weight AS weight, $name AS name ORDER BY target, weight"
    )
    given = {"pre_ids": [a(9), BASE + 5], "name": "77"}
    found = assistant.ask("run_cypher", text=query, params=given).records
    expected = sorted(
        (str(post), weight, "77")
        for (pre, post), weight in EDGES.items()
        if pre in (BASE + 9, BASE + 5)
    )
    assert [tuple(row.values()) for row in found] == expected


def test_saved_queries_run_here(assistant: Assistant, toy: graphapi.Connectome) -> None:
    found = assistant.ask("saved_queries", limit=200)
    assert found.json["total"] > 5
    first = found.records[0]
    assert len(assistant.ask("run_cypher", text=first["text"]).json["columns"]) > 0


@pytest.mark.parametrize("number", [float(BASE + 1), BASE, 1.0])
def test_a_number_that_may_be_rounded_is_no_id(assistant: Assistant, number: float) -> None:
    """JavaScript writes a rounded id as a whole number; a float cannot hold one at all."""
    for given in (number, [number], [a(1), number]):
        assert "may be rounded" in assistant.refused("get_partners", neurons=given)
    query = "MATCH (n:Neuron {root_id: $root_id}) RETURN n.root_id AS root_id"
    assert "may be rounded" in assistant.refused(
        "run_cypher", text=query, params={"root_id": number}
    )


def test_mistakes_are_explained(assistant: Assistant) -> None:
    typo = assistant.refused("get_partners", neuron=a(1))
    assert "did you mean neurons?" in typo
    assert "did you mean cell_class?" in assistant.refused("list_values", field="cell_clas")
    assert f"unknown root id(s) in toy v7: {BASE + 99}" in assistant.refused(
        "get_partners", neurons=a(99)
    )
    assert assistant.ask("find_neurons", text=f"{a(99)}, {a(1)}").json["unknown"] == [a(99)]
    nothing = assistant.ask("find_neurons", text="cell_class=EBx")
    assert nothing.json["total"] == 0
    assert "did you mean EBc?" in nothing.text
    assert "\n    1 | A -> B C\n" in assistant.refused("count_motif", motif="A -> B C")
    assert "has no regions" in assistant.refused("list_regions")
    assert "not between 1 and 1,000" in assistant.refused("find_neurons", text="E", limit=10**6)
    with pytest.raises(Exception, match="there is no tool 'get_partner'"):
        assistant.call("get_partner", neurons=a(1))


def test_hidden_characters_are_shown(assistant: Assistant) -> None:
    """A text that is written right to left, or that nobody sees, is an escape in the answer."""
    said = assistant.ask("find_neurons", text="onerror")
    assert "\u202e" in said.records[0]["cell_class"]
    assert "\u202e" not in said.text
    assert "\\u202e" in said.text
