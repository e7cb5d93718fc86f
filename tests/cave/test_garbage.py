"""Whatever a server sends: an answer that was checked, or an error of our own."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_server import DATASTACK, Reply, TinyServer, arrow, running

from graphapi.cave.arrow import read_answer
from graphapi.cave.complete import fetch_range
from graphapi.cave.connection import Cave
from graphapi.cave.pieces import IdRange
from graphapi.cave.retries import Patience
from graphapi.errors import CaveError, CavegraphError, CaveUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = pd.DataFrame(
    {
        "id": [1, 2, 3],
        "word": ["a", "bb", None],
        "pre_pt_root_id": [2**60 + 1] * 3,
        "created": pd.to_datetime(["2024-01-01"] * 3, utc=True),
    }
)


@pytest.fixture(scope="module")
def server() -> Iterator[TinyServer]:
    with running() as tiny:
        yield tiny


def test_damaged_arrow_answers() -> None:
    body = arrow(ROWS).payload()
    patience = Patience("http://x", None, max_retries=1, pause=lambda _: None)
    chance = random.Random(7)  # noqa: S311
    read = 0
    for _ in range(6_000):
        damaged = bytearray(body)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        sent = bytes(
            damaged[: chance.randrange(len(damaged))] if chance.random() < 0.3 else damaged
        )
        try:
            table = patience.ask("rows", lambda sent=sent: read_answer(sent))  # type: ignore[misc]
        except CaveError:
            continue
        assert isinstance(table, pa.Table)
        read += 1
    assert 0 < read < 6_000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["version", "time_stamp", "expires_on", "valid", "local_server", "aligned_volume",
                 "name", "id", "viewer_resolution_x", "voxel_resolution_x", "segmentation_source"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)  # fmt: skip
PATHS = [
    "/info/version", "/datastack/full", "/materialize/api/versions", "/materialize/version",
    "/tiny/metadata", "/version/2/tables", "/synapses/metadata", "/synapses/query",
]  # fmt: skip


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.sampled_from(PATHS), body=json_values, status=st.sampled_from([200, 200, 404, 500]))
def test_json_of_any_shape(server: TinyServer, path: str, body: object, status: int) -> None:
    server.script = {path: [Reply(body, status=status)] * 30}
    try:
        cave = Cave.connect(
            DATASTACK, server=server.address, token="t0ken", max_retries=1, pause=lambda _: None
        )
        version = cave.resolve_version("latest")
        tables = cave.tables(2)
        table = cave.table_info("synapses", 2)
        count = cave.count("synapses", 2)
    except CavegraphError as error:
        assert str(error)  # noqa: PT017
    else:  # believed: so it must be true, or harmless
        assert tables == (sorted(body) if "tables" in path and status == 200 else KNOWN_TABLES)  # type: ignore[call-overload]
        assert count == 3
        assert version.version == 2 or (path == "/tiny/metadata" and is_version(body))
        assert version.timestamp.tzinfo is not None
        assert all(isinstance(size, float) and size > 0 for size in table.voxel_resolution)
        assert all(isinstance(text, str) for text in (table.schema_type, table.description))
        assert cave.info.local_server == server.address
        assert isinstance(cave.info.description, str)
    finally:
        server.script = {}


def is_version(body: object) -> bool:
    """Judge by hand whether a list of versions holds one that can be one."""
    return isinstance(body, list) and any(
        isinstance(entry, dict) and isinstance(entry.get("version"), int) for entry in body
    )


KNOWN_TABLES = ["nuclei", "synapses"]
COLUMN = st.sampled_from(
    [
        pa.array([1, 2, 3]), pa.array([1, 1, 2]), pa.array([1, None, 3]), pa.array([1.0, 2.0, 3.0]),
        pa.array(["a", "b", "c"]), pa.array([None] * 3), pa.array([True, False, True]),
        pa.array([[1], [2], [3]]), pa.array([10**6, 2, 3]), pa.array([1, 2, 3], pa.uint64()),
    ]
)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(columns=st.dictionaries(st.sampled_from(["id", "valid", "count"]), COLUMN, max_size=3))
def test_columns_of_any_type(server: TinyServer, columns: dict[str, pa.Array]) -> None:
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    server.script = {"/query": [Reply(body, headers={"Content-Type": "data.arrow"})] * 30}
    cave = Cave.connect(DATASTACK, server=server.address, token="t0ken", pause=lambda _: None)
    try:
        rows = fetch_range(cave, "synapses", 2, IdRange(0, 1000, 3))
    except CavegraphError as error:
        assert str(error)  # noqa: PT017
    else:
        assert sorted(rows["id"].to_pylist()) == [1, 2, 3]
    finally:
        server.script = {}


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:9", "cannot be reached: Connection refused"),
        ("http://no-such-host.invalid", "cannot be reached: Name or service not known"),
    ],
)
def test_a_server_that_does_not_run_sent_nothing_unreadable(address: str, why: str) -> None:
    patience = Patience(address, None, max_retries=1, pause=lambda _: None)
    with pytest.raises(CaveUnavailableError, match=re.escape(why)) as caught:
        patience.ask("it", lambda: requests.get(address, timeout=10))
    assert "cavegraph serve-demo" in (caught.value.hint or "")
