"""Who may ask, and what a stranger gets: nothing."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from serve_client import HOSTILE, Client, Serving

from graphapi.errors import InputError
from graphapi.serve.running import serve
from graphapi.serve.settings import Settings

PASSWORD = "correct horse battery"
#: Nothing here depends on the engine.
pytestmark = pytest.mark.parametrize("toy", ["ladybug"], indirect=True, scope="session")


def status(client: Client, path: str = "/api/v1/info", **headers: str) -> tuple[int, str]:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = requests.get(client.url + path, headers=said, timeout=10)
    kind = answer.json()["error"]["kind"] if answer.status_code >= 400 else ""
    return answer.status_code, kind


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7", "localhost@evil.example", ""]
)
def test_a_request_to_another_name_is_refused(client: Client, host: str) -> None:
    """A page's own name may be made to point here: DNS rebinding."""
    assert status(client, Host=host) == (421, "host")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8720"])
def test_a_request_to_this_machine_is_answered(client: Client, host: str) -> None:
    assert status(client, Host=host) == (200, "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://{here}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_another_sites_page_gets_nothing(client: Client, headers: dict[str, str]) -> None:
    here = client.url.removeprefix("http://")
    said = {name: value.format(here=here) for name, value in headers.items()}
    answer = requests.get(client.url + "/api/v1/info", headers=said, timeout=10)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (403, "origin")
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


def test_our_own_page_and_a_link_to_it_are_answered(client: Client) -> None:
    own = {"Origin": client.url, "Sec_Fetch_Site": "same-origin"}
    assert status(client, **own) == (200, "")
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert status(client, "/", **link) == (200, "")


@pytest.mark.parametrize("path", ["/", "/page/index.html", "/api/v1/info", "/api/v1/no", "/no"])
def test_every_answer_has_the_headers_of_safety(client: Client, path: str) -> None:
    headers = requests.get(client.url + path, timeout=10).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_a_password_is_needed_once_it_is_set(serving: Serving) -> None:
    with serving(password=PASSWORD) as client:
        assert status(client) == (401, "password")
        assert status(client, "/api/v1/no") == (401, "password")
        assert status(client, Authorization="Bearer wrong horse battery") == (401, "password")
        assert status(client, Authorization=f"Bearer {PASSWORD}") == (200, "")
        assert status(client, "/")[0] == 200  # the page's files hold nothing of the graph


def test_the_page_logs_in_and_keeps_a_cookie_out_of_reach_of_scripts(serving: Serving) -> None:
    with serving(password=PASSWORD) as client, requests.Session() as visitor:
        wrong = client.post("login", password="guess")
        assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
        cookie = visitor.post(f"{client.url}/api/v1/login", json={"password": PASSWORD}, timeout=10)
        said = cookie.headers["set-cookie"].lower()
        assert "httponly" in said
        assert "samesite=strict" in said
        assert PASSWORD not in said
        assert visitor.get(f"{client.url}/api/v1/info", timeout=10).status_code == 200
        name, value = next(iter(visitor.cookies.items()))
    with serving(password=PASSWORD) as other:  # another process has another cookie
        here = {"Cookie": f"{name}={value}; cavegraph_{other.url.rpartition(':')[2]}={value}"}
        assert status(other, **here) == (401, "password")


def test_guesses_at_once_wait_for_each_other(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphapi.serve.access._WRONG", 0.2)
    with serving(password=PASSWORD) as client, ThreadPoolExecutor(4) as guessers:
        start = time.monotonic()
        guesses = [
            guessers.submit(status, client, Authorization=f"Bearer guess {k}") for k in range(4)
        ]
        assert [one.result() for one in guesses] == [(401, "password")] * 4
        assert time.monotonic() - start >= 0.8
        assert status(client, Authorization=f"Bearer {PASSWORD}") == (200, "")


@pytest.mark.parametrize("password", [None, "short"])
def test_nobody_is_served_without_a_good_password(client: Client, password: str | None) -> None:
    with pytest.raises(InputError, match="password"):
        serve(None, Settings(host="0.0.0.0", password=password))  # type: ignore[arg-type]  # noqa: S104


def test_markup_in_a_name_is_text(client: Client) -> None:
    answer = client.ask("partners", neurons=HOSTILE + "=")
    assert "<" not in answer.text
    assert HOSTILE in answer.json()["error"]["message"]
    assert answer.headers["content-type"] == "application/json"
