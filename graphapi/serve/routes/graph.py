"""What the graph is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.engines.queries import catalog
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.ascypher import cypher_text
from graphapi.serve.astext import command, python_call
from graphapi.serve.desk import Question

if TYPE_CHECKING:
    from graphapi.serve.desk import Desk
    from graphapi.serve.given import Given


def info(desk: Desk, _given: Given) -> Answer:
    """Describe the graph: its record, its fields, its regions, and the server's limits."""
    connectome = desk.connectome
    made, limits = connectome.materialization, desk.settings
    fields: dict[str, dict[str, Any]] = {}
    for item in (*made.neuron_fields, *made.annotation_fields):
        merged = item in made.neuron_fields
        one = fields.setdefault(
            item.name,
            {"name": item.name, "type": item.type, "source": item.source}
            | {"of_neurons": False, "of_annotations": False},
        )
        one["of_neurons" if merged else "of_annotations"] = True
        one["source"] = one["source"] or item.source
    values = {
        "name": connectome.name,
        "cavegraph_version": made.cavegraph_version,
        "made_from": made.source,
        "counts": made.counts,
        "server": made.server,
        "synapse_table": made.synapse_table,
        "min_size": made.min_size,
        "regions": list(made.regions),
        "notes_of_load": list(made.notes),
        "fields": [fields[name] for name in sorted(fields)],
        "has": {
            "regions": bool(made.regions),
            "transmitters": "transmitter" in fields,
            "images": bool(made.image_source),
            "meshes": bool(made.segmentation_source),
            "cave": made.source == "cave",
            "neo4j": connectome.is_served,
        },
        "limits": {
            "seconds": limits.seconds,
            "job_seconds": limits.job_seconds,
            "rows": limits.most_rows,
            "bytes": limits.most_bytes,
        },
    }
    shown = Shown(
        python_call(connectome, "materialization").removesuffix("()"),
        cypher_text(catalog()["materialization"], connectome.engine.name, {}),
        command(connectome, "info", "--json"),
    )
    return Answer(values=values, shown=shown)


QUESTIONS = [Question("/api/v1/info", info, (), ("GET",))]
