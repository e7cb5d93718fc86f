"""`cavegraph explore`: the graph in a browser."""

from __future__ import annotations

import secrets
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from graphapi.connectome import Connectome
from graphapi.errors import InputError
from loader.work.visible import visible

_USUAL_PORT = 8720


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(explore)


def explore(
    graph: Annotated[
        str | None,
        typer.Argument(
            help="Graph file or bolt:// address. Default: $CAVEGRAPH_URI.", show_default=False
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="Port; 0 for any free one. Default: 8720, if free."),
    ] = None,
    host: Annotated[
        str,
        typer.Option("--host", help="Address to listen on, to serve others; needs a password."),
    ] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="A host name under which others reach it. Repeat."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            help="File with the password in its first line. With --host and without it, one is "
            "made up and printed.",
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds that a question may take.")
    ] = 60.0,
    sets: Annotated[
        Path | None,
        typer.Option("--sets", help="File of the named sets. Default: beside the graph."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
) -> None:
    """Explore a graph in a browser, on your own machine.

    Serves a page and an HTTP API that only read the graph; Ctrl-C stops it.
    """
    from graphapi.serve.running import serve
    from graphapi.serve.settings import Settings, is_loopback

    password = None if token_file is None else password_in(token_file)
    made_up = password is None and not is_loopback(host)
    if made_up:
        password = secrets.token_urlsafe(24)
    settings = Settings(
        host=host,
        port=usual_port(host) if port is None else port,
        password=password,
        names=tuple(name or ()),
        seconds=timeout,
        sets_file=sets,
    )
    with (
        Connectome.open(graph) as connectome,
        serve(connectome, settings) as running,
    ):
        typer.echo(f"{visible(connectome.name)} is at {running.url}; Ctrl-C stops it")
        if made_up:
            typer.echo(f"password: {password}")
        if browser:
            webbrowser.open(running.url)
        try:
            running.wait()
        except KeyboardInterrupt:
            typer.echo("stopped")


def password_in(path: Path) -> str:
    """Return the first line of a file of `--token-file`."""
    try:
        first = path.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--token-file '{path}' cannot be read: {error}") from error
    if not first:
        raise InputError(f"--token-file '{path}' is empty", hint="write the password into it")
    return first


def usual_port(host: str) -> int:
    """Return the usual port, or 0 if it is taken."""
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        try:
            tried.bind((host, _USUAL_PORT))
        except OSError:
            return 0
    return _USUAL_PORT
