"""Commands that need no account and no network."""

from __future__ import annotations

import shlex
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
    port: Annotated[
        int | None,
        typer.Option("--port", help="Port on this machine; 0 for any. Default: 8700, or any."),
    ] = None,
    seed: Seed = 7,
    serve: Annotated[
        Path | None, typer.Option("--serve", help="Serve this folder instead (docs/stand-in.md).")
    ] = None,
) -> None:
    """Serve the made-up ant brain as a CAVE server would.

    On this machine only; Ctrl-C ends it. Says what to export where you ask.
    """
    from loader.sandbox.demo import run
    from loader.sandbox.standin import serve as serve_folder

    if serve is not None:
        server, token = serve_folder(serve, port=port or 0), "0"
        lines = ["It lets every token in."]
    else:
        places, token = run.Places(folder), run.TOKEN
        server = run.serve_demo(places, seed=seed, port=port)
        lines = _what_to_export(run.exports(places, server.url))
    with server:
        typer.echo(f"serving {server.datastack} at {server.url}; Ctrl-C ends it")
        for line in lines:
            typer.echo(line)
        typer.echo("CAVE's own client:")
        typer.echo(
            f'  CAVEclient("{server.datastack}", server_address="{server.url}", '
            f'auth_token="{token}", write_server_cache=False)'
        )
        try:
            server.wait()
        except KeyboardInterrupt:
            typer.echo("stopped")


def _what_to_export(exports: dict[str, str]) -> list[str]:
    """Return what makes the demo answer in another terminal, and in Python."""
    lines = ["In the terminal where you ask:"]
    lines += [f"  export {name}={shlex.quote(value)}" for name, value in exports.items()]
    if "CAVEGRAPH_URI" not in exports:
        return [*lines, "There is no graph of it yet: `cavegraph demo` makes one."]
    uri, server, token = exports.values()
    opened = f"cp.Connectome.open({uri!r}, server={server!r}, token={token!r})"
    return [*lines, "or in Python:", "  import graphapi as cp", f"  cp.use({opened})"]
