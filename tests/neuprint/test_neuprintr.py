"""What neuprintr (natverse) sends, sent again: each answer by pandas from the rows, or a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest
import requests
from neuprint_client import client_of

import graphapi
import neuprint
from support.graphs import build_graph

BASE = 576460752700000000
A, B, C, D, E = (BASE + number for number in range(1, 6))
TYPES = {A: "KC", B: "KC", C: "PN", D: "MBON01", E: None}
NAMES = {A: "KC_R", B: "KC_L", C: "PN_R", D: None, E: None}
ROWS = pd.DataFrame(
    [
        *((A, C, 5, "AL(R)"), (A, C, 3, "LH(R)"), (B, C, 2, "AL(R)"), (C, D, 4, None)),
        *((A, D, 1, "LH(R)"), (D, A, 6, "LH(R)"), (E, C, 7, "AL(R)"), (E, B, 2, "AL(R)")),
    ],
    columns=["pre", "post", "weight", "region"],
)
WEIGHTS = ROWS.groupby(["pre", "post"], as_index=False)["weight"].sum()
ROIS = ["AL(R)", "LH(R)"]


def counts(root: int) -> dict[str, dict[str, int]]:
    """Outgoing and incoming synapses of a neuron by region."""
    found: dict[str, dict[str, int]] = {}
    for side, end in (("pre", "pre"), ("post", "post")):
        for region, weight in ROWS[ROWS[end] == root].groupby("region")["weight"].sum().items():
            found.setdefault(region, {"pre": 0, "post": 0})[side] = int(weight)
    return found


@pytest.fixture(scope="module")
def connectome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[graphapi.Connectome]:
    annotations = pd.DataFrame({"root_id": TYPES.keys(), "cell_type": TYPES.values()})
    annotations["instance"] = NAMES.values()
    place = build_graph(tmp_path_factory.mktemp("natverse"), ROWS, annotations)
    with graphapi.Connectome.open(place) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(
    connectome: graphapi.Connectome, certificate: tuple[Path, Path]
) -> Iterator[neuprint.Client]:
    with client_of(connectome, certificate) as made:
        yield made


class Natverse:
    """Sends requests as httr does, and reads 64-bit ids as they are written."""

    def __init__(self, client: neuprint.Client) -> None:
        self._client, self.dataset = client, client.dataset

    def send(self, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        address = f"{self._client.server}/{path}"
        if body is None:
            return self._client.session.get(address, verify=self._client.verify, timeout=60)
        return self._client.session.post(
            address,
            data=json.dumps({"dataset": self.dataset, **body}),
            headers={"Content-Type": "application/json"},
            verify=self._client.verify,
            timeout=60,
        )

    def get(self, path: str) -> Any:
        answer = self.send(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.send(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def custom(self, cypher: str) -> pd.DataFrame:
        answer = self.post("api/custom/custom", cypher=cypher)
        return pd.DataFrame(answer["data"], columns=answer["columns"])

    def reason(self, path: str, **body: Any) -> str:
        """The reason of a refusal, in neuPrint's form."""
        answer = self.send(path, body or None)
        assert answer.status_code in (400, 404), answer.text
        assert list(answer.json()) == ["error"]
        return answer.json()["error"]


@pytest.fixture(scope="module")
def natverse(client: neuprint.Client) -> Natverse:
    return Natverse(client)


