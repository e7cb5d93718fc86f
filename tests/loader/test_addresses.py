"""Files at addresses, from a server on loopback that breaks off, answers ranges, or lies."""

from __future__ import annotations

import base64
import hashlib
import resource
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from test_full_disk import in_a_process

from graphapi.errors import LoadError, NotFoundError
from loader.sources import addresses, places

CONTENT = b"pre,post,weight\n" + b"".join(b"%d,%d,3\n" % (i, i + 1) for i in range(1, 20_000))


@dataclass
class Behaviour:
    """What the server does with each request."""

    content: bytes = CONTENT
    header: bytes = b""
    ranges: bool = True
    most: int | None = None  # bytes of one answer before the connection breaks
    md5: bytes | None = None
    mark: str = '"one"'
    asked: list[str] = field(default_factory=list)


@contextmanager
def server(behaviour: Behaviour):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/there/rows_header.csv" and behaviour.header:
                self.send_response(200)
                self.send_header("Content-Length", str(len(behaviour.header)))
                self.end_headers()
                self.wfile.write(behaviour.header)
                return
            if self.path != "/there/rows.csv":
                self.send_error(404)
                return
            wanted = self.headers.get("Range", "")
            behaviour.asked.append(wanted)
            start = 0
            is_same = self.headers.get("If-Range") == behaviour.mark
            if behaviour.ranges and wanted and is_same:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                self.send_response(206)
                size = len(behaviour.content)
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(behaviour.content) - start))
            self.send_header("ETag", behaviour.mark)
            if behaviour.md5 is not None:
                coded = base64.b64encode(behaviour.md5).decode()
                self.send_header("x-goog-hash", f"crc32c=AAAAAA==,md5={coded}")
            self.end_headers()
            end = None if behaviour.most is None else start + behaviour.most
            self.wfile.write(behaviour.content[start:end])

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}"
    finally:
        running.shutdown()
        running.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(addresses.time, "sleep", lambda _: None)


def test_a_connection_that_breaks_is_gone_on_with(tmp_path):
    behaviour = Behaviour(most=100_000, md5=hashlib.md5(CONTENT, usedforsecurity=False).digest())
    with server(behaviour) as address:
        path = addresses.fetched(f"{address}/there/rows.csv", cache=tmp_path)
        assert path.read_bytes() == CONTENT
        assert path.name == "rows.csv"
        assert behaviour.asked[:3] == ["", "bytes=100000-", "bytes=200000-"]
        count = len(behaviour.asked)
        assert addresses.fetched(f"{address}/there/rows.csv", cache=tmp_path) == path
        assert len(behaviour.asked) == count  # what is there is not asked for again


def test_a_server_without_ranges_sends_it_anew(tmp_path):
    behaviour = Behaviour(ranges=False, most=100_000)
    with server(behaviour) as address:
        with pytest.raises(LoadError, match="could not be downloaded") as caught:
            addresses.fetched(f"{address}/there/rows.csv", cache=tmp_path)
        assert "resumes where it stopped" in str(caught.value)
        behaviour.most = None
        path = addresses.fetched(f"{address}/there/rows.csv", cache=tmp_path)
        assert path.read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_not_a_mixture(tmp_path):
    behaviour = Behaviour(most=0)
    with server(behaviour) as address:
        with pytest.raises(LoadError):
            addresses.fetched(f"{address}/there/rows.csv", cache=tmp_path)
        next(tmp_path.rglob("*.part")).write_bytes(CONTENT[:50_000])
        behaviour.content, behaviour.mark, behaviour.most = CONTENT[::-1], '"two"', None
        path = addresses.fetched(f"{address}/there/rows.csv", cache=tmp_path)
        assert behaviour.asked[-1] == "bytes=50000-"
        assert path.read_bytes() == CONTENT[::-1]


def test_a_damaged_file_is_not_kept(tmp_path):
    behaviour = Behaviour(md5=hashlib.md5(b"another", usedforsecurity=False).digest())
    with server(behaviour) as address:
        with pytest.raises(LoadError, match="was damaged"):
            addresses.fetched(f"{address}/there/rows.csv", cache=tmp_path)
        assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_what_is_not_there(tmp_path):
    with server(Behaviour()) as address:
        with pytest.raises(NotFoundError, match="no public file"):
            addresses.fetched(f"{address}/gone/rows.csv", cache=tmp_path)
        assert addresses.fetched_if_there(f"{address}/gone/x.csv", cache=tmp_path) is None


def test_buckets_are_addresses():
    assert addresses.is_address("gs://a/b.csv")
    assert addresses._url("gs://my-bucket/a b/c.csv") == (
        "https://storage.googleapis.com/my-bucket/a%20b/c.csv"
    )


def test_the_header_beside_an_address_is_fetched_too(tmp_path, monkeypatch):
    monkeypatch.setattr(addresses, "_cache", lambda: tmp_path)
    behaviour = Behaviour(
        content=b"1,2,3\n2,3,4\n", header=b"pre,bigint\npost,bigint\nweight,int\n"
    )
    with server(behaviour) as address:
        (file,) = places.tables([f"{address}/there/rows.csv"])
    assert file.names == ("pre", "post", "weight")


def test_a_full_disk_while_a_file_is_fetched(tmp_path):
    def full() -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
        addresses.fetched(f"{base}/there/rows.csv", cache=tmp_path)
        return "fetched"

    with server(Behaviour()) as base:
        told = in_a_process(full)
        assert told.startswith("LoadError"), told
        assert f"the disk of '{tmp_path}" in told
        assert "is full" in told
        path = addresses.fetched(f"{base}/there/rows.csv", cache=tmp_path)
    assert path.read_bytes() == CONTENT
