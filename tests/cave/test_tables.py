"""Whole annotation tables, alone and with the table they refer to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_server import RowServer

from graphapi.cave.records import TableInfo
from graphapi.cave.tables import fetch_table
from graphapi.errors import CaveResponseError, SourceSchemaError

BIG = 2**60


class Annotated(RowServer):
    def table_info(self, table: str, version: int) -> TableInfo:
        refers = "nuclei" if table == "types" else None
        return TableInfo(table, "", "", refers, (1.0, 1.0, 1.0))


def server(targets: list[int | None], nuclei: list[int], limit: int = 200_000) -> Annotated:
    types = pd.DataFrame(
        {
            "id": np.arange(len(targets), dtype=np.int64) + 1,
            "valid": np.full(len(targets), True),
            "target_id": pd.array(targets, dtype="Int64"),
            "cell_type": [f"type {i}" for i in range(len(targets))],
        }
    )
    table = pd.DataFrame(
        {
            "id": np.array(nuclei, dtype=np.int64),
            "valid": np.full(len(nuclei), True),
            "pt_root_id": np.array([BIG + i for i in nuclei], dtype=np.int64),
        }
    )
    return Annotated({"types": types, "nuclei": table}, limit=limit)


@settings(max_examples=60, deadline=None)
@given(
    targets=st.lists(st.none() | st.integers(1, 9).map(lambda i: BIG + i), min_size=1, max_size=20),
    nuclei=st.sets(st.integers(1, 9).map(lambda i: BIG + i), min_size=1),
    limit=st.integers(1, 30),
)
def test_every_row_keeps_its_place_beside_its_target(
    targets: list[int | None], nuclei: set[int], limit: int
) -> None:
    rows = fetch_table(server(targets, sorted(nuclei), limit), "types", 1, progress=False)  # type: ignore[arg-type]
    assert rows.column_names == [
        "id", "valid", "target_id", "cell_type", "id_ref", "valid_ref", "pt_root_id_ref",
    ]  # fmt: skip
    assert rows["target_id"].to_pylist() == targets
    assert rows["cell_type"].to_pylist() == [f"type {i}" for i in range(len(targets))]
    there = [t if t in nuclei else None for t in targets]
    assert rows["id_ref"].to_pylist() == there
    assert rows["pt_root_id_ref"].to_pylist() == [None if t is None else BIG + t for t in there]


def test_no_target() -> None:
    here = server([7, 8], [7])
    alone = fetch_table(here, "types", 1, with_target=False)  # type: ignore[arg-type]
    assert alone.column_names == ["id", "valid", "target_id", "cell_type"]
    plain = fetch_table(here, "nuclei", 1)  # type: ignore[arg-type]
    assert plain.column_names == ["id", "valid", "pt_root_id"]


def test_a_reference_table_without_targets_column() -> None:
    here = server([7], [7])
    here.tables["types"] = here.tables["types"].drop(columns="target_id")
    with pytest.raises(SourceSchemaError, match="target_id"):
        fetch_table(here, "types", 1)  # type: ignore[arg-type]


def test_a_table_whose_targets_are_all_gone() -> None:
    rows = fetch_table(server([None, 5], []), "types", 1)  # type: ignore[arg-type]
    assert rows["id_ref"].to_pylist() == [None, None]


def test_a_resolution_that_is_none_is_refused() -> None:
    with pytest.raises(CaveResponseError, match="resolution"):
        TableInfo.from_answer({"table_name": "x", "voxel_resolution": [4, None, 40]})
