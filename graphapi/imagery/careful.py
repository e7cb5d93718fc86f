"""Wrappers that limit cloud-volume: who sees the token, how long it waits, complete meshes."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from graphapi.common.http import BoundedAdapter
from graphapi.errors import CavegraphError, ImageryNotFoundError
from graphapi.imagery.info import get_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from graphapi.common.http import Pass


class TicketAdapter(BoundedAdapter):
    """The adapter of all cloud-volume sessions; it replaces tickets with tokens.

    cloud-volume sets no limits. It sends a token to any place that a volume names for its data,
    and without a token it reads one from the home folder. So it is given a ticket, which is
    worthless outside this process. This adapter looks up the ticket's pass, which decides at
    each hop whether the token is sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passes: WeakValueDictionary[str, Pass] = WeakValueDictionary()

    def ticket_for(self, shows: Pass) -> str:
        """Return a ticket that is valid as long as the pass is in use."""
        ticket = token_hex(16)
        self._passes[ticket] = shows
        return ticket

    def token_of(self, request: requests.PreparedRequest) -> str | None:
        """Return the token to send with a request."""
        shown = str(request.headers.get("Authorization", ""))
        shows = self._passes.get(shown.removeprefix("Bearer "))
        return shows.token_for(request.url or "") if shows else None


def limit_retries(read: Any) -> None:
    """Limit a method of cloud-volume's library to three tries, with no retry after our errors.

    By default it tries seven times, with waits of up to a minute in between.

    Parameters
    ----------
    read
        A method of the library that tenacity retries.
    """
    from tenacity import retry_if_not_exception_type, stop_after_attempt

    read.retry.stop = stop_after_attempt(3)
    read.retry.retry = retry_if_not_exception_type(CavegraphError)


def ticketed(http: Any) -> Any:
    """Return the class with which cloud-volume's library reads `middleauth+https` places.

    The library's class ignores the token it is given (cloud-files 6.4) and reads one from the
    home folder instead.

    Parameters
    ----------
    http
        The library's class for https places.
    """

    class Ticketed(http):  # type: ignore[misc]
        def __init__(self, path: Any, secrets: Any = None, **options: Any) -> None:
            super().__init__(path, secrets=secrets or {"token": ""}, **options)
            self._ticket = (secrets or {}).get("token", "")

        def default_headers(self) -> dict[str, str]:
            return {"Authorization": f"Bearer {self._ticket}"}

    return Ticketed


def make_careful(meshes: Any, shows: Pass) -> None:
    """Give a graphene mesh source a time limit, and make a missing fragment an error."""
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
        return get_json(url, shows, params=asked, json=body)

    def fragments(wanted: Mapping[str, int]) -> Any:
        found = fetch(wanted)
        roots = sorted(set(wanted.values()))
        check_complete(roots[0] if roots else 0, {name: data for name, data, _ in found})
        return found

    meshes.fetch_manifest_remote = manifest
    meshes._get_mesh_fragments = fragments  # noqa: SLF001


def check_complete(root_id: int, fragments: Mapping[str, bytes | None]) -> None:
    """Raise an error if a fragment of a mesh is missing.

    Raises
    ------
    ImageryNotFoundError
        Fragments are missing; the error lists the first five.
    """
    missing = sorted(name for name, content in fragments.items() if not content)
    if missing:
        raise ImageryNotFoundError(
            f"the mesh of {root_id} lacks {len(missing)} of its {len(fragments)} fragments: "
            + ", ".join(missing[:5]),
            hint="the volume's meshes are damaged or still being computed",
        )
