"""Answers are complete whatever the row limit, or there is none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from row_server import RowServer

from graphapi.cave.complete import fetch_range, fetch_rows, id_ranges, require_total
from graphapi.cave.filters import Filters
from graphapi.errors import CaveResponseError, IncompleteAnswerError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = 576_460_752_700_000_000
NEURONS = [BASE + i for i in range(6)]


@st.composite
def synapse_tables(draw: st.DrawFn) -> pd.DataFrame:
    ids = draw(
        st.lists(
            st.integers(0, draw(st.sampled_from([60, 10**8, 2**62]))), unique=True, max_size=60
        )
    )
    side = st.lists(st.sampled_from([0, *NEURONS]), min_size=len(ids), max_size=len(ids))
    return pd.DataFrame(
        {
            "id": np.array(ids, dtype=np.int64),
            "valid": np.ones(len(ids), dtype=bool),
            "pre_pt_root_id": np.array(draw(side), dtype=np.int64),
            "post_pt_root_id": np.array(draw(side), dtype=np.int64),
            "size": np.arange(len(ids), dtype=np.int32),
        }
    )


def expected(rows: pd.DataFrame) -> list[tuple[int, ...]]:
    return sorted(
        map(tuple, rows[["id", "pre_pt_root_id", "post_pt_root_id", "size"]].to_numpy().tolist())
    )


def got(table: pa.Table) -> list[tuple[int, ...]]:
    columns = [table[c].to_pylist() for c in ("id", "pre_pt_root_id", "post_pt_root_id", "size")]
    return list(zip(*columns, strict=True))


@settings(max_examples=100, deadline=None)
@given(
    rows=synapse_tables(),
    limit=st.integers(1, 70),
    silent=st.booleans(),
    seed=st.integers(0, 99),
    pre=st.none() | st.lists(st.sampled_from(NEURONS)),
    post=st.none() | st.lists(st.sampled_from(NEURONS)),
    in_flight=st.sampled_from([1, 3]),
)
def test_fetch_rows_gives_every_matching_row_once(
    rows: pd.DataFrame,
    limit: int,
    silent: bool,
    seed: int,
    pre: list[int] | None,
    post: list[int] | None,
    in_flight: int,
) -> None:
    if pre is None and post is None:
        return
    # A cut that is not announced is told by its length, which one row does not have.
    server = RowServer(rows, limit=limit, silent=silent, seed=seed, max_in_flight=in_flight)
    answer = fetch_rows(
        server,
        "synapses",
        1,
        pre_ids=None if pre is None else np.array(pre, dtype=np.int64),
        post_ids=None if post is None else np.array(post, dtype=np.int64),
    )
    want = rows
    if pre is not None:
        want = want[want["pre_pt_root_id"].isin(pre)]
    if post is not None:
        want = want[want["post_pt_root_id"].isin(post)]
    assert got(answer) == expected(want)
    assert answer.column_names == list(rows.columns)


@settings(max_examples=100, deadline=None)
@given(
    rows=synapse_tables(),
    limit=st.integers(1, 70),
    silent=st.booleans(),
    seed=st.integers(0, 99),
    at_a_time=st.integers(1, 80),
)
def test_ranges_cover_the_table_without_overlap(
    rows: pd.DataFrame, limit: int, silent: bool, seed: int, at_a_time: int
) -> None:
    server = RowServer(rows, limit=limit, silent=silent, seed=seed)
    ranges = id_ranges(server, "synapses", 1, rows_at_a_time=at_a_time)
    assert all(a.hi == b.lo for a, b in pairwise(ranges))
    assert sum(r.rows for r in ranges) == len(rows)
    assert all(r.rows <= at_a_time for r in ranges)
    read: list[tuple[int, ...]] = []
    for one in ranges:
        part = got(fetch_range(server, "synapses", 1, one))
        assert len(part) == one.rows
        read += part
    assert read == expected(rows)


class Liar(RowServer):
    """Counts wrongly, by some rule."""

    rule: Callable[[int], int]

    def count(self, table: str, version: int, filters: Filters | None = None) -> int:
        return self.rule(super().count(table, version, filters))


@example(
    rows=pd.DataFrame(
        {
            "id": np.array([2**20], dtype=np.int64),  # where the first guess of the bounds ends
            "valid": True,
            "pre_pt_root_id": np.array(NEURONS[:1], dtype=np.int64),
            "post_pt_root_id": np.array([0], dtype=np.int64),
            "size": np.array([0], dtype=np.int32),
        }
    ),
    limit=1,
    seed=0,
    rule=lambda n: max(0, n - 1),
)
@settings(max_examples=100, deadline=None)
@given(
    rows=synapse_tables(),
    limit=st.integers(1, 70),
    seed=st.integers(0, 99),
    rule=st.sampled_from(
        [
            lambda n: n + 1,
            lambda n: max(0, n - 1),
            lambda n: n * 2,
            lambda n: n // 2,
            lambda n: n - n,
        ]
    ),
)
def test_wrong_counts_never_give_a_wrong_answer(
    rows: pd.DataFrame, limit: int, seed: int, rule: Callable[[int], int]
) -> None:
    server = Liar(rows, limit=limit, seed=seed)
    server.rule = rule
    try:
        answer = fetch_rows(server, "synapses", 1, pre_ids=np.array(NEURONS))
    except IncompleteAnswerError:
        return
    assert got(answer) == expected(rows[rows["pre_pt_root_id"].isin(NEURONS)])
    assert server.queries < 500


def some_rows(count: int = 50) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": np.arange(count, dtype=np.int64) * 7,
            "valid": True,
            "pre_pt_root_id": np.array([NEURONS[i % 5] for i in range(count)], dtype=np.int64),
            "post_pt_root_id": np.array([NEURONS[i % 3] for i in range(count)], dtype=np.int64),
            "size": np.arange(count, dtype=np.int32),
        }
    )


class WrongAt(RowServer):
    """Counts one too few at some of its counts, by their number."""

    wrong: frozenset[int] = frozenset({0})
    counts = 0

    def count(self, table: str, version: int, filters: Filters | None = None) -> int:
        this, self.counts = self.counts, self.counts + 1
        return super().count(table, version, filters) - (this in self.wrong)


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_one_count_that_goes_wrong_once_is_forgiven(wrong: int) -> None:
    server = WrongAt(some_rows(), limit=30)
    server.wrong = frozenset({wrong})
    answer = fetch_rows(server, "synapses", 1, pre_ids=np.array(NEURONS))
    assert got(answer) == expected(some_rows())


def test_counts_that_go_wrong_again_are_not_forgiven() -> None:
    server = WrongAt(some_rows())
    server.wrong = frozenset(range(9))
    with pytest.raises(IncompleteAnswerError, match="50 rows read, 49 counted"):
        fetch_rows(server, "synapses", 1, pre_ids=np.array(NEURONS))


def test_a_range_planned_by_a_wrong_count_can_be_read() -> None:
    server = WrongAt(some_rows())
    (one,) = id_ranges(server, "synapses", 1)
    assert one.rows == 49
    assert got(fetch_range(server, "synapses", 1, one)) == expected(some_rows())


def test_a_whole_table_is_counted_again_at_the_end() -> None:
    server = RowServer(some_rows())
    require_total(server, "synapses", 1, 50)
    require_total(WrongAt(some_rows()), "synapses", 1, 50)
    with pytest.raises(IncompleteAnswerError, match="49 rows read, 50 counted in the whole"):
        require_total(server, "synapses", 1, 49)


def test_lost_rows_are_an_error() -> None:
    class Loses(RowServer):
        def query(self, *args: object, **kwargs: object) -> tuple[pa.Table, bool]:
            answer, cut = super().query(*args, **kwargs)  # type: ignore[arg-type]
            return answer.slice(0, max(0, answer.num_rows - self.random.randint(1, 3))), cut

    with pytest.raises(IncompleteAnswerError):
        fetch_rows(Loses(some_rows()), "synapses", 1, pre_ids=np.array(NEURONS))


def test_repeated_rows_are_an_error() -> None:
    class Repeats(RowServer):
        def query(self, *args: object, **kwargs: object) -> tuple[pa.Table, bool]:
            answer, cut = super().query(*args, **kwargs)  # type: ignore[arg-type]
            return pa.concat_tables([answer.slice(0, 1), answer.slice(0, answer.num_rows - 1)]), cut

    with pytest.raises(IncompleteAnswerError, match="twice"):
        fetch_rows(Repeats(some_rows()), "synapses", 1, pre_ids=np.array(NEURONS))


def test_rows_not_asked_for_are_an_error() -> None:
    class Ignores(RowServer):
        def matching(self, table: str, filters: Filters | None) -> pd.DataFrame:
            return super().matching(table, None)

    with pytest.raises(CaveResponseError, match="ignores this filter"):
        fetch_rows(Ignores(some_rows()), "synapses", 1, pre_ids=np.array(NEURONS[:1]))


def test_columns_come_in_the_order_asked_for() -> None:
    answer = fetch_rows(
        RowServer(some_rows(), limit=4),
        "synapses",
        1,
        post_ids=np.array(NEURONS),
        columns=["size", "id", "pre_pt_root_id"],
    )
    assert answer.column_names == ["size", "id", "pre_pt_root_id"]


def test_never_is_a_single_column_asked_for() -> None:
    rows = some_rows().drop(columns="valid")
    server = RowServer(rows, limit=9)  # refuses a single column by itself
    ranges = id_ranges(server, "synapses", 1)
    parts = [fetch_range(server, "synapses", 1, one, ["id"]) for one in ranges]
    assert [i for part in parts for i in part["id"].to_pylist()] == rows["id"].tolist()
    assert parts[0].column_names == ["id"]


def test_no_ids_at_all_is_refused_and_an_empty_list_is_no_rows() -> None:
    server = RowServer(some_rows())
    with pytest.raises(InputError, match="id_ranges"):
        fetch_rows(server, "synapses", 1)
    answer = fetch_rows(server, "synapses", 1, pre_ids=np.array([], dtype=np.int64))
    assert answer.num_rows == 0
    assert answer.schema.field("pre_pt_root_id").type == pa.int64()


def test_the_first_cut_answer_teaches_the_limit() -> None:
    server = RowServer(some_rows(2_000), limit=100)
    ranges = id_ranges(server, "synapses", 1)
    assert all(one.rows < 100 for one in ranges)
    before = server.queries
    for one in ranges:
        fetch_range(server, "synapses", 1, one)
    assert server.queries - before == len(ranges)
