"""Thousands of queries that try to reach beyond the graph, drawn by a seed, on both engines.

A drawn text is a beginning, something between, and what it is after: another file, the network, a
setting, a write. What the door lets through is asked for real: it must not read or write a canary
file, or meet a canary server; the process must live; and the engine must have split it as we did,
which is shown by asking it once more with our tokens pulled apart.
"""

from __future__ import annotations

import http.server
import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from graphapi.engines import open_engine
from graphapi.engines.allowed import LADYBUG, NEO4J
from graphapi.engines.base import Engine
from graphapi.engines.owncypher import admit
from graphapi.errors import EngineError, InputError, QueryRejectedError, ReadOnlyError
from support.graphs import build_graph

if TYPE_CHECKING:
    from neo4j_server import Neo4jServer

SEED, DRAWN = 20261127, 3_000
CANARY = "canary-7d1c"
BEGINNINGS = [
    *(
        "",
        "EXPLAIN ",
        "PROFILE ",
        "CYPHER 5 ",
        "RETURN 1 AS x ",
        "WITH 1 AS x ",
        "WITH 1 AS x LIMIT 1",
    ),
    *("MATCH (n:Neuron) RETURN n.root_id AS r LIMIT 1", "RETURN 1 AS x LIMIT 1", "RETURN * "),
    *("MATCH (n:Neuron) WITH * ", "RETURN 1 AS x ORDER BY x DESC ", "RETURN 'a'", "RETURN [1]"),
    *("RETURN {a: 1}", "RETURN CASE WHEN true THEN 1 END ", "RETURN 1 AS x UNION ", "CALL {"),
    *("RETURN 1 AS x UNION ALL ", "RETURN EXISTS {", "RETURN COUNT {", "RETURN 1.", "RETURN $p"),
    *(
        "RETURN `x`",
        "MATCH (n) RETURN n.",
        "MATCH (n:",
        "UNWIND [1] AS x ",
        "RETURN -",
        "RETURN 1e5",
    ),
    *("MATCH (n:Neuron) WHERE ", "RETURN {a: ", "RETURN size(", "RETURN 'a\\'", "RETURN 1 AS x;"),
]
BETWEEN = [
    *("", " ", "\n", "\t", "\r", "\x0b", "\x0c", "\x1c", "\u00a0", "\u2028", "\ufeff", "/**/"),
    *(
        "/*/**/",
        "/* ' */",
        "/*//*/",
        "//\n",
        "//\r",
        "// '\n",
        ";",
        ";;",
        "'",
        '"',
        "`",
        "``",
        "\0",
    ),
    *(
        "\\u0020",
        "\\u0027",
        "\\u000a",
        ")",
        "]",
        "}",
        "--",
        "$",
        ", ",
        " AS y ",
        " IN TRANSACTIONS ",
    ),
]
AFTER = [
    "LOAD FROM '{file}' RETURN *",
    "LOAD FROM '{file}' (file_format='csv', header=false) RETURN *",
    "LOAD WITH HEADERS (a STRING) FROM '{file}' RETURN *",
    "load\nfrom '{file}' return *",
    "`LOAD` FROM '{file}' RETURN *",
    "CALL READ_CSV_SERIAL('{file}') RETURN *",
    "CALL `READ_CSV_PARALLEL`('{file}') RETURN *",
    "CALL READ_PARQUET('{file}') RETURN *",
    "CALL FILE_INFO() RETURN *",
    "READ_NPY('{file}')",
    "COPY (MATCH (n:Neuron) RETURN n.root_id) TO '{target}'",
    "EXPORT DATABASE '{target}'",
    "ATTACH '{file}' AS other (dbtype lbug)",
    "INSTALL httpfs",
    "CALL threads=1",
    "CALL timeout = 1",
    "CHECKPOINT",
    "CREATE (:Neuron {{root_id: 999}})",
    "MERGE (:Neuron {{root_id: 999}})",
    "MATCH (m:Neuron) DETACH DELETE m",
    "LOAD CSV FROM 'file:///{name}' AS row RETURN row",
    "LO\\u0041D CSV FROM '{web}' AS row RETURN row",
    "\\u004cOAD CSV FROM 'file:///{name}' AS row RETURN row",
    "LOAD CSV FROM '{web}' AS row RETURN row",
    "CALL apoc.load.json('{web}') YIELD value RETURN value",
    "CALL `apoc`.`load`.`json`('{web}') YIELD value RETURN value",
    "CALL apoc.load.csv('{web}') YIELD map RETURN map",
    "apoc.cypher.runFirstColumnSingle(\"LOAD CSV FROM '{web}' AS r RETURN r\", {{}})",
    "CALL apoc.cypher.run(\"LOAD CSV FROM '{web}' AS r RETURN r\", {{}}) YIELD value RETURN value",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "SHOW TRANSACTIONS YIELD transactionId AS i TERMINATE TRANSACTIONS i",
    "CALL dbms.killConnections(['bolt-1'])",
    "SHOW USERS",
    # harmless: some have to come through, or nothing is shown
    "RETURN 7 AS y",
    "MATCH (m:Neuron) RETURN m.root_id AS r",
    "WITH 2 AS z RETURN z",
    "'LOAD FROM' AS y",
    "LIMIT 3",
    "ORDER BY 1",
    "1 + 2*3 AS y",
]


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Canary(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f'{{"a": "{CANARY}"}}\n'.encode())

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canary) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/x.json", asked
        server.shutdown()


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    pairs = pd.DataFrame({"pre": [1, 1, 2], "post": [2, 3, 4], "weight": [1, 1, 1]})
    place: str | Path | None = None
    if request.param == "neo4j":
        server: Neo4jServer = request.getfixturevalue("neo4j_server")
        monkeypatch.setenv("CAVEGRAPH_NEO4J_USER", server.user)
        monkeypatch.setenv("CAVEGRAPH_NEO4J_PASSWORD", server.password)
        server.empty()
        place = server.uri
        if server.home is not None:
            (server.home / "import" / "canary.csv").write_text(f"{CANARY}\n")
    opened = open_engine(build_graph(tmp_path, pairs, to=place))
    yield opened
    opened.close()


