"""Places to load into, as for the loader's tests; a canary in place of the token."""

from __future__ import annotations

import json
import logging
import traceback
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from canary import CANARY

from graphapi.errors import CavegraphError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def neo4j_place(neo4j_server, monkeypatch: pytest.MonkeyPatch) -> str:
    import neo4j

    monkeypatch.setenv("CAVEGRAPH_NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("CAVEGRAPH_NEO4J_PASSWORD", neo4j_server.password)
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    return neo4j_server.uri


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=[pytest.mark.neo4j])])
def place(request: pytest.FixtureRequest, tmp_path) -> str:
    if request.param == "neo4j":
        return request.getfixturevalue("neo4j_place")
    return str(tmp_path / "target.lbug")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose secrets any program of this kind would find."""
    folder = tmp_path / "home"
    secrets = folder / ".cloudvolume" / "secrets"
    secrets.mkdir(parents=True)
    for name in ("cave-secret.json", "chunkedgraph-secret.json"):
        (secrets / name).write_text(json.dumps({"token": CANARY}))
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("CAVEGRAPH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    for name in ("XDG_CONFIG_HOME", "CAVEGRAPH_SERVER", "CAVEGRAPH_URI", "CAVEGRAPH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    # cloud-volume's library looks for the home folder when it is imported: here it finds ours
    monkeypatch.setattr("cloudfiles.secrets.CLOUD_VOLUME_SECRETS_DIR", str(secrets))
    monkeypatch.setattr("cloudfiles.secrets.CAVE_CREDENTIALS", {})
    return folder


@pytest.fixture
def quiet(
    tmp_path: Path, home: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Callable[[], Any]:
    """Run something, and find the canary wherever it should not be."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")

    @contextmanager
    def watch() -> Iterator[list[BaseException]]:
        failures: list[BaseException] = []
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                yield failures
            except (CavegraphError, SystemExit) as error:
                failures.append(error)
        shown = capfd.readouterr()
        texts = {
            "log": caplog.text,
            "output": shown.out + shown.err,
            "warnings": "".join(str(one.message) for one in told),
            "errors": "".join(
                "".join(traceback.format_exception(one)) + repr(one) + str(vars(one))
                for one in failures
            ),
        }
        secrets = home / ".cloudvolume" / "secrets"
        for path in tmp_path.rglob("*"):
            if path.is_file() and secrets not in path.parents:
                texts[str(path)] = path.read_bytes().decode("latin-1")
            assert CANARY not in path.name
        assert [where for where, text in texts.items() if CANARY in text] == []

    return watch
