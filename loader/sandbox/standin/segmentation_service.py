"""The read-only part of the chunkedgraph service: roots, their history and their supervoxels."""

from __future__ import annotations

import ast
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from loader.sandbox.standin.question import read_json, with_body
from loader.sandbox.standin.replies import chunkedgraph_refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from loader.sandbox.standin.lineage import Edit
    from loader.sandbox.standin.standin import Standin

_SERVICE_VERSION = "2.21.1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Service:
    """The handlers, one per endpoint."""

    def __init__(self, standin: Standin) -> None:
        self._standin = standin

    def root(self, request: Request) -> Response:
        node = request.path_params["node"]
        if _stops_low(request):
            return JSONResponse({"root_id": node})
        (root,) = self._standin.history.roots_of([node], _time(request, "timestamp"))
        return JSONResponse({"root_id": root})

    def roots_binary(self, request: Request, content: bytes) -> Response:
        nodes = np.frombuffer(content, dtype="<u8").astype(np.int64).tolist()
        roots = (
            nodes
            if _stops_low(request)
            else self._standin.history.roots_of(nodes, _time(request, "timestamp"))
        )
        self._maybe_change(request, roots)
        body = np.array(roots, dtype="<u8").tobytes()
        return Response(body, media_type="application/octet-stream")

    def is_latest_roots(self, request: Request, content: bytes) -> Response:
        roots = _ids(content, "node_ids")
        current = self._standin.history.current(roots, _time(request, "timestamp"))
        self._maybe_change(request, [r for r, good in zip(roots, current, strict=True) if good])
        return JSONResponse({"is_latest": current})

    def root_timestamps(self, request: Request, content: bytes) -> Response:
        roots = _ids(content, "node_ids")
        lives = self._standin.history.lifetimes(roots)
        unknown = [root for root in roots if root not in lives]
        if unknown:
            raise chunkedgraph_refusal(400, f"not root ids: {unknown}")
        if request.query_params.get("latest", "False").lower() != "true":
            return JSONResponse({"timestamp": [lives[root][0] / 1e6 for root in roots]})
        now = _time(request, "timestamp")
        return JSONResponse({"timestamp": [min(lives[r][1] or now, now) / 1e6 for r in roots]})

    def lineage(self, request: Request, content: bytes) -> Response:
        history = self._standin.history
        nodes, links = history.lineage.links(
            _ids(content, "root_ids"),
            _time(request, "timestamp_past", default=0),
            _time(request, "timestamp_future"),
        )
        lives = history.lifetimes(nodes)
        described = []
        for node in nodes:
            entry: dict[str, Any] = {"id": node, "timestamp": lives.get(node, (0, None))[0] / 1e6}
            made_by = history.lineage.operation_of(node)
            if made_by is not None:
                entry["operation_id"] = made_by.operation_id
            described.append(entry)
        return JSONResponse(
            {
                "directed": True,
                "multigraph": False,
                "graph": {},
                "nodes": described,
                "links": [{"source": old, "target": new} for old, new in links],
            }
        )

    def past_ids(self, request: Request, content: bytes) -> Response:
        past = _time(request, "timestamp_past", default=0)
        history = self._standin.history
        found = {str(r): history.lineage.ancestors(r, past) for r in _ids(content, "root_ids")}
        return JSONResponse({"past_id_map": found, "future_id_map": {}})

    def delta_roots(self, request: Request) -> Response:
        old, new = self._standin.history.changed(
            _time(request, "timestamp_past", default=0), _time(request, "timestamp_future")
        )
        return JSONResponse({"old_roots": old, "new_roots": new})

    def valid_nodes(self, request: Request, content: bytes) -> Response:
        found = self._standin.history.known(
            _ids(content, "node_ids"),
            _time(request, "start_timestamp", default=0),
            _time(request, "end_timestamp"),
        )
        return JSONResponse({"valid_roots": found})

    def leaves(self, request: Request) -> Response:
        return JSONResponse({"leaf_ids": self._pieces(request.path_params["node"])})

    def leaves_many(self, _request: Request, content: bytes) -> Response:
        nodes = _ids(content, "node_ids")
        return JSONResponse({str(node): self._pieces(node) for node in nodes})

    def children(self, request: Request) -> Response:
        return JSONResponse({"children_ids": self._pieces(request.path_params["node"])})

    def oldest_timestamp(self, _request: Request) -> Response:
        moment = _EPOCH + timedelta(microseconds=self._standin.history.oldest())
        return JSONResponse({"iso": str(moment)})

    def operation_details(self, request: Request) -> Response:
        try:
            asked = [int(i) for i in ast.literal_eval(request.query_params["operation_ids"])]
        except (KeyError, ValueError, SyntaxError, TypeError):
            raise chunkedgraph_refusal(400, "operation_ids is not a list of numbers") from None
        found = self._standin.history.lineage.operations(asked)
        return JSONResponse({str(edit.operation_id): _details(edit) for edit in found})

    def change_log(self, request: Request) -> Response:
        edits = self._standin.history.lineage.edits_before(request.path_params["node"])
        merges = sum(edit.kind == "merge" for edit in edits)
        return JSONResponse(
            {
                "n_merges": merges,
                "n_splits": len(edits) - merges,
                "operations_ids": [edit.operation_id for edit in edits],
                "past_ids": sorted({old for edit in edits for old in edit.old_roots}),
                "user_info": {},
            }
        )

    def tabular_change_log(self, _request: Request, content: bytes) -> Response:
        history = self._standin.history
        roots = _ids(content, "root_ids")
        return JSONResponse({str(r): _change_table(history.lineage.edits_before(r)) for r in roots})

    def _pieces(self, node: int) -> list[int]:
        """Return the supervoxels below a node: there are no layers between them and roots."""
        found = self._standin.history.supervoxels_of(node)
        return found or ([node] if node >> 56 == 1 else [])

    def _maybe_change(self, request: Request, roots: list[int]) -> None:
        """Let the fault `root_change` replace a current root once the answer is ready."""
        now = time.time_ns() // 1000
        history = self._standin.history
        for root in roots:
            life = history.lifetimes([root]).get(root) if self._standin.faults.root_change else None
            if life is not None and life[1] is None:
                if self._standin.faults.strikes("root_change", request.url.path):
                    history.replace(root, now)
                return


