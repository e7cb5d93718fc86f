"""Commands for large graphs: a synthetic brain, the end of an import, an audit of queries."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from graphapi.connectome import Connectome
from loader.cli.options import Graph
from loader.cli.terminal import say


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (synthetic, finish_import, audit):
        app.command()(command)


def synthetic(
    folder: Annotated[Path, typer.Argument(help="New folder for the files.")],
    connections: Annotated[
        float,
        typer.Option("--connections", help="Approximate number; a fly's brain has 16e6."),
    ] = 1e6,
    seed: Annotated[
        int, typer.Option("--seed", help="Random seed; the same seed gives the same files.")
    ] = 0,
) -> None:
    """Make files of a synthetic brain of any size, to test loads.

    Nothing in it is measured.
    """
    from loader.sandbox.synthetic import make_brain

    brain = make_brain(folder, connections=connections, seed=seed)
    typer.echo(
        f"SYNTHETIC: {brain.neurons:,} neurons, {brain.connections:,} connections, "
        f"{brain.synapse_rows:,} synapse rows in {brain.folder}"
    )
    files = brain.synapse_files()
    rows = files[0] if len(files) == 1 else files[0].parent
    command = ["cavegraph", "load", str(rows), "-a", str(brain.folder / "neurons.parquet")]
    command += ["--name", "synthetic_brain", "--to", str(brain.folder / "brain.lbug")]
    typer.echo(f"To load it:\n  {shlex.join(command)}")


def finish_import(
    uri: Annotated[
        str, typer.Argument(help="Address of the running server: bolt://localhost:7687.")
    ],
) -> None:
    """Finish an import by neo4j-admin.

    Creates indexes, verifies the graph, and makes it readable.
    """
    from loader.writers.neo4j_import import finish_import as finish

    say(finish(uri))


def audit(graph: Graph = None) -> None:
    """Check that no query about neurons scans the whole graph.

    Exits with code 6 if one does.
    """
    from loader.checks.audit import audit_queries

    with Connectome.open(graph) as connectome:
        report = audit_queries(connectome.engine)
        say(report)
        report.raise_if_wrong()
