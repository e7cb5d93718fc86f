"""Commands that make, check and describe graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graphapi.connectome import Connectome
from graphapi.errors import CaveError, EngineError, InputError
from graphapi.graph.door import default_uri
from loader.cli.options import Graph, opened
from loader.cli.terminal import visible
from loader.work.steps import Source

To = Annotated[
    str | None,
    typer.Option(
        "--to",
        help="Graph file to write, or bolt:// address. Default: $CAVEGRAPH_URI, "
        "else a file in your data folder.",
    ),
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace the graph that is there.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (load, info, verify, export, token):
        app.command()(command)


def load(
    source: Annotated[
        list[str],
        typer.Argument(
            help="A CAVE datastack; or files, a folder, a 'pattern', ARCHIVE::member or an "
            "address: synapse rows, connections, or a published dump."
        ),
    ],
    version: Annotated[
        str, typer.Option("--version", help="Materialization version; latest is looked up once.")
    ] = "latest",
    server: Annotated[
        str,
        typer.Option(
            "--server",
            help="CAVE server, if not the usual. Token: $CAVEGRAPH_TOKEN, else what "
            "`cavegraph token` has saved.",
        ),
    ] = "",
    to: To = None,
    annotations: Annotated[
        list[str] | None,
        typer.Option(
            "--annotations",
            "-a",
            help="CAVE table or file; repeat, first one wins. Of one file alone: "
            "'FILE?root_id=bodyId&list=tags&na=none'.",
        ),
    ] = None,
    annotation_column: Annotated[
        list[str] | None,
        typer.Option(
            "--annotation-column", help="Of all annotation files: root_id=segment. Repeat."
        ),
    ] = None,
    list_column: Annotated[
        list[str] | None,
        typer.Option(
            "--list", help="Column of annotation files with values joined by commas. Repeat."
        ),
    ] = None,
    na: Annotated[
        list[str] | None,
        typer.Option("--na", help="Text in files for no value, in place of NA, nan, None. Repeat."),
    ] = None,
    force_annotations: Annotated[
        bool,
        typer.Option("--force-annotations", help="Also annotations that hardly meet the graph."),
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", help="Rows of files that count: 'cleft_score>=50'. Repeat."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--only", help="Neurons that count: FILE of ids, annotated, or FIELD=VALUE."),
    ] = None,
    header: Annotated[
        Path | None, typer.Option("--header", help="Names of columns of files that have none.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option("--preset", help="What is known of the datastack: a name, or a TOML file."),
    ] = None,
    no_preset: Annotated[
        bool, typer.Option("--no-preset", help="Ignore the preset of the datastack's name.")
    ] = False,
    synapse_table: Annotated[
        str, typer.Option("--synapse-table", help="If not the datastack's own.")
    ] = "",
    soma_table: Annotated[
        str | None,
        typer.Option("--soma-table", help="If not the datastack's own; none for no somata."),
    ] = None,
    size_column: Annotated[
        str | None,
        typer.Option("--size-column", help="Of the synapse table; none for no sizes."),
    ] = None,
    brain_mesh: Annotated[
        str | None, typer.Option("--brain-mesh", help="Where the whole brain's mesh is.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", help="Which file column is which: weight=chemical, weight=none. Repeat."
        ),
    ] = None,
    ids: Annotated[
        str, typer.Option("--ids", help="Ids in files: numbers, names, or auto.")
    ] = "auto",
    name: Annotated[str, typer.Option("--name", help="What a graph from files is called.")] = "",
    min_size: Annotated[
        float | None, typer.Option("--min-size", help="Count only synapses of this size or more.")
    ] = None,
    replace: Replace = False,
    work: Annotated[
        Path | None, typer.Option("--work", help="Working folder, kept after the load.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", help="Most memory for the load, such as 4GB.")
    ] = None,
    in_flight: Annotated[
        int, typer.Option("--in-flight", min=1, help="Most requests at once.")
    ] = 4,
) -> None:
    """Load a CAVE datastack, or files, into a graph. Run it again to go on after a failure."""
    import loader as _loader
    from loader.cli import sources
    from loader.sources.places import is_place
    from loader.work.duck import DEFAULT_MEMORY

    tables = sources.annotation_tables(annotations, annotation_column, list_column, na, ids)
    chosen: Source
    if len(source) > 1 or is_place(source[0]):
        chosen = sources.from_files(
            source,
            tables,
            columns=column,
            keep=keep,
            header=header,
            ids=ids,
            name=name,
            version=_number(version),
            refused={
                "--server": server,
                "--preset": preset,
                "--synapse-table": synapse_table,
                "--soma-table": soma_table,
                "--size-column": size_column,
                "--brain-mesh": brain_mesh,
            },
        )
    else:
        chosen = sources.from_cave(
            source[0],
            tables,
            preset=preset,
            no_preset=no_preset,
            version=_version(version),
            server=server,
            synapse_table=synapse_table or None,
            soma_table=soma_table,
            size_column=size_column,
            brain_mesh_source=brain_mesh,
            refused={"--column": column, "--name": name, "--keep": keep, "--header": header},
        )
    try:
        report = _loader.load(
            chosen,
            to or default_uri(),
            replace=replace,
            min_size=min_size,
            only=only,
            force_annotations=force_annotations,
            work=work,
            memory_limit=memory or DEFAULT_MEMORY,
            in_flight=in_flight,
        )
    except (CaveError, EngineError, KeyboardInterrupt):
        typer.echo("what was finished is kept: the same command goes on from there", err=True)
        raise
    typer.echo(str(report))
    if report.conflicts is not None and len(report.conflicts):
        typer.echo(report.conflicts.head(10).to_string(index=False))


def info(
    graph: Graph = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the graph's whole record as JSON.")
    ] = False,
) -> None:
    """Say what a graph is: datastack, version, counts, fields."""
    with opened(graph) as connectome:
        if json:
            typer.echo(connectome.materialization.to_json())
        else:
            typer.echo(visible(described(connectome), keep="\n"))


def verify(
    graph: Graph = None,
    cave: Annotated[
        bool, typer.Option("--cave", help="Compare some neurons with what CAVE says now, too.")
    ] = False,
) -> None:
    """Check that a graph still holds what was loaded.

    Exit code 6 where it does not.
    """
    import loader as _loader
    from graphapi.engines import is_neo4j
    from loader.checks.apart import verify_file

    place = graph or default_uri()
    if is_neo4j(place):
        with opened(graph) as connectome:
            report = _loader.verify_graph(connectome.engine)
    else:
        report = verify_file(Path(place))
    typer.echo(str(report))
    report.raise_if_wrong()
    if cave:
        with opened(graph) as connectome:
            from loader.checks.spotcheck import compare_graph

            neurons = compare_graph(connectome)
            typer.echo(f"  ok    {neurons} neurons have the totals that CAVE says of them")


def export(
    folder: Annotated[Path, typer.Argument(help="Folder for the files; made if not there.")],
    graphml: Annotated[
        bool, typer.Option("--graphml", help="GraphML too, for Gephi, Cytoscape and the like.")
    ] = False,
    graph: Graph = None,
) -> None:
    """Write the whole graph as Parquet files.

    One of connections, one of neurons, one of annotation rows.
    """
    with opened(graph) as connectome:
        written = list(connectome.to_parquet(folder).values())
        if graphml:
            written.append(connectome.to_graphml(folder / "connectome.graphml"))
        for path in written:
            typer.echo(f"wrote {path}")


def token(
    server: Annotated[str, typer.Argument(help="Address of the CAVE server.")],
) -> None:
    """Save a CAVE token, readable by you only.

    Says where to get one, and asks for it without showing it.
    """
    from graphapi.cave.token import generate_cave_token

    generate_cave_token(server)


def described(connectome: Connectome) -> str:
    """Describe a graph for people."""
    from loader.report import described as reading_lines

    made = connectome.materialization
    lines = [
        f"{made.datastack}, materialization version {made.version}",
        *(["  SYNTHETIC: made up by a program, not measured"] if made.synthetic else []),
        f"  graph      {connectome.engine.uri} ({connectome.engine.name})",
        f"  source     {made.source} {made.server}".rstrip(),
        f"  timestamp  {made.timestamp or 'none (from files)'}",
        f"  synapses   {made.synapse_table}",
        f"  min. size  {made.min_size if made.min_size is not None else 'none'}",
        f"  loaded     {made.loaded_at} by cavegraph {made.cavegraph_version}",
        "  counts",
        *(f"    {name:<28}{count:>16,}" for name, count in sorted(made.counts.items())),
        "  annotation fields",
        *(f"    {item.name:<28}{item.type:<14}{item.source}" for item in made.annotation_fields),
        "  neuron properties",
        *(f"    {item.name:<28}{item.type:<14}{item.source}" for item in made.neuron_fields),
    ]
    lines += reading_lines(made.reading)
    return "\n".join([*lines, *(f"  note: {note}" for note in made.notes)])


def _version(text: str) -> int | str:
    return text if text == "latest" else _number(text)


def _number(text: str) -> int:
    if text == "latest":
        return 0
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"--version '{text}' is no number", hint="a number, or latest")
    return int(text)
