"""What a view shows as Python, as Cypher and as a command line is run: it gives the view's rows."""

from __future__ import annotations

import json
import math
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import requests
from serve_client import Client, printed

import graphapi
from conformance.toy import BASE
from graphapi.serve import ascypher
from graphapi.serve.running import serve
from graphapi.serve.settings import Settings
from loader.cli import main
from support.graphs import build_graph

ANNOTATIONS = pd.DataFrame(
    [
        (1, "A", "left", "12", 7),
        (2, "A", "R", "012", 8),
        (3, "A", "right", "it's", 9),
        (4, "B", "left", "x", None),
        (5, "C", "right", None, None),
        (6, "D", None, None, None),
    ],
    columns=["root_id", "cell_type", "side", "name of", "depth"],
).astype({"depth": "Int64"})
ROWS = pd.DataFrame(
    [(1, 4, 5, "EB"), (1, 4, 2, "FB"), (2, 4, 3, "FB"), (3, 5, 4, "EB"), (6, 1, 9, "EB"),
     (4, 1, 2, "EB"), (5, 6, 1, "FB"), (1, 2, 6, "EB"), (4, 6, 3, "FB"), (7, 1, 4, "FB")],
    columns=["pre", "post", "weight", "region"],
)  # fmt: skip

#: Route, parameters, columns that Cypher leaves out; None where there is no Cypher.
VIEWS: list[tuple[str, dict[str, Any], tuple[str, ...] | None]] = [
    ("search", {"text": "cell_type=A;side=left,R"}, ()),
    ("search", {"text": "1 4"}, ()),
    ("search", {"text": 'name of="12"'}, ()),
    ("neurons", {"neurons": "cell_type=A;depth>=8"}, ()),
    ("values", {"field": "cell_type"}, None),
    ("partners", {"neurons": "1,2,3"}, ()),
    ("partners", {"neurons": 'name of="012"', "threshold": 2}, ()),
    ("partners", {"neurons": "1", "direction": "upstream", "fields": "cell_type,side"}, ()),
    ("partners", {"neurons": "cell_type=A", "regions": ["EB"], "threshold": 3}, ()),
    ("partners", {"neurons": "cell_type=A", "among": "4,5", "fields": "name of"}, ()),
    ("partners", {"neurons": "side=left;cell_type=A,B", "among": "cell_type=A,B"}, ()),
    ("partners", {"neurons": "1,4;cell_type=A"}, ()),
    ("partners", {"neurons": "cell_type=A", "by": "cell_type"}, ()),
    ("partners", {"neurons": "1,2,3", "by": ["name of", "side"], "regions": ["EB", "FB"]}, ()),
    ("partners", {"neurons": "1", "direction": "upstream", "by": "side", "among": "4,6"}, ()),
    ("partners", {"neurons": "7", "by": "side", "direction": "upstream"}, ()),
    ("connectivity", {"neurons": "1", "direction": "upstream", "threshold": 3}, ()),
    ("connectivity", {"neurons": "1,2", "direction": "downstream", "by_region": 1}, ()),
    ("counts", {"neurons": "cell_type=A", "regions": ["EB"]}, None),
    ("common", {"neurons": "1,2", "direction": "downstream"}, ("1", "2")),
    ("common", {"neurons": "cell_type=A", "at_least": 1}, ("1", "2", "3")),
    ("similarity", {"neurons": "1,2,3"}, None),
    ("types", {"by": "cell_type", "threshold": 2}, ("share_of_output", "share_of_input")),
    (
        "types",
        {"by": "name of", "pre": "1,4,6", "post": "cell_type=A", "regions": ["EB"]},
        ("share_of_output", "share_of_input"),
    ),
    ("types", {"by": "side", "by_region": 1}, ("share_of_output", "share_of_input")),
    ("sides", {"neurons": "cell_type=A", "by": "cell_type"}, ()),
    ("sides", {"neurons": "in_synapses>=0", "by": "name of", "threshold": 3}, ()),
    ("sides", {"neurons": "1,6", "by": "side"}, ()),
    ("sides", {"neurons": "5", "by": "cell_type"}, ()),
    ("sides", {"neurons": "6", "by": "cell_type"}, None),
    ("regions", {}, ()),
    ("regions", {"neurons": "1"}, None),
    ("subgraph", {"neurons": "1", "grow": 1, "threshold": 2, "by": "cell_type"}, ()),
    ("matrix", {"pre": "cell_type=A", "post": "4,5", "by": "cell_type"}, ()),
    ("matrix", {"pre": "in_synapses>=0", "by": "cell_type", "order": "clustered"}, ()),
    ("paths", {"sources": "6", "targets": "cell_type=B,C", "kind": "all"}, ()),
    ("paths", {"sources": "6,7", "targets": "4"}, ()),
    ("paths", {"sources": "6", "targets": "4,6", "kind": "strongest"}, None),
    ("influence", {"seeds": "6", "threshold": 1, "fields": "cell_type,side"}, None),
    ("influence", {"seeds": "cell_type=D", "silenced": "4", "threshold": 1, "by": "side"}, None),
    (
        "influence",
        {"seeds": "6", "threshold": 1, "targets": "cell_type=A", "measure": "share_of_input"},
        None,
    ),
    ("motifs", {"motif": "A -> B; B -> A"}, ()),
    ("motifs", {"motif": "A -> B [weight >= 3]; A.side = 'left'", "matches": 50}, ()),
    ("cypher", {"text": "MATCH (n:Neuron) WHERE n.side = 'left' RETURN n.root_id AS n"}, ()),
    ("sets/two", {}, ()),
    ("combine", {"a": "@two", "b": "cell_type=A", "how": "or"}, ()),
    ("combine", {"a": "@two;cell_type=A", "b": "4", "how": "without"}, ()),
]


