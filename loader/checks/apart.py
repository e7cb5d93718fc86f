"""Read a graph file in a separate process, so that a damaged file can crash only that process.

LadybugDB trusts its files: with some damaged files it reads invalid memory, and the system ends
the process. So a load checks the graph that it will replace in a separate process, and
`cavegraph verify` checks the whole graph in one.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import graphapi.errors
from graphapi.engines.ladybug import LadybugEngine
from graphapi.errors import CavegraphError, EngineError, GraphFileError
from graphapi.graph.materialization import Materialization, read_materialization
from loader.checks.verify import Check, VerifyReport, verify_graph

if TYPE_CHECKING:
    from collections.abc import Callable


def record_of(path: Path) -> Materialization:
    """Read the record of a graph file.

    Raises
    ------
    GraphFileError, GraphIncompleteError
        It is damaged, is not one of our graphs, or was not finished.
    """
    return Materialization.from_json(_ask("record", path))


def verify_file(path: Path) -> VerifyReport:
    """Verify a graph file; see `loader.checks.verify.verify_graph`.

    Raises
    ------
    GraphFileError, GraphIncompleteError
        It is damaged, is not one of our graphs, or was not finished.
    """
    checks = tuple(Check(**values) for values in _ask("verify", path))
    return VerifyReport(str(path), checks)


def _ask(task: str, path: Path) -> Any:
    done = subprocess.run(  # noqa: S603 - this program itself
        [sys.executable, "-m", __name__, task, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=False,
    )
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise GraphFileError(
            f"'{path}' is damaged: the process that read it crashed",
            hint="load it again with `cavegraph load ... --replace`",
        ) from error
    if "error" in answer:
        kind = getattr(graphapi.errors, answer["error"], EngineError)
        raise kind(answer["message"], hint=answer["hint"])
    return answer["answer"]


def _record(path: Path) -> str:
    engine = LadybugEngine.open(path)
    try:
        return read_materialization(engine).to_json()
    finally:
        engine.close()


def _verify(path: Path) -> list[dict[str, str]]:
    engine = LadybugEngine.open(path)
    try:
        return [dataclasses.asdict(c) for c in verify_graph(engine, progress=True).checks]
    finally:
        engine.close()


_TASKS: dict[str, Callable[[Path], Any]] = {"record": _record, "verify": _verify}


def main(arguments: list[str]) -> None:
    """Run one task, and print its result as one line of JSON."""
    try:
        told = {"answer": _TASKS[arguments[0]](Path(arguments[1]))}
    except CavegraphError as error:
        told = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    except Exception as error:  # noqa: BLE001 - whatever damage does to a library
        message = f"'{arguments[1]}' is damaged: {type(error).__name__}: {error}"
        hint = "load it again with `cavegraph load ... --replace`"
        told = {"error": "GraphFileError", "message": message, "hint": hint}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
