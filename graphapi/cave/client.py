"""The CAVE client, made safe to rely on. The only module that imports `caveclient`."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from caveclient.auth import AuthClient
from caveclient.base import AuthException, ServerIncompatibilityError
from caveclient.chunkedgraph import ChunkedGraphClient
from caveclient.datastack_lookup import handle_server_address
from caveclient.endpoints import default_global_server_address
from caveclient.frameworkclient import CAVEclientFull
from caveclient.infoservice import InfoServiceClient
from caveclient.materializationengine import MaterializationClient
from caveclient.tools import table_manager
from urllib3.util.retry import Retry

from graphapi.cave.records import names_from_answer
from graphapi.errors import CaveAuthError, CaveResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from graphapi.cave.transport import CarefulAdapter

_MATERIALIZE_APIS = frozenset({2, 3})
_SEGMENTATION_API = 1


class _Bounded:
    """Gives a sub-client the careful adapter before its first request."""

    def _get_version(self: Any) -> Any:
        _mount(self.session, self._fc.transport)
        return super()._get_version()  # type: ignore[misc]


class _BoundedInfo(_Bounded, InfoServiceClient):  # type: ignore[misc]
    pass


class _BoundedMaterialize(_Bounded, MaterializationClient):  # type: ignore[misc]
    pass


class _BoundedGraph(_Bounded, ChunkedGraphClient):  # type: ignore[misc]
    pass


class BoundedClient(CAVEclientFull):  # type: ignore[misc]
    """A CAVE client whose sub-clients all send through one careful adapter."""

    def __init__(
        self, datastack: str, address: str, token: str | None, transport: CarefulAdapter
    ) -> None:
        self.transport = transport
        self._info: InfoServiceClient | None = None
        self._materialize: MaterializationClient | None = None
        self._chunkedgraph: ChunkedGraphClient | None = None
        super().__init__(
            datastack, address, auth_token_file=None, auth_token_key=None, auth_token=token
        )

    @property
    def info(self) -> InfoServiceClient:
        """The info service."""
        if self._info is None:
            self._info = _BoundedInfo(
                server_address=self.server_address,
                datastack_name=self.datastack_name,
                auth_client=self.auth,
                over_client=self,
            )
        return self._info

    @property
    def materialize(self) -> MaterializationClient:
        """Tables and versions."""
        if self._materialize is None:
            self._materialize = _BoundedMaterialize(
                server_address=self.local_server,
                auth_client=self.auth,
                datastack_name=self.datastack_name,
                synapse_table=self.info.get_datastack_info().get("synapse_table"),
                api_version=self._materialize_api(),
                over_client=self,
            )
        return self._materialize

    @property
    def chunkedgraph(self) -> ChunkedGraphClient:
        """The segmentation."""
        if self._chunkedgraph is None:
            self._chunkedgraph = _BoundedGraph(
                server_address=self.local_server,
                auth_client=self.auth,
                table_name=self.info.segmentation_source().rstrip("/").split("/")[-1],
                api_version=_SEGMENTATION_API,
                over_client=self,
            )
        return self._chunkedgraph

    @property
    def annotation(self) -> Any:
        """Annotations as they stand now."""
        return self._bounded(super().annotation)

    @property
    def skeleton(self) -> Any:
        """Skeletons."""
        return self._bounded(super().skeleton)

    @property
    def l2cache(self) -> Any:
        """Properties of level-2 chunks."""
        return self._bounded(super().l2cache)

    @property
    def state(self) -> Any:
        """Neuroglancer states."""
        return self._bounded(super().state)

    @property
    def schema(self) -> Any:
        """Annotation schemas."""
        return self._bounded(super().schema)

    def versions_metadata(self) -> list[dict[str, Any]]:
        """Return the server's list of versions as it is now, past the client's 12 h cache."""
        fetch = MaterializationClient.get_versions_metadata.__wrapped__
        with warnings.catch_warnings():  # it stands a far-future time for "never expires"
            warnings.filterwarnings("ignore", message="Discarding nonzero nanoseconds")
            answer: list[dict[str, Any]] = fetch(self.materialize, expired=True)
        return answer

    def table_metadata(self, table: str, version: int) -> dict[str, Any]:
        """Return the description of a table as it is now, past the client's 12 h cache."""
        fetch = MaterializationClient.get_table_metadata.__wrapped__
        answer: dict[str, Any] = fetch(self.materialize, table, version=version, log_warning=False)
        return answer

    def _bounded(self, service: Any) -> Any:
        _mount(service.session, self.transport)
        return service

    def _materialize_api(self) -> int:
        # Asked here: the client asks without a time limit, and takes any failure for "2".
        response = self.info.session.get(f"{self.local_server}/materialize/api/versions")
        response.raise_for_status()
        common = _MATERIALIZE_APIS.intersection(response.json())
        if not common:
            raise CaveResponseError(
                f"{self.local_server} speaks versions {response.json()} of the materialize API",
                hint="this program knows versions 2 and 3",
            )
        return max(common)


def _mount(session: requests.Session, transport: CarefulAdapter) -> None:
    session.mount("http://", transport)
    session.mount("https://", transport)


def default_server(datastack: str) -> str:
    """Return the server that CAVE programs have noted for a datastack, else the public one."""
    noted = handle_server_address(datastack, None, write=False)
    return str(noted or default_global_server_address)


def known_datastacks(address: str, token: str | None, transport: CarefulAdapter) -> list[str]:
    """Return the datastacks of a server, in alphabetical order."""
    info = _BoundedInfo(
        server_address=address,
        auth_client=AuthClient(token=token or "", server_address=address),
        over_client=SimpleNamespace(transport=transport),
    )
    return names_from_answer(info.get_datastacks(), f"{address}: the list of datastacks")


def standard_retries() -> Retry:
    """Return the retries that the CAVE client has when left alone."""
    return Retry(
        total=3,
        backoff_factor=0.1,
        status_forcelist=(502, 503, 504),
        allowed_methods=frozenset(["GET", "POST"]),
        raise_on_status=False,
    )


def forget_other_servers() -> None:
    """Empty the client's process-wide caches: their keys do not name the server."""
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
            f"{server} wants a login for {what}",
            hint="run graphapi.generate_cave_token(), or cavegraph token ADDRESS, to store a token",
        ) from error
    except ServerIncompatibilityError as error:
        raise CaveResponseError(
            f"{server} is too old for this program, or is no CAVE server: {error}",
            hint="it must run MaterializationEngine 5.13.0 or newer",
        ) from error
