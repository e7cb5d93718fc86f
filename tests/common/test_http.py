"""The one adapter: bounded in time and in bytes, and a token that no hop carries astray."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from typing import TYPE_CHECKING

import brotli
import pytest
import requests

from graphapi.common.http import BoundedAdapter, Limits, Pass, mount, session
from graphapi.errors import CaveResponseError
from support.raw_server import RawServer, answer, raw_server

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "ca9a97ca9a97ca9a97ca9a97ca9a97ca"
FEW = Limits(connect=2, wait=0.5, whole=2, most=100_000)


def bomb(times: int = 1) -> bytes:
    content = bytes(50_000_000)
    for _ in range(times):
        content = gzip.compress(content)
    return content


BOMBS = {
    "gzip": (bomb(), "gzip"),
    "gzip twice": (bomb(2), "gzip, gzip"),
    "deflate": (zlib.compress(bytes(50_000_000)), "deflate"),
    "brotli": (brotli.compress(bytes(50_000_000)), "br"),
    "plain": (bytes(200_000), "identity"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_an_answer_that_unpacks_to_too_much_ends(kind: str) -> None:
    body, encoding = BOMBS[kind]
    head = f"Content-Encoding: {encoding}"
    with (
        raw_server(lambda _: [answer(body, head)]) as server,
        session(limits=FEW) as one,
        pytest.raises(CaveResponseError, match=r"127\.0\.0\.1.* more than 100,000 bytes"),
    ):
        one.get(server.url, stream=kind == "gzip")


@pytest.mark.parametrize("head", [b"", b"Transfer-Encoding: chunked\r\n"])
def test_an_endless_body_ends(head: bytes) -> None:
    def endless(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n" + head + b"\r\n"
        while True:
            yield b"1000\r\n" + b"x" * 4096 + b"\r\n" if head else b"x" * 4096

    with (
        raw_server(endless) as server,
        session(limits=FEW) as one,
        pytest.raises(CaveResponseError, match="more than"),
    ):
        one.get(server.url)


def drip(server_over: threading.Event, text: bytes) -> Iterator[bytes]:
    for byte in text:
        if server_over.wait(0.1):
            return
        yield bytes([byte])


@pytest.mark.parametrize("where", ["body", "body of a known length", "head", "one header"])
def test_a_byte_at_a_time_ends_within_the_limit(where: str) -> None:
    """Each byte comes within the time limit of a socket; all of them would take a minute."""
    over = threading.Event()

    def slow(_: str) -> Iterator[bytes]:
        if where == "head":
            yield from drip(over, b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100)
        elif where == "one header":
            yield from drip(over, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 600)
        else:
            size = b"Content-Length: 600\r\n" if "known" in where else b""
            yield b"HTTP/1.1 200 OK\r\n" + size + b"\r\n"
            yield from drip(over, b"x" * 600)

    started = time.monotonic()
    with (
        raw_server(slow) as server,
        session(limits=FEW) as one,
        pytest.raises(requests.ReadTimeout),
    ):
        one.get(server.url)
    over.set()
    assert time.monotonic() - started < 5


def test_what_unpacks_to_nothing_ends_too() -> None:
    packer = zlib.compressobj(wbits=31)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    nothing = packer.flush(zlib.Z_FULL_FLUSH) or b"\x00\x00\x00\xff\xff"

    def endless(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + start
        while True:
            yield nothing * 1000

    started = time.monotonic()
    with (
        raw_server(endless) as server,
        session(limits=FEW) as one,
        pytest.raises(requests.ReadTimeout),
    ):
        one.get(server.url)
    assert time.monotonic() - started < 8


def test_a_body_that_takes_too_long_in_all_ends() -> None:
    def slow(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        for _ in range(100):  # fast enough at each moment: 20 kB a second
            yield b"x" * 2000
            time.sleep(0.1)

    started = time.monotonic()
    limits = Limits(connect=2, wait=0.5, whole=1, most=10**9)
    with (
        raw_server(slow) as server,
        session(limits=limits) as one,
        pytest.raises(requests.ReadTimeout, match="too long"),
    ):
        one.get(server.url)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity"])
def test_an_answer_within_the_limits_comes_as_it_is(encoding: str) -> None:
    pack = {"gzip": gzip.compress, "br": brotli.compress, "identity": bytes}[encoding]
    content = bytes(range(256)) * 300
    with (
        raw_server(lambda _: [answer(pack(content), f"Content-Encoding: {encoding}")]) as server,
        session(limits=FEW) as one,
    ):
        assert one.get(server.url).content == content
        streamed = one.get(server.url, stream=True)
        assert streamed.raw.read() == content, "cloud-volume's library reads it so"
        assert b"".join(one.get(server.url, stream=True).iter_content(1000)) == content


# the token -------------------------------------------------------------------------------------


@pytest.fixture
def sink() -> Iterator[RawServer]:
    """A server that nobody vouched for."""
    with raw_server(lambda _: [answer(b"{}")]) as server:
        yield server


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("status", ["301 X", "302 X", "303 X", "307 X", "308 X"])
def test_a_redirect_takes_no_token_along(sink: RawServer, host: str, status: str) -> None:
    there = f"http://{host}:{sink.port}/x"
    with raw_server(lambda _: [answer(b"", f"Location: {there}", status=status)]) as known:
        one = session(Pass.to(TOKEN, known.url))
        # as the CAVE client does it: in every request, and in a cookie for all places
        one.headers["Authorization"] = f"Bearer {TOKEN}"
        one.cookies.set_cookie(requests.cookies.create_cookie("middle_auth_token", TOKEN))
        one.cookies.set_cookie(requests.cookies.create_cookie("other", "kept"))
        one.get(f"{known.url}/asked")
    assert f"Authorization: Bearer {TOKEN}" in known.heard
    assert "/x" in sink.heard, "the redirect was followed"
    assert "other=kept" in sink.heard
    assert TOKEN not in sink.heard


def test_a_redirect_within_the_place_keeps_the_token() -> None:
    def says(line: str) -> list[bytes]:
        if "/first" in line:
            return [answer(b"", "Location: /second", status="302 X")]
        return [answer(b"{}")]

    with raw_server(says) as known:
        session(Pass.to(TOKEN, known.url)).get(f"{known.url}/first")
    assert [f"Authorization: Bearer {TOKEN}" in asked for asked in known.requests] == [True, True]


def test_credentials_that_others_put_in_are_taken_out(sink: RawServer) -> None:
    one = session(None)
    one.get(sink.url, headers={"Authorization": f"Bearer {TOKEN}"})
    one.get(sink.url, headers={"Cookie": f"a=1; middle_auth_token={TOKEN}; b=2"})
    one.get(sink.url, auth=("me", TOKEN))
    assert TOKEN not in sink.heard
    assert "Authorization" not in sink.heard
    assert "a=1; b=2" in sink.heard


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://cave.example/x?y", True),
        ("https://cave.example:443", True),
        ("http://cave.example", False),
        ("https://cave.example:8443", False),
        ("https://data.cave.example", False),
        (r"https://evil.example\@cave.example", False),
        (r"https://cave.example\.evil.example", False),
        ("https://cave.example@evil.example", False),
        ("http://known.example", False),
        ("http://127.0.0.1:7/x", True),
        ("http://127.0.0.1:8", False),
        ("https://127.0.0.1:7", False),
    ],
)
def test_who_sees_the_token(address: str, shown: bool) -> None:
    places = ("https://cave.example", "http://known.example", "http://127.0.0.1:7")
    assert Pass.to(TOKEN, *places).token_for(address) == (TOKEN if shown else None)
    assert TOKEN not in repr(Pass.to(TOKEN, *places))


def test_a_retry_reads_no_endless_answer() -> None:
    """urllib3 reads the rest of an answer before it repeats a request by itself."""

    def endless(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 503 Busy\r\n\r\n"
        while True:
            yield b"x" * 4096

    one = requests.Session()
    mount(one, BoundedAdapter(limits=FEW, max_retries=3))
    with raw_server(endless) as server, pytest.raises(CaveResponseError):
        one.get(server.url)
