"""A CAVE client with time limits and token checks: the only module that imports `caveclient`."""

from __future__ import annotations

import json
import warnings
import zlib
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from caveclient.annotationengine import AnnotationClient
from caveclient.auth import AuthClient
from caveclient.base import AuthException, ServerIncompatibilityError
from caveclient.chunkedgraph import ChunkedGraphClient
from caveclient.datastack_lookup import handle_server_address
from caveclient.emannotationschemas import SchemaClient
from caveclient.endpoints import default_global_server_address
from caveclient.frameworkclient import CAVEclientFull
from caveclient.infoservice import InfoServiceClient
from caveclient.jsonservice import JSONService
from caveclient.l2cache import L2CacheClient
from caveclient.materializationengine import MaterializationClient
from caveclient.skeletonservice import SkeletonClient
from caveclient.tools import table_manager

from graphapi.cave.records import names_from_answer
from graphapi.common.http import mount
from graphapi.errors import CaveAuthError, CaveResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphapi.cave.transport import CarefulAdapter

_MATERIALIZE_APIS = frozenset({2, 3})
_SEGMENTATION_API = 1
_SKELETON_API = 1
#: Version of the service's skeletons: the newest in SkeletonService 0.23.
_SKELETONS = 4
_LARGEST_SKELETON = 10**9


class _Bounded:
    """Mount the careful adapter on a sub-client before its first request."""

    def _get_version(self: Any) -> Any:
        mount(self.session, self._fc.transport)
        return super()._get_version()  # type: ignore[misc]


class _BoundedInfo(_Bounded, InfoServiceClient):  # type: ignore[misc]
    pass


class _BoundedMaterialize(_Bounded, MaterializationClient):  # type: ignore[misc]
    pass


class _BoundedGraph(_Bounded, ChunkedGraphClient):  # type: ignore[misc]
    pass


class _BoundedAnnotation(_Bounded, AnnotationClient):  # type: ignore[misc]
    pass


class _BoundedSkeleton(_Bounded, SkeletonClient):  # type: ignore[misc]
    def flat(self, root_id: int) -> Any:
        """Return a neuron's skeleton as the service sends it.

        `get_skeleton` first opens the segmentation with cloud-volume, whose requests have no
        limits and hold the token.
        """
        url = self._build_get_skeleton_endpoint(root_id, None, _SKELETONS, "flatdict", True, 0)
        response = self.session.get(url)
        self.raise_for_status(response, log_warning=False)
        unpack = zlib.decompressobj(wbits=31)
        try:
            text = unpack.decompress(response.content, _LARGEST_SKELETON)
        except zlib.error as error:
            raise ValueError("a skeleton that is damaged, or not compressed") from error
        if not unpack.eof:
            raise ValueError("a skeleton that is cut off, or larger than 1 GB")
        return json.loads(text)


class _BoundedL2Cache(_Bounded, L2CacheClient):  # type: ignore[misc]
    pass


class _BoundedState(_Bounded, JSONService):  # type: ignore[misc]
    pass


class _BoundedSchema(_Bounded, SchemaClient):  # type: ignore[misc]
    pass


