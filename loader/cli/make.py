"""Commands that make, check and describe graphs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from graphapi.connectome import Connectome
from graphapi.errors import CaveError, EngineError
from graphapi.graph.door import default_uri
from loader.cli.options import Graph
from loader.cli.terminal import say
from loader.work.steps import Source

To = Annotated[
    str | None,
    typer.Option(
        "--to",
        help="Where the graph goes: a file or a bolt:// address. Default: $CAVEGRAPH_URI, "
        "else a file in your data folder.",
    ),
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace an existing graph.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (load, info, verify, export, token):
        app.command()(command)


def load(
    source: Annotated[
        list[str],
        typer.Argument(
            help="A CAVE datastack, or files: paths, a folder, a 'pattern', ARCHIVE::member "
            "or a URL. Files hold synapse rows or connections."
        ),
    ],
    version: Annotated[
        str, typer.Option("--version", help="Materialization version: a number, or latest.")
    ] = "latest",
    server: Annotated[
        str,
        typer.Option(
            "--server",
            help="CAVE server, if not the usual one. The token comes from $CAVEGRAPH_TOKEN, "
            "else from `cavegraph token`.",
        ),
    ] = "",
    to: To = None,
    annotations: Annotated[
        list[str] | None,
        typer.Option(
            "--annotations",
            "-a",
            help="Annotations: a CAVE table or a file. Repeat; the first one wins. Options "
            "for one file: 'FILE?root_id=bodyId&list=tags&na=none'.",
        ),
    ] = None,
    annotation_column: Annotated[
        list[str] | None,
        typer.Option(
            "--annotation-column",
            help="Name a column of the annotation files: root_id=segment. Repeat.",
        ),
    ] = None,
    list_column: Annotated[
        list[str] | None,
        typer.Option("--list", help="Annotation column whose values are lists: a,b,c. Repeat."),
    ] = None,
    na: Annotated[
        list[str] | None,
        typer.Option("--na", help="Text that means no value, instead of NA, nan and None. Repeat."),
    ] = None,
    force_annotations: Annotated[
        bool,
        typer.Option(
            "--force-annotations",
            help="Accept annotations of neurons that are hardly in the graph.",
        ),
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", help="Keep only these synapse rows: 'cleft_score>=50'. Repeat."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--only", help="Keep only these neurons: a FILE of root ids, annotated, or FIELD=VALUE."
        ),
    ] = None,
    header: Annotated[
        Path | None,
        typer.Option("--header", help="File with the column names, for files that have none."),
    ] = None,
    synthetic: Annotated[
        bool,
        typer.Option(
            "--synthetic",
            help="The files hold made-up data. Files of `cavegraph synthetic` are already marked.",
        ),
    ] = False,
    preset: Annotated[
        str | None,
        typer.Option("--preset", help="Settings for the datastack: a preset's name or TOML file."),
    ] = None,
    no_preset: Annotated[
        bool, typer.Option("--no-preset", help="Ignore the preset for this datastack.")
    ] = False,
    synapse_table: Annotated[
        str, typer.Option("--synapse-table", help="Synapse table, if not the datastack's default.")
    ] = "",
    connections_view: Annotated[
        str,
        typer.Option(
            "--connections-view",
            help="CAVE view with a row for each connection, in place of the synapse table.",
        ),
    ] = "",
    soma_table: Annotated[
        str | None,
        typer.Option(
            "--soma-table", help="Soma table, if not the datastack's default; none to skip somata."
        ),
    ] = None,
    size_column: Annotated[
        str | None,
        typer.Option("--size-column", help="Column with synapse sizes; none to skip sizes."),
    ] = None,
    regions: Annotated[
        str | None,
        typer.Option(
            "--regions",
            help="Region of each synapse: a CAVE table 'TABLE?region=COLUMN', or a volume "
            "'precomputed://PLACE?point=pre&resolution=4,4,40&mip=0' that is looked up; a file of "
            "names for neuPrint's roiInfo; none to skip regions.",
        ),
    ] = None,
    brain_mesh: Annotated[
        str | None, typer.Option("--brain-mesh", help="URL of the whole brain's mesh.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", help="Name a column of the file: weight=chemical, weight=none. Repeat."
        ),
    ] = None,
    ids: Annotated[
        str, typer.Option("--ids", help="Kind of ids in files: numbers, names, or auto.")
    ] = "auto",
    name: Annotated[
        str, typer.Option("--name", help="Datastack name to record for a graph from files.")
    ] = "",
    min_size: Annotated[
        float | None, typer.Option("--min-size", help="Ignore synapses smaller than this.")
    ] = None,
    replace: Replace = False,
    work: Annotated[
        Path | None, typer.Option("--work", help="Working folder; it is kept after the load.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", help="Memory limit of the load, such as 4GB.")
    ] = None,
    in_flight: Annotated[
        int, typer.Option("--in-flight", min=1, help="Limit of parallel requests to CAVE.")
    ] = 4,
) -> None:
    """Load a CAVE datastack, or files, into a graph.

    After a failure, run the same command again: it continues where it stopped.
    """
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
            version=version,
            synthetic=synthetic,
            regions=regions,
            refused={
                "--server": server,
                "--preset": preset,
                "--synapse-table": synapse_table,
                "--connections-view": connections_view,
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
            version=version,
            server=server,
            synapse_table=synapse_table or None,
            soma_table=soma_table,
            size_column=size_column,
            brain_mesh_source=brain_mesh,
            connections_view=connections_view or None,
            keep=keep,
            regions=regions,
            refused={
                "--column": column,
                "--name": name,
                "--header": header,
                "--synthetic": synthetic,
            },
        )
    finished: list[str] = []
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
            on_step=finished.append,
        )
    except (CaveError, EngineError, KeyboardInterrupt):
        if finished:
            typer.echo("finished steps are kept; run the same command again to continue", err=True)
        raise
    say(report)
    if report.conflicts is not None and len(report.conflicts):
        say(report.conflicts.head(10).to_string(index=False))


def info(
    graph: Graph = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the graph's whole record as JSON.")
    ] = False,
) -> None:
    """Describe a graph: datastack, version, counts, fields."""
    with Connectome.open(graph) as connectome:
        if json:
            typer.echo(connectome.materialization.to_json())
        else:
            say(described(connectome))


def verify(
    graph: Graph = None,
    cave: Annotated[
        bool, typer.Option("--cave", help="Also compare some neurons with CAVE.")
    ] = False,
) -> None:
    """Check that a graph still holds what was loaded.

    Exits with code 6 if it does not.
    """
    import loader as _loader
    from graphapi.engines import is_neo4j
    from graphapi.engines.ladybugapart import ApartEngine

    place = graph or default_uri()
    if is_neo4j(place):
        with Connectome.open(graph) as connectome:
            report = _loader.verify_graph(connectome.engine)
    else:
        with closing(ApartEngine(place)) as engine:
            report = _loader.verify_graph(engine)
    say(report)
    report.raise_if_wrong()
    if cave:
        with Connectome.open(graph) as connectome:
            from loader.sources.spotcheck import compare_graph

            neurons = compare_graph(connectome)
            typer.echo(f"  ok    {neurons} neurons have the same totals in CAVE")


def export(
    folder: Annotated[Path, typer.Argument(help="Folder for the files; created if missing.")],
    graphml: Annotated[
        bool, typer.Option("--graphml", help="Also write GraphML, for Gephi or Cytoscape.")
    ] = False,
    graph: Graph = None,
) -> None:
    """Write the whole graph to Parquet files.

    Writes one file each for connections, neurons and annotation rows.
    """
    with Connectome.open(graph) as connectome:
        written = list(connectome.to_parquet(folder).values())
        if graphml:
            written.append(connectome.to_graphml(folder / "connectome.graphml"))
        for path in written:
            say(f"wrote {path}")


def token(
    server: Annotated[str, typer.Argument(help="Address of the CAVE server.")],
) -> None:
    """Save a CAVE token, readable only by you.

    Shows where to get a token, then asks for it; what you type stays hidden.
    """
    from graphapi.cave.token import generate_cave_token

    generate_cave_token(server)


def described(connectome: Connectome) -> str:
    """Return a description of a graph, as text."""
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
