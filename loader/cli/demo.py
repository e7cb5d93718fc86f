"""Commands that need no account and no network."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Option("--folder", help="Folder for all files of the demo.")]
Seed = Annotated[int, typer.Option("--seed", help="Random seed of the synthetic brain.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)
    app.command("serve-demo")(serve_demo)


def demo(
    folder: Folder = Path("cavegraph-demo"),
    to: Annotated[
        str | None,
        typer.Option("--to", help="Graph file or bolt:// address. Default: a file in the folder."),
    ] = None,
    seed: Seed = 7,
) -> None:
    """Try everything on a synthetic ant brain.

    Serves the brain as CAVE would, loads it into a graph, and runs the tutorial's queries.
    You need no account and no network.
    """
    from loader.sandbox.demo.run import run_demo

    run_demo(folder, to=to, seed=seed, say=typer.echo)


def serve_demo(
    folder: Folder = Path("cavegraph-demo"),
    port: Annotated[
        int | None,
        typer.Option(
            "--port", help="Port on this machine; 0 for any free one. Default: 8700, if free."
        ),
    ] = None,
    seed: Seed = 7,
    serve: Annotated[
        Path | None,
        typer.Option("--serve", help="Serve this folder instead; see docs/stand-in.md."),
    ] = None,
) -> None:
    """Serve the synthetic ant brain as a CAVE server would.

    Listens on this machine only; Ctrl-C stops it. Prints the variables to export in the
    terminal where you run queries.
    """
    from loader.sandbox.demo import run
    from loader.sandbox.standin import serve as serve_folder

    if serve is not None:
        server, token = serve_folder(serve, port=port or 0), "0"
        lines = ["Any token is accepted."]
    else:
        places, token = run.Places(folder), run.TOKEN
        server = run.serve_demo(places, seed=seed, port=port)
        lines = _what_to_export(run.exports(places, server.url))
    with server:
        typer.echo(f"serving {server.datastack} at {server.url}; Ctrl-C stops it")
        for line in lines:
            typer.echo(line)
        typer.echo("Or with CAVE's own client:")
        typer.echo(
            f'  CAVEclient("{server.datastack}", server_address="{server.url}", '
            f'auth_token="{token}", write_server_cache=False)'
        )
        try:
            server.wait()
        except KeyboardInterrupt:
            typer.echo("stopped")


def _what_to_export(exports: dict[str, str]) -> list[str]:
    """Return the lines that connect another terminal, or Python, to the demo."""
    lines = ["In the terminal where you run queries:"]
    lines += [f"  export {name}={shlex.quote(value)}" for name, value in exports.items()]
    if "CAVEGRAPH_URI" not in exports:
        return [*lines, "There is no graph yet: `cavegraph demo` makes one."]
    uri, server, token = exports.values()
    opened = f"cp.Connectome.open({uri!r}, server={server!r}, token={token!r})"
    return [*lines, "Or in Python:", "  import graphapi as cp", f"  cp.use({opened})"]
