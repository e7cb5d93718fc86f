"""Fetch meshes of many neurons at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from graphapi.common.files import cache_folder
from graphapi.common.notices import notice
from graphapi.common.progress import Progress
from graphapi.common.threads import in_order
from graphapi.errors import (
    ImageryNotFoundError,
    InputError,
    MissingExtraError,
    MissingMeshError,
)
from graphapi.ids import parse_root_ids
from graphapi.imagery.mesh import Mesh
from graphapi.imagery.mesh_cache import MeshCache
from graphapi.imagery.volume import Volume, open_volume

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from graphapi.ids import RootIds

#: Meshes fetched at a time; more would overload the server.
DEFAULT_WORKERS = 4


class MissingMeshWarning(UserWarning):
    """Warning that neurons were skipped because they have no mesh.

    Parameters
    ----------
    root_ids
        Root ids of all neurons without a mesh; kept as `root_ids`.
    where
        The source that was searched.
    """

    def __init__(self, root_ids: Iterable[int], where: str) -> None:
        self.root_ids = tuple(int(i) for i in root_ids)
        listed = ", ".join(str(i) for i in self.root_ids)
        super().__init__(f"{len(self.root_ids)} without a mesh in {where}, skipped: {listed}")


class Meshes(dict[int, Mesh]):
    """Meshes by root id, in the order requested.

    Parameters
    ----------
    found
        Root ids and meshes.
    missing
        Requested root ids that have no mesh; kept as `missing`.
    """

    def __init__(
        self, found: Iterable[tuple[int, Mesh]] = (), *, missing: Iterable[int] = ()
    ) -> None:
        super().__init__(found)
        self.missing = tuple(missing)

    def to_navis(self) -> Any:
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
                navis.MeshNeuron((one.vertices, one.faces), id=root, units="1 nm", process=False)
                for root, one in self.items()
            ]
        )


def get_meshes(
    source: str | os.PathLike[str] | Volume,
    root_ids: RootIds,
    *,
    token: str | None = None,
    cache: str | os.PathLike[str] | bool | None = None,
    missing: Literal["error", "skip"] = "error",
    progress: bool = True,
    max_workers: int = DEFAULT_WORKERS,
) -> Meshes:
    """Fetch the meshes of neurons.

    Parameters
    ----------
    source
        Address of the segmentation, or an open volume.
    root_ids
        Ids of any kind that `parse_root_ids` accepts; repeats are fetched once.
    token
        The CAVE token, for volumes that need it.
    cache
        Folder that keeps fetched meshes. None: the user's cache folder (`$CAVEGRAPH_CACHE` moves
        it), but no cache for a source on this machine, whose meshes are already on disk and may
        be recomputed under the same id. True: that folder in any case. False: no cache.
    missing
        What to do about neurons without a mesh: `error`, or `skip` them with a warning that lists
        them; they are also in `missing` of the result.
    progress
        Show a progress bar.
    max_workers
        Meshes fetched at a time.

    Returns
    -------
    Meshes
        A dict from root id to `Mesh` (vertices float32 in nm), in the order requested.

    Raises
    ------
    MissingMeshError
        Neurons have no mesh, and `missing='error'`. The error lists all of them. The other meshes
        are in the cache.
    InputError
        An argument is not valid.
    CaveAuthError, CaveUnavailableError, CaveResponseError
        The server refuses the token, does not answer, or holds damaged meshes.
    """
    if missing not in ("error", "skip"):
        raise InputError(f"missing must be 'error' or 'skip', not {missing!r}")
    if max_workers < 1:
        raise InputError(f"max_workers must be 1 or more, not {max_workers}")
    wanted = list(dict.fromkeys(parse_root_ids(root_ids).tolist()))
    volume = open_volume(source, token)
    found = _fetch_all(volume, wanted, _cache(volume, cache), progress, max_workers)
    absent = [root_id for root_id in wanted if found[root_id] is None]
    if absent and missing == "error":
        raise MissingMeshError(
            absent, volume.source.text, hint="pass missing='skip' to continue without them"
        )
    if absent:
        notice(MissingMeshWarning(absent, volume.source.text))
    present = ((root_id, mesh) for root_id in wanted if (mesh := found[root_id]) is not None)
    return Meshes(present, missing=absent)


def _cache(volume: Volume, chosen: str | os.PathLike[str] | bool | None) -> MeshCache | None:
    if chosen is False or (chosen is None and volume.source.local):
        return None
    folder = cache_folder("meshes") if chosen is None or chosen is True else Path(chosen)
    return MeshCache(folder.expanduser(), volume.source.text)


def _fetch_all(
    volume: Volume,
    root_ids: Sequence[int],
    cache: MeshCache | None,
    progress: bool,
    max_workers: int,
) -> dict[int, Mesh | None]:
    found: dict[int, Mesh | None] = {}
    meshes = in_order(lambda one: _fetch(volume, one, cache), root_ids, at_once=max_workers)
    with Progress("Meshes", len(root_ids), unit="meshes", shown=progress) as bar:
        for root_id, mesh in zip(root_ids, meshes, strict=True):
            found[root_id] = mesh
            bar.advance()
    return found


def _fetch(volume: Volume, root_id: int, cache: MeshCache | None) -> Mesh | None:
    kept = cache.read(root_id) if cache else None
    if kept is not None:
        return kept
    try:
        mesh = volume.mesh(root_id)
    except ImageryNotFoundError:
        return None
    if cache:
        cache.write(root_id, mesh)
    return mesh
