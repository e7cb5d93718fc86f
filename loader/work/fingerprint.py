"""Checksums that do not depend on the order of rows, and give the same value on all engines.

A fingerprint is a sum over all rows. Each row adds a cube modulo a prime below 2**30; every
step stays within int64, so SQL and both dialects of Cypher get the same number. The cube
(one-to-one for this prime) is of a sum with different factors for pre and post. So a swap of
ends between rows changes the fingerprint: a cycle and its reverse differ. The Cypher version is
in `cypher/verify/`; the SQL here is for the stages on disk. Texts and lists of a graph are
checked by a SHA-256 over its columns, in the order of ids.
"""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from loader.work.duck import literal, one_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import duckdb
    import pyarrow as pa

P1, P2 = 1_073_741_789, 1_073_741_783
#: Factors of the two ids of a row in their sum.
_A, _B = 536_870_923, 402_653_189


def _weighed(first: str, second: str) -> str:
    return (
        f"(({first} % {P1}) * {_A} + {first} // {P1} "
        f"+ ({second} % {P1}) * {_B} + {second} // {P1}) % {P1}"
    )


def _cube(x: str) -> str:
    return f"(({x} * {x}) % {P1} * {x}) % {P1}"


_CONNECTIONS = f"""
WITH a AS (
    SELECT weight, size_sum, pre = post AS is_loop, {_weighed("pre", "post")} AS x
    FROM read_parquet({{path}})),
b AS (SELECT *, {_cube("x")} AS pair FROM a),
c AS (SELECT *, (pair * {_A} + weight % {P2}) % {P1} AS y,
             (pair * {_B} + size_sum % {P2}) % {P1} AS z FROM b)
SELECT count(*) AS connections,
       coalesce(sum(weight), 0)::BIGINT AS weight_sum,
       coalesce(sum(size_sum), 0)::BIGINT AS size_sum,
       coalesce(sum(pair), 0)::BIGINT AS pairs,
       coalesce(sum({_cube("y")}), 0)::BIGINT AS weights,
       coalesce(sum({_cube("z")}), 0)::BIGINT AS sizes,
       count(*) FILTER (is_loop) AS self_connections
FROM c"""

_TRANSMITTERS = f"""
WITH a AS (SELECT transmitter, {_weighed("pre", "post")} AS x FROM read_parquet({{path}}))
SELECT transmitter, count(*) AS connections, coalesce(sum({_cube("x")}), 0)::BIGINT AS pairs
FROM a GROUP BY transmitter"""

_REGIONS = f"""
WITH a AS (SELECT region, weight, {_weighed("pre", "post")} AS x FROM read_parquet({{path}})),
b AS (SELECT *, {_cube("x")} AS pair FROM a),
c AS (SELECT *, (pair * {_A} + weight % {P2}) % {P1} AS y FROM b)
SELECT region, count(*) AS connections, sum(weight)::BIGINT AS weight_sum,
       sum({_cube("y")})::BIGINT AS weights
FROM c GROUP BY region"""

#: The same for weights that are split over several rows of a pair: it is linear in the weight.
_SPREAD = f"""
WITH a AS (SELECT weight, {_weighed("pre", "post")} AS x FROM read_parquet({{path}}))
SELECT coalesce(sum((({_cube("x")}) * (weight % {P1})) % {P1}), 0)::BIGINT % {P1} AS spread
FROM a"""

_TIES = f"""
WITH a AS (SELECT {_weighed("annotation_id", "root_id")} AS x FROM read_parquet({{path}}))
SELECT count(*) AS attached, coalesce(sum({_cube("x")}), 0)::BIGINT AS ties
FROM a"""

_NEURONS = f"""
WITH n AS (
    SELECT in_synapses, out_synapses, in_partners, out_partners, autapses,
           root_id % {P1} + 1 AS root,
           (in_synapses + 3 * out_synapses + 5 * in_partners + 7 * out_partners
            + 11 * autapses) % {P2} AS mixed
    FROM read_parquet({{path}}))
SELECT count(*) AS neurons,
       coalesce(sum(in_synapses), 0)::BIGINT AS in_synapses,
       coalesce(sum(out_synapses), 0)::BIGINT AS out_synapses,
       coalesce(sum(in_partners), 0)::BIGINT AS in_partners,
       coalesce(sum(out_partners), 0)::BIGINT AS out_partners,
       coalesce(sum(autapses), 0)::BIGINT AS autapses,
       coalesce(sum(root), 0)::BIGINT AS roots,
       coalesce(sum((root * (mixed + 1)) % {P1}), 0)::BIGINT AS totals
FROM n"""


def of_connections(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, int]:
    """Compute the values of `cypher/verify/connections_checksum.cypher` from a stage."""
    return one_row(connection, _CONNECTIONS.format(path=literal(path)))


def of_transmitters(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Compute what `listed` makes of `cypher/verify/transmitters_checksum.cypher` from a stage."""
    return listed(connection.execute(_TRANSMITTERS.format(path=literal(path))).fetchall())


def of_regions(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Compute the values of `cypher/verify/regions_*.cypher` from a stage."""
    rows = connection.execute(_REGIONS.format(path=literal(path))).fetchall()
    return {"content": listed(rows), "spread": spread(connection, path)}


def spread(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Return the same number for weights by pair and for the same weights by pair and region."""
    return str(one_row(connection, _SPREAD.format(path=literal(path)))["spread"])


def listed(rows: Iterable[Sequence[object]]) -> str:
    """Return rows of a name and numbers as one text, in any order of rows."""
    texts = sorted(":".join("" if v is None else str(v) for v in row) for row in rows)
    return " ".join(texts)


def of_neurons(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, int]:
    """Compute the values of `cypher/verify/neurons_checksum.cypher` from a stage."""
    return one_row(connection, _NEURONS.format(path=literal(path)))


def of_ties(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, int]:
    """Compute the values of `cypher/verify/annotations_attached.cypher` from a stage."""
    return one_row(connection, _TIES.format(path=literal(path)))


def of_columns(table: pa.Table) -> str:
    """Return the SHA-256 of a table's contents.

    Parameters
    ----------
    table
        Columns of int64, float64, string, bool or lists of them, rows in a fixed order.

    Returns
    -------
    str
        Hexadecimal digits; they depend on the values only, not on chunks or column order.
    """
    return of_each(table.column_names, table.column)


def of_each(names: Iterable[str], column: Callable[[str], pa.ChunkedArray]) -> str:
    """Return the same as `of_columns`, with only one column in memory, read by `column`."""
    digest = hashlib.sha256()
    for name in sorted(names):
        values = column(name).combine_chunks()
        digest.update(f"{name}\0{len(values)}\0".encode())
        _add(digest, values)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, column: pa.Array) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    present = column.is_valid()
    digest.update(np.packbits(present.to_numpy(zero_copy_only=False)).tobytes())
    values = column.filter(present)
    if pa.types.is_list(values.type):
        digest.update(pc.list_value_length(values).to_numpy(zero_copy_only=False).tobytes())
        _add(digest, values.flatten())
    elif pa.types.is_string(values.type):
        digest.update(pc.binary_length(values).to_numpy(zero_copy_only=False).tobytes())
        # as bytes: in a damaged graph they may not be valid text
        digest.update(b"".join(values.cast(pa.binary()).to_pylist()))
    else:
        digest.update(values.to_numpy(zero_copy_only=False).tobytes())