def test_no_drawn_query_reaches_beyond_the_graph(
    engine: Engine, tmp_path: Path, web: tuple[str, list[str]]
) -> None:
    address, asked = web
    file, target = tmp_path / "canary.csv", tmp_path / "written"
    file.write_text(f"{CANARY},2\n")
    draw, found = random.Random(SEED), Counter[str]()  # noqa: S311 - a fixed seed is the point
    for _ in range(DRAWN):
        after = draw.choice(AFTER).format(file=file, target=target, name="canary.csv", web=address)
        text = draw.choice(BEGINNINGS) + draw.choice(BETWEEN) + after
        found[ask_and_compare(engine, text)] += 1
        assert not target.exists(), text
        assert asked == [], text
    assert found["refused"] > DRAWN / 2
    assert found["answered"] > DRAWN / 60
    assert found.keys() <= {"refused", "answered", "rejected by the engine"}
    print(engine.name, dict(found))
    neurons = engine.run_text("MATCH (n:Neuron) RETURN n.root_id AS r ORDER BY r")
    assert neurons["r"].to_pylist() == [1, 2, 3, 4]


def ask_and_compare(engine: Engine, text: str) -> str:
    dialect = LADYBUG if engine.name == "ladybug" else NEO4J
    try:
        tokens, _ = admit(text, dialect, {"p"})
    except (InputError, ReadOnlyError, QueryRejectedError):
        return "refused"
    apart = " ".join(token.text for token in tokens)
    answers = [outcome(engine, each) for each in (text, apart)]
    assert CANARY not in str(answers), text
    assert "crashed" not in answers, text
    assert answers[0] == answers[1], text
    return "answered" if isinstance(answers[0], list) else "rejected by the engine"


def outcome(engine: Engine, text: str) -> object:
    """Rows without the columns' names, which show how the text was spaced; or the kind of error."""
    explained = text.split(maxsplit=1)[0].upper() in ("EXPLAIN", "PROFILE")
    try:
        rows = engine.run_text(text, {"p": 5}, timeout=20).to_pylist()
    except EngineError as error:
        return "crashed" if "crashed" in str(error) else type(error).__name__
    return [] if explained else sorted(str(list(row.values())) for row in rows)
