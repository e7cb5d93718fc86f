"""Servers of files that stall, never end, or say nonsense: an error of ours, within seconds."""

from __future__ import annotations

import collections
import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from graphapi.common.http import file_session
from graphapi.errors import CavegraphError, InputError, LoadError, StageError
from loader.sources import addresses
from support.raw_server import RawServer, answer, raw_server

#: Seconds in which each of these must end: five attempts, each with a patience of half a second.
SOON = 20.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(addresses.STALL_VARIABLE, "0.5")
    clock = collections.namedtuple("clock", "sleep monotonic")(lambda _: None, time.monotonic)
    monkeypatch.setattr(addresses, "time", clock)


def drip(server: RawServer, text: bytes) -> Iterator[bytes]:
    for byte in text:
        yield bytes([byte])
        if server.over.wait(0.1):
            return


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize("where", ["head", "body", "chunks", "silence", "last byte"])
def test_a_byte_at_a_time_is_a_stall(tmp_path: Path, where: str) -> None:
    """Each byte comes within the time limit of a socket, and the file would take hours."""

    def says(_: str) -> Iterator[bytes]:
        if where == "head":
            yield from drip(server, HEAD + b"x" * 100_000)
        elif where == "body":
            yield HEAD
            yield from drip(server, b"x" * 100_000)
        elif where == "chunks":
            yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            while not server.over.wait(0.1):
                yield b"1\r\nx\r\n"
        elif where == "silence":
            yield HEAD
            server.over.wait(60)
        else:
            yield HEAD + b"x" * 99_999
            server.over.wait(60)

    started = time.monotonic()
    with raw_server(says) as server:
        with pytest.raises(LoadError, match="could not be downloaded") as told:
            addresses.fetched(f"{server.url}/rows.csv", cache=tmp_path)
        assert 5 <= len(server.requests) <= 10
    assert time.monotonic() - started < SOON
    assert "resumes where it stopped" in str(told.value)
    assert not list(tmp_path.rglob("rows.csv"))


