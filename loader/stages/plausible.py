"""Check that the stages are plausible, before anything is written.

Comparing sums with the source cannot show that we misread a column. Annotation rows create neurons,
so a table from another version or data set would load without an error, but its neurons would have
no connections. Several rows of one pair, with no column that distinguishes them, may be of
different kinds. Connections that all occur in both directions are hardly directed.
"""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from graphapi.errors import SourceSchemaError
from loader.work.duck import database, literal, one_row

if TYPE_CHECKING:
    from loader.stages.make import Stages

#: Least share of common neurons, relative to the smaller side.
_LEAST = 0.1
#: In fewer connections, equal weights in both directions may be chance.
_MANY = 10


def check_plausible(made: Stages, *, force_annotations: bool = False) -> Stages:
    """Check the rows of each pair, and the annotations; see `check_overlap`.

    Raises
    ------
    SourceSchemaError
        A pair has several rows and no column distinguishes them, or annotations do not belong to
        the connections.
    """
    rows = made.reading.get("connections", {})
    unique = "connections_in_regions" if made.regions else "connections"
    repeated = made.counts["rows_kept"] - made.counts[unique]
    if rows.get("one_row_a_pair") and repeated > 0:
        raise SourceSchemaError(
            f"'{rows['files'][0]}': {repeated:,} rows repeat a pair"
            f"{' in the same region' if made.regions else ''}, and no column distinguishes them",
            hint="are they of different kinds, duplicates, or from files that overlap? If they "
            f"should be summed, add --column weight={rows['columns']['weight']}",
        )
    return check_overlap(_with_note_if_symmetric(made), force=force_annotations)


def _with_note_if_symmetric(made: Stages) -> Stages:
    """Note that all connections occur in both directions, as in undirected tables."""
    if made.counts["connections"] < _MANY:
        return made
    with database() as connection:
        # Each pair occurs once, so equal halves cancel out, and nothing else does.
        found = one_row(
            connection,
            f"""SELECT count(*) AS n, bit_xor(hash(least(pre, post), greatest(pre, post), weight))
                       = 0 AND 2 * count(*) FILTER (pre < post) = count(*) AS both
                FROM read_parquet({literal(made.connections)})""",
        )
    if not found["both"]:
        return made
    note = (
        f"each of the {found['n']:,} connections also occurs in the other direction with the same "
        "weight, as where gap junctions or undirected connections are listed, or chemical ones "
        "twice; upstream and downstream partners are then the same"
    )
    return replace(made, notes=(*made.notes, note))


def check_overlap(made: Stages, *, force: bool = False) -> Stages:
    """Count the neurons that have annotations, connections, or both.

    Parameters
    ----------
    made
        The stages.
    force
        Accept annotations even if few of their neurons have connections.

    Returns
    -------
    Stages
        With the counts `neurons_annotated`, `neurons_annotated_unconnected` and
        `neurons_unannotated`, and for each annotation table in `reading` the number of its
        `neurons` and how many of them are `connected`. Unchanged if there are no annotations.

    Raises
    ------
    SourceSchemaError
        No row of a file has the id of a neuron; or fewer than a tenth of its neurons have
        connections, and fewer than a tenth of the connected neurons are in it.
    """
    if not made.counts["annotation_rows"]:
        return made
    with database() as connection:
        connection.execute(
            f"""CREATE VIEW n AS
                SELECT root_id, in_partners + out_partners + autapses > 0 AS connected
                FROM read_parquet({literal(made.neurons)})"""
        )
        connection.execute(
            f"""CREATE VIEW a AS SELECT DISTINCT annotation_table, root_id
                FROM read_parquet({literal(made.annotations)})"""
        )
        counts = one_row(
            connection,
            """SELECT count(*) FILTER (annotated) AS neurons_annotated,
                      count(*) FILTER (annotated AND NOT connected)
                          AS neurons_annotated_unconnected,
                      count(*) FILTER (NOT annotated) AS neurons_unannotated,
                      count(*) FILTER (connected) AS connected
               FROM (SELECT connected, annotated IS NOT NULL AS annotated FROM n
                     LEFT JOIN (SELECT DISTINCT root_id AS annotated FROM a)
                     ON root_id = annotated)""",
        )
        tables = connection.execute(
            """SELECT annotation_table, count(n.root_id), count(*) FILTER (connected)
               FROM a LEFT JOIN n USING (root_id) GROUP BY 1"""
        ).fetchall()
    there = counts.pop("connected")
    met = {name: (neurons, connected) for name, neurons, connected in tables}
    described = []
    for told in made.reading.get("annotations", []):
        neurons, connected = met.get(told["table"], (0, 0))
        if told["table"] in met and not force:
            _require(told, neurons, connected, there)
        described.append({**told, "neurons": neurons, "connected": connected})
    reading = {**made.reading, **({"annotations": described} if described else {})}
    return replace(made, counts={**made.counts, **counts}, reading=reading)


def _require(told: dict[str, object], neurons: int, connected: int, there: int) -> None:
    smaller = min(neurons, there)
    if not there or (neurons and connected >= _LEAST * smaller):
        return
    raise SourceSchemaError(
        f"annotations '{told['table']}' do not belong to these connections: {connected:,} of their "
        f"{neurons:,} neurons have a connection (ids from column '{told['id_column']}')",
        hint="is the table from another version or data set? Name its id column with "
        "--annotation-column root_id=NAME, or load it anyway with --force-annotations",
    )
