"""Complete answers whatever the server's row limit; an incomplete answer is an error.

The server truncates an answer at a row limit. The limit cannot be queried, the rows kept are in
no order, and only a header reports it. So every query is split into disjoint pieces that the
server counts (the limit does not apply to counts). A piece is accepted if it has as many rows
as counted, no id twice, only rows that meet the conditions, and fewer rows than any limit seen
so far. Otherwise it is halved: first its lists of ids, then its range of row ids, down to a
single id.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from graphapi.cave.pieces import IdRange, Piece, in_chunks
from graphapi.cave.reader import ROWS_AT_A_TIME, Reader
from graphapi.common.progress import Progress
from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from graphapi.cave.reader import RowSource
    from graphapi.ids import IdArray

PRE = "pre_pt_root_id"
POST = "post_pt_root_id"
_IDS_AT_A_TIME = 250
_LONGEST_LIST = 20_000


def fetch_rows(
    cave: RowSource,
    table: str,
    version: int,
    *,
    pre_ids: IdArray | None = None,
    post_ids: IdArray | None = None,
    columns: Sequence[str] | None = None,
    progress: bool = True,
) -> pa.Table:
    """Read all synapse rows of some neurons.

    Parameters
    ----------
    cave, table, version
        What to read.
    pre_ids, post_ids
        Root ids; if both are given, rows match both.
    columns
        Columns to return, in this order; `id` is added in front if it is missing. None: all.
    progress
        Whether to show a progress bar.

    Returns
    -------
    pyarrow.Table
        Every matching row once, sorted by `id`, positions split into `_x`, `_y`, `_z`. Without
        a match: no rows, all columns.

    Raises
    ------
    InputError
        Neither `pre_ids` nor `post_ids` is given.
    IncompleteAnswerError
        The server's rows and counts disagree, even after a second try.
    """
    asked = {name: ids for name, ids in ((PRE, pre_ids), (POST, post_ids)) if ids is not None}
    if not asked:
        raise InputError(
            "give pre_ids, post_ids or both",
            hint="to read a whole table, use id_ranges() and fetch_range()",
        )
    return fetch_matching(cave, table, version, asked, columns=columns, progress=progress)


def fetch_matching(
    cave: RowSource,
    table: str,
    version: int,
    asked: dict[str, IdArray],
    *,
    columns: Sequence[str] | None = None,
    progress: bool = True,
) -> pa.Table:
    """Read all rows of any table that match lists of ids.

    Parameters
    ----------
    asked
        Column -> ids; a row must match in every column.
    cave, table, version, columns, progress
        See `fetch_rows`.

    Returns
    -------
    pyarrow.Table
        See `fetch_rows`.
    """
    reader = Reader(cave, table, version, columns, also=asked)
    lists = {name: np.unique(ids) for name, ids in asked.items()}
    if any(not len(ids) for ids in lists.values()):
        return reader.finished([])
    whole = [Piece(boxes) for boxes in _boxes(lists)]
    pieces = reader.count_all(whole)
    total = sum(piece.rows or 0 for piece in pieces)
    answers: list[pa.Table] = []
    with Progress(f"rows of {table}", total, shown=progress) as bar:
        for answer in reader.read_all(reader.plan(pieces)):
            answers.append(answer)
            bar.advance(answer.num_rows)
    found = sum(answer.num_rows for answer in answers)
    if found != total:  # count again: the first count may have been wrong
        total = sum(piece.rows or 0 for piece in reader.count_all(whole))
    if found != total:
        raise reader.incomplete(f"{found} rows read, {total} counted")
    return reader.finished(answers)


def id_ranges(
    cave: RowSource, table: str, version: int, *, rows_at_a_time: int = ROWS_AT_A_TIME
) -> list[IdRange]:
    """Split a whole table into ranges of row ids.

    Parameters
    ----------
    cave, table, version
        What to split.
    rows_at_a_time
        Largest number of rows in a range.

    Returns
    -------
    list of IdRange
        Disjoint ranges in ascending order, without gaps, that cover all rows; empty for an
        empty table.

    Raises
    ------
    IncompleteAnswerError
        The server's counts contradict each other.
    """
    reader = Reader(cave, table, version, rows_at_a_time=rows_at_a_time)
    whole = reader.count_all([Piece()])[0]
    if not whole.rows and reader.one_row().num_rows:
        whole = reader.count_all([Piece()])[0]  # again: the first count may have been wrong
        if not whole.rows:
            raise reader.incomplete("0 rows counted in the whole table, but it has rows")
    if not whole.rows:
        return []
    reader.meet_limit(whole.rows)
    first = Piece(span=reader.bounds(), rows=whole.rows)
    ranges: list[IdRange] = []
    for piece in sorted(reader.plan([first]), key=lambda part: part.span or (0, 0)):
        lo, hi = piece.span or (0, 0)
        rows = piece.rows or 0
        if ranges and ranges[-1].rows + rows <= reader.target:
            last = ranges.pop()
            ranges.append(IdRange(last.lo, hi, last.rows + rows))
        else:
            ranges.append(IdRange(lo, hi, rows))
    return ranges


def fetch_range(
    cave: RowSource,
    table: str,
    version: int,
    ids: IdRange,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Read all rows of one range of row ids.

    Returns
    -------
    pyarrow.Table
        As many rows as were counted for the range, sorted by `id`. If that count was wrong: as
        many as the server counts now. So check the total over all ranges with `require_total`.

    Raises
    ------
    IncompleteAnswerError
        The server's rows and counts disagree, even after a second try.
    """
    reader = Reader(cave, table, version, columns)
    piece = Piece(span=(ids.lo, ids.hi), rows=ids.rows)
    answers = list(reader.read_all([piece]))
    found = sum(answer.num_rows for answer in answers)
    if found != ids.rows and found != reader.count_all([piece])[0].rows:
        raise reader.incomplete(
            f"{found} rows read for ids {ids.lo} to {ids.hi}, {ids.rows} counted"
        )
    return reader.finished(answers)


def require_total(cave: RowSource, table: str, version: int, rows: int) -> None:
    """Check that a whole table has been read, using a count that no read relied on.

    Parameters
    ----------
    cave, table, version
        What was read.
    rows
        How many rows were read.

    Raises
    ------
    IncompleteAnswerError
        The server twice counts more or fewer rows.
    """
    reader = Reader(cave, table, version)
    counted = [reader.count_all([Piece()])[0].rows]
    if rows not in counted:  # count again: the first count may have been wrong
        counted += [reader.count_all([Piece()])[0].rows]
    if rows not in counted:
        raise reader.incomplete(f"{rows} rows read, {counted[-1]} counted in the whole table")


def _boxes(lists: dict[str, IdArray]) -> Iterator[tuple[tuple[str, tuple[int, ...]], ...]]:
    """Split lists of ids into disjoint combinations of shorter lists."""
    sizes = [_IDS_AT_A_TIME, *[_LONGEST_LIST] * (len(lists) - 1)]
    chunks = [in_chunks(ids, size) for ids, size in zip(lists.values(), sizes, strict=True)]
    for combination in product(*chunks):
        yield tuple(zip(lists, combination, strict=True))
