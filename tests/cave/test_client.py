"""The client: bounded in time, repeats with care, translates every failure, keeps its token."""

from __future__ import annotations

import json
import logging
import traceback
import webbrowser
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from tiny_server import DATASTACK, Reply, TinyServer, running, version, wrapped

from graphapi.cave.connection import Cave
from graphapi.cave.filters import Filters
from graphapi.errors import (
    CaveAuthError,
    CaveError,
    CavegraphError,
    CaveRateLimitError,
    CaveResponseError,
    CaveUnavailableError,
    DatastackNotFoundError,
    InputError,
    TableNotFoundError,
    VersionNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "5ec7e75ec7e75ec7e75ec7e75ec7e75e"
QUERY = r"/table/synapses/query"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", lambda *_: pytest.fail("a browser was opened"))


@pytest.fixture
def server() -> Iterator[TinyServer]:
    with running() as tiny:
        yield tiny


class Pauses(list[float]):
    """Stands in for `time.sleep` and notes what was asked of it."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def connect(server: TinyServer, pauses: Pauses | None = None, **options: Any) -> Cave:
    pause = Pauses() if pauses is None else pauses
    options = {"token": TOKEN, "timeout": 5.0, **options}
    return Cave.connect(DATASTACK, server=server.address, pause=pause, **options)


def use_all(server: TinyServer, pauses: Pauses | None = None, **options: Any) -> None:
    cave = connect(server, pauses, **options)
    cave.resolve_version("latest")
    cave.tables(2)
    cave.table_info("synapses", 2)
    cave.count("synapses", 2)


def test_what_the_server_says_of_itself(server: TinyServer) -> None:
    cave = connect(server)
    assert cave.info.synapse_table == "synapses"
    assert cave.info.viewer_resolution == (8.0, 8.0, 42.0)
    assert cave.info.segmentation_table == "tiny_seg"
    assert [v.version for v in cave.versions()] == [2, 1]
    assert cave.resolve_version("latest").timestamp == datetime(2024, 6, 1, 8, tzinfo=UTC)
    assert cave.tables(2) == ["nuclei", "synapses"]
    assert cave.table_info("synapses", 2).voxel_resolution == (4.0, 4.0, 40.0)
    assert cave.count("synapses", 2) == 3
    rows, cut = cave.query("synapses", 2)
    assert rows["pre_pt_root_id"].to_pylist()[0] == 576460752700000001
    assert not cut
    assert repr(cave) == f"Cave(datastack='tiny', server='{server.address}')"


def test_every_request_carries_the_token_and_none_goes_elsewhere(server: TinyServer) -> None:
    cave = connect(server)
    cave.count("synapses", 2)
    assert all(h.get("Authorization") == f"Bearer {TOKEN}" for _, _, h in server.requests)


def test_nothing_is_written_at_home(server: TinyServer, tmp_path: Path) -> None:
    connect(server).count("synapses", 2)
    assert list(tmp_path.rglob("*.json")) == []


def test_never_expiring_and_expired_versions(server: TinyServer) -> None:
    server.versions = [
        version(1, "2023-01-01", expires_on=None),
        version(2, "2023-02-01", valid=False, status="EXPIRED"),
    ]
    cave = connect(server)
    assert cave.resolve_version("latest").version == 1
    assert cave.resolve_version(1).expires_on is None
    with pytest.raises(VersionNotFoundError, match="has expired") as expired:
        cave.resolve_version(2)
    assert "can be queried: 1" in str(expired.value)
    with pytest.raises(VersionNotFoundError, match=r"version 9 .*does not exist"):
        cave.resolve_version(9)


def test_versions_are_asked_anew(server: TinyServer) -> None:
    cave = connect(server)
    assert cave.resolve_version("latest").version == 2
    server.versions.append(version(3, "2024-09-01"))
    assert cave.resolve_version("latest").version == 3


def test_two_servers_with_one_datastack_do_not_answer_for_each_other() -> None:
    with running() as one, running() as two:
        two.versions = [version(7, "2024-06-01")]
        first, second = connect(one), connect(two)
        assert first.resolve_version("latest").version == 2
        assert second.resolve_version("latest").version == 7
        assert first.resolve_version("latest").version == 2


def test_an_unknown_datastack_names_the_known_ones(server: TinyServer) -> None:
    with pytest.raises(DatastackNotFoundError, match="its datastacks: other, tiny"):
        Cave.connect("ant", server=server.address, token=TOKEN)


@pytest.mark.parametrize(
    "missing",
    [wrapped(404, "Not Found: Analysis table 'x' not found"), Reply({"message": "no"}, status=404)],
)
def test_a_missing_table_names_the_known_ones(server: TinyServer, missing: Reply) -> None:
    server.script["/table/x/query"] = [missing]
    with pytest.raises(TableNotFoundError, match="its tables: nuclei, synapses"):
        connect(server).count("x", 2)
    with pytest.raises(TableNotFoundError, match="'y'"):
        connect(server).table_info("y", 2)


def test_a_version_that_expires_under_way(server: TinyServer) -> None:
    cave = connect(server)
    assert cave.count("synapses", 1) == 3
    server.versions[0] = version(1, "2024-01-01", valid=False, status="EXPIRED")
    server.script[QUERY] = [wrapped(410, "Gone: version expired")]
    with pytest.raises(VersionNotFoundError, match=r"version 1 .*has expired"):
        cave.count("synapses", 1)


def garbled() -> Reply:
    return Reply(b"ARROW?" * 9, headers={"Content-Type": "data.arrow"})


TRANSIENT = {
    "503": Reply({"message": "busy"}, status=503),
    "502": Reply(b"<html>bad gateway</html>", status=502, headers={"Content-Type": "text/html"}),
    "504": Reply({}, status=504),
    "429": Reply({"message": "slow"}, status=429),
    "429 wrapped": wrapped(429, "Too Many Requests: 3 per 1 minute"),
    "dropped": Reply(drop=True),
    "half sent": Reply({"some": "words" * 99}, half=True),
    "garbled": garbled(),
    "empty": Reply(b"", headers={"Content-Type": "data.arrow"}),
}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_passing_fault_is_waited_out(server: TinyServer, fault: str) -> None:
    pauses = Pauses()
    cave = connect(server, pauses)
    server.script[QUERY] = [TRANSIENT[fault]] * 3
    assert cave.count("synapses", 2) == 3
    assert len(pauses) == 3
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]


@pytest.mark.parametrize("fault", [name for name in TRANSIENT if name not in ("garbled", "empty")])
@pytest.mark.parametrize(
    "path",
    [
        "/info/version",
        "/info/api",
        "/materialize/api/versions",
        "/materialize/version",
        "/tiny/metadata",
    ],
)
def test_a_passing_fault_anywhere_on_the_way(server: TinyServer, fault: str, path: str) -> None:
    server.script[path] = [TRANSIENT[fault]]
    assert connect(server).resolve_version("latest").version == 2


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_lasting_fault_is_given_up(server: TinyServer, fault: str) -> None:
    cave = connect(server, max_retries=2)
    server.script[QUERY] = [TRANSIENT[fault]] * 9
    kind = CaveRateLimitError if "429" in fault else CaveUnavailableError
    with pytest.raises(kind) as given_up:
        cave.count("synapses", 2)
    assert server.asked(QUERY) == 3
    assert given_up.value.transient
    assert server.address in str(given_up.value)
    assert "table 'synapses' at version 2" in str(given_up.value)
    assert given_up.value.hint


def test_retry_after_is_honoured_as_seconds_and_as_a_date(server: TinyServer) -> None:
    pauses = Pauses()
    cave = connect(server, pauses)
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    server.script[QUERY] = [
        Reply({}, status=429, headers={"Retry-After": "7"}),
        Reply({}, status=503, headers={"Retry-After": later}),
        Reply({}, status=429, headers={"Retry-After": "tomorrow"}),
    ]
    assert cave.count("synapses", 2) == 3
    assert pauses[0] == 7.0
    assert 20 < pauses[1] <= 40
    assert pauses[2] == 4.0


def test_a_server_that_asks_for_too_long_a_wait_ends_the_call(server: TinyServer) -> None:
    pauses = Pauses()
    cave = connect(server, pauses)
    server.script[QUERY] = [Reply({}, status=429, headers={"Retry-After": "86400"})]
    with pytest.raises(CaveRateLimitError, match="86400 s"):
        cave.count("synapses", 2)
    assert pauses == []


def test_a_hung_server_does_not_hang_the_caller(server: TinyServer) -> None:
    cave = connect(server, timeout=0.3, max_retries=1)
    server.script[QUERY] = [Reply(hang=30)] * 9
    with pytest.raises(CaveUnavailableError, match="in time"):
        cave.count("synapses", 2)


@pytest.mark.parametrize(
    "path",
    ["/info/version", "/datastack/full", "/materialize/api/versions", "/materialize/version"],
)
def test_a_server_that_hangs_from_the_start(server: TinyServer, path: str) -> None:
    server.script[path] = [Reply(hang=30)] * 9
    with pytest.raises(CaveUnavailableError, match="in time"):
        connect(server, timeout=0.3, max_retries=1).versions()


def test_a_dead_server() -> None:
    with running() as gone:
        address = gone.address
    with pytest.raises(CaveUnavailableError, match="check the address"):
        Cave.connect(DATASTACK, server=address, token=TOKEN, pause=Pauses())


REFUSALS = {
    "bad token": (Reply({"error": "invalid_token"}, status=401), "generate_cave_token"),
    "no permission": (
        Reply(
            {
                "error": "missing_permission",
                "data": {"required_permission": "view", "auth_dataset": "ants"},
            },
            status=403,
        ),
        "'view' for 'ants'",
    ),
    "terms of service": (
        Reply(
            {"error": "missing_tos", "data": {"tos_name": "Ants", "tos_form_url": "http://terms"}},
            status=403,
        ),
        "accept them at http://terms",
    ),
    "login page": (
        Reply({}, status=302, headers={"Location": "https://auth.invalid/api/v1/authorize?r=1"}),
        "generate_cave_token",
    ),
    "elsewhere": (
        Reply({}, status=301, headers={"Location": "https://elsewhere.invalid/"}),
        "generate_cave_token",
    ),
    "wrapped": (wrapped(401, "Unauthorized: private table"), "private table"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("path", ["/datastack/full", "/tiny/metadata", QUERY, "/version/2/tables"])
def test_refusals(server: TinyServer, refusal: str, path: str) -> None:
    reply, words = REFUSALS[refusal]
    pauses = Pauses()
    server.script[path] = [reply]
    with pytest.raises(CaveAuthError) as refused:
        use_all(server, pauses)
    assert words in str(refused.value)
    assert pauses == []
    assert server.asked(path) == 1


def test_the_plain_client_is_bounded_and_opens_no_browser(server: TinyServer) -> None:
    client = connect(server, timeout=0.3).client
    assert client.datastack_name == "tiny"
    assert client.server_address == server.address
    server.script["/versions"] = [REFUSALS["terms of service"][0]]
    with pytest.raises(CaveAuthError, match="accept them"):
        client.materialize.get_versions()
    assert list(client.materialize.query_table("synapses")["id"]) == [1, 2, 3]


def test_the_plain_client_takes_another_token(server: TinyServer) -> None:
    client = connect(server).client
    client.change_auth(auth_token="another0another0")
    assert client.materialize.get_versions() == [1, 2]
    assert server.requests[-1][2]["Authorization"] == "Bearer another0another0"
    assert client.auth.token == "another0another0"


@pytest.mark.parametrize(("status", "repeats"), [(500, 2), (400, 0), (418, 0)])
def test_what_the_server_refuses_for_good(server: TinyServer, status: int, repeats: int) -> None:
    pauses = Pauses()
    cave = connect(server, pauses)
    server.script[QUERY] = [Reply({"message": "'nocol'"}, status=status)] * 9
    with pytest.raises(CaveResponseError, match="nocol"):
        cave.query("synapses", 2, Filters().isin("nocol", [1]))
    assert len(pauses) == repeats


NOT_CAVE = [
    Reply(b"<html>hello</html>", headers={"Content-Type": "text/html"}),
    Reply({"no": "list"}),
    Reply([1, 2]),
    Reply("words"),
    Reply(None),
    Reply({"aligned_volume": 7}),
    Reply([{"version": "x", "time_stamp": "yesterday", "expires_on": None}]),
]


@pytest.mark.parametrize(
    "path",
    [
        "/info/version",
        "/datastack/full",
        "/materialize/api/versions",
        "/materialize/version",
        "/tiny/metadata",
        QUERY,
        "/version/2/tables",
        "/synapses/metadata",
    ],
)
@pytest.mark.parametrize("reply", NOT_CAVE, ids=range(len(NOT_CAVE)))
def test_answers_that_make_no_sense_are_our_errors(
    server: TinyServer, path: str, reply: Reply
) -> None:
    server.script[path] = [reply] * 20
    if path.endswith("/api/versions") and reply.body == [1, 2]:  # this one makes sense: version 2
        use_all(server)
        return
    with pytest.raises(CavegraphError) as refused:
        use_all(server)
    assert refused.value.hint or server.address in str(refused.value)


def test_tokens_are_in_no_message_and_no_log(
    server: TinyServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"you sent Bearer {TOKEN} and middle_auth_token={TOKEN}"
    echoes = [
        Reply({"message": echo}, status=500),
        Reply({"error": echo}, status=401),
        Reply({"message": echo}, status=503),
        Reply({"message": echo}, status=429),
        wrapped(404, echo),
        Reply(echo.encode(), headers={"Content-Type": "text/plain"}),
        Reply({}, status=302, headers={"Location": f"https://x.invalid/authorize?token={TOKEN}"}),
    ]
    for path in ("/datastack/full", "/tiny/metadata", QUERY, "/materialize/version"):
        for reply in echoes:
            server.script = {path: [reply] * 9}
            with pytest.raises(CavegraphError) as error:
                use_all(server, max_retries=1)
            shown = "".join(traceback.format_exception(error.value))
            assert TOKEN not in shown
            assert TOKEN not in repr(error.value)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "address", ["ftp://x", "http://", "https://me:secret@host", "http://a b", "http://h/..?x=\n"]
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(InputError) as refused:
        Cave.connect(DATASTACK, server=address, token=TOKEN)
    assert "secret" not in str(refused.value)


def test_the_stored_token_is_used(server: TinyServer, tmp_path: Path) -> None:
    folder = tmp_path / ".cloudvolume" / "secrets"
    folder.mkdir(parents=True)
    host = server.address.removeprefix("http://")
    (folder / f"{host}-cave-secret.json").write_text(json.dumps({"token": "of-this-server"}))
    (folder / "cave-secret.json").write_text(json.dumps({"token": "of-all-servers"}))
    Cave.connect(DATASTACK, server=server.address)
    assert server.requests[-1][2]["Authorization"] == "Bearer of-this-server"


def test_no_more_requests_than_agreed_are_in_flight(server: TinyServer) -> None:
    import threading

    from graphapi.common.threads import in_order

    now, most, lock = 0, 0, threading.Lock()
    route = next(pattern for pattern in server.routes if pattern.endswith("synapses/query"))
    answer = server.routes[route]

    def counted(*args: object) -> Reply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.05)
        with lock:
            now -= 1
        return answer(*args)  # type: ignore[arg-type]

    server.routes[route] = counted
    cave = connect(server, max_in_flight=2)
    counts = list(in_order(lambda _: cave.count("synapses", 2), range(12), at_once=6))
    assert counts == [3] * 12
    assert most == 2


def test_answers_keep_their_order_and_a_failure_stops_the_rest() -> None:
    import threading

    from graphapi.common.threads import in_order

    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise CaveUnavailableError("no")
        threading.Event().wait(0.01 * (5 - item % 5))
        return item * item

    assert list(in_order(lambda i: i * i, range(50), at_once=4)) == [i * i for i in range(50)]
    with pytest.raises(CaveError):
        list(in_order(work, range(1000), at_once=4))
    assert len(begun) < 20


def test_an_arrow_answer_without_pandas_notes_keeps_ids_exact(server: TinyServer) -> None:
    table = pa.table({"id": pa.array([1, None]), "root": pa.array([576460752700000001, None])})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    server.script[QUERY] = [
        Reply(sink.getvalue().to_pybytes(), headers={"Content-Type": "data.arrow"})
    ]
    rows, _ = connect(server).query("synapses", 2)
    assert rows["root"].to_pylist() == [576460752700000001, None]


def test_a_segmentation_that_is_gone_is_an_error_of_ours(server: TinyServer) -> None:
    cave = connect(server)  # this server has no chunkedgraph at all
    with pytest.raises(CavegraphError, match="does not find the supervoxels of root 5"):
        cave.segmentation.supervoxels(5)
