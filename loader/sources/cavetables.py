"""Convert CAVE's tables to stages: synapse rows, annotation rows, nuclei."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphapi.cave.complete import POST, PRE
from graphapi.cave.positions import position_columns
from graphapi.errors import SourceSchemaError
from graphapi.ids import UNRESOLVED
from loader.sources.dumps import transmitter_columns
from loader.stages.fieldtypes import cast, normalised
from loader.stages.names import graph_names
from loader.work.steps import AnnotationInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from graphapi.cave.records import Resolution

#: Columns that describe the row, its place or its reference, not the cell.
_NOT_MERGED = re.compile(
    r"(raw_)?(id|valid|created|deleted|superceded_id|target_id"
    r"|\w*_position|\w*_root_id|\w*_supervoxel_id|\w+_ref)$"
)


def synapse_columns(
    schema: pa.Schema, table: str, size_column: str, *, needs_size: bool = False
) -> list[str]:
    """Return the columns of a synapse table that a load needs.

    Raises
    ------
    SourceSchemaError
        The table is not a synapse table, or lacks the requested size column.
    """
    if missing := [name for name in ("id", PRE, POST) if name not in schema.names]:
        raise SourceSchemaError(
            f"table '{table}' is not a synapse table: it lacks {missing}",
            hint=f"its columns: {schema.names}; name the right table: "
            "CaveSource(..., synapse_table=...)",
        )
    if needs_size and size_column not in schema.names:
        raise SourceSchemaError(
            f"table '{table}' has no column '{size_column}' for sizes",
            hint=f"its columns: {schema.names}; name another, or use --size-column none",
        )
    size = [size_column] if size_column in schema.names else []
    return ["id", PRE, POST, *size]


def synapse_rows(rows: pa.Table, size_column: str) -> pa.Table:
    """Rename columns to `id`, `pre`, `post` (int64), and `size` if it exists.

    Raises
    ------
    SourceSchemaError
        Root ids or row ids are not whole numbers.
    """
    import pyarrow as pa

    table = "synapses"
    columns = {"id": _ids(rows, "id", table)}
    columns |= {"pre": _ids(rows, PRE, table), "post": _ids(rows, POST, table)}
    if size_column in rows.column_names:
        # As doubles: sums of the server's float32 sizes would not be exact.
        columns["size"] = _numbers(rows, size_column, table)
    return pa.table(columns)


def annotation_rows(
    rows: pa.Table, table: str, said: Mapping[str, str] | None = None
) -> tuple[pa.Table, AnnotationInfo]:
    """Convert annotation rows to the form of a step `annotations/<n>`.

    Parameters
    ----------
    rows
        A table as served, positions split; a reference table has its target's columns, which end
        in `_ref`.
    table
        Name of the table.
    said
        Columns of transmitters, if they are not recognised by their names; see
        `loader.sources.dumps.transmitter_columns`.

    Returns
    -------
    rows
        `root_id` (null for 0, 1 and none), `row_id`, and every column as a field; positions as
        one list [x, y, z] in voxels of the table.
    info
        The record of the step; columns that describe the cell are merged.

    Raises
    ------
    SourceSchemaError
        The table has no point that is bound to a root.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    root_column = _bound_column(rows.column_names, "root_id", table)
    row_ids = _ids(rows, "id", table).cast(pa.string())
    rows = _with_joined_positions(rows, table)
    roots = _ids(rows, root_column, table)
    is_root = pc.greater(pc.fill_null(roots, 0), UNRESOLVED)
    roots = pc.if_else(is_root, roots, pa.scalar(None, pa.int64()))
    stored = dict(
        zip(rows.column_names, graph_names(rows.column_names, f"table '{table}'"), strict=True)
    )
    fields = {
        stored[name]: normalised(rows[name], f"table '{table}', column '{name}'")
        for name in rows.column_names
    }
    supervoxel = root_column.replace("root_id", "supervoxel_id")
    notes = []
    if roots.null_count:
        notes.append(
            f"{table}: {roots.null_count} rows have no root id, so they belong to no neuron"
        )
    info = AnnotationInfo(
        table=table,
        merged=tuple(name for name in stored.values() if not _NOT_MERGED.match(name)),
        supervoxel=stored.get(supervoxel, ""),
        transmitter={
            ours: stored[column]
            for ours, column in transmitter_columns(rows.column_names, None, said or {}).items()
        },
        notes=tuple(notes),
    )
    columns = {"root_id": roots, "row_id": row_ids}
    return pa.table({**columns, **fields}), info


