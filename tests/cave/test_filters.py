"""Filters: what is sent, and what is checked."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from graphapi.cave.filters import Filters
from graphapi.errors import CaveResponseError

ROOT = 576_460_752_700_000_001  # has no exact float64


def test_each_operator_goes_to_the_clients_own_keyword() -> None:
    filters = Filters().isin("a", np.array([ROOT, 2])).at_least("d", 2).between("e", 1, 3)
    assert filters.keywords() == {
        "filter_in_dict": {"a": [ROOT, 2]},
        "filter_greater_equal_dict": {"d": 2, "e": 1},
        "filter_less_dict": {"e": 3},
    }
    assert all(type(i) is int for i in filters.keywords()["filter_in_dict"]["a"])


def test_no_condition_on_a_column_replaces_another() -> None:
    for twice in (
        Filters().between("id", 0, 100).at_least("id", 50),
        Filters().isin("x", [1, 2]).isin("x", [2, 3]),
    ):
        with pytest.raises(ValueError, match=r"two '(at_least|in)' conditions"):
            twice.keywords()


def test_filters_are_values() -> None:
    base = Filters()
    base.isin("x", [1])
    assert base == Filters()
    assert hash(Filters().isin("x", [1])) == hash(Filters().isin("x", (1,)))


@pytest.mark.parametrize(
    ("filters", "breaks"),
    [
        (Filters().isin("root", [ROOT]), 1),
        (Filters().isin("root", [ROOT, ROOT - 1]), 0),
        (Filters().at_least("root", ROOT - 1), 0),
        (Filters().at_least("root", ROOT), 1),
        (Filters().between("root", ROOT - 1, ROOT), 1),
        (Filters().between("root", ROOT - 1, ROOT + 1), 0),
        (Filters().at_least("when", datetime(2024, 1, 1, tzinfo=UTC)), 0),
        (Filters().isin("word", ["b"]), 1),
        (Filters().isin("not there", [1]), 0),
    ],
)
def test_rows_that_break_a_condition_are_found_exactly(filters: Filters, breaks: int) -> None:
    answer = pa.table(
        {
            "root": pa.array([ROOT, ROOT - 1], pa.int64()),
            "when": pa.array([datetime(2024, 2, 1, tzinfo=UTC)] * 2, pa.timestamp("us", tz="UTC")),
            "word": ["a", "b"],
        }
    )
    if breaks:
        with pytest.raises(CaveResponseError, match="1 of 2 rows"):
            filters.check(answer, "here")
    else:
        filters.check(answer, "here")


def test_a_missing_value_meets_no_condition() -> None:
    answer = pa.table({"x": pa.array([1, None, 3], pa.int64())})
    with pytest.raises(CaveResponseError, match="1 of 3"):
        Filters().at_least("x", 1).check(answer, "here")
    with pytest.raises(CaveResponseError, match="1 of 3"):
        Filters().isin("x", [1, 3]).check(answer, "here")


def test_an_empty_answer_breaks_nothing() -> None:
    Filters().isin("x", [1]).check(pa.table({"x": pa.array([], pa.null())}), "here")