def test_a_slow_but_steady_file_comes(tmp_path: Path) -> None:
    """It takes longer than the patience, and brings enough in each part of it."""
    piece = b"1,2,3\n" * 10_000

    def says(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (10 * len(piece))
        for _number in range(10):
            yield piece
            server.over.wait(0.15)

    started = time.monotonic()
    with raw_server(says) as server:
        path = addresses.fetched(f"{server.url}/rows.csv", cache=tmp_path)
        assert len(server.requests) == 1
    assert path.read_bytes() == 10 * piece
    assert time.monotonic() - started > 1.0


def test_a_byte_an_answer_is_no_progress(tmp_path: Path) -> None:
    """A server that breaks off after each byte would be asked as often as the file has bytes."""
    with raw_server(lambda _: [HEAD + b"x"]) as server:
        with pytest.raises(LoadError, match="could not be downloaded"):
            addresses.fetched(f"{server.url}/rows.csv", cache=tmp_path)
        assert len(server.requests) == 5


def test_an_endless_file_leaves_room_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = collections.namedtuple("usage", "free")

    def disk(folder: Path) -> object:
        taken = sum(path.stat().st_size for path in tmp_path.rglob("*.part"))
        return usage(addresses._ROOM_LEFT + 3_000_000 - taken)

    monkeypatch.setattr(addresses.shutil, "disk_usage", disk)

    def endless(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while not server.over.is_set():
            yield b"10000\r\n" + bytes(65536) + b"\r\n"

    with raw_server(endless) as server, pytest.raises(LoadError, match="does not fit on the disk"):
        addresses.fetched(f"{server.url}/rows.csv", cache=tmp_path)
    (part,) = tmp_path.rglob("*.part")
    assert part.stat().st_size <= 3_000_000


def test_a_file_larger_than_the_disk_is_not_begun(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\n"
    with raw_server(lambda _: [head, bytes(1000)]) as server:
        with pytest.raises(LoadError, match="does not fit on the disk"):
            addresses.fetched(f"{server.url}/rows.csv", cache=tmp_path)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "headers",
    [
        ["HTTP/1.1 200 OK", "Content-Length: many"],
        ["HTTP/1.1 200 OK", "Content-Length: -7"],
        ["HTTP/1.1 206 Partial Content", "Content-Range: bytes x-y/z", "Content-Length: 3"],
        ["HTTP/1.1 206 Partial Content", "Content-Length: 3"],
        ["HTTP/1.1 200 OK", "Content-Length: 3", "x-goog-hash: md5=\xff!!"],
        ["HTTP/1.1 200 OK", "Content-Length: 3", "Content-MD5: a"],
        ["HTTP/1.1 416 Range Not Satisfiable", "Content-Length: 0"],
        ["HTTP/1.1 302 Found", "Location: file:///etc/passwd", "Content-Length: 0"],
        ["HTTP/1.1 302 Found", "Location: http://a\\@b/c", "Content-Length: 0"],
        ["HTTP/1.1 302 Found", "Location: /again.csv", "Content-Length: 0"],
        ["HTTP/9.9 x"],
        ["nonsense"],
    ],
)
def test_a_server_that_says_nonsense(tmp_path: Path, headers: list[str]) -> None:
    said = "\r\n".join([*headers, "", "abc"]).encode("latin-1")
    with raw_server(lambda _: [said]) as server, pytest.raises(CavegraphError):
        addresses.fetched(f"{server.url}/rows.csv", cache=tmp_path)
    assert not list(tmp_path.rglob("rows.csv"))


@pytest.mark.parametrize("part", ["bytes 0-15/32", "bytes 17-31/32", "bytes 15-31/32", "32"])
def test_another_part_than_the_one_asked_for_is_not_put_in_its_place(
    tmp_path: Path, part: str
) -> None:
    whole = b"pre,post,weight\n1,2,3\n2,3,4\n3,4\n"
    head = b'HTTP/1.1 200 OK\r\nContent-Length: 32\r\nETag: "one"\r\n\r\n'
    other = answer(bytes(16), f"Content-Range: {part}", status="206 Partial Content")
    with raw_server(
        lambda _: [head + whole[:16] if len(server.requests) == 1 else other]
    ) as server:
        with pytest.raises(LoadError, match="not from 16 on"):
            addresses.fetched(f"{server.url}/rows.csv", cache=tmp_path)
        good = answer(whole[16:], "Content-Range: bytes 16-31/32", status="206 Partial Content")
        server.says = lambda _: [good]
        assert addresses.fetched(f"{server.url}/rows.csv", cache=tmp_path).read_bytes() == whole
        assert "Range: bytes=16-" in server.requests[-1]


@pytest.mark.parametrize("note", ["", "[]", "{", "\xff"])
def test_a_damaged_note_is_not_believed(tmp_path: Path, note: str) -> None:
    with raw_server(lambda _: [answer(b"pre,post,weight\n")]) as server:
        url = f"{server.url}/rows.csv"
        path = addresses.fetched(url, cache=tmp_path)
        path.rename(path.with_name("rows.csv.part"))
        path.with_name("rows.csv.part.json").write_text(note, "latin-1")
        assert addresses.fetched(url, cache=tmp_path).read_bytes() == b"pre,post,weight\n"
        assert all("Range" not in asked for asked in server.requests)


@pytest.mark.parametrize(
    "address",
    [
        "https://known.example/a/..",
        "https://known.example/a/%2e%2e",
        "https://known.example/a%00b.csv",
        "https://known.example/a%1b[31mb.csv",
        "https://known.example/" + "x" * 300,
        "https://known.example/",
        "https://me:secret-word@known.example/rows.csv",
        "https://a\\@known.example/rows.csv",
        "https://known.example:99999/rows.csv",
        "gs://",
    ],
)
def test_an_address_that_is_no_file(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError) as told:
        addresses.fetched(address, cache=tmp_path)
    assert "secret-word" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_a_key_in_an_address_is_not_told(tmp_path: Path) -> None:
    """Addresses of private buckets are signed: whoever has them may fetch the file."""
    gone = answer(b"", status="404 Not Found")
    broken = answer(b"", status="500 Internal Server Error")
    away = answer(b"", "Location: http://127.0.0.1:9/x?key=ca9a97", status="302 Found")
    for said in (gone, broken, away, b"nonsense", answer(b"abc", "Content-MD5: AAAA")):
        with raw_server(lambda _, said=said: [said]) as server:
            with pytest.raises(CavegraphError) as told:
                addresses.fetched(f"{server.url}/rows.csv?signature=ca9a97", cache=tmp_path)
            assert "ca9a97" in server.heard
        assert "ca9a97" not in str(told.value)


@pytest.mark.parametrize(
    ("before", "now", "follows"),
    [
        ("https://known.example/a", "https://other.example/b", True),
        ("http://known.example/a", "http://other.example/b", True),
        ("http://known.example/a", "https://known.example/a", True),
        ("https://known.example/a", "http://known.example/a", False),
        ("https://known.example/a", "HTTP://127.0.0.1/a", False),
    ],
)
def test_no_redirect_from_https_to_http(before: str, now: str, follows: bool) -> None:
    """As requests asks at each hop: https, http, https is refused at the first step."""
    response = requests.Response()
    response.url, response.status_code = before, 302
    response.headers["Location"] = now
    response.request = request = requests.Request("GET", before).prepare()
    request.headers["Authorization"] = "Basic of-a-netrc"
    sent: list[requests.PreparedRequest] = []

    class Hop(requests.adapters.BaseAdapter):
        def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
            sent.append(request)
            arrived = requests.Response()
            arrived.status_code, arrived.url = 200, str(request.url)
            arrived.raw = __import__("io").BytesIO()
            return arrived

        def close(self) -> None:
            pass

    response.raw = __import__("io").BytesIO()
    with file_session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, Hop())
        if follows:
            list(session.resolve_redirects(response, request))
            assert [one.headers.get("Authorization") for one in sent] == [None]
            return
        with pytest.raises(requests.RequestException, match="plain http"):
            list(session.resolve_redirects(response, request))
    assert sent == []


def hold(folder: Path, held: object, over: object) -> None:
    lock = addresses.FileLock(folder / ".lock")
    lock.acquire()
    held.set()  # type: ignore[attr-defined]
    over.wait(60)  # type: ignore[attr-defined]


def test_two_processes_do_not_write_one_file(tmp_path: Path) -> None:
    with raw_server(lambda _: [answer(b"pre,post,weight\n")]) as server:
        url = f"{server.url}/rows.csv"
        path = addresses.fetched(url, cache=tmp_path)
        path.unlink()
        context = multiprocessing.get_context("spawn")
        held, over = context.Event(), context.Event()
        other = context.Process(target=hold, args=(path.parent, held, over))
        other.start()
        assert held.wait(60)
        with pytest.raises(StageError, match="is being downloaded by another load"):
            addresses.fetched(url, cache=tmp_path)
        over.set()
        other.join()
        assert addresses.fetched(url, cache=tmp_path) == path


@pytest.mark.parametrize("given", ["0", "-1", "soon", "nan", "inf"])
def test_a_patience_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv(addresses.STALL_VARIABLE, given)
    with pytest.raises(InputError, match=addresses.STALL_VARIABLE):
        addresses.fetched("http://127.0.0.1:9/rows.csv", cache=tmp_path)
