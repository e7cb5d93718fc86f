"""Every Cypher text that neuprint-python sends: answered as Neo4j answers it, or refused.

Neo4j has neuPrint's own model for it, and the text as the client wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any
from unittest.mock import patch

import neo4j
import pandas as pd
import pytest
from neuprint_client import client_of

import graphapi
import neuprint
from conformance.toy import ANNOTATIONS, BASE, ROWS
from neo4j_server import Neo4jServer
from neuprint import NeuronCriteria, SynapseCriteria

#: Fields of our graph that neuPrint's model has under other names, or not.
OWN = {"cell_class", "in_synapses", "out_synapses", "in_partners", "out_partners"}
A, B, C = BASE + 9, BASE + 1, BASE + 3


def neurons(client: neuprint.Client, **asked: Any) -> NeuronCriteria:
    return NeuronCriteria(client=client, **asked)


def synapses(client: neuprint.Client, **asked: Any) -> SynapseCriteria:
    return SynapseCriteria(client=client, confidence=0.5, **asked)


def orphan_tasks(client: neuprint.Client) -> None:
    """Without any orphan, the client fails after its last query."""
    with suppress(TypeError):
        neuprint.fetch_downstream_orphan_tasks(B, client=client)


def with_transmitters(client: neuprint.Client) -> None:
    """As of a data set whose synapses have them."""
    with patch.object(neuprint.Client, "fetch_synapse_nt_keys", lambda _client: ["ntGabaProb"]):
        neuprint.fetch_synapses(B, nt="max", client=client)


Call = Callable[[neuprint.Client], object]
CALLS: dict[str, Call] = {
    "fetch_meta": lambda c: neuprint.fetch_meta(client=c),
    "fetch_all_rois": lambda c: neuprint.fetch_all_rois(client=c),
    "fetch_primary_rois": lambda c: neuprint.fetch_primary_rois(client=c),
    "fetch_roi_hierarchy": lambda c: neuprint.fetch_roi_hierarchy(False, client=c),
    "fetch_neurons by type": lambda c: neuprint.fetch_neurons(
        neurons(c, type="E.*", status="Traced", cropped=False), client=c
    ),
    "fetch_neurons by id": lambda c: neuprint.fetch_neurons([BASE + n for n in range(9)], client=c),
    "fetch_neurons by region": lambda c: neuprint.fetch_neurons(
        neurons(c, inputRois=["AL(R)"], outputRois=["LH(R)"], min_roi_inputs=5), client=c
    ),
    "fetch_custom_neurons": lambda c: neuprint.fetch_custom_neurons(
        "MATCH (n:Neuron) RETURN n", client=c
    ),
    "fetch_simple_connections": lambda c: neuprint.fetch_simple_connections(
        A, neurons(c, label="Neuron"), min_weight=3, client=c
    ),
    "fetch_adjacencies": lambda c: neuprint.fetch_adjacencies(A, [B, C, BASE + 2], client=c),
    "fetch_traced_adjacencies": lambda c: neuprint.fetch_traced_adjacencies(client=c),
    "fetch_common_connectivity": lambda c: neuprint.fetch_common_connectivity(
        [BASE + 2, C], "upstream", client=c
    ),
    "fetch_shortest_paths": lambda c: neuprint.fetch_shortest_paths(A, B, 1, client=c),
    "fetch_paths exact": lambda c: neuprint.fetch_paths(A, B, path_length=2, client=c),
    "fetch_paths": lambda c: neuprint.fetch_paths(A, B, max_path_length=3, min_weight=1, client=c),
    "fetch_output_completeness": lambda c: neuprint.fetch_output_completeness(B, client=c),
    "fetch_downstream_orphan_tasks": orphan_tasks,
    "fetch_synapses": lambda c: neuprint.fetch_synapses(B, synapses(c), client=c),
    "fetch_synapses with transmitters": with_transmitters,
    "fetch_synapses by region": lambda c: neuprint.fetch_synapses(
        B, synapses(c, rois=["AL(R)"]), client=c
    ),
    "fetch_mean_synapses": lambda c: neuprint.fetch_mean_synapses(B, synapses(c), client=c),
    "fetch_synapse_connections": lambda c: neuprint.fetch_synapse_connections(
        A, C, synapses(c), client=c
    ),
    "fetch_mitochondria": lambda c: neuprint.fetch_mitochondria(B, client=c),
    "fetch_synapses_and_closest_mitochondria": lambda c: (
        neuprint.fetch_synapses_and_closest_mitochondria(B, synapses(c), client=c)
    ),
    "fetch_connection_mitochondria": lambda c: neuprint.fetch_connection_mitochondria(
        A, C, synapses(c), client=c
    ),
}


@dataclass
class Recorder:
    """Stands in for a client's `fetch_custom`; after a refusal, the client goes on with a row."""

    client: neuprint.Client
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    def __call__(
        self,
        cypher: str,
        _dataset: str = "",
        format: str = "pandas",  # noqa: A002
        **_more: Any,
    ) -> Any:
        text = indent(dedent(cypher), "    ")
        self.sent.append(text)
        answer = self.client.session.post(
            f"{self.client.server}/api/custom/custom",
            json={"cypher": text, "dataset": self.client.dataset},
            verify=self.client.verify,
            timeout=60,
        )
        assert answer.status_code in (200, 400), answer.text
        said = answer.json()
        if answer.status_code == 200:
            self.answers[text] = said
        else:
            self.refusals[text] = said["error"]
            said = made_up(text)
        return said if format == "json" else pd.DataFrame(said["data"], columns=said["columns"])


