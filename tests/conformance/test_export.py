"""Files of the whole graph, read back by other libraries."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from oracle import Oracle
from toy import BASE, ROWS, ids

import graphapi
from graphapi.errors import InputError


def test_parquet(toy: graphapi.Connectome, tmp_path: Path) -> None:
    written = toy.to_parquet(tmp_path / "out")
    edges = pd.read_parquet(written["connections"]).sort_values(["pre", "post"])
    expected = Oracle(ROWS).connections().sort_values(["pre", "post"])
    assert edges.to_numpy().tolist() == expected.to_numpy().tolist()
    neurons = pd.read_parquet(written["neurons"])
    assert neurons["root_id"].tolist() == toy.root_ids().tolist()
    rows = pd.read_parquet(written["annotations"])
    assert rows["root_id"].tolist() == ids(1, 2, 3, 4, 4, 7)
    assert list(rows["region"][1]) == ["CX", "LAL"]
    assert json.loads(written["materialization"].read_text())["datastack"] == "toy"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        p.name for p in written.values()
    )


def test_graphml(toy: graphapi.Connectome, tmp_path: Path) -> None:
    graph = nx.read_graphml(toy.to_graphml(tmp_path / "toy.graphml"), node_type=int)
    expected = Oracle(ROWS).graph()
    assert {(a, b): d["weight"] for a, b, d in graph.edges(data=True)} == {
        (a, b): d["weight"] for a, b, d in expected.edges(data=True)
    }
    assert graph.nodes[BASE + 2]["cell_class"] == "EBc"
    assert (graph.graph["datastack"], graph.graph["version"]) == ("toy", 7)


def test_files_are_as_readable_as_others(toy: graphapi.Connectome, tmp_path: Path) -> None:
    """A temporary file is readable by its owner only; what it becomes is not."""
    (tmp_path / "usual").write_text("")
    usual = (tmp_path / "usual").stat().st_mode
    written = [*toy.to_parquet(tmp_path / "out").values(), toy.to_graphml(tmp_path / "g.graphml")]
    assert {path.stat().st_mode for path in written} == {usual}


def test_places_that_cannot_be_written(toy: graphapi.Connectome, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make folder"):
        toy.to_parquet(tmp_path / "file" / "sub")
    with pytest.raises(InputError, match="cannot write"):
        toy.to_graphml(tmp_path / "nowhere" / "x.graphml")