def test_what_the_server_is(natverse: Natverse, connectome: graphapi.Connectome) -> None:
    assert natverse.send("").status_code == 200
    (about,) = natverse.get("api/dbmeta/datasets").values()
    assert about["ROIs"] == about["superLevelROIs"] == ROIS
    assert about["last-mod"] == connectome.materialization.loaded_at
    assert natverse.get("api/dbmeta/database")["Location"] == connectome.name
    assert natverse.get("api/version") == natverse.get("api/dbmeta/version")
    assert natverse.get("api/serverinfo")["IsPublic"] is True
    for one in natverse.get("api/available"):
        given = {"cypher": "MATCH (n:Neuron) RETURN n.bodyId", "neuron_ids": [A]}
        body = given if one["method"] == "POST" else None
        expected = 400 if one["path"].startswith("/api/custom") and body is None else 200
        if one["path"].endswith("commonconnectivity") and body is None:
            expected = 400
        assert natverse.send(one["path"][1:], body).status_code == expected, one
    (tree,) = natverse.custom(
        "MATCH (m:Meta) WITH m as m, apoc.convert.fromJsonMap(m.roiHierarchy) as roiHierarchy "
        "RETURN roiHierarchy"
    )["roiHierarchy"]
    assert [one["name"] for one in tree["children"]] == ROIS


def test_fields_and_their_types(natverse: Natverse) -> None:
    fields = natverse.custom("MATCH (n:Meta) RETURN n.neuronProperties").iloc[0, 0]
    assert {"bodyId", "type", "instance", "pre", "post"} <= set(json.loads(fields))
    named = natverse.custom("MATCH (n :Neuron) WHERE exists(n.instance) RETURN count(n)")
    assert named.iloc[0, 0] == sum(name is not None for name in NAMES.values())
    for field, kind in (("type", "STRING"), ("pre", "INTEGER")):
        found = natverse.custom(
            f" MATCH (n:Neuron) WHERE exists(n.`{field}`) "
            f"RETURN apoc.meta.type(n.`{field}`) LIMIT 1 "
        )
        assert found.iloc[0, 0] == kind


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ('n.type =~ "K.*"', [A, B]),
        ('n.type CONTAINS "MBON"', [D]),
        ('n.instance = "PN_R"', [C]),
        ("exists(n.type) AND n.pre>5 AND NOT n.type = 'PN'", [A, D]),
    ],
)
def test_search(natverse: Natverse, where: str, wanted: list[int]) -> None:
    found = natverse.custom(f"MATCH (n:`Neuron`) WHERE {where} RETURN n.bodyId")
    assert sorted(found["n.bodyId"]) == wanted


def test_what_is_known_of_neurons(natverse: Natverse) -> None:
    """An id is in neither float nor text on its way, and an unknown one has no row."""
    start = (
        f"WITH {[D, A, BASE]} AS bodyIds UNWIND bodyIds AS bodyId MATCH (n:`Segment`) "
        "WHERE n.bodyId=bodyId"
    )
    found = natverse.custom(
        f"{start} RETURN n.`bodyId` AS `bodyid`,n.`instance` AS `name`,n.`type` AS `type`,"
        "n.`pre` AS `pre`,n.`post` AS `post`, exists(n.somaLocation) AS soma"
    )
    out, into = (WEIGHTS.groupby(end)["weight"].sum() for end in ("pre", "post"))
    assert found.to_numpy().tolist() == [
        [root, NAMES[root], TYPES[root], out[root], into[root], False] for root in (D, A)
    ]
    found = natverse.custom(f"{start} RETURN n.bodyId AS bodyid, n.roiInfo AS roiInfo")
    told = {
        root: {
            region: {name: said[name] for name in ("pre", "post")}
            for region, said in json.loads(text).items()
        }
        for root, text in found.to_numpy().tolist()
    }
    assert told == {root: counts(root) for root in (D, A)}


@pytest.mark.parametrize("threshold", [1, 3])
def test_adjacency_matrix(natverse: Natverse, threshold: int) -> None:
    more = f" AND c.weight> {threshold - 1}" if threshold > 1 else ""
    found = natverse.custom(
        f"WITH {[A, B, C]} AS input, {[C, D]} AS output MATCH (n:`Neuron`)-[c:ConnectsTo]->(m) "
        f"WHERE n.bodyId IN input AND m.bodyId IN output{more} "
        "RETURN n.bodyId AS upstream, m.bodyId AS downstream, c.weight AS weight"
    )
    wanted = WEIGHTS[WEIGHTS["pre"].isin([A, B, C]) & WEIGHTS["post"].isin([C, D])]
    wanted = wanted[wanted["weight"] >= threshold]
    assert sorted(found.to_numpy().tolist()) == sorted(wanted.to_numpy().tolist())


