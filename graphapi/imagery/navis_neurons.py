"""Convert meshes to navis neurons; the only module that imports navis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphapi.imagery.mesh import Mesh


def to_navis(meshes: Mapping[int, Mesh]) -> Any:
    """Return a `navis.NeuronList` of `MeshNeuron`, in nm, in the order of the meshes.

    Raises
    ------
    MissingExtraError
        navis is not installed.
    """
    try:
        import navis
    except ImportError as error:
        raise MissingExtraError("navis", "navis") from error
    return navis.NeuronList(
        [
            navis.MeshNeuron((mesh.vertices, mesh.faces), id=root_id, units="1 nm", process=False)
            for root_id, mesh in meshes.items()
        ]
    )
