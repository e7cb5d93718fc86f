"""`cavegraph saved`: list the saved queries, or print one."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated

import typer

from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from loader.browser.savedqueries import SavedQuery, saved_queries

_NEO4J_ONLY = "\n// engine: neo4j\n"
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
            if engine == "neo4j" or not _is_neo4j_only(query):
                typer.echo(f"{query.name:{width}}  {query.summary}")
        return
    if name not in known:
        raise InputError(f"no saved query '{name}'", hint="`cavegraph saved` lists them")
    typer.echo(_text(known[name], engine), nl=False)


def _text(query: SavedQuery, engine: str) -> str:
    if engine == "neo4j":
        return query.text
    if _is_neo4j_only(query):
        raise InputError(
            f"'{query.name}' runs only on Neo4j",
            hint="`cavegraph saved --engine ladybug` lists the queries for graph files",
        )
    if engine not in catalog()[query.name].overrides:
        return query.text
    body = catalog()[query.name].text_for(engine)
    notes = "".join(f"{line}\n" for line in query.text.splitlines() if line.startswith("//"))
    return f"{notes}\n{body}"


def _is_neo4j_only(query: SavedQuery) -> bool:
    file = files("cypher").joinpath(query.folder, f"{query.name}.cypher")
    return _NEO4J_ONLY in file.read_text(encoding="utf-8")
