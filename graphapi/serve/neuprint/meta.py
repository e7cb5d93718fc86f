"""What neuPrint's `:Meta` says of a graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphapi.graph.materialization import Materialization
    from graphapi.serve.neuprint.neurons import NeuronTable

#: Version of neuPrint's API that this one follows; from 1.7.3 on, clients may ask for Arrow.
API_VERSION = "1.9.2"
INFO = (
    "From a graph of cavegraph. There are no T-bars: pre is the number of outgoing synapses of a "
    "neuron, post the number of incoming ones, both without autapses."
)


def dataset_name(made: Materialization) -> str:
    """Return the dataset's name and tag, as clients name it: `datastack:v7`."""
    return f"{made.datastack}:v{made.version}"


def meta_of(table: NeuronTable) -> dict[str, Any]:
    """Return the properties of `:Meta`; those that neuPrint stores as JSON are texts of JSON."""
    made = table.connectome.materialization
    regions = table.regions
    total = made.counts.get("synapses_kept")
    said = INFO + _of_status(table) + _of_synapses(table)
    return {
        "dataset": made.datastack,
        "tag": f"v{made.version}",
        "uuid": made.load_id,
        "lastDatabaseEdit": made.loaded_at,
        "info": f"SYNTHETIC, not measured. {said}" if made.synthetic else said,
        "primaryRois": list(regions.primary),
        "superLevelRois": regions.top,
        "nonHierarchicalROIs": [],
        "roiInfo": json.dumps({one: {} for one in regions.names}),
        "roiHierarchy": json.dumps(regions.tree(made.datastack)),
        "neuronProperties": json.dumps({one: table.type_of(one) for one in table.names}),
        "ntSynapseProperties": "{}",
        "neuroglancerInfo": "{}",
        "neuroglancerMeta": "[]",
        "statusDefinitions": "{}",
        "voxelSize": list(made.viewer_resolution),
        "voxelUnits": "nanometers",
        "totalPreCount": total,
        "totalPostCount": total,
        "preHPThreshold": 0.0,
        "postHPThreshold": 0.0,
        "postHighAccuracyThreshold": 0.0,
    }


def _of_status(table: NeuronTable) -> str:
    if constant := table.constant("status"):
        return f" This graph has no field for the status: it is {constant} for all neurons."
    return ""


def _of_synapses(table: NeuronTable) -> str:
    if table.connectome.cave_source is None:
        return ""
    return (
        " Synapses are rows of CAVE, each a pre and a post synapse; their places are in voxels of "
        "voxelSize."
    )


def dataset_of(table: NeuronTable) -> dict[str, Any]:
    """Return the list of datasets: this one."""
    made = table.connectome.materialization
    return {
        dataset_name(made): {
            "last-mod": made.loaded_at,
            "uuid": made.load_id,
            "ROIs": table.regions.names,
            "superLevelROIs": table.regions.top,
            "info": INFO,
            "description": table.connectome.name,
            "hidden": False,
            "logo": "",
        }
    }
