"""Merge the annotation rows of each neuron, and list conflicts.

A neuron may have several rows. For a field with single values, the first row that has a value
decides: tables in the given order, rows by number. For a field with lists, all values are kept, in
that order, each once. If rows disagree about a single value, the field is listed as a conflict,
with all its values and the chosen one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa


@dataclass(frozen=True)
class Conflict:
    """Rows of one neuron disagree about one field.

    Parameters
    ----------
    root_id, field
        The neuron and the field.
    values
        All different values as text, in the order of the rows.
    chosen
        The value that the neuron got.
    """

    root_id: int
    field: str
    values: tuple[str, ...]
    chosen: str


def merge_rows(
    root_id: int, rows: Sequence[Mapping[str, Any]], fields: Iterable[str]
) -> tuple[dict[str, Any], list[Conflict]]:
    """Merge the rows of one neuron.

    Parameters
    ----------
    root_id
        The neuron.
    rows
        Its rows, in order of precedence.
    fields
        The fields to merge.

    Returns
    -------
    merged
        Value of each field; None if no row has one.
    conflicts
        Fields with more than one value.
    """
    merged: dict[str, Any] = {}
    conflicts = []
    for name in fields:
        values = [row[name] for row in rows if row[name] is not None]
        if any(isinstance(value, list) for value in values):
            merged[name] = list(dict.fromkeys(item for value in values for item in value))
            continue
        merged[name] = values[0] if values else None
        different = list(dict.fromkeys(values))
        if len(different) > 1:
            texts = tuple(str(value) for value in different)
            conflicts.append(Conflict(root_id, name, texts, texts[0]))
    return merged, conflicts


def merge_table(rows: pa.Table, fields: Sequence[str]) -> tuple[pa.Table, list[Conflict]]:
    """Merge the rows of all neurons.

    Parameters
    ----------
    rows
        `root_id` int64 without nulls, and `fields`; rows of one neuron in order of
        precedence.
    fields
        The fields to merge.

    Returns
    -------
    merged
        `root_id`, ascending, each once, and `fields` with their types.
    conflicts
        In the order of root ids, then fields.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = rows.select(["root_id", *fields])
    counts = wanted.group_by("root_id").aggregate([([], "count_all")])
    repeated = counts.filter(pc.greater(counts["count_all"], 1)).column("root_id")
    is_repeated = pc.is_in(wanted["root_id"], value_set=repeated.combine_chunks())
    single = wanted.filter(pc.invert(is_repeated))
    by_root: dict[int, list[dict[str, Any]]] = {}
    for row in wanted.filter(is_repeated).to_pylist():
        by_root.setdefault(row["root_id"], []).append(row)
    merged, conflicts = [], []
    for root_id in sorted(by_root):
        values, found = merge_rows(root_id, by_root[root_id], fields)
        merged.append({"root_id": root_id, **values})
        conflicts.extend(found)
    several = pa.Table.from_pylist(merged, schema=wanted.schema)
    together = pa.concat_tables([single, several])
    return together.take(pc.sort_indices(together, sort_keys=[("root_id", "ascending")])), conflicts


def conflict_table(conflicts: Sequence[Conflict]) -> pa.Table:
    """Return conflicts as `root_id` int64, `field`, `values` list<string>, `chosen`."""
    import pyarrow as pa

    return pa.table(
        {
            "root_id": pa.array([c.root_id for c in conflicts], pa.int64()),
            "field": pa.array([c.field for c in conflicts], pa.string()),
            "values": pa.array([list(c.values) for c in conflicts], pa.list_(pa.string())),
            "chosen": pa.array([c.chosen for c in conflicts], pa.string()),
        }
    )
