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
    """What is at a target already.

    Parameters
    ----------
    record
        Its record; None where it was never finished or cannot be read.
    description
        In words.
    broken_off
        The load that left it unfinished; empty where that is not known.
    """

    record: Materialization | None
    description: str
    broken_off: str = ""

    def is_of(self, load_id: str) -> bool:
        """Tell whether it was left unfinished by this load, which may go on with it."""
        return self.broken_off == load_id


class PieceError(LoadError):
    """The engine could not take in what it was given at once; smaller pieces may do."""


class Writer(Protocol):
    """Writes one graph to one place."""

    #: Where, without any password.
    uri: str

    def take(self) -> None:
        """Hold the target until `close`.

        Raises
        ------
        StageError, LoadError
            Another load holds it.
        GraphFileError, GraphExistsError
            What is there is not ours, and is never replaced.
        """
        ...

    def existing(self) -> Existing | None:
        """Say what is at the target; None where nothing is."""
        ...

    def write(
        self, stages: Stages, record: Materialization, *, replace: bool, settings: Settings
    ) -> None:
        """Write all that the stages hold, where nobody can read it yet.

        Raises
        ------
        GraphExistsError
            Another graph appeared at the target, and `replace` is not set.
        PieceError
            The engine failed at a piece; nothing is left of what was written.
        """
        ...

    def verify(self, record: Materialization) -> VerifyReport:
        """Compare what has been written with the record.

        Raises
        ------
        VerificationError
            They differ; what was written stays unreadable.
        """
        ...

    def publish(self, record: Materialization, *, replace: bool) -> None:
        """Let everyone read it, from one moment to the next."""
        ...

    def close(self) -> None:
        """Release what the writer holds; safe to call twice."""
        ...


@runtime_checkable
class Deferred(Protocol):
    """A writer whose graph needs something more before it can be asked."""

    def next_steps(self) -> str:
        """Say in words and commands what is left to do."""
        ...
