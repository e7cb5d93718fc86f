"""Commands that need no account and no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Option("--folder", help="Where everything that is made goes.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the synthetic brain.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)
    app.command("serve-demo")(serve_demo)


def demo(
    folder: Folder = Path("cavegraph-demo"),
    to: Annotated[
        str | None, typer.Option("--to", help="Graph file or bolt:// address; default: a file.")
    ] = None,
    seed: Seed = 7,
) -> None:
    """See it all work, on a made-up ant brain.

    It is served as CAVE would, loaded into a graph, and asked the tutorial's questions.
    """
    from loader.sandbox.demo.run import run_demo

    run_demo(folder, to=to, seed=seed, say=typer.echo)


def serve_demo(
    folder: Folder = Path("cavegraph-demo"),
    port: Annotated[int, typer.Option("--port", help="Port on this machine; 0 for any.")] = 8700,
    seed: Seed = 7,
    serve: Annotated[
        Path | None, typer.Option("--serve", help="Serve this folder instead (docs/stand-in.md).")
    ] = None,
) -> None:
    """Serve the made-up ant brain as a CAVE server would.

    On this machine only; Ctrl-C ends it.
    """
    from loader.sandbox.demo import run
    from loader.sandbox.standin import serve as serve_folder

    if serve is not None:
        server = serve_folder(serve, port=port)
        shown = "any"
    else:
        server = run.serve_demo(run.Places(folder), seed=seed, port=port)
        shown = run.TOKEN
    with server:
        typer.echo(f"serving {server.datastack} at {server.url} (token: {shown}); Ctrl-C ends it")
        typer.echo("in Python:")
        typer.echo(
            f'  CAVEclient("{server.datastack}", server_address="{server.url}", '
            f'auth_token="{shown}")'
        )
        try:
            server.wait()
        except KeyboardInterrupt:
            typer.echo("stopped")
