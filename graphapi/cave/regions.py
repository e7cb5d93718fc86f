"""The region of synapse rows, from a column of their table or from a reference table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from graphapi.cave.complete import POST, PRE, fetch_matching
from graphapi.common.regions import NO_REGION
from graphapi.errors import SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphapi.cave.connection import Cave


def weights_by_region(
    cave: Cave,
    version: int,
    rows: pd.DataFrame,
    source: Mapping[str, str],
) -> pd.DataFrame:
    """Count synapse rows by connection and region.

    Parameters
    ----------
    cave, version
        The datastack, and the version of the reference table.
    rows
        Synapse rows, as from `graphapi.cave.synapses.synapse_rows`.
    source
        `region_source` of the graph's record: a `column` of the synapse table; or a reference
        `table`, and the `column` of it.

    Returns
    -------
    pandas.DataFrame
        `pre`, `post`, `region`, `weight`, sorted by the first three.

    Raises
    ------
    SourceSchemaError
        The tables have no such column, or a synapse has two regions.
    """
    regions = regions_of(cave, version, rows, source)
    keys = {"pre": rows[PRE], "post": rows[POST], "region": regions}
    counted = pd.DataFrame(keys).groupby(["pre", "post", "region"], sort=True).size()
    frame = counted.reset_index(name="weight")
    return frame.astype({"pre": "int64", "post": "int64", "weight": "int64"})


def regions_of(
    cave: Cave,
    version: int,
    rows: pd.DataFrame,
    source: Mapping[str, str],
) -> pd.Series:
    """Return the region of each synapse row, `unassigned` where there is none.

    The parameters and errors are those of `weights_by_region`.
    """
    column, table = source["column"], source.get("table")
    if table:
        found = _of_table(cave, table, column, version, rows["id"].to_numpy())
        regions = rows["id"].map(found)
    else:
        if column not in rows.columns:
            raise SourceSchemaError(f"the synapse table has no column '{column}' of regions")
        regions = rows[column]
    named = regions.astype("string").fillna("").str.strip().replace("", NO_REGION)
    return named.astype(object)


def _of_table(cave: Cave, table: str, column: str, version: int, ids: np.ndarray) -> dict[int, str]:
    """Return the region of each synapse that a reference table says one of."""
    names = cave.schema(table, version).names
    wanted = ["target_id", column, *(["valid"] if "valid" in names else [])]
    asked = {"target_id": np.unique(ids).astype(np.int64)}
    rows = fetch_matching(cave, table, version, asked, columns=wanted)
    if "valid" in names:
        rows = rows.filter(rows["valid"].fill_null(True))
    pairs = pd.DataFrame(
        {
            "id": rows["target_id"].cast(pa.int64()).to_numpy(),
            "region": rows[column].cast(pa.string()).to_pandas().str.strip().replace("", None),
        }
    ).dropna()
    pairs = pairs.drop_duplicates()
    twice = pairs[pairs["id"].duplicated()]["id"]
    if len(twice):
        raise SourceSchemaError(
            f"table '{table}' has several regions for synapse {twice.iloc[0]}",
            hint="a synapse is in one region; load with a table whose regions do not overlap",
        )
    return dict(zip(pairs["id"].tolist(), pairs["region"].tolist(), strict=True))
