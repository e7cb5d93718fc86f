"""The DotMotif language: what it reads, what it refuses, and on which line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from graphapi.errors import InputError, MotifError
from graphapi.motifs.binding import MotifSchema, bind
from graphapi.motifs.dsl import parse
from graphapi.motifs.pattern import Condition

if TYPE_CHECKING:
    from pathlib import Path

    from graphapi.motifs.pattern import Pattern

SCHEMA = MotifSchema(
    {
        "type": "string",
        "size": "int",
        "score": "float",
        "tags": "list[string]",
        "ok": "bool",
        "soma side": "string",
    }
)


def _edges(pattern: Pattern) -> list[tuple[str, str]]:
    return [(pattern.names[e.pre], pattern.names[e.post]) for e in pattern.edges]


@pytest.mark.parametrize(
    "text",
    [
        "A -> B\nB -> C",
        "A->B;B->C",
        "A -> B B -> C",
        "# a comment\nA -> B # another\n\n\nB -> C;",
        "step(x, y) { x -> y }\nstep(A, B)\nstep(B, C)",
        "s(x, y) { x -> y # in here\n }\nchain(p, q, r) { s(p, q); s(q, r) }\nchain(A, B, C)",
    ],
)
def test_ways_to_write_a_chain(text: str) -> None:
    assert _edges(parse(text)) == [("A", "B"), ("B", "C")]


def test_names_of_any_script_and_names_like_keywords() -> None:
    pattern = parse("as_ -> inner\nassociation -> Größe_1\ninner -> association\n_x -> as_")
    assert pattern.names == ("as_", "inner", "association", "Größe_1", "_x")


@pytest.mark.parametrize(
    ("relation", "kind", "exists"),
    [
        ("->", "any", True),
        ("-+", "excitatory", True),
        ("-|", "inhibitory", True),
        ("--", "inhibitory", True),
        ("!>", "any", False),
        ("~>", "any", False),
        ("!|", "inhibitory", False),
        ("~+", "excitatory", False),
    ],
)
def test_relations(relation: str, kind: str, exists: bool) -> None:
    pattern = parse(f"A -> C\nB -> C\nA {relation} B")
    (edge,) = pattern.edges[2:] if exists else pattern.absent
    assert (edge.kind, edge.line) == (kind, 3)


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("A.x = KC", "=", "KC"),
        ("A.x == 5", "=", 5),
        ("A.x != -2.5", "!=", -2.5),
        ("A.x <> 'it is'", "!=", "it is"),
        ('A.x <= "#5; B -> C"', "<=", "#5; B -> C"),
        ("A.x >= 576460752773799604", ">=", 576460752773799604),
        ("A.x > 1e3", ">", 1000.0),
        ("A['x'] < 1", "<", 1),
        ('A["x"] contains ab', "contains", "ab"),
        ("A[x] !contains ab", "!contains", "ab"),
        ('A.x in ["KC", PN]', "in", ("KC", "PN")),
        ("A.x !in [1, 2]", "!in", (1, 2)),
        ("A.x in KC", "in", "KC"),
    ],
)
def test_conditions(text: str, op: str, value: object) -> None:
    pattern = parse(f"A -> B\n{text}")
    (found,) = pattern.nodes[0].where
    assert (found.field, found.op, found.value, found.line) == ("x", op, value, 2)
    assert type(found.value) is type(value)


def test_nothing_is_evaluated() -> None:
    pattern = parse('A -> B\nA.type = type\nB.type = "__import__(1)"')
    assert [node.where[0].value for node in pattern.nodes] == ["type", "__import__(1)"]


def test_connections_with_conditions_and_names() -> None:
    pattern = parse("A -> B [weight >= 5, size_sum < 9] as ab\nB -> A as ba\nab.weight > ba.weight")
    assert [str(c) for c in pattern.edges[0].where] == ["weight >= 5", "size_sum < 9"]
    (one,) = pattern.edge_comparisons
    assert (one.left, one.left_field, one.op, one.right) == (0, "weight", ">", 1)


def test_what_is_said_twice_is_one_connection_with_both_conditions() -> None:
    pattern = parse("A -> B [weight > 1]\nB -> C\nA -> B [weight < 9]\nA -> B [weight > 1]")
    assert _edges(pattern) == [("A", "B"), ("B", "C")]
    assert [str(c) for c in pattern.edges[0].where] == ["weight > 1", "weight < 9"]


def test_macros_keep_their_aliases_to_themselves() -> None:
    pattern = parse(
        "strong(x, y) { x -> y as e\n e.weight > 3\n x.type = KC }\nstrong(A, B)\nstrong(B, C)\n"
    )
    assert [str(e.where[0]) for e in pattern.edges] == ["weight > 3", "weight > 3"]
    assert [len(n.where) for n in pattern.nodes] == [1, 1, 0]


def test_macros_compare_nodes_and_connections_of_their_own() -> None:
    pattern = parse(
        "up(x, y, z) { x -> y as a\n y -> z as b\n a.weight > b.weight\n x.size > z.size }\n"
        "twice(x, y, z, w) { up(x, y, z)\n up(y, z, w) }\ntwice(A, B, C, D)"
    )
    assert [(c.left, c.right) for c in pattern.edge_comparisons] == [(0, 1), (1, 2)]
    assert [(c.left, c.right) for c in pattern.node_comparisons] == [(0, 2), (1, 3)]


def test_interchangeable_nodes_share_conditions_and_chain_up() -> None:
    pattern = parse("A -> D\nB -> D\nC -> D\nA.type = KC\nA === B\nB === C")
    (group,) = pattern.groups
    names = pattern.names
    assert {names[i] for i in group.members} == {"A", "B", "C"}
    assert all(pattern.nodes[i].where == (Condition("type", "=", "KC"),) for i in group.members)


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "loop.motif").write_text("A -> B\nB -> A\n")
    assert len(parse(tmp_path / "loop.motif").edges) == 2
    assert parse(str(tmp_path / "loop.motif")) == parse(tmp_path / "loop.motif")
    for missing in (tmp_path / "none.motif", "none.motif", "my motifs/none"):
        with pytest.raises(InputError, match=r"there is no motif file '.*none"):
            parse(missing)
    with pytest.raises(InputError, match="cannot read the motif file"):
        parse(tmp_path)
    with pytest.raises(InputError, match="not int"):
        parse(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("A -> B\nA >> C", 2, "did not expect '>'"),
        ("A -> B -> C", 1, "each from pre to post"),
        ("A -> B [weight > 1]\nC <- A", 2, "each from pre to post"),
        ("A <-> B", 1, "each from pre to post"),
        ("A -> B\n\nB ->", 3, "end of the program"),
        ("A -> B\nA.x >", 2, "end of the program"),
        ("A -> B\nC -> % D", 2, "did not expect '%'"),
        ("A -> B\nA.x = [1, 2]", 2, "not a list"),
        ("A -> B\nA.x contains B.y", 2, "cannot compare two fields"),
        ("A -> B\nB -> B", 2, "cannot connect to itself"),
        ("A -> B\nC.x = 2", 2, "neither a node nor a connection"),
        ("A -> B\nB > C.y", 2, "did not expect '>'"),
        ("A -> B\nB.x > C.y", 2, "neither a node nor a connection"),
        ("A -> B as e\nB -> A as e", 2, "already names another"),
        ("A -> B as e\nA.size > e.weight", 2, "cannot be compared"),
        ("A -> B as e\nB !> A as f\ne.weight > f.weight", 3, "must not exist"),
        ("A -> B\nloop(A, B)", 2, "no macro 'loop'"),
        ("m(x) { x -> x2 }\nA -> B\nm(A)", 1, "'x2' is not a parameter"),
        ("m(x, y) { x -> y }\nm(A)", 2, "takes 2 names"),
        ("m(x, y) { m(x, y) }\nm(A, B)", 1, "calls itself"),
        ("m(x, y) { x -> y }\nm(x, y) { y -> x }\nm(A, B)", 2, "already defined"),
        ("m(x, x) { x -> x }\n", 1, "repeats a parameter"),
        ("A -+ B\nA -| B", 2, "both excitatory and inhibitory"),
    ],
)
def test_unreadable_programs(text: str, line: int, says: str) -> None:
    with pytest.raises(MotifError) as error:
        parse(text)
    assert says in str(error.value)
    assert f"line {line}:" in str(error.value)
    assert f"{line} | {text.splitlines()[line - 1].strip()}" in str(error.value)


def test_a_motif_has_an_end() -> None:
    """Macros that double what the one before them holds would fill the memory."""
    doubled = "".join(f"m{n}(x, y) {{ m{n - 1}(x, y); m{n - 1}(y, x) }}\n" for n in range(1, 40))
    with pytest.raises(MotifError, match="more than 1,000 statements"):
        parse(f"m0(x, y) {{ x -> y }}\n{doubled}m39(A, B)")
    with pytest.raises(MotifError, match="more than 100,000 characters"):
        parse("A -> B;" * 20_000)


@pytest.mark.parametrize("text", ["", "# nothing\n", "m(x, y) { x -> y }"])
def test_programs_without_a_connection(text: str) -> None:
    with pytest.raises(MotifError, match="no connection"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A -> B\nB -> A\nA !> B", 3),
        ("A -> B [weight > 5]\nA !> B [weight > 5]", 2),
        ("A -> B\nA.size > 5\nA.size < 6", 3),
        ("A -> B\nA.size > 5\nA.size <= 5", 3),
        ("A -> B\nA.score > 5\nA.score < 5", 3),
        ("A -> B\nA.size = 5\nA.size = 6", 3),
        ("A -> B\nA.type = KC\nA.type != KC", 3),
        ("A -> B\nA.type = KC\nA.type in [PN, MBON]", 3),
        ("A -> B\nA.type in [PN]\nA.type !in [PN]", 3),
        ("A -> B\nA.type contains K\nA.type !contains K", 3),
        ("A -> B\nA.tags contains K\nA.tags !contains K", 3),
        ("A -> B\nA.type = KC\nA.type !contains C", 3),
        ("A -> B\nA.size > B.size\nB.size >= A.size", 3),
        ("A -> B\nB -> C\nA.size > B.size\nB.size = C.size\nC.size >= A.size", 5),
        ("A -> B as e\nB -> A as f\ne.weight < f.weight\nf.weight < e.weight", 4),
        ("A -> B\nA.size != A.size", 2),
        ("A -> B\nB -> A [weight < 1]", 2),
    ],
)
def test_contradictions(text: str, line: int) -> None:
    with pytest.raises(MotifError, match=f"line {line}:"):
        bind(parse(text), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "A -> B [weight > 5]\nA !> B [weight > 9]",
        "A -> B\nA.size > 4\nA.size < 6",
        "A -> B\nA.score > 5\nA.score < 6",
        "A -> B\nA.size >= 5\nA.size <= 5",
        "A -> B\nA.type in [KC, PN]\nA.type != PN",
        "A -> B\nA.tags contains K\nA.tags contains L",
        "A -> B\nA.size >= B.size\nB.size >= A.size",
        "A -> B\nA.size > B.size\nA.type = B.type",
    ],
)
def test_no_false_contradictions(text: str) -> None:
    bind(parse(text), SCHEMA)


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("A.size > 2.5", ">", 2),
        ("A.size >= 2.5", ">=", 3),
        ("A.size < 2.5", "<", 3),
        ("A.size <= 2.5", "<=", 2),
        ('A.size = "5"', "=", 5),
        ('A.root_id = "576460752773799604"', "=", 576460752773799604),
        ("A.score = 5", "=", 5.0),
        ("A.ok = true", "=", True),
        ("A.ok != False", "!=", False),
        ("A.size in 5", "in", (5,)),
        ("A.tags contains x", "has", "x"),
        ('A["soma side"] = L', "=", "L"),
    ],
)
def test_constants_get_the_types_of_their_fields(text: str, op: str, value: object) -> None:
    (found,) = bind(parse(f"A -> B\n{text}"), SCHEMA).nodes[0].where
    assert (found.op, found.value) == (op, value)
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("A.size = 2.5", "'size' is a whole number and never equals 2.5"),
        ("A.size = 2.5", "write size >= 3 or size <= 2"),
        ("A.type != 10", "'type' is text, but 10 is not"),
        ("A.type != 10", 'write type != "10"'),
        ("A -| C", "'-|' (or '--') asks for an inhibitory connection"),
        ("A -+ C", "write 'A -> C' and a condition on the field that holds the transmitter"),
        ("A -+ C", "give a table of signs (signs='fly', or --signed fly)"),
    ],
)
def test_what_is_refused_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(MotifError) as error:
        bind(parse(f"A -> B\n{text}"), SCHEMA)
    assert says in str(error.value)
    assert "line 2:" in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "A.type = 5",
        "A.size = KC",
        "A.size = 2.5",
        "A.ok > true",
        "A.ok = 1",
        "A.tags = x",
        "A.size contains 1",
        "A.size > B.type",
        "A.tags = B.tags",
        "A.ok < B.ok",
        "A.size in [1, x]",
        "A.type in []",
    ],
)
def test_constants_that_do_not_fit(text: str) -> None:
    with pytest.raises(MotifError, match=r"line 2:|did not expect"):
        bind(parse(f"A -> B\n{text}"), SCHEMA)
