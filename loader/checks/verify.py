"""Check that a graph holds what was loaded; this works at any time.

A load computes counts, sums and fingerprints from its stages on disk. Before it publishes the
graph, it compares them with the database. It keeps them in the graph's record, so that they can
be compared again later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from graphapi.common.progress import Progress
from graphapi.engines.queries import catalog
from graphapi.errors import VerificationError
from graphapi.graph.materialization import read_materialization
from graphapi.graph.ranges import looked_up, summed, summed_by
from loader.checks.indexes import missing_indexes
from loader.stages.displaynames import DISPLAY_NAME, display_names
from loader.stages.record import checksum_of, record_params
from loader.work.fingerprint import P1, listed, of_columns, of_each

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from graphapi.engines.base import Engine
    from graphapi.engines.neo4jindexes import Index
    from graphapi.graph.materialization import Materialization

#: Number of steps of all checks.
_STEPS = 11
#: Largest number of neurons whose properties are read from a file all at once.
_READ_AT_ONCE = 1_000_000
#: Values that must be zero in every graph.
_ZERO = (
    "connections.self_connections",
    "neurons.wrong_out_totals",
    "neurons.wrong_in_totals",
    "annotations.misattached",
    "neurons.not_found",
    "annotations.not_found",
    "neurons.misnamed",
    "indexes.missing",
)
#: Checks of what not every graph has.
_REGIONS = "regions.content"
_OPTIONAL = (
    "connections.transmitters", "regions.content", "regions.spread", "regions.unequal"
)  # fmt: skip
_MEANING = {
    "connections.connections": "number of connections",
    "connections.weight_sum": "sum of weights",
    "connections.size_sum": "sum of sizes",
    "connections.pairs": "which neurons are connected, and in which direction",
    "connections.weights": "the weight of each connection",
    "connections.sizes": "the size of each connection",
    "connections.transmitters": "the transmitter of each connection",
    "regions.content": "the weight of each connection in each region",
    "regions.spread": "the weight of each connection, summed over regions",
    "regions.unequal": "weights by region sum to the weight of each connection",
    "connections.self_connections": "no neuron has a connection to itself",
    "neurons.neurons": "number of neurons",
    "neurons.in_synapses": "incoming synapses, summed over neurons",
    "neurons.out_synapses": "outgoing synapses, summed over neurons",
    "neurons.in_partners": "upstream partners, summed over neurons",
    "neurons.out_partners": "downstream partners, summed over neurons",
    "neurons.autapses": "autapses, summed over neurons",
    "neurons.roots": "the root ids",
    "neurons.totals": "the totals of each neuron",
    "neurons.content": "every property of every neuron",
    "neurons.not_found": "every neuron is found by its root id",
    "neurons.misnamed": "the display name of every neuron (Neo4j)",
    "neurons.wrong_out_totals": "outgoing totals agree with the connections",
    "neurons.wrong_in_totals": "incoming totals agree with the connections",
    "annotations.rows": "number of annotation rows",
    "annotations.attached": "annotation rows attached to a neuron",
    "annotations.misattached": "annotation rows are attached to their own neuron",
    "annotations.ties": "which annotation row is attached to which neuron",
    "annotations.not_found": "every annotation row is found by its number",
    "annotations.content": "every field of every annotation row",
    "indexes.missing": "the indexes (Neo4j)",
    "record.content": "the graph's record",
}


#: The value found for a record that is unchanged.
RECORD_HOLDS = "as written"


@runtime_checkable
class Indexed(Protocol):
    """An engine with display names and more indexes than those of its keys: Neo4j."""

    def indexes(self) -> list[Index]:
        """Return the indexes of the database."""
        ...


@dataclass(frozen=True)
class Check:
    """One comparison.

    Parameters
    ----------
    name, meaning
        Name of the check, and its meaning in words.
    expected, found
        The value in the record and the value in the graph, as text.
    """

    name: str
    meaning: str
    expected: str
    found: str

    @property
    def ok(self) -> bool:
        """Return whether both are equal."""
        return self.expected == self.found


@dataclass(frozen=True)
class VerifyReport:
    """All checks of a graph, in a fixed order."""

    uri: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Return whether all checks passed."""
        return all(check.ok for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Return the checks that failed."""
        return tuple(check for check in self.checks if not check.ok)

    def raise_if_wrong(self) -> None:
        """Raise an error if a check failed.

        Raises
        ------
        VerificationError
            A check failed; the message names the checks.
        """
        if not self.ok:
            raise VerificationError(
                f"'{self.uri}' does not hold what was loaded: "
                + "; ".join(
                    f"{c.meaning}: {c.expected} loaded, {c.found} found" for c in self.failed
                ),
                hint="load it again with `cavegraph load ... --replace`",
            )

    def __str__(self) -> str:
        lines = [f"{self.uri}: {'verified' if self.ok else 'NOT what was loaded'}"]
        for check in self.checks:
            sign = "ok   " if check.ok else "WRONG"
            lines.append(f"  {sign} {check.meaning}: {check.found}")
            if not check.ok:
                lines.append(f"        loaded: {check.expected}")
        return "\n".join(lines)


def verify_graph(engine: Engine, *, progress: bool = True) -> VerifyReport:
    """Compare a graph with what its record says was loaded.

    Parameters
    ----------
    engine
        An open graph.
    progress
        Show a progress bar, if the output is a terminal or notebook.

    Returns
    -------
    VerifyReport
        All checks, passed or failed. They detect any neuron, connection or annotation row
        that is missing, added or changed.

    Raises
    ------
    GraphIncompleteError, GraphFileError
        There is no finished graph.
    """
    record = read_materialization(engine)
    with Progress("Verifying", _STEPS, unit="steps", shown=progress) as bar:
        return verify_against(engine, record, bar.advance)


def verify_against(
    engine: Engine, record: Materialization, asked: Callable[[], None] | None = None
) -> VerifyReport:
    """Compare a finished or unfinished graph with a record; call `asked` after each query."""
    found = measure(engine, record, asked)
    expected = {**record.checksums, **dict.fromkeys(_ZERO, "0"), "record.content": RECORD_HOLDS}
    if _REGIONS in record.checksums:
        expected["regions.unequal"] = "0"
    meant = [n for n in _MEANING if n in expected or n in found or n not in _OPTIONAL]
    names = [*meant, *sorted(expected.keys() - _MEANING.keys())]
    return VerifyReport(
        engine.uri,
        tuple(
            Check(n, _MEANING.get(n, n), expected.get(n, "not recorded"), found.get(n, "not known"))
            for n in names
        ),
    )


def measure(
    engine: Engine, record: Materialization, asked: Callable[[], None] | None = None
) -> dict[str, str]:
    """Query a graph for all values to compare; call `asked` after each step.

    Returns
    -------
    dict
        Text per name, as in `Materialization.checksums`.
    """
    queries, done = catalog(), asked or (lambda: None)

    def ask(name: str, properties: dict[str, str] | None = None) -> pa.Table:
        query = queries[name]
        answer = engine.run(query if properties is None else query.with_properties(properties))
        done()
        return answer

    def sums(name: str) -> dict[str, int]:
        found = summed(engine.run, queries[name], roots)
        done()
        return found

    def names(name: str) -> str:
        found = summed_by(engine.run, queries[name], roots)
        done()
        return listed(found)

    roots, neurons_content, misnamed = _neurons(engine, record)
    done()
    numbers: dict[str, int | str] = {
        **_prefixed("connections", sums("connections_checksum")),
        **_prefixed("neurons", ask("neurons_checksum").to_pylist()[0]),
        **_prefixed("annotations", ask("annotations_attached").to_pylist()[0]),
    }
    if record.connection_fields:
        numbers["connections.transmitters"] = names("transmitters_checksum")
    if _REGIONS in record.checksums:
        numbers["regions.content"] = names("regions_checksum")
        whole, parts = (
            sums(f"{name}_spread")["spread"] % P1 for name in ("connections", "regions")
        )
        numbers["regions.spread"] = parts
        numbers["regions.unequal"] = 0 if whole == parts else 1
    rows = ask("all_annotations", {f.name: f.type for f in record.annotation_fields})
    numbers["annotations.rows"] = rows.num_rows
    numbers["annotations.not_found"] = _not_found(
        engine, "annotations_found", rows["annotation_id"]
    )
    done()
    annotations_content = of_columns(rows)
    del rows
    numbers["neurons.misnamed"] = misnamed
    numbers["neurons.not_found"] = _not_found(engine, "neurons_found", roots)
    done()
    for side in ("out", "in"):
        numbers[f"neurons.wrong_{side}_totals"] = sums(f"wrong_{side}_totals")["neurons"]
    content = ask("record_properties").to_pylist()
    missing = "0"
    if isinstance(engine, Indexed):
        missing = ", ".join(missing_indexes(engine.indexes(), record.neuron_fields)) or "0"
    done()
    return {
        **{name: str(value) for name, value in numbers.items()},
        "annotations.content": annotations_content,
        "neurons.content": neurons_content,
        "indexes.missing": missing,
        "record.content": _record_holds(content, record),
    }


def _neurons(engine: Engine, record: Materialization) -> tuple[pa.ChunkedArray, str, int]:
    """Read all neurons: their root ids, the checksum of their properties, and wrong names."""
    query = catalog()["all_neuron_properties"]
    kinds = {f.name: f.type for f in record.neuron_fields}
    if isinstance(engine, Indexed):
        # Names need all fields at once. They exist only on servers, where the limit does not apply.
        table = engine.run(query.with_properties({**kinds, DISPLAY_NAME: "string"}))
        misnamed = _misnamed(table)
        return table["root_id"], of_columns(table.drop_columns([DISPLAY_NAME])), misnamed
    if record.counts["neurons"] <= _READ_AT_ONCE:
        table = engine.run(query.with_properties(kinds))
        return table["root_id"], of_columns(table), 0
    roots = engine.run(query.with_properties({}))["root_id"]

    def column(name: str) -> pa.ChunkedArray:
        chosen = {} if name == "root_id" else {name: kinds[name]}
        return engine.run(query.with_properties(chosen))[name]

    return roots, of_each(["root_id", *kinds], column), 0


def _not_found(engine: Engine, name: str, ids: pa.ChunkedArray) -> int:
    """Return the number of ids that are not found through the index."""
    return sum(asked - found for asked, found in looked_up(engine.run, catalog()[name], ids))


def _misnamed(neurons: pa.Table) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    right = [display_names(b) for b in neurons.drop_columns([DISPLAY_NAME]).to_batches()]
    found, wanted = neurons[DISPLAY_NAME], pa.chunked_array(right, pa.string())
    same = pc.fill_null(pc.equal(found, wanted), False)
    return len(neurons) - int(pc.sum(same).as_py() or 0)


def _record_holds(rows: list[dict[str, Any]], record: Materialization) -> str:
    """Compare the record with its checksum and with the expected record."""
    (row,) = rows if len(rows) == 1 else ({},)
    if not row:
        return f"{len(rows)} records"
    said = {**record_params(record, ""), "status": ""}
    same = {**row, "status": ""} == said
    return RECORD_HOLDS if same and row["checksum"] == checksum_of(row) else "changed"


def _prefixed(prefix: str, values: dict[str, int]) -> dict[str, int]:
    return {f"{prefix}.{name}": value for name, value in values.items()}
