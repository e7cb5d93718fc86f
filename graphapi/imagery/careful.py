"""What cloud-volume is not trusted with: whole meshes, and an end to waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter

from graphapi.errors import ImageryNotFoundError
from graphapi.imagery.info import TIME_LIMIT, get_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests


class PatientAdapter(HTTPAdapter):
    """An adapter that does not wait for ever; cloud-volume sets no time limit of its own."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send a request; see `requests.adapters.HTTPAdapter.send`."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = TIME_LIMIT
        return super().send(request, *args, **kwargs)


def make_careful(meshes: Any, token: str | None) -> None:
    """Give a graphene mesh source a time limit, and let it drop no fragment silently."""
    fetch = meshes._get_mesh_fragments  # noqa: SLF001

    def manifest(
        segid: int,
        lod: int = 0,
        level: int | None = 2,
        bbox: object = None,  # noqa: ARG001 - part of cloud-volume's call; meshes are whole here
        return_segids: bool = False,
        verify: bool = True,
    ) -> Any:
        asked: dict[str, object] = {"verify": bool(verify)}
        if return_segids:
            asked["return_seg_ids"] = 1
        top = meshes.meta.meta.max_meshed_layer
        body = None if level is None else {"start_layer": int(min(level, top))}
        url = f"{meshes.meta.meta.manifest_endpoint}/{segid}:{lod}"
        return get_json(url, token, params=asked, json=body)

    def fragments(wanted: Mapping[str, int]) -> Any:
        found = fetch(wanted)
        roots = sorted(set(wanted.values()))
        check_complete(roots[0] if roots else 0, {name: data for name, data, _ in found})
        return found

    meshes.fetch_manifest_remote = manifest
    meshes._get_mesh_fragments = fragments  # noqa: SLF001


def check_complete(root_id: int, fragments: Mapping[str, bytes | None]) -> None:
    """Refuse a mesh of which a fragment is missing.

    Raises
    ------
    ImageryNotFoundError
        One is; the first five are named.
    """
    missing = sorted(name for name, content in fragments.items() if not content)
    if missing:
        raise ImageryNotFoundError(
            f"the mesh of {root_id} lacks {len(missing)} of its {len(fragments)} fragments: "
            + ", ".join(missing[:5]),
            hint="the volume's meshes are damaged or still being made",
        )
