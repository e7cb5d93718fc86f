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
    unresolved_roots
        What a missing root or supervoxel id is served as: 1 in split versions.
    is_view
        Whether it is a view, which has no `id`.
    """

    name: str
    alias: str
    source: str
    columns: Mapping[str, Column] = field(repr=False)
    resolution: tuple[float, float, float]
    unresolved_roots: int | None = None
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
            unresolved_roots=None if is_merged or is_view else 1,
            is_view=is_view,
        )

    def with_source(self, source: str) -> Relation:
        """Return the same columns from elsewhere."""
        return replace(self, source=source)

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
            if not self.converts(wanted):
                return whole
            scales = [a / b for a, b in zip(self.resolution, wanted or (), strict=True)]
            return tuple(
                f"{part} * CAST({scale!r} AS DOUBLE)"
                for part, scale in zip(whole, scales, strict=True)
            )
        if column.is_segmentation and self.unresolved_roots is not None:
            return tuple(f"coalesce({part}, {self.unresolved_roots})" for part in parts)
        return parts

    def converts(self, wanted: tuple[float, ...] | None) -> bool:
        """Return whether positions in `wanted` are not as stored."""
        return wanted is not None and tuple(wanted) != self.resolution

    @property
    def shuffle_key(self) -> str:
        """SQL for what tells rows apart."""
        return f"{self.alias}.{quoted('id')}" if "id" in self.columns else self.alias