class BoundedClient(CAVEclientFull):  # type: ignore[misc]
    """A CAVE client whose sub-clients all send requests through one careful adapter.

    Only the adapter holds the token. Given the token, the sub-clients would put it into every
    request, redirected ones included, and request the list of API versions outside their
    session.
    """

    def __init__(self, datastack: str, address: str, transport: CarefulAdapter) -> None:
        self.transport = transport
        self._unnamed = AuthClient(token="", server_address=address)
        self._services: dict[type, Any] = {}
        super().__init__(
            datastack,
            address,
            auth_token_file=None,
            auth_token_key=None,
            auth_token=transport.shows.token_for(address) or "",
        )

    def change_auth(self, **options: Any) -> None:
        """Change the token; see `caveclient.CAVEclient.change_auth`."""
        super().change_auth(**options)
        if self._services:  # empty while this object is being constructed
            self._services = {}
            self.transport.shows.token = self.auth.token

    @property
    def info(self) -> InfoServiceClient:
        """The info service."""
        return self._service(
            _BoundedInfo, server_address=self.server_address, datastack_name=self.datastack_name
        )

    @property
    def materialize(self) -> MaterializationClient:
        """The materialization service: tables and versions."""
        return self._service(
            _BoundedMaterialize,
            datastack_name=self.datastack_name,
            synapse_table=lambda: self.info.get_datastack_info().get("synapse_table"),
            api_version=self._materialize_api,
        )

    @property
    def chunkedgraph(self) -> ChunkedGraphClient:
        """The chunkedgraph service: the segmentation."""
        return self._service(
            _BoundedGraph, table_name=self._segmentation_name, api_version=_SEGMENTATION_API
        )

    @property
    def annotation(self) -> AnnotationClient:
        """The annotation service: current annotations."""
        return self._service(_BoundedAnnotation, aligned_volume_name=self._aligned_volume_name)

    @property
    def skeleton(self) -> SkeletonClient:
        """The skeleton service."""
        return self._service(
            _BoundedSkeleton, datastack_name=self.datastack_name, api_version=_SKELETON_API
        )

    @property
    def l2cache(self) -> L2CacheClient:
        """The level-2 cache: properties of level-2 chunks."""
        return self._service(_BoundedL2Cache, table_name=self._segmentation_name)

    @property
    def state(self) -> JSONService:
        """The service that stores Neuroglancer states."""
        return self._service(
            _BoundedState, server_address=self.server_address, ngl_url=self.info.viewer_site
        )

    @property
    def schema(self) -> SchemaClient:
        """The service that describes annotation schemas."""
        return self._service(_BoundedSchema, server_address=self.server_address)

    def versions_metadata(self) -> list[dict[str, Any]]:
        """Return the server's current list of versions, bypassing the client's 12 h cache."""
        fetch = MaterializationClient.get_versions_metadata.__wrapped__
        with warnings.catch_warnings():  # a far-future time means "never expires"
            warnings.filterwarnings("ignore", message="Discarding nonzero nanoseconds")
            answer: list[dict[str, Any]] = fetch(self.materialize, expired=True)
        return answer

    def table_metadata(self, table: str, version: int) -> dict[str, Any]:
        """Return a table's current description, bypassing the client's 12 h cache."""
        fetch = MaterializationClient.get_table_metadata.__wrapped__
        answer: dict[str, Any] = fetch(self.materialize, table, version=version, log_warning=False)
        return answer

    def _service(self, kind: type, **options: Any) -> Any:
        """Return a sub-client, created on first use; callable options are called then."""
        if kind not in self._services:
            known = {name: o() if callable(o) else o for name, o in options.items()}
            if "server_address" not in known:
                known["server_address"] = self.local_server
            self._services[kind] = kind(auth_client=self._unnamed, over_client=self, **known)
        return self._services[kind]

    def _segmentation_name(self) -> str:
        return str(self.info.segmentation_source().rstrip("/").split("/")[-1])

    def _materialize_api(self) -> int:
        # The client's own request has no time limit, and it treats any failure as "2".
        response = self.info.session.get(f"{self.local_server}/materialize/api/versions")
        response.raise_for_status()
        common = _MATERIALIZE_APIS.intersection(response.json())
        if not common:
            raise CaveResponseError(
                f"{self.local_server} supports versions {response.json()} of the materialize API",
                hint="this program supports versions 2 and 3",
            )
        return max(common)


def default_server(datastack: str) -> str:
    """Return the server that CAVE programs have stored for a datastack, else the public one."""
    noted = handle_server_address(datastack, None, write=False)
    return str(noted or default_global_server_address)


def known_datastacks(address: str, transport: CarefulAdapter) -> list[str]:
    """Return the datastacks of a server, in alphabetical order."""
    info = _BoundedInfo(
        server_address=address,
        auth_client=AuthClient(token="", server_address=address),
        over_client=SimpleNamespace(transport=transport),
    )
    return names_from_answer(info.get_datastacks(), f"{address}: the list of datastacks")


def forget_other_servers() -> None:
    """Empty the client's process-wide caches, whose keys do not include the server."""
    MaterializationClient.get_tables_metadata.cache.clear()
    for name in ("_metadata_cache", "_table_cache", "_schema_cache"):
        getattr(table_manager, name).clear()


@contextmanager
def translated(server: str, what: str) -> Iterator[None]:
    """Turn the CAVE client's own errors into ours."""
    try:
        yield
    except AuthException as error:
        raise CaveAuthError(
            f"{server} requires a login for {what}",
            hint="run graphapi.generate_cave_token(), or cavegraph token ADDRESS, to store a token",
        ) from error
    except ServerIncompatibilityError as error:
        raise CaveResponseError(
            f"{server} is too old for this program, or is not a CAVE server: {error}",
            hint="the server must run MaterializationEngine 5.13.0 or newer",
        ) from error
