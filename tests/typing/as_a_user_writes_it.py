"""Not run: checked by mypy, as a user's own code would be."""

from __future__ import annotations

from typing import assert_type

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

import graphapi as cp

connectome = cp.Connectome.open("brain.lbug")
assert_type(connectome, cp.Connectome)

chosen = cp.NeuronCriteria(cell_class=["ER", "EBc"], side=cp.Not("left"), connectome=connectome)
assert_type(chosen.get_roots(), npt.NDArray[np.int64])

assert_type(connectome.get_connectivity(chosen, threshold=3), pd.DataFrame)
assert_type(cp.get_connectivity([1, 2], upstream=False, materialization="latest"), pd.DataFrame)
assert_type(cp.get_connectivity("576460752732847432", materialization=783), pd.DataFrame)
assert_type(cp.get_synapse_counts(np.array([1], dtype=np.int64)), pd.DataFrame)
assert_type(cp.get_synapses(pre_ids=chosen, min_size=10), pd.DataFrame)
assert_type(connectome.get_adjacency(chosen, chosen), pd.DataFrame)
assert_type(connectome.get_adjacency(chosen, form="sparse"), cp.Adjacency)
assert_type(connectome.get_adjacency(chosen, form="arrow"), pa.Table)
assert_type(cp.get_adjacency(post_ids=[1], form="sparse"), cp.Adjacency)
assert_type(cp.get_subgraph([1], grow=1), nx.DiGraph[int])
assert_type(connectome.get_subgraph(chosen, form="sparse"), cp.Adjacency)
assert_type(connectome.get_subgraph(chosen, form="arrow"), pa.Table)
assert_type(connectome.to_networkx(threshold=5), nx.DiGraph[int])
assert_type(cp.type_matrix(cp.get_type_connectivity("cell_class"), "synapses"), pd.DataFrame)
assert_type(connectome.motifs.census(threshold=5), dict[str, int])
assert_type(connectome.motifs.count("A -> B; B -> A"), int)

with cp.Connectome.open("bolt://localhost:7687", user="reader") as remote:
    assert_type(remote.cypher("MATCH (n:Neuron) RETURN count(*) AS n", timeout=5), pd.DataFrame)
