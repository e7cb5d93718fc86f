"""docs/graph-model.md says what is in a graph; here it is compared with loaded ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from explored_graph import TOKEN

import graphapi
import loader
from loader.sandbox.standin import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from explored_graph import Explored

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "graph-model.md").read_text("utf-8")
_NAMES = r"^\| ((?:`\w+`(?:, )?)+) \| ([^|]+) \| ([^|]+) \|"
_BOLT = {
    "Long": "int",
    "Double": "float",
    "String": "string",
    "Boolean": "bool",
    "StringArray": "list of string",
    "DoubleArray": "list of float",
}
_EMBEDDED = {
    "INT64": "int",
    "DOUBLE": "float",
    "STRING": "string",
    "BOOL": "bool",
    "STRING[]": "list of string",
    "DOUBLE[]": "list of float",
}


def section(title: str) -> str:
    return re.split(r"^##+ ", TEXT.split(f"\n### {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def documented(title: str) -> dict[str, str]:
    """Give type by property of a section's tables."""
    found = re.findall(_NAMES, section(title), re.MULTILINE)
    return {name: kind for names, kind, _ in found for name in re.findall(r"`(\w+)`", names)}


def demo_fields() -> dict[str, str]:
    """Give the part of a neuron's properties that are the demo's annotation fields."""
    table = section("Neuron").split("The demo datastack has these fields")[1]
    found = re.findall(_NAMES, table, re.MULTILINE)
    return {name: kind for names, kind, _ in found for name in re.findall(r"`(\w+)`", names)}


EXPECTED = {
    "Neuron": documented("Neuron"),
    "Annotation": documented("Annotation")
    | demo_fields()
    | {"supervoxel_id": "string", "nucleus_id": "string"},
    "Materialization": documented("Materialization"),
}


@pytest.fixture(scope="module")
def embedded(
    explored: Explored, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[graphapi.Connectome]:
    """The same datastack in a file."""
    path = tmp_path_factory.mktemp("embedded") / "ant.lbug"
    with serve(explored.folder, token=TOKEN) as server:
        source = loader.CaveSource.from_preset(
            "demo_ant",
            server=server.url,
            token=TOKEN,
            version=3,
            annotations=[explored.folder / "annotations.parquet"],
        )
        loader.load(source, path, progress=False)
    with graphapi.Connectome.open(path) as connectome:
        yield connectome


@pytest.mark.parametrize("label", sorted(EXPECTED))
def test_neo4j_has_the_properties_and_types_of_the_page(explored: Explored, label: str) -> None:
    rows = explored.rows("CALL db.schema.nodeTypeProperties()")
    of_label = [row for row in rows if row["nodeLabels"] == [label]]
    found = {row["propertyName"]: _BOLT[row["propertyTypes"][0]] for row in of_label}
    empty = {"cell_subtype", "ngl_link"}  # of which the demo has no value
    assert found == {k: v for k, v in EXPECTED[label].items() if k not in empty}


@pytest.mark.parametrize("label", sorted(EXPECTED))
def test_a_file_has_the_properties_and_types_of_the_page(
    embedded: graphapi.Connectome, label: str
) -> None:
    rows = embedded.cypher(f"CALL table_info('{label}') RETURN name, type")
    found = {name: _EMBEDDED[kind] for name, kind in zip(rows["name"], rows["type"], strict=True)}
    only_neo4j = re.findall(r"^\| `(\w+)` \|.*Neo4j only \|$", section(label), re.MULTILINE)
    assert found == {k: v for k, v in EXPECTED[label].items() if k not in only_neo4j}


def test_relationships_are_those_of_the_page(
    explored: Explored, embedded: graphapi.Connectome
) -> None:
    found: dict[str, dict[str, str]] = {}
    for row in explored.rows("CALL db.schema.relTypeProperties()"):
        properties = found.setdefault(row["relType"].strip(":`"), {})
        if row["propertyName"] is not None:
            properties[row["propertyName"]] = _BOLT[row["propertyTypes"][0]]
    assert found == {"CONNECTS": documented("CONNECTS"), "ANNOTATES": {}}
    rows = embedded.cypher("CALL table_info('CONNECTS') RETURN name, type")
    assert {n: _EMBEDDED[t] for n, t in zip(rows["name"], rows["type"], strict=True)} == found[
        "CONNECTS"
    ]


def test_indexes_are_those_of_the_page(explored: Explored) -> None:
    text = TEXT.split("## Constraints and indexes")[1].split("\n## ")[0]
    listed = set(re.findall(r"`(cavegraph_\w+)` \|", text))
    fields = re.search(r"`cavegraph_neuron_<property>`.*?have: (.*?)\. ", text, re.DOTALL)
    assert fields is not None
    there = set(demo_fields()) | {"nucleus_id"}
    listed |= {f"cavegraph_neuron_{n}" for n in re.findall(r"`(\w+)`", fields[1]) if n in there}
    rows = explored.rows("SHOW INDEXES YIELD name, type, labelsOrTypes, properties, state")
    found = {row["name"]: row for row in rows if row["type"] != "LOOKUP"}
    assert set(found) == listed
    assert {row["state"] for row in found.values()} == {"ONLINE"}
    for name, label, field in re.findall(r"`(cavegraph_\w+)` \| \w+ \| `(\w+)\.(\w+)`", text):
        assert (found[name]["labelsOrTypes"], found[name]["properties"]) == ([label], [field])
    words = set(found["cavegraph_neuron_text"]["properties"])
    texts = {k for k, v in demo_fields().items() if v.endswith("string")}
    assert words == {"display_name"} | {n for n in texts if not n.endswith(("position", "link"))}


def test_the_drawing_shows_every_kind(explored: Explored) -> None:
    drawing = (DOCS / "images" / "graph_model.svg").read_text("utf-8")
    (labels,) = explored.rows("CALL db.labels() YIELD label RETURN collect(label) AS kinds")
    (types,) = explored.rows(
        "CALL db.relationshipTypes() YIELD relationshipType AS t RETURN collect(t) AS kinds"
    )
    kinds = [kind for kind in labels["kinds"] + types["kinds"] if kind != "LoadMark"]
    assert set(EXPECTED) <= set(kinds)
    assert [kind for kind in kinds if f">{kind}<" not in drawing] == []
    named = set(re.findall(r"\b[a-z]+_[a-z_]+\b", drawing)) - {"size_sum"}
    assert named <= set().union(*EXPECTED.values())


def test_neurons_and_connections_are_what_the_page_says(explored: Explored) -> None:
    """Against pandas on the served table: one edge a pair, autapses counted, totals right."""
    rows = explored.rows(
        "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) "
        "RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight"
    )
    found = pd.DataFrame(rows).sort_values(["pre", "post"]).reset_index(drop=True)
    expected = explored.connections.sort_values(["pre", "post"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
    neurons = explored.neurons
    assert 0 not in neurons.index
    sums = {
        "in_synapses": expected.groupby("post")["weight"].sum(),
        "out_synapses": expected.groupby("pre")["weight"].sum(),
        "in_partners": expected.groupby("post").size(),
        "out_partners": expected.groupby("pre").size(),
        "autapses": explored.autapses,
    }
    for name, values in sums.items():
        assert neurons[name].to_dict() == values.reindex(neurons.index, fill_value=0).to_dict()