@pytest.fixture(scope="module")
def connectome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[graphapi.Connectome]:
    place = build_graph(tmp_path_factory.mktemp("elsewhere"), ROWS, ANNOTATIONS)
    with graphapi.Connectome.open(place) as opened:
        yield opened


@pytest.fixture(scope="module")
def there(connectome: graphapi.Connectome) -> Iterator[Client]:
    with serve(connectome, Settings()) as running:
        asked = Client(running)
        requests.put(f"{asked.url}/api/v1/sets/two", json={"neurons": "1,4"}, timeout=10)
        yield asked


def answered(client: Client, route: str, asked: dict[str, Any]) -> dict[str, Any]:
    if route != "cypher":
        return client.get(route, **asked)
    answer = client.post(route, **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def one(value: Any) -> Any:
    """Return a value so that ids are equal whether they are numbers or texts."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(one(each) for each in value)
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    number = isinstance(value, (float, np.floating))
    return round(float(value), 12) if number else str(value)


def bag(rows: list[dict[str, Any]], columns: list[str]) -> Counter[Any]:
    return Counter(tuple(one(row[name]) for name in columns) for row in rows)


def view(route: str, answer: dict[str, Any]) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the columns and rows of a view; of pictures the connections."""
    table = answer["edges"] if route == "subgraph" else answer
    names = [column["name"] for column in table["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in table["rows"]]
    return (["pre", "post", "weight"] if route == "matrix" else names), rows


def cells(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a matrix as its cells that are not zero."""
    return [
        {"pre": row["pre"], "post": post, "weight": weight}
        for row in rows
        for post, weight in row.items()
        if post != "pre" and weight
    ]


def by_python(route: str, answer: dict[str, Any], graph: graphapi.Connectome) -> pd.DataFrame:
    found = printed(answer, graph)
    if isinstance(found, nx.DiGraph):
        return pd.DataFrame(list(found.edges(data="weight")), columns=["pre", "post", "weight"])
    if route == "matrix":
        found = pd.DataFrame(cells(found.rename_axis("pre").reset_index().to_dict("records")))
    if route == "counts":
        found = found.drop(columns=["pre", "post"]).reset_index()
    return found


@pytest.mark.parametrize(("route", "asked", "left_out"), VIEWS, ids=str)
def test_every_view_says_itself_three_times(
    there: Client,
    connectome: graphapi.Connectome,
    tmp_path: Path,
    route: str,
    asked: dict[str, Any],
    left_out: tuple[str, ...] | None,
) -> None:
    answer = answered(there, route, asked)
    names, rows = view(route, answer)
    expected = bag(rows, names)
    assert rows or asked["neurons"] in ("6", "7")
    frame = by_python(route, answer, connectome)
    assert list(map(str, frame.columns)) == names
    assert bag(frame.rename(columns=str).to_dict("records"), names) == expected
    if route not in ("subgraph", "matrix"):
        listed = frame.iloc[:, 0].tolist()
        assert [one(row[names[0]]) for row in rows] == [one(each) for each in listed]

    place = tmp_path / "rows.json"
    program, *arguments = shlex.split(answer["as"]["command_line"])
    assert program == "cavegraph"
    with pytest.raises(SystemExit) as done:
        main([*arguments, "--json", str(place)])
    assert done.value.code in (0, None)
    told = json.loads(place.read_text())
    told = cells(told) if route == "matrix" else told
    assert bag(told, names) == expected
    assert not told or route == "matrix" or list(told[0]) == names

    assert bool(answer["as"]["cypher"]) == (left_out is not None)
    if left_out is not None:
        table = connectome.cypher(answer["as"]["cypher"])
        said = [name for name in names if name not in left_out]
        assert sorted(table.columns) == sorted(said)
        assert bag(table.to_dict("records"), said) == bag(rows, said)


NEO4J_TOO: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("partners", {"neurons": f"{BASE + 1}", "fields": "cell_class,in_partners"}, ()),
    ("partners", {"neurons": "side=left", "direction": "upstream", "by": "cell_class"}, ()),
    ("types", {"by": "cell_class", "pre": "side=left"}, ("share_of_output", "share_of_input")),
    ("subgraph", {"neurons": f"{BASE + 1}", "grow": 1}, ()),
    ("paths", {"sources": f"{BASE + 1}", "targets": f"{BASE + 4}", "kind": "all"}, ()),
    ("paths", {"sources": f"{BASE + 5}", "targets": "cell_class=EBc,ER"}, ()),
    ("motifs", {"motif": "A -> B; B -> C; C -> A"}, ()),
]


@pytest.mark.parametrize(("route", "asked", "left_out"), NEO4J_TOO, ids=str)
def test_the_cypher_is_of_the_engine(
    client: Client,
    toy: graphapi.Connectome,
    route: str,
    asked: dict[str, Any],
    left_out: tuple[str, ...],
) -> None:
    answer = client.get(route, **asked)
    names, rows = view(route, answer)
    assert rows
    table = toy.cypher(answer["as"]["cypher"])
    said = [name for name in names if name not in left_out]
    assert sorted(table.columns) == sorted(said)
    assert bag(table.to_dict("records"), said) == bag(rows, said)


def test_the_sides_in_cypher(toy: graphapi.Connectome) -> None:
    """Neurons 1 and 9 against 5: 5 drives only 1, whose class is ER."""
    members = {"left": [BASE + 1, BASE + 9], "right": [BASE + 5]}
    table = toy.cypher(ascypher.sides(toy, members, "cell_class", 3))
    found = {
        (row.direction, row.partner_type): (row.left, row.right, row.missing_on)
        for row in table.itertuples()
    }
    assert found == {
        ("upstream", "PFN?"): (3, 0, "right"),
        ("upstream", "Unknown"): (7, 0, "right"),
        ("downstream", "EBc"): (9, 0, "right"),
        ("downstream", "er"): (9, 0, "right"),
        ("downstream", "ER"): (0, 7, "left"),
    }
    assert set(table["left_per_neuron"]) == {1.5, 3.5, 4.5, 0.0}