@pytest.mark.parametrize("threshold", [1, 5])
@pytest.mark.parametrize(("end", "query", "partner"), [("post", "a", "b"), ("pre", "b", "a")])
def test_connection_table(
    natverse: Natverse, end: str, query: str, partner: str, threshold: int
) -> None:
    more = f"AND c.weight >=  {threshold}" if threshold > 1 else ""
    start = (
        f"WITH {[A, C]} AS bodyIds UNWIND bodyIds AS bodyId MATCH (a:`Neuron`)-[c:ConnectsTo]->"
        f"(b:`Neuron`) WHERE {query}.bodyId=bodyId {more} "
    )
    ends = f"{query}.bodyId AS bodyid, {partner}.bodyId AS partner, c.weight AS weight"
    found = natverse.custom(
        f"{start}RETURN {ends} , {partner}.type AS type, {partner}.instance AS name"
    )
    own, other = ("pre", "post") if end == "post" else ("post", "pre")
    wanted = WEIGHTS[WEIGHTS[own].isin([A, C]) & (WEIGHTS["weight"] >= threshold)]
    assert sorted(found.iloc[:, :3].to_numpy().tolist()) == sorted(
        wanted[[own, other, "weight"]].to_numpy().tolist()
    )
    assert found["type"].tolist() == [TYPES[one] for one in found["partner"]]
    found = natverse.custom(
        f"{start}UNWIND keys(apoc.convert.fromJsonMap(c.roiInfo)) AS k RETURN {ends} , k AS roi, "
        "apoc.convert.fromJsonMap(c.roiInfo)[k].post AS ROIweight"
    )
    rows = ROWS.dropna().merge(wanted, on=["pre", "post"], suffixes=("", "_all"))
    wanted = rows[[own, other, "weight_all", "region", "weight"]]
    assert sorted(found.to_numpy().tolist()) == sorted(wanted.to_numpy().tolist())


@pytest.mark.parametrize("inputs", [True, False])
def test_common_and_simple_connectivity(natverse: Natverse, inputs: bool) -> None:
    own, other, side = ("post", "pre", "input") if inputs else ("pre", "post", "output")
    common = natverse.post(
        "api/npexplorer/commonconnectivity",
        neuron_ids=[A, C],
        statuses=[],
        find_inputs=inputs,
        all_segments=False,
    )
    assert common["columns"] == ["map"]
    wanted = [
        {side: row[other], "name": NAMES[row[other]], "type": TYPES[row[other]]}
        | {f"{row[own]}_weight": row["weight"]}
        for _, row in WEIGHTS[WEIGHTS[own].isin([A, C])].iterrows()
    ]
    key = lambda one: sorted(map(str, one.items()))  # noqa: E731
    assert sorted(common["data"][0][0], key=key) == sorted(wanted, key=key)
    named = natverse.post(
        "api/npexplorer/commonconnectivity",
        neuron_names=["PN"],
        find_inputs=inputs,
        pre_threshold=6,
    )
    out = WEIGHTS.groupby("pre")["weight"].sum()
    wanted = WEIGHTS[(WEIGHTS[own] == C) & WEIGHTS[other].map(out).ge(6)]
    assert {one[side]: one["PN_weight"] for one in named["data"][0][0]} == dict(
        zip(wanted[other], wanted["weight"], strict=True)
    )


def paths_of(found: pd.DataFrame) -> list[list[int]]:
    assert found["length(path)"].tolist() == [len(weights) for weights in found["weights"]]
    assert all(one[1:] == [NAMES[one[0]], TYPES[one[0]]] for path in found["path"] for one in path)
    return sorted([one[0] for one in path] for path in found["path"])


