"""`cavegraph saved`: list the saved queries, or print one."""

from __future__ import annotations

from typing import Annotated

import typer

from graphapi.engines.savedqueries import runs_on, saved_queries, text_for
from graphapi.errors import InputError

_ENGINES = ("neo4j", "ladybug")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(saved)


def saved(
    name: Annotated[
        str | None,
        typer.Argument(help="Query to print. Default: list all queries.", show_default=False),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", "-e", help="neo4j, or ladybug for graph files.")
    ] = "neo4j",
) -> None:
    """List the saved Cypher queries, or print one.

    Run them in Neo4j Browser or with `cavegraph cypher`.
    """
    if engine not in _ENGINES:
        raise InputError(f"--engine '{engine}'", hint=f"one of {', '.join(_ENGINES)}")
    known = {query.name: query for query in saved_queries()}
    if name is None:
        width = max(map(len, known))
        for query in known.values():
            if runs_on(query, engine):
                typer.echo(f"{query.name:{width}}  {query.summary}")
        return
    if name not in known:
        raise InputError(f"no saved query '{name}'", hint="`cavegraph saved` lists them")
    if not runs_on(known[name], engine):
        raise InputError(
            f"'{name}' runs only on Neo4j",
            hint="`cavegraph saved --engine ladybug` lists the queries for graph files",
        )
    typer.echo(text_for(known[name], engine), nl=False)
