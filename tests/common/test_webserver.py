"""The server behind the stand-in, `explore` and `serve`: how it answers, and how it ends."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import requests
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from graphapi.common.webserver import WebServer, listen
from graphapi.serve.certificate import certificate_in


def test_an_answer_is_sent_at_once() -> None:
    """Nagle's algorithm would hold an answer's body for 40 ms, until its head is confirmed."""
    at_once: list[int] = []

    class Looking(H11Protocol):
        def connection_made(self, transport):
            accepted = transport.get_extra_info("socket")
            at_once.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            super().connection_made(transport)

    listening = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server = WebServer(Starlette(), listening, "test", stop_limit=5, http=Looking)
    try:
        assert server.starts()
        assert requests.get(address, timeout=10).status_code == 404
    finally:
        server.close()
    assert at_once == [1]


def test_an_idle_visitor_is_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate, key = certificate_in(tmp_path, ["127.0.0.1"])
    listening = listen("127.0.0.1", 0)
    address = f"https://127.0.0.1:{listening.getsockname()[1]}/"
    options = {"ssl_certfile": certificate, "ssl_keyfile": key, "timeout_graceful_shutdown": 1}
    server = WebServer(Starlette(), listening, "test", stop_limit=5, **options)
    with requests.Session() as visitor:
        try:
            assert server.starts()
            assert visitor.get(address, verify=str(certificate), timeout=10).status_code == 404
        finally:
            server.close()
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]
