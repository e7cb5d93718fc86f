"""Conditions, results and saved queries on one rich graph in each engine.

One graph a module: a Neo4j server holds one at a time.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from motif_oracle import mappings, subgraphs
from motif_random import BASE, edge_set, random_graph
from motif_schema import SCHEMA

from graphapi.engines.queries import catalog
from graphapi.errors import InputError, MotifError, UnknownFieldError
from graphapi.motifs.dsl import parse

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ("compiled", "cypher")


def _tuples(frame: pd.DataFrame, size: int) -> list[tuple[int, ...]]:
    return list(frame[list("ABC"[:size])].itertuples(index=False, name=None))


def _orbits(every: list[tuple[int, ...]], pairs: Any, size: int) -> set[Any]:
    """Equivalent mappings: the same roles up to permuting nodes that keeps all connections."""
    keep = [p for p in permutations(range(size)) if {(p[a], p[b]) for a, b in pairs} == set(pairs)]
    return {min(tuple(m[p[i]] for i in range(size)) for p in keep) for m in every}


# --- conditions ---------------------------------------------------------------------------

RICH = {
    "A.kind = KC": lambda n, _: n("A", "kind") == "KC",
    'A.kind != "KC"': lambda n, _: n("A", "kind") not in (None, "KC"),
    'A.kind in ["KC", "PN"]\nB.side !in [left]': lambda n, _: (
        n("A", "kind") in ("KC", "PN") and n("B", "side") == "right"
    ),
    "A.kind !in [KC]": lambda n, _: n("A", "kind") in ("PN", "MBON"),
    'A.kind in "KC or PN"': lambda n, _: n("A", "kind") in ("KC", "PN"),
    "A.kind contains B": lambda n, _: n("A", "kind") == "MBON",
    "A.kind !contains B": lambda n, _: n("A", "kind") in ("KC", "PN"),
    "A.tags contains b": lambda n, _: "b" in (n("A", "tags") or ()),
    "A.tags !contains b": lambda n, _: n("A", "tags") is not None and "b" not in n("A", "tags"),
    "A.ok = true": lambda n, _: n("A", "ok") is True,
    "A.size >= 2\nB.size < 2.5": lambda n, _: n("A", "size") in (2, 3) and n("B", "size") in (1, 2),
    "A.size > B.size": lambda n, _: (
        None not in (n("A", "size"), n("B", "size")) and n("A", "size") > n("B", "size")
    ),
    "A.kind = B.kind": lambda n, _: n("A", "kind") is not None and n("A", "kind") == n("B", "kind"),
    'A["side"] <> C["side"]': lambda n, _: n("A", "side") != n("C", "side"),
    f"A.root_id >= {BASE + 500}": lambda n, _: n("A", "root_id") >= BASE + 500,
    "A -> B [weight >= 4, size_sum < 30]": lambda _, e: (
        e("A", "B") >= 4 and e("A", "B", "size_sum") < 30
    ),
    "A -> B as ab\nB -> C as bc\nab.weight > bc.weight": lambda _, e: e("A", "B") > e("B", "C"),
    "A -> B as ab\nB -> C as bc\nab.weight <= bc.size_sum": lambda _, e: (
        e("A", "B") <= e("B", "C", "size_sum")
    ),
    "C !> A": lambda _, e: e("C", "A") is None,
    "C !> A [weight >= 5]": lambda _, e: (e("C", "A") or 0) < 5,
    "C !> A as ca\nca.weight >= 5": lambda _, e: (e("C", "A") or 0) < 5,
    "A -| B": lambda n, _: n("A", "side") == "left",
    "C !| A": lambda n, e: e("C", "A") is None or n("C", "side") != "left",
    "strong(x, y) { x -> y as xy\n xy.weight > 3\n x.side = left }\nstrong(A, B)": lambda n, e: (
        e("A", "B") > 3 and n("A", "side") == "left"
    ),
}


@pytest.fixture(scope="module")
def rich(put: Callable[..., Any]) -> Any:
    from graphapi.motifs.binding import MotifSchema
    from graphapi.motifs.pattern import Condition
    from graphapi.motifs.search import MotifSearch

    neurons, connections = random_graph(12, 0.5, seed=5)
    with put(neurons, connections) as motifs:
        signs = {"inhibitory": (Condition("side", "=", "left"),)}
        schema = MotifSchema(SCHEMA.nodes, SCHEMA.edges, signs)
        yield MotifSearch(motifs._connectome, schema), neurons, connections


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("text", RICH)
def test_conditions(rich: Any, text: str, method: str) -> None:
    motifs, neurons, connections = rich
    pairs = [(0, 1), (1, 2)]
    fields = neurons.set_index("root_id", drop=False).astype(object)
    values = connections.set_index(["pre", "post"])

    def accept(m: tuple[int, ...]) -> bool:
        def node(name: str, field: str) -> Any:
            value = fields.at[m["ABC".index(name)], field]
            return None if value is None or value is pd.NA else value

        def edge(pre: str, post: str, field: str = "weight") -> Any:
            key = (m["ABC".index(pre)], m["ABC".index(post)])
            return int(values.at[key, field]) if key in values.index else None

        return bool(RICH[text](node, edge))

    expected = mappings(neurons["root_id"], edge_set(connections), pairs, 3, accept=accept)
    frame = motifs.search(f"A -> B\nB -> C\n{text}", method=method)
    assert 0 < len(expected) < len(mappings(neurons["root_id"], edge_set(connections), pairs, 3))
    assert sorted(_tuples(frame, 3)) == expected
    weights = [values.at[(a, b), "weight"] for a, b, _ in _tuples(frame, 3)]
    assert frame["weight_A_B"].tolist() == weights
    assert set(frame.dtypes.astype(str)) == {"int64"}


@pytest.mark.parametrize("method", METHODS)
def test_a_condition_on_one_of_two_twins(rich: Any, method: str) -> None:
    """Where both could be A, both are: a condition breaks the symmetry it speaks of."""
    motifs, neurons, connections = rich
    left = set(neurons.loc[neurons["side"] == "left", "root_id"])
    edges, pairs = edge_set(connections), [(0, 1), (1, 0)]
    every = mappings(neurons["root_id"], edges, pairs, 2)
    both = [m for m in every if m[0] in left and m[1] in left]
    one = [m for m in every if m[0] in left]
    assert motifs.count("A -> B\nB -> A\nA.side = left", method=method) == len(one)
    alike = "A -> B\nB -> A\nA.side = left\nB.side = left"
    assert motifs.count(alike, method=method) == len(both) // 2
    declared = "A -> B\nB -> A\nA.side = left\nA === B"
    assert motifs.count(declared, unique=False, method=method) == len(both) // 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("induced", [False, True])
@pytest.mark.parametrize(
    "text", ["A -> B", "A -> B\nB -> C", "A -> B\nB -> C\nC -> A", "A -> B\nB -> C\nA !> C"]
)
def test_without_direction(rich: Any, text: str, induced: bool, method: str) -> None:
    motifs, neurons, connections = rich
    edges = edge_set(connections)
    both = edges | {(b, a) for a, b in edges}
    pattern = parse(text, ignore_direction=True)
    pairs = [(e.pre, e.post) for e in pattern.edges]
    absent = [(e.pre, e.post) for e in pattern.absent]
    size = len(pattern.nodes)
    doubled = [*pairs, *((b, a) for a, b in pairs)]
    every = mappings(neurons["root_id"], both, doubled, size, absent=absent, induced=induced)
    frame = motifs.search(pattern, induced=induced, method=method)
    found = _tuples(frame, size)
    assert len(found) == len(set(found)) == len(_orbits(every, set(doubled), size))
    assert subgraphs(found, doubled) == subgraphs(every, doubled)
    weight = connections.set_index(["pre", "post"])["weight"].to_dict()
    sums = [weight.get(row[:2], 0) + weight.get(row[1::-1], 0) for row in found]
    assert frame["weight_A_B"].tolist() == sums


@pytest.mark.parametrize("method", METHODS)
def test_without_direction_conditions_hold_for_the_sum(rich: Any, method: str) -> None:
    motifs, _, connections = rich
    pattern = parse("A -> B [weight >= 12]", ignore_direction=True)
    pairs = connections[["pre", "post"]].to_numpy()
    connections = connections.assign(low=pairs.min(axis=1), high=pairs.max(axis=1))
    sums = connections.groupby(["low", "high"])["weight"].sum()
    frame = motifs.search(pattern, method=method)
    strong = sums[sums >= 12]
    assert 0 < len(strong) < len(sums)
    assert list(frame.itertuples(index=False, name=None)) == [
        (low, high, weight) for (low, high), weight in strong.items()
    ]


# --- results and errors ------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_limit_annotations_and_empty(rich: Any, method: str) -> None:
    motifs, neurons, _ = rich
    text = "A -> B\nB -> C"
    whole = motifs.search(text, method=method)
    some = motifs.search(text, limit=5, annotate=["kind", "size"], method=method)
    assert len(some) == 5
    assert set(_tuples(some, 3)) <= set(_tuples(whole, 3))
    assert list(some.columns[-6:]) == [f"{n}.{f}" for n in "ABC" for f in ("kind", "size")]
    kinds = neurons.set_index("root_id")["kind"].to_dict()
    assert [k or None for k in some["B.kind"]] == [kinds[i] for i in some["B"]]
    none = motifs.search(f"{text}\nA.root_id = 1", annotate="kind", method=method)
    assert none.empty
    assert list(none.columns) == [
        "A",
        "B",
        "C",
        "weight_A_B",
        "weight_B_C",
        "A.kind",
        "B.kind",
        "C.kind",
    ]
    assert set(none.dtypes[:5].astype(str)) == {"int64"}
    assert motifs.search(text, limit=0, method=method).empty
    assert motifs.count(f"{text}\nA.root_id = 1", method=method) == 0


def test_errors_point_at_the_line(rich: Any) -> None:
    motifs, *_ = rich
    with pytest.raises(UnknownFieldError, match=r"line 2.*no field 'kidn'") as error:
        motifs.search("A -> B\nA.kidn = KC")
    assert error.value.hint is not None
    assert "kind" in error.value.hint
    with pytest.raises(UnknownFieldError, match=r"line 1.*no field 'wieght'"):
        motifs.search("A -> B [wieght > 3]")
    with pytest.raises(MotifError, match=r"line 1.*asks for an excitatory connection"):
        motifs.search("A -+ B")
    with pytest.raises(UnknownFieldError, match="annotate"):
        motifs.search("A -> B", annotate=["nothing"])
    with pytest.raises(InputError, match="limit"):
        motifs.search("A -> B", limit=-1)
    with pytest.raises(InputError, match="method"):
        motifs.search("A -> B", method="sql")
    undirected = parse("A -> B\nB -> C\nA !> C [weight > 2]", ignore_direction=True)
    with pytest.raises(MotifError, match=r"line 3.*Cypher cannot"):
        motifs.search(undirected, method="cypher")


# --- saved queries ------------------------------------------------------------------------

SAVED = {
    "feed_forward_loops": ("a -> b\nb -> c\na -> c", ("a_b", "b_c", "a_c")),
    "recurrent_pairs": ("a -> b\nb -> a", ("a_b", "b_a")),
    "lateral_inhibition": ("a -> b\nb -> c\na !> c\nc !> a", ("a_b", "b_c")),
    "convergence": ("a -> c\nb -> c", ("a_c", "b_c")),
    "divergence": ("a -> b\na -> c", ("a_b", "a_c")),
    "bi_fans": ("a -> c\na -> d\nb -> c\nb -> d", ("a_c", "a_d", "b_c", "b_d")),
    "three_cycles": ("a -> b\nb -> c\nc -> a", ("a_b", "b_c", "c_a")),
}


@pytest.mark.parametrize("name", SAVED)
def test_saved_queries(rich: Any, name: str) -> None:
    """Each finds what brute force finds, each match once, with its own weights."""
    motifs, neurons, connections = rich
    program_text, weights = SAVED[name]
    threshold = 3
    strong = connections[connections["weight"] >= threshold]
    links = [line.split() for line in program_text.splitlines()]
    pairs = [("abcd".index(x), "abcd".index(y)) for x, how, y in links if how == "->"]
    gone = [("abcd".index(x), "abcd".index(y)) for x, how, y in links if how == "!>"]
    size = 1 + max(map(max, pairs))
    every = [
        m
        for m in mappings(neurons["root_id"], edge_set(strong), pairs, size)
        if not any((m[a], m[b]) in edge_set(connections) for a, b in gone)
    ]
    table = motifs._connectome.run(catalog()[name], {"threshold": threshold}).to_pandas()
    found = list(table[list("abcd"[:size])].itertuples(index=False, name=None))
    assert found == sorted(found)
    assert len(found) == len(subgraphs(every, pairs, gone))
    assert subgraphs(found, pairs, gone) == subgraphs(every, pairs, gone)
    known = connections.set_index(["pre", "post"])["weight"]
    for column in weights:
        pre, post = column.split("_")
        assert (
            table[f"weight_{column}"].tolist()
            == known.loc[list(zip(table[pre], table[post], strict=True))].tolist()
        )
