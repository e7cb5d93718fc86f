"""neuPrint's `roiInfo`: the synapses of a connection in each region, as JSON in one column.

Its regions are a tree: a synapse counts in a region and in all that this one is part of. Only
regions that do not overlap sum to the weight, neuPrint's primary ones, which the file does not
name: the user does.
"""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.errors import InputError, SourceSchemaError
from loader.work.duck import identifier, literal, one_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb


def read_region_names(path: Path) -> tuple[str, ...]:
    """Read names of regions, one a line.

    Raises
    ------
    InputError
        The file cannot be read, or has no names.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--regions '{path}' cannot be read: {error}") from error
    names = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not names:
        raise InputError(f"--regions '{path}' has no names of regions", hint="one a line")
    return names


def spread(
    connection: duckdb.DuckDBPyConnection,
    column: str,
    weight: str,
    names: Sequence[str],
    where: str,
) -> None:
    """Replace each row of `source_rows` by one for each region, and one for what is in none.

    Parameters
    ----------
    connection
        DuckDB with the view `source_rows`. Afterwards it has the column `region` too, and the
        weight of a row is that in the region.
    column, weight
        The columns of JSON and of weights.
    names
        Regions that count.
    where
        The table, for messages.

    Raises
    ------
    SourceSchemaError
        A value is not such JSON, a name occurs nowhere, or regions overlap.
    """
    info, total = identifier(column), f"CAST({identifier(weight)} AS BIGINT)"
    keys = f"json_keys(nullif(trim({info}), ''))"
    bad = one_row(
        connection,
        f"SELECT count(*) AS n, any_value({info}) AS example FROM source_rows "
        f"WHERE trim({info}) <> '' AND NOT coalesce(json_valid({info}), false)",
    )
    if bad["n"]:
        raise SourceSchemaError(
            f"{where}, column '{column}': {bad['n']:,} values are not JSON, such as "
            f"{bad['example']!r}",
            hint="leave regions out with --regions none",
        )
    keys = f"list_intersect({keys}, [{', '.join(map(literal, names))}])"
    seen = connection.execute(f"SELECT DISTINCT unnest({keys}) FROM source_rows").fetchall()
    if missing := sorted(set(names) - {row[0] for row in seen}):
        raise SourceSchemaError(
            f"{where}, column '{column}': no connection has synapses in {missing[:5]}",
            hint="are these the names of this data set's regions?",
        )
    pointer = "'/' || replace(replace(k, '~', '~0'), '/', '~1') || '/post'"
    part = f"coalesce(CAST(json_extract_string({info}, {pointer}) AS BIGINT), 0)"
    each_region = f"[{{'region': k, 'part': {part}}} FOR k IN coalesce({keys}, [])]"
    parts = f"[p FOR p IN {each_region} IF p.part > 0]"
    summed = "coalesce(list_sum([p.part FOR p IN parts]), 0)"
    connection.execute("ALTER VIEW source_rows RENAME TO rows_of_pairs")
    connection.execute(
        f"CREATE VIEW parts_of_rows AS SELECT *, {parts} AS parts FROM rows_of_pairs"
    )
    over = one_row(
        connection,
        f"SELECT count(*) AS n, any_value({info}) AS example FROM parts_of_rows "
        f"WHERE {summed} > {total}",
    )
    if over["n"]:
        raise SourceSchemaError(
            f"{where}, column '{column}': the regions of {over['n']:,} connections sum to more "
            f"than the weight, because they overlap, such as {over['example']}",
            hint="name only regions that do not overlap: neuPrint's primary ones",
        )
    rest = f"{total} - CAST({summed} AS BIGINT)"
    each = (
        f"CASE WHEN {rest} > 0 OR len(parts) = 0 "
        f"THEN list_append(parts, {{'region': NULL::VARCHAR, 'part': {rest}}}) ELSE parts END"
    )
    connection.execute(
        f"CREATE VIEW source_rows AS SELECT * EXCLUDE (parts, each) "
        f"REPLACE (each.part AS {identifier(weight)}), each.region AS region "
        f"FROM (SELECT *, unnest({each}) AS each FROM parts_of_rows)"
    )
