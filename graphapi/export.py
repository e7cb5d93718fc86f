"""The graph as files that other tools read, without loss."""

from __future__ import annotations

import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError
from graphapi.queries import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphapi.calls.export import ExportCalls


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
        "connections.parquet": connectome.run(catalog()["all_connections"], {"threshold": 1}),
        "neurons.parquet": connectome.run(neurons),
        "annotations.parquet": connectome.run(rows),
    }
    written = {}
    for name, answer in answers.items():
        target = place / name
        _whole(target, partial(pq.write_table, answer))
        written[name.removesuffix(".parquet")] = target
    record = place / "materialization.json"
    _whole(record, lambda path: Path(path).write_text(connectome.materialization.to_json() + "\n"))
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
    _whole(target, lambda place: nx.write_graphml(graph, place, infer_numeric_types=False))
    return target


def _whole(target: Path, write: Callable[[str], Any]) -> None:
    """Write all of a file or nothing of it."""
    try:
        handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise InputError(f"cannot write '{target}': {error.strerror}") from error
    os.close(handle)
    try:
        write(unfinished)
        Path(unfinished).replace(target)
    except OSError as error:
        raise InputError(
            f"cannot write '{target}': {error.strerror}", hint="is there space left on the disk?"
        ) from error
    finally:
        Path(unfinished).unlink(missing_ok=True)