def made_up(text: str) -> dict[str, Any]:
    """One row with the columns that a text names."""
    columns = re.findall(r"\bas (\w+)\b", text[text.rindex("RETURN") :])
    known = {"bodyId": B, "bodyId_pre": A, "bodyId_post": C, "type": "pre", "roiInfo": "{}"}
    row = [known.get(name, {} if "_info" in name or "info_" in name else 1) for name in columns]
    return {"columns": columns, "data": [row]}


@pytest.fixture
def asked(
    toy: graphapi.Connectome, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Recorder]:
    """All texts of all calls, sent to our server by a client that knows no answer yet."""
    with client_of(toy, certificate) as client:
        yield recorded(client, monkeypatch)


def recorded(client: neuprint.Client, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder(client)
    monkeypatch.setattr(
        neuprint.Client, "fetch_custom", lambda _client, *args, **more: recorder(*args, **more)
    )
    for name in ("all_rois", "primary_rois"):  # so that it writes texts about regions, too
        monkeypatch.setattr(neuprint.Client, name, ["AL(R)", "LH(R)"])
    for call in CALLS.values():
        neuprint.set_default_client(client)  # some calls forget their argument
        call(client)
    return recorder


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_each_text_is_answered_or_refused_with_a_reason(asked: Recorder) -> None:
    """What is refused is about synapses, mitochondria and regions, which this graph has not."""
    reasons = {re.split("Synapse|ElementSet|AL", why)[0] for why in asked.refusals.values()}
    assert reasons == {
        "there are no nodes with the label ",
        "neurons of toy v7 have no property '",
    }
    refused = sum(text in asked.refusals for text in asked.sent)
    assert (len(asked.sent) - refused, refused) == (51, 11)
    assert (len(asked.answers), len(asked.refusals)) == (35, 10)


@contextmanager
def neuprints_model(server: Neo4jServer) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Put the graph into Neo4j as neuPrint has it; give what runs a client's text there.

    Labels have a prefix, as on neuPrint's servers, so that our graph can be beside it.
    """
    kept = ROWS[(ROWS["pre"] != ROWS["post"]) & (ROWS["pre"] > 0) & (ROWS["post"] > 0)]
    types: dict[int, str] = {}
    for row in ANNOTATIONS:
        if row.get("cell_class") is not None:
            types.setdefault(row["root_id"], row["cell_class"])
    roots = {*ROWS["pre"], *ROWS["post"], *(row["root_id"] for row in ANNOTATIONS)} - {0}
    out, into = (kept.groupby(end).size().to_dict() for end in ("pre", "post"))
    nodes = [
        {"bodyId": int(root), "pre": out.get(root, 0), "post": into.get(root, 0)}
        | {"downstream": out.get(root, 0), "upstream": into.get(root, 0)}
        | {"status": "Traced", "statusLabel": "Traced", "type": types.get(root), "roiInfo": "{}"}
        for root in roots
    ]
    edges = kept.groupby(["pre", "post"]).size().rename("weight").reset_index()

    def run(text: str) -> list[dict[str, Any]]:
        text = re.sub(r":\s*(Neuron|Segment)\b", r":np_\1", text)
        text = re.sub(r"exists\((\w+\.\w+)\)", r"(\1 IS NOT NULL)", text)  # gone in Neo4j 5
        return [dict(one) for one in driver.execute_query(text).records]

    with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
        driver.execute_query(
            "UNWIND $rows AS r CREATE (n:np_Neuron:np_Segment) SET n = r", rows=nodes
        )
        driver.execute_query(
            "UNWIND $rows AS r MATCH (a:np_Neuron {bodyId: r.pre}), (b:np_Neuron {bodyId: r.post})"
            " CREATE (a)-[:ConnectsTo {weight: r.weight, roiInfo: '{}'}]->(b)",
            rows=edges.to_dict("records"),
        )
        try:
            yield run
        finally:
            driver.execute_query("MATCH (n:np_Neuron) DETACH DELETE n")


def plain(value: Any) -> Any:
    """A value as text, to be sorted; of a neuron, what neuPrint's model has."""
    if isinstance(value, (dict, neo4j.graph.Node)):
        names = ("bodyId", "type", "status", "pre", "post", "roiInfo")
        return str([(name, value.get(name)) for name in names])
    return str(value)


@pytest.mark.neo4j
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_answers_are_those_of_neo4j_on_neuprints_model(
    asked: Recorder, neo4j_server: Neo4jServer
) -> None:
    compared = filled = 0
    with neuprints_model(neo4j_server) as run:
        for text, said in asked.answers.items():
            if ":Meta)" in text:
                continue
            rows = run(text)
            both = [place for place, name in enumerate(said["columns"]) if name not in OWN]
            ours = [[plain(row[place]) for place in both] for row in said["data"]]
            theirs = [[plain(row[said["columns"][place]]) for place in both] for row in rows]
            if "ORDER BY" not in text:
                ours, theirs = sorted(ours), sorted(theirs)
            assert ours == theirs, text
            compared, filled = compared + 1, filled + bool(rows)
    assert (compared, filled) == (31, 31)
