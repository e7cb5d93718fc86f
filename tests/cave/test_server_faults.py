"""A server that is wrong in one thing: right rows, or an error of ours; never a foreign one.

Each fault is asked through the calls that a load and a question make, and the rows that come
back, if any, are held against those that the server has.
"""

from __future__ import annotations

import gzip
import random
import time
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from tiny_server import DATASTACK, TABLE, Reply, TinyServer, arrow, running, version

from graphapi.cave.complete import fetch_range, id_ranges, require_total
from graphapi.cave.connection import Cave
from graphapi.cave.tables import fetch_table
from graphapi.errors import (
    CaveError,
    CavegraphError,
    CaveResponseError,
    CaveUnavailableError,
    IncompleteAnswerError,
)
from support.raw_server import raw_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COUNT = r"/query.*count=True"
ROWS = r"/query(?!.*count=True)"
INFO = "/datastack/full"
VERSIONS = "/tiny/metadata"
TABLES = "/version/2/tables"
META = "/synapses/metadata"
DEEP = b"[" * 100_000 + b"]" * 100_000
DEEP_RECORD = b'{"a":' * 50_000 + b"1" + b"}" * 50_000


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def server() -> Iterator[TinyServer]:
    with running() as tiny:
        yield tiny


def counted(*values: Any, kind: pa.DataType | None = None, name: str = "count") -> Reply:
    table = pa.table({name: pa.array(values, kind)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return Reply(sink.getvalue().to_pybytes(), headers={"Content-Type": "data.arrow"})


def rows(**changes: list[Any]) -> Reply:
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "valid": [True] * 3,
            "pre_pt_root_id": [576460752700000001, 576460752700000001, 576460752700000003],
            "post_pt_root_id": [576460752700000002, 576460752700000002, 0],
        }
    )
    for name, values in changes.items():
        frame[name] = values
    return arrow(frame)


def info(**changes: Any) -> Callable[[TinyServer], Reply]:
    return lambda server: Reply({**server.record(), **changes})


def table(**changes: Any) -> Reply:
    return Reply({**TABLE, **changes})


def waits(header: str, status: int = 429) -> Reply:
    return Reply({}, status=status, headers={"Retry-After": header})


