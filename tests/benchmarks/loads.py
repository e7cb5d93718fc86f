"""Loads: ours against the same work by hand, without checks, and without anything to go wrong."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import duckdb

from loader import load
from loader.writers.neo4j_import import ADMIN_VARIABLE, finish_import

from .measure import costs, peak_bytes, say

if TYPE_CHECKING:
    from pathlib import Path

    from .places import Run

_AGGREGATE = """
COPY (
    SELECT pre_pt_root_id AS pre, post_pt_root_id AS post, count(*) AS weight,
           CAST(sum(size) AS BIGINT) AS size_sum
    FROM read_parquet('{rows}')
    WHERE pre_pt_root_id <> 0 AND post_pt_root_id <> 0 AND pre_pt_root_id <> post_pt_root_id
    GROUP BY ALL
) TO '{target}' (FORMAT parquet)
"""


def raw_embedded(run: Run) -> dict[str, Any]:
    """Aggregate by one SQL statement, COPY by the engine's own statements; nothing is verified."""
    import ladybug

    brain, raw = run.brain(), _fresh(run.work / "raw")
    edges = raw / "edges.parquet"
    aggregation: dict[str, float] = {}
    with costs(aggregation), duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{run.memory}'")
        connection.execute(f"SET temp_directory = '{raw / 'spill'}'")
        connection.execute("SET preserve_insertion_order = false")
        rows = brain.folder / "synapses" / "*.parquet"
        connection.execute(_AGGREGATE.format(rows=rows, target=edges))
    copy: dict[str, float] = {}
    with costs(copy):
        database = ladybug.Database(str(raw / "raw.lbug"))
        graph = ladybug.Connection(database)
        graph.execute(
            "CREATE NODE TABLE Neuron(root_id INT64, super_class STRING, cell_class STRING, "
            "cell_type STRING, side STRING, PRIMARY KEY(root_id))"
        )
        graph.execute("CREATE REL TABLE CONNECTS(FROM Neuron TO Neuron, weight INT64, size INT64)")
        graph.execute(f'COPY Neuron FROM "{brain.folder / "neurons.parquet"}"')
        graph.execute(f'COPY CONNECTS FROM "{edges}"')
        graph.execute("CHECKPOINT")
        graph.close()
        database.close()
    found = {"aggregation": aggregation, "copy": copy, "peak": peak_bytes()}
    return {**found, "rows": brain.synapse_rows, "connections": brain.connections}


def our_embedded(run: Run) -> dict[str, Any]:
    """`cavegraph load` of the rows into a verified graph file."""
    total: dict[str, float] = {}
    with costs(total):
        report = load(
            run.brain().source(),
            run.graph(),
            work=_fresh(run.work / "stages"),
            memory_limit=run.memory,
            replace=True,
            progress=False,
        )
    assert report.checks is not None
    return {
        **total,
        "stages": report.seconds,
        "checks": len(report.checks.checks),
        "peak": peak_bytes(),
        "bytes": run.graph().stat().st_size,
    }


def raw_import(run: Run) -> dict[str, Any]:
    """`neo4j-admin database import full` of ready-made CSV files of the same graph."""
    brain, raw = run.brain(), _fresh(run.work / "raw-import")
    edges = run.work / "raw" / "edges.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE n AS SELECT row_number() OVER () - 1 AS i, * FROM read_parquet("
            f"'{brain.folder / 'neurons.parquet'}')"
        )
        connection.execute(f"COPY n TO '{raw / 'n.csv'}' (HEADER false)")
        connection.execute(
            f"COPY (SELECT a.i, b.i, weight, size_sum FROM read_parquet('{edges}') e JOIN n a "
            f"ON a.root_id = e.pre JOIN n b ON b.root_id = e.post) TO '{raw / 'e.csv'}' "
            "(HEADER false)"
        )
    (raw / "n-header.csv").write_text(
        ":ID,root_id:long,super_class,cell_class,cell_type,side\n", encoding="utf-8"
    )
    (raw / "e-header.csv").write_text(":START_ID,:END_ID,weight:long,size:long\n", encoding="utf-8")
    command = [
        *shlex.split(run.admin(_fresh(run.work / "raw-neo4j"))),
        *("database", "import", "full", "neo4j", "--id-type=integer"),
        f"--report-file={raw / 'import.report'}",
        f"--nodes=Neuron={raw / 'n-header.csv'},{raw / 'n.csv'}",
        f"--relationships=CONNECTS={raw / 'e-header.csv'},{raw / 'e.csv'}",
    ]
    found: dict[str, Any] = {}
    with costs(found):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found["peak"] = peak_bytes()
    shutil.rmtree(run.work / "raw-neo4j")
    return found


def our_import(run: Run) -> dict[str, Any]:
    """`cavegraph load --to neo4j-import:...`, with the aggregation done, then `finish-import`."""
    _fresh(run.neo4j_home)
    os.environ[ADMIN_VARIABLE] = run.admin(run.neo4j_home)
    written: dict[str, float] = {}
    with costs(written):
        report = load(
            run.brain().source(),
            f"neo4j-import:{run.work / 'import'}",
            work=run.work / "stages",
            memory_limit=run.memory,
            replace=True,
            progress=False,
        )
    found: dict[str, Any] = {"load": written, "stages": report.seconds, "peak": peak_bytes()}
    say("verifying in Neo4j")
    with run.running_server() as server:
        finish: dict[str, float] = {}
        with costs(finish):
            checks = finish_import(server.uri, user=server.user, password=server.password)
        found |= {"finish": finish, "checks": len(checks.checks)}
    return found


def _fresh(folder: Path) -> Path:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder
