"""Rows that repeat a pair of neurons, in a table that may have summed its synapses already."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphapi.errors import SourceSchemaError
from loader.sources.rowroles import INDEX, NUCLEI
from loader.work.duck import identifier, one_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from loader.sources.idcolumns import IdColumn
    from loader.sources.rowroles import Roles


#: Rows that are always counted, and the least share of different ids, as estimated, in larger
#: tables that are not.
_MOST_COUNTED, _SURELY_DIFFERENT = 5_000_000, 0.95
#: Columns with an id of each synapse.
_OF_SYNAPSE = re.compile(r"((syn|synapse)_?)?id$", re.IGNORECASE)


def says_nothing_of_rows(types: Mapping[str, str], roles: Roles) -> bool:
    """Return whether nothing but a region could distinguish several rows of one pair."""
    if roles.rows != "pairs" or "weight" in roles.told:
        return False
    extras = {column for ours, column in roles.extras.items() if ours != "transmitter"}
    return extras.issuperset(_beside_pairs(types, roles))


def _beside_pairs(types: Mapping[str, str], roles: Roles) -> list[str]:
    """Return the columns that could distinguish rows: no fraction, and not about pairs."""
    of_pair = roles.shape.of_pair if roles.shape else ()
    known = {*roles.columns.values(), *of_pair}
    return [
        name
        for name, kind in types.items()
        if name not in known and kind not in ("FLOAT", "DOUBLE") and not INDEX.match(name)
    ]


def require_distinct(
    connection: duckdb.DuckDBPyConnection,
    types: Mapping[str, str],
    roles: Roles,
    ends: tuple[IdColumn, IdColumn],
    condition: str,
    where: str,
) -> None:
    """Refuse several rows of one pair whose other columns are equal, so distinguish nothing.

    Parameters
    ----------
    connection, types, roles
        DuckDB with the view `source_rows`, the table's columns, and how they are read.
    ends, condition, where
        Columns of pre and post, SQL of the rows that are kept, and the table, for messages.

    Raises
    ------
    SourceSchemaError
        A pair has such rows. Fractions do not distinguish rows: they go with the weight.
    """
    if roles.rows != "pairs" or "weight" in roles.told or says_nothing_of_rows(types, roles):
        return
    free = _beside_pairs(types, roles)
    if all(NUCLEI.match(name) for name in free):
        return
    there = " AND ".join(f"{end.sql} IS NOT NULL" for end in ends)
    rows = f"source_rows WHERE ({condition}) AND {there}"
    pair = [end.sql for end in ends]
    if not _repeated(connection, rows, pair):
        return
    texts = [name for name in free if types[name] == "VARCHAR"]
    fractions = (
        one_row(
            connection,
            "SELECT "
            + ", ".join(
                f"bool_and(TRY_CAST({name} AS DOUBLE) IS NOT NULL) "
                f"AND bool_or(contains({name}, '.')) AS {name}"
                for name in map(identifier, texts)
            )
            + f" FROM {rows}",
        )
        if texts
        else {}
    )
    free = [name for name in free if not fractions.get(name)]
    if repeated := _repeated(connection, rows, [*pair, *map(identifier, free)]):
        raise SourceSchemaError(
            f"{where}: {repeated:,} rows repeat a pair, and {_listed(free)} not distinguish them",
            hint="are they of different kinds, duplicates, or from files that overlap? If they "
            f"should be summed, add --column weight={roles.columns['weight']}",
        )


def _repeated(connection: duckdb.DuckDBPyConnection, rows: str, values: Sequence[str]) -> int:
    """Return how many rows have the values of an earlier one, as their hashes tell."""
    one = ", ".join(values)
    found = one_row(connection, f"SELECT count(*) - count(DISTINCT hash({one})) AS n FROM {rows}")
    return int(found["n"])


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} other columns do"
    quoted = " and ".join(f"'{name}'" for name in names)
    return f"{quoted} do{'es' if len(names) == 1 else ''}" if names else "other columns do"


def require_ids_once(
    connection: duckdb.DuckDBPyConnection,
    types: Mapping[str, str],
    roles: Roles,
    ends: tuple[IdColumn, IdColumn],
    condition: str,
    where: str,
) -> None:
    """Refuse synapses that a table has twice, as where answers that overlap were joined.

    In a table of CAVE rows with the same id and ends are one synapse, whatever else was joined to
    them; in others, rows that are equal in each column. Of large tables an estimate decides
    whether they are counted.

    Parameters
    ----------
    connection, types, roles
        DuckDB with the view `source_rows`, the table's columns, and how they are read.
    ends, condition, where
        Columns of pre and post, SQL of the rows that are kept, and the table, for messages.

    Raises
    ------
    SourceSchemaError
        Synapses occur more than once.
    """
    names = [name for name in types if _OF_SYNAPSE.match(name)]
    if roles.rows != "synapses" or "weight" in roles.told or not names:
        return
    one = identifier(names[0])
    rows = f"source_rows WHERE ({condition}) AND {one} IS NOT NULL"
    there = one_row(connection, f"SELECT count(*) AS n FROM {rows}")["n"]
    if there > _MOST_COUNTED:
        guess = one_row(connection, f"SELECT approx_count_distinct({one}) AS n FROM {rows}")["n"]
        if guess > there * _SURELY_DIFFERENT:
            return
    is_cave = "pre_pt_root_id" in types
    values = [one, *(end.sql for end in ends)] if is_cave else list(map(identifier, types))
    if repeated := _repeated(connection, rows, values):
        raise SourceSchemaError(
            f"{where}: {repeated:,} rows repeat a synapse, by its '{names[0]}'",
            hint="keep one row of each synapse: were tables joined, or answers that overlap put "
            "together? If each row is one synapse all the same, add --column weight=none",
        )


def require_each_once(
    connection: duckdb.DuckDBPyConnection, files: int, types: Mapping[str, str], roles: Roles
) -> None:
    """Refuse synapses that occur in two files: rows with an id that are equal in each column.

    Files that number their rows anew have the same ids, but not the same rows.

    Parameters
    ----------
    connection, files
        DuckDB, with the views `source_0`, `source_1`, ... and `source_rows`; how many files.
    types, roles
        The table's columns, and how they are read.

    Raises
    ------
    SourceSchemaError
        Synapses occur more than once.
    """
    names = [name for name in types if _OF_SYNAPSE.match(name)]
    if files < 2 or roles.rows != "synapses" or not names:
        return
    one = identifier(names[0])
    number = f"TRY_CAST({one} AS HUGEINT)" if types[names[0]] == "VARCHAR" else one
    both = " UNION ALL ".join(
        f"SELECT min({number}) AS low, max({number}) AS high, "
        f"count({one}) - count({number}) AS texts FROM source_{n}"
        for n in range(files)
    )
    # Mostly each file has a range of its own, and then no id can be in two.
    overlap = one_row(
        connection,
        f"""SELECT coalesce(bool_or(low <= before), false) OR sum(texts) > 0 AS there
            FROM (SELECT low, texts, max(high) OVER (ORDER BY low, high ROWS BETWEEN UNBOUNDED
                                                     PRECEDING AND 1 PRECEDING) AS before
                  FROM ({both}))""",
    )
    if not overlap["there"]:
        return
    found = one_row(
        connection,
        f"""SELECT count(*) AS n, any_value({one}) AS example
            FROM (SELECT * FROM source_rows WHERE {one} IS NOT NULL
                  GROUP BY ALL HAVING count(*) > 1)""",
    )
    if found["n"]:
        raise SourceSchemaError(
            f"{found['n']:,} synapses occur more than once in these files, such as the one with "
            f"{one} {found['example']}",
            hint="give each file once, and no files that overlap; the synapses would be counted "
            "twice",
        )


def count_once(
    connection: duckdb.DuckDBPyConnection,
    types: Mapping[str, str],
    roles: Roles,
    ends: tuple[str, str],
    kept: Sequence[str],
    where: str,
) -> int:
    """Leave out rows of the view `source_rows` that repeat a connection for another nucleus.

    Parameters
    ----------
    connection, types, roles
        DuckDB, the table's columns, and how they are read.
    ends
        SQL of pre and post.
    kept
        Columns by which rows are kept.
    where
        The table, for messages.

    Returns
    -------
    int
        How many rows were left out.

    Raises
    ------
    SourceSchemaError
        Rows of one pair may be parts of its weight, or the same weight again.
    """
    told = {*roles.columns.values(), *kept}
    free = [name for name in types if name not in told]
    if roles.rows != "pairs" or not free or not all(NUCLEI.match(name) for name in free):
        return 0
    fields = ", ".join(map(identifier, sorted(told)))
    found = one_row(
        connection,
        f"""SELECT (SELECT count(*) FROM source_rows) AS n,
                   (SELECT count(*) FROM (SELECT DISTINCT {fields} FROM source_rows)) AS once,
                   (SELECT count(*) FROM (SELECT DISTINCT {ends[0]} AS pre, {ends[1]} AS post
                                          FROM source_rows)) AS pairs""",
    )
    repeated = int(found["n"] - found["pairs"])
    if not repeated or (found["once"] != found["pairs"] and "weight" in roles.told):
        return 0
    if found["once"] != found["pairs"]:
        raise SourceSchemaError(
            f"{where}: {repeated:,} rows repeat a pair of neurons, and may be parts of its weight "
            "or the same weight again",
            hint=f"use --column weight={roles.columns['weight']} if they should be summed, or load "
            "synapse rows",
        )
    connection.execute("ALTER VIEW source_rows RENAME TO repeated_rows")
    connection.execute(f"CREATE VIEW source_rows AS SELECT DISTINCT {fields} FROM repeated_rows")
    return repeated
