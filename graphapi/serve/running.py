"""Start the server on a port, and stop it."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import uvicorn

from graphapi.errors import InputError
from graphapi.serve.application import application

if TYPE_CHECKING:
    from graphapi.connectome import Connectome
    from graphapi.serve.settings import Settings

_START_LIMIT = 20.0
_STOP_LIMIT = 10.0
#: Shortest password that may protect a server from others.
_SHORTEST = 12


class Running:
    """A running server, started by `serve`; a context manager that stops it at the end.

    Attributes
    ----------
    url
        Address of its page, without a slash at the end.
    """

    def __init__(self, connectome: Connectome, settings: Settings) -> None:
        _check(settings)
        self._socket = _listen(settings.host, settings.port)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        scheme = "http" if settings.certificate is None else "https"
        self.url = f"{scheme}://{host}:{self._socket.getsockname()[1]}"
        self._app = application(connectome, settings)
        config = uvicorn.Config(
            self._app,
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=64 << 10,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=3,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="cavegraph-serve", daemon=True
        )
        self._thread.start()
        end = time.monotonic() + _START_LIMIT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                self.close()
                raise InputError(f"the server did not start at {self.url}")
            time.sleep(0.005)

    def wait(self) -> None:
        """Block until the server is closed, or Ctrl-C is pressed."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def close(self) -> None:
        """Stop serving; safe to call twice."""
        self._server.should_exit = True
        self._thread.join(_STOP_LIMIT)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(_STOP_LIMIT)
        self._socket.close()
        self._app.state.desk.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def serve(connectome: Connectome, settings: Settings) -> Running:
    """Serve an open graph in a separate thread.

    Parameters
    ----------
    connectome
        The open graph; close it after the server.
    settings
        Where to listen, limits and access.

    Raises
    ------
    InputError
        The port is taken, or others could reach the server without a good password.
    """
    return Running(connectome, settings)


def _check(settings: Settings) -> None:
    if settings.on_this_machine and settings.password is None:
        return
    if settings.password is None:
        raise InputError(
            f"others could reach the server at {settings.host} without a password",
            hint="give one in a file with --token-file, or let one be made up",
        )
    if len(settings.password) < _SHORTEST:
        raise InputError(f"the password has fewer than {_SHORTEST} characters")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise InputError(
            f"cannot listen at {host}, port {port}: {error}",
            hint="choose another port, or 0 for any free one",
        ) from error
    listening.listen(128)
    return listening
