"""What `cavegraph explore`, `serve` and `mcp` have in common: options, password, and the end."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphapi.common.address import is_loopback
from graphapi.errors import InputError

if TYPE_CHECKING:
    from graphapi.serve.running import Running
    from graphapi.serve.settings import Settings

_USUAL_PORT = 8720


@dataclass(frozen=True)
class Serving:
    """Which graph is served, where and to whom."""

    graph: Annotated[
        str | None,
        typer.Argument(
            help="Graph file or bolt:// address. Default: $CAVEGRAPH_URI.", show_default=False
        ),
    ] = None
    port: Annotated[
        int | None,
        typer.Option("--port", help="Port; 0 for any free one. Default: 8720, if free."),
    ] = None
    host: Annotated[
        str,
        typer.Option("--host", help="Address to listen on, to serve others; needs a password."),
    ] = "127.0.0.1"
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="A host name under which others reach it. Repeat."),
    ] = None
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            help="File with the password, which programs send as their token, in its first line. "
            "With --host and without it, one is made up and printed.",
        ),
    ] = None
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds that a question may take.")
    ] = 60.0

    @cached_property
    def made_up(self) -> str | None:
        """A new password, if others can reach the server and none was given."""
        if self.token_file is not None or is_loopback(self.host):
            return None
        return secrets.token_urlsafe(24)

    @cached_property
    def password(self) -> str | None:
        """The password; None if there is none."""
        return self.made_up if self.token_file is None else _first_line(self.token_file)

    def settings(self, **more: Any) -> Settings:
        """Return the settings of the server."""
        from graphapi.serve.settings import Settings

        return Settings(
            host=self.host,
            port=_usual_port(self.host) if self.port is None else self.port,
            password=self.password,
            names=tuple(self.name or ()),
            seconds=self.timeout,
            **more,
        )


def wait_for(running: Running) -> None:
    """Serve until Ctrl-C is pressed."""
    try:
        running.wait()
    except KeyboardInterrupt:
        typer.echo("stopped")


def _first_line(path: Path) -> str:
    try:
        first = path.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--token-file '{path}' cannot be read: {error}") from error
    if not first:
        raise InputError(f"--token-file '{path}' is empty", hint="write the password into it")
    return first


def _usual_port(host: str) -> int:
    """Return the usual port, or 0 if it is taken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        try:
            tried.bind((host, _USUAL_PORT))
        except OSError:
            return 0
    return _USUAL_PORT
