"""The least CAVE server that the client will talk to, and every way it can misbehave.

Written from the wire contract, without code of ours. `loader.sandbox.standin` answers far more;
this one is for what must be scripted request by request.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATASTACK = "tiny"


@dataclass
class Reply:
    """One answer; `drop` closes the connection, `half` after half of the body."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    half: bool = False
    hang: float = 0.0

    def payload(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def wrapped(status: int, words: str) -> Reply:
    """A refusal as the materialization service sends it."""
    return Reply({"code": 500, "message": f"{status} {words}", "traceback": []}, status=500)


def arrow(frame: pd.DataFrame, *, warning: str | None = None) -> Reply:
    batch = pa.RecordBatch.from_pandas(frame, preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    headers = {"Content-Type": "data.arrow"}
    if warning:
        headers["Warning"] = warning
    return Reply(sink.getvalue().to_pybytes(), headers=headers)


class TinyServer:
    """Routes, a script of misbehaviour, and a log of requests."""

    def __init__(self) -> None:
        self.routes: dict[str, Callable[[re.Match[str], Any], Reply]] = {}
        #: Path pattern -> replies given first, one a request.
        self.script: dict[str, list[Reply]] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.address = ""
        self.versions = [version(1, "2024-01-01"), version(2, "2024-06-01")]
        self.rows = pd.DataFrame(
            {
                "id": [1, 2, 3],
                "valid": [True] * 3,
                "pre_pt_root_id": [576460752700000001, 576460752700000001, 576460752700000003],
                "post_pt_root_id": [576460752700000002, 576460752700000002, 0],
            }
        )
        mat = "/materialize/api/v[23]/datastack/tiny"
        self.routes = {
            r"/info/version": lambda *_: Reply("4.3.3"),
            r"/info/api/v2/datastack/full/tiny": lambda *_: Reply(self.record()),
            r"/info/api/v2/datastacks": lambda *_: Reply(["tiny", "other"]),
            r"/materialize/api/versions": lambda *_: Reply([2, 3]),
            r"/materialize/version": lambda *_: Reply("5.26.4"),
            rf"{mat}/versions": lambda *_: Reply([v["version"] for v in self.versions]),
            rf"{mat}/metadata": lambda *_: Reply(self.versions),
            rf"{mat}/version/(\d+)/tables": lambda *_: Reply(["synapses", "nuclei"]),
            rf"{mat}/version/(\d+)/table/synapses/metadata": lambda *_: Reply(TABLE),
            rf"{mat}/version/(\d+)/table/synapses/query": self.query,
        }

    def record(self) -> dict[str, Any]:
        return {
            "aligned_volume": {"name": "av", "id": 1, "description": "", "image_source": None},
            "local_server": self.address,
            "segmentation_source": f"graphene://{self.address}/segmentation/table/tiny_seg",
            "synapse_table": "synapses",
            "soma_table": None,
            "viewer_resolution_x": 8.0,
            "viewer_resolution_y": 8.0,
            "viewer_resolution_z": 42.0,
        }

    def query(self, match: re.Match[str], url: Any) -> Reply:
        if "count=True" in url:
            return arrow(pd.DataFrame({"count": [len(self.rows)]}))
        return arrow(self.rows)

    def answer(self, path: str, url: str) -> Reply:
        for pattern, replies in self.script.items():
            if replies and re.search(pattern, url):
                return replies.pop(0)
        for pattern, route in self.routes.items():
            if match := re.fullmatch(pattern, path):
                return route(match, url)
        return Reply({"message": f"no {path}"}, status=404)

    def asked(self, pattern: str) -> int:
        return sum(bool(re.search(pattern, url)) for _, url, _ in self.requests)


def version(number: int, day: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "datastack": "tiny",
        "version": number,
        "time_stamp": f"{day}T08:00:00.000000",
        "expires_on": "2099-01-01T00:00:00.000000",
        "valid": True,
        "status": "AVAILABLE",
        "is_merged": True,
        **changes,
    }


TABLE = {
    "table_name": "synapses",
    "schema_type": "synapse",
    "description": "",
    "reference_table": None,
    "voxel_resolution_x": 4.0,
    "voxel_resolution_y": 4.0,
    "voxel_resolution_z": 40.0,
    "notice_text": None,
}


@contextmanager
def running() -> Iterator[TinyServer]:
    tiny = TinyServer()
    leaving = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            tiny.requests.append((self.command, self.path, dict(self.headers)))
            reply = tiny.answer(self.path.split("?")[0], self.path)
            if reply.hang:
                leaving.wait(reply.hang)
            if reply.drop:
                self.drop()
                return
            body = reply.payload()
            head = [f"HTTP/1.1 {reply.status} Said", f"Content-Length: {len(body)}"]
            kind = reply.headers.get("Content-Type", "application/json")
            given = {**reply.headers, "Content-Type": kind}
            head += [f"{name}: {value}" for name, value in given.items()]
            sent = body[: len(body) // 2] if reply.half else body
            self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + sent)
            if reply.half:
                self.drop()

        do_POST = do_GET  # noqa: N815

        def drop(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    tiny.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield tiny
    finally:
        leaving.set()
        server.shutdown()
        server.server_close()
