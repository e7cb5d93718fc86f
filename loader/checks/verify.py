"""Does a graph hold what was loaded? Asked of the graph itself, at any time.

A load computes counts, sums and fingerprints from its stages on disk, compares them with
what the database answers before the graph is published, and keeps them in the graph's
record, so that they can be asked for again later.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.common.progress import Progress
from graphapi.engines.queries import catalog
from graphapi.errors import VerificationError
from graphapi.graph.materialization import read_materialization
from loader.work.fingerprint import of_columns

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from graphapi.engines.base import Engine
    from graphapi.engines.queries import Query
    from graphapi.graph.materialization import Materialization

#: How many queries all checks take together.
_QUERIES = 7
#: What must be zero in every graph, whatever was loaded.
_ZERO = (
    "connections.self_connections",
    "neurons.wrong_out_totals",
    "neurons.wrong_in_totals",
    "annotations.misattached",
)
_MEANING = {
    "connections.connections": "number of connections",
    "connections.weight_sum": "sum of weights",
    "connections.size_sum": "sum of sizes",
    "connections.pairs": "which neurons are connected",
    "connections.weights": "the weight of each connection",
    "connections.sizes": "the size of each connection",
    "connections.self_connections": "no neuron is connected with itself",
    "neurons.neurons": "number of neurons",
    "neurons.in_synapses": "incoming synapses, summed over neurons",
    "neurons.out_synapses": "outgoing synapses, summed over neurons",
    "neurons.in_partners": "upstream partners, summed over neurons",
    "neurons.out_partners": "downstream partners, summed over neurons",
    "neurons.autapses": "autapses, summed over neurons",
    "neurons.roots": "the root ids",
    "neurons.totals": "the totals of each neuron",
    "neurons.content": "every property of every neuron",
    "neurons.wrong_out_totals": "outgoing totals agree with the connections",
    "neurons.wrong_in_totals": "incoming totals agree with the connections",
    "annotations.rows": "number of annotation rows",
    "annotations.attached": "annotation rows attached to a neuron",
    "annotations.misattached": "annotation rows are attached to their own neuron",
    "annotations.content": "every field of every annotation row",
}


@dataclass(frozen=True)
class Check:
    """One thing that was compared.

    Parameters
    ----------
    name, meaning
        Which, and in words.
    expected, found
        What the record says and what the graph holds, as text.
    """

    name: str
    meaning: str
    expected: str
    found: str

    @property
    def ok(self) -> bool:
        """True where both are equal."""
        return self.expected == self.found


@dataclass(frozen=True)
class VerifyReport:
    """All checks of a graph, in a fixed order."""

    uri: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """True where every check holds."""
        return all(check.ok for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if not check.ok)

    def raise_if_wrong(self) -> None:
        """Raise where a check does not hold.

        Raises
        ------
        VerificationError
            It names the checks.
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
        Show a progress bar where somebody watches.

    Returns
    -------
    VerifyReport
        Every check, also those that hold. Detects a neuron, connection or annotation row
        that is missing, added or changed, whichever.

    Raises
    ------
    GraphIncompleteError, GraphFileError
        There is no finished graph.
    """
    record = read_materialization(engine)
    bar = Progress("Verifying", _QUERIES, unit="queries") if progress else nullcontext()
    with bar as shown:
        return verify_against(engine, record, shown.advance if shown else None)


def verify_against(
    engine: Engine, record: Materialization, asked: Callable[[], None] | None = None
) -> VerifyReport:
    """Compare a graph, finished or not, with a record; `asked` is called after each query."""
    expected = {**record.checksums, **dict.fromkeys(_ZERO, "0")}
    found = measure(engine, record, asked)
    names = [*_MEANING, *sorted(expected.keys() - _MEANING.keys())]
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
    """Ask a graph for everything that is compared; `asked` is called after each query.

    Returns
    -------
    dict
        Text per name, as in `Materialization.checksums`.
    """
    queries = catalog()

    def ask(query: Query) -> pa.Table:
        answer = engine.run(query)
        if asked is not None:
            asked()
        return answer

    numbers = {
        **_prefixed("connections", ask(queries["connections_checksum"]).to_pylist()[0]),
        **_prefixed("neurons", ask(queries["neurons_checksum"]).to_pylist()[0]),
        **_prefixed("annotations", ask(queries["annotations_attached"]).to_pylist()[0]),
    }
    for side in ("out", "in"):
        row = ask(queries[f"wrong_{side}_totals"]).to_pylist()[0]
        numbers[f"neurons.wrong_{side}_totals"] = row["neurons"]
    rows = ask(
        queries["all_annotations"].with_properties(
            {f.name: f.type for f in record.annotation_fields}
        )
    )
    neurons = ask(
        queries["all_neuron_properties"].with_properties(
            {f.name: f.type for f in record.neuron_fields}
        )
    )
    numbers["annotations.rows"] = rows.num_rows
    return {
        **{name: str(value) for name, value in numbers.items()},
        "annotations.content": of_columns(rows),
        "neurons.content": of_columns(neurons),
    }


def _prefixed(prefix: str, values: dict[str, int]) -> dict[str, int]:
    return {f"{prefix}.{name}": value for name, value in values.items()}
