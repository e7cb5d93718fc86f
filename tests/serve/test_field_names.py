"""Annotation fields may have any name: that of a column of results, of an argument, of Python."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from serve_client import Client, records

import graphapi
from graphapi.errors import InputError
from graphapi.graph.materialization import Field
from graphapi.serve.given import Given
from graphapi.serve.routes.common import grouping
from graphapi.serve.running import serve
from graphapi.serve.settings import Settings
from loader import FileSource, load
from loader.checks.audit import audit_queries
from loader.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Names in published tables, and names that results, drawings and criteria use themselves.
NAMES = [
    "class", "group", "type", "position", "x", "y", "color", "given", "neurons", "neuron", "seeds",
    "influence", "mean_influence", "partner", "partners", "connections", "weight", "share", "hops",
    "in_degree", "degree", "kind", "value", "rows", "regex", "case", "exact", "match_all",
    "connectome", "lambda", "a b",
]  # fmt: skip
IDS = list(range(101, 113))
CELLS = pd.DataFrame({"root_id": IDS, **{name: [f"{name} {i % 3}" for i in IDS] for name in NAMES}})
EDGES = pd.DataFrame(
    [(a, b, a * b % 7 + 1, "AR"[b % 2]) for a in IDS for b in IDS if a != b and (a + b) % 3 == 1],
    columns=["pre", "post", "weight", "region"],
)  # fmt: skip


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[graphapi.Connectome]:
    folder = tmp_path_factory.mktemp("odd")
    CELLS.to_csv(folder / "cells.csv", index=False)
    EDGES.to_csv(folder / "edges.csv", index=False)
    source = FileSource(folder / "edges.csv", annotations=[folder / "cells.csv"])
    load(source, folder / "odd.lbug", work=folder / "work", progress=False)
    with graphapi.Connectome.open(folder / "odd.lbug") as connectome:
        yield connectome


@pytest.fixture(scope="module")
def client(odd: graphapi.Connectome) -> Iterator[Client]:
    with serve(odd, Settings()) as running:
        yield Client(running)


def of_class(name: str, number: int) -> list[int]:
    return [i for i in IDS if i % 3 == number]


def test_neurons_are_chosen_by_any_field(odd: graphapi.Connectome, client: Client) -> None:
    graphapi.use(odd)
    try:
        for name in NAMES:
            criteria = graphapi.NeuronCriteria.of({name: f"{name} 1"})
            assert criteria.get_roots().tolist() == of_class(name, 1)
            again = eval(repr(criteria), {"NeuronCriteria": graphapi.NeuronCriteria})  # noqa: S307
            assert again.get_roots().tolist() == of_class(name, 1)
            found = client.records("neurons", neurons=f"{name}={name} 1")
            assert [int(row["root_id"]) for row in found] == of_class(name, 1)
    finally:
        graphapi.use(None)


@pytest.mark.parametrize("name", ["class", "case", "a b"])
def test_a_choice_by_any_field_is_said_as_it_can_be_typed(
    client: Client, name: str, tmp_path: Path
) -> None:
    said = client.get("neurons", neurons=f"{name}={name} 1")["as"]
    assert _run(said["python"])["root_id"].tolist() == of_class(name, 1)
    place = tmp_path / "rows.csv"
    with pytest.raises(SystemExit):
        main([*shlex.split(said["command_line"])[1:], "--csv", str(place)])
    assert pd.read_csv(place)["root_id"].tolist() == of_class(name, 1)


def _run(text: str) -> pd.DataFrame:
    *before, last = text.strip().splitlines()
    names: dict[str, object] = {}
    exec("\n".join([*before, f"found = {last}"]), names)  # noqa: S102
    names["connectome"].close()
    return names["found"]


@pytest.mark.parametrize(
    "name", ["group", "neurons", "influence", "partner", "connections", "weight", "share", "degree"]
)
def test_results_by_any_field_lose_no_column(odd: graphapi.Connectome, name: str) -> None:
    sums = odd.get_partner_groups(IDS[:2], name, "downstream")
    mine = EDGES[EDGES["pre"].isin(IDS[:2])]
    right = mine["weight"].groupby(mine["post"].map(lambda i: f"{name} {i % 3}")).sum()
    assert dict(zip(sums.iloc[:, 0], sums["weight"], strict=True)) == right.to_dict()
    assert sums.columns[0] in (name, f"{name}_")
    assert len(set(sums.columns)) == 6
    for seeds in (IDS[:2], {"first": IDS[:2]}):
        table = odd.get_influence(seeds, by=name)
        assert not table.columns.duplicated().any()
        column = next(c for c in (f"{name}_", name) if c in table)
        assert set(table[column]) == set(CELLS[name])
        assert table["influence"].dtype == np.float64
        axes = odd.plot_influence(seeds, by=name)
        drawn = [text.get_text() for text in axes.get_yticklabels()]
        assert {text.rpartition(" (n=")[0] for text in drawn} <= set(CELLS[name])
        axes.figure.clear()
    with pytest.raises(InputError, match="several groups"):
        odd.plot_influence({"first": IDS[:2], "second": IDS[2:4]}, by=name)
    hubs = odd.motifs.hubs(by=name)
    assert set(hubs.iloc[:, -1]) == set(CELLS[name])
    assert hubs["in_degree"].dtype == np.int64


def test_a_drawing_has_places_and_properties(client: Client) -> None:
    answer = client.get("subgraph", neurons=",".join(map(str, IDS)), by="x")
    nodes, neurons = records(answer["nodes"]), records(answer["neurons"])
    assert [node["root_id"] for node in nodes] == [str(i) for i in IDS]
    assert [node["class"] for node in nodes] == CELLS["x"].tolist()
    assert all(isinstance(node["x"], float) for node in nodes)
    told = [{name: neuron[name] for name in NAMES} for neuron in neurons]
    assert told == CELLS[NAMES].to_dict("records")


def test_a_text_is_searched_in_all_fields(client: Client) -> None:
    found = client.records("search", text="case 2")
    assert [int(row["root_id"]) for row in found] == of_class("case", 2)


@pytest.mark.parametrize(
    ("fields", "class_field"),
    [
        (["primary_type", "note"], "primary_type"),  # what Codex's table of types has
        (["note", "cell_type", "class"], "cell_type"),
        (["note"], None),
    ],
)
def test_what_neurons_are_grouped_by_unless_asked(
    odd: graphapi.Connectome, fields: list[str], class_field: str | None
) -> None:
    record = dataclasses.replace(
        odd.materialization, neuron_fields=tuple(Field(name, "string") for name in fields)
    )
    graph = SimpleNamespace(materialization=record, name="x")
    assert grouping(graph, Given({}, (), list)) == class_field


def test_a_graph_with_regions_is_audited(odd: graphapi.Connectome) -> None:
    report = audit_queries(odd.engine)
    assert report.ok, report
    assert {"all_in_regions", "between_in_regions"} <= {f.query for f in report.findings}
