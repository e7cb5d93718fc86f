"""A load in a process of its own, which may kill itself after a step."""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

#: Imported once, by the server that the processes are forked from: it takes seconds.
HEAVY = ["ibis", "ibis.backends.duckdb", "duckdb", "ladybug", "neo4j", "pandas", "pyarrow.parquet"]
OURS = ["loader.pipeline", "loader.sources.files", "loader.writers.embedded", "loading_process"]


def run_load(arguments: dict[str, Any], deadly: str, log: Path) -> tuple[int, list[str]]:
    """Load in a new process, which dies by SIGKILL right after the step `deadly`.

    `write:3` is its third change of a Neo4j database: schema, marks, record, each batch.

    Returns
    -------
    code
        Of the process; negative for a signal.
    steps
        What it finished.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([*HEAVY, *OURS])
    log.unlink(missing_ok=True)
    process = context.Process(target=_load, args=(arguments, deadly, log, dict(os.environ)))
    process.start()
    process.join(120)
    assert process.exitcode is not None, "the load hangs"
    return process.exitcode, log.read_text().split() if log.exists() else []


def _load(arguments: dict[str, Any], deadly: str, log: Path, environment: dict[str, str]) -> None:
    from loader import FileSource, load

    os.environ.update(environment)  # the server was started before the test set its own

    def on_step(name: str) -> None:
        with log.open("a") as file:
            file.write(name + "\n")
        if name == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    if deadly.startswith("write:"):
        _die_writing(int(deadly.removeprefix("write:")))
    source = FileSource(arguments["rows"], annotations=[arguments["table"]], datastack="killed")
    load(
        source,
        arguments["to"],
        work=arguments["work"],
        replace=True,
        on_step=on_step,
        progress=False,
    )


def _die_writing(number: int) -> None:
    from graphapi.engines.neo4j import Neo4jEngine

    done = 0

    def counted(method: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal done
            answer = method(*given, **named)
            done += 1
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return call

    Neo4jEngine.write_together = counted(Neo4jEngine.write_together)
