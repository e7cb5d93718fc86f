"""Commands about network motifs: `cavegraph motifs ...`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loader.cli.options import Graph, Some, Table, Threshold, opened, with_groups

motifs = typer.Typer(
    help="Network motifs: search, triad census, statistics, significance, report.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class NullName(StrEnum):
    """The null models; see `graphapi.network.nulls.NullModel`."""

    DEGREE = "degree"
    ERDOS_RENYI = "erdos_renyi"
    BLOCK = "block"
    BLOCK_RANDOM = "block_random"


Nulls = Annotated[int, typer.Option("--nulls", help="How many null graphs.")]
Model = Annotated[NullName, typer.Option("--model", help="What null graphs keep.")]
KeepReciprocal = Annotated[
    bool, typer.Option("--keep-reciprocal", help="Null graphs keep reciprocal pairs too.")
]
By = Annotated[str | None, typer.Option("--by", help="Neuron property that block models keep.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the null graphs.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(motifs, name="motifs")


@motifs.command()
@with_groups
def census(
    some: Some,
    table: Table,
    threshold: Threshold = 1,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Count neurons without a connection too.")
    ] = False,
    by_neuron: Annotated[
        bool, typer.Option("--by-neuron", help="One line a neuron: triads it is part of.")
    ] = False,
) -> None:
    """Count all triads by their 16 classes, exactly."""
    import pandas as pd

    with table.opened() as connectome:
        neurons = some.read(connectome)
        if by_neuron:
            frame = connectome.motifs.participation(threshold, neurons)
            frame.index.name = "root_id"
        else:
            found = connectome.motifs.census(threshold, neurons, isolated=isolated)
            frame = pd.DataFrame({"triad": list(found), "count": list(found.values())})
        table.write(frame)


@motifs.command()
@with_groups
def statistics(
    some: Some,
    table: Table,
    threshold: Threshold = 1,
    by_neuron: Annotated[
        bool, typer.Option("--by-neuron", help="One line a neuron: partners and synapses.")
    ] = False,
) -> None:
    """Describe the network: density, reciprocity, clustering, components, degrees."""
    import pandas as pd

    with table.opened() as connectome:
        neurons = some.read(connectome)
        if by_neuron:
            table.write(connectome.motifs.degrees(threshold, neurons).reset_index())
            return
        found = connectome.motifs.statistics(threshold, neurons)
        values = pd.Series(list(found.values()), dtype=object)
        table.write(pd.DataFrame({"statistic": list(found), "value": values}))


@motifs.command()
@with_groups
def search(
    table: Table,
    motif: Annotated[
        str, typer.Argument(help="A DotMotif program (';' or newlines between), or its file.")
    ],
    limit: Annotated[int | None, typer.Option("--limit", help="Most matches.")] = None,
    count: Annotated[bool, typer.Option("--count", help="Only count the matches.")] = False,
    induced: Annotated[
        bool, typer.Option("--induced", help="No connections but the motif's.")
    ] = False,
    mappings: Annotated[
        bool, typer.Option("--mappings", help="Every mapping, not each subgraph once.")
    ] = False,
    annotate: Annotated[
        list[str] | None, typer.Option("--annotate", help="Neuron property to add. Repeat.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Stop after this many seconds.")
    ] = None,
) -> None:
    """Find all subgraphs that match a motif."""
    program = _program(motif)
    with table.opened() as connectome:
        if count:
            number = connectome.motifs.count(
                program, unique=not mappings, induced=induced, timeout=timeout
            )
            typer.echo(number)
            return
        frame = connectome.motifs.search(
            program,
            limit=limit,
            unique=not mappings,
            induced=induced,
            annotate=annotate,
            timeout=timeout,
        )
        table.write(frame, motif_columns(frame.columns))


@motifs.command()
@with_groups
def significance(
    some: Some,
    table: Table,
    motif: Annotated[
        list[str] | None,
        typer.Argument(help="Motifs or their files; none: the 16 classes of triads."),
    ] = None,
    nulls: Nulls = 100,
    model: Model = NullName.DEGREE,
    keep_reciprocal: KeepReciprocal = False,
    by: By = None,
    induced: Annotated[
        bool, typer.Option("--induced", help="No connections but the motif's.")
    ] = False,
    threshold: Threshold = 1,
    seed: Seed = 0,
) -> None:
    """Compare counts of motifs with null graphs: mean, deviation, z, empirical p."""
    with table.opened() as connectome:
        neurons = some.read(connectome)
        analysis = connectome.motifs
        found = analysis.significance(
            {one: _program(one) for one in motif} if motif else None,
            analysis.null_model(model.value, keep_reciprocal=keep_reciprocal, by=by),
            nulls,
            threshold,
            neurons,
            induced=induced,
            seed=seed,
        )
        typer.echo(found.describe(), err=True)
        table.write(found.table)


@motifs.command()
@with_groups
def report(
    some: Some,
    folder: Annotated[Path, typer.Argument(help="Folder for the files; made if not there.")],
    nulls: Nulls = 100,
    model: Model = NullName.DEGREE,
    keep_reciprocal: KeepReciprocal = False,
    blocks: Annotated[
        str | None, typer.Option("--blocks", help="Neuron property that block models keep.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Neuron property told of hubs and roles.")
    ] = None,
    top: Annotated[int, typer.Option("--top", help="How many hubs.")] = 20,
    threshold: Threshold = 1,
    seed: Seed = 0,
    graph: Graph = None,
) -> None:
    """Describe the network: statistics, triads, rich club, hubs; HTML, PNG and CSV."""
    with opened(graph) as connectome:
        neurons = some.read(connectome)
        kept = connectome.motifs.null_model(model.value, keep_reciprocal=keep_reciprocal, by=blocks)
        made = connectome.report(
            folder, threshold, neurons, nulls=nulls, model=kept, by=by, top=top, seed=seed
        )
        for path in (made.html, *made.figures.values(), *made.files.values()):
            typer.echo(path)


def motif_columns(names: Iterable[object]) -> frozenset[str]:
    """Name the columns of a search that hold root ids: one for each node."""
    texts = [str(name) for name in names]
    return frozenset(n for n in texts if not n.startswith("weight_") and "." not in n)


def _program(text: str) -> str | Path:
    is_file = "\n" not in text and "->" not in text and Path(text).is_file()
    return Path(text) if is_file else text