RETURNED = (
    "RETURN length(p) AS `length(path)`,[n in nodes(p) | [n.bodyId, n.instance, n.type]] AS path,"
    "[x in relationships(p) | x.weight] AS weights, [x in relationships(p) | x.roiInfo] AS roiInfo"
)


@pytest.mark.parametrize("weight", [1, 4])
def test_paths(natverse: Natverse, weight: int) -> None:
    """The relationship has a name and no type, and the last neuron neither."""
    found = natverse.custom(
        f"MATCH p = (src:`Neuron`)-[ConnectsTo*1..3]->(`Neuron`) WHERE src.bodyId IN {[E, A]} AND "
        "(NOT apoc.coll.containsDuplicates(nodes(p))) AND last(nodes(p)).bodyId IN "
        f"{[D, B]} AND ALL(x in relationships(p) WHERE  x.weight>={weight}) {RETURNED}"
    )
    strong = WEIGHTS[WEIGHTS["weight"] >= weight]
    drawn = nx.from_pandas_edgelist(strong, "pre", "post", create_using=nx.DiGraph)
    drawn.add_nodes_from(TYPES)
    pairs = [(one, other) for one in (E, A) for other in (D, B)]
    wanted = [path for pair in pairs for path in nx.all_simple_paths(drawn, *pair, cutoff=3)]
    assert paths_of(found) == sorted(wanted) != []


@pytest.mark.parametrize(("roi", "least"), [(None, 1), ("AL(R)", 2), ("LH(R)", 1)])
def test_shortest_paths(natverse: Natverse, roi: str | None, least: int) -> None:
    """With a region, they are the shortest of those that are strong enough there."""
    inside = (
        ""
        if roi is None
        else (f"( apoc.convert.fromJsonMap(x.roiInfo).`{roi}`.post >= {least} ) AND ")
    )
    found = natverse.custom(
        "MATCH p = allShortestPaths((src: `Neuron`)-[c: ConnectsTo*]->(dest:`Neuron`)) WHERE "
        f"src.bodyId IN {[E, A]} AND dest.bodyId IN {[A, D, C]} AND src.bodyId <> dest.bodyId AND "
        f"ALL (x in relationships(p) WHERE {inside} x.weight >= 1) {RETURNED}"
    )
    rows = WEIGHTS if roi is None else ROWS[(ROWS["region"] == roi) & (ROWS["weight"] >= least)]
    drawn = nx.from_pandas_edgelist(rows, "pre", "post", create_using=nx.DiGraph)
    drawn.add_nodes_from(TYPES)
    pairs = [(one, other) for one in (E, A) for other in (A, D, C) if one != other]
    wanted = [
        path
        for pair in pairs
        if nx.has_path(drawn, *pair)
        for path in nx.all_shortest_paths(drawn, *pair)
    ]
    assert paths_of(found) == sorted(wanted) != []


def test_neurons_of_regions(natverse: Natverse) -> None:
    inside = {root: counts(root) for root in TYPES if "AL(R)" in counts(root)}
    found = natverse.custom(
        "MATCH (n :`Segment`) WHERE n.`AL(R)` WITH n AS n, apoc.convert.fromJsonMap(n.roiInfo) AS "
        "roiInfo RETURN n.bodyId AS bodyid, n.size AS voxels, n.pre AS pre, n.post as post, "
        "roiInfo.`AL(R)`.pre AS roipre, roiInfo.`AL(R)`.post AS roipost"
    )
    assert found[["bodyid", "roipre", "roipost"]].to_numpy().tolist() == [
        [root, said["AL(R)"]["pre"], said["AL(R)"]["post"]] for root, said in inside.items()
    ]
    asked = {"input_ROIs": ["AL(R)"], "output_ROIs": ["LH(R)"], "statuses": ["Traced"]}
    answer = natverse.post("api/npexplorer/findneurons", all_segments=True, **asked)
    found = pd.DataFrame(answer["data"], columns=answer["columns"])
    assert found["bodyid"].tolist() == [str(r) for r in TYPES if set(ROIS) <= set(counts(r))]
    for named, wanted in (({"neuron_name": "KC.*"}, [A, B]), ({"neuron_id": C}, [C])):
        answer = natverse.post("api/npexplorer/findneurons", **named)
        assert [row[0] for row in answer["data"]] == [str(one) for one in wanted]


