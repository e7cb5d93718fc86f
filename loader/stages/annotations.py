"""Combine the annotation tables of a load: rows, fields, and properties of neurons."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from graphapi.graph.materialization import Field
from loader.stages.fieldtypes import field_type
from loader.stages.merge import Conflict, conflict_table, merge_table
from loader.stages.transmitters import FIELDS, Told, transmitters
from loader.work.steps import ANNOTATIONS, NUCLEI, AnnotationInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from loader.stages.only import Only
    from loader.work.workspace import Workspace

#: The step's name.
STEP = "annotations"
#: Columns of every annotation row besides its fields.
OWN = ("annotation_id", "annotation_table", "row_id", "root_id")


@dataclass(frozen=True)
class Part:
    """One annotation table as the source staged it."""

    rows: pa.Table
    info: AnnotationInfo

    @property
    def fields(self) -> list[str]:
        """Return the table's own columns."""
        return [name for name in self.rows.column_names if name not in ("root_id", "row_id")]


@dataclass(frozen=True)
class Combined:
    """All annotation tables of a load.

    Parameters
    ----------
    rows
        `annotation_id` (0, 1, ...), `annotation_table`, `row_id`, `root_id` (null for
        none) and every field of every table.
    fields
        The fields, and `root_id`, `annotation_table`, `row_id`, as in the graph's record.
    merged
        One row per neuron, ascending by `root_id`: the merged fields, and `supervoxel_id` int64.
    merged_fields
        Names, types and tables of the merged fields.
    conflicts
        Fields in which rows of one neuron disagree.
    notes
        What was left out.
    """

    rows: pa.Table
    fields: tuple[Field, ...]
    merged: pa.Table
    merged_fields: tuple[Field, ...]
    conflicts: tuple[Conflict, ...]
    notes: tuple[str, ...] = ()


