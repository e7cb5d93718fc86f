"""Make the record of a load, which the graph keeps."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from graphapi.graph.materialization import Materialization

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loader.stages.make import Stages
    from loader.work.steps import Origin


def make_record(
    origin: Origin, stages: Stages, load_id: str, min_size: float | None
) -> Materialization:
    """Return the record of a graph."""
    more = {**origin.record, "synthetic": origin.record.get("synthetic") or stages.synthetic}
    files = {"sha256": [list(file) for file in origin.sha256]} if origin.sha256 else {}
    return Materialization(
        datastack=origin.datastack,
        version=origin.version,
        timestamp=origin.timestamp,
        source=origin.kind,
        server=origin.server,
        load_id=load_id,
        loaded_at=datetime.now(UTC).isoformat(timespec="seconds"),
        cavegraph_version=program_version(),
        min_size=min_size,
        has_size=stages.has_size,
        annotation_fields=stages.annotation_fields,
        neuron_fields=stages.neuron_fields,
        connection_fields=stages.connection_fields,
        regions=stages.region_names,
        counts=stages.counts,
        checksums=stages.checksums,
        notes=stages.notes,
        reading={**stages.reading, **files},
        **more,
    )


def record_params(record: Materialization, status: str) -> dict[str, Any]:
    """Return the parameters of `cypher/write/write_record.cypher`."""
    plain = (
        "load_id", "datastack", "version", "timestamp", "server", "source", "synapse_table",
        "soma_table", "loaded_at", "cavegraph_version", "synthetic", "format_version",
    )  # fmt: skip
    values = dataclasses.asdict(record)
    params = {
        **{name: values[name] for name in plain},
        "record": record.to_json(),
        "neurons": record.counts["neurons"],
        "connections": record.counts["connections"],
        "synapses": record.counts["synapses_kept"],
    }
    return {**params, "status": status, "checksum": checksum_of(params)}


def checksum_of(params: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record without its status and its checksum."""
    said = {name: params[name] for name in params if name not in ("status", "checksum")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def program_version() -> str:
    """Return this program's version; `0+source` if it is not installed."""
    try:
        return version("cavegraph")
    except PackageNotFoundError:
        return "0+source"
