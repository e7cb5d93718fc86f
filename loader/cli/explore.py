"""`cavegraph explore`: the graph in a browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from graphapi.connectome import Connectome
from loader.cli.options import with_groups
from loader.cli.serving import Serving, wait_for
from loader.cli.terminal import say


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(with_groups(explore))


def explore(
    serving: Serving,
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

    settings = serving.settings(sets_file=sets)
    with Connectome.open(serving.graph) as connectome, serve(connectome, settings) as running:
        say(f"{connectome.name} is at {running.url}; Ctrl-C stops it")
        if serving.made_up:
            typer.echo(f"password: {serving.made_up}")
        if browser:
            webbrowser.open(running.url)
        wait_for(running)
