"""Write the files that `neo4j-admin database import full` reads.

Nodes get dense numbers as `:ID`, because the tool refuses integer ids of 2**56 and more; `root_id`
is a property. CSV has no null: for the tool, an empty field is no property and a quoted empty field
is an empty text, which is how DuckDB writes them. CSV has no empty lists either, no lists with
empty or unusual items, and no property names with a character of the header's own: such data are
refused, and load over Bolt.
"""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.errors import LoadError
from loader.stages.displaynames import DISPLAY_NAME
from loader.stages.record import record_params
from loader.work.duck import identifier, literal, one_row
from loader.work.parquet import reading
from loader.writers.neo4j_explore import with_display_names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb

    from graphapi.graph.materialization import Field, Materialization
    from loader.stages.make import Stages

#: Status of a graph whose files were imported but not verified yet.
IMPORTED = "imported"
#: The character between the values of a list, as the tool and as SQL write it.
LIST_SEPARATOR = "U+001F"
_SEPARATOR = "chr(31)"
#: Characters that end a property name in a header.
_OF_HEADERS = frozenset(":{}()")
_TYPES = {
    "int": "long",
    "float": "double",
    "string": "string",
    "bool": "boolean",
    "list[int]": "long[]",
    "list[float]": "double[]",
    "list[string]": "string[]",
}


@dataclass(frozen=True)
class Part:
    """One kind of node or relationship among the files.

    Parameters
    ----------
    option
        Option of the tool, such as `--nodes=Neuron`.
    header, rows
        File names within the folder.
    columns
        Fields of the header.
    sql
        Query for the rows, with columns in the header's order.
    """

    option: str
    header: str
    rows: str
    columns: tuple[str, ...]
    sql: str


def parts(stages: Stages, record: Materialization) -> list[Part]:
    """Return the parts: neurons, connections, annotation rows, their relationships, the record."""
    annotations = f"read_parquet({literal(stages.annotations)})"
    neuron_fields = [("root_id", "int"), *_pairs(stages.neuron_fields), (DISPLAY_NAME, "string")]
    annotation_fields = [("annotation_id", "int"), *_pairs(stages.annotation_fields)]
    edge_fields = [("weight", "int"), ("size_sum", "int"), *_pairs(stages.connection_fields)]
    tie = f"FROM read_parquet({literal(stages.connections)}) c"
    return [
        _nodes("Neuron", neuron_fields, "named_neurons ORDER BY root_id", "root_id"),
        Part(
            "--relationships=CONNECTS",
            "connects-header.csv",
            "connects.csv",
            (":START_ID(Neuron)", ":END_ID(Neuron)", *_typed(edge_fields)),
            f"SELECT a.n, b.n, {', '.join('c.' + identifier(n) for n, _ in edge_fields)} {tie} "
            "JOIN numbers a ON a.root_id = c.pre JOIN numbers b ON b.root_id = c.post",
        ),
        *_regions(stages),
        _nodes("Annotation", annotation_fields, annotations, "annotation_id"),
        Part(
            "--relationships=ANNOTATES",
            "annotates-header.csv",
            "annotates.csv",
            (":START_ID(Annotation)", ":END_ID(Neuron)"),
            f"SELECT t.annotation_id, n.n FROM read_parquet({literal(stages.annotates)}) t "
            "JOIN numbers n USING (root_id)",
        ),
        _record_part(record),
    ]


def _regions(stages: Stages) -> list[Part]:
    if stages.regions is None:
        return []
    return [
        Part(
            "--relationships=CONNECTS_IN",
            "connects-in-header.csv",
            "connects-in.csv",
            (":START_ID(Neuron)", ":END_ID(Neuron)", "region:string", "weight:long"),
            "SELECT a.n, b.n, c.region, c.weight "
            f"FROM read_parquet({literal(stages.regions)}) c "
            "JOIN numbers a ON a.root_id = c.pre JOIN numbers b ON b.root_id = c.post",
        )
    ]


def write_part(connection: duckdb.DuckDBPyConnection, folder: Path, part: Part) -> int:
    """Write the two files of a part; return the number of rows."""
    header = ",".join(_csv(name) for name in part.columns)
    (folder / part.header).write_text(header + "\n", encoding="utf-8")
    return int(
        one_row(
            connection,
            f"COPY ({part.sql}) TO {literal(folder / part.rows)} "
            "(FORMAT csv, HEADER false, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '')",
        )["Count"]
    )


def name_neurons(connection: duckdb.DuckDBPyConnection, stages: Stages) -> None:
    """Make a table of neurons with display names; see `loader.writers.neo4j_explore`."""
    import pyarrow as pa

    with reading(stages.neurons) as file:
        schema = file.schema_arrow.append(pa.field(DISPLAY_NAME, pa.string()))
        reader = pa.RecordBatchReader.from_batches(schema, with_display_names(file.iter_batches()))
        connection.register("named", reader)
        connection.execute("CREATE TEMP TABLE named_neurons AS SELECT * FROM named")
        connection.unregister("named")


