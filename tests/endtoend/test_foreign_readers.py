"""What we write, read plainly by the programs of others: no id may change, no file be broken."""

from __future__ import annotations

from pathlib import Path

import duckdb
import networkx as nx
import pandas as pd
import pyarrow.parquet as pq
import pytest

import graphapi
from support import build_graph, connections_frame

BASE = 720575940600000000
ROOTS = [BASE + n for n in (1, 3, 5, 7)]
#: As real supervoxel ids: not one of them is a float64.
SUPERVOXELS = [78112261444987077, None, 78112261444987079, 78112261444987081]
NASTY = "a\x01b\x0b\x1f\ufffec"


@pytest.fixture
def connectome(tmp_path: Path) -> graphapi.Connectome:
    connections = connections_frame([(ROOTS[0], ROOTS[1], 3), (ROOTS[2], ROOTS[0], 1)])
    annotations = pd.DataFrame(
        {
            "root_id": pd.array([*ROOTS, None], "Int64"),
            "supervoxel_id": pd.array([*SUPERVOXELS, SUPERVOXELS[0]], "Int64"),
            "cell_class": [NASTY, "ER", None, "<&>", "EBc"],
            "region": [["EB", NASTY], [], None, ["NO"], None],
        }
    )
    return graphapi.Connectome.open(build_graph(tmp_path, connections, annotations))


def test_pandas_duckdb_and_arrow_read_the_same_ids(
    connectome: graphapi.Connectome, tmp_path: Path
) -> None:
    written = connectome.to_parquet(tmp_path / "out")
    for name in ("connections", "neurons", "annotations"):
        path = written[name]
        exact = pq.read_table(path)
        read = pd.read_parquet(path)
        whole = [f.name for f in exact.schema if str(f.type) == "int64"]
        assert whole
        for column in whole:
            assert read[column].dtype in ("int64", "Int64"), (name, column)
            values = [None if pd.isna(v) else int(v) for v in read[column]]
            assert values == exact[column].to_pylist(), (name, column)
            by_duckdb = duckdb.sql(f"SELECT {column} FROM '{path}'").fetchall()
            assert [row[0] for row in by_duckdb] == values
    rows = pd.read_parquet(written["annotations"])
    assert [None if pd.isna(v) else v for v in rows["root_id"]] == [*ROOTS, None]
    assert rows["supervoxel_id"].isna().sum() == 1


@pytest.mark.parametrize(
    ("write", "read"), [(nx.write_graphml, nx.read_graphml), (nx.write_gexf, nx.read_gexf)]
)
def test_networkx_writes_what_we_hand_out(
    connectome: graphapi.Connectome, tmp_path: Path, write: object, read: object
) -> None:
    for graph in (connectome.get_subgraph(ROOTS[:1], grow=1), connectome.to_networkx()):
        place = tmp_path / "graph.xml"
        write(graph, place)
        again = read(place, node_type=int)
        assert set(again.nodes) == set(graph.nodes)
        assert {(a, b) for a, b in again.edges} == {(a, b) for a, b in graph.edges}


def test_graphml_is_xml_whatever_names_hold(
    connectome: graphapi.Connectome, tmp_path: Path
) -> None:
    place = connectome.to_graphml(tmp_path / "g.graphml")
    graph = nx.read_graphml(place, node_type=int)
    assert graph.nodes[ROOTS[0]]["cell_class"] == r"a\x01b\x0b\x1f\ufffec"
    assert graph.nodes[ROOTS[3]]["cell_class"] == "<&>"
