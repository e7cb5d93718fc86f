"""What we rely on inside other people's code, and what of ours breaks when it moves.

`graphapi/cave/client.py` reaches into `caveclient`; `graphapi/functions.py` into `functools`. A
release that moves one of these fails here, with the reason, and not first in somebody's analysis.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from types import SimpleNamespace
from typing import Any

import pytest

import graphapi
from graphapi.cave import client as ours

#: Where it is, what it must be able to take, and what breaks without it.
RELIED_ON = [
    ("auth.AuthClient", {"token", "server_address"}, "the list of datastacks"),
    ("base.AuthException", None, "a refused token is no CaveAuthError any more"),
    ("base.ServerIncompatibilityError", None, "an old server is no CaveResponseError any more"),
    ("base.ClientBase._get_version", set(), "the first request goes out without a time limit"),
    ("chunkedgraph.ChunkedGraphClient", {"over_client", "table_name"}, "stale ids"),
    ("datastack_lookup.handle_server_address", {"write"}, "the server noted for a datastack"),
    ("endpoints.default_global_server_address", None, "the public server"),
    ("frameworkclient.CAVEclientFull", {"auth_token", "auth_token_file"}, "connecting"),
    ("frameworkclient.CAVEclientFull.info", None, "services are made past the careful adapter"),
    ("frameworkclient.CAVEclientFull.materialize", None, "see `info`"),
    ("frameworkclient.CAVEclientFull.chunkedgraph", None, "see `info`"),
    ("frameworkclient.CAVEclientFull.change_auth", {"auth_token"}, "taking another token"),
    (
        "annotationengine.AnnotationClient",
        {"over_client", "aligned_volume_name"},
        "`get_cave_client().annotation` sends past the careful adapter, the token with it",
    ),
    ("skeletonservice.SkeletonClient", {"over_client", "datastack_name"}, "see `annotation`"),
    (
        "skeletonservice.SkeletonClient._build_get_skeleton_endpoint",
        {"root_id", "datastack_name", "skeleton_version", "output_format", "async_"},
        "skeletons: `get_skeleton` opens cloud-volume past the careful adapter",
    ),
    ("l2cache.L2CacheClient", {"over_client", "table_name"}, "see `annotation`"),
    ("jsonservice.JSONService", {"over_client", "ngl_url"}, "see `annotation`"),
    ("emannotationschemas.SchemaClient", {"over_client"}, "see `annotation`"),
    ("infoservice.InfoServiceClient", {"over_client"}, "the datastack's record"),
    ("materializationengine.MaterializationClient", {"over_client", "synapse_table"}, "tables"),
    (
        "materializationengine.MaterializationClient.get_versions_metadata.__wrapped__",
        {"expired"},
        "versions are up to 12 h old",
    ),
    (
        "materializationengine.MaterializationClient.get_table_metadata.__wrapped__",
        {"version", "log_warning"},
        "a table's description is up to 12 h old",
    ),
    (
        "materializationengine.MaterializationClient.get_tables_metadata.cache.clear",
        set(),
        "tables of another server are served from the process's cache",
    ),
    ("tools.table_manager._metadata_cache.clear", set(), "see `get_tables_metadata`"),
    ("tools.table_manager._table_cache.clear", set(), "see `get_tables_metadata`"),
    ("tools.table_manager._schema_cache.clear", set(), "see `get_tables_metadata`"),
]


def reached(path: str) -> Any:
    """Walk a dotted path from `caveclient`, through modules and then attributes."""
    found: Any = importlib.import_module("caveclient")
    for part in path.split("."):
        if inspect.ismodule(found) and not hasattr(found, part):
            importlib.import_module(f"{found.__name__}.{part}")
        found = getattr(found, part)
    return found


def lacks(path: str, taken: set[str] | None) -> str:
    """Say what is not there, or which argument is not taken; else nothing."""
    try:
        found = reached(path)
    except (AttributeError, ImportError):
        return f"caveclient.{path} is not there"
    if taken is None:
        return ""
    missing = taken - set(inspect.signature(found).parameters)
    return f"caveclient.{path} does not take {', '.join(sorted(missing))}" if missing else ""


@pytest.mark.parametrize(("path", "taken", "breaks"), RELIED_ON, ids=[r[0] for r in RELIED_ON])
def test_caveclient_has_what_we_reach_for(path: str, taken: set[str] | None, breaks: str) -> None:
    assert not lacks(path, taken), breaks


def test_a_move_is_noticed() -> None:
    assert lacks("base.ClientBase._gone", None) == "caveclient.base.ClientBase._gone is not there"
    assert lacks("no_module.Thing", None) == "caveclient.no_module.Thing is not there"
    assert lacks("auth.AuthClient", {"spell"}) == "caveclient.auth.AuthClient does not take spell"


@pytest.mark.parametrize("kind", [ours._BoundedInfo, ours._BoundedMaterialize, ours._BoundedGraph])
def test_the_adapter_is_there_before_the_first_request(
    kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else that request waits for ever: `_get_version` must still be what sends it."""
    seen: list[tuple[Any, Any]] = []

    def look(self: Any) -> None:
        seen.append((self.session.get_adapter("https://x"), self.session.get_adapter("http://x")))
        raise StopIteration

    monkeypatch.setattr(reached("base.ClientBase"), "_get_version", look)
    transport = object()
    needed = inspect.signature(kind).parameters
    given: dict[str, Any] = {
        "server_address": "https://cave.example",
        "datastack_name": "ants",
        "table_name": "ants",
        "api_version": 3 if kind is ours._BoundedMaterialize else 1,
        "auth_client": reached("auth.AuthClient")(token="", server_address="https://cave.example"),
        "over_client": SimpleNamespace(transport=transport),
    }
    with pytest.raises(StopIteration):
        kind(**{name: value for name, value in given.items() if name in needed})
    assert seen == [(transport, transport)]


def test_wraps_leaves_wrapped_which_functions_take_away() -> None:
    """With `__wrapped__` left, help() and type checkers would show `self` of the method."""

    @functools.wraps(len)
    def call() -> None: ...

    assert call.__wrapped__ is len  # else `del` in graphapi.functions fails at import
    assert not hasattr(graphapi.get_partners, "__wrapped__")
    assert next(iter(inspect.signature(graphapi.get_partners).parameters)) == "neuron_ids"