def segmentation_routes(standin: Standin) -> list[Route]:
    """Return the routes below `/segmentation`, without the volume's `info`."""
    service = _Service(standin)

    def api_versions(_request: Request) -> Response:
        return JSONResponse([0, 1])

    def service_version(_request: Request) -> Response:
        return JSONResponse(_SERVICE_VERSION)

    def check_table(request: Request) -> None:
        name = request.path_params["table"]
        if name != standin.folder.segmentation_table:
            raise chunkedgraph_refusal(404, f"table {name} not found")

    def checked(handle: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def handler(request: Request) -> Response:
            check_table(request)
            return handle(request)

        return handler

    def checked_with_body(
        handle: Callable[[Request, bytes], Response],
    ) -> Callable[[Request], Awaitable[Response]]:
        def handler(request: Request, content: bytes) -> Response:
            check_table(request)
            return handle(request, content)

        return with_body(handler)

    base = "/segmentation/api/v1/table/{table}"
    node = f"{base}/node/{{node:int}}"
    plain = {
        f"{node}/root": service.root,
        f"{node}/leaves": service.leaves,
        f"{node}/children": service.children,
        f"{base}/delta_roots": service.delta_roots,
        f"{base}/oldest_timestamp": service.oldest_timestamp,
        f"{base}/operation_details": service.operation_details,
        f"{base}/root/{{node:int}}/change_log": service.change_log,
    }
    with_content = {
        f"{base}/roots_binary": service.roots_binary,
        f"{base}/is_latest_roots": service.is_latest_roots,
        f"{base}/root_timestamps": service.root_timestamps,
        f"{base}/lineage_graph_multiple": service.lineage,
        f"{base}/past_id_mapping": service.past_ids,
        f"{base}/valid_nodes": service.valid_nodes,
        f"{base}/node/leaves_many": service.leaves_many,
        f"{base}/tabular_change_log_many": service.tabular_change_log,
    }
    return [
        Route("/segmentation/api/versions", api_versions),
        Route("/segmentation/api/version", service_version),
        *(Route(path, checked(handle)) for path, handle in plain.items()),
        *(
            Route(path, checked_with_body(handle), methods=["GET", "POST"])
            for path, handle in with_content.items()
        ),
    ]


def _ids(content: bytes, key: str) -> list[int]:
    values = read_json(content).get(key)
    if not isinstance(values, list):
        raise chunkedgraph_refusal(400, f"the body has no list '{key}'")
    try:
        return [int(value) for value in values]
    except (TypeError, ValueError):
        raise chunkedgraph_refusal(400, f"'{key}' contains something that is not an id") from None


def _time(request: Request, name: str, *, default: int | None = None) -> int:
    """Return a time of the query string in microseconds; by default, now."""
    text = request.query_params.get(name)
    if text is None:
        return time.time_ns() // 1000 if default is None else default
    try:
        return round(float(text) * 1_000_000)
    except ValueError:
        raise chunkedgraph_refusal(400, f"{name} is not a time: {text}") from None


def _stops_low(request: Request) -> bool:
    return request.query_params.get("stop_layer") is not None


def _as_text(edit: Edit) -> str:
    return str(_EPOCH + timedelta(microseconds=edit.time))


def _details(edit: Edit) -> dict[str, Any]:
    return {
        "operation_id": edit.operation_id,
        "timestamp": _as_text(edit),
        "user": "1",
        "roots": list(edit.new_roots),
        "old_roots": list(edit.old_roots),
        "is_merge": edit.kind == "merge",
    }


def _change_table(edits: list[Edit]) -> str:
    return json.dumps(
        [
            {
                "operation_id": edit.operation_id,
                "timestamp": edit.time // 1000,
                "user_id": "1",
                "before_root_ids": list(edit.old_roots),
                "after_root_ids": list(edit.new_roots),
                "is_merge": edit.kind == "merge",
                "user_name": "stand-in",
                "user_affiliation": "",
            }
            for edit in edits
        ]
    )
