"""Every route gives what `graphapi` gives; where it adds something, plain pandas says the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from serve_client import HOSTILE, Client, plain, printed, records

import graphapi
from conformance.toy import BASE, ROWS, ids
from graphapi.serve.application import questions
from graphapi.serve.layout import force_layout

ROOT = Path(__file__).resolve().parents[2]
ALL = "in_synapses>=0"
ONE, THREE, FOUR = (f"{BASE + n}" for n in (1, 3, 4))
CYCLE = "A -> B; B -> C; C -> A"

#: Route, parameters, and the call of which it gives the table.
TABLES: list[tuple[str, dict[str, Any], Callable[[Any], pd.DataFrame]]] = [
    ("values", {"field": "side"}, lambda c: c.get_field_values("side")),
    ("neurons", {"neurons": f"{ONE},{FOUR}"}, lambda c: c.get_neurons(ids(1, 4))),
    ("annotations", {"neurons": FOUR}, lambda c: c.get_annotations(ids(4))),
    ("connectivity", {"neurons": ONE}, lambda c: c.get_connectivity(ids(1))),
    (
        "connectivity",
        {"neurons": ONE, "direction": "upstream", "threshold": 3},
        lambda c: c.get_connectivity(ids(1), downstream=False, threshold=3),
    ),
    (
        "counts",
        {"neurons": "side=left"},
        lambda c: (
            c.get_synapse_counts(c.criteria(side="left"))
            .drop(columns=["pre", "post"])
            .reset_index()
        ),
    ),
    (
        "common",
        {"neurons": f"{BASE + 2},{THREE}", "at_least": 1},
        lambda c: c.get_common_partners(ids(2, 3), "upstream", 1, 1),
    ),
    ("types", {"threshold": 2}, lambda c: c.get_type_connectivity("cell_class", threshold=2)),
    (
        "types",
        {"pre": "side=left", "post": ONE},
        lambda c: c.get_type_connectivity("cell_class", c.criteria(side="left"), ids(1)),
    ),
    (
        "paths",
        {"sources": ONE, "targets": FOUR},
        lambda c: c.get_shortest_paths(ids(1), ids(4), 4),
    ),
    (
        "paths",
        {"sources": ONE, "targets": FOUR, "kind": "all", "max_hops": 5},
        lambda c: c.get_paths(ids(1), ids(4), 5),
    ),
    (
        "paths",
        {"sources": ONE, "targets": FOUR, "kind": "strongest"},
        lambda c: c.get_strongest_paths(ids(1), ids(4)),
    ),
    (
        "influence",
        {"seeds": ONE, "silenced": THREE, "threshold": 1},
        lambda c: c.get_influence(ids(1), ids(3), threshold=1),
    ),
    ("motifs", {"motif": CYCLE}, lambda c: c.motifs.search(CYCLE)),
]


@pytest.mark.parametrize(
    ("route", "asked", "call"), TABLES, ids=lambda one: None if callable(one) else str(one)[:40]
)
def test_a_table_is_that_of_graphapi(
    client: Client, toy: graphapi.Connectome, route: str, asked: dict[str, Any], call: Any
) -> None:
    answer, frame = client.get(route, **asked), call(toy)
    assert len(frame) > 0
    assert [column["name"] for column in answer["columns"]] == list(map(str, frame.columns))
    assert answer["rows"] == plain(frame)
    assert answer["total"] == len(frame)
    if answer["as"]["python"]:
        assert len(printed(answer, toy)) == len(frame)


def test_grouped_partners_are_their_sum(client: Client) -> None:
    rows = client.records("partners", neurons="side=left", fields="cell_class")
    groups = client.records("partners", neurons="side=left", by="cell_class")
    expected = pd.DataFrame(rows).fillna("Unknown").groupby("partner_cell_class")["weight"].sum()
    assert {one["cell_class"]: one["weight"] for one in groups} == expected.to_dict()
    assert sum(one["share"] for one in groups) == pytest.approx(1)
    among = client.records("partners", neurons="side=left", among="cell_class=ER")
    assert {row["partner"] for row in among} == {ONE, THREE}


@pytest.mark.parametrize("order", ["id", "class", "clustered", "strongest"])
def test_a_matrix_in_any_order_has_the_same_weights(
    client: Client, toy: graphapi.Connectome, order: str
) -> None:
    answer = client.get("matrix", pre=ALL, order=order)
    expected = toy.get_adjacency(toy.root_ids(), toy.root_ids())
    pre, post = ([int(one["id"]) for one in answer[side]] for side in ("pre", "post"))
    assert sorted(pre) == sorted(post) == toy.root_ids().tolist()
    drawn = np.zeros((len(pre), len(post)), dtype=int)
    for row in records(answer):
        drawn[row["row"], row["column"]] = row["weight"]
        assert (str(pre[row["row"]]), str(post[row["column"]])) == (row["pre"], row["post"])
    assert (drawn == expected.loc[pre, post].to_numpy()).all()
    if order == "class":
        assert [one["class"] for one in answer["pre"]] == sorted(o["class"] for o in answer["pre"])
    if order == "strongest":
        assert (np.diff(drawn.sum(axis=1)) <= 0).all()
    colors = toy.get_class_colors("cell_class")
    assert all(one["color"] == colors.get(one["class"], "#999999") for one in answer["pre"])


@pytest.mark.parametrize("layout", ["force", "layered"])
def test_a_drawing(client: Client, toy: graphapi.Connectome, layout: str) -> None:
    answer = client.get("subgraph", neurons=ONE, grow=1, layout=layout)
    graph = toy.get_subgraph(ids(1), 1)
    nodes = records(answer["nodes"])
    assert [int(node["root_id"]) for node in nodes] == sorted(graph.nodes)
    assert all(0 <= node[axis] <= 1 for node in nodes for axis in "xy")
    assert len({(node["x"], node["y"]) for node in nodes}) == len(nodes)
    assert [node["root_id"] for node in nodes if node["given"]] == [ONE]
    edges = {(int(e["pre"]), int(e["post"])): e["weight"] for e in records(answer["edges"])}
    assert edges == {(a, b): weight for a, b, weight in graph.edges(data="weight")}
    if layout == "layered":  # 1 -> 3 -> 4: each further right
        at = {node["root_id"]: node["x"] for node in nodes}
        assert at[ONE] < at[THREE] < at[FOUR]
    assert answer == client.get("subgraph", neurons=ONE, grow=1, layout=layout)


@pytest.mark.parametrize("order", ["id", "class", "clustered", "strongest"])
def test_nobody_is_drawn_where_nobody_matches(client: Client, order: str) -> None:
    drawn = client.get("subgraph", neurons="cell_class=EBx", layout="layered")
    matrix = client.get("matrix", pre="cell_class=EBx", post=ONE, order=order)
    assert [records(drawn[name]) for name in ("nodes", "neurons", "edges")] == [[], [], []]
    assert (matrix["pre"], records(matrix)) == ([], [])
    for answer in (drawn, matrix):
        assert "did you mean EBc" in answer["notes"][0]["message"]


def test_neurons_apart_do_not_squeeze_the_others() -> None:
    """The connected ones get most of the drawing, however many stand alone."""
    together, alone = 60, 15
    dice = np.random.default_rng(2)
    rows = np.arange(1, together)
    columns = np.array([dice.integers(0, one) for one in rows])  # a tree: all are connected
    weights = np.ones(together - 1, dtype=np.int64)
    places = force_layout(together + alone, rows, columns, weights, seed=0)
    assert (np.ptp(places[:together], axis=0) > 0.6).all()
    assert len({(x, y) for x, y in places.round(3).tolist()}) == together + alone
    left, low = places[:together].min(axis=0)
    right, high = places[:together].max(axis=0)
    x, y = places[together:].T
    assert not ((x > left) & (x < right) & (y > low) & (y < high)).any()


def test_a_motif_is_counted_and_compared(client: Client, toy: graphapi.Connectome) -> None:
    answer = client.get("motifs", motif="A -> B; B -> C", matches=2, nulls=40)
    assert answer["count"] == toy.motifs.count("A -> B; B -> C")
    assert (len(answer["rows"]), answer["cut_off"]) == (2, True)
    table = toy.motifs.significance({"m": "A -> B; B -> C"}, nulls=40).table
    assert answer["significance"]["z"] == pytest.approx(table["z"].iloc[0])


def test_a_motif_cannot_name_a_file(client: Client, tmp_path: Path) -> None:
    (file := tmp_path / "secret").write_text("A -> B")
    answer = client.ask("motifs", motif=str(file))
    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "motif")


def test_a_neuron(client: Client, toy: graphapi.Connectome) -> None:
    answer = client.get("neuron", id=ONE, top=1)
    assert answer["properties"]["cell_class"] == "ER"
    assert answer["properties"]["in_synapses"] == int((ROWS["post"] == BASE + 1).sum()) - 1
    assert records(answer["annotations"])[0]["region"] == ["CX"]
    (strongest,) = records(answer["upstream"])
    assert (strongest["partner"], strongest["weight"]) == (f"{BASE + 5}", 7)
    assert answer["upstream"]["total"] == 3
    assert answer["color"] == toy.get_class_colors("cell_class")["ER"]
    assert bool(answer["links"]["neo4j_browser"]) == toy.is_served
    assert answer["links"]["neuroglancer"] is None
    assert answer["regions"] is None


@pytest.mark.parametrize(
    ("text", "read_as", "found", "unknown"),
    [
        (f"{ONE} {FOUR}\n77", "ids", [1, 4], ["77"]),
        ("77", "ids", [], ["77"]),
        ("side=left;cell_class=er", "conditions", [1, 3], []),
        ("LAL", "text", [2, 4], []),
        ("no such thing", "text", [], []),
        (HOSTILE[:20], "text", [9], []),
    ],
)
def test_search(
    client: Client, text: str, read_as: str, found: list[int], unknown: list[str]
) -> None:
    answer = client.get("search", text=text)
    assert (answer["read_as"], answer["unknown"]) == (read_as, unknown)
    assert [row["root_id"] for row in records(answer)] == [str(one) for one in ids(*found)]


def test_completion_offers_what_can_be_searched(client: Client) -> None:
    for typed in ("s", "side=", "side=left;cell_class=e", "@", ONE[:-1]):
        for one in client.get("complete", text=typed)["suggestions"][:5]:
            if one["kind"] == "value":
                rows = client.get("neurons", neurons=one["text"].rpartition(";")[2])
                assert rows["total"] >= one["neurons"] > 0
    values = client.get("complete", text="cell_class=<")["suggestions"]
    assert values[0]["label"] == f"cell_class = {HOSTILE}"


def test_own_cypher(client: Client) -> None:
    text = "MATCH (n:Neuron) WHERE n.root_id IN $ids RETURN n.root_id AS neuron ORDER BY neuron"
    answer = client.post("cypher", text=text, params={"ids": ids(1, 3, 4)}, rows=2).json()
    assert answer["rows"] == [[ONE], [THREE]]
    assert (answer["cut_off"], answer["found"]) == (True, 3)
    for writing in ("MATCH (n:Neuron) SET n.x = 1", "CREATE (:Neuron {root_id: 5})"):
        refused = client.post("cypher", text=writing)
        assert (refused.status_code, refused.json()["error"]["kind"]) == (403, "read_only")
    assert client.ask("cypher", text=text).status_code == 405
    huge = client.post("cypher", text=text, rows=10**9)
    assert huge.status_code == 400


def test_saved_queries_run(client: Client) -> None:
    queries = {one["name"]: one["text"] for one in client.get("saved")["queries"]}
    text = re.sub(r"WITH \d+ AS threshold", "WITH 1 AS threshold", queries["three_cycles"])
    assert client.post("cypher", text=text).json()["total"] == 1


def test_a_request_may_not_be_endless(client: Client) -> None:
    answer = client.post("partners", neurons="1" * (9 << 20))
    assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "size")
    assert client.ask("partners", neurons=ONE, limit=10**7).status_code == 400


def test_the_contract_names_every_route() -> None:
    page = (ROOT / "docs" / "api-http.md").read_text("utf-8")
    routes = re.findall(r"^\| `([a-z]+)(?:/NAME)?` \| ", page, re.MULTILINE)
    built = {one.path.removeprefix("/api/v1/").partition("/")[0] for one in questions()}
    assert set(routes) == built | {"login"}
    for one in questions():
        name = one.path.removeprefix("/api/v1/").replace("{name}", "NAME")
        (line,) = re.findall(rf"^\| `{name}` \|.*$", page, re.MULTILINE)
        missing = [name for name in one.takes if f"`{name}`" not in line and f"{name}," not in line]
        assert set(missing) <= {"regex", "name", "note", "neurons"}, one.path
