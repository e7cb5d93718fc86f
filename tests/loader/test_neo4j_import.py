"""`neo4j-admin` imports what a load wrote, typed as docs/production.md says, into a real server."""

from __future__ import annotations

import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neo4j
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import readback
import yaml

import graphapi
from graphapi.engines import open_engine
from graphapi.errors import GraphIncompleteError, LoadError
from graphapi.graph.materialization import read_materialization
from loader import FileSource, load, verify_graph
from loader.writers.neo4j_import import ADMIN_VARIABLE, finish_import
from neo4j_server import LocalServer, admin_command, assemble, maven_obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BASE = 576460752700000000
LARGEST = 2**63 - 1
#: One column of each type, each with a gap and with values that text files like to spoil.
COLUMNS: dict[str, pa.Array] = {
    "root_id": pa.array([BASE + 1, BASE + 2, BASE + 3, BASE + 4, LARGEST, None], pa.int64()),
    "cell_type": pa.array(
        ['say "x", y', "a\nb\r\nc", "  kept  ", None, "\\n 'q' \ud7ff 日本", ""], pa.string()
    ),
    "cell class, 'x' [1]": pa.array(["007", "true", "1e5", "x,y", None, "-"], pa.string()),
    "side": pa.array(["left", "right", None, "", "left", "x"], pa.string()),
    "soma_count": pa.array([0, -1, None, -LARGEST - 1, LARGEST, 3], pa.int64()),
    "score": pa.array(
        [math.inf, -math.inf, None, 5e-324, -0.0, 1.7976931348623157e308], pa.float64()
    ),
    "ratio": pa.array([0.1, 1e-7, 123456789.123456789, 1e22, None, 2 / 3], pa.float64()),
    "proofread": pa.array([True, False, None, True, False, None], pa.bool_()),
    "region": pa.array(
        [['a;b, "c"', "d"], ["a\nb"], None, [" x "], ["é", "null"], ["z"]], pa.list_(pa.string())
    ),
    "ids": pa.array([[LARGEST, BASE], [0], None, [-1], [7], [8]], pa.list_(pa.int64())),
    "scores": pa.array(
        [[math.inf, 0.1], [-math.inf], None, [5e-324], [1e22], [-0.0]], pa.list_(pa.float64())
    ),
}
PLACE = "bolt://localhost:7687"
EDGES = [(1, 2, 3), (2, 1, 1), (1, 3, 7), (3, 4, 2), (4, 4, 4), (2, 3, 5)]

pytestmark = [pytest.mark.neo4j, pytest.mark.xdist_group("neo4j")]


@pytest.fixture(scope="module")
def assembled() -> None:
    if obstacle := maven_obstacle():
        pytest.skip(f"this test imports into a server of its own: {obstacle}")


