"""Complete reading of a view of connections, whatever the server's row limit.

A view has no row ids. It is read in disjoint boxes, a range of pre ids times a range of post
ids, that the server counts. An answer is accepted if it has as many rows as counted, only rows
of its box, and fewer rows than any limit seen so far; otherwise its box is halved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from graphapi.cave.complete import POST, PRE
from graphapi.cave.filters import Filters
from graphapi.cave.pieces import NOTHING_KEPT
from graphapi.cave.reader import ROWS_AT_A_TIME
from graphapi.common.threads import in_order
from graphapi.errors import IncompleteAnswerError, SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.cave.connection import Cave

_END = 2**63 - 1


@dataclass(frozen=True)
class Box:
    """Rows with `pre_lo <= pre < pre_hi` and `post_lo <= post < post_hi`, and their count."""

    pre_lo: int = 0
    pre_hi: int = _END
    post_lo: int = 0
    post_hi: int = _END
    rows: int = 0

    def filters(self) -> Filters:
        """Return the conditions to send."""
        return (
            Filters()
            .between(PRE, self.pre_lo, self.pre_hi)
            .between(POST, self.post_lo, self.post_hi)
        )

    def halves(self) -> list[Box]:
        """Return two boxes that make up this one, by pre ids if it can be; none for one pair."""
        if self.pre_hi - self.pre_lo > 1:
            middle = (self.pre_lo + self.pre_hi) // 2
            return [replace(self, pre_hi=middle), replace(self, pre_lo=middle)]
        if self.post_hi - self.post_lo > 1:
            middle = (self.post_lo + self.post_hi) // 2
            return [replace(self, post_hi=middle), replace(self, post_lo=middle)]
        return []


class ConnectionsView:
    """A view with a row for each connection, at one version.

    Parameters
    ----------
    cave, view, version
        What to read.
    rows_at_a_time
        Largest number of rows to request at a time.
    """

    def __init__(
        self, cave: Cave, view: str, version: int, *, rows_at_a_time: int = ROWS_AT_A_TIME
    ) -> None:
        self._cave, self.name, self._version = cave, view, version
        self._rows_at_a_time = rows_at_a_time

    def schema(self) -> pa.Schema:
        """Return the names and types of the view's columns."""
        rows, _ = self._cave.query(self.name, self._version, limit=1, is_view=True)
        return rows.schema

    def count(self) -> int:
        """Return how many rows the server counts in the whole view."""
        return self._cave.count(self.name, self._version, is_view=True)

    def plan(self) -> list[Box]:
        """Split the view into disjoint boxes that cover all rows; none for an empty view.

        Raises
        ------
        SourceSchemaError
            Rows lack an id.
        IncompleteAnswerError
            The server's counts contradict each other.
        """
        whole, total = self._counted([Box()])[0], self.count()
        if whole.rows != total:
            raise SourceSchemaError(
                f"{self._where}: {total - whole.rows:,} of {total:,} rows lack a pre or post id",
                hint="load the synapse table: leave out --connections-view",
            )
        if self._cave.row_limit.met is None and total:
            answer, cut = self._cave.query(self.name, self._version, is_view=True)
            if answer.num_rows and (cut or answer.num_rows < total):
                self._cave.row_limit.meet(answer.num_rows)
        done: list[Box] = []
        large = [whole] if whole.rows else []
        while large:
            done += [b for b in large if b.rows <= self._target or not b.halves()]
            large = self._split([b for b in large if b.rows > self._target and b.halves()])
        return self._merged(sorted(done, key=lambda b: (b.pre_lo, b.post_lo)))

    def read(self, box: Box) -> pa.Table:
        """Read all rows of a box.

        Raises
        ------
        IncompleteAnswerError
            The server's rows and counts disagree, even after a second try.
        """
        parts = self._read(box, tries=2)
        filled = [part for part in parts if part.num_rows] or parts[:1]
        return pa.concat_tables(filled, promote_options="permissive")

    def of_neuron(self, root_id: int) -> tuple[pa.Table, pa.Table]:
        """Read the outgoing and the incoming connections of one neuron."""
        boxes = [
            Box(pre_lo=root_id, pre_hi=root_id + 1),
            Box(post_lo=root_id, post_hi=root_id + 1),
        ]
        out, into = (self.read(box) for box in self._counted(boxes))
        return out, into

    def require_total(self, rows: int) -> None:
        """Check that the whole view has been read.

        Raises
        ------
        IncompleteAnswerError
            The server twice counts more or fewer rows.
        """
        if rows != self.count() and rows != (counted := self.count()):
            raise self._incomplete(f"{rows} rows read, {counted} counted in the whole view")

    def _read(self, box: Box, *, tries: int) -> list[pa.Table]:
        filters = box.filters()
        answer, cut = self._cave.query(self.name, self._version, filters, is_view=True)
        filters.check(answer, self._where)
        met = self._cave.row_limit.met
        if cut:
            self._cave.row_limit.meet(answer.num_rows)
        as_long = met is not None and answer.num_rows >= met
        if answer.num_rows == box.rows and not cut and not as_long:
            return [answer]
        if not cut and not as_long and tries > 1:  # the count or the answer may have been wrong
            return self._read(self._counted([box])[0], tries=tries - 1)
        if answer.num_rows > box.rows or not answer.num_rows or not box.halves():
            raise self._incomplete(
                f"{answer.num_rows} rows read, {box.rows} counted ({filters.describe()})"
            )
        return [part for half in self._split([box]) for part in self._read(half, tries=2)]

    def _split(self, boxes: Sequence[Box]) -> list[Box]:
        """Halve boxes; the counts of two halves add up to the whole's."""
        parts = self._counted([half for box in boxes for half in box.halves()])
        for number, box in enumerate(boxes):
            halves = parts[2 * number : 2 * number + 2]
            if sum(half.rows for half in halves) != box.rows:
                again = self._counted([box, *halves])
                if again[1].rows + again[2].rows != again[0].rows:
                    raise self._incomplete(
                        f"{again[0].rows} rows counted for {box.filters().describe()}, but "
                        f"{again[1].rows} and {again[2].rows} in its two halves"
                    )
                parts[2 * number : 2 * number + 2] = again[1:]
        return [part for part in parts if part.rows]

    def _counted(self, boxes: Sequence[Box]) -> list[Box]:
        def count(box: Box) -> Box:
            found = self._cave.count(self.name, self._version, box.filters(), is_view=True)
            return replace(box, rows=found)

        return list(in_order(count, boxes, at_once=self._cave.max_in_flight))

    def _merged(self, boxes: Sequence[Box]) -> list[Box]:
        merged: list[Box] = []
        for box in boxes:
            last = merged[-1] if merged else None
            is_whole = (box.post_lo, box.post_hi) == (0, _END)
            if (
                last
                and is_whole
                and (last.post_lo, last.post_hi) == (0, _END)
                and last.rows + box.rows <= self._target
            ):
                merged[-1] = replace(last, pre_hi=box.pre_hi, rows=last.rows + box.rows)
            else:
                merged.append(box)
        return merged

    @property
    def _target(self) -> int:
        return self._cave.row_limit.below(self._rows_at_a_time)

    @property
    def _where(self) -> str:
        return f"{self._cave.server}, view '{self.name}', version {self._version}"

    def _incomplete(self, words: str) -> IncompleteAnswerError:
        return IncompleteAnswerError(f"{self._where}: {words}", hint=NOTHING_KEPT)
