"""A table as a query sees it: where its rows are, and which columns it has."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from loader.sandbox.standin.columns import Column, quoted
from loader.sandbox.standin.store import parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loader.sandbox.standin.folder import Table


@dataclass(frozen=True)
class Relation:
    """A table, a view, or a table with other roots, under an alias.

    Attributes
    ----------
    name
        As in requests.
    alias
        In SQL.
    source
        SQL that stands after FROM.
    columns
        By name, in the order served.
    resolution
        Nanometres a voxel of its positions.
    is_split
        Whether it is a table of a split version: a missing root or supervoxel id is served
        as 1, and there is a column `deleted`, which queries name but do not send.
    is_view
        Whether it is a view, which has no `id`, and all of whose rows are served.
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

    def with_source(self, source: str, columns: Mapping[str, Column]) -> Relation:
        """Return the same table with columns from elsewhere."""
        return replace(self, source=source, columns=columns)

    def expressions(self, column: Column, wanted: tuple[float, ...] | None) -> tuple[str, ...]:
        """Return SQL for a column as it is served.

        Parameters
        ----------
        column
            One of this relation's.
        wanted
            Nanometres a voxel that positions are wanted in; None for as stored.
        """
        parts = column.sql(self.alias)
        if column.kind == "position":
            whole = tuple(f"CAST({part} AS INTEGER)" for part in parts)
            if wanted is None or tuple(wanted) == self.resolution:
                return whole
            scales = [a / b for a, b in zip(self.resolution, wanted, strict=True)]
            # Whole voxels of the other resolution, cut towards 0, as the real server sends them.
            return tuple(
                f"CAST(trunc({part} * CAST({scale!r} AS DOUBLE)) AS INTEGER)"
                for part, scale in zip(whole, scales, strict=True)
            )
        if column.is_segmentation and self.is_split:
            return tuple(f"coalesce({part}, 1)" for part in parts)
        return parts

    @property
    def shuffle_key(self) -> str:
        """SQL for what tells rows apart."""
        return f"{self.alias}.{quoted('id')}" if "id" in self.columns else self.alias
