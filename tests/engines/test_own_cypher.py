"""The door for people's queries: what it splits, what it lets through, what it refuses by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphapi.engines.allowed import LADYBUG, NEO4J, Dialect
from graphapi.engines.owncypher import admit
from graphapi.engines.queries import catalog
from graphapi.engines.tokens import split
from graphapi.errors import InputError, QueryRejectedError, ReadOnlyError

ROOT = Path(__file__).resolve().parents[2]
DIALECTS = pytest.mark.parametrize("dialect", [LADYBUG, NEO4J], ids=lambda d: d.engine)

#: Each did something on an engine that it should not, or is a sibling of one that did.
BEYOND = [
    "LOAD FROM '/etc/passwd' RETURN *",
    "WITH 1 AS x LIMIT 1LOAD FROM '/etc/passwd' (file_format='csv', delim=':') RETURN *",
    "WITH 1 AS x LIMIT 1 LOAD FROM '/etc/passwd' RETURN *",
    "WITH 1.5LOAD FROM 'x' RETURN *",
    "RETURN 1. LOAD FROM 'x'",
    "RETURN * LOAD FROM 'x' RETURN *",
    "RETURN LOAD FROM 'x'",
    "MATCH (n) RETURN n UNION LOAD FROM 'x' RETURN *",
    "MATCH (n) RETURN n UNION ALL LOAD CSV FROM 'x' AS r RETURN r",
    "RETURN 1 AS x ORDER BY x DESC LOAD FROM 'x' RETURN *",
    "RETURN CASE 1 WHEN 1 THEN 2 END LOAD FROM 'x' RETURN *",
    "EXPLAIN LOAD FROM 'x' RETURN *",
    "PROFILE LOAD WITH HEADERS (a INT64) FROM 'x' RETURN *",
    "LOAD CSV FROM 'file:///etc/passwd' AS row RETURN row",
    "UNWIND [1] AS x LOAD /* */ CSV FROM 'file:///a' AS row RETURN row",
    "LO\\u0041D CSV FROM 'file:///a' AS row RETURN row",
    "RETURN '\\u0027 LOAD CSV FROM \\u0027x' AS r",
    "CALL { LOAD CSV FROM 'x' AS r RETURN r } RETURN r",
    "RETURN EXISTS { LOAD CSV FROM 'x' AS r RETURN r }",
    "COPY (MATCH (n) RETURN n) TO 'x'",
    "WITH 1 AS x COPY (MATCH (n) RETURN n) TO 'x'",
    "CALL READ_CSV('/etc/passwd') RETURN *",
    "CALL READ_PARQUET('x') RETURN *",
    "CALL `READ_NPY`('x') RETURN *",
    "RETURN READ_CSV('x')",
    "CALL threads=1",
    "PROFILE CALL threads=1",
    "PROFILE CHECKPOINT",
    "CHECKPOINT",
    "EXPLAIN PROFILE MATCH (n) RETURN n",
    "RETURN nextval('s')",
    "ATTACH 'x' AS y (dbtype lbug)",
    "INSTALL httpfs",
    "EXPORT DATABASE 'x'",
    "BEGIN TRANSACTION",
    "CALL project_graph('g', ['Neuron'], ['CONNECTS'])",
    "CALL apoc.load.json('http://127.0.0.1/x')",
    "CALL `apoc`.`load`.`json`('x')",
    "CALL `apoc.load.json`('x')",
    "CALL apoc . load . json ('x')",
    "MATCH (n:CALL apoc.load.json('x')) RETURN n",
    "RETURN {a: apoc.load.json('x')}",
    "RETURN {USING: apoc.load.json('x')}",
    "MATCH (n) USING INDEX n:apoc.load.json(x) RETURN n",
    "RETURN apoc.cypher.runFirstColumnSingle('RETURN 1', {})",
    "RETURN `apoc`.`cypher`.runFirstColumnSingle('RETURN 1', {})",
    "CALL dbms.killConnections(['bolt-1'])",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "PROFILE TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "CYPHER 5 TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "CYPHER runtime=slotted MATCH (n) RETURN n",
    "SHOW TRANSACTIONS YIELD transactionId AS i TERMINATE TRANSACTIONS i",
    "SHOW USERS",
    "USE system MATCH (n) RETURN n",
    "CREATE (n:Neuron)",
    "WITH * CREATE (n:Neuron)",
    "MATCH (n) SET n.x = 1",
    "MATCH (n) REMOVE n.x",
    "MATCH (n) DETACH DELETE n",
    "FOREACH (x IN [1] | CREATE (:Neuron))",
    "DROP INDEX x",
    "MATCH (n) RETURN n UNION DROP INDEX x",
    "CALL { DROP INDEX x } RETURN 1",
]
#: What people write; none is refused.
READING = [
    "MATCH (n:Neuron) RETURN n.root_id AS r ORDER BY r DESC SKIP 2 LIMIT 5;",
    "match (a:Neuron)-[c:CONNECTS]->(b:Neuron) where c.weight >= 3 return a, c, b limit 1",
    "MATCH (load:Neuron)-->(copy) WHERE load.set = copy.create RETURN load, copy.call",
    "MATCH (n:Neuron) WHERE NOT n.cell_class IN ['PBt', 'EBc'] AND n.side IS NOT NULL RETURN n",
    "MATCH (n) RETURN n.`a b` AS `LOAD FROM`, 'LOAD FROM' AS t, \"it's\" AS u, 'it\\'s' AS v",
    "MATCH (n:`Größe`) RETURN n.`große` AS x, 'é' AS y // é LOAD FROM\n",
    "UNWIND range(1, 10) AS x WITH x, x * 2.5e-1 AS y WHERE y > .5 RETURN *",
    "WITH 1 AS a, -2 AS b RETURN a - b + a*b/2 % 3 ^ 2 AS x, a <> b AND a <= b OR a >= b AS y",
    "RETURN CASE WHEN 1 < 2 THEN 'a' ELSE 'b' END AS x, {a: 1, b: [1, 2][0], end: null} AS m",
    "RETURN {a: CASE 1 WHEN 1 THEN 2 END, b: NOT true} AS m",
    "MATCH (n:Neuron) RETURN count(*) AS n, count(DISTINCT n.side) AS s, collect(n.root_id) AS c",
    "MATCH (n:Neuron) WHERE EXISTS { MATCH (n)-[:CONNECTS]->(:Neuron) } RETURN n UNION ALL "
    "MATCH (n:Neuron) RETURN n",
    "OPTIONAL MATCH (n:Neuron|Annotation) WITH DISTINCT n RETURN n",
    "PROFILE MATCH (n:Neuron) RETURN n",
    "/* LOAD FROM */ RETURN 1 /* ; */ AS x // ; CREATE",
]
READING_LADYBUG = [
    "MATCH p = (a:Neuron)-[e:CONNECTS* ALL SHORTEST 1..3 (r, n | WHERE r.weight > 2)]->(b:Neuron) "
    "RETURN length(p)",
    "MATCH (a:Neuron)-[e:CONNECTS* WSHORTEST(weight) 1..3]->(b:Neuron) RETURN cost(e)",
    "RETURN list_transform([1, 2], x -> x + 1) AS x, CAST(1 AS STRING) AS y, [1, 2, 3][1:2] AS z",
    "CALL TABLE_INFO('Neuron') RETURN name, type",
    "CALL show_tables() RETURN *",
    "MATCH (a:Neuron)-[e:CONNECTS]->(b:Neuron) HINT (a JOIN e) JOIN b RETURN a",
]
READING_NEO4J = [
    "MATCH p = shortestPath((a:Neuron {root_id: 1})-[:CONNECTS*..4]->(b)) RETURN [n IN nodes(p) | "
    "n.root_id] AS x, reduce(s = 0, c IN relationships(p) | s + c.weight) AS y",
    "MATCH p = ALL SHORTEST (a:Neuron)-[:CONNECTS]->{1,3}(b:Neuron) RETURN p",
    "MATCH p = SHORTEST 2 (a:Neuron)-[:CONNECTS]->+(b:Neuron) RETURN p",
    "MATCH (n:Neuron) CALL (n) { MATCH (n)-[c:CONNECTS]->(m) RETURN c LIMIT 3 } RETURN n {.*, c}",
    "MATCH (n:Neuron) USING INDEX SEEK n:Neuron(root_id) WHERE n.root_id = 1 RETURN n",
    "CALL db.labels() YIELD label RETURN label",
    "CALL db.labels",
    "RETURN apoc.text.join(['a', 'b'], ',') AS x, datetime.truncate('day', datetime()) AS y",
    "MATCH (n) WHERE n:Neuron&!Annotation RETURN count { (n)-->() } AS x",
    "MATCH (n) WHERE any(l IN labels(n) WHERE l STARTS WITH 'N') RETURN elementId(n)",
]


@DIALECTS
@pytest.mark.parametrize("text", BEYOND)
def test_what_does_more_than_read_is_refused(text: str, dialect: Dialect) -> None:
    with pytest.raises((ReadOnlyError, QueryRejectedError)) as refused:
        admit(text, dialect, ())
    assert refused.value.hint or "has no CALL" in str(refused.value)


@DIALECTS
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("MATCH (n) LOAD CSV FROM 'x' AS r RETURN r", "LOAD"),
        ("RETURN LOAD FROM 'x'", "LOAD"),
        ("CALL apoc.load.json('x')", r"apoc\.load\.json"),
        ("RETURN nextval('s')", "nextval"),
        ("SHOW USERS", "SHOW"),
        ("MATCH (n) SET n.x = 1", "SET"),
    ],
)
def test_what_is_refused_is_named(text: str, word: str, dialect: Dialect) -> None:
    with pytest.raises((ReadOnlyError, QueryRejectedError), match=rf"\b{word}\b"):
        admit(text, dialect, ())


@DIALECTS
@pytest.mark.parametrize("text", READING)
def test_what_reads_passes(text: str, dialect: Dialect) -> None:
    admit(text, dialect, ())


@pytest.mark.parametrize("text", READING_LADYBUG)
def test_what_reads_a_graph_file_passes(text: str) -> None:
    admit(text, LADYBUG, ())


@pytest.mark.parametrize("text", READING_NEO4J)
def test_what_reads_a_server_passes(text: str) -> None:
    admit(text, NEO4J, ())


@DIALECTS
def test_our_own_reading_queries_pass(dialect: Dialect) -> None:
    """People copy them, change them, and ask them at this door."""
    engine = {"Neo4j": "neo4j", "LadybugDB": "ladybug"}[dialect.engine]
    other = {"neo4j": "ladybug", "ladybug": "neo4j"}[engine]
    ours = [
        query
        for query in catalog()
        if query.mode == "read" and f"// engine: {other}" not in (ROOT / query.path).read_text()
    ]
    assert len(ours) > 30
    for query in ours:
        text = query.text_for(engine).replace("/* properties */", "")
        admit(text, dialect, {item.name for item in query.params})


@pytest.mark.parametrize("text", ["", " // nothing\n", ";", "/**/"])
def test_no_query_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="empty"):
        admit(text, LADYBUG, ())


@pytest.mark.parametrize("text", ["RETURN 1; RETURN 2", "RETURN 1;; RETURN 2;"])
def test_two_queries_are_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="only one query at a time"):
        admit(text, LADYBUG, ())


@pytest.mark.parametrize(
    "text",
    [
        "RETURN 'a",
        "RETURN `a",
        "RETURN 1 /* a",
        "RETURN 1a AS x",
        "RETURN 0x1F AS x",
        "RETURN 'a\\q' AS x",
        "RETURN a'b' AS x",
        "RETURN $1LOAD",
        "RETURN é",
        "RETURN\u00a01",
        "RETURN 1 \\ 2",
        "RETURN 1 # 2",
        "RETURN 1\x1c",
        "RETURN 'a\0b'",
        "RETURN '\ud800'",
        "RETURN " + "(" * 101 + "1" + ")" * 101,
        "RETURN " + "[" * 3_000 + "]" * 3_000,
    ],
)
def test_what_could_be_split_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(QueryRejectedError):
        split(text, resolves_escapes=False)


def test_a_query_has_an_end() -> None:
    with pytest.raises(InputError, match="characters"):
        split("RETURN 1" + " " * 100_000, resolves_escapes=False)


def test_comments_are_not_sent() -> None:
    text = "RETURN 1 /* LOAD\nFROM */ AS x // CREATE\n, 'a // b' AS y;"
    tokens, sent = split(text, resolves_escapes=False)
    wanted = ["RETURN", "1", "AS", "x", ",", "'a // b'", "AS", "y"]
    assert [token.text for token in tokens] == wanted
    assert sent.split() == ["RETURN", "1", "AS", "x", ",", "'a", "//", "b'", "AS", "y"]
    assert (len(sent), sent.count("\n")) == (len(text), text.count("\n"))


def test_names_are_read_without_their_quotes() -> None:
    tokens, _ = split("$a `b``c` $`d e` 'f'", resolves_escapes=False)
    assert [token.name for token in tokens[:3]] == ["a", "b`c", "d e"]


PIECES = [
    "[",
    "]",
    "1",
    "22",
    ",",
    ", ",
    " ",
    "\n",
    "'",
    '"',
    "1.5",
    "a",
    "//",
    "/*",
    "*/",
    "`",
    "..",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_lists_of_whole_numbers_are_split_as_ever(parts: list[str]) -> None:
    def told(*, lists: bool) -> tuple[str, str]:
        try:
            tokens, sent = split("".join(parts), resolves_escapes=True, lists=lists)
        except (InputError, QueryRejectedError) as error:
            return "refused", error.message
        return " ".join(re.sub(r"[\[\],]", r" \g<0> ", one.text) for one in tokens), sent

    alone, together = told(lists=False), told(lists=True)
    assert (together[0].split(), together[1]) == (alone[0].split(), alone[1])


def test_a_list_of_whole_numbers_is_one_token() -> None:
    tokens, sent = split(
        "RETURN [1,\n 22 , 3], [4], 'x [5, 6]', [7, 8.5]", resolves_escapes=True, lists=True
    )
    assert [token.text for token in tokens if token.kind == "numbers"] == ["[1,\n 22 , 3]"]
    assert sent == "RETURN [1,\n 22 , 3], [4], 'x [5, 6]', [7, 8.5]"


def test_missing_parameters_are_named() -> None:
    with pytest.raises(InputError, match=r"\$b, \$`?c d"):
        admit("RETURN $a, $b, $`c d`, '$e' // $f", LADYBUG, {"a"})
