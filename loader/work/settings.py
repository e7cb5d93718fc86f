"""How a load runs; these settings do not change the graph."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.common.progress import Progress
from graphapi.errors import InputError
from loader.work.duck import DEFAULT_MEMORY
from loader.work.room import as_bytes, refuse_more_than_there_is
from loader.work.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Settings:
    """How a load runs.

    Parameters
    ----------
    memory_limit
        Memory limit of the load, including writing a graph file. Data that do not fit are
        spilled to the working folder and written in pieces.
    threads
        Limit of threads; 0 for all cores.
    in_flight
        Limit of parallel requests to CAVE.
    progress
        Show progress bars, if the output is a terminal or notebook, and say on standard error
        what each file is taken for.
    halved
        How often the pieces of a write are halved, because larger pieces failed.
    """

    memory_limit: str = DEFAULT_MEMORY
    threads: int = 0
    in_flight: int = 4
    progress: bool = True
    halved: int = 0

    def __post_init__(self) -> None:
        as_bytes(self.memory_limit)
        if self.memory_limit != DEFAULT_MEMORY:
            refuse_more_than_there_is(self.memory_limit)
        if self.in_flight < 1:
            raise InputError(
                f"in_flight: {self.in_flight} parallel requests are too few", hint="use at least 1"
            )
        if self.threads < 0:
            raise InputError(f"threads: {self.threads} is negative", hint="use 0 for all cores")

    def bar(self, title: str, total: int | None = None, *, unit: str = "rows") -> Progress:
        """Return a progress bar; it is never shown if `progress` is off."""
        return Progress(title, total, unit=unit, shown=self.progress)

    def tell(self, lines: Sequence[str]) -> None:
        """Write lines to standard error at once, unless `progress` is off."""
        if self.progress:
            sys.stderr.write("".join(f"{visible(line)}\n" for line in lines))
            sys.stderr.flush()
