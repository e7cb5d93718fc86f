"""Tokens, faults, and the server's own start and end."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import requests

from graphapi.errors import CavegraphError, InputError, StandinError
from loader.sandbox.standin import Faults, Folder, Rule, serve, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loader.sandbox.standin import RunningServer

TOKEN = "0123456789abcdef0123456789abcdef"
VERSIONS = "/materialize/api/v3/datastack/toy/versions"
QUERY = "/materialize/api/v3/datastack/toy/version/3/table/cells/query"


class TestTokens:
    @staticmethod
    def get(server: RunningServer, **more: Any) -> requests.Response:
        return requests.get(server.url + VERSIONS, timeout=10, allow_redirects=False, **more)

    def test_the_right_token(self, guarded: RunningServer, connect: Callable[..., Any]) -> None:
        assert connect(guarded, token=TOKEN).materialize.get_versions() == [2, 3]

    def test_none(self, guarded: RunningServer) -> None:
        answer = self.get(guarded)
        assert answer.status_code == 302
        assert "authorize?redirect=" in answer.headers["Location"]

    def test_none_with_the_real_client(
        self, guarded: RunningServer, connect: Callable[..., Any]
    ) -> None:
        from caveclient.base import AuthException

        with pytest.raises(AuthException):
            connect(guarded, token=None)

    def test_a_wrong_one(self, guarded: RunningServer) -> None:
        answer = self.get(guarded, headers={"Authorization": "Bearer ab"})
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_token"
        assert "WWW-Authenticate" in answer.headers

    def test_another_scheme(self, guarded: RunningServer) -> None:
        answer = self.get(guarded, headers={"Authorization": f"Basic {TOKEN}"})
        assert answer.status_code == 400
        assert "bad_auth_header" in answer.text

    def test_as_a_cookie(self, guarded: RunningServer) -> None:
        assert self.get(guarded, cookies={"middle_auth_token": TOKEN}).status_code == 200
        assert self.get(guarded, cookies={"middle_auth_token": "ab"}).status_code == 401

    def test_what_anyone_may_ask(self, guarded: RunningServer) -> None:
        assert requests.get(f"{guarded.url}/info/version", timeout=10).json() == "4.3.3"

    def test_the_log_has_no_tokens(self, guarded: RunningServer) -> None:
        self.get(guarded, params={"middle_auth_token": TOKEN})
        assert guarded.requests[-1].path == VERSIONS
        assert TOKEN not in repr(guarded.requests)


@pytest.fixture(scope="module")
def guarded(cells_folder: Path) -> Iterator[RunningServer]:
    with serve(cells_folder, token=TOKEN) as running:
        yield running


@pytest.fixture
def faulty(cells_folder: Path) -> Iterator[Callable[..., RunningServer]]:
    """Give a function that starts a server with some faults."""
    running: list[RunningServer] = []

    def start(**faults: Any) -> RunningServer:
        running.append(serve(cells_folder, faults=Faults(**faults)))
        return running[-1]

    yield start
    for server in running:
        server.close()


def get(server: RunningServer, path: str = VERSIONS) -> requests.Response:
    return requests.get(server.url + path, timeout=10)


def post(server: RunningServer, **more: Any) -> requests.Response:
    return requests.post(server.url + QUERY, json={}, timeout=10, **more)


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("rate_limit", 429, "Too Many Requests"),
        ("unavailable", 503, "upstream"),
        ("unauthorized", 401, "invalid_token"),
        ("forbidden", 403, "missing_permission"),
        ("terms", 403, "missing_tos"),
    ],
)
def test_refusals(faulty: Callable[..., RunningServer], name: str, status: int, error: str) -> None:
    server = faulty(**{name: Rule(count=2, after=1)})
    answers = [get(server) for _ in range(5)]
    assert [a.status_code for a in answers] == [200, status, status, 200, 200]
    assert error in answers[1].text
    assert "Retry-After" not in answers[1].headers
    assert server.faults.counts[name] == 2
    assert [r.status for r in server.requests] == [200, status, status, 200, 200]


def test_a_wait_that_is_asked_for(faulty: Callable[..., RunningServer]) -> None:
    answer = get(faulty(rate_limit_with_wait=Rule(seconds=7)))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("wrapped_rate_limit", "429 Too Many Requests: 3 per 1 minute"),
        ("wrapped_error", "server closed the connection"),
    ],
)
def test_errors_of_queries_alone(
    faulty: Callable[..., RunningServer], name: str, says: str
) -> None:
    server = faulty(**{name: Rule()})
    assert get(server).status_code == 200
    answer = post(server)
    assert answer.status_code == 500
    assert says in answer.json()["message"]
    assert post(server).status_code == 200


def test_a_dropped_connection(
    faulty: Callable[..., RunningServer], connect: Callable[..., Any]
) -> None:
    server = faulty(drop=Rule(path=VERSIONS))
    with pytest.raises(requests.ConnectionError):
        get(server)
    assert get(server).status_code == 200
    assert [record.status for record in server.requests] == [0, 200]


def test_the_real_client_gets_over_three_dropped_connections(
    faulty: Callable[..., RunningServer], connect: Callable[..., Any]
) -> None:
    server = faulty(drop=Rule(path=QUERY, count=3))
    assert len(connect(server).materialize.query_table("cells", metadata=False)) == 180
    assert server.faults.counts["drop"] == 3


def test_half_an_answer(faulty: Callable[..., RunningServer]) -> None:
    server = faulty(cut=Rule(path=QUERY))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(server)
    whole = post(server)
    half, full = server.requests
    assert (half.status, full.bytes) == (200, int(whole.headers["Content-Length"]))
    # In another order rows are not packed into quite the same length.
    assert 0.4 * full.bytes < half.bytes < 0.6 * full.bytes


def test_a_hang_ends_with_the_client_or_the_server(
    faulty: Callable[..., RunningServer],
) -> None:
    server = faulty(hang=Rule(seconds=3600, count=None))
    with pytest.raises(requests.ReadTimeout):
        requests.get(server.url + VERSIONS, timeout=0.2)
    met: list[BaseException] = []

    def wait() -> None:
        try:
            requests.get(server.url + VERSIONS, timeout=60)
        except requests.ConnectionError as error:
            met.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    server.close()
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_wrong_count(faulty: Callable[..., RunningServer], connect: Callable[..., Any]) -> None:
    materialize = connect(faulty(wrong_count=Rule())).materialize
    counts = [materialize.query_table("cells", get_counts=True)["count"][0] for _ in range(2)]
    assert counts == [179, 180]


def test_a_version_that_expires(
    faulty: Callable[..., RunningServer], connect: Callable[..., Any]
) -> None:
    server = faulty(expire=Rule(after=1))
    materialize = connect(server).materialize
    assert materialize.get_versions() == [2, 3]
    assert post(server).status_code == 200
    assert post(server).json()["message"].startswith("410 Gone")
    assert post(server).status_code == 500, "for good"
    assert materialize.get_versions() == [2]
    assert materialize.get_version_metadata(3)["status"] == "EXPIRED"


def test_chances_are_those_of_the_seed(faulty: Callable[..., RunningServer]) -> None:
    def pattern(seed: int) -> list[int]:
        server = faulty(seed=seed, unavailable=Rule(probability=0.5, count=None))
        return [get(server).status_code for _ in range(24)]

    first = pattern(1)
    assert first == pattern(1) != pattern(2)
    assert set(first) == {200, 503}


def test_faults_may_be_switched_while_it_runs(faulty: Callable[..., RunningServer]) -> None:
    server = faulty()
    server.faults.unavailable = Rule()
    assert [get(server).status_code for _ in range(2)] == [503, 200]


def test_rules_that_make_no_sense() -> None:
    with pytest.raises(InputError, match="probability"):
        Rule(probability=2)


class TestServer:
    def test_it_is_there_for_this_machine_only(self, guarded: RunningServer) -> None:
        port = int(guarded.url.rsplit(":", 1)[1])
        assert guarded.url == f"http://127.0.0.1:{port}"
        stranger = requests.get(guarded.url, headers={"Host": "evil.example"}, timeout=10)
        assert stranger.status_code == 400

    def test_a_port_that_is_taken(self, cells_folder: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(StandinError, match="cannot listen") as caught:
                serve(cells_folder, port=taken.getsockname()[1])
        assert isinstance(caught.value, CavegraphError)
        assert caught.value.hint

    def test_closing(self, cells_folder: Path) -> None:
        server = serve(cells_folder)
        assert get(server).status_code == 200
        server.close()
        server.close()
        with pytest.raises(requests.ConnectionError):
            get(server)
        assert "closed" in repr(server)

    def test_a_row_limit_below_one(self, cells_folder: Path) -> None:
        with pytest.raises(InputError, match="row_limit"):
            serve(cells_folder, row_limit=0)

    def test_unknown_paths(self, guarded: RunningServer) -> None:
        with_token = {"Authorization": f"Bearer {TOKEN}"}
        for path in ("/nope", "/materialize/api/v3/datastack/toy/version/x", "/materialize"):
            answer = requests.get(guarded.url + path, headers=with_token, timeout=10)
            assert answer.status_code == 404


ROWS = pd.DataFrame({"id": [1], "pt_root_id": [5]})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda f: (f / "datastack.json").unlink(), "datastack.json does not exist"),
        (lambda f: (f / "datastack.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "datastack.json").write_text("[]"), "not one JSON object"),
        (lambda f: (f / "datastack.json").write_text("{}"), "has no 'datastack'"),
        (lambda f: (f / "tables" / "cells" / "v1.parquet").write_text("x"), "not a Parquet file"),
        (lambda f: (f / "tables" / "cells" / "v1.parquet").unlink(), "has no v<version>.parquet"),
        (
            lambda f: (f / "tables" / "cells" / "metadata.json").unlink(),
            "metadata.json does not exist",
        ),
        (
            lambda f: (f / "tables" / "cells").rename(f / "tables" / "a b"),
            "an address cannot contain",
        ),
    ],
)
def test_folders_that_cannot_be_served(
    tmp_path: Path, spoil: Callable[[Path], Any], says: str
) -> None:
    folder = write_folder(tmp_path, {"cells": ROWS})
    spoil(folder)
    with pytest.raises(StandinError, match=says) as caught:
        serve(folder)
    assert "docs/stand-in.md" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (pd.DataFrame({"pt_root_id": [5]}), "has no column 'id'"),
        (pd.DataFrame({"id": ["a"]}), "has no column 'id' of whole numbers"),
        (pd.DataFrame({"id": [1], "tags": [["a"]]}), "which CAVE tables do not support"),
    ],
)
def test_tables_that_cannot_be_served(tmp_path: Path, rows: pd.DataFrame, says: str) -> None:
    with pytest.raises(StandinError, match=says):
        write_folder(tmp_path, {"cells": rows})


def test_a_chunkedgraph_that_cannot_be_served(tmp_path: Path) -> None:
    with pytest.raises(StandinError, match="has no column end, start"):
        write_folder(
            tmp_path,
            {"cells": ROWS},
            supervoxels=pd.DataFrame({"supervoxel_id": [1], "root_id": [5]}),
        )


def test_a_folder_is_what_was_written(tmp_path: Path) -> None:
    write_folder(tmp_path, {"cells": {4: ROWS, 9: ROWS}}, datastack="mine", soma_table="cells")
    folder = Folder.open(tmp_path)
    assert (folder.datastack, list(folder.versions)) == ("mine", [4, 9])
    assert folder.versions[4].timestamp < folder.versions[9].timestamp
    assert folder.tables["cells"].resolution == (4.0, 4.0, 40.0)
    assert folder.record["soma_table"] == "cells"
