"""Start the server on a port, and stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.common.webserver import WebServer, listen
from graphapi.errors import InputError
from graphapi.serve.application import application

if TYPE_CHECKING:
    import socket

    from graphapi.connectome import Connectome
    from graphapi.serve.settings import Settings

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
        listening = _listen(settings.host, settings.port)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        scheme = "http" if settings.certificate is None else "https"
        self.url = f"{scheme}://{host}:{listening.getsockname()[1]}"
        self._app = application(connectome, settings)
        self._web = WebServer(
            self._app,
            listening,
            "cavegraph-serve",
            stop_limit=_STOP_LIMIT,
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
            server_header=False,
            h11_max_incomplete_event_size=64 << 10,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=3,
        )
        if not self._web.starts():
            self.close()
            raise InputError(f"the server did not start at {self.url}")

    def wait(self) -> None:
        """Block until the server is closed, or Ctrl-C is pressed."""
        self._web.wait()

    def close(self) -> None:
        """Stop serving; safe to call twice."""
        self._app.state.desk.stop()
        self._app.state.assistants.stop()
        self._web.close()
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
    try:
        return listen(host, port)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen at {host}, port {port}: {error}",
            hint="choose another port, or 0 for any free one",
        ) from error