def number_neurons(connection: duckdb.DuckDBPyConnection, stages: Stages) -> None:
    """Make a table of each neuron's dense number, in the order of root ids."""
    connection.execute(
        "CREATE TEMP TABLE numbers AS SELECT root_id, row_number() OVER (ORDER BY root_id) - 1 "
        f"AS n FROM read_parquet({literal(stages.neurons)})"
    )


def refuse_awkward_data(connection: duckdb.DuckDBPyConnection, stages: Stages) -> None:
    """Refuse names and values that CSV cannot hold; they load over Bolt.

    Raises
    ------
    LoadError
        A list is empty, has a missing value, or has a text that contains the separator; or a
        field's name contains a character that ends a name in a header.
    """
    for field in (*stages.neuron_fields, *stages.annotation_fields):
        if signs := sorted(_OF_HEADERS & set(field.name)):
            raise LoadError(
                f"field '{field.name}': files for neo4j-admin cannot hold a name with "
                f"{' '.join(signs)}",
                hint="rename the column, or load over Bolt: --to bolt://...",
            )
    for path, fields in (
        (stages.neurons, stages.neuron_fields),
        (stages.annotations, stages.annotation_fields),
    ):
        for field in fields:
            if not field.type.startswith("list["):
                continue
            column = identifier(field.name)
            bad = one_row(
                connection,
                f"SELECT count(*) AS n FROM read_parquet({literal(path)}) WHERE len({column}) = 0 "
                f"OR list_count({column}) < len({column}) "
                f"OR list_contains(CAST({column} AS VARCHAR[]), '') "
                f"OR contains(array_to_string({column}, ''), {_SEPARATOR})",
            )["n"]
            if bad:
                raise LoadError(
                    f"field '{field.name}': {bad:,} lists are empty, or have an empty or unusual "
                    "item, which files for neo4j-admin cannot contain",
                    hint="load this datastack over Bolt: --to bolt://...",
                )


def has_line_breaks(connection: duckdb.DuckDBPyConnection, stages: Stages) -> bool:
    """Return whether a text has a line break; the tool reads such files more slowly."""
    for path, fields in (
        (stages.neurons, stages.neuron_fields),
        (stages.annotations, stages.annotation_fields),
    ):
        texts = [identifier(f.name) for f in fields if "string" in f.type]
        if not texts:
            continue
        test = " OR ".join(f"regexp_matches(CAST({t} AS VARCHAR), '[\\n\\r]')" for t in texts)
        sql = f"SELECT count(*) AS n FROM read_parquet({literal(path)}) WHERE {test}"
        if one_row(connection, sql)["n"]:
            return True
    return False


def _nodes(label: str, fields: Iterable[tuple[str, str]], rows: str, order: str) -> Part:
    fields = list(fields)
    number = f"row_number() OVER (ORDER BY {order}) - 1" if label == "Neuron" else order
    name = label.lower()
    return Part(
        f"--nodes={label}",
        f"{name}s-header.csv",
        f"{name}s.csv",
        (f":ID({label})", *_typed(fields)),
        f"SELECT {number}, {', '.join(_value(c, k) for c, k in fields)} FROM {rows}",
    )


def _value(name: str, kind: str) -> str:
    column = identifier(name)
    if kind == "list[float]":  # Java reads 'Infinity', not 'inf'; a list has no NaN
        return f"replace(array_to_string({column}, {_SEPARATOR}), 'inf', 'Infinity')"
    if kind.startswith("list["):
        return f"array_to_string({column}, {_SEPARATOR})"
    if kind == "float":
        return (
            f"CASE WHEN isnan({column}) THEN 'NaN' WHEN isinf({column}) "
            f"THEN if({column} > 0, 'Infinity', '-Infinity') ELSE CAST({column} AS VARCHAR) END"
        )
    return column


def _record_part(record: Materialization) -> Part:
    values = {"slot": "graph", **record_params(record, IMPORTED)}
    kinds = {bool: "boolean", int: "long", str: "string"}
    columns = tuple(f"{name}:{kinds[type(value)]}" for name, value in values.items())
    selected = [
        literal(value) if isinstance(value, str) else str(value) for value in values.values()
    ]
    return Part(
        "--nodes=Materialization",
        "materialization-header.csv",
        "materialization.csv",
        (":ID(Materialization)", *columns),
        f"SELECT 0, {', '.join(selected)}",
    )


def _typed(fields: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"{column}:{_TYPES[kind]}" for column, kind in fields)


def _pairs(fields: Iterable[Field]) -> list[tuple[str, str]]:
    return [(field.name, field.type) for field in fields]


def _csv(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
