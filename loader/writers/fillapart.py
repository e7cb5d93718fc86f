"""Fill a graph file in a separate process, which ends when this one does.

A crash of the engine, or a kill by the system when memory runs out, becomes an error of ours.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, cast

import graphapi.errors
from graphapi.common.childprocess import how_it_ended, python_command, send
from graphapi.errors import CavegraphError, EngineError
from loader.writers.base import PieceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.writers.fill import Task

_REMEDY = (
    "nothing was published, an existing graph is unchanged, and the stages are kept: the same "
    "command continues from them, in pieces half the size. More memory (--memory), fewer "
    "connections (--only) or Neo4j's offline import (--to neo4j-import:FOLDER) also help"
)


def fill_apart(task: Task, written: Callable[[int], None]) -> None:
    """Fill a graph file in a separate process; `written` is called with the rows of each piece.

    Raises
    ------
    PieceError
        The process was killed or crashed, or a piece did not fit into the engine's memory.
    EngineError, OSError
        Writing failed for another reason, such as a full disk.
    """
    process = subprocess.Popen(  # noqa: S603 - this Python, our own module
        python_command("loader.writers.fill"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    told, said = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    at, finished = "the start", False
    try:
        with suppress(BrokenPipeError):  # nobody reads it: the exit code says why
            send(told, task)
        for line in said:
            answer = _read(line)
            at = answer.get("at", at)
            finished = answer.get("finished", finished)
            written(answer.get("rows", 0))
            if "error" in answer:
                raise _error(answer, at)
        code = process.wait()
    finally:
        process.kill()
        process.wait()
        said.close()
        with suppress(BrokenPipeError):
            told.close()
    if not finished:
        raise PieceError(
            f"the process that writes the graph ended ({how_it_ended(code)}) at {at}", hint=_REMEDY
        )


def _read(line: bytes) -> dict[str, Any]:
    # The last line of a killed process may be incomplete.
    found: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
    return found


def _error(answer: dict[str, Any], at: str) -> Exception:
    if answer["error"] == "OSError":
        return OSError(answer["errno"], answer["message"])
    if answer["error"] == "PieceError":
        return PieceError(
            f"{at} does not fit into the engine's memory: {answer['message']}", hint=_REMEDY
        )
    kind: type[CavegraphError] = getattr(graphapi.errors, answer["error"], EngineError)
    return kind(answer["message"], hint=answer.get("hint", ""))
