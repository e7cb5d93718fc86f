"""Read a graph file through in a separate process: every page that our queries will read.

The counts, sums and fingerprints of what is read are compared with those that the load recorded.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from graphapi.common.progress import Progress
from graphapi.engines.ladybugapart import ApartEngine, unreadable
from graphapi.engines.queries import catalog
from graphapi.errors import QueryRejectedError
from graphapi.graph.door import Graph
from graphapi.graph.ranges import looked_up, neuron_ranges, summed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from graphapi.graph.materialization import Field

#: Queries whose answers a load has recorded, with the prefix of their names in the record.
_RECORDED = {
    "neurons_checksum": "neurons",
    "annotations_attached": "annotations",
    "annotations_by_neuron": "annotations",
}
#: Values that are 0 in every graph.
_ZERO = {"self_connections", "misattached"}
#: Most neurons whose properties are read together.
_READ_AT_ONCE = 1_000_000
#: Time limit of one query: damage can make the engine run for ever.
_SECONDS, _SECONDS_PER_MB = 60.0, 1.0
#: A file from this size on gets a progress bar.
_LARGE = 20_000_000
_STEPS = 9


def read_through(path: Path) -> None:
    """Read a graph file through.

    Raises
    ------
    GraphFileError
        The file is damaged, or is not a graph of this format.
    GraphIncompleteError
        Its load has not finished, or it was replaced while it was read.
    """
    size = path.stat().st_size
    bar = Progress(f"Checking {path.name}", _STEPS, unit="steps", shown=size >= _LARGE)
    with closing(ApartEngine(path)) as engine, bar:
        try:
            graph = Graph(engine, timeout=_SECONDS + _SECONDS_PER_MB * size / 1e6)
            for _ in _steps(graph, engine):
                bar.advance()
        except QueryRejectedError as error:  # a table or a property is missing
            raise unreadable(engine.uri, error.message) from error


def _steps(graph: Graph, apart: ApartEngine) -> Iterator[None]:
    queries = catalog()
    graph.run(queries["record_properties"])
    for name, prefix in _RECORDED.items():
        (row,) = graph.run(queries[name]).to_pylist()
        _compare_sums(graph, prefix, row)
        yield
    made = graph.materialization
    roots = _look_up(graph, apart, "all_neuron_properties", "neurons_found", made.neuron_fields)
    yield
    row = summed(graph.run, queries["connections_checksum"], roots)
    _compare_sums(graph, "connections", row)
    yield
    for name, there in (
        ("transmitters_checksum", bool(made.connection_fields)),
        ("regions_checksum", "regions.content" in made.checksums),
    ):
        for ends in neuron_ranges(roots) if there else ():
            apart.read_past(queries[name], ends, timeout=graph.timeout)
    yield
    for side in ("out", "in"):
        wrong = summed(graph.run, queries[f"wrong_{side}_totals"], roots)["neurons"]
        _compare(graph, f"wrong_{side}_totals", "0", str(wrong))
        yield
    _look_up(graph, apart, "all_annotations", "annotations_found", made.annotation_fields)
    yield


def _look_up(
    graph: Graph, apart: ApartEngine, all_of: str, found_of: str, fields: tuple[Field, ...]
) -> pa.ChunkedArray:
    """Read every property of neurons or annotation rows, and find each by its key; return keys."""
    query, found = catalog()[all_of], catalog()[found_of]
    ids = graph.run(query.with_properties({})).column(0)
    together = max(1, len(fields)) if len(ids) <= _READ_AT_ONCE else 1
    for start in range(0, len(fields), together):
        part = {field.name: field.type for field in fields[start : start + together]}
        apart.read_past(query.with_properties(part), timeout=graph.timeout)
    for keys, known in looked_up(graph.run, found, ids):
        _compare(graph, found_of, str(keys), str(known))
    return ids


def _compare_sums(graph: Graph, prefix: str, row: dict[str, int]) -> None:
    for key, found in row.items():
        recorded = graph.materialization.checksums.get(f"{prefix}.{key}")
        _compare(graph, f"{prefix}.{key}", "0" if key in _ZERO else recorded, str(found))


def _compare(graph: Graph, name: str, recorded: str | None, found: str) -> None:
    if recorded != found:
        raise unreadable(graph.engine.uri, f"{name} is {found}, and was {recorded} when loaded")
