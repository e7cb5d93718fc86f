"""The methods of `Connectome`, as functions of the default connectome."""

from __future__ import annotations

import functools
import inspect
import logging
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from graphapi.connectome import Connectome, default_connectome
from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def _on_default(method: Callable[Concatenate[Connectome, P], R]) -> Callable[P, R]:
    """Return a function that calls a method of the default connectome."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(default_connectome(), *args, **kwargs)

    signature = inspect.signature(method)
    del call.__wrapped__
    own = list(signature.parameters.values())[1:]
    call.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    return call


get_annotations = _on_default(Connectome.get_annotations)
get_regions = _on_default(Connectome.get_regions)
get_signs = _on_default(Connectome.get_signs)
get_neurons = _on_default(Connectome.get_neurons)
get_class_colors = _on_default(Connectome.get_class_colors)
get_field_values = _on_default(Connectome.get_field_values)
add_properties = _on_default(Connectome.add_properties)
get_connectivity = _on_default(Connectome.get_connectivity)
get_adjacency = _on_default(Connectome.get_adjacency)
get_synapse_counts = _on_default(Connectome.get_synapse_counts)
get_synapses = _on_default(Connectome.get_synapses)
get_subgraph = _on_default(Connectome.get_subgraph)
get_cave_client = _on_default(Connectome.get_cave_client)
get_partners = _on_default(Connectome.get_partners)
get_partner_groups = _on_default(Connectome.get_partner_groups)
compare_sides = _on_default(Connectome.compare_sides)
get_common_partners = _on_default(Connectome.get_common_partners)
get_similarity = _on_default(Connectome.get_similarity)
get_type_connectivity = _on_default(Connectome.get_type_connectivity)
get_shortest_paths = _on_default(Connectome.get_shortest_paths)
get_strongest_paths = _on_default(Connectome.get_strongest_paths)
get_effective_connectivity = _on_default(Connectome.get_effective_connectivity)
get_contributing_paths = _on_default(Connectome.get_contributing_paths)
get_influence = _on_default(Connectome.get_influence)
get_paths = _on_default(Connectome.get_paths)
plot_em_image = _on_default(Connectome.plot_em_image)
plot_segmentation_image = _on_default(Connectome.plot_segmentation_image)
neuroglancer_link = _on_default(Connectome.neuroglancer_link)
get_meshes = _on_default(Connectome.get_meshes)
get_skeletons = _on_default(Connectome.get_skeletons)
get_brain_mesh_scene = _on_default(Connectome.get_brain_mesh_scene)
to_networkx = _on_default(Connectome.to_networkx)
to_igraph = _on_default(Connectome.to_igraph)
to_sparse = _on_default(Connectome.to_sparse)
iter_connections = _on_default(Connectome.iter_connections)
to_matrix = _on_default(Connectome.to_matrix)
to_parquet = _on_default(Connectome.to_parquet)
to_graphml = _on_default(Connectome.to_graphml)
report = _on_default(Connectome.report)
plot_adjacency = _on_default(Connectome.plot_adjacency)
plot_influence = _on_default(Connectome.plot_influence)
plot_contributing_paths = _on_default(Connectome.plot_contributing_paths)
plot_connectivity = _on_default(Connectome.plot_connectivity)
plot_partner_classes = _on_default(Connectome.plot_partner_classes)
plot_region_types = _on_default(Connectome.plot_region_types)
plot_synapse_counts = _on_default(Connectome.plot_synapse_counts)
plot_synapse_sizes = _on_default(Connectome.plot_synapse_sizes)
plot_synapses_in_em = _on_default(Connectome.plot_synapses_in_em)
to_navis = _on_default(Connectome.to_navis)
view_subgraph = _on_default(Connectome.view_subgraph)
cypher_query = _on_default(Connectome.cypher)


def generate_cave_token(
    save: bool = True, *, server: str | None = None, token: str | None = None
) -> None:
    """Ask for a CAVE token and store it where CAVE programs look for it.

    Parameters
    ----------
    save
        Whether to store the token. The file is readable only by you.
    server
        Address of the CAVE server; None for the server of the default connectome.
    token
        The token, if you already have it; otherwise you are asked for it.
    """
    from graphapi.cave.token import generate_cave_token as generate

    address = server or default_connectome().materialization.server
    if not address:
        raise InputError(
            f"{default_connectome().name} was made from files and has no CAVE server",
            hint="name one: generate_cave_token(server='https://...')",
        )
    generate(address, save=save, token=token)


def set_logging_level(level: str | int = "INFO") -> None:
    """Set the level of this package's `logging` messages.

    Parameters
    ----------
    level
        `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`, or a numeric level of `logging`.
    """
    known = logging.getLevelNamesMapping()
    number = known.get(level.upper()) if isinstance(level, str) else level
    if number is None:
        raise InputError(f"{level!r} is not a logging level", hint=f"levels: {', '.join(known)}")
    for name in ("graphapi", "loader"):
        logging.getLogger(name).setLevel(number)
