"""Turn extracted rows into the contents of a graph: connections, neurons, annotations."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError, VerificationError
from graphapi.graph.materialization import Field
from loader.stages import aggregate, rowtransmitters
from loader.stages import annotations as annotationstage
from loader.stages.fieldtypes import field_type
from loader.stages.names import TOTALS
from loader.work import fingerprint
from loader.work.duck import database, identifier, literal, one_row, write_parquet
from loader.work.room import as_bytes, beside_python, require_disk
from loader.work.steps import NAMES, ROWS, RowsInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb
    import pandas as pd

    from loader.stages.only import Only
    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

#: Bytes on disk per row, at most: of sums that do not fit into memory, and of the stages.
_SPILLED_BYTES, _STAGED_BYTES = 48, 12
#: The step's name.
STEP = "aggregate"
CONNECTIONS, REGIONS = "connections.parquet", "regions.parquet"
#: The source of a neuron's transmitter, if no annotation table names any.
_SOURCE, _SPOKEN = "transmitter_source", literal("outgoing connections")


@dataclass(frozen=True)
class Stages:
    """Everything that goes into a graph, on disk.

    Parameters
    ----------
    connections
        `pre`, `post`, `weight`, `size_sum`, int64, and a column for each of
        `connection_fields`; no autapses.
    neurons
        `root_id`, ascending, and a column for each of `neuron_fields`.
    annotations
        `annotation_id`, ascending, then `annotation_table`, `row_id`, `root_id` and fields.
    annotates
        `annotation_id`, `root_id` of the rows that belong to a neuron.
    conflicts
        `root_id`, `field`, `values`, `chosen`.
    reading
        How each source was read, and what was left out on request.
    connection_fields
        What connections have besides weight and size.
    regions
        `pre`, `post`, `region`, `weight`: the weight of each connection by region; None where
        the source has no regions.
    region_names
        All regions, in alphabetical order.
    """

    connections: Path
    neurons: Path
    annotations: Path
    annotates: Path
    conflicts: Path
    annotation_fields: tuple[Field, ...]
    neuron_fields: tuple[Field, ...]
    counts: dict[str, int]
    checksums: dict[str, str]
    notes: tuple[str, ...]
    has_size: bool
    reading: dict[str, Any]
    connection_fields: tuple[Field, ...] = ()
    regions: Path | None = None
    region_names: tuple[str, ...] = ()

    @property
    def synthetic(self) -> bool:
        """Return whether any file that was read is marked as synthetic."""
        tables = [self.reading.get("connections", {}), *self.reading.get("annotations", [])]
        return any(table.get("synthetic") for table in tables)

    def conflict_frame(self) -> pd.DataFrame:
        """Read the conflicts."""
        import pyarrow.parquet as pq

        frame: pd.DataFrame = pq.read_table(self.conflicts).to_pandas()
        return frame


def make(
    workspace: Workspace, min_size: float | None, settings: Settings, only: Only | None = None
) -> Stages:
    """Finish the steps `annotations` and `aggregate`, and return the result.

    Raises
    ------
    InputError
        `min_size` is set, but the rows have no sizes.
    VerificationError
        The number of rows differs from the source's own count.
    LoadError
        Memory or disk was not enough.
    """
    annotationstage.stage(workspace, only)
    if not workspace.is_done(STEP):
        noted = workspace.info(ROWS)
        rows = RowsInfo(**{**noted, "paths": tuple(noted["paths"])})
        if min_size is not None and "size" not in rows.columns:
            raise InputError(
                "min_size is set, but the rows have no synapse sizes",
                hint="leave out min_size, or load synapse rows that have sizes",
            )
        _aggregate(workspace, rows, min_size, settings)
    made = _read(workspace)
    return made if only is None else replace(made, reading={**made.reading, "only": only.text})


def _aggregate(
    workspace: Workspace, info: RowsInfo, min_size: float | None, settings: Settings
) -> None:
    import pyarrow.parquet as pq

    rule = aggregate.Rule(info.layout, min_size, info.one_is_unresolved)
    sources = [str(p) for p in (info.paths or workspace.files(ROWS))]
    _require_room(workspace, sources, settings)
    with (
        settings.bar("Summing synapses", 4, unit="steps") as bar,
        database(
            workspace.scratch(),
            memory_limit=beside_python(settings.memory_limit),
            threads=settings.threads,
        ) as connection,
    ):
        counts, notes = _write_connections(connection, workspace, sources, info, rule)
        bar.advance()
        if info.rows_counted not in (None, counts["rows"]):
            raise VerificationError(
                f"{counts['rows']:,} rows were read, but the source counts {info.rows_counted:,}",
                hint="load again; the source may have changed during the load",
            )
        neuron_fields = _write_neurons(connection, workspace)
        if "transmitter" in {f.name for f in neuron_fields}:
            sql = f"SELECT count(transmitter) AS n FROM {_file(workspace, 'neurons.parquet')}"
            counts["neurons_with_transmitter"] = one_row(connection, sql)["n"]
        bar.advance()
        _write_annotates(connection, workspace)
        bar.advance()
        checksums = _checksums(connection, workspace, info)
        if int(checksums["connections.weight_sum"]) != counts["synapses_kept"]:
            raise VerificationError(
                f"{counts['synapses_kept']:,} synapses were kept, but the weights of all "
                f"connections sum to {checksums['connections.weight_sum']}",
                hint="this is a bug; please report it",
            )
        bar.advance()
    has_transmitters = "transmitter" in pq.read_schema(workspace.folder / CONNECTIONS).names
    connection_fields = [asdict(Field("transmitter", "string"))] if has_transmitters else []
    names = None
    if "region" in info.extras:
        found = pq.read_table(workspace.folder / REGIONS, columns=["region"])
        names = sorted(found["region"].unique().to_pylist())
        counts["connections_in_regions"] = found.num_rows
    workspace.finish(
        STEP,
        [
            "connections.parquet",
            "neurons.parquet",
            "annotates.parquet",
            *([REGIONS] if "region" in info.extras else []),
        ],
        {
            "counts": counts,
            "notes": notes,
            "connection_fields": connection_fields,
            "regions": names,
            "neuron_fields": [asdict(f) for f in neuron_fields],
            "checksums": checksums,
            "has_size": info.has_size,
        },
    )


def _require_room(workspace: Workspace, sources: Sequence[str], settings: Settings) -> None:
    """Refuse rows whose sums do not fit on the disk."""
    import pyarrow.parquet as pq

    rows = sum(pq.read_metadata(source).num_rows for source in sources)
    summed = rows * _SPILLED_BYTES
    spilled = summed if summed > as_bytes(settings.memory_limit) else 0
    require_disk(
        workspace.folder,
        spilled + rows * _STAGED_BYTES,
        f"{rows:,} rows",
        "choose another disk with --work, or keep fewer connections with --only",
    )


def _write_connections(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    sources: Sequence[str],
    info: RowsInfo,
    rule: aggregate.Rule,
) -> tuple[dict[str, int], list[str]]:
    import ibis

    backend = ibis.duckdb.from_connection(connection)
    table = backend.read_parquet(sources, table_name="rows")
    rows = table.select(
        **{
            ours: _column(table, ours, theirs)
            for ours, theirs in {**info.columns, **info.extras}.items()
        }
    )
    if "region" in info.extras:
        rows = aggregate.with_region(rows)
    rows, notes = rowtransmitters.with_votes(backend, rows, info, rule)
    listed = [p for p in workspace.files(annotationstage.STEP) if p.name == "only.parquet"]
    if listed:
        chosen = backend.read_parquet(str(listed[0]), table_name="chosen")
        ends = [rows[end].isin(chosen["root_id"]) for end in ("pre", "post")]
        rows = rows.mutate(inside=ends[0] & ends[1])
    fates = backend.to_pyarrow(aggregate.fates(rows, rule)).to_pylist()
    counts, first = _counts(fates, rule), aggregate.first_of_near(fates)
    if not listed:
        del counts["rows_outside"]
    for name, rows_left_out in (("filtered", info.rows_filtered), ("repeated", info.rows_repeated)):
        if rows_left_out:
            counts[f"rows_{name}"] = rows_left_out
            counts["rows"] += rows_left_out
    if "region" in info.extras:
        backend.create_table(
            "parts", aggregate.pairs(rows, rule, by_region=True, first=first), temp=True
        )
        parts = backend.table("parts")
        backend.create_table("pairs", aggregate.over_regions(parts), temp=True)
        regions = aggregate.connections(parts).select("pre", "post", "region", "weight")
        with workspace.new_file(REGIONS) as path:
            sql = ibis.to_sql(regions.order_by(["pre", "post", "region"]), dialect="duckdb")
            write_parquet(connection, sql, path)
        connection.execute("DROP TABLE parts")  # its room is needed
    else:
        backend.create_table("pairs", aggregate.pairs(rows, rule, first=first), temp=True)
    summed = backend.table("pairs")
    # Sorted, they load a third faster into the embedded engine, and equal loads give equal files.
    edges = aggregate.with_transmitter(aggregate.connections(summed)).order_by(["pre", "post"])
    notes += rowtransmitters.disputed(connection, summed, info)
    with workspace.new_file("connections.parquet") as path:
        write_parquet(connection, ibis.to_sql(edges, dialect="duckdb"), path)
    connection.execute(f"CREATE VIEW merged AS SELECT * FROM {_file(workspace, 'merged.parquet')}")
    connection.execute(f"CREATE VIEW somata AS SELECT * FROM {_file(workspace, 'somata.parquet')}")
    connection.execute(
        "CREATE VIEW known AS SELECT root_id FROM merged UNION SELECT root_id FROM somata"
    )
    backend.create_table("totals", aggregate.totals(summed, backend.table("known")), temp=True)
    if rowtransmitters.votes(summed):
        backend.create_table("spoken", aggregate.transmitters(summed), temp=True)
    return counts, notes


def _column(table: Any, ours: str, theirs: str) -> Any:
    # Sizes and flags keep their type; everything else is whole numbers.
    if ours in ("region", "transmitter"):
        return table[theirs].cast("string")
    if ours.startswith(aggregate.SCORE):
        return table[theirs].cast("float64")
    return table[theirs] if ours in ("size", "valid") else table[theirs].cast("int64")


def _counts(fates: Sequence[Mapping[str, Any]], rule: aggregate.Rule) -> dict[str, int]:
    by_fate = {row["fate"]: row for row in fates}
    counts = {f"rows_{fate}": by_fate.get(fate, {}).get("rows", 0) for fate in aggregate.FATES}
    counts["rows"] = sum(counts.values())
    if rule.layout == "pairs":
        counts["synapses_kept"] = by_fate.get("kept", {}).get("synapses", 0)
        counts["synapses_autapse"] = by_fate.get("autapse", {}).get("synapses", 0)
    else:
        counts["synapses_kept"] = counts["rows_kept"]
        counts["synapses_autapse"] = counts["rows_autapse"]
    return counts


def _write_neurons(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> tuple[Field, ...]:
    import pyarrow.parquet as pq

    merged = [Field(**f) for f in workspace.info(annotationstage.STEP)["merged_fields"]]
    has_somata = one_row(connection, "SELECT count(*) AS n FROM somata")["n"] > 0
    has_names = workspace.is_done(NAMES)
    columns = ["t.root_id"]
    if has_names:
        connection.execute(
            f"CREATE VIEW names AS SELECT * FROM {_file(workspace, 'names.parquet')}"
        )
        columns.append("names.name")
    has_own = "transmitter" in {f.name for f in merged}
    tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    spoken = not has_own and ("spoken",) in tables
    somatic = {"nucleus_id"} if has_somata else set()
    columns += [f"m.{identifier(f.name)}" for f in merged if f.name.lower() not in somatic]
    supervoxel = "coalesce(m.supervoxel_id, s.supervoxel_id)"
    joins = "LEFT JOIN merged m USING (root_id) LEFT JOIN somata s USING (root_id)"
    if one_row(connection, f"SELECT count({supervoxel}) AS n FROM totals {joins}")["n"]:
        columns.append(f"{supervoxel} AS supervoxel_id")
    if has_somata:
        columns += ["s.nucleus_id", "s.soma_position", "s.soma_volume"]
    columns += [f"t.{name}" for name in TOTALS]
    if spoken:
        columns += ["k.transmitter", f"if(k.transmitter IS NULL, NULL, {_SPOKEN}) AS {_SOURCE}"]
        joins += " LEFT JOIN spoken k USING (root_id)"
    if has_names:
        joins += " LEFT JOIN names USING (root_id)"
    sql = f"SELECT {', '.join(columns)} FROM totals t {joins} ORDER BY t.root_id"
    with workspace.new_file("neurons.parquet") as path:
        write_parquet(connection, sql, path)
    sources = {f.name: f.source for f in merged if f.name.lower() not in somatic}
    schema = pq.read_schema(workspace.folder / "neurons.parquet")
    return tuple(
        Field(name, field_type(schema.field(name).type), sources.get(name, ""))
        for name in schema.names
        if name != "root_id"
    )


def _write_annotates(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    rows = _file(workspace, "annotations.parquet")
    with workspace.new_file("annotates.parquet") as path:
        write_parquet(
            connection,
            f"SELECT annotation_id, root_id FROM {rows} WHERE root_id IS NOT NULL",
            path,
        )


def _checksums(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, info: RowsInfo
) -> dict[str, str]:
    import pyarrow.parquet as pq

    folder = workspace.folder
    sums = {
        **_prefixed(
            "connections", fingerprint.of_connections(connection, folder / "connections.parquet")
        ),
        **_prefixed("neurons", fingerprint.of_neurons(connection, folder / "neurons.parquet")),
        **_prefixed("annotations", fingerprint.of_ties(connection, folder / "annotates.parquet")),
    }
    if "transmitter" in pq.read_schema(folder / CONNECTIONS).names:
        found = fingerprint.of_transmitters(connection, folder / CONNECTIONS)
        sums["connections.transmitters"] = found
    if "region" in info.extras:
        sums |= _prefixed("regions", fingerprint.of_regions(connection, folder / REGIONS))
        spread = fingerprint.spread(connection, folder / CONNECTIONS)
        if spread != sums["regions.spread"]:
            raise VerificationError(
                "the weights by region do not sum to the weights of the connections",
                hint="this is a bug; please report it",
            )
    for name in ("annotations", "neurons"):
        sums[f"{name}.content"] = _content(folder / f"{name}.parquet")
    sums["annotations.rows"] = str(pq.read_metadata(folder / "annotations.parquet").num_rows)
    return sums


def _content(path: Path) -> str:
    """Compute a stage's checksum column by column, to stay within the memory limit."""
    import pyarrow.parquet as pq

    names = pq.read_schema(path).names
    return fingerprint.of_each(names, lambda name: pq.read_table(path, columns=[name])[name])


