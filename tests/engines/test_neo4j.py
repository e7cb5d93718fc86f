"""The Neo4j engine against a real server. Data is put in and read back by the driver itself."""

from __future__ import annotations

import datetime as dt
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import neo4j
import numpy as np
import pyarrow as pa
import pytest

from graphapi.engines.neo4j import Neo4jEngine
from graphapi.engines.queries import Query, catalog, read_query
from graphapi.errors import (
    EngineError,
    EngineUnavailableError,
    GraphNotFoundError,
    InputError,
    QueryFileError,
    QueryRejectedError,
    QueryTimeoutError,
    ReadOnlyError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j_server import Neo4jServer

A, B, C = 576460752773799604, 576460752773799605, 576460752773799607
TOY = """
    CREATE (a:Neuron {root_id: $a, name: 'A', x: 1.5}), (b:Neuron {root_id: $b, name: 'B'}),
           (c:Neuron {root_id: $c}), (:Annotation {root_id: $a, tag: 'x'})-[:ANNOTATES]->(a),
           (:Materialization {status: 'complete'}), (:Bystander {mine: true})-[:WATCHES]->(a),
           (a)-[:CONNECTS {weight: 7}]->(b), (b)-[:CONNECTS {weight: 2}]->(a),
           (b)-[:CONNECTS {weight: 1}]->(c)
"""


def made(body: str, *columns: str, params: tuple[str, ...] = (), mode: str = "read") -> Query:
    header = ["// name: probe", "// summary: For a test.", f"// mode: {mode}"]
    header += [f"// param {item}" for item in params] + [f"// column {item}" for item in columns]
    return read_query("\n".join([*header, "", body]), name="probe", path="probe.cypher")


@pytest.fixture(scope="module")
def driver(neo4j_server: Neo4jServer) -> Iterator[neo4j.Driver]:
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        yield driver


@pytest.fixture(scope="module")
def engine(neo4j_server: Neo4jServer) -> Iterator[Neo4jEngine]:
    engine = connect(neo4j_server)
    yield engine
    engine.close()


@pytest.fixture
def toy(driver: neo4j.Driver) -> None:
    driver.execute_query("MATCH (n) DETACH DELETE n")
    driver.execute_query(TOY, a=A, b=B, c=C)


def connect(server: Neo4jServer, **options: Any) -> Neo4jEngine:
    given = {"uri": server.uri, "user": server.user, "password": server.password}
    return Neo4jEngine.connect(**{**given, **options})


def everything(driver: neo4j.Driver) -> object:
    asked = (
        "MATCH (n) RETURN labels(n) AS labels, properties(n) AS p ORDER BY labels, p.root_id",
        "MATCH ()-[r]->() RETURN type(r) AS type, properties(r) AS p ORDER BY type, p.weight",
        "SHOW INDEXES YIELD name RETURN name ORDER BY name",
        "SHOW USERS YIELD user RETURN user ORDER BY user",
        "CALL db.labels() YIELD label RETURN label ORDER BY label",
    )
    return [[record.data() for record in driver.execute_query(q).records] for q in asked]


class TestColumns:
    def test_declared_types_and_exact_values(self, engine: Neo4jEngine) -> None:
        query = made(
            "UNWIND [[$big, 1, 'a', true, [1, 2], ['p'], [1.5]], [-1, 2.5, '', false, [], [], []]]"
            " AS r RETURN r[0] AS i, r[1] AS f, r[2] AS s, r[3] AS b, r[4] AS li, r[5] AS ls,"
            " r[6] AS lf",
            *("i: int", "f: float", "s: string", "b: bool"),
            *("li: list[int]", "ls: list[string]", "lf: list[float]"),
            params=("big: int",),
        )
        table = engine.run(query, {"big": 2**63 - 1})
        assert table.schema.types == [
            *(pa.int64(), pa.float64(), pa.string(), pa.bool_()),
            *(pa.list_(pa.int64()), pa.list_(pa.string()), pa.list_(pa.float64())),
        ]
        assert [list(row.values()) for row in table.to_pylist()] == [
            [2**63 - 1, 1.0, "a", True, [1, 2], ["p"], [1.5]],
            [-1, 2.5, "", False, [], [], []],
        ]

    def test_nulls_stay_in_their_rows(self, engine: Neo4jEngine) -> None:
        query = made(
            "UNWIND [[1, 'a'], [null, 'b'], [3, null], [null, null]] AS r"
            " RETURN r[0] AS i, r[1] AS s",
            *("i: int", "s: string"),
        )
        assert engine.run(query).to_pydict() == {
            "i": [1, None, 3, None],
            "s": ["a", "b", None, None],
        }

    def test_only_nulls_keep_the_type(self, engine: Neo4jEngine) -> None:
        query = made("UNWIND [1, 2] AS x RETURN null AS l", "l: list[int]")
        assert engine.run(query).column("l").type == pa.list_(pa.int64())

    @pytest.mark.usefixtures("toy")
    @pytest.mark.parametrize("name", ["downstream", "known_neurons", "annotations_of"])
    def test_no_rows_keep_the_types(self, engine: Neo4jEngine, name: str) -> None:
        query = catalog()[name]
        params: dict[str, object] = {
            item.name: 1 if item.type == "int" else [] for item in query.params
        }
        table = engine.run(query, params)
        assert table.num_rows == 0
        assert set(table.schema.types) == {pa.int64()}

    def test_rows_beyond_one_record_keep_their_order(self, engine: Neo4jEngine) -> None:
        query = made("UNWIND range(1, 45000) AS x RETURN 7 * x % 45007 AS y", "y: int")
        expected = [7 * x % 45007 for x in range(1, 45001)]
        assert engine.run(query)["y"].to_pylist() == expected

    def test_rows_too_many_for_the_servers_memory_are_streamed(
        self, engine: Neo4jEngine, driver: neo4j.Driver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The server's own error, brought about with rows that are not sent to save time."""
        greedy = "UNWIND range(1, 100000000) AS i RETURN collect([i, i, i, i, i, i, i, i, i])"
        with (
            driver.session() as session,  # which does not try again by itself
            pytest.raises(neo4j.exceptions.TransientError, match="OutOfMemory"),
        ):
            session.run(greedy).consume()
        monkeypatch.setattr("graphapi.engines.neo4j.columnar", lambda *_: greedy)
        query = made(
            "UNWIND range(1, 30000) AS i RETURN i, toString(i) AS s", "i: int", "s: string"
        )
        table = engine.run(query)
        assert table["i"].to_pylist() == list(range(1, 30001))
        assert table["s"].to_pylist() == [str(i) for i in range(1, 30001)]
        with pytest.raises(EngineError, match=r"more memory.*transaction"):
            engine.run_text(greedy)

    @pytest.mark.parametrize(
        ("value", "column"),
        [("1.0", "int"), ("1.5", "int"), ("'1'", "int"), ("1", "string"), ("[1.0]", "list[int]")],
    )
    def test_other_types_than_declared_are_errors(
        self, engine: Neo4jEngine, value: str, column: str
    ) -> None:
        with pytest.raises(QueryFileError, match=r"probe.cypher, column 'x': declared"):
            engine.run(made(f"RETURN {value} AS x", f"x: {column}"))

    def test_mixed_types_are_errors(self, engine: Neo4jEngine) -> None:
        with pytest.raises(QueryFileError, match="column 'x'"):
            engine.run(made("UNWIND [1, 'a'] AS x RETURN x", "x: int"))
        with pytest.raises(QueryFileError, match="column 'x'"):
            engine.run(made(f"UNWIND [{A}, 1.5] AS x RETURN x", "x: int"))

    @pytest.mark.usefixtures("toy")
    def test_union_and_limit_travel_too(self, engine: Neo4jEngine) -> None:
        query = made(
            "MATCH (n:Neuron) RETURN n.root_id AS id ORDER BY id DESC LIMIT 1 UNION ALL "
            "MATCH (n:Neuron) RETURN n.root_id AS id ORDER BY id LIMIT 1",
            "id: int",
        )
        assert engine.run(query)["id"].to_pylist() == [C, A]


class TestParameters:
    def test_names_are_checked(self, engine: Neo4jEngine) -> None:
        with pytest.raises(InputError, match="missing"):
            engine.run(catalog()["downstream"], {"ids": [A]})
        with pytest.raises(InputError, match="unknown"):
            engine.run(catalog()["known_neurons"], {"ids": [A], "more": 1})

    @pytest.mark.usefixtures("toy")
    @pytest.mark.parametrize(
        "ids",
        [[A, B], (A, B), {A, B}, np.array([A, B]), pa.array([A, B]), [np.int64(A), np.int64(B)]],
    )
    def test_ids_of_any_kind_arrive_exactly(self, engine: Neo4jEngine, ids: object) -> None:
        found = engine.run(catalog()["known_neurons"], {"ids": ids})
        assert found["root_id"].to_pylist() == [A, B]

    @pytest.mark.parametrize("value", [2**63, [-(2**63) - 1], object(), {"a": object()}])
    def test_what_no_property_can_hold_is_refused(self, engine: Neo4jEngine, value: object) -> None:
        with pytest.raises(InputError, match="parameter 'x'"):
            engine.run_text("RETURN $x", {"x": value})


class TestReadDoor:
    @pytest.mark.usefixtures("toy")
    @pytest.mark.parametrize(
        "text",
        [
            "CREATE (:Neuron {root_id: 1})",
            "MERGE (n:Neuron {root_id: 1})",
            "MATCH (n:Neuron) SET n.root_id = 1",
            "MATCH (n:Neuron) REMOVE n.name",
            "MATCH (n) DETACH DELETE n",
            "FOREACH (x IN [1] | CREATE (:Neuron))",
            "UNWIND [1] AS x CALL (x) { CREATE (:Neuron) } IN TRANSACTIONS",
            "CREATE INDEX probe FOR (n:Neuron) ON (n.name)",
            "CREATE USER probe SET PASSWORD 'long enough 1'",
            "CALL db.createLabel('Probe')",
            "CALL apoc.create.node(['Neuron'], {})",
            "CALL apoc.cypher.run('CREATE (:Neuron)', {})",
            "CALL apoc.cypher.doIt('CREATE (:Neuron)', {})",
            "CALL apoc.periodic.iterate('RETURN 1 AS x', 'CREATE (:Neuron)', {})",
        ],
    )
    def test_the_server_refuses_to_write(
        self, engine: Neo4jEngine, driver: neo4j.Driver, text: str
    ) -> None:
        """Past our own door, which would not let it through: see test_own_cypher."""
        before = everything(driver)
        with pytest.raises(ReadOnlyError, match="opened read-only"):
            engine.plan(made(text, mode="write"), profile=True)
        assert everything(driver) == before

    @pytest.mark.usefixtures("toy")
    def test_a_query_file_cannot_write_through_it(
        self, engine: Neo4jEngine, driver: neo4j.Driver
    ) -> None:
        before = everything(driver)
        with pytest.raises(ReadOnlyError):
            engine.run(made("CREATE (n:Neuron) RETURN 1 AS one", "one: int", mode="write"))
        assert everything(driver) == before

    @pytest.mark.usefixtures("toy")
    def test_a_procedure_that_hides_the_refusal_changes_nothing(
        self, engine: Neo4jEngine, driver: neo4j.Driver
    ) -> None:
        before = everything(driver)
        text = (
            "CALL apoc.cypher.runTimeboxed('CREATE (:Neuron)', {}, 5000) YIELD value RETURN value"
        )
        engine.plan(made(text, mode="write"), profile=True)
        assert everything(driver) == before

    def test_words_within_texts_are_only_words(self, engine: Neo4jEngine) -> None:
        assert engine.run_text("RETURN 'LOAD CSV' AS x // LOAD CSV")["x"].to_pylist() == [
            "LOAD CSV"
        ]

    @pytest.mark.usefixtures("toy")
    def test_writing_methods_are_refused(self, engine: Neo4jEngine) -> None:
        query = made("CREATE (:Neuron)", mode="write")
        for attempt in (
            lambda: engine.write(query),
            lambda: engine.write_together([(query, None)]),
        ):
            with pytest.raises(ReadOnlyError, match="opened for reading"):
                attempt()


class TestTimeout:
    ENDLESS = "UNWIND range(1, 9999999) AS a UNWIND range(1, 9999999) AS b RETURN count(a + b) AS n"

    @pytest.mark.parametrize("door", ["run", "run_text"])
    def test_the_server_stops_the_query(
        self, engine: Neo4jEngine, driver: neo4j.Driver, door: str
    ) -> None:
        query = made(self.ENDLESS, "n: int") if door == "run" else self.ENDLESS
        with pytest.raises(QueryTimeoutError, match=r"after 0\.5 s"):
            getattr(engine, door)(query, timeout=0.5)
        running = driver.execute_query("SHOW TRANSACTIONS YIELD currentQuery").records
        assert not [r for r in running if "9999999" in r["currentQuery"]]

    @pytest.mark.parametrize("timeout", [0, -1.0])
    def test_no_time_is_an_error(self, engine: Neo4jEngine, timeout: float) -> None:
        with pytest.raises(InputError, match="timeout"):
            engine.run_text("RETURN 1", timeout=timeout)


class TestPeoplesQueries:
    @pytest.mark.usefixtures("toy")
    def test_nodes_edges_and_paths_are_structs(self, engine: Neo4jEngine) -> None:
        (row,) = engine.run_text(
            "MATCH p = (a:Neuron {name: 'A'})-[c:CONNECTS]->(b) RETURN a, c, b, p, {n: a} AS m"
        ).to_pylist()
        assert {k: row["a"][k] for k in ("_labels", "root_id", "name", "x")} == {
            "_labels": ["Neuron"],
            "root_id": A,
            "name": "A",
            "x": 1.5,
        }
        assert (row["c"]["_type"], row["c"]["weight"]) == ("CONNECTS", 7)
        assert (row["c"]["_start"], row["c"]["_end"]) == (row["a"]["_id"], row["b"]["_id"])
        assert [node["root_id"] for node in row["p"]["nodes"]] == [A, B]
        assert [edge["weight"] for edge in row["p"]["relationships"]] == [7]
        assert row["m"]["n"]["root_id"] == A

    def test_times_and_places(self, engine: Neo4jEngine) -> None:
        (row,) = engine.run_text(
            "RETURN date('2024-02-29') AS day, datetime('2024-02-29T12:00:00.5+02:00') AS moment,"
            " localdatetime('2024-02-29T12:00:00') AS local, localtime('12:30') AS clock,"
            " time('12:30+01:00') AS zoned, duration('P1DT2H') AS span,"
            " point({x: 1, y: 2, z: 3}) AS place"
        ).to_pylist()
        assert row["day"] == dt.date(2024, 2, 29)
        assert row["moment"] == dt.datetime(2024, 2, 29, 10, 0, 0, 500_000, tzinfo=dt.UTC)
        assert row["local"] == dt.datetime(2024, 2, 29, 12)
        assert row["clock"] == dt.time(12, 30)
        assert row["zoned"].startswith("12:30")
        assert row["zoned"].endswith("+01:00")
        assert row["span"] == "P1DT2H"
        assert row["place"] == {"srid": 9157, "x": 1.0, "y": 2.0, "z": 3.0}

    def test_values_without_one_type_become_json_with_exact_ids(self, engine: Neo4jEngine) -> None:
        table = engine.run_text(f"UNWIND [{A}, 'a', null, [1, {A}], 1.5] AS x RETURN x")
        texts = table["x"].to_pylist()
        assert [None if t is None else json.loads(t) for t in texts] == [
            *(str(A), "a", None, [1, str(A)], 1.5),
        ]

    def test_ids_beside_floats_are_not_rounded(self, engine: Neo4jEngine) -> None:
        table = engine.run_text(f"UNWIND [{A}, 1.5] AS x RETURN x")
        assert [json.loads(t) for t in table["x"].to_pylist()] == [str(A), 1.5]

    def test_no_rows_keep_the_names(self, engine: Neo4jEngine) -> None:
        table = engine.run_text("MATCH (n:Nothing) RETURN n.a AS a, n.b AS b")
        assert (table.column_names, table.num_rows) == (["a", "b"], 0)

    @pytest.mark.parametrize(
        "text",
        ["MATCH (n", "RETURN 1 AS", "RETURN 1 / 0"],
    )
    def test_wrong_queries_are_rejected_with_the_servers_words(
        self, engine: Neo4jEngine, text: str
    ) -> None:
        with pytest.raises(QueryRejectedError, match=r"'your query' on bolt\S+: .+"):
            engine.run_text(text)

    def test_a_parameter_without_a_value_is_named(self, engine: Neo4jEngine) -> None:
        with pytest.raises(InputError, match=r"no value is given for \$missing"):
            engine.run_text("RETURN $missing")

    def test_an_empty_query_is_an_input_error(self, engine: Neo4jEngine) -> None:
        with pytest.raises(InputError, match="empty"):
            engine.run_text(" // nothing\n")

    def test_many_threads(self, engine: Neo4jEngine) -> None:
        def ask(i: int) -> int:
            return int(engine.run_text("RETURN $i + 1 AS x", {"i": i})["x"][0].as_py())

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(64))) == list(range(1, 65))