@pytest.fixture
def server(assembled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = LocalServer(assemble(), tmp_path / "neo4j", quick=True)
    server.prepare()
    monkeypatch.delenv("NEO4J_HOME", raising=False)
    monkeypatch.delenv(ADMIN_VARIABLE, raising=False)
    try:
        yield server
    finally:
        server.stop(at_once=True)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A connectome in files, as arguments of `cavegraph load`."""
    return written(tmp_path, EDGES)


def written(folder: Path, edges: list[tuple[int, int, int]]) -> list[str]:
    rows = [[BASE + pre for pre, _, _ in edges], [BASE + post for _, post, _ in edges]]
    table = pa.table([*rows, [w for _, _, w in edges]], ["pre", "post", "weight"])
    pq.write_table(table, folder / "rows.parquet")
    pq.write_table(pa.table(COLUMNS), folder / "cells.parquet")
    return [str(folder / "rows.parquet"), "-a", str(folder / "cells.parquet"), "--name", "toy"]


def typed(command: list[str] | str, folder: Path, *, code: int = 0, **environment: str) -> str:
    """Run a command as a person types it; return what it prints."""
    words = shlex.split(command) if isinstance(command, str) else command
    if words[0] == "cavegraph":
        words = [sys.executable, "-c", "from loader.cli import main; main()", *words[1:]]
    found = {k: v for k, v in os.environ.items() if not k.startswith("CAVEGRAPH_NEO4J")}
    found |= {"PYTHONPATH": str(ROOT), "CAVEGRAPH_PROGRESS": "0", **environment}
    done = subprocess.run(
        words, cwd=folder, env=found, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


def started(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.start()
    for name, value in login(server).items():
        monkeypatch.setenv(name, value)


def login(server: LocalServer) -> dict[str, str]:
    return {"CAVEGRAPH_NEO4J_USER": server.user, "CAVEGRAPH_NEO4J_PASSWORD": server.password}


def everything(place: str) -> dict[str, Any]:
    """Each node's and connection's properties; a float by its `repr`, so that -0.0 is not 0.0."""
    engine = open_engine(place)
    try:
        record = read_materialization(engine)
    finally:
        engine.close()
    told = {f.name: f.type for f in (*record.neuron_fields, *record.annotation_fields)}
    return {
        "types": told,
        "edges": readback.edges(place),
        "totals": readback.totals(place),
        "neurons": {
            root: {name: kept(value) for name, value in row.items()}
            for root, row in readback.neurons(place, [f.name for f in record.neuron_fields]).items()
        },
        "annotations": [
            {name: kept(value) for name, value in row.items()}
            for row in readback.annotations(
                place, [f.name for f in record.annotation_fields if f.name != "root_id"]
            )
        ],
    }


def kept(value: object) -> str:
    return f"{type(value).__name__} {value!r}"


def is_what_a_file_holds(server: LocalServer, tmp_path: Path, files: list[str]) -> None:
    """Compare the server's graph with a graph file of the same data, and with the data."""
    file = tmp_path / "same.lbug"
    typed(["cavegraph", "load", *files, "--to", str(file), "--replace"], tmp_path)
    imported, embedded = everything(server.uri), everything(str(file))
    for what in embedded:
        assert imported[what] == embedded[what], what
    rows = imported["annotations"]
    assert len(rows) == 6
    for number, row in enumerate(rows):
        for name, column in COLUMNS.items():
            value = column[number].as_py()
            assert row[name] == kept(None if value == "" else value), name
    auth = (server.user, server.password)
    with neo4j.GraphDatabase.driver(server.uri, auth=auth) as driver:
        records = driver.execute_query(
            "MATCH (n:Neuron) RETURN n.root_id AS root, n.display_name AS name"
        ).records
        marks = driver.execute_query("MATCH (m:LoadMark) RETURN count(m) AS n").records[0]["n"]
    assert {r["root"] - BASE: r["name"] for r in records if r["root"] != LARGEST} == {
        1: 'say "x", y L', 2: "a\nb\r\nc R", 3: "kept", 4: f"Unknown {str(BASE + 4)[-4:]}",
    }  # fmt: skip
    assert marks == 0
    with graphapi.Connectome.open(server.uri) as connectome:
        assert connectome.criteria(cell_type='say "x", y').get_roots().tolist() == [BASE + 1]
        found = connectome.get_connectivity(BASE + 1, upstream=False)
        assert found["weight"].tolist() == [7, 3]
        assert verify_graph(connectome.engine, progress=False).ok


def test_what_the_documentation_says(
    server: LocalServer, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line of docs/production.md, on a new server and on one that has run; Docker played.

    Then where $CAVEGRAPH_NEO4J_ADMIN names the tool: the load imports by itself, with --replace.
    One test, because each start of a server costs twenty seconds.
    """
    load_line, stop, run_line, up, finish = documented()
    assert stop == "docker compose stop neo4j"
    assert up == "docker compose up --wait"
    assert run_line == "docker compose run --rm import ..."
    words = shlex.split(load_line)
    assert words[2] == "YOUR_DATASTACK"
    said = typed([*words[:2], *files, *words[3:]], tmp_path)
    local, compose = (
        line.strip()
        for line in said.splitlines()
        if "import" in line and line.startswith(("  neo4j-admin ", "  CAVEGRAPH_NEO4J_IMPORT="))
    )
    assert said.strip().splitlines()[-1].strip() == finish
    tool = tmp_path / "bin" / "neo4j-admin"
    tool.parent.mkdir()
    admin = shlex.join(admin_command(server.distribution, server.home, quick=True))
    tool.write_text(f'#!/bin/sh\nexec {admin} "$@"\n')
    tool.chmod(0o755)
    path = {"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}"}
    counted = imported(typed(local, tmp_path, **path))
    started(server, monkeypatch)
    typed(finish.replace(PLACE, server.uri), tmp_path, **login(server))
    is_what_a_file_holds(server, tmp_path, files)
    server.stop(at_once=True)
    said = typed(in_compose(compose, server, tmp_path), tmp_path, **path)
    assert imported(said) == counted

    more = written(tmp_path, [*EDGES, (3, 1, 9)])
    command = ["cavegraph", "load", *more, "--to", "neo4j-import:other"]
    assert "--replace is needed" in typed(command, tmp_path, code=6, **{ADMIN_VARIABLE: admin})
    said = typed([*command, "--replace"], tmp_path, **{ADMIN_VARIABLE: admin})
    assert "imported into database 'neo4j'; start the server, then run" in said
    finish = said.strip().splitlines()[-1]
    started(server, monkeypatch)
    with pytest.raises(GraphIncompleteError):
        graphapi.Connectome.open(server.uri).get_connectivity(BASE + 1)
    said = typed(finish.replace(PLACE, server.uri), tmp_path, **login(server))
    assert said.startswith(f"{server.uri}: verified")
    assert finish_import(server.uri).ok  # safe to call again
    edges = readback.edges(server.uri)
    assert edges[BASE + 3, BASE + 1] == (9, 0)
    assert len(edges) == len(EDGES)  # the autapse is not one, and there is one more


def imported(said: str) -> list[str]:
    """What the tool counts at its end: nodes, relationships and properties."""
    counts = re.findall(r"^ *(\d+ (?:nodes|relationships|properties))\b", said, re.MULTILINE)
    assert len(counts) == 3, said
    return counts


def documented() -> list[str]:
    """The commands of the section on first loads, without their comments."""
    text = (ROOT / "docs" / "production.md").read_text("utf-8")
    section = text.split("## First load of a large brain")[1]
    block = section.split("```bash no-run: needs Docker\n")[1].split("```")[0]
    return [line.split("   #")[0].split("  #")[0].strip() for line in block.splitlines()]


def in_compose(command: str, server: LocalServer, folder: Path) -> str:
    """What the container of docker-compose.yml runs, with its mounted folders where they are."""
    variable, *words = shlex.split(command)
    mounted = Path(variable.removeprefix("CAVEGRAPH_NEO4J_IMPORT="))
    assert words[:5] == ["docker", "compose", "run", "--rm", "import"]
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]["import"]
    entry = service["entrypoint"][service["entrypoint"].index("neo4j-admin") :]
    text = (mounted / "docker.args").read_text("utf-8")
    inside = folder / "docker.args"
    inside.write_text(
        text.replace("/import/", f"{mounted}/").replace("/logs/", f"{server.home / 'logs'}/")
    )
    options = [word.replace("@/import/docker.args", f"@{inside}") for word in words[5:]]
    assert f"@{inside}" in options
    return shlex.join([*entry, *options])


@pytest.mark.parametrize("sign", list(":(){}"))
def test_a_name_that_a_header_cannot_hold(tmp_path: Path, sign: str) -> None:
    with pytest.raises(LoadError, match=r"cannot hold a name with") as refused:
        load(
            odd(tmp_path, f"volume {sign}nm3", ["x"]),
            f"neo4j-import:{tmp_path / 'import'}",
            work=tmp_path / "w",
            force_annotations=True,
        )
    assert "bolt://" in str(refused.value)


@pytest.mark.parametrize("value", [[], ["a\x1fb"]])
def test_a_list_that_a_file_cannot_hold(tmp_path: Path, value: list[str]) -> None:
    with pytest.raises(LoadError, match="1 lists are empty, or have an empty or unusual item"):
        load(
            odd(tmp_path, "region", value),
            f"neo4j-import:{tmp_path / 'import'}",
            work=tmp_path / "w",
            force_annotations=True,
        )


def odd(folder: Path, name: str, value: list[str]) -> FileSource:
    (folder / "rows.csv").write_text("pre,post,weight\n1,2,3\n")
    pq.write_table(pa.table({"root_id": [1], name: [value]}), folder / "cells.parquet")
    return FileSource(folder / "rows.csv", annotations=[folder / "cells.parquet"])
