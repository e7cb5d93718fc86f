"""Significance, statistics and the report of an open graph, on each engine."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import networkx as nx
import pandas as pd
import pytest
from oracle import Oracle
from toy import BASE, ROWS, ids

import graphapi
from graphapi.errors import InputError, UnknownFieldError
from graphapi.network.nulls import NullModel

if TYPE_CHECKING:
    from pathlib import Path


def _connected() -> nx.DiGraph:
    graph = Oracle(ROWS).graph()
    return graph.subgraph([n for n in graph if graph.degree(n)])


def test_statistics(toy: graphapi.Connectome) -> None:
    graph, found = _connected(), toy.motifs.statistics()
    assert found["connections"] == graph.number_of_edges()
    assert found["neurons"] == graph.number_of_nodes()
    assert found["reciprocity"] == pytest.approx(nx.overall_reciprocity(graph))
    strong = toy.motifs.statistics(threshold=5)
    assert strong["connections"] == sum(w >= 5 for *_, w in graph.edges(data="weight"))


def test_degrees_hubs_and_paths(toy: graphapi.Connectome) -> None:
    graph = _connected()
    assert toy.motifs.degrees()["out_degree"].to_dict() == dict(graph.out_degree)
    assert toy.motifs.degree_distribution()["degree"].sum() == len(graph)
    hubs = toy.motifs.hubs(top=1, by="cell_class")
    assert hubs.index.tolist() == ids(1)
    assert hubs["cell_class"].tolist() == ["ER"]
    lengths = [
        d for _, reached in nx.all_pairs_shortest_path_length(graph) for d in reached.values() if d
    ]
    assert toy.motifs.path_lengths().mean == pytest.approx(sum(lengths) / len(lengths))
    both = toy.motifs.path_lengths(directed=False)
    assert both.mean == pytest.approx(nx.average_shortest_path_length(graph.to_undirected()))


def test_significance_of_triads(toy: graphapi.Connectome) -> None:
    found = toy.motifs.significance(nulls=5, seed=2)
    assert found.table["observed"].to_dict() == nx.triadic_census(_connected())
    assert "in-degree" in found.kept
    again = toy.motifs.null_graph(seed=2, index=3)
    assert toy.motifs.graph().in_degree.tolist() == again.in_degree.tolist()
    from graphapi.network.census import triad_census

    assert found.values.loc[3].to_dict() == triad_census(again)


def test_significance_of_motifs_with_conditions(toy: graphapi.Connectome) -> None:
    motifs = {
        "cycle": "A -> B; B -> C; C -> A",
        "from ER": 'A -> B\nA.cell_class = "ER"',
        "strong": "A -> B [weight >= 4]",
        "one neuron": f"A -> B\nA.root_id = {BASE + 9}",
    }
    found = toy.motifs.significance(motifs, nulls=6)
    assert found.table["observed"].to_dict() == {
        "cycle": 1,
        "from ER": 2,
        "strong": sum(w >= 4 for *_, w in _connected().edges(data="weight")),
        "one neuron": 2,
    }
    # what degrees and weights decide does not vary
    assert (found.values[["from ER", "strong", "one neuron"]].nunique() == 1).all()
    for name, motif in motifs.items():
        assert toy.motifs.count(motif, method="compiled") == found.table.loc[name, "observed"]
    with pytest.raises(UnknownFieldError, match="size_sum"):
        toy.motifs.significance({"large": "A -> B [size_sum > 5]"}, nulls=2)


def test_motifs_to_compare_have_names(toy: graphapi.Connectome) -> None:
    with pytest.raises(InputError, match="motifs have names"):
        toy.motifs.significance("A -> B", nulls=2)  # type: ignore[arg-type]


def test_null_models_by_a_property(toy: graphapi.Connectome) -> None:
    model = toy.motifs.null_model("block", by="cell_class")
    found = toy.motifs.significance(model=model, nulls=3)
    assert "connections between labels" in found.kept
    with pytest.raises(InputError, match="block needs to know"):
        toy.motifs.significance(model="block", nulls=3)
    with pytest.raises(UnknownFieldError, match="no property 'nope'"):
        toy.motifs.null_model("block", by="nope")


def test_rich_club(toy: graphapi.Connectome) -> None:
    curve = toy.motifs.rich_club(nulls=0)
    assert curve.loc[0, "phi"] == pytest.approx(nx.density(_connected()))
    against = toy.motifs.rich_club(nulls=4)
    assert against["phi"].equals(curve["phi"])
    assert against.loc[0, "ratio"] == pytest.approx(1)


def test_your_own_measure(toy: graphapi.Connectome) -> None:
    found = toy.motifs.compare({"size": lambda graph: {"m": graph.m}}, nulls=3)["size"]
    assert found.table.loc["m", ["observed", "mean", "z"]].tolist() == [8, 8, 0]


def test_a_motif_as_cypher(toy: graphapi.Connectome) -> None:
    text, params = toy.motifs.to_cypher("A -> B [weight >= 4]; A.cell_class = 'ER'; A !> C; B -> C")
    found = toy.cypher(text, params)
    expected = toy.motifs.search("A -> B [weight >= 4]; A.cell_class = 'ER'; A !> C; B -> C")
    assert len(found) == len(expected) > 0
    assert "'ER'" not in text
    assert "ER" in params.values()
    text, params = toy.motifs.to_cypher("A -> B; B -> C; C -> A", count=True)
    assert toy.cypher(text, params)["matches"].tolist() == [1]


def test_report(toy: graphapi.Connectome, tmp_path: Path) -> None:
    made = toy.report(tmp_path / "out", nulls=4, by="cell_class")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        path.name for path in (made.html, *made.figures.values(), *made.files.values())
    )
    text = made.html.read_text("utf-8")
    for path in made.figures.values():
        content = path.read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        assert min(struct.unpack(">II", content[16:24])) > 200
    assert text.count("data:image/png;base64,") == len(made.figures)
    assert not re.findall(r'(?:src|href)="(?!data:)', text)  # needs no other file
    assert f'<td class="">{BASE + 1}</td>' in text  # an id in full
    assert "synthetic" in text
    assert "toy, version 7" in text
    triads = pd.read_csv(made.files["triads"], index_col=0)
    assert triads["observed"].to_dict() == nx.triadic_census(_connected())
    hubs = pd.read_csv(made.files["hubs"])
    assert hubs["root_id"].tolist()[0] == BASE + 1
    assert made._repr_html_() == text
    assert len(repr(made)) < 300
    again = toy.report(tmp_path / "again", nulls=4, by="cell_class")
    assert again.html.read_bytes() == made.html.read_bytes()


def test_a_report_of_nothing(toy: graphapi.Connectome, tmp_path: Path) -> None:
    made = toy.report(tmp_path / "none", threshold=1000, nulls=2, model=NullModel("erdos_renyi"))
    assert "erdos_renyi" in made.html.read_text("utf-8")
    assert made.tables["statistics"].loc["connections", "value"] == 0


def test_a_report_that_cannot_be_written(toy: graphapi.Connectome, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make folder"):
        toy.report(tmp_path / "file" / "sub", nulls=2)
