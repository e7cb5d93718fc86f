"""Read a table in pieces, and accept only pieces that are provably complete."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from graphapi.cave.arrow import joined, repeated_ids, require_ids
from graphapi.cave.filters import Filters
from graphapi.cave.pieces import NOTHING_KEPT
from graphapi.common.threads import in_order
from graphapi.errors import IncompleteAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from graphapi.cave.pieces import Piece, RowLimit

#: Rows requested at a time: a few seconds of a real server, about ten megabytes.
ROWS_AT_A_TIME = 100_000
_FIRST_GUESS = 2**20
_HIGHEST_ID = 2**63 - 1


class RowSource(Protocol):
    """The part of `graphapi.cave.connection.Cave` used here; tests supply their own."""

    server: str
    max_in_flight: int
    row_limit: RowLimit

    def count(self, table: str, version: int, filters: Filters | None = None) -> int:
        """Count rows."""
        ...

    def query(
        self,
        table: str,
        version: int,
        filters: Filters | None = None,
        columns: Sequence[str] | None = None,
        *,
        limit: int | None = None,
    ) -> tuple[pa.Table, bool]:
        """Read rows, perhaps not all; the second value says whether the server truncated them."""
        ...


class Reader:
    """Reader of one table at one version.

    Parameters
    ----------
    cave, table, version
        What to read.
    columns
        Columns to return; None for all. A position is named whole, and comes as its three axes.
    also
        Columns that conditions need; read even if they are not returned.
    rows_at_a_time
        Largest number of rows to request at a time, even if the server allows more.
    """

    def __init__(
        self,
        cave: RowSource,
        table: str,
        version: int,
        columns: Sequence[str] | None = None,
        *,
        also: Iterable[str] = (),
        rows_at_a_time: int = ROWS_AT_A_TIME,
    ) -> None:
        self._cave = cave
        self._table = table
        self._version = version
        self._columns = None if columns is None else _unique(["id", *columns], first=columns)
        self._sent = None if self._columns is None else _unique([*self._columns, *also])
        if self._sent == ["id"]:
            self._sent = self._two_columns()
        self._rows_at_a_time = rows_at_a_time
        self._bounds: tuple[int, int] | None = None
        self._bounding = threading.Lock()

    # -- counting --------------------------------------------------------------------------

    def count_all(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Request the count of every piece, several at a time."""
        counts = in_order(self._count, pieces, at_once=self._cave.max_in_flight)
        return [piece.counted(rows) for piece, rows in zip(pieces, counts, strict=True)]

    def plan(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Halve counted pieces until each is small enough for one request.

        Returns
        -------
        list of Piece
            Disjoint, counted pieces that cover all rows of `pieces`; empty ones are kept.

        Raises
        ------
        IncompleteAnswerError
            The counts of two halves do not add up to the whole, even when counted again.
        """
        done: list[Piece] = []
        large = list(pieces)
        while large:
            halved: list[tuple[Piece, tuple[Piece, Piece]]] = []
            for piece in large:
                halves = self._halves(piece) if _rows(piece) > self.target else None
                if halves is None:
                    done.append(piece)
                else:
                    halved.append((piece, halves))
            counted = iter(self.count_all([half for _, pair in halved for half in pair]))
            large = [
                part
                for whole, _ in halved
                for part in self._agreeing(whole, next(counted), next(counted))
            ]
        return done

    def bounds(self) -> tuple[int, int]:
        """Return bounds `lo <= id < hi` that hold for all rows of the table, by counting."""
        with self._bounding:
            if self._bounds is None:
                hi = _FIRST_GUESS
                while hi < _HIGHEST_ID and self._cave.count(
                    self._table, self._version, Filters().at_least("id", hi)
                ):
                    hi = min(hi * 16, _HIGHEST_ID)
                self._bounds = (0, hi)
            return self._bounds

    def meet_limit(self, rows: int) -> None:
        """Make the server truncate one answer, to learn its row limit before planning.

        Parameters
        ----------
        rows
            Number of rows in the table.
        """
        if self._cave.row_limit.met is None:
            few = self._two_columns()
            answer, cut = self._cave.query(self._table, self._version, None, few)
            if answer.num_rows and (cut or answer.num_rows < rows):
                self._cave.row_limit.meet(answer.num_rows)

    # -- reading ---------------------------------------------------------------------------

    def read_all(self, pieces: Sequence[Piece]) -> Iterator[pa.Table]:
        """Read counted pieces, several at a time."""
        for tables in in_order(self._read, pieces, at_once=self._cave.max_in_flight):
            yield from tables

    def one_row(self) -> pa.Table:
        """Read one row, for the names and types of the columns."""
        return self._cave.query(self._table, self._version, None, self._sent, limit=1)[0]

    def finished(self, answers: Sequence[pa.Table]) -> pa.Table:
        """Join answers, and select the columns.

        Raises
        ------
        IncompleteAnswerError
            A row came twice, so another one must be missing.
        """
        # Answers without rows do not have the right column types.
        filled = [answer for answer in answers if answer.num_rows] or [self.one_row().slice(0, 0)]
        table = joined(filled, self._where)
        repeated = repeated_ids(table)
        if repeated:
            raise self.incomplete(f"{repeated} rows came twice")
        if self._columns is None:
            return table
        there = set(table.column_names)
        # A position that was asked for comes as three columns.
        split = ([n] if n in there else [f"{n}_{axis}" for axis in "xyz"] for n in self._columns)
        return table.select([name for names in split for name in names])

    def incomplete(self, words: str) -> IncompleteAnswerError:
        """Return an error that says which counts disagree."""
        return IncompleteAnswerError(f"{self._where}: {words}", hint=NOTHING_KEPT)

    # -- one piece -------------------------------------------------------------------------

    def _read(self, piece: Piece) -> list[pa.Table]:
        if _rows(piece) > self.target and self._halves(piece) is not None:
            return [table for part in self.plan([piece]) for table in self._read_fitting(part)]
        return self._read_fitting(piece)

    def _read_fitting(self, piece: Piece) -> list[pa.Table]:
        answer, cut = self._ask(piece)
        if answer.num_rows == _rows(piece) and not cut:
            return [answer]
        if not cut:
            # Try again: the count or the answer may have been wrong.
            piece = self.count_all([piece])[0]
            answer, cut = self._ask(piece)
            if answer.num_rows == _rows(piece) and not cut:
                return [answer]
        return self._read_cut(piece, answer.num_rows, reported=cut)

    def _read_cut(self, piece: Piece, length: int, *, reported: bool) -> list[pa.Table]:
        """Read a piece in halves because its answer was truncated.

        The server reported it (`reported`), or the answer is too short. An answer that is too short
        without a report counts as truncated only if all such answers have the same length.
        """
        met = self._cave.row_limit.met
        if not reported and (length > _rows(piece) or length == 0 or met not in (None, length)):
            raise self.incomplete(
                f"{length} rows read, {piece.rows} counted ({piece.filters().describe()})"
            )
        self._cave.row_limit.meet(length)
        halves = self._halves(piece)
        if halves is None:
            raise self.incomplete(f"{piece.rows} rows counted for {piece.filters().describe()}")
        counted = self.count_all(halves)
        parts = self._agreeing(piece, *counted)
        tables = [table for part in parts for table in self._read(part)]
        found = sum(table.num_rows for table in tables)
        if found < length:  # counts can agree and be wrong; rows that were seen cannot vanish
            raise self.incomplete(
                f"{length} rows came for {piece.filters().describe()}, but {found} in its halves"
            )
        return tables

    def _ask(self, piece: Piece) -> tuple[pa.Table, bool]:
        filters = piece.filters()
        answer, reported = self._cave.query(self._table, self._version, filters, self._sent)
        require_ids(answer, self._where)
        filters.check(answer, self._where)
        met = self._cave.row_limit.met
        if reported:
            self._cave.row_limit.meet(answer.num_rows)
        as_long = met is not None and answer.num_rows >= met
        # As many distinct ids as the span can hold: the answer is complete.
        full = piece.holds_at_most(answer.num_rows) and answer.num_rows == _rows(piece)
        return answer, (reported or as_long) and not full

    def _agreeing(self, whole: Piece, left: Piece, right: Piece) -> list[Piece]:
        if _rows(left) + _rows(right) == _rows(whole):
            return [left, right]
        whole, left, right = self.count_all([whole, left, right])
        if _rows(left) + _rows(right) == _rows(whole):
            return [left, right]
        raise self.incomplete(
            f"the server counts {whole.rows} rows for {whole.filters().describe()}, "
            f"but {left.rows} and {right.rows} in its two halves"
        )

    def _halves(self, piece: Piece) -> tuple[Piece, Piece] | None:
        return piece.halves(self.bounds() if piece.needs_bounds else (0, _HIGHEST_ID))

    def _two_columns(self) -> list[str]:
        """Return `id` and one more column, because the server fails on a single column."""
        names = self._cave.query(self._table, self._version, limit=1)[0].column_names
        others = [name for name in names if name != "id" and name[-2:] not in ("_x", "_y", "_z")]
        return ["id", "valid" if "valid" in others else others[0]] if others else ["id"]

    def _count(self, piece: Piece) -> int:
        return self._cave.count(self._table, self._version, piece.filters())

    @property
    def target(self) -> int:
        """How many rows to request at a time."""
        return self._cave.row_limit.below(self._rows_at_a_time)

    @property
    def _where(self) -> str:
        return f"{self._cave.server}, table '{self._table}', version {self._version}"


def _rows(piece: Piece) -> int:
    if piece.rows is None:
        raise ValueError("this piece has not been counted")
    return piece.rows


def _unique(names: Iterable[str], first: Sequence[str] = ()) -> list[str]:
    """Drop repeated names; `id` stays where the caller put it, else comes first."""
    order = list(first) if "id" in first else list(names)
    return list(dict.fromkeys([*order, *names]))