def _prefixed(prefix: str, values: Mapping[str, object]) -> dict[str, str]:
    return {f"{prefix}.{name}": str(value) for name, value in values.items()}


def _read(workspace: Workspace) -> Stages:
    rows, described = workspace.info(STEP), workspace.info(annotationstage.STEP)
    folder = workspace.folder
    counts = dict(rows["counts"])
    counts["annotation_rows"] = int(rows["checksums"]["annotations.rows"])
    counts["annotation_rows_attached"] = int(rows["checksums"]["annotations.attached"])
    counts["annotation_conflicts"] = described["conflicts"]
    if described["rows_outside"]:
        counts["annotation_rows_outside"] = described["rows_outside"]
    counts["neurons"] = int(rows["checksums"]["neurons.neurons"])
    counts["connections"] = int(rows["checksums"]["connections.connections"])
    return Stages(
        connections=folder / "connections.parquet",
        neurons=folder / "neurons.parquet",
        annotations=folder / "annotations.parquet",
        annotates=folder / "annotates.parquet",
        conflicts=folder / "conflicts.parquet",
        annotation_fields=tuple(Field(**f) for f in described["fields"]),
        neuron_fields=tuple(Field(**f) for f in rows["neuron_fields"]),
        counts=counts,
        checksums=rows["checksums"],
        connection_fields=tuple(Field(**f) for f in rows["connection_fields"]),
        regions=folder / REGIONS if rows["regions"] is not None else None,
        region_names=tuple(rows["regions"] or ()),
        notes=(*described["notes"], *rows["notes"]),
        has_size=rows["has_size"],
        reading=_reading(workspace.info(ROWS)["reading"], described["reading"]),
    )


def _reading(rows: dict[str, Any], annotations: list[dict[str, Any]]) -> dict[str, Any]:
    found = {"connections": rows, "annotations": annotations}
    return {name: value for name, value in found.items() if value}


def _file(workspace: Workspace, name: str) -> str:
    return f"read_parquet({literal(workspace.folder / name)})"
