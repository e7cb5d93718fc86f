"""What a load needs from a graph database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from graphapi.errors import LoadError

if TYPE_CHECKING:
    from graphapi.graph.materialization import Materialization
    from loader.checks.verify import VerifyReport
    from loader.stages.make import Stages
    from loader.work.settings import Settings


@dataclass(frozen=True)
class Existing:
    """What exists at a target.

    Parameters
    ----------
    record
        Its record; None if it was not finished or cannot be read.
    description
        A description in words.
    broken_off
        The load that left it unfinished; empty if unknown.
    """

    record: Materialization | None
    description: str
    broken_off: str = ""

    def is_of(self, load_id: str) -> bool:
        """Return whether this load left it unfinished, and so may continue."""
        return self.broken_off == load_id


class PieceError(LoadError):
    """The engine failed at a piece of the rows; smaller pieces may work."""


class Writer(Protocol):
    """Writes one graph to one place."""

    #: Where the graph goes, without any password.
    uri: str

    def take(self) -> None:
        """Lock the target until `close`.

        Raises
        ------
        StageError, LoadError
            Another load has locked it.
        GraphFileError, GraphExistsError
            Something that is not ours exists there; it is never replaced.
        """
        ...

    def existing(self) -> Existing | None:
        """Return what exists at the target; None if nothing does."""
        ...

    def write(self, stages: Stages, record: Materialization, settings: Settings) -> None:
        """Write the stages, where nobody can read them yet.

        Raises
        ------
        GraphExistsError
            Another graph appeared at the target, and must not be replaced.
        PieceError
            The engine failed at a piece; everything written was removed.
        """
        ...

    def verify(self, record: Materialization) -> VerifyReport:
        """Compare what was written with the record.

        Raises
        ------
        VerificationError
            They differ; the graph stays unreadable.
        """
        ...

    def publish(self, record: Materialization) -> None:
        """Make the graph readable, in one step."""
        ...

    def close(self) -> None:
        """Release the target; safe to call twice."""
        ...


@runtime_checkable
class Deferred(Protocol):
    """A writer whose graph needs another step before it can be queried."""

    def next_steps(self) -> str:
        """Return what is left to do, with the commands."""
        ...
