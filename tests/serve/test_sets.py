"""Named sets: beside the graph, for its owner, whole or not at all."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import requests
from serve_client import Client, Serving, records

from conformance.toy import BASE, ids

#: Nothing here depends on the engine.
pytestmark = pytest.mark.parametrize("toy", ["ladybug"], indirect=True, scope="session")


def put(client: Client, name: str, **body: object) -> requests.Response:
    return requests.put(f"{client.url}/api/v1/sets/{name}", json=body, timeout=10)


def test_sets_are_saved_used_combined_and_deleted(serving: Serving, tmp_path: Path) -> None:
    file = tmp_path / "sets.json"
    with serving(sets_file=file) as client:
        assert client.get("sets")["total"] == 0
        assert put(client, "left ones", neurons="side=left", note="<b>mine").status_code == 200
        assert put(client, "two", neurons=[str(BASE + 1), str(BASE + 2)]).status_code == 200
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        kept = json.loads(file.read_text())["sets"]["two"]["ids"]
        assert kept == [str(one) for one in ids(1, 2)]
        assert [row["name"] for row in client.records("sets")] == ["left ones", "two"]
        by_set = client.get("partners", neurons="@left ones")
        assert by_set["rows"] == client.get("partners", neurons="side=left")["rows"]
        for how, found in (("and", [1]), ("or", [1, 2, 3, 4]), ("without", [3, 4])):
            answer = client.records("combine", a="@left ones", b="@two", how=how)
            assert [int(row["root_id"]) for row in answer] == ids(*found)
        offered = client.get("complete", text="@L")["suggestions"]
        assert [one["text"] for one in offered] == ["@left ones"]
    with serving(sets_file=file) as client:  # another time
        one = client.get("sets/left ones")
        assert one["note"] == "<b>mine"
        assert len(records(one)) == 3
        assert requests.delete(f"{client.url}/api/v1/sets/two", timeout=10).status_code == 200
        gone = client.ask("sets/two")
        assert (gone.status_code, gone.json()["error"]["kind"]) == (404, "set")


@pytest.mark.parametrize("name", ["%0A", "a%2Fb", "x" * 101, "%20"])
def test_odd_names_are_refused(serving: Serving, tmp_path: Path, name: str) -> None:
    with serving(sets_file=tmp_path / "sets.json") as client:
        assert put(client, name, neurons="side=left").status_code in (400, 404)
        assert not (tmp_path / "sets.json").exists()


def test_a_folder_that_cannot_be_written_is_named(serving: Serving, tmp_path: Path) -> None:
    (blocked := tmp_path / "file").write_text("")
    with serving(sets_file=blocked / "sets.json") as client:
        answer = put(client, "mine", neurons="side=left")
        assert answer.status_code == 400
        assert str(blocked) in answer.json()["error"]["message"]


def test_a_damaged_file_is_not_replaced(serving: Serving, tmp_path: Path) -> None:
    (file := tmp_path / "sets.json").write_text('{"sets": {"a": {"ids": [1.5]}}}')
    with serving(sets_file=file) as client:
        assert put(client, "mine", neurons="side=left").status_code == 400
        assert "1.5" in file.read_text()
