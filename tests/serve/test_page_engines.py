"""The page on the embedded engine and on Neo4j: what the engines do differently."""

from __future__ import annotations

from explorer import Explorer, drawn, ids
from serve_client import HOSTILE, Client

import graphapi
from graphapi.common.palette import UNKNOWN_COLOR


def test_on_either_engine(window: Explorer, client: Client, toy: graphapi.Connectome) -> None:
    """What the engines do: a hostile name is found, partners are counted, nothing is written."""
    window.complaints()
    window.at(client.url).open("search", text=HOSTILE)
    first = int(toy.root_ids()[0])
    assert len(window.table("neurons")) == 1
    window.open("partners", neurons=first)
    expected = toy.get_partners([first], "downstream")
    assert [row["partner"] for row in window.table("partners")] == ids(expected["partner"])
    assert window.numbers("weight", "partners") == expected["weight"].tolist()
    window.open("circuit", neurons=first, grow=1)
    nodes, _ = drawn(window)
    assert nodes == set(ids(toy.get_subgraph([first], 1, 1).nodes))
    circles = window.all(".neuron circle")
    assert UNKNOWN_COLOR in {one.get_attribute("fill") for one in circles}
    assert window.complaints() == []
    window.open("cypher", text="MATCH (n:Neuron) SET n.cell_class = 'x'")
    assert window.all(".problem")
    assert toy.criteria(cell_class="x").get_roots().size == 0
    window.complaints()
