"""Pieces of a table: their rows, how they are halved, and the server's row limit."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graphapi.cave.filters import Filters

if TYPE_CHECKING:
    from graphapi.ids import IdArray


#: Hint of errors about answers that contradict each other.
NOTHING_KEPT = "nothing was kept. Try again; if it happens again, tell the server's administrators"


@dataclass(frozen=True, slots=True)
class IdRange:
    """Rows with `lo <= id < hi`, and how many the server counts there."""

    lo: int
    hi: int
    rows: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows with columns in given lists and ids in a given span.

    Attributes
    ----------
    lists
        Column and allowed values; halved first.
    span
        `lo <= id < hi`; None for any id. Halved if no list can be.
    rows
        The server's count; None before it is requested.
    """

    lists: tuple[tuple[str, tuple[int, ...]], ...] = ()
    span: tuple[int, int] | None = None
    rows: int | None = None

    def filters(self) -> Filters:
        """Return the conditions to send."""
        filters = Filters()
        for column, values in self.lists:
            filters = filters.isin(column, values)
        return filters if self.span is None else filters.between("id", *self.span)

    def counted(self, rows: int) -> Piece:
        """Return the same piece with its count."""
        return replace(self, rows=rows)

    @property
    def needs_bounds(self) -> bool:
        """Whether the piece can only be halved by id but has no span of ids."""
        return self.span is None and all(len(values) < 2 for _, values in self.lists)

    def holds_at_most(self, rows: int) -> bool:
        """Return whether the span has room for at most this many rows, as ids are unique."""
        return self.span is not None and self.span[1] - self.span[0] <= rows

    def halves(self, bounds: tuple[int, int]) -> tuple[Piece, Piece] | None:
        """Return two disjoint pieces that together make up this one; None for a single id.

        Parameters
        ----------
        bounds
            `lo <= id < hi` for every row of the table; used if no span is set.
        """
        longest = max(self.lists, key=lambda entry: len(entry[1]), default=None)
        if longest is not None and len(longest[1]) > 1:
            column, values = longest
            middle = len(values) // 2
            return (
                self._with_list(column, values[:middle]),
                self._with_list(column, values[middle:]),
            )
        lo, hi = self.span or bounds
        if hi - lo <= 1:
            return None
        middle = (lo + hi) // 2
        return (
            replace(self, span=(lo, middle), rows=None),
            replace(self, span=(middle, hi), rows=None),
        )

    def _with_list(self, column: str, values: tuple[int, ...]) -> Piece:
        lists = tuple((name, values if name == column else old) for name, old in self.lists)
        return replace(self, lists=lists, rows=None)


class RowLimit:
    """The server's row limit, which is learned from truncated answers."""

    def __init__(self) -> None:
        self._met: int | None = None
        self._lock = threading.Lock()

    @property
    def met(self) -> int | None:
        """The length of the shortest truncated answer so far; None before the first."""
        return self._met

    def below(self, rows: int) -> int:
        """Return a number of rows that an answer can hold: `rows`, or fewer if it was truncated."""
        return rows if self._met is None else max(1, min(rows, self._met - 1))

    def meet(self, rows: int) -> None:
        """Record that an answer was truncated at this length."""
        with self._lock:
            self._met = max(1, rows if self._met is None else min(self._met, rows))


def in_chunks(ids: IdArray, size: int) -> list[tuple[int, ...]]:
    """Split distinct ids into tuples of at most `size` plain ints."""
    values = ids.tolist()
    return [tuple(values[i : i + size]) for i in range(0, len(values), size)]
