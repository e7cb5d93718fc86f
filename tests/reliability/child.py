"""One load in a process of its own, which may be killed at any moment."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from .world import DATASTACK, TABLES

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

#: Imported once, by the server that the processes are forked from: it takes seconds.
_HEAVY = ["ibis", "ibis.backends.duckdb", "duckdb", "ladybug", "neo4j", "pandas", "caveclient"]
_OURS = [
    "loader.pipeline",
    "loader.sources.cave",
    "loader.writers.embedded",
    "loader.writers.neo4j",
    "graphapi.cave.client",
    "graphapi.cave.live",
    "loader.sandbox.standin",
]
#: Waits between repetitions are so much shorter than for people.
_HURRY = 0.02
#: Seconds that a request may take: a hang of more is given up.
TIMEOUT = 1.0


@dataclass(frozen=True)
class Attempt:
    """What one process does.

    Parameters
    ----------
    server, version
        Where from, and what.
    file
        Of annotations.
    place, work
        Where to, and the working folder.
    in_flight
        Most requests at once.
    kill_after
        It kills itself (SIGKILL) when it has finished so many steps; 0 for never.
    kill_at
        It is killed after so many seconds, wherever it is; 0 for never.
    """

    server: str
    version: int | str
    file: str
    place: str
    work: str
    in_flight: int = 4
    kill_after: int = 0
    kill_at: float = 0.0


@dataclass(frozen=True)
class Ending:
    """How a process ended.

    Parameters
    ----------
    kind
        `done`, `killed`, `refused` (an error of ours) or `crashed` (anything else).
    error, message, hint
        Of an error.
    transient
        As the error says of itself.
    """

    kind: str
    error: str = ""
    message: str = ""
    hint: str = ""
    transient: bool = False


def run(attempt: Attempt, scratch: Path) -> Ending:
    """Run a load in a new process and say how it ended."""
    said = scratch / "ending.json"
    said.unlink(missing_ok=True)
    process = _context().Process(target=_load, args=(attempt, said, dict(os.environ)))
    process.start()
    if attempt.kill_at:
        process.join(attempt.kill_at)
        if process.exitcode is None:
            process.kill()
    process.join(180)
    if process.exitcode is None:
        process.kill()
        process.join()
        return Ending("crashed", "hang", "the load did not end within three minutes")
    if said.exists():
        return Ending(**json.loads(said.read_text()))
    if process.exitcode == -signal.SIGKILL:
        return Ending("killed")
    return Ending("crashed", f"exit code {process.exitcode}", "it ended without a word")


def _context() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload([*_HEAVY, *_OURS, __name__])
    return context


def _load(attempt: Attempt, said: Path, environment: dict[str, str]) -> None:
    from graphapi.cave.connection import Cave
    from graphapi.errors import CavegraphError
    from loader import CaveSource, load

    os.environ.update(environment)  # the server was started before
    left = attempt.kill_after

    def on_step(_name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        cave = Cave.connect(
            DATASTACK,
            server=attempt.server,
            token="0" * 32,
            timeout=TIMEOUT,
            max_in_flight=attempt.in_flight,
            pause=lambda seconds: time.sleep(seconds * _HURRY),
        )
        source = CaveSource(
            DATASTACK,
            version=attempt.version,
            annotations=[Path(attempt.file), *TABLES],
            cave=cave,
        )
        load(
            source,
            attempt.place,
            work=attempt.work,
            replace=True,
            in_flight=attempt.in_flight,
            threads=1,
            on_step=on_step,
            progress=False,
        )
        ending = Ending("done")
    except CavegraphError as error:
        kind = "refused"
        ending = Ending(
            kind, type(error).__name__, error.message, error.hint or "", error.transient
        )
    except BaseException as error:  # noqa: BLE001  (whatever else ends a load is a finding)
        ending = Ending("crashed", type(error).__name__, str(error))
    part = said.with_suffix(".part")
    part.write_text(json.dumps(asdict(ending)))
    part.replace(said)
