"""How a load runs; nothing here changes what the graph holds, but for `min_size`."""

from __future__ import annotations

from dataclasses import dataclass

from graphapi.common.progress import Progress
from graphapi.errors import InputError
from loader.work.duck import DEFAULT_MEMORY
from loader.work.room import as_bytes


@dataclass(frozen=True)
class Settings:
    """How a load runs.

    Parameters
    ----------
    memory_limit
        Most memory for the load, the writing of a graph file included; what does not fit is
        spilled to the working folder, and written in pieces.
    threads
        Most threads; 0 for all cores.
    in_flight
        Most requests to CAVE at once.
    progress
        Show progress bars where somebody watches.
    halved
        How many times the pieces that are written at once are halved, as larger ones failed.
    """

    memory_limit: str = DEFAULT_MEMORY
    threads: int = 0
    in_flight: int = 4
    progress: bool = True
    halved: int = 0

    def __post_init__(self) -> None:
        as_bytes(self.memory_limit)
        if self.in_flight < 1:
            raise InputError(
                f"in_flight: {self.in_flight} requests at once are too few", hint="at least 1"
            )
        if self.threads < 0:
            raise InputError(f"threads: {self.threads} is less than none", hint="0 for all cores")

    def bar(self, title: str, total: int | None = None, *, unit: str = "rows") -> Progress:
        """Make a progress bar, a silent one where none is wanted."""
        return Progress(title, total, unit=unit) if self.progress else _Silent(title)


class _Silent(Progress):
    def __init__(self, _title: str) -> None:
        pass

    def advance(self, amount: int = 1) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass
