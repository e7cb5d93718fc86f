"""A server of rows in memory, as far as complete reading needs one; no code of ours in it."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from graphapi.cave.pieces import RowLimit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from graphapi.cave.filters import Filters


class RowServer:
    """Answers in a random order, cut at a limit, said or silently."""

    server = "http://row-server"

    def __init__(
        self,
        tables: pd.DataFrame | dict[str, pd.DataFrame],
        *,
        limit: int = 200_000,
        silent: bool = False,
        seed: int = 0,
        max_in_flight: int = 1,
    ) -> None:
        self.tables = tables if isinstance(tables, dict) else {"synapses": tables}
        self.limit = limit
        self.silent = silent
        self.max_in_flight = max_in_flight
        self.row_limit = RowLimit()
        self.random = random.Random(seed)  # noqa: S311
        self.lock = threading.Lock()
        self.longest = 0
        self.queries = 0

    def count(self, table: str, version: int, filters: Filters | None = None) -> int:
        return len(self.matching(table, filters))

    def query(
        self,
        table: str,
        version: int,
        filters: Filters | None = None,
        columns: Sequence[str] | None = None,
        *,
        limit: int | None = None,
    ) -> tuple[pa.Table, bool]:
        assert columns is None or len(columns) >= 2, "the real server breaks on one column"
        rows = self.matching(table, filters)
        with self.lock:
            self.queries += 1
            order = list(range(len(rows)))
            self.random.shuffle(order)
        limit = min(limit or self.limit, self.limit)
        rows = rows.iloc[order].iloc[:limit]
        self.longest = max(self.longest, len(rows))
        if columns is not None:
            rows = rows[list(columns)]
        answer = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
        return answer, len(rows) == limit and not self.silent

    def matching(self, table: str, filters: Filters | None) -> pd.DataFrame:
        rows = self.tables[table]
        keep = np.ones(len(rows), dtype=bool)
        for condition in filters.conditions if filters else ():
            column, value = rows[condition.column].to_numpy(), condition.value
            if condition.operator == "in":
                keep &= np.array([v in set(value) for v in column], dtype=bool)
            elif condition.operator == "at_least":
                keep &= column >= value
            elif condition.operator == "less":
                keep &= column < value
            else:
                raise AssertionError(condition)
        return rows[keep]
