"""A token goes to hosts that the person vouches for, not to those that a graph names."""

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from graphapi.cave.token import generate_cave_token
from graphapi.cave.trust import TokenWarning, is_trusted, trust
from graphapi.errors import CaveAuthError
from graphapi.graph.fallback import CaveAccess

TOKEN = "5ec7e75ec7e75ec7e75ec7e75ec7e75e"
STRANGER = "https://cave.stranger.example"
VOLUME = "graphene://middleauth+https://data.stranger.example/segmentation/table/x"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "CAVEGRAPH_SERVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CAVEGRAPH_TOKEN", TOKEN)
    return tmp_path


def source(
    server: str = STRANGER, *, token: str | None = None, named: str | None = None
) -> CaveAccess:
    """What asks CAVE for a graph whose record names `server`."""
    made: Any = SimpleNamespace(server=server, datastack="ants")
    return CaveAccess(made, token=token, server=named)


@pytest.mark.parametrize("token", [None, TOKEN], ids=["saved", "given"])
def test_a_server_that_only_the_graph_names_gets_no_token(token: str | None) -> None:
    asked = source(token=token)
    with pytest.raises(CaveAuthError, match=r"cave\.stranger\.example") as refused:
        _ = asked.token
    with pytest.raises(CaveAuthError):
        _ = asked.cave
    assert TOKEN not in str(refused.value)
    assert "cavegraph token" in str(refused.value)


def test_a_volume_elsewhere_gets_no_token_either() -> None:
    asked = source("http://127.0.0.1:1")
    assert asked.token == TOKEN
    with pytest.raises(CaveAuthError, match=r"data\.stranger\.example"):
        asked.token_for(VOLUME)


def test_naming_the_server_vouches_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert source("https://other.example", named=STRANGER).token == TOKEN
    monkeypatch.setenv("CAVEGRAPH_SERVER", STRANGER)
    assert source().token == TOKEN


def test_a_token_stored_for_a_host_vouches_for_it() -> None:
    generate_cave_token(STRANGER, token=TOKEN)
    assert source().token == TOKEN
    assert not is_trusted(VOLUME)


def test_having_loaded_from_places_vouches_for_them(home: Path) -> None:
    with pytest.warns(TokenWarning, match=r"https://data\.stranger\.example") as told:
        trust(STRANGER, VOLUME, None)
    trust(STRANGER, VOLUME, "http://localhost:80", "precomputed://gs://images/em")
    assert len(told) == 1, "each place is named once, before it first gets the token"
    assert source().token == source().token_for(VOLUME) == TOKEN
    (notes,) = home.rglob("known-hosts")
    assert notes.read_text() == "https://cave.stranger.example\nhttps://data.stranger.example\n"
    assert stat.S_IMODE(notes.stat().st_mode) == 0o600


def test_trust_is_a_scheme_a_host_and_a_port() -> None:
    trust(STRANGER)
    assert is_trusted(STRANGER)
    assert is_trusted(f"graphene://middleauth+{STRANGER}:443/x")
    for other in ("http://cave.stranger.example", f"{STRANGER}:8443", "https://stranger.example"):
        assert not is_trusted(other)
    generate_cave_token("https://other.example:8443", token=TOKEN)
    assert is_trusted("https://other.example:8443/x")
    assert not is_trusted("https://other.example")


def test_plain_http_gets_no_token_though_the_host_is_known() -> None:
    trust("http://cave.stranger.example")
    assert not is_trusted("http://cave.stranger.example")
    with pytest.raises(CaveAuthError, match="over plain http"):
        _ = source("http://cave.stranger.example").token


@pytest.mark.parametrize("here", ["http://127.0.0.1:9", "http://localhost", "http://[::1]:80"])
def test_this_machine_is_trusted(here: str) -> None:
    assert is_trusted(here)
    assert is_trusted(f"precomputed://{here}/data/em")


def test_without_a_token_there_is_nothing_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAVEGRAPH_TOKEN")
    assert source().token is None
    assert source().token_for(VOLUME) is None
