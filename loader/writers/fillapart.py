"""The process in which a graph file is filled: started, watched, and ended with this one.

A crash of the engine, or the system's killer where memory runs out, is an error of ours here.
"""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from typing import IO, TYPE_CHECKING, Any, cast

import graphapi.errors
from graphapi.errors import CavegraphError, EngineError
from loader.writers.base import PieceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.writers.fill import Task

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from loader.writers.fill import main; main()"
)
_REMEDY = (
    "nothing was published, and a graph that was there is as it was; the stages are kept: the same "
    "command goes on from them, in pieces half the size. More memory (--memory) or fewer "
    "connections (--only) help too, and so does Neo4j's offline import (--to neo4j-import:FOLDER)"
)


def fill_apart(task: Task, written: Callable[[int], None]) -> None:
    """Fill a graph file in another process; `written` is called with the rows of each piece.

    Raises
    ------
    PieceError
        That process was ended, or a piece did not fit into the engine's pool.
    EngineError, OSError
        What ended the writing otherwise, such as a full disk.
    """
    process = subprocess.Popen(  # noqa: S603 - this Python, our own module
        [sys.executable, "-I", "-c", _START, json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    told, said = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    at, finished = "the start", False
    try:
        _send(told, pickle.dumps(task))
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
        _send(told, None)
    if not finished:
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        raise PieceError(
            f"the process that writes the graph was ended ({how}) at {at}", hint=_REMEDY
        )


def _send(told: IO[bytes], message: bytes | None) -> None:
    """Write the task, or close the pipe; that nobody reads it is seen by how the process ends."""
    try:
        if message is None:
            told.close()
        else:
            told.write(len(message).to_bytes(8, "little") + message)
            told.flush()
    except BrokenPipeError:
        pass


def _read(line: bytes) -> dict[str, Any]:
    # The last line of a process that was killed may be cut short.
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
