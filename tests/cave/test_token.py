"""Tokens: stored for their owner alone, found again, and in no text."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from caveclient.auth import AuthClient

from graphapi.cave.token import find_token, generate_cave_token, normal_address, redact
from graphapi.errors import CaveAuthError, InputError

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "5ec7e75ec7e75ec7e75ec7e75ec7e75e"
SERVER = "https://cave.example.org"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_a_token_is_stored_for_its_owner_where_the_cave_client_looks() -> None:
    path = generate_cave_token(SERVER, token=f' "{TOKEN}"\n')
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert find_token(SERVER) == TOKEN
    assert AuthClient(server_address=SERVER).token == TOKEN
    assert list(path.parent.iterdir()) == [path]


def test_storing_again_replaces_the_token_keeps_other_keys_and_mends_the_rights() -> None:
    path = generate_cave_token(SERVER, token="0ld0ld0ld0ld")
    assert path is not None
    path.write_text(json.dumps({"token": "0ld0ld0ld0ld", "other": "kept"}))
    path.chmod(0o644)
    generate_cave_token(SERVER, token=TOKEN)
    assert json.loads(path.read_text()) == {"token": TOKEN, "other": "kept"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_not_saving(home: Path) -> None:
    assert generate_cave_token(SERVER, token=TOKEN, save=False) is None
    assert list(home.iterdir()) == []


def test_it_asks_without_showing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("graphapi.cave.token.getpass", lambda _prompt: TOKEN)
    generate_cave_token("cave.example.org")
    shown = capsys.readouterr()
    assert "https://cave.example.org/auth/api/v1/create_token" in shown.err
    assert TOKEN not in shown.err + shown.out
    assert find_token(SERVER) == TOKEN


def test_no_one_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("graphapi.cave.token.getpass", nobody)
    with pytest.raises(CaveAuthError, match="no terminal"):
        generate_cave_token(SERVER)


@pytest.mark.parametrize("bad", ["", "short", "with space in it", "{'token': 'x'}"])
def test_what_cannot_be_a_token_is_not_stored_nor_shown(bad: str, home: Path) -> None:
    with pytest.raises(InputError) as refused:
        generate_cave_token(SERVER, token=bad)
    assert not bad or bad not in str(refused.value)
    assert list(home.iterdir()) == []


def test_the_common_file_serves_all_servers_and_nothing_is_none(home: Path) -> None:
    assert find_token(SERVER) is None
    folder = home / ".cloudvolume" / "secrets"
    folder.mkdir(parents=True)
    (folder / "cave-secret.json").write_text(json.dumps({"token": TOKEN}))
    assert find_token(SERVER) == TOKEN
    (folder / "cave.example.org-cave-secret.json").write_text(json.dumps({"token": "of-this-one"}))
    assert find_token(SERVER) == "of-this-one"


def test_a_damaged_file_is_named_and_not_quoted(home: Path) -> None:
    folder = home / ".cloudvolume" / "secrets"
    folder.mkdir(parents=True)
    (folder / "cave-secret.json").write_text('{"token": "' + TOKEN)
    with pytest.raises(CaveAuthError, match=r"cave-secret\.json") as damaged:
        find_token(SERVER)
    assert TOKEN not in str(damaged.value)
    assert damaged.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {TOKEN}",
        f"middle_auth_token={TOKEN}",
        f'{{"token": "{TOKEN}"}}',
        f"https://x/authorize?token={TOKEN}&next=1",
        f"bearer {TOKEN}",
    ],
)
def test_what_is_spelled_like_a_token_is_blanked(text: str) -> None:
    assert TOKEN not in redact(text)
    assert redact(text) != text


def test_a_known_token_is_blanked_anywhere_and_other_words_stay() -> None:
    assert redact(f"so{TOKEN}so", TOKEN) == "so[token]so"
    assert redact("table 'tokens' of root 576460752700000001") == (
        "table 'tokens' of root 576460752700000001"
    )


def test_addresses() -> None:
    assert normal_address("cave.example.org/") == SERVER
    assert normal_address("http://127.0.0.1:8000") == "http://127.0.0.1:8000"
