"""The graph as files that other tools read, without loss."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.common.files import write_whole
from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph.whole import write_connections

if TYPE_CHECKING:
    from graphapi.ask.export import ExportCalls


def to_parquet(connectome: ExportCalls, folder: str | Path) -> dict[str, Path]:
    """See `ExportCalls.to_parquet`."""
    import pyarrow.parquet as pq

    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make folder '{place}': {error.strerror}") from error
    table = connectome.annotations
    neurons = catalog()["all_neuron_properties"].with_properties(table.neuron_types)
    rows = catalog()["all_annotations"].with_properties(table.types)
    answers: dict[str, Any] = {
        "neurons.parquet": connectome.run(neurons),
        "annotations.parquet": connectome.run(rows),
    }
    connections = place / "connections.parquet"
    write_whole(connections, partial(write_connections, connectome))
    written = {"connections": connections}
    for name, answer in answers.items():
        target = place / name
        write_whole(target, partial(pq.write_table, answer))
        written[name.removesuffix(".parquet")] = target
    record = place / "materialization.json"
    told = connectome.materialization.to_json() + "\n"
    write_whole(record, lambda path: Path(path).write_text(told))
    return {**written, "materialization": record}


def to_graphml(connectome: ExportCalls, path: str | Path, threshold: int) -> Path:
    """See `ExportCalls.to_graphml`."""
    import networkx as nx

    graph = connectome.to_networkx(threshold)
    for data in (graph.graph, *(data for _, data in graph.nodes(data=True))):
        for name, value in data.items():
            if isinstance(value, (list, tuple, dict)):  # GraphML has no such values
                data[name] = json.dumps(value, ensure_ascii=False)
    target = Path(path)
    write_whole(target, lambda place: nx.write_graphml(graph, place, infer_numeric_types=False))
    return target
