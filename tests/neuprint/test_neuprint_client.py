"""What neuprint-python's users call, on a hand-drawn graph; expected values come from its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import requests
from neuprint_client import as_default, client_of

import graphapi
import neuprint
from conformance.toy import ANNOTATIONS, BASE, ROWS, ids
from neuprint import NeuronCriteria

KEPT = ROWS[(ROWS["pre"] != ROWS["post"]) & (ROWS["pre"] > 0) & (ROWS["post"] > 0)]
#: Weights by pair, without autapses and background.
WEIGHTS = KEPT.groupby(["pre", "post"]).size().to_dict()
CLASSES: dict[int, str] = {}
for _row in ANNOTATIONS:
    if _row.get("cell_class") is not None:
        CLASSES.setdefault(_row["root_id"], _row["cell_class"])
EVERYBODY = sorted(
    (set(ROWS["pre"]) | set(ROWS["post"]) | {r["root_id"] for r in ANNOTATIONS}) - {0}
)


def pairs(frame: pd.DataFrame) -> dict[tuple[int, int], int]:
    assert {
        type(one) for name in ("bodyId_pre", "bodyId_post") for one in frame[name].tolist()
    } == {int}
    found = frame.groupby(["bodyId_pre", "bodyId_post"])["weight"].sum()
    return {pair: int(weight) for pair, weight in found.items()}


def refused(client: neuprint.Client, cypher: str) -> str:
    """Send a query that must be refused; return the reason."""
    answer = client.session.post(
        f"{client.server}/api/custom/custom",
        json={"cypher": cypher, "dataset": client.dataset},
        verify=client.verify,
        timeout=60,
    )
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


def test_the_dataset_is_the_graph(client: neuprint.Client, toy: graphapi.Connectome) -> None:
    meta = neuprint.fetch_meta(client=client)
    assert client.dataset == "toy:v7"
    assert meta["uuid"] == toy.materialization.load_id
    assert "no T-bars" in meta["info"]
    assert "Traced for all neurons" in meta["info"]
    assert meta["primaryRois"] == []
    assert neuprint.fetch_all_rois(client=client) == []
    hierarchy = neuprint.fetch_roi_hierarchy(client=client, format="dict")
    assert hierarchy == {"toy": {}}
    assert client.fetch_server_info() is True
    assert "/api/custom/custom" in str(client.fetch_available())


def test_neurons_by_id_have_their_properties(client: neuprint.Client) -> None:
    neurons, counts = neuprint.fetch_neurons(EVERYBODY, client=client)
    assert neurons["bodyId"].tolist() == EVERYBODY
    out, into = KEPT.groupby("pre").size(), KEPT.groupby("post").size()
    assert neurons["pre"].tolist() == [out.get(one, 0) for one in EVERYBODY]
    assert neurons["post"].tolist() == [into.get(one, 0) for one in EVERYBODY]
    assert neurons["type"].tolist() == [CLASSES.get(one) for one in EVERYBODY]
    assert set(neurons["status"]) == {"Traced"}
    assert set(counts["roi"]) == {"NotPrimary"}


@pytest.mark.parametrize(
    ("criteria", "wanted"),
    [
        ({"type": "ER"}, lambda kind: kind == "ER"),
        ({"type": "E.*"}, lambda kind: kind is not None and kind.startswith("E")),
        ({"type": ["ER", "EBc"]}, lambda kind: kind in ("ER", "EBc")),
        ({"type": neuprint.IsNull}, lambda kind: kind is None),
        ({"type": "e|R", "regex": True}, lambda kind: kind in ("e", "R")),
        ({"type": r"PFN\?", "regex": True}, lambda kind: kind == "PFN?"),
        ({"status": "Traced", "cropped": False}, lambda kind: kind != "nobody"),
        ({"status": "Orphan"}, lambda kind: kind == "nobody"),
    ],
)
def test_neurons_by_criteria(client: neuprint.Client, criteria: dict, wanted: object) -> None:
    found, _ = neuprint.fetch_neurons(NeuronCriteria(client=client, **criteria), client=client)
    assert found["bodyId"].tolist() == [one for one in EVERYBODY if wanted(CLASSES.get(one))]


def test_simple_connections(client: neuprint.Client, toy: graphapi.Connectome) -> None:
    found = neuprint.fetch_simple_connections(BASE + 1, client=client)
    assert pairs(found) == {pair: w for pair, w in WEIGHTS.items() if pair[0] == BASE + 1}
    found = neuprint.fetch_simple_connections(None, BASE + 1, min_weight=3, client=client)
    assert pairs(found) == {p: w for p, w in WEIGHTS.items() if p[1] == BASE + 1 and w >= 3}
    ours = toy.get_connectivity(BASE + 1, downstream=False, threshold=3)
    assert found["bodyId_pre"].tolist() == ours["pre"].tolist()
    assert found["type_post"].tolist() == ["ER"] * len(ours)


def test_adjacencies(client: neuprint.Client) -> None:
    sources = ids(1, 2, 3, 4, 9)
    neurons, edges = neuprint.fetch_adjacencies(sources, None, client=client)
    assert pairs(edges) == {p: w for p, w in WEIGHTS.items() if p[0] in sources}
    assert set(neurons["bodyId"]) >= set(sources)
    _, edges = neuprint.fetch_adjacencies(sources, ids(1, 2), min_total_weight=2, client=client)
    assert pairs(edges) == {
        p: w for p, w in WEIGHTS.items() if p[0] in sources and p[1] in ids(1, 2) and w >= 2
    }


def test_traced_adjacencies_are_all(client: neuprint.Client) -> None:
    _, edges = neuprint.fetch_traced_adjacencies(client=client)
    assert pairs(edges) == WEIGHTS


def test_common_connectivity(client: neuprint.Client) -> None:
    found = neuprint.fetch_common_connectivity(ids(2, 3), "upstream", client=client)
    shared = {a for a, b in WEIGHTS if b == BASE + 2} & {a for a, b in WEIGHTS if b == BASE + 3}
    assert pairs(found) == {
        p: w for p, w in WEIGHTS.items() if p[0] in shared and p[1] in ids(2, 3)
    }


def test_paths_and_shortest_paths(client: neuprint.Client) -> None:
    """By hand: 9 -> 2 -> 1, 9 -> 3 -> 4 -> 1 and, through 1 twice, none of three hops."""
    found = neuprint.fetch_paths(BASE + 9, BASE + 1, max_path_length=3, min_weight=1, client=client)
    listed = {tuple(part["bodyId"]) for _, part in found.groupby("path")}
    assert listed == {tuple(ids(9, 2, 1)), tuple(ids(9, 3, 4, 1))}
    found = neuprint.fetch_shortest_paths(BASE + 9, BASE + 1, min_weight=1, client=client)
    assert found["bodyId"].tolist() == ids(9, 2, 1)
    assert found["weight"].tolist() == [0, 4, 1]
    found = neuprint.fetch_shortest_paths(BASE + 9, BASE + 1, min_weight=2, client=client)
    assert found["bodyId"].tolist() == ids(9, 3, 4, 1)
    none = NeuronCriteria(status="Orphan", client=client)
    found = neuprint.fetch_shortest_paths(BASE + 9, BASE + 1, 1, none, client=client)
    assert found.empty


def test_a_walk_may_pass_a_neuron_twice_but_no_connection(client: neuprint.Client) -> None:
    """As in Cypher: 1 -> 2 -> 1 -> 3 is a path, and 1 -> 2 -> 1 -> 2 is not."""
    found = neuprint.fetch_paths(BASE + 1, BASE + 3, path_length=3, min_weight=1, client=client)
    assert found["bodyId"].tolist() == ids(1, 2, 1, 3)
    found = neuprint.fetch_paths(BASE + 1, BASE + 2, path_length=3, min_weight=1, client=client)
    assert found.empty


def test_output_completeness(client: neuprint.Client) -> None:
    with as_default(client):
        found = neuprint.fetch_output_completeness(BASE + 1, client=client)
    assert found["total_weight"].tolist() == [10]
    assert found["completeness"].tolist() == [1.0]


def test_own_cypher(client: neuprint.Client) -> None:
    found = neuprint.fetch_custom(
        "MATCH (n:Neuron)-[c:ConnectsTo]->(m:Segment) WHERE c.weight > 3 AND n.type = 'ER' "
        "RETURN m.type, count(*) AS c, sum(c.weight) AS w ORDER BY m.type",
        client=client,
    )
    assert found.columns.tolist() == ["m.type", "c", "w"]
    assert found.values.tolist() == [["EBc", 1, 5], ["er", 1, 5]]
    found = client.fetch_custom("MATCH (n:Neuron) RETURN n.bodyId AS b", use_arrow=True)
    assert sorted(found["b"]) == EVERYBODY


def test_what_we_do_not_compute_goes_to_the_database(client: neuprint.Client) -> None:
    """A pattern of two relationships; the text that looks like a label stays as it is."""
    found = neuprint.fetch_custom(
        "MATCH (a:Neuron)-[:ConnectsTo]->(b:Segment)-[:ConnectsTo]->(c:Neuron) "
        "WHERE a.bodyId <> c.bodyId RETURN a.bodyId AS a, c.bodyId AS c, ':Segment' AS said",
        client=client,
    )
    wanted = [(a, d) for a, b in WEIGHTS for c, d in WEIGHTS if b == c and a != d]
    assert sorted(zip(found["a"], found["c"], strict=True)) == sorted(wanted)
    assert set(found["said"]) == {":Segment"}


def test_columns_have_the_names_that_the_query_has(client: neuprint.Client) -> None:
    """Also where the database runs it, in the words of our graph."""
    found = neuprint.fetch_custom(
        "MATCH (a:Neuron)-[:ConnectsTo]->(b:Segment)-[e:ConnectsTo]->(c:Neuron) "
        "RETURN DISTINCT a.bodyId, c.type AS kind, count(*), sum(e.weight) ORDER BY a.bodyId",
        client=client,
    )
    assert found.columns.tolist() == ["a.bodyId", "kind", "count(*)", "sum(e.weight)"]
    wanted = sum(w for a, b in WEIGHTS for (c, _), w in WEIGHTS.items() if b == c)
    assert found["sum(e.weight)"].sum() == wanted


@pytest.mark.parametrize(
    ("cypher", "reason"),
    [
        ("MATCH (n:Neuron) SET n.x = 1 RETURN n", "would write"),
        ("MATCH (n:Neuron) DETACH DELETE n", "would write"),
        ("CREATE (n:Neuron {bodyId: 1})", "would write"),
        ("LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l", "not allowed"),
        ("CALL dbms.listConfig() YIELD name RETURN name", "not allowed"),
        (
            'CALL apoc.cypher.runTimeboxed("MATCH (n:Neuron) DELETE n", {}, 5000) YIELD value '
            "RETURN value.c AS c",
            "would write",
        ),
        ("MATCH (s:Synapse) RETURN s", "no nodes with the label Synapse"),
        ("MATCH (n:Neuron)-[:Contains]->(s) RETURN s", "no relationships Contains"),
        ("MATCH (a:Neuron)-[:ConnectsTo]->(b:Neuron)-[:SynapsesTo]->(c) RETURN c", "SynapsesTo"),
        ("MATCH (n:Neuron) WHERE n.hemilineage = 'x' RETURN n.bodyId", "no property 'hemilineage'"),
        ("MATCH (n:Neuron) WHERE n.bodyId = 5.8e17 RETURN n.type", "float"),
        ("MATCH (n:Neuron) WHERE n.type =~ '(?=E)E.*' RETURN n.type", "regular expression"),
        ("MATCH (a:Neuron), p = (a)-[:ConnectsTo*]->(b:Neuron) RETURN nodes(p)", "largest number"),
        ("MATCH (n:Neuron) RETURN " + "(" * 101 + "1" + ")" * 101 + " AS x", "nested"),
        ("MATCH (n:Neuron) REMOVE n.x RETURN n", "would write"),
        ("MERGE (n:Neuron {bodyId: 1}) RETURN n", "would write"),
        ("MATCH (n:Neuron) FOREACH (x IN [1] | SET n.x = x)", "would write"),
        ("MATCH (n:Neuron) CALL { WITH n DELETE n } RETURN 1", ""),
        ("MATCH (n:Neuron) WITH n LIMIT 1 S/**/ET n.x = 1", ""),
        ("MATCH (n:Neuron) /* */ SET /* */ n.x = 1 RETURN n // RETURN", "would write"),
        ("MATCH (n:Neuron) RETURN n; MATCH (m:Neuron) DETACH DELETE m", "one query at a time"),
        ("MATCH (n:Neuron) \\u0053ET n.x = 1 RETURN n", "escape"),
        ("LO\\u0041D CSV FROM 'file:///etc/passwd' AS l RETURN l", "escape"),
        ("LOAD /* */ CSV FROM 'file:///etc/passwd' AS l RETURN l", "not allowed"),
        ("MATCH (n:`Neuron`) LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l", "not allowed"),
        ("LOAD FROM '/etc/passwd' RETURN *", ""),
        ("COPY Neuron FROM '/etc/passwd'", ""),
        ("ATTACH '/tmp/other.db' AS other (dbtype ladybug)", ""),
        ("INSTALL httpfs", ""),
        ("EXPORT DATABASE '/tmp/out'", ""),
        ("CALL apoc.load.json('file:///etc/passwd') YIELD value RETURN value", "not allowed"),
        ("MATCH (n:Neuron) RETURN apoc.cypher.runFirstColumnSingle('MATCH (n) DELETE n', {})", ""),
        ("CALL db.labels() YIELD label RETURN label", ""),
        ("SHOW USERS", ""),
        ("DROP INDEX cavegraph_neuron", ""),
        ("USE system MATCH (n:Neuron) RETURN n", ""),
        ("MATCH (n:`Neuron) SET n.x = 1 //`) RETURN n", "no nodes with the label"),
        ("MATCH (n) WHERE '\\' SET n.x = 1 //' = '' RETURN n", ""),
        ("MATCH (n) RETURN n", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_what_cannot_be_answered_is_refused(
    client: neuprint.Client, cypher: str, reason: str
) -> None:
    assert reason in refused(client, cypher)
    assert (
        neuprint.fetch_custom("MATCH (n:Neuron) RETURN count(n) AS c", client=client)["c"][0] == 9
    )


@pytest.fixture
def unchanged(client: neuprint.Client) -> Iterator[None]:
    """After the test the graph has the weights that it had."""
    yield
    _, edges = neuprint.fetch_traced_adjacencies(client=client)
    assert pairs(edges) == WEIGHTS


@pytest.mark.usefixtures("unchanged")
def test_a_query_without_end_is_stopped(
    toy: graphapi.Connectome, certificate: tuple[Path, Path]
) -> None:
    """Our server does not compute it, so the database does, until the time is over."""
    endless = "MATCH (n:Neuron) UNWIND range(1, 1000000000) AS x WITH x, n WHERE x > 0 "
    with client_of(toy, certificate, seconds=1.0) as client:
        assert refused(client, f"{endless} RETURN count(*) AS c")
        found = client.fetch_custom("MATCH (n:Neuron) RETURN count(n) AS c")
    assert found["c"].tolist() == [9]


def test_an_expression_that_never_ends_elsewhere_ends_here(client: neuprint.Client) -> None:
    """Python's `re` would try 2**40 ways."""
    cypher = "MATCH (n:Neuron) WHERE '{}!' =~ '(a+)+b' RETURN n.bodyId".format("a" * 40)
    assert neuprint.fetch_custom(cypher, client=client).empty


def test_synapses_are_refused_with_a_reason(client: neuprint.Client) -> None:
    with pytest.raises(requests.HTTPError, match="get_synapses"):
        neuprint.fetch_synapses(BASE + 1, client=client)
    with pytest.raises(requests.HTTPError, match="ElementSet"):
        neuprint.fetch_mitochondria(BASE + 1, client=client)


@pytest.mark.parametrize(
    "path",
    ["skeletons/skeleton/toy:v7/1", "roimeshes/mesh/toy:v7/AL", "cached/roiconnectivity", "raw/x"],
)
def test_what_the_graph_has_not_is_not_found(client: neuprint.Client, path: str) -> None:
    answer = client.session.get(f"{client.server}/api/{path}", verify=client.verify, timeout=60)
    assert answer.status_code == 404
    assert len(answer.json()["error"]) > 20


def test_another_dataset_is_not_found(client: neuprint.Client) -> None:
    answer = client.session.post(
        f"{client.server}/api/custom/custom",
        json={"cypher": "MATCH (n:Neuron) RETURN n", "dataset": "hemibrain:v1.2.1"},
        verify=client.verify,
        timeout=60,
    )
    assert answer.status_code == 404
    assert re.search("toy:v7", answer.json()["error"])