def nuclei(rows: pa.Table, table: str, resolution: Resolution) -> pa.Table:
    """Convert the rows of a soma table to the form of the step `nuclei`.

    Parameters
    ----------
    rows
        Rows as served, positions split.
    table
        Name of the table.
    resolution
        Nanometres per voxel of the table: x, y, z.

    Returns
    -------
    pyarrow.Table
        `nucleus_id`, `root_id` (null for 0, 1 and none), `supervoxel_id` int64;
        `soma_position` [x, y, z] in nm; `soma_volume` double, null if missing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    root_column = _bound_column(rows.column_names, "root_id", table)
    point = root_column.removesuffix("_root_id")
    roots = _ids(rows, root_column, table)
    is_root = pc.greater(pc.fill_null(roots, 0), UNRESOLVED)
    supervoxels = f"{point}_supervoxel_id"
    nothing = pa.nulls(rows.num_rows, pa.float64())
    return pa.table(
        {
            "nucleus_id": _ids(rows, "id", table),
            "root_id": pc.if_else(is_root, roots, pa.scalar(None, pa.int64())),
            "supervoxel_id": _ids(rows, supervoxels, table)
            if supervoxels in rows.column_names
            else nothing.cast(pa.int64()),
            "soma_position": _in_nanometres(rows, f"{point}_position", resolution, table),
            "soma_volume": normalised(_numbers(rows, "volume", table), table)
            if "volume" in rows.column_names
            else nothing,
        }
    )


def _bound_column(names: Sequence[str], what: str, table: str) -> str:
    for name in (f"pt_{what}", f"pt_{what}_ref"):
        if name in names:
            return name
    bound = [name for name in names if name.endswith((f"_{what}", f"_{what}_ref"))]
    if len(bound) == 1:
        return bound[0]
    raise SourceSchemaError(
        f"table '{table}' has {len(bound)} columns of root ids ({bound}), not one",
        hint="an annotation table has one bound point, or refers to a table that has one",
    )


def _ids(rows: pa.Table, name: str, table: str) -> pa.ChunkedArray:
    """Return a column of ids as int64; a column without values may have any type."""
    import pyarrow as pa

    if name not in rows.column_names:
        raise SourceSchemaError(f"table '{table}' has no column '{name}'")
    column = rows[name]
    if not pa.types.is_integer(column.type) and not pa.types.is_null(column.type):
        raise SourceSchemaError(
            f"table '{table}': column '{name}' contains {column.type}, not whole numbers"
        )
    return cast(column, pa.int64(), f"table '{table}', column '{name}'")


def _numbers(rows: pa.Table, name: str, table: str) -> pa.ChunkedArray:
    """Return a column of numbers as doubles."""
    import pyarrow as pa

    column = rows[name]
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
    if not any(is_kind(column.type) for is_kind in kinds):
        raise SourceSchemaError(
            f"table '{table}': column '{name}' contains {column.type}, not numbers"
        )
    return cast(column, pa.float64(), f"table '{table}', column '{name}'")


def _with_joined_positions(rows: pa.Table, table: str) -> pa.Table:
    for stem in _position_stems(rows.column_names):
        axes = [_axis(stem, axis) for axis in "xyz"]
        place = rows.column_names.index(axes[0])
        values = _lists(rows, axes, (1, 1, 1), table)
        rows = rows.drop_columns(axes).add_column(place, stem, values)
    return rows


def _position_stems(names: list[str]) -> list[str]:
    referred = [name.removesuffix("_ref") for name in names if name.endswith("_ref")]
    own = [name for name in names if not name.endswith("_ref")]
    return [*position_columns(own), *(f"{stem}_ref" for stem in position_columns(referred))]


def _axis(stem: str, axis: str) -> str:
    if stem.endswith("_ref"):
        return f"{stem.removesuffix('_ref')}_{axis}_ref"
    return f"{stem}_{axis}"


def _in_nanometres(rows: pa.Table, stem: str, resolution: Resolution, table: str) -> pa.Array:
    import pyarrow as pa

    axes = [f"{stem}_{axis}" for axis in "xyz"]
    if not set(axes) <= set(rows.column_names):
        return pa.nulls(rows.num_rows, pa.list_(pa.float64()))
    return _lists(rows, axes, resolution, table).cast(pa.list_(pa.float64()))


def _lists(rows: pa.Table, axes: Sequence[str], scale: Sequence[float], table: str) -> pa.Array:
    import pyarrow as pa

    whole = all(pa.types.is_integer(rows.schema.field(axis).type) for axis in axes)
    whole = whole and all(isinstance(factor, int) for factor in scale)
    read = _ids if whole else _numbers
    columns = [read(rows, axis, table).to_pylist() for axis in axes]
    points = [
        None
        if None in point
        else [value * factor for value, factor in zip(point, scale, strict=True)]
        for point in zip(*columns, strict=True)
    ]
    return pa.array(points, pa.list_(pa.int64() if whole else pa.float64()))
