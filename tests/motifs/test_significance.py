"""Comparisons with null graphs: the arithmetic by numpy and scipy, the meaning by known cases."""

from __future__ import annotations

import math
import threading
import time
import warnings

import networkx as nx
import numpy as np
import pytest
from motif_graphs import random_graph, to_networkx

from graphapi.errors import CavegraphError, InputError
from graphapi.network import significance
from graphapi.network.census import triad_census
from graphapi.network.graph import DirectedGraph
from graphapi.network.nulls import NullModel, null_graph
from graphapi.network.rich_club import rich_club_against, rich_club_curve
from graphapi.network.significance import FewNullsWarning, compare

MODEL = NullModel("degree", sweeps=5)


def _census(graph: DirectedGraph) -> dict[str, int]:
    return triad_census(graph, workers=1)


def test_numbers_are_those_of_the_null_graphs_themselves() -> None:
    graph = random_graph(25, 0.2, 1)
    found = compare(graph, MODEL, {"triad": _census}, nulls=12, seed=3)["triad"]
    drawn = [
        nx.triadic_census(to_networkx(null_graph(graph, MODEL, seed=3, index=i))) for i in range(12)
    ]
    for name, observed in nx.triadic_census(to_networkx(graph)).items():
        counts = [one[name] for one in drawn]
        row = found.table.loc[name]
        assert found.values[name].tolist() == counts
        assert row["observed"] == observed
        assert row["mean"] == pytest.approx(np.mean(counts))
        assert (row["min"], row["max"]) == (min(counts), max(counts))
        assert row["std"] == pytest.approx(np.std(counts, ddof=1))
        above = (1 + sum(c >= observed for c in counts)) / 13
        below = (1 + sum(c <= observed for c in counts)) / 13
        assert (row["p_above"], row["p_below"]) == pytest.approx((above, below))
        assert row["p"] == pytest.approx(min(1, 2 * min(above, below)))
        if np.std(counts) > 0:
            assert row["z"] == pytest.approx((observed - np.mean(counts)) / np.std(counts, ddof=1))


def test_the_number_of_workers_changes_nothing() -> None:
    graph = random_graph(30, 0.2, 2)
    one = compare(graph, MODEL, {"triad": _census}, nulls=8, workers=1)["triad"]
    many = compare(graph, MODEL, {"triad": _census}, nulls=8, workers=3)["triad"]
    assert one.values.equals(many.values)
    assert one.table.equals(many.table)
    assert one.shared.equals(many.shared)


def test_a_planted_motif_stands_out_and_a_random_graph_does_not() -> None:
    rng = np.random.default_rng(5)
    cycles = [rng.choice(120, 3, replace=False) for _ in range(60)]
    planted = {(int(a), int(b)) for c in cycles for a, b in zip(c, np.roll(c, -1), strict=True)}
    noise = {(int(a), int(b)) for a, b in rng.integers(0, 120, (200, 2)) if a != b}
    edges = sorted(planted | noise)
    graph = DirectedGraph.from_edges([a + 1 for a, _ in edges], [b + 1 for _, b in edges])
    table = compare(graph, NullModel(), {"triad": _census}, nulls=60)["triad"].table
    assert table.loc["030C", "z"] > 10
    assert table.loc["030C", "p"] == pytest.approx(2 / 61)
    null = null_graph(graph, NullModel(), seed=99)
    table = compare(null, NullModel(), {"triad": _census}, nulls=60)["triad"].table
    assert abs(table.loc["030C", "z"]) < 4
    assert table.loc["030C", "p"] > 2 / 61


def test_what_never_varies_has_no_z_to_speak_of() -> None:
    graph = random_graph(20, 0.3, 4)
    numbers = {
        "kept": lambda one: one.m,
        "tenth": lambda _: 0.1,
        "more": lambda one: 5.0 if one is graph else 4.0,
        "undefined": lambda _: float("nan"),
    }
    measures = {"n": lambda one: {name: f(one) for name, f in numbers.items()}}
    table = compare(graph, MODEL, measures, nulls=5)["n"].table
    assert table.loc["kept", ["std", "z", "p"]].tolist() == [0.0, 0.0, 1.0]
    assert table.loc["tenth", ["std", "z", "p"]].tolist() == [0.0, 0.0, 1.0]
    assert table.loc["more", "z"] == math.inf
    assert table.loc["more", "p"] == pytest.approx(2 / 6)
    assert table.loc["undefined", ["z", "p_above", "p_below", "p"]].isna().all()


def test_a_null_graph_that_keeps_too_little_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = random_graph(20, 0.3, 6)
    monkeypatch.setattr(significance, "null_graph", lambda *_, **__: random_graph(20, 0.3, 7))
    with pytest.raises(CavegraphError, match="does not keep"):
        compare(graph, MODEL, {"triad": _census}, nulls=3)


def test_what_was_checked_is_told() -> None:
    found = compare(random_graph(20, 0.3, 6), MODEL, {"triad": _census}, nulls=2)["triad"]
    assert {"in-degree", "out-degree", "number of connections"} <= set(found.kept)
    assert "2 null graphs (degree" in repr(found)
    assert "2 null graphs (degree" in found._repr_html_()


def test_one_null_graph_is_refused() -> None:
    with pytest.raises(InputError, match="1 null graphs"):
        compare(random_graph(5, 0.5, 1), MODEL, {"triad": _census}, nulls=1)


def test_an_interrupted_comparison_ends_soon() -> None:
    graph = random_graph(400, 0.2, 8)
    begun = threading.Event()

    def interrupted(_: DirectedGraph) -> dict[str, float]:
        if begun.is_set():
            raise KeyboardInterrupt
        begun.set()
        return {"x": 0.0}

    started, others = time.monotonic(), threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        compare(graph, NullModel(), {"x": interrupted}, nulls=10_000, workers=2)
    assert threading.active_count() < others + 5  # not one for each null graph
    assert time.monotonic() - started < 60  # all of it would take hours


def test_rich_club_against_null_graphs() -> None:
    # a clique of hubs, each with partners of its own; these are connected in pairs
    hubs = range(1, 9)
    edges = [(a, b) for a in hubs for b in hubs if a != b]
    edges += [(a, 100 * a + i) for a in hubs for i in range(12)]
    edges += [(100 * a + i, 100 * a + i + 1) for a in hubs for i in range(0, 12, 2)]
    graph = DirectedGraph.from_edges(*zip(*edges, strict=True))
    curve = rich_club_against(graph, NullModel(), nulls=20)
    assert curve["phi"].equals(rich_club_curve(graph)["phi"])
    rich = curve.loc[curve.index >= 1].iloc[-1]
    assert rich["phi"] == 1.0
    assert rich["ratio"] > 1.5
    assert rich["p_above"] == pytest.approx(1 / 21)
    assert curve.loc[0, "ratio"] == pytest.approx(1)  # degrees are kept: so is the first point


def test_too_few_null_graphs_for_significance_make_a_warning() -> None:
    graph = random_graph(6, 0.4, 2)
    with pytest.warns(FewNullsWarning, match=r"39 null graphs: p cannot be below 0\.05,"):
        compare(graph, MODEL, {"triad": _census}, nulls=39)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compare(graph, MODEL, {"own": lambda one: {"own": one is graph}}, nulls=40)["own"]
    assert found.table["p"].tolist() == [pytest.approx(2 / 41)]
