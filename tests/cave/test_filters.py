"""Filters: what is sent, what is checked, what is applied here."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from graphapi.cave.filters import Filters
from graphapi.errors import CaveResponseError

ROOT = 576_460_752_700_000_001  # has no exact float64


def test_each_operator_goes_to_the_clients_own_keyword() -> None:
    filters = (
        Filters()
        .isin("a", np.array([ROOT, 2]))
        .equal("b", "x")
        .greater("c", 1)
        .at_least("d", 2)
        .less("e", 3)
        .at_most("f", 4)
        .regex("g", "^x")
        .box("h", [1, 2, 3], [4, 5, 6])
        .not_in("i", [9])
    )
    assert filters.keywords() == {
        "filter_in_dict": {"a": [ROOT, 2]},
        "filter_equal_dict": {"b": "x"},
        "filter_greater_dict": {"c": 1},
        "filter_greater_equal_dict": {"d": 2},
        "filter_less_dict": {"e": 3},
        "filter_less_equal_dict": {"f": 4},
        "filter_regex_dict": {"g": "^x"},
        "filter_spatial_dict": {"h": [(1, 2, 3), (4, 5, 6)]},
    }
    assert all(type(i) is int for i in filters.keywords()["filter_in_dict"]["a"])


def test_conditions_on_one_column_are_all_kept() -> None:
    filters = (
        Filters().between("id", 0, 100).between("id", 50, 200).isin("x", [1, 2]).isin("x", [2, 3])
    )
    assert filters.keywords() == {
        "filter_greater_equal_dict": {"id": 50},
        "filter_less_dict": {"id": 100},
        "filter_in_dict": {"x": [2]},
    }
    with pytest.raises(ValueError, match="equal"):
        Filters().equal("x", 1).equal("x", 2).keywords()


def test_filters_are_values() -> None:
    base = Filters()
    base.equal("x", 1)
    assert base == Filters()
    assert hash(Filters().isin("x", [1])) == hash(Filters().isin("x", (1,)))


@pytest.mark.parametrize(
    ("filters", "breaks"),
    [
        (Filters().isin("root", [ROOT]), 1),
        (Filters().equal("root", ROOT), 1),
        (Filters().greater("root", ROOT - 2), 0),
        (Filters().greater("root", ROOT - 1), 1),
        (Filters().at_least("root", ROOT), 1),
        (Filters().less("root", ROOT), 1),
        (Filters().at_most("root", ROOT), 0),
        (Filters().between("root", ROOT - 1, ROOT + 1), 0),
        (Filters().greater("when", datetime(2024, 1, 1, tzinfo=UTC)), 0),
        (Filters().equal("word", "b"), 1),
        (Filters().equal("not there", 1), 0),
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


def test_a_missing_value_meets_no_condition_but_absence() -> None:
    answer = pa.table({"x": pa.array([1, None, 3], pa.int64())})
    with pytest.raises(CaveResponseError, match="1 of 3"):
        Filters().at_least("x", 1).check(answer, "here")
    assert Filters().not_in("x", [3]).kept(answer)["x"].to_pylist() == [1, None]


def test_an_empty_answer_breaks_nothing() -> None:
    Filters().isin("x", [1]).check(pa.table({"x": pa.array([], pa.null())}), "here")
