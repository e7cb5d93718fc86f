"""`cavegraph serve`: the graph for neuPrint's clients."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from graphapi.connectome import Connectome
from loader.cli.explore import password_in, usual_port
from loader.sources.presets import known_presets, read_preset
from loader.work.visible import visible


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(serve)


def serve(
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
        typer.Option("--host", help="Address to listen on, to serve others; needs a token."),
    ] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="A host name under which others reach it. Repeat."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            help="File with the token that clients must send, in its first line. With --host and "
            "without it, one is made up and printed.",
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds that a question may take.")
    ] = 60.0,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            help="Preset, or TOML file, whose section [neuprint] says what neuPrint's names mean. "
            "Default: the preset of the graph's datastack, if there is one.",
        ),
    ] = None,
) -> None:
    """Serve a graph to neuPrint's clients.

    neuprint-python works unmodified. The page and HTTP API of `cavegraph explore` are there too.
    Ctrl-C stops it.
    """
    import platformdirs

    from graphapi.serve.certificate import certificate_in
    from graphapi.serve.neuprint.meta import dataset_name
    from graphapi.serve.running import serve as start
    from graphapi.serve.settings import Settings, is_loopback

    password = None if token_file is None else password_in(token_file)
    made_up = password is None and not is_loopback(host)
    if made_up:
        password = secrets.token_urlsafe(24)
    folder = Path(platformdirs.user_data_dir("cavegraph")) / "certificate"
    names = list(dict.fromkeys(["localhost", "127.0.0.1", "::1", host, *(name or ())]))
    certificate, key = certificate_in(folder, names)
    with Connectome.open(graph) as connectome:
        made = connectome.materialization
        chosen = preset or (made.datastack if made.datastack in known_presets() else None)
        settings = Settings(
            host=host,
            port=usual_port(host) if port is None else port,
            password=password,
            names=tuple(name or ()),
            seconds=timeout,
            certificate=certificate,
            key=key,
            neuprint={} if chosen is None else read_preset(chosen).neuprint,
        )
        with start(connectome, settings) as running:
            address = visible(running.url.removeprefix("https://"))
            typer.echo(f"{visible(connectome.name)} is at {running.url}; Ctrl-C stops it")
            typer.echo("in Python:  from neuprint import Client")
            typer.echo(
                f"  Client({address!r}, {visible(dataset_name(made))!r}, "
                f"token={'TOKEN' if password else 'any'!r},"
            )
            typer.echo(f"         verify={str(certificate)!r})")
            if made_up:
                typer.echo(f"token: {password}")
            try:
                running.wait()
            except KeyboardInterrupt:
                typer.echo("stopped")