def stage(workspace: Workspace, only: Only | None = None) -> None:
    """Finish the step `annotations` from the tables that the source extracted.

    With `only`, rows of other neurons are left out, and `only.parquet` lists the neurons.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if workspace.is_done(STEP):
        return
    parts = []
    for step in workspace.done_under(ANNOTATIONS):
        noted = workspace.info(step)
        info = AnnotationInfo(**{**noted, "merged": tuple(noted["merged"])})
        parts.append(Part(pq.read_table(workspace.files(step)[0]), info))
    combined = combine(parts)
    somata, soma_conflicts = _nuclei(workspace)
    chosen = {}
    rows_before = combined.rows.num_rows
    if only is not None:
        roots = only.roots(combined.rows)
        combined = combine([Part(_of(part.rows, roots), part.info) for part in parts])
        somata = _of(somata, roots)
        chosen = {"only.parquet": pa.table({"root_id": roots})}
    files = chosen | {
        "annotations.parquet": combined.rows,
        "merged.parquet": combined.merged,
        "somata.parquet": somata,
        "conflicts.parquet": conflict_table([*combined.conflicts, *soma_conflicts]),
    }
    for name, table in files.items():
        with workspace.new_file(name) as path:
            pq.write_table(table, path)
    workspace.finish(
        STEP,
        list(files),
        {
            "fields": [asdict(f) for f in combined.fields],
            "merged_fields": [asdict(f) for f in combined.merged_fields],
            "conflicts": len(combined.conflicts) + len(soma_conflicts),
            "notes": [*(note for part in parts for note in part.info.notes), *combined.notes],
            "reading": [part.info.reading for part in parts if part.info.reading],
            "rows_outside": rows_before - combined.rows.num_rows,
        },
    )


def _of(rows: pa.Table, roots: pa.Array) -> pa.Table:
    """Return the rows of these neurons."""
    import pyarrow.compute as pc

    return rows.filter(pc.is_in(rows.column("root_id"), value_set=roots))


def combine(parts: Sequence[Part]) -> Combined:
    """Combine annotation tables.

    Parameters
    ----------
    parts
        The tables, in order of precedence. Fields with the same name and type become one field.
        If the names differ only in case, or the types differ, the field of the later table is
        called `<table>_<field>`.
    """
    import pyarrow as pa

    names = _field_names(parts)
    tables, sources = [], dict[str, list[str]]()
    for part, named in zip(parts, names, strict=True):
        rows = _in_row_order(part.rows)
        for name in named.values():
            sources.setdefault(name, []).append(part.info.table)
        table = pa.array([part.info.table] * rows.num_rows, pa.string())
        rows = rows.rename_columns([named.get(n, n) for n in rows.column_names])
        tables.append(rows.add_column(0, "annotation_table", table))
    everything = pa.concat_tables(tables, promote_options="default") if tables else _no_rows()
    number = pa.array(range(everything.num_rows), pa.int64())
    everything = everything.add_column(0, "annotation_id", number)
    fields = [n for n in everything.column_names if n not in OWN]
    record = {n: _field(everything, n, sources.get(n, [])) for n in [*fields, *OWN[1:]]}
    order = ["root_id", *fields, "annotation_table", "row_id"]
    merged, merged_names, conflicts = _merged(parts, names, everything)
    merged_fields = [record[n] for n in merged_names]
    notes: list[str] = []
    saying = [part for part in parts if part.info.transmitter]
    if saying:
        found = transmitters([_told(part) for part in saying])
        merged = _with(merged, found.table)
        from_tables = [part.info.table for part in saying]
        merged_fields += [_field(merged, name, from_tables) for name in FIELDS]
        conflicts += found.conflicts
        notes = found.notes
    return Combined(
        rows=everything.select([*OWN, *fields]),
        fields=tuple(record[n] for n in order),
        merged=merged,
        merged_fields=tuple(merged_fields),
        conflicts=tuple(conflicts),
        notes=tuple(notes),
    )


def _with(merged: pa.Table, found: pa.Table) -> pa.Table:
    """Add the columns of a table about some of the neurons."""
    import pyarrow.compute as pc

    # every neuron of a table is among the merged ones
    places = pc.index_in(merged["root_id"], value_set=found["root_id"].combine_chunks())
    for name in found.column_names[1:]:
        merged = merged.append_column(name, found[name].take(places))
    return merged


def _told(part: Part) -> Told:
    columns = part.info.transmitter
    what = columns.get("transmitter") or "the highest of " + ", ".join(columns.values())
    return Told(_in_row_order(part.rows), columns, f"{part.info.table}, {what}")


def _field_names(parts: Sequence[Part]) -> list[dict[str, str]]:
    taken: dict[str, tuple[str, pa.DataType]] = {}
    names = []
    for part in parts:
        named = {}
        for field in part.fields:
            kind = part.rows.schema.field(field).type
            name = field
            if taken.get(name.lower(), (name, kind)) != (name, kind):
                name = f"{part.info.table}_{field}"
            number = 1
            while taken.get(name.lower(), (name, kind)) != (name, kind):
                number += 1
                name = f"{part.info.table}_{field}_{number}"
            taken[name.lower()] = (name, kind)
            named[field] = name
        names.append(named)
    return names


def _in_row_order(rows: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = rows.column("row_id").to_pylist()
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):
        return rows
    numbers = pa.array([int(text) for text in texts], pa.int64())
    return rows.take(pc.sort_indices(numbers))


def _merged(
    parts: Sequence[Part], names: Sequence[dict[str, str]], everything: pa.Table
) -> tuple[pa.Table, list[str], list[Conflict]]:
    rooted = everything.filter(everything.column("root_id").is_valid())
    wanted: dict[str, None] = {}
    supervoxels: dict[str, None] = {}
    for part, named in zip(parts, names, strict=True):
        wanted.update((named[field], None) for field in part.info.merged)
        if part.info.supervoxel:
            supervoxels[named[part.info.supervoxel]] = None
    fields = [name for name in wanted if name.lower() != "supervoxel_id"]
    found = _first_supervoxel(rooted, list(supervoxels))
    plain = rooted.select(["root_id", *fields]).append_column("supervoxel_id", found)
    merged, conflicts = merge_table(plain, [*fields, "supervoxel_id"])
    # A neuron has many supervoxels: rows with different ones do not disagree.
    return merged, fields, [c for c in conflicts if c.field != "supervoxel_id"]


def _first_supervoxel(rows: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = [pc.cast(_blank_to_null(rows.column(name)), pa.int64()) for name in columns]
    return pc.coalesce(*values, pa.nulls(rows.num_rows, pa.int64()))


def _blank_to_null(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.type):
        return column
    trimmed = pc.utf8_trim_whitespace(column)
    is_id = pc.match_substring_regex(trimmed, r"^\d+$")
    return pc.if_else(is_id, trimmed, pa.scalar(None, pa.string()))


def _nuclei(workspace: Workspace) -> tuple[pa.Table, list[Conflict]]:
    """Return one soma per neuron, with the lowest nucleus id; several are a conflict."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not workspace.is_done(NUCLEI):
        return _no_somata(), []
    rows = pq.read_table(workspace.files(NUCLEI)[0])
    rows = rows.filter(rows.column("root_id").is_valid()).sort_by("nucleus_id")
    first: dict[int, int] = {}
    several: dict[int, list[str]] = {}
    pairs = zip(rows["root_id"].to_pylist(), rows["nucleus_id"].to_pylist(), strict=True)
    for index, (root, nucleus) in enumerate(pairs):
        first.setdefault(root, index)
        several.setdefault(root, []).append(str(nucleus))
    kept = rows.take(pa.array(sorted(first.values()), pa.int64()))
    conflicts = [
        Conflict(root, "nucleus_id", tuple(ids), ids[0])
        for root, ids in sorted(several.items())
        if len(ids) > 1
    ]
    return kept.select(_no_somata().column_names), conflicts


def _no_somata() -> pa.Table:
    import pyarrow as pa

    return pa.schema(
        {
            "root_id": pa.int64(),
            "nucleus_id": pa.int64(),
            "supervoxel_id": pa.int64(),
            "soma_position": pa.list_(pa.float64()),
            "soma_volume": pa.float64(),
        }
    ).empty_table()


def _no_rows() -> pa.Table:
    import pyarrow as pa

    return pa.schema(
        {"annotation_table": pa.string(), "root_id": pa.int64(), "row_id": pa.string()}
    ).empty_table()


def _field(rows: pa.Table, name: str, tables: Sequence[str]) -> Field:
    return Field(name, field_type(rows.schema.field(name).type), ", ".join(dict.fromkeys(tables)))
