"""Motifs in regions, and of signs by a table, against brute force and networkx."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import graphapi
from graphapi.errors import InputError, MotifError, UnknownFieldError
from loader import FileSource, load

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = ["ACH", "GABA", "GLUT", "DA", "unknown"]
OURS = {"ACH": "acetylcholine", "GABA": "gaba", "GLUT": "glutamate", "DA": "dopamine"}
NEURONS = np.arange(11, 25)


def drawn() -> tuple[pd.DataFrame, dict[int, str]]:
    rng = np.random.default_rng(4)
    rows = pd.DataFrame(rng.choice(NEURONS, (160, 2)), columns=["pre", "post"])
    rows["neuropil"] = rng.choice(["AL", "LH", "MB"], len(rows))
    rows["weight"] = rng.integers(1, 9, len(rows))
    rows = rows[rows["pre"] != rows["post"]]
    return rows, dict(zip(NEURONS.tolist(), rng.choice(WORDS, len(NEURONS)).tolist(), strict=True))


@pytest.fixture(scope="module")
def brain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("brain")
    rows, words = drawn()
    rows.to_csv(folder / "rows.csv", index=False)
    cells = pd.DataFrame({"root_id": list(words), "nt_type": list(words.values())})
    cells.to_csv(folder / "cells.csv", index=False)
    source = FileSource(
        folder / "rows.csv", annotations=[folder / "cells.csv"], columns={"weight": "weight"}
    )
    load(source, folder / "g.lbug", progress=False)
    with graphapi.Connectome.open(folder / "g.lbug") as connectome:
        yield connectome


def weights(regions: tuple[str, ...] = ("AL", "LH", "MB")) -> dict[tuple[int, int], int]:
    rows, _ = drawn()
    summed = rows[rows["neuropil"].isin(regions)].groupby(["pre", "post"])["weight"].sum()
    return {(int(a), int(b)): int(w) for (a, b), w in summed.items()}


def loops(edges: dict[tuple[int, int], int], least: int) -> set[frozenset[int]]:
    strong = {pair for pair, weight in edges.items() if weight >= least}
    return {
        frozenset((a, b, c))
        for a, b, c in permutations(NEURONS.tolist(), 3)
        if {(a, b), (b, c), (c, a)} <= strong
    }


@pytest.mark.parametrize("regions", [("AL",), ("AL", "LH")])
def test_motifs_count_synapses_in_regions_only(brain: Any, regions: tuple[str, ...]) -> None:
    edges = weights(regions)
    found = brain.motifs.search("A -> B [weight >= 3]; B -> C; C -> A", regions=list(regions))
    pairs = found[["A", "B", "weight_A_B"]].drop_duplicates().itertuples(index=False)
    assert len(found)
    assert all(edges[a, b] == weight >= 3 for a, b, weight in pairs)
    assert found.attrs["regions"] == list(regions)
    program = "A -> B [weight >= 4]; B -> C [weight >= 4]; C -> A [weight >= 4]"
    want = len(loops(edges, 4))
    # a loop of three is two different motifs if it goes both ways round
    both = sum(
        {(a, b), (b, c), (c, a), (b, a), (c, b), (a, c)} <= {p for p, w in edges.items() if w >= 4}
        for a, b, c in (sorted(one) for one in loops(edges, 4))
    )
    assert brain.motifs.count(program, regions=list(regions)) == want + both
    assert brain.motifs.count(program) >= want


def test_the_census_of_a_region_is_that_of_networkx(brain: Any) -> None:
    for threshold in (1, 4):
        graph = nx.DiGraph([pair for pair, w in weights(("LH",)).items() if w >= threshold])
        found = brain.motifs.census(threshold, regions="LH")
        assert found == nx.triadic_census(graph)
    assert brain.motifs.census() == nx.triadic_census(nx.DiGraph(list(weights())))


@pytest.mark.parametrize("method", ["compiled", "cypher"])
@pytest.mark.parametrize("table", ["fly", "mammal", {"ACH": -1, "GABA": 1, "GLUT": 0, "DA": 0}])
def test_signs_come_from_the_table(brain: Any, table: Any, method: str) -> None:
    signs = graphapi.SIGNS[table] if isinstance(table, str) else table
    ours = {word: signs.get(name, signs.get(word, 0)) for word, name in OURS.items()}
    _, words = drawn()
    given = table if isinstance(table, str) else {**table, "unknown": 0}
    for arrow, sign in (("-|", -1), ("--", -1), ("-+", 1)):
        found = brain.motifs.search(f"A {arrow} B", signs=given, method=method)
        want = {(a, b) for a, b in weights() if ours.get(words[a], 0) == sign}
        assert set(found[["A", "B"]].itertuples(index=False, name=None)) == want
        assert found.attrs["signs"]["table"] == (table if isinstance(table, str) else "given")
        assert brain.motifs.count(f"A {arrow} B", signs=given, method=method) == len(want)


def test_signs_in_regions(brain: Any) -> None:
    _, words = drawn()
    want = {(a, b) for a, b in weights(("MB",)) if words[a] in ("GABA", "GLUT")}
    assert brain.motifs.count("A -| B", signs="fly", regions="MB") == len(want)


def test_what_cannot_be_asked_says_why(brain: Any) -> None:
    motifs = brain.motifs
    with pytest.raises(MotifError, match="give a table of signs"):
        motifs.count("A -| B")
    with pytest.raises(InputError, match="no region 'AX'"):
        motifs.count("A -> B", regions="AX")
    with pytest.raises(InputError, match="searched in memory"):
        motifs.count("A -> B", regions="AL", method="cypher")
    with pytest.raises(InputError, match="unknown transmitter have no sign"):
        motifs.count("A -| B", signs={**graphapi.SIGNS["fly"], "unknown": 1})
    with pytest.raises(InputError, match="no sign for"):
        motifs.count("A -| B", signs={"gaba": -1, "unknown": 0})
    with pytest.raises((InputError, UnknownFieldError), match="size_sum"):
        motifs.search("A -> B [size_sum > 3]", regions="AL")
