"""A table as a query sees it: its rows in SQL, and its columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loader.sandbox.standin.store import parquet
from loader.work.duck import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loader.sandbox.standin.columns import Column
    from loader.sandbox.standin.folder import Table


@dataclass(frozen=True)
class Relation:
    """A table, a view, or a table with other roots, under an alias.

    Attributes
    ----------
    name
        Name in requests.
    alias
        Name in SQL.
    source
        SQL after FROM.
    columns
        Columns by name, in the order served.
    resolution
        Resolution of its positions in nanometres per voxel.
    is_split
        Whether it is a table of a split version. Then a missing root or supervoxel id is
        served as 1, and answers name a column `deleted` but do not send it.
    is_view
        Whether it is a view. A view has no `id`, and all its rows are served.
    """

    name: str
    alias: str
    source: str
    columns: Mapping[str, Column] = field(repr=False)
    resolution: tuple[float, float, float]
    is_split: bool = False
    is_view: bool = False

    @classmethod
    def of(
        cls, table: Table, version: int, alias: str, *, is_merged: bool, is_view: bool = False
    ) -> Relation:
        """Return a table of one version."""
        file = table.files[version]
        return cls(
            name=table.name,
            alias=alias,
            source=parquet(file.path),
            columns=file.columns,
            resolution=table.resolution,
            is_split=not (is_merged or is_view),
            is_view=is_view,
        )

    def expressions(self, column: Column, wanted: tuple[float, ...] | None) -> tuple[str, ...]:
        """Return SQL for a column as it is served.

        Parameters
        ----------
        column
            A column of this relation.
        wanted
            Wanted resolution of positions in nanometres per voxel; None for the stored one.
        """
        parts = column.sql(self.alias)
        if column.kind == "position":
            whole = tuple(f"CAST({part} AS INTEGER)" for part in parts)
            if wanted is None or tuple(wanted) == self.resolution:
                return whole
            scales = [a / b for a, b in zip(self.resolution, wanted, strict=True)]
            # Like the real server, round to whole voxels of the wanted resolution, towards 0.
            return tuple(
                f"CAST(trunc({part} * CAST({scale!r} AS DOUBLE)) AS INTEGER)"
                for part, scale in zip(whole, scales, strict=True)
            )
        if column.is_segmentation and self.is_split:
            return tuple(f"coalesce({part}, 1)" for part in parts)
        return parts

    @property
    def shuffle_key(self) -> str:
        """Return SQL for the columns that distinguish rows."""
        return f"{self.alias}.{identifier('id')}" if "id" in self.columns else self.alias