class TestWriting:
    ROWS = "UNWIND $rows AS row CREATE (:Neuron {root_id: row.root_id, name: row.name})"

    @pytest.fixture
    def writer(self, neo4j_server: Neo4jServer, driver: neo4j.Driver) -> Iterator[Neo4jEngine]:
        driver.execute_query("MATCH (n) DETACH DELETE n")
        engine = connect(neo4j_server, read_only=False)
        yield engine
        engine.close()

    @pytest.fixture
    def by_rows(self) -> Query:
        return made(self.ROWS, params=("rows: any",), mode="write")

    def stored(self, driver: neo4j.Driver) -> list[list[object]]:
        text = "MATCH (n:Neuron) RETURN n.root_id AS id, n.name AS name ORDER BY id"
        return [list(record) for record in driver.execute_query(text).records]

    def test_write_gives_what_the_query_returns(
        self, writer: Neo4jEngine, driver: neo4j.Driver
    ) -> None:
        text = "CREATE (n:Neuron {root_id: $id}) RETURN n.root_id AS id"
        table = writer.write(made(text, "id: int", params=("id: int",), mode="write"), {"id": A})
        assert table["id"].to_pylist() == [A]
        assert self.stored(driver) == [[A, None]]

    def test_several_queries_are_one_transaction(
        self, writer: Neo4jEngine, driver: neo4j.Driver, by_rows: Query
    ) -> None:
        rule = "FOR (n:Neuron) REQUIRE n.root_id IS UNIQUE"  # a load may have made the same one
        driver.execute_query(f"CREATE CONSTRAINT probe IF NOT EXISTS {rule}")
        first, second, twice = (
            {"rows": [{"root_id": i, "name": n}]} for i, n in ((A, "a"), (B, None), (A, "twice"))
        )
        try:
            writer.write_together([(by_rows, first), (by_rows, second)])
            with pytest.raises(QueryRejectedError, match="already exists"):
                writer.write_together([(by_rows, {"rows": [{"root_id": C}]}), (by_rows, twice)])
            assert self.stored(driver) == [[A, "a"], [B, None]]
        finally:
            driver.execute_query("DROP CONSTRAINT probe IF EXISTS")

    def test_who_looks_at_an_answer_may_undo_all(
        self, writer: Neo4jEngine, driver: neo4j.Driver, by_rows: Query
    ) -> None:
        count = made("MATCH (n:Neuron) RETURN count(n) AS n", "n: int", mode="write")
        seen: list[int] = []

        def go_on(query: Query, answer: pa.Table) -> None:
            if query is count:
                seen.append(answer["n"][0].as_py())
                raise InputError("one is too many")

        with pytest.raises(InputError, match="too many"):
            writer.write_together([(by_rows, {"rows": [{"root_id": A}]}), (count, None)], go_on)
        assert seen == [1]
        assert self.stored(driver) == []

    def test_a_deadlock_is_tried_again(self, writer: Neo4jEngine, driver: neo4j.Driver) -> None:
        """Two writers take two locks in opposite order until both have been through."""
        writer.write(
            made("CREATE (:Neuron {root_id: 1, n: 0}), (:Neuron {root_id: 2, n: 0})", mode="write")
        )
        step = (
            "MATCH (a:Neuron {root_id: $first}) SET a.n = a.n + 1 WITH a "
            "CALL apoc.util.sleep(20) MATCH (b:Neuron {root_id: $second}) SET b.n = b.n + 1"
        )
        query = made(step, params=("first: int", "second: int"), mode="write")
        orders = [{"first": 1, "second": 2}, {"first": 2, "second": 1}] * 4
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda order: writer.write(query, order), orders))
        records = driver.execute_query("MATCH (n:Neuron) RETURN n.n AS n").records
        assert [record["n"] for record in records] == [8, 8]