#: What is wrong: where, and what is answered there.
FAULTS: dict[str, tuple[str, Reply | Callable[[TinyServer], Reply]]] = {
    "count 0": (COUNT, counted(0)),
    "count null": (COUNT, counted(None, kind=pa.int64())),
    "count of no type": (COUNT, counted(None)),
    "count text": (COUNT, counted("3")),
    "count words": (COUNT, counted("three")),
    "count NaN": (COUNT, counted(float("nan"))),
    "count infinite": (COUNT, counted(float("inf"))),
    "count negative": (COUNT, counted(-3)),
    "count half": (COUNT, counted(2.5)),
    "count true": (COUNT, counted(True)),
    "count bytes": (COUNT, counted(b"3")),
    "count list": (COUNT, counted([3])),
    "count record": (COUNT, counted({"n": 3})),
    "count time": (COUNT, counted(pd.Timestamp("2024-01-01"))),
    "count twice": (COUNT, counted(3, 3)),
    "count of nothing": (COUNT, counted(kind=pa.int64())),
    "count too large": (COUNT, counted(2**63 - 1)),
    "count beyond int64": (COUNT, counted(2**64 - 1, kind=pa.uint64())),
    "count one less": (COUNT, counted(2)),
    "count one more": (COUNT, counted(4)),
    "count by another name": (COUNT, counted(9, name="x")),
    "count as JSON": (COUNT, Reply({"count": 3})),
    "count as deep JSON": (COUNT, Reply(DEEP)),
    "rows as deep JSON": (ROWS, Reply(DEEP)),
    "rows as JSON": (ROWS, Reply([{"id": 1}])),
    "no rows": (ROWS, arrow(pd.DataFrame({"id": pd.array([], "int64")}))),
    "one row": (ROWS, rows(id=[1, 1, 1])),
    "ids as text": (ROWS, rows(id=["1", "2", "3"])),
    "ids with a gap": (ROWS, rows(id=pd.array([1, None, 3], "Int64"))),  # type: ignore[arg-type]
    "ids as floats": (ROWS, rows(id=[1.0, 2.0, 3.0])),
    "ids not asked for": (ROWS, rows(id=[1, 2, 2**63 - 1])),
    "ids negative": (ROWS, rows(id=[-1, -2, -3])),
    "rows without ids": (ROWS, arrow(pd.DataFrame({"x": [1, 2, 3]}))),
    "rows of no column": (ROWS, arrow(pd.DataFrame())),
    "record null": (INFO, Reply(None)),
    "record list": (INFO, Reply([])),
    "record number": (INFO, Reply(7)),
    "record text": (INFO, Reply("words")),
    "record empty": (INFO, Reply({})),
    "record deep": (INFO, Reply(DEEP_RECORD)),
    "record cut": (INFO, Reply(b'{"local_server": ')),
    "record not UTF-8": (INFO, Reply(b'{"local_server": "\xff\xfe"}')),
    "record NaN": (INFO, Reply(b'{"viewer_resolution_x": NaN, "local_server": NaN}')),
    "record huge number": (INFO, Reply(b'{"viewer_resolution_x": ' + b"9" * 5_000 + b"}")),
    "record packed wrong": (INFO, Reply(b"{}", headers={"Content-Encoding": "gzip"})),
    "record cut while packed": (
        INFO,
        Reply(gzip.compress(b"{}" * 999)[:20], headers={"Content-Encoding": "gzip"}),
    ),
    "local_server null": (INFO, info(local_server=None)),
    "local_server number": (INFO, info(local_server=7)),
    "local_server no address": (INFO, info(local_server="not an address")),
    "local_server two ways": (INFO, info(local_server=r"http://a\@b")),
    "local_server no port": (INFO, info(local_server="http://127.0.0.1:99999")),
    "resolution text": (INFO, info(viewer_resolution_x="four")),
    "resolution 0": (INFO, info(viewer_resolution_y=0)),
    "resolution negative": (INFO, info(viewer_resolution_y=-4.0)),
    "resolution infinite": (INFO, info(viewer_resolution_z=1e999)),
    "segmentation number": (INFO, info(segmentation_source=7)),
    "volume list": (INFO, info(aligned_volume=[1])),
    "synapse table list": (INFO, info(synapse_table=["synapses"])),
    "versions deep": (VERSIONS, Reply(DEEP)),
    "versions record": (VERSIONS, Reply({"version": 2})),
    "version text": (VERSIONS, Reply([version(2, "2024-06-01", version="2")])),
    "version float": (VERSIONS, Reply([version(2, "2024-06-01", version=2.5)])),
    "version true": (VERSIONS, Reply([version(2, "2024-06-01", version=True)])),
    "version null": (VERSIONS, Reply([version(2, "2024-06-01", version=None)])),
    "time text": (VERSIONS, Reply([version(2, "2024-06-01", time_stamp="yesterday")])),
    "time null": (VERSIONS, Reply([version(2, "2024-06-01", time_stamp=None)])),
    "time number": (VERSIONS, Reply([version(2, "2024-06-01", time_stamp=10**30)])),
    "year 99999": (VERSIONS, Reply([version(2, "2024-06-01", time_stamp="99999-01-01T00:00")])),
    "tables text": (TABLES, Reply("synapses")),
    "tables record": (TABLES, Reply({"synapses": 1})),
    "tables numbers": (TABLES, Reply([1, 2])),
    "tables mixed": (TABLES, Reply(["synapses", None])),
    "tables deep": (TABLES, Reply(DEEP)),
    "table null": (META, Reply(None)),
    "table list": (META, Reply([TABLE])),
    "table deep": (META, Reply(DEEP_RECORD)),
    "table resolution text": (META, table(voxel_resolution_x="four")),
    "table reference number": (META, table(reference_table=7)),
    "table notice list": (META, table(notice_text=["read", "me"])),
    "wait of superscripts": (COUNT, waits("\u00b2")),
    "wait not a number": (COUNT, waits("nan")),
    "wait infinite": (COUNT, waits("inf")),
    "wait negative": (COUNT, waits("-1")),
    "wait of a thousand digits": (COUNT, waits("9" * 1_000)),
    "wait of an odd date": (COUNT, waits("Thu, 99 Foo 99999 99:99:99 GMT")),
    "wait until year 1": (COUNT, waits("Mon, 01 Jan 0001 00:00:00 -2359")),
    "wait until year 9999": (COUNT, waits("Fri, 31 Dec 9999 23:59:59 -2359", 503)),
    "wait of a comma": (COUNT, waits(",", 503)),
    "refusal deep": (COUNT, Reply(DEEP_RECORD, status=500)),
    "refusal for tokens deep": (COUNT, Reply(DEEP_RECORD, status=401)),
    "refusal of odd shape": (COUNT, Reply({"error": ["a"], "data": 7}, status=403)),
    "refusal of odd words": (COUNT, Reply({"message": {"a": 1}}, status=500)),
}  # fmt: skip


