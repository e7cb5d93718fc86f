"""LadybugDB and parameters: none keeps its first value, none is bent to another type.

The engine itself keeps the first value of a parameter that ends in SKIP or LIMIT for every later
query of the same text on a connection. Every clause and kind of expression that takes one is asked
here with changing values, and compared with an engine that was opened for one question.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from graphapi.engines.ladybug import LadybugEngine
from graphapi.engines.queries import Item, Query
from graphapi.errors import InputError, QueryRejectedError
from support.graphs import build_graph

FIRST = 720575940000000000
NEURONS = "MATCH (n:Neuron)"
#: Text, and the values it is asked with one after the other.
TAKING = {
    "limit": (f"{NEURONS} RETURN n.root_id AS x ORDER BY x LIMIT $v", 5, 2),
    "limit in brackets": (f"{NEURONS} RETURN n.root_id AS x ORDER BY x LIMIT ($v)", 5, 2),
    "limit behind a comment": (f"{NEURONS} RETURN n.root_id AS x ORDER BY x LIMIT/**/$v", 5, 2),
    "limit behind a line": (f"{NEURONS} RETURN n.root_id AS x ORDER BY x LIMIT // \n $v", 5, 2),
    "limit by a variable": (
        f"WITH $v AS k {NEURONS} RETURN n.root_id AS x ORDER BY x LIMIT k",
        *(5, 2),
    ),
    "limit inside": (f"{NEURONS} WITH n LIMIT $v RETURN count(*) AS x", 5, 2),
    "skip": (f"{NEURONS} RETURN n.root_id AS x ORDER BY x SKIP $v", 5, 2),
    "skip behind a comment": (f"{NEURONS} RETURN n.root_id AS x ORDER BY x SKIP/**/$v", 5, 2),
    "skip and limit": (
        f"{NEURONS} WITH n ORDER BY n.root_id SKIP $v LIMIT 3 RETURN n.root_id AS x",
        *(5, 2),
    ),
    "value": ("RETURN $v AS x", 5, 2),
    "sum": ("RETURN [$v + 1, $v] AS x", 5, 2),
    "map": ("RETURN $v.a AS x", {"a": 1}, {"a": 2}),
    "range": ("UNWIND range(1, $v) AS x RETURN x", 5, 2),
    "unwind": ("UNWIND $v AS x RETURN x", [5, 3], [2]),
    "where": (f"{NEURONS} WHERE n.root_id = $v RETURN n.root_id AS x", FIRST + 1, FIRST + 2),
    "in": (f"{NEURONS} WHERE n.root_id IN $v RETURN n.root_id AS x", [FIRST + 1], [FIRST + 2]),
    "key": ("MATCH (n:Neuron {root_id: $v}) RETURN n.root_id AS x", FIRST + 1, FIRST + 2),
    "key by a sum": (f"{NEURONS} WHERE n.root_id = $v + 1 RETURN n.root_id AS x", FIRST, FIRST + 1),
    "key by a variable": (
        f"WITH $v AS k {NEURONS} WHERE n.root_id = k RETURN n.root_id AS x",
        *(FIRST + 1, FIRST + 2),
    ),
    "edge": (
        "MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) WHERE c.weight > $v RETURN count(*) AS x",
        *(0, 3),
    ),
    "edges of a path": (
        "MATCH (a:Neuron)-[c:CONNECTS*1..2 (r, n | WHERE r.weight > $v)]->(b:Neuron) "
        "RETURN count(*) AS x",
        *(0, 3),
    ),
    "edges of a shortest path": (
        "MATCH (a:Neuron)-[c:CONNECTS* SHORTEST 1..2 (r, n | WHERE r.weight > $v)]->(b:Neuron) "
        "RETURN count(*) AS x",
        *(0, 3),
    ),
    "exists": (
        "MATCH (a:Neuron) WHERE EXISTS { MATCH (a)-[c:CONNECTS]->(:Neuron) WHERE c.weight > $v } "
        "RETURN count(*) AS x",
        *(0, 3),
    ),
    "count": (
        "MATCH (a:Neuron) "
        "RETURN sum(COUNT { MATCH (a)-[c:CONNECTS]->(:Neuron) WHERE c.weight > $v }) AS x",
        *(0, 3),
    ),
    "case": ("RETURN CASE $v WHEN 5 THEN 'five' ELSE 'other' END AS x", 5, 2),
    "coalesce": ("RETURN coalesce(null, $v) AS x", 5, 2),
    "cast": ("RETURN CAST($v AS STRING) AS x", 5, 2),
    "slice": ("RETURN [1, 2, 3, 4, 5, 6][1:$v] AS x", 5, 2),
    "element": ("RETURN [1, 2, 3, 4, 5, 6][$v] AS x", 5, 2),
    "pattern": (f"{NEURONS} WHERE n.cell_class =~ $v RETURN count(*) AS x", "A", "A|B"),
    "beginning": (f"{NEURONS} WHERE n.cell_class STARTS WITH $v RETURN count(*) AS x", "A", "Q"),
    "order": (f"{NEURONS} RETURN n.root_id AS x ORDER BY x * $v LIMIT 3", 1, -1),
    "group": (f"{NEURONS} WITH n.root_id % $v AS x, count(*) AS k RETURN x ORDER BY x", 5, 2),
    "date": ("RETURN date($v) AS x", "2020-01-01", "2021-01-01"),
    "padding": ("RETURN lpad('a', $v, 'b') AS x", 5, 2),
    "rounding": ("RETURN round(1.23456789, $v) AS x", 5, 2),
    "null": ("RETURN $v IS NULL AS x", 5, None),
    "union": ("RETURN 'a' AS x UNION RETURN $v AS x", "b", "c"),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pairs = [
        (FIRST + a, FIRST + b, (a * b) % 7 + 1) for a in range(12) for b in range(12) if a != b
    ]
    neurons = pd.DataFrame(
        {"root_id": [FIRST + i for i in range(12)], "cell_class": list("ABCABCABCABC")}
    )
    connections = pd.DataFrame(pairs, columns=["pre", "post", "weight"])
    return Path(build_graph(tmp_path_factory.mktemp("params"), connections, neurons))


@pytest.fixture(scope="module")
def engine(path: Path) -> Iterator[LadybugEngine]:
    engine = LadybugEngine.open(path)
    yield engine
    engine.close()


def values(engine: LadybugEngine, text: str, value: object, door: str) -> list[object]:
    if door == "run_text":
        answer = engine.run_text(text, {"v": value})
    else:
        item = (Item("v", "any"),)
        query = Query(name="made", text=text, params=item, columns=(Item("x", "any"),))
        answer = engine.run(query, {"v": value})
    return sorted(answer.column("x").to_pylist(), key=str)


@pytest.mark.parametrize("door", ["run", "run_text"])
@pytest.mark.parametrize("kind", TAKING)
def test_no_parameter_keeps_its_first_value(
    engine: LadybugEngine, path: Path, kind: str, door: str
) -> None:
    text, first, second = TAKING[kind]
    alone = []
    for value in (first, second):
        once = LadybugEngine.open(path)
        alone.append(values(once, text, value, door))
        once.close()
    assert alone[0] != alone[1]
    for value, expected in zip((first, second, first), (*alone, alone[0]), strict=True):
        assert values(engine, text, value, door) == expected


@pytest.mark.parametrize(
    "value",
    [
        [1, "a"],
        [1, True],
        [[1], ["a"]],
        [{"a": 1}, {"b": 2}],  # the engine gives [{'b': 1}, {'b': 2}]
        [{"a": 1}, {"a": "x"}],
        [1, [1]],
        {"k": ["a", 2.5]},
        [FIRST, 1.5],  # the engine rounds the id
        [[FIRST], [1.5]],
    ],
)
def test_a_list_has_one_type(engine: LadybugEngine, value: object) -> None:
    with pytest.raises(InputError, match="parameter 'v': a list holds"):
        engine.run_text("RETURN $v AS x", {"v": value})


@pytest.mark.parametrize(
    "value",
    [[1, None], [1, 2.5], [[], [1]], ["a"], [FIRST, 1], {"a": 1, "b": "x"}, [{"a": 1}, {"a": 2}]],
)
def test_lists_of_one_type_come_back(engine: LadybugEngine, value: object) -> None:
    assert engine.run_text("RETURN $v AS x", {"v": value})["x"].to_pylist() == [value]


@pytest.mark.parametrize("value", [[], [None], {"a": []}, [[]]])
def test_a_list_of_nothing_needs_a_type(engine: LadybugEngine, value: object) -> None:
    with pytest.raises(QueryRejectedError, match="empty list") as refused:
        engine.run_text("RETURN $v AS x", {"v": value})
    assert "CAST($name AS INT64[])" in str(refused.value.hint)


def test_a_list_of_nothing_with_a_type_is_empty(engine: LadybugEngine) -> None:
    text = "RETURN CAST($v AS INT64[]) AS x"
    assert engine.run_text(text, {"v": []})["x"].to_pylist() == [[]]
    text = "MATCH (n:Neuron) WHERE n.root_id IN $v RETURN n"
    assert engine.run_text(text, {"v": []}).num_rows == 0


def test_columns_of_one_name_are_refused(engine: LadybugEngine) -> None:
    with pytest.raises(QueryRejectedError, match="two columns with the same name: id"):
        engine.run_text("MATCH (a:Neuron)-->(b:Neuron) RETURN a.root_id AS id, b.root_id AS id")
