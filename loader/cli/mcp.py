"""`cavegraph mcp`: the graph for assistants."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from graphapi.connectome import Connectome
from graphapi.errors import InputError
from loader.cli.options import with_groups
from loader.cli.serving import Serving, wait_for
from loader.cli.terminal import say


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(with_groups(mcp))


def mcp(
    serving: Serving,
    http: Annotated[
        bool,
        typer.Option("--http", help="Serve at an address, not over standard input and output."),
    ] = False,
) -> None:
    """Serve a graph to an assistant (Model Context Protocol).

    The assistant starts this command itself, or, with --http, you start it and give the assistant
    the address. It only reads. Needs the extra `mcp`.
    """
    from graphapi.serve.assistants.protocol import serve_stdio
    from graphapi.serve.desk import Desk
    from graphapi.serve.settings import Settings

    if http:
        _serve_http(serving)
        return
    for one in fields(serving):
        if one.name not in ("graph", "timeout") and getattr(serving, one.name) != one.default:
            option = f"--{one.name.replace('_', '-')}"
            raise InputError(f"{option} needs --http", hint=f"add --http, or leave out {option}")
    with Connectome.open(serving.graph) as connectome:
        desk = Desk(connectome, Settings(seconds=serving.timeout))
        try:
            serve_stdio(desk)
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)
        finally:
            desk.close()


def _serve_http(serving: Serving) -> None:
    from graphapi.serve.access import ASSISTANTS
    from graphapi.serve.running import serve

    with (
        Connectome.open(serving.graph) as connectome,
        serve(connectome, serving.settings()) as running,
    ):
        address = f"{running.url}{ASSISTANTS}"
        say(f"{connectome.name} is at {address}; Ctrl-C stops it")
        if serving.made_up:
            typer.echo(f"token: {serving.made_up}")
        wait_for(running)
