"""Write a graph to a Neo4j server, which holds one graph at a time.

The community edition has one database, so a new graph cannot be built beside the old one. Instead,
during a load the database has a mark of the load and no complete record, and a graph without a
complete record cannot be read. The old graph is deleted in batches, its record first; the new
record becomes complete only after everything is verified.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from graphapi.engines.neo4j import Neo4jEngine
from graphapi.engines.queries import catalog
from graphapi.errors import GraphFileError, GraphIncompleteError, VerificationError
from graphapi.graph.materialization import Materialization, read_materialization
from loader.checks.indexes import SCHEMA, refuse_indexes_in_the_way
from loader.checks.verify import VerifyReport, verify_against
from loader.stages.record import record_params
from loader.work.parquet import reading
from loader.writers.base import Existing
from loader.writers.neo4j_explore import make_explorable, with_display_names
from loader.writers.neo4j_hold import Hold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loader.stages.make import Stages
    from loader.work.settings import Settings


class Neo4jWriter:
    """Writes one graph to one Neo4j database.

    Parameters
    ----------
    uri
        `bolt://` or `neo4j://`, also with `+s` or `+ssc`.
    user, password, database
        See `graphapi.engines.neo4j`, also for environment variables.
    """

    def __init__(
        self,
        uri: str,
        *,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
    ) -> None:
        self._engine = Neo4jEngine.connect(
            uri, user=user, password=password, database=database, read_only=False
        )
        self.uri = self._engine.uri
        self._hold = Hold(self._engine, database or "")

    def take(self) -> None:
        """Lock the database; see `loader.writers.base.Writer`."""
        self.existing()  # before anything is written: refuse a database that is not ours
        self._hold.take()
        self.existing()

    def existing(self) -> Existing | None:
        """Return what is in the database.

        Raises
        ------
        GraphFileError
            There are :Neuron or :Annotation nodes that cavegraph did not make; they are never
            deleted.
        """
        counts, marks = self._engine.counts(), self._marks()
        if not any(counts.values()):
            return None
        if counts["Materialization"] == 0 and not marks:
            raise GraphFileError(
                f"'{self.uri}' holds {counts['Neuron']:,} :Neuron and {counts['Annotation']:,} "
                ":Annotation nodes that were not made by cavegraph",
                hint="use another database, or delete these nodes yourself",
            )
        try:
            # A complete record means a whole graph, even with a mark: the record is deleted first.
            record = read_materialization(self._engine)
        except (GraphFileError, GraphIncompleteError):
            what = "a graph whose load is running or was interrupted"
            return Existing(None, what, marks[0] if marks else "")
        return Existing(record, f"{record.datastack} at version {record.version}")

    def write(self, stages: Stages, record: Materialization, settings: Settings) -> None:
        """Replace the graph; see `loader.writers.base.Writer`."""
        queries = catalog()
        refuse_indexes_in_the_way(self._engine.indexes(), record.neuron_fields)
        for name in SCHEMA:
            self._engine.write(queries[name])
        self._hold.write(queries["mark_load"], {"load_id": record.load_id})
        self._drop_graph()
        self._hold.write(queries["write_record"], record_params(record, "loading"))
        self._fill(stages, settings)
        make_explorable(self._engine, record.neuron_fields)

    def verify(self, record: Materialization) -> VerifyReport:
        """Compare the database with the record; a wrong graph stays unreadable."""
        report = verify_against(self._engine, record)
        if not report.ok:
            self._hold.check()  # another load may have replaced the graph
        report.raise_if_wrong()
        return report

    def publish(self, record: Materialization) -> None:
        """Complete the record, in a transaction that also checks that we still hold the mark."""
        complete(self._hold, record, "loading")

    def close(self) -> None:
        """Unlock the database, and close the connections."""
        self._hold.release()
        self._engine.close()

    def _drop_graph(self) -> None:
        """Delete only our labels, in batches; the record goes first.

        So a graph whose deletion was interrupted has no record, and cannot be read.
        """
        for part in ("record", "regions", "connections", "annotations", "neurons"):
            query = catalog()[f"drop_{part}"]
            while self._hold.write(query).to_pylist()[0]["gone"]:
                pass

    def _fill(self, stages: Stages, settings: Settings) -> None:
        for query, title, path in (
            ("write_neurons", "Writing neurons", stages.neurons),
            ("write_connections", "Writing connections", stages.connections),
            ("write_regions", "Writing regions", stages.regions),
            ("write_annotations", "Writing annotations", stages.annotations),
            ("write_annotates", "Attaching annotations", stages.annotates),
        ):
            if path is None:
                continue
            with _batches(path) as (rows, batches), settings.bar(title, rows) as bar:
                named = with_display_names(batches) if query == "write_neurons" else batches
                self._hold.write_batches(catalog()[query], named, bar)

    def _marks(self) -> list[str]:
        found: list[str] = self._engine.run(catalog()["marked_loads"]).column("load_id").to_pylist()
        return found


def complete(hold: Hold, record: Materialization, status: str) -> None:
    """Make a graph readable whose record has this status.

    Raises
    ------
    VerificationError
        The record is not the one that this load wrote; the graph stays unreadable.
    """
    written = {"load_id": record.load_id, "status": status, "record": record.to_json()}
    answer = hold.write(catalog()["complete_record"], written)
    if answer.to_pylist() != [{"published": True}]:
        raise VerificationError(
            "the graph's record was changed during the load",
            hint="run the same load again with --replace",
        )


@contextmanager
def _batches(path: Path) -> Iterator[tuple[int, Any]]:
    """Open a stage, to be read batch by batch."""
    with reading(path) as file:
        yield file.metadata.num_rows, file.iter_batches(batch_size=10_000)
