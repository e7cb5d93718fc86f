"""Skeletons from CAVE, as neuPrint's clients read them: in voxels, as SWC or as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.errors import InputError, NotFoundError
from graphapi.serve.neuprint.explorer import known_ids
from graphapi.serve.neuprint.interpreter import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from graphapi.serve.neuprint.answering import Clerk


def skeleton_of(clerk: Clerk, given: Mapping[str, object]) -> pd.DataFrame:
    """Return the skeleton of the neuron that a request names, in voxels of `Meta`'s voxelSize.

    A radius is in voxels along x.

    Raises
    ------
    NotFoundError
        The graph has no CAVE server, or is not the dataset asked for.
    ImageryNotFoundError
        CAVE has no skeleton of this neuron.
    """
    connectome = clerk.connectome
    if connectome.cave_source is None:
        raise NotFoundError("this graph was loaded from files, which have no skeletons")
    clerk.check_dataset(str(given["dataset"]))
    (root,) = known_ids(clerk, given, "body")
    (found,) = connectome.get_skeletons(root, progress=False).values()
    sizes = dict(zip("xyz", connectome.materialization.viewer_resolution, strict=True))
    sizes["radius"] = sizes["x"]
    return found.assign(**{name: found[name] / size for name, size in sizes.items()})


def as_swc(skeleton: pd.DataFrame) -> str:
    """Return a skeleton as SWC."""
    return skeleton.to_csv(sep=" ", header=False, index=False, float_format="%.3f")


def as_table(skeleton: pd.DataFrame) -> Result:
    """Return a skeleton as neuPrint's table."""
    names = {"node": "rowId", "x": "x", "y": "y", "z": "z", "radius": "radius", "parent": "link"}
    columns = [skeleton[name].tolist() for name in names]
    return Result(list(names.values()), list(zip(*columns, strict=True)))


def check_form(form: object) -> str:
    """Return the form that a request asks for: `swc` or `json`.

    Raises
    ------
    InputError
        It is another.
    """
    if form not in ("swc", "json"):
        raise InputError(f"format: {str(form)[:60]!r} is neither 'swc' nor 'json'")
    return str(form)
