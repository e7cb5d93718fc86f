"""Commands over many hops: influence, and effective connectivity."""

from __future__ import annotations

from typing import Annotated

import typer

from graphapi.errors import InputError
from loader.cli.options import Neurons, Properties, Signed, Table, Threshold, with_groups
from loader.cli.values import chosen, chosen_or_all, names

By = Annotated[
    str | None, typer.Option("--by", "-b", help="Property that groups the neurons: cell_class.")
]
Hops = Annotated[int, typer.Option("--hops", help="Largest number of connections in a row.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (influence, effective):
        app.command()(with_groups(command))


def influence(
    which: Neurons,
    table: Table,
    signed: Signed,
    silence: Annotated[
        list[str] | None,
        typer.Option("--silence", help="Root id of a neuron that passes nothing on. Repeat."),
    ] = None,
    silence_where: Annotated[
        list[str] | None,
        typer.Option("--silence-where", help="Neurons that pass nothing on, as in --where."),
    ] = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", help="Rank only this neuron: a root id. Repeat.")
    ] = None,
    to_where: Annotated[
        list[str] | None, typer.Option("--to-where", help="Rank only these neurons, as in --where.")
    ] = None,
    threshold: Threshold = 5,
    by: By = None,
    properties: Properties = None,
    share: Annotated[
        bool,
        typer.Option("--share-of-input", help="Weigh connections by their share of the input."),
    ] = False,
    gain: Annotated[
        float, typer.Option("--gain", help="Largest eigenvalue after scaling, below 1.")
    ] = 0.99,
) -> None:
    """Rank neurons by how strongly seed neurons influence them.

    Over all hops: the activity at the steady state of linear dynamics, with constant input to the
    ids or --where. Seeds are never silenced.
    """
    if by and properties:
        raise InputError("--by and --properties cannot be combined")
    with table.opened() as connectome:
        frame = connectome.get_influence(
            which.read(connectome),
            chosen_or_all(connectome, silence, silence_where, which.regex),
            targets=chosen_or_all(connectome, to, to_where, which.regex),
            threshold=threshold,
            by=by,
            measure="share_of_input" if share else "synapses",
            gain=gain,
            **signed.terms(),
        )
        if properties:
            frame = connectome.add_properties(frame, names(properties))
        table.write(frame)


def effective(
    which: Neurons,
    table: Table,
    signed: Signed,
    to: Annotated[
        list[str] | None, typer.Option("--to", help="Root id of a postsynaptic neuron. Repeat.")
    ] = None,
    to_where: Annotated[
        list[str] | None,
        typer.Option("--to-where", help="Postsynaptic neurons, as in --where."),
    ] = None,
    hops: Hops = 2,
    threshold: Threshold = 1,
    by: By = None,
    paths: Annotated[
        bool,
        typer.Option("--paths", help="List the paths of types that carry it; needs --by."),
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", help="List at most this many pairs or paths.")
    ] = 10_000,
) -> None:
    """Compute effective connectivity over several hops.

    By hop and summed: the share of a neuron's input that comes from another neuron several hops
    upstream, which is the product of shares of input, summed over all walks. From the ids or
    --where, to --to or --to-where.
    """
    if paths and by is None:
        raise typer.BadParameter("--paths needs --by, such as --by cell_class")
    with table.opened() as connectome:
        pre = which.read(connectome)
        post = chosen(connectome, to, to_where, which.regex, "--to")
        if paths and by is not None:
            frame = connectome.get_contributing_paths(
                pre, post, hops, threshold, by=by, limit=limit, **signed.terms()
            )
        else:
            frame = connectome.get_effective_connectivity(
                pre, post, hops, threshold, by=by, limit=limit, **signed.terms()
            )
        table.write(frame)
