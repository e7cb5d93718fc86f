"""Figures of connectivity as matplotlib axes; each draws one idea from plain tables.

Classes have the colours of `graphapi.common.palette`; numbers have those of viridis, larger ones
darker. matplotlib is imported by the functions, not by this module.
"""

from graphapi.plots.bars import partner_classes, synapse_counts
from graphapi.plots.diagram import connectivity_diagram
from graphapi.plots.em import em_panels, em_with_synapse
from graphapi.plots.heatmap import adjacency_heatmap
from graphapi.plots.layers import path_layers
from graphapi.plots.motifdrawing import motif_drawing
from graphapi.plots.network import network_view, to_neo4j_viz
from graphapi.plots.ranking import influence_ranking
from graphapi.plots.regions import region_heatmap
from graphapi.plots.sizes import synapse_sizes
from graphapi.plots.statistics import (
    degree_plot,
    distance_plot,
    motif_gallery,
    rich_club_plot,
    triad_spectrum,
)

__all__ = [
    "adjacency_heatmap",
    "connectivity_diagram",
    "degree_plot",
    "distance_plot",
    "em_panels",
    "em_with_synapse",
    "influence_ranking",
    "motif_drawing",
    "motif_gallery",
    "network_view",
    "partner_classes",
    "path_layers",
    "region_heatmap",
    "rich_club_plot",
    "synapse_counts",
    "synapse_sizes",
    "to_neo4j_viz",
    "triad_spectrum",
]
