"""Rows of a CAVE table or view, fetched in pieces that each are a step of the load."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol, TypeVar

from graphapi.common.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from loader.work.settings import Settings
    from loader.work.workspace import Workspace


class Piece(Protocol):
    """A part of a table or view, with the number of rows that the server counts in it."""

    @property
    def rows(self) -> int:
        """Return the number of rows."""


P = TypeVar("P", bound=Piece)


def fetch_pieces(
    workspace: Workspace,
    settings: Settings,
    name: str,
    pieces: Mapping[str, P],
    fetch: Callable[[P], tuple[pa.Table, dict[str, int]]],
) -> Counter[str]:
    """Finish a step for each piece that has none yet.

    Parameters
    ----------
    workspace, settings
        Of the load.
    name
        What is fetched, for the progress bar.
    pieces
        The pieces by the names of their steps.
    fetch
        Returns the rows of a piece to keep, and numbers about it; one is `rows`, those fetched.

    Returns
    -------
    collections.Counter
        The numbers, summed over all pieces, including those of an earlier run.
    """

    def finish(named: tuple[str, P]) -> Mapping[str, int]:
        step, piece = named
        if not workspace.is_done(step):
            write_step(workspace, step, *fetch(piece))
        return workspace.info(step)

    totals: Counter[str] = Counter()
    with settings.bar(f"Fetching {name}", sum(piece.rows for piece in pieces.values())) as bar:
        for numbers in in_order(finish, list(pieces.items()), at_once=settings.in_flight):
            bar.advance(numbers["rows"])
            totals.update(numbers)
    return totals


def step_names(prefix: str, pieces: Sequence[object]) -> list[str]:
    """Return the name of each piece's step; one name if there are none, for a step without rows."""
    return [f"{prefix}{number:06}" for number in range(max(1, len(pieces)))]


def write_step(
    workspace: Workspace, step: str, rows: pa.Table, info: Mapping[str, object] | None = None
) -> None:
    """Write rows as the Parquet file of a step, and finish the step."""
    import pyarrow.parquet as pq

    name = f"{step}.parquet"
    with workspace.new_file(name) as path:
        pq.write_table(rows, path)
    workspace.finish(step, [name], info)