def test_connectivity_of_regions(natverse: Natverse, client: neuprint.Client) -> None:
    answer = natverse.post("api/npexplorer/roiconnectivity", rois=ROIS)
    told = {root: set(json.loads(text)) for root, text in answer["data"]}
    assert told == {root: set(counts(root)) for root in TYPES}
    wanted: dict[str, list[float]] = {}
    for root in TYPES:
        said = counts(root)
        total = sum(one["post"] for one in said.values())
        for into, ends in said.items():
            for out, others in said.items():
                if ends["post"] and others["pre"]:
                    sums = wanted.setdefault(f"{into}=>{out}", [0, 0])
                    sums[0] += 1
                    sums[1] += others["pre"] * ends["post"] / total
    assert natverse.get("api/cached/roiconnectivity")["roi_names"] == ROIS
    cached = client.fetch_roi_connectivity()
    assert sorted(cached.to_numpy().tolist()) == [
        [*key.split("=>"), one[0], pytest.approx(one[1])] for key, one in sorted(wanted.items())
    ]
    sums = ROWS.groupby("region")["weight"].sum()
    complete = client.fetch_roi_completeness()
    assert complete.to_numpy().tolist() == [[roi, *[sums[roi]] * 4] for roi in ROIS]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (f"api/skeletons/skeleton/x/{A}", {}, "no skeletons"),
        ("api/roimeshes/mesh/x/AL(R)", {}, "no meshes of regions"),
        ("api/npexplorer/rankedtable", {"neuron_id": A}, "only those that neuprintr asks"),
        ("api/cached/dailytype", {}, "answers only cached/roiconnectivity"),
        ("api/npexplorer/commonconnectivity", {"find_inputs": True}, "neuron_ids or neuron_names"),
        ("api/npexplorer/commonconnectivity", {"neuron_ids": [BASE]}, str(BASE)),
        ("api/npexplorer/commonconnectivity", {"neuron_ids": [5.8e17]}, "float"),
        (
            "api/npexplorer/commonconnectivity",
            {"neuron_ids": [A], "dataset": "hemibrain"},
            "hemibrain",
        ),
        ("api/npexplorer/findneurons", {"input_ROIs": ["EB"]}, "no region 'EB'"),
        ("api/npexplorer/findneurons", {"neuron_name": "(?=K)"}, "regular expression"),
        ("api/npexplorer/findneurons", {"pre_threshold": "many"}, "pre_threshold"),
        (
            "api/custom/custom",
            {
                "cypher": f"WITH [{A}] AS bodyIds UNWIND bodyIds AS bodyId MATCH (a:`Segment`)"
                "-[:Contains]->(c:SynapseSet)-[:Contains]->(s:Synapse)-[:SynapsesTo]->(:Synapse)"
                "<-[:Contains]-(:SynapseSet)<-[:Contains]-(b:`Segment`) WHERE a.bodyId=bodyId AND "
                "(s.type='pre') RETURN DISTINCT id(s) AS connector_id, b.bodyId AS partner"
            },
            "made from files",
        ),
    ],
)
def test_what_is_not_here_has_a_reason(
    natverse: Natverse, path: str, body: dict[str, Any], reason: str
) -> None:
    assert reason in natverse.reason(path, **body)