class TestLife:
    def test_an_unknown_database_is_named(self, neo4j_server: Neo4jServer) -> None:
        engine = connect(neo4j_server, database="nosuch")
        with pytest.raises(GraphNotFoundError, match="'nosuch'"):
            engine.run_text("RETURN 1")
        engine.close()

    def test_verify_tells_the_version(self, engine: Neo4jEngine) -> None:
        assert engine.verify().startswith("5.")

    def test_closed_is_closed(self, neo4j_server: Neo4jServer) -> None:
        engine = connect(neo4j_server)
        engine.run_text("RETURN 1")
        engine.close()
        engine.close()
        with pytest.raises(EngineError, match="closed"):
            engine.run_text("RETURN 1")

    def test_a_cut_connection_is_made_anew(self, neo4j_server: Neo4jServer) -> None:
        from relay import Relay

        relay = Relay(*_host_and_port(neo4j_server))
        engine = connect(neo4j_server, uri=f"bolt://127.0.0.1:{relay.port}", retry_time=5.0)
        engine.run_text("RETURN 1")
        relay.cut()
        assert engine.run_text("RETURN 2 AS x")["x"].to_pylist() == [2]
        relay.close()
        engine.close()

    def test_a_server_lost_within_a_query_is_unavailable(self, neo4j_server: Neo4jServer) -> None:
        from relay import Relay

        relay = Relay(*_host_and_port(neo4j_server))
        engine = connect(neo4j_server, uri=f"bolt://127.0.0.1:{relay.port}", retry_time=0.5)
        engine.run_text("RETURN 1")
        threading.Timer(0.5, relay.close).start()
        with pytest.raises(EngineUnavailableError, match=f"127.0.0.1:{relay.port}"):
            engine.run_text(TestTimeout.ENDLESS, timeout=20)
        engine.close()


def _host_and_port(server: Neo4jServer) -> tuple[str, int]:
    parts = urlsplit(server.uri)
    return parts.hostname or "127.0.0.1", parts.port or 7687
