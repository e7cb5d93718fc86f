"""Query a connectome graph for connectivity, annotations and images.

The functions here use the default connectome (`$CAVEGRAPH_URI`, else the graph in the user's data
folder; see `use`). The same names are methods of `Connectome`.
"""

from graphapi.ask.paths import CutOffWarning
from graphapi.ask.types import type_matrix
from graphapi.connectome import Connectome, default_connectome, use
from graphapi.errors import CavegraphError
from graphapi.functions import (
    add_properties,
    compare_sides,
    cypher_query,
    generate_cave_token,
    get_adjacency,
    get_annotations,
    get_brain_mesh_scene,
    get_cave_client,
    get_class_colors,
    get_common_partners,
    get_connectivity,
    get_contributing_paths,
    get_effective_connectivity,
    get_field_values,
    get_influence,
    get_meshes,
    get_neurons,
    get_partner_groups,
    get_partners,
    get_paths,
    get_regions,
    get_shortest_paths,
    get_signs,
    get_similarity,
    get_skeletons,
    get_strongest_paths,
    get_subgraph,
    get_synapse_counts,
    get_synapses,
    get_type_connectivity,
    iter_connections,
    neuroglancer_link,
    plot_adjacency,
    plot_connectivity,
    plot_contributing_paths,
    plot_em_image,
    plot_influence,
    plot_partner_classes,
    plot_region_types,
    plot_segmentation_image,
    plot_synapse_counts,
    plot_synapse_sizes,
    plot_synapses_in_em,
    report,
    set_logging_level,
    to_graphml,
    to_igraph,
    to_matrix,
    to_navis,
    to_networkx,
    to_parquet,
    to_sparse,
    view_subgraph,
)
from graphapi.graph.conditions import AtLeast, AtMost, Between, IsNull, Not, NotNull
from graphapi.graph.criteria import NeuronCriteria, NoMatchWarning
from graphapi.graph.results import Adjacency
from graphapi.graph.selection import StaleRootIdWarning
from graphapi.network.signs import SIGNS

#: CRANTpy's name for the default version.
CRANT_DEFAULT_DATASET = "latest"

__all__ = [
    "CRANT_DEFAULT_DATASET",
    "SIGNS",
    "Adjacency",
    "AtLeast",
    "AtMost",
    "Between",
    "CavegraphError",
    "Connectome",
    "CutOffWarning",
    "IsNull",
    "NeuronCriteria",
    "NoMatchWarning",
    "Not",
    "NotNull",
    "StaleRootIdWarning",
    "add_properties",
    "compare_sides",
    "cypher_query",
    "default_connectome",
    "generate_cave_token",
    "get_adjacency",
    "get_annotations",
    "get_brain_mesh_scene",
    "get_cave_client",
    "get_class_colors",
    "get_common_partners",
    "get_connectivity",
    "get_contributing_paths",
    "get_effective_connectivity",
    "get_field_values",
    "get_influence",
    "get_meshes",
    "get_neurons",
    "get_partner_groups",
    "get_partners",
    "get_paths",
    "get_regions",
    "get_shortest_paths",
    "get_signs",
    "get_similarity",
    "get_skeletons",
    "get_strongest_paths",
    "get_subgraph",
    "get_synapse_counts",
    "get_synapses",
    "get_type_connectivity",
    "iter_connections",
    "neuroglancer_link",
    "plot_adjacency",
    "plot_connectivity",
    "plot_contributing_paths",
    "plot_em_image",
    "plot_influence",
    "plot_partner_classes",
    "plot_region_types",
    "plot_segmentation_image",
    "plot_synapse_counts",
    "plot_synapse_sizes",
    "plot_synapses_in_em",
    "report",
    "set_logging_level",
    "to_graphml",
    "to_igraph",
    "to_matrix",
    "to_navis",
    "to_networkx",
    "to_parquet",
    "to_sparse",
    "type_matrix",
    "use",
    "view_subgraph",
]


def __getattr__(name: str) -> str:
    if name == "__version__":  # looked up on demand: it takes longer than the import
        from importlib.metadata import version

        return version("cavegraph")
    from difflib import get_close_matches

    meant = ""
    if not name.startswith("_"):
        if hasattr(Connectome, name):
            meant = f"; a connectome has it: graphapi.default_connectome().{name}"
        elif near := get_close_matches(name, __all__, n=1, cutoff=0.7):
            meant = f"; did you mean {near[0]}?"
    raise AttributeError(f"module 'graphapi' has no attribute '{name}'{meant}")
