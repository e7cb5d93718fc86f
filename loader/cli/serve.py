"""`cavegraph serve`: the graph for neuPrint's clients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graphapi.connectome import Connectome
from loader.cli.options import with_groups
from loader.cli.serving import Serving, wait_for
from loader.cli.terminal import say
from loader.sources.presets import known_presets, read_preset
from loader.work.visible import visible


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(with_groups(serve))


def serve(
    serving: Serving,
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

    password = serving.password
    folder = Path(platformdirs.user_data_dir("cavegraph")) / "certificate"
    own = ["localhost", "127.0.0.1", "::1", serving.host]
    names = list(dict.fromkeys([*own, *(serving.name or ())]))
    certificate, key = certificate_in(folder, names)
    with Connectome.open(serving.graph) as connectome:
        made = connectome.materialization
        chosen = preset or (made.datastack if made.datastack in known_presets() else None)
        settings = serving.settings(
            certificate=certificate,
            key=key,
            neuprint={} if chosen is None else read_preset(chosen).neuprint,
        )
        connectome.whole.read_ahead()
        with start(connectome, settings) as running:
            address = visible(running.url.removeprefix("https://"))
            say(f"{connectome.name} is at {running.url}; Ctrl-C stops it")
            typer.echo("in Python:  from neuprint import Client")
            typer.echo(
                f"  client = Client({address!r}, {visible(dataset_name(made))!r}, "
                f"token={'TOKEN' if password else 'any'!r},"
            )
            typer.echo(f"                  verify={str(certificate)!r})")
            if serving.made_up:
                typer.echo(f"token: {serving.made_up}")
            wait_for(running)
