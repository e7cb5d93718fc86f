"""Criteria over several annotation tables: each neuron is judged by hand, table by table."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graphapi import IsNull, Not, NotNull
from graphapi.graph.annotations import AnnotationRows
from graphapi.graph.matching import Rule
from graphapi.graph.materialization import Field, Materialization
from graphapi.graph.rowmatching import roots_matching

#: The tables that have each field. One table's name contains the joint of the record's list.
TABLES = {"kind": ("first",), "side": ("first",), "shared": ("first", "a, b"), "tag": ("a, b",)}
#: What to ask, and whether a value fits.
ASKED = [
    ("x", lambda value: value == "x"),
    (["x", "y"], lambda value: value in ("x", "y")),
    (Not("x"), lambda value: value != "x"),
    (IsNull(), lambda value: value is None),
    (NotNull(), lambda value: value is not None),
]


def drawn(seed: int) -> list[dict[str, Any]]:
    draw = np.random.default_rng(seed)
    rows = []
    for table in (*TABLES["shared"], "without"):
        for root in range(1, 41):
            for _ in range(draw.choice([0, 1, 1, 2])):
                values = {
                    f: draw.choice(["x", "y", None]) for f, of in TABLES.items() if table in of
                }
                rows.append({"root_id": root, "annotation_table": table, **values})
    return [*rows, {"root_id": None, "annotation_table": "first", "kind": "x", "side": "x"}]


def opened(rows: list[dict[str, Any]]) -> AnnotationRows:
    fields = [Field(name, "string", ", ".join(of)) for name, of in TABLES.items()]
    fields += [Field("root_id", "int"), Field("annotation_table", "string")]
    record = Materialization(
        "toy", 1, None, "files", "id", "now", "test", annotation_fields=tuple(fields)
    )
    columns = {f.name: [row.get(f.name) for row in rows] for f in fields}
    return AnnotationRows(record, lambda *_: pa.table(columns))


def by_hand(rows: list[dict[str, Any]], asked: dict[str, Any]) -> list[int]:
    """Fields of a table in one row of it; a neuron without a row in a field's tables has nothing.

    A field of more tables holds in the rows of each of them.
    """
    chosen = []
    for root in sorted({row["root_id"] for row in rows} - {None}):
        mine = [row for row in rows if row["root_id"] == root]
        groups = {TABLES[field] for field in asked}
        if all(
            any(
                all(
                    fits(row.get(f))
                    for f, fits in asked.items()
                    if TABLES[f] == of or (row and set(of) <= set(TABLES[f]))
                )
                for row in [row for row in mine if row["annotation_table"] in of] or [{}]
            )
            for of in groups
        ):
            chosen.append(root)
    return chosen


@pytest.mark.parametrize(
    "fields",
    [("kind",), ("kind", "side"), ("kind", "tag"), ("side", "shared"), ("kind", "tag", "shared")],
)
def test_a_condition_is_about_the_tables_that_have_its_field(fields: tuple[str, ...]) -> None:
    rows = drawn(len(fields))
    table = opened(rows)
    for chosen in product(ASKED, repeat=len(fields)):
        wanted = {name: value for name, (value, _) in zip(fields, chosen, strict=True)}
        tests = {name: fits for name, (_, fits) in zip(fields, chosen, strict=True)}
        assert roots_matching(table, wanted, Rule()).tolist() == by_hand(rows, tests), wanted


def test_fields_of_every_row_hold_beside_the_others() -> None:
    rows = drawn(7)
    table = opened(rows)
    for name in ("first", "a, b", "without"):
        found = roots_matching(table, {"annotation_table": name, "shared": "x"}, Rule())
        there = [row for row in rows if row["annotation_table"] == name]
        assert found.tolist() == sorted({r["root_id"] for r in there if r.get("shared") == "x"})
    assert roots_matching(table, {"root_id": 3, "tag": Not("z")}, Rule()).tolist() == [3]


def test_a_field_of_two_tables_is_about_the_row_that_matches() -> None:
    """`first` says y and x of neuron 1, x and y; of neuron 2, in one row, x and x."""
    said = {1: [("y", "x"), ("x", "y")], 2: [("x", "x")]}
    rows = [
        {"root_id": root, "annotation_table": "first", "side": side, "shared": shared}
        for root, pairs in said.items()
        for side, shared in pairs
    ]
    rows.append({"root_id": 1, "annotation_table": "a, b", "shared": "x", "tag": "x"})
    found = roots_matching(opened(rows), {"side": "x", "shared": "x"}, Rule())
    assert found.tolist() == [2]