def whole_table(cave: Cave) -> list[int]:
    """Read a table as a load does; returns its ids."""
    cave.resolve_version("latest")
    assert "synapses" in cave.tables(2)
    ranges = id_ranges(cave, "synapses", 2)
    parts = [fetch_range(cave, "synapses", 2, one) for one in ranges]
    found = [i for part in parts for i in part["id"].to_pylist()]
    require_total(cave, "synapses", 2, len(found))
    return found


def described_table(cave: Cave) -> list[int]:
    """Read a table as an annotation table is read."""
    cave.resolve_version("latest")
    return list(fetch_table(cave, "synapses", 2, progress=False)["id"].to_pylist())


@pytest.mark.parametrize("read", [whole_table, described_table])
@pytest.mark.parametrize("name", FAULTS)
def test_a_lasting_fault(server: TinyServer, name: str, read: Callable[[Cave], list[int]]) -> None:
    path, fault = FAULTS[name]
    reply = fault if isinstance(fault, Reply) else fault(server)
    server.script[path] = [reply] * 200
    try:
        found = read(connect(server))
    except CavegraphError as error:
        words = str(error)
    else:
        assert sorted(found) == [1, 2, 3]
        return
    assert words.strip()
    assert len(words) < 2_000


def test_there_are_as_many_faults_as_were_tried_before() -> None:
    assert len(FAULTS) >= 68


@pytest.mark.parametrize("seed", range(40))
def test_faults_that_pass(server: TinyServer, seed: int) -> None:
    """Several faults at random, each for a request or two: the right rows, or an error."""
    chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
    for name in chance.sample(sorted(FAULTS), 3):
        path, fault = FAULTS[name]
        reply = fault if isinstance(fault, Reply) else fault(server)
        server.script.setdefault(path, []).extend([reply] * chance.randint(1, 2))
    try:
        found = whole_table(connect(server))
    except CavegraphError as error:
        assert str(error).strip()  # noqa: PT017
    else:
        assert sorted(found) == [1, 2, 3]


def connect(server: TinyServer) -> Cave:
    return Cave.connect(
        DATASTACK,
        server=server.address,
        token="t0ken-t0ken",
        timeout=5,
        max_retries=1,
        pause=lambda _: None,
    )


def test_a_count_of_0_for_a_table_with_rows_is_no_empty_table(server: TinyServer) -> None:
    server.script[COUNT] = [counted(0)] * 20
    with pytest.raises(IncompleteAnswerError, match=r"0 rows counted .* but it has rows"):
        whole_table(connect(server))


def test_a_count_of_0_that_went_wrong_once(server: TinyServer) -> None:
    server.script[COUNT] = [counted(0)]
    assert whole_table(connect(server)) == [1, 2, 3]


def test_a_table_that_is_empty(server: TinyServer) -> None:
    server.rows = server.rows.iloc[:0]
    assert id_ranges(connect(server), "synapses", 2) == []


@pytest.mark.parametrize("path", ["/materialize", "/a/b", "/info"])
def test_an_address_with_a_path_is_no_server(server: TinyServer, path: str) -> None:
    with pytest.raises(CaveResponseError, match="no CAVE server at") as refused:
        Cave.connect(DATASTACK, server=f"{server.address}{path}", token="t0ken-t0ken")
    assert f"try {server.address}" in str(refused.value)


def test_a_server_of_something_else() -> None:
    with running() as other:
        other.routes = {}
        with pytest.raises(CaveResponseError, match="no CAVE server at"):
            Cave.connect(DATASTACK, server=other.address, token="t0ken-t0ken")


def test_a_bomb_ends_in_our_error(server: TinyServer) -> None:
    cave = connect(server)
    bomb = gzip.compress(bytes(2**30), 1)
    server.script[COUNT] = [Reply(bomb, headers={"Content-Encoding": "gzip"})] * 9
    with pytest.raises(CaveError, match="more than 536,870,912 bytes"):
        cave.count("synapses", 2)
    assert server.asked(COUNT) == 1, "a bomb is not asked for again"


def test_a_byte_at_a_time_ends_in_our_error() -> None:
    def drip(line: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        for _ in range(600):
            time.sleep(0.1)
            yield b" "

    started = time.monotonic()
    with raw_server(drip) as slow, pytest.raises(CaveUnavailableError, match="in time"):
        Cave.connect(DATASTACK, server=slow.url, token="t0ken-t0ken", timeout=0.5, max_retries=1)
    assert time.monotonic() - started < 15
