"""Serve a web application on a port of this machine, in a thread of its own."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_START_LIMIT = 20.0


class WebServer:
    """An application that is served until it is closed.

    Parameters
    ----------
    app
        The application.
    listening
        Where it is served, from `listen`; closed with the server.
    name
        Name of the thread.
    stop_limit
        Seconds until requests that are still answered are cut off, and once more until the thread
        is given up.
    options
        Further settings of `uvicorn.Config`.
    """

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        name: str,
        *,
        stop_limit: float,
        **options: Any,
    ) -> None:
        config = uvicorn.Config(app, ws="none", log_config=None, access_log=False, **options)
        self._server = uvicorn.Server(config)
        self._socket = listening
        self._stop_limit = stop_limit
        # a Ctrl-C within `Thread.join` makes Python 3.11 take a running thread for an ended one
        self._ended = threading.Event()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            self._server.run([self._socket])
        finally:
            self._ended.set()

    def starts(self) -> bool:
        """Wait until requests are answered; False if that does not come about."""
        end = time.monotonic() + _START_LIMIT
        while not self._server.started:
            if self._ended.is_set() or time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def wait(self) -> None:
        """Block until the server is closed, or Ctrl-C is pressed."""
        while not self._ended.wait(0.5):
            pass

    def close(self) -> None:
        """Stop serving; safe to call twice."""
        log = logging.getLogger("uvicorn.error")
        log.addFilter(_is_news)
        self._server.should_exit = True
        if not self._ended.wait(self._stop_limit):
            self._server.force_exit = True
            self._ended.wait(self._stop_limit)
        log.removeFilter(_is_news)
        self._socket.close()


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a message is more than that a visitor's idle connection was closed."""
    return not (record.msg.startswith("Cancel %s running task") and record.args == (0,))


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address.

    Raises
    ------
    OSError, OverflowError
        The port is taken or is not one, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; else bodies wait 40 ms
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError):
        listening.close()
        raise
    listening.listen(128)
    return listening
