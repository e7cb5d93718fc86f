"""All commands, put together."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from loader.cli import ask, demo, explore, hops, make, mcp, motifs, relate, saved, scale, serve

app = typer.Typer(
    help="Load a CAVE connectome into a graph, then query its connectivity.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cavegraph {installed_version('cavegraph')}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Load a CAVE connectome into a graph, then query its connectivity."""


demo.register(app)
make.register(app)
explore.register(app)
serve.register(app)
mcp.register(app)
ask.register(app)
relate.register(app)
hops.register(app)
saved.register(app)
scale.register(app)
motifs.register(app)
