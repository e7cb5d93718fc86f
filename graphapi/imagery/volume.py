"""Volumes of EM, segmentation and meshes; the only module that imports cloud-volume."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.http import Pass
from graphapi.errors import (
    CaveAuthError,
    CaveResponseError,
    ImageryNotFoundError,
    InputError,
    MissingExtraError,
)
from graphapi.imagery.careful import (
    TicketAdapter,
    check_complete,
    limit_retries,
    make_careful,
    ticketed,
)
from graphapi.imagery.foreign import Library, translated
from graphapi.imagery.geometry import Scale, Triple, scales_of
from graphapi.imagery.info import (
    Source,
    fetch_info,
    get_bytes,
    json_object,
    local_path,
    parse_source,
)
from graphapi.imagery.mesh import Mesh, decode_legacy, join_meshes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, eq=False)
class Volume:
    """An open volume. Create it with `open_volume`. Safe to use from several threads.

    Attributes
    ----------
    source
        Address of the volume.
    info
        Content of its `info` file.
    scales
        Its resolution levels, finest first.
    """

    source: Source
    info: Mapping[str, Any] = field(repr=False)
    scales: tuple[Scale, ...]
    _shows: Pass = field(repr=False)

    @property
    def is_segmentation(self) -> bool:
        """Whether the voxels are ids."""
        return self.info.get("type") == "segmentation"

    def read(self, scale: Scale, start: Triple, stop: Triple, *, fill: bool = False) -> Any:
        """Read a box of voxels that lies inside the volume.

        Parameters
        ----------
        scale
            The scale to read.
        start, stop
            First voxel, and the one after the last: x, y, z in voxels of `scale`.
        fill
            Return zeros for chunks missing from the volume; else they are an error.

        Returns
        -------
        numpy.ndarray
            The volume's dtype, shape (x, y, z), with a channel axis last if there is more than
            one channel.

        Raises
        ------
        ImageryNotFoundError
            A chunk is missing.
        MissingExtraError
            The decoder for the chunks' encoding is not installed.
        """
        lib = _library()
        cloud = self._at(scale, fill=fill)
        with translated(lib, f"{scale.describe()} of {self.source.text}, voxels {start} to {stop}"):
            cut = np.asarray(cloud.download(lib.Bbox(start, stop)))
        return cut[..., 0] if cut.shape[-1] == 1 else cut

    def read_stored(self, scale: Scale, boxes: Iterable[tuple[Triple, Triple]]) -> Iterator[Any]:
        """Read boxes of voxels, one after the other.

        Parameters
        ----------
        scale
            The scale to read.
        boxes
            Start and stop of each, as for `read`.

        Yields
        ------
        numpy.ndarray or None
            As from `read`; None where a chunk is missing from the volume.
        """
        lib = _library()
        cloud = self._at(scale, fill=False)
        for start, stop in boxes:
            place = f"{scale.describe()} of {self.source.text}, voxels {start} to {stop}"
            with translated(lib, place):
                try:
                    cut = np.asarray(cloud.download(lib.Bbox(start, stop)))
                except lib.errors.EmptyVolumeException:
                    cut = None
            yield cut if cut is None or cut.shape[-1] != 1 else cut[..., 0]

    def properties(self, name: str) -> dict[str, Any]:
        """Read the `info` file of a folder inside the volume, such as its segment properties."""
        folder = Source(self.source.form, f"{self.source.place}/{name}")
        return fetch_info(folder, self._shows)

    def _at(self, scale: Scale, *, fill: bool) -> Any:
        """Open the volume at a scale, because cloud-volume checks bounds at that scale.

        Without the mesh folder, so that an unreadable mesh file does not block images.
        """
        lib = _library()
        encoding = self.info["scales"][scale.mip].get("encoding")
        if encoding in lib.missing_codecs:
            raise MissingExtraError(lib.missing_codecs[encoding], "codecs")
        info = {key: value for key, value in self.info.items() if key != "mesh"}
        return self._open(info, mip=scale.mip, fill_missing=fill)

    def mesh(self, root_id: int) -> Mesh:
        """Fetch the mesh of one segment at its finest level, with fragments joined.

        Raises
        ------
        ImageryNotFoundError
            The segment has no mesh, or a part of it is missing.
        """
        if self.source.form == "graphene":
            return self._read_mesh(root_id, IndexError)
        if not self.info.get("mesh"):
            raise ImageryNotFoundError(f"{self.source.text} has no meshes")
        if self._mesh_info.get("@type") == "neuroglancer_multilod_draco":
            index = f"{root_id}.index"
            if "sharding" not in self._mesh_info and self._files([index])[index] is None:
                raise self._no_mesh(root_id)
            return self._read_mesh(root_id, _library().errors.MeshMissingError, lod=0)
        return self._legacy_mesh(root_id)

    @cached_property
    def _meshed(self) -> Any:
        cloud = self._open(dict(self.info))
        if self.source.form == "graphene":
            make_careful(cloud.mesh, self._shows)
        return cloud

    def _open(self, info: dict[str, Any], **options: Any) -> Any:
        lib = _library()
        with translated(_library(), self.source.text):
            return lib.CloudVolume(
                self.source.text,
                info=info,
                provenance={},
                secrets=self._secrets,
                use_https=True,
                progress=False,
                bounded=True,
                cache=False,
                **options,
            )

    @cached_property
    def _secrets(self) -> dict[str, str]:
        return {"token": _library().tickets.ticket_for(self._shows)}

    @cached_property
    def _mesh_info(self) -> Mapping[str, Any]:
        content = self._files(["info"])["info"]
        if content is None:
            return {"@type": "neuroglancer_legacy_mesh"}
        return json_object(content, f"{self.source.address}/{self.info['mesh']}/info")

    def _files(self, names: list[str]) -> dict[str, bytes | None]:
        """Read files of the mesh folder; None for files that do not exist."""
        lib = _library()
        folder = f"{self.source.place}/{self.info['mesh']}"
        with translated(_library(), folder):
            files = lib.CloudFiles(lib.to_https(folder), progress=False, secrets=self._secrets)
            return {answer["path"]: answer["content"] for answer in files.get(names)}

    def _legacy_mesh(self, root_id: int) -> Mesh:
        manifest = f"{root_id}:0"
        content = self._files([manifest])[manifest]
        if content is None:
            raise self._no_mesh(root_id)
        names = json_object(content, f"the mesh manifest of {root_id}").get("fragments")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise CaveResponseError(f"the mesh manifest of {root_id} does not list fragments")
        if outside := [name for name in names if name.startswith("/") or ".." in name.split("/")]:
            raise CaveResponseError(
                f"the mesh manifest of {root_id} names a file outside its folder: {outside[0]!r}"
            )
        if not names:
            raise ImageryNotFoundError(f"the mesh of {root_id} in {self.source.text} is empty")
        fragments = self._files(names)
        check_complete(root_id, fragments)
        parts = [decode_legacy(fragments[name] or b"", f"mesh fragment {name}") for name in names]
        return _moved(join_meshes(parts), self._mesh_info.get("transform"), root_id)

    def _read_mesh(self, root_id: int, missing: type[Exception], **options: Any) -> Mesh:
        """Fetch a mesh with cloud-volume, which raises `missing` if there is none."""
        source = self._meshed.mesh
        with translated(_library(), f"the mesh of {root_id} in {self.source.text}"):
            try:
                found = source.get(root_id, **options)[root_id]
            except missing as error:
                raise self._no_mesh(root_id) from error
            return Mesh.of(found.vertices, found.faces, f"the mesh of {root_id}")

    def _no_mesh(self, root_id: int) -> ImageryNotFoundError:
        return ImageryNotFoundError(f"{self.source.text} has no mesh of {root_id}")


def open_volume(source: str | os.PathLike[str] | Volume, token: str | None = None) -> Volume:
    """Open a precomputed or graphene volume; an open volume is returned unchanged.

    Parameters
    ----------
    source
        `precomputed://...`, `graphene://...`, an address without these prefixes, or the path of
        a folder.
    token
        The CAVE token. It is sent only to graphene and `middleauth+` sources, and not to other
        servers that such a source redirects to.

    Raises
    ------
    InputError
        The source is not valid.
    ImageryNotFoundError
        There is no volume at the source.
    CaveAuthError, CaveUnavailableError, CaveResponseError
        The server refuses the token, does not answer, or answers nonsense.
    """
    if isinstance(source, Volume):
        return source
    first = parse_source(source)
    shows = Pass.to(token, first.address) if first.takes_token else Pass.to(None)
    place, info = _resolve(first, shows)
    return Volume(place, info, scales_of(info, place.text), shows)


def read_brain_mesh(source: str | os.PathLike[str], token: str | None = None) -> Mesh:
    """Read a single mesh, such as the outline of a brain.

    Parameters
    ----------
    source
        A legacy fragment (file, http, https, gs or s3), or `SOURCE#ID`: the mesh of segment ID
        in a volume.
    token
        The CAVE token, for `SOURCE#ID`.

    Raises
    ------
    ImageryNotFoundError
        There is no such file or segment.
    CaveResponseError
        The file is not a mesh.
    """
    text, _, segment = str(source).partition("#")
    if segment:
        if not segment.isdigit():
            raise InputError(f"{source}: what follows '#' must be a segment id")
        return open_volume(text, token).mesh(int(segment))
    place = parse_source(text)
    if not place.local:
        return decode_legacy(get_bytes(place.address), place.address)
    path = local_path(place.address)
    try:
        return decode_legacy(path.read_bytes(), str(path))
    except OSError as error:
        raise ImageryNotFoundError(f"cannot read the mesh {path}: {error.strerror}") from error


def _resolve(first: Source, shows: Pass) -> tuple[Source, dict[str, Any]]:
    place = first
    for _ in range(10):
        try:
            info = fetch_info(place, shows)
        except CaveAuthError as error:
            if not shows.token or shows.token_for(place.address):
                raise
            raise _unshown(first, place) from error
        if not info.get("redirect"):
            return place, info
        place = _next(place, info["redirect"])
    raise CaveResponseError(f"{first.text} redirects too many times")


def _next(place: Source, redirect: object) -> Source:
    try:
        there = parse_source(str(redirect))
    except InputError as error:
        raise CaveResponseError(
            f"{place.text} redirects to something that is not the address of a volume"
        ) from error
    if there.local and not place.local:
        raise CaveResponseError(f"{place.text} redirects to a folder on this machine")
    return there


def _unshown(first: Source, place: Source) -> CaveAuthError:
    if place is first:
        return CaveAuthError(
            f"{place.text} requires a token: yours was not sent, because others could read it "
            "over plain http",
            hint="use the volume's https address",
        )
    return CaveAuthError(
        f"{first.text} redirects to {place.text}, which requires a token: yours was not sent",
        hint="if you trust that server, use this address as the source",
    )


def _moved(mesh: Mesh, transform: object, root_id: int) -> Mesh:
    if transform is None:
        return mesh
    what = f"the mesh of {root_id}, after the transform of its folder,"
    try:
        matrix = np.asarray(transform, dtype=np.float64).reshape(3, 4)
    except (TypeError, ValueError) as error:
        raise CaveResponseError(
            f"the transform in the mesh folder of {root_id} is not 3 x 4 numbers"
        ) from error
    return Mesh.of(mesh.vertices @ matrix[:, :3].T + matrix[:, 3], mesh.faces, what)


def _library() -> Library:
    folder = os.environ.get("CLOUD_VOLUME_DIR")
    if folder:
        # Otherwise cloud-files creates another folder in the home folder.
        os.environ.setdefault("CLOUD_FILES_DIR", str(Path(folder) / "cloudfiles"))
    try:
        import cloudfiles  # type: ignore[import-untyped, unused-ignore]
        import cloudvolume
        from cloudfiles.cloudfiles import INTERFACES  # type: ignore[import-untyped, unused-ignore]
        from cloudfiles.interfaces import HttpInterface  # type: ignore[import-untyped, unused-ignore]
        from cloudvolume.paths import to_https_protocol
    except ImportError as error:
        raise MissingExtraError("cloud-volume", "viz") from error
    if not isinstance(HttpInterface.adaptor, TicketAdapter):
        # The only place to set limits: cloud-files creates its sessions internally.
        HttpInterface.adaptor = TicketAdapter()
        INTERFACES["middleauth+https"] = ticketed(HttpInterface)
        limit_retries(HttpInterface.get_file)
    return Library(
        cloudvolume.CloudVolume,
        cloudfiles.CloudFiles,
        cloudvolume.Bbox,
        to_https_protocol,
        cloudvolume.exceptions,
        cloudfiles.exceptions,
        cloudvolume.chunks.NEEDS_INSTALL,
        HttpInterface.adaptor,
    )
