"""Commands about network motifs: `cavegraph motifs ...`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from graphapi.connectome import Connectome
from graphapi.errors import InputError
from loader.cli.options import Graph, Regions, Signed, Some, Table, Threshold, with_groups
from loader.cli.terminal import say

motifs = typer.Typer(
    help="Find and count network motifs; describe the network.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class NullName(StrEnum):
    """The null models; see `graphapi.network.nulls.NullModel`."""

    DEGREE = "degree"
    ERDOS_RENYI = "erdos_renyi"
    BLOCK = "block"
    BLOCK_RANDOM = "block_random"


Nulls = Annotated[int, typer.Option("--nulls", help="Number of null graphs.")]
Model = Annotated[NullName, typer.Option("--model", help="Null model: what null graphs preserve.")]
KeepReciprocal = Annotated[
    bool, typer.Option("--keep-reciprocal", help="Also preserve reciprocal pairs.")
]
Induced = Annotated[
    bool, typer.Option("--induced", help="Allow no connections beyond the motif's.")
]
_BLOCKS = "Neuron property that defines the blocks of a block model."
Seed = Annotated[int, typer.Option("--seed", help="Random seed of the null graphs.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(motifs, name="motifs")


@motifs.command()
@with_groups
def census(
    some: Some,
    table: Table,
    regions: Regions,
    threshold: Threshold = 1,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Include neurons without a connection.")
    ] = False,
    by_neuron: Annotated[
        bool, typer.Option("--by-neuron", help="Count the triads of each neuron, one per row.")
    ] = False,
) -> None:
    """Count all triads exactly, by their 16 classes."""
    import pandas as pd

    with table.opened() as connectome:
        neurons = some.read(connectome)
        if by_neuron:
            if regions.region:
                raise InputError("--by-neuron and --region cannot be combined")
            frame = connectome.motifs.participation(threshold, neurons)
            frame.index.name = "root_id"
        else:
            found = connectome.motifs.census(
                threshold, neurons, isolated=isolated, **regions.terms()
            )
            frame = pd.DataFrame({"triad": list(found), "count": list(found.values())})
        table.write(frame)


@motifs.command()
@with_groups
def statistics(
    some: Some,
    table: Table,
    threshold: Threshold = 1,
    by_neuron: Annotated[
        bool, typer.Option("--by-neuron", help="List partners and synapses, one neuron per row.")
    ] = False,
) -> None:
    """Compute network statistics.

    Covers density, reciprocity, clustering, components and degrees.
    """
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
    regions: Regions,
    signed: Signed,
    motif: Annotated[str, typer.Argument(help="A motif in DotMotif: 'A -> B; B -> A', or a file.")],
    limit: Annotated[
        int | None, typer.Option("--limit", help="List at most this many matches.")
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Only count the matches.")] = False,
    induced: Induced = False,
    mappings: Annotated[
        bool, typer.Option("--mappings", help="List every mapping, not each subgraph once.")
    ] = False,
    annotate: Annotated[
        list[str] | None, typer.Option("--annotate", help="Neuron property to show. Repeat.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Stop after this many seconds.")
    ] = None,
) -> None:
    """Find all subgraphs that match a motif."""
    program = _program(motif)
    more = {**regions.terms(), "signs": signed.terms().get("signs")}
    with table.opened() as connectome:
        if count:
            number = connectome.motifs.count(
                program, unique=not mappings, induced=induced, timeout=timeout, **more
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
            **more,
        )
        table.write(frame, motif_columns(frame.columns))


@motifs.command()
@with_groups
def significance(
    some: Some,
    table: Table,
    motif: Annotated[
        list[str] | None,
        typer.Argument(help="Motifs or motif files. Default: the 16 classes of triads."),
    ] = None,
    nulls: Nulls = 100,
    model: Model = NullName.DEGREE,
    keep_reciprocal: KeepReciprocal = False,
    by: Annotated[str | None, typer.Option("--by", help=_BLOCKS)] = None,
    induced: Induced = False,
    threshold: Threshold = 1,
    seed: Seed = 0,
) -> None:
    """Compare motif counts with those of null graphs.

    Lists mean and standard deviation over the null graphs, z and empirical p.
    """
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
    folder: Annotated[Path, typer.Argument(help="Folder for the files; created if missing.")],
    nulls: Nulls = 100,
    model: Model = NullName.DEGREE,
    keep_reciprocal: KeepReciprocal = False,
    blocks: Annotated[str | None, typer.Option("--blocks", help=_BLOCKS)] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Neuron property to show with hubs and roles.")
    ] = None,
    top: Annotated[int, typer.Option("--top", help="Number of hubs.")] = 20,
    threshold: Threshold = 1,
    seed: Seed = 0,
    graph: Graph = None,
) -> None:
    """Write a report on the network: HTML, figures and tables.

    Covers statistics, triads, rich club and hubs.
    """
    with Connectome.open(graph) as connectome:
        neurons = some.read(connectome)
        kept = connectome.motifs.null_model(model.value, keep_reciprocal=keep_reciprocal, by=blocks)
        made = connectome.report(
            folder, threshold, neurons, nulls=nulls, model=kept, by=by, top=top, seed=seed
        )
        for path in (made.html, *made.figures.values(), *made.files.values()):
            say(path)


def motif_columns(names: Iterable[object]) -> frozenset[str]:
    """Return the columns of a search that hold root ids, one for each node of the motif."""
    texts = [str(name) for name in names]
    return frozenset(n for n in texts if not n.startswith("weight_") and "." not in n)


def _program(text: str) -> str | Path:
    is_file = "\n" not in text and "->" not in text and Path(text).is_file()
    return Path(text) if is_file else text
