"""Commands beyond single connections: paths, partners, types, similarity."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from graphapi.ask.partners import similar_pairs
from graphapi.errors import InputError
from loader.cli.options import (
    ByRegion,
    Ids,
    Neurons,
    Properties,
    Regex,
    Regions,
    Signed,
    Table,
    Threshold,
    Where,
    with_groups,
)
from loader.cli.values import chosen, chosen_or_all, names


class Direction(StrEnum):
    """Which partners to list."""

    upstream = "upstream"
    downstream = "downstream"


class PathKind(StrEnum):
    """Which paths to find."""

    shortest = "shortest"
    strongest = "strongest"
    all = "all"


Way = Annotated[
    Direction,
    typer.Option(
        "--direction",
        "-d",
        help="upstream: partners that synapse onto the neurons; downstream: partners that "
        "the neurons synapse onto.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (paths, partners, sides, common, types, similarity):
        app.command()(with_groups(command))


def paths(
    which: Neurons,
    table: Table,
    to: Annotated[
        list[str] | None, typer.Option("--to", help="Root id where paths end. Repeat.")
    ] = None,
    to_where: Annotated[
        list[str] | None,
        typer.Option("--to-where", help="Neurons where paths end, as in --where."),
    ] = None,
    kind: Annotated[
        PathKind,
        typer.Option(
            "--kind",
            "-k",
            help="shortest: all paths with the fewest hops; strongest: the path whose weakest "
            "connection is strongest; all: every path that visits no neuron twice.",
        ),
    ] = PathKind.shortest,
    max_hops: Annotated[int, typer.Option("--max-hops", help="Longest path, in connections.")] = 4,
    threshold: Threshold = 1,
    limit: Annotated[
        int, typer.Option("--limit", help="List at most this many paths; warn if there are more.")
    ] = 10_000,
) -> None:
    """Find paths from neurons to neurons, with their weights.

    Paths start at the ids or --where, and end at --to or --to-where.
    """
    with table.opened() as connectome:
        start = which.read(connectome)
        end = chosen(connectome, to, to_where, which.regex, "--to")
        if kind is PathKind.strongest:
            frame = connectome.get_strongest_paths(start, end, max_hops, threshold)
        elif kind is PathKind.shortest:
            frame = connectome.get_shortest_paths(start, end, max_hops, threshold, limit)
        else:
            frame = connectome.get_paths(start, end, max_hops, threshold, limit)
        table.write(frame)


def partners(
    which: Neurons,
    places: Regions,
    table: Table,
    direction: Way = Direction.downstream,
    threshold: Threshold = 1,
    partner: Annotated[
        list[str] | None,
        typer.Option("--partner", help="List only this partner: a root id. Repeat."),
    ] = None,
    partner_where: Annotated[
        list[str] | None,
        typer.Option("--partner-where", help="List only these partners, as in --where."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", "-b", help="Sum partners by these text properties: a,b."),
    ] = None,
    properties: Properties = None,
) -> None:
    """List partners of neurons, with shares of input and output.

    Or sum them by class with --by.
    """
    if by and properties:
        raise InputError("--by and --properties cannot be combined")
    with table.opened() as connectome:
        neurons = which.read(connectome)
        some = chosen_or_all(connectome, partner, partner_where, which.regex)
        terms: dict[str, Any] = {"partner_ids": some, **places.terms()}
        if by:
            frame = connectome.get_partner_groups(
                neurons, names(by), direction.value, threshold, **terms
            )
        else:
            terms["properties"] = names(properties) if properties else None
            frame = connectome.get_partners(neurons, direction.value, threshold, **terms)
        table.write(frame)


def sides(
    which: Neurons,
    table: Table,
    by: Annotated[
        str, typer.Option("--by", "-b", help="Text property that groups the partners.")
    ] = "cell_class",
    side: Annotated[
        str, typer.Option("--side", help="Text property with the side: left or right, L or R.")
    ] = "side",
    threshold: Threshold = 1,
) -> None:
    """Compare partners of left neurons with those of right ones.

    Lists which class of partners one side lacks.
    """
    with table.opened() as connectome:
        table.write(connectome.compare_sides(which.read(connectome), by, side, threshold))


def common(
    which: Neurons,
    table: Table,
    direction: Way = Direction.upstream,
    threshold: Threshold = 1,
    at_least: Annotated[
        int | None,
        typer.Option(
            "--at-least", help="List partners of at least this many neurons. Default: of all."
        ),
    ] = None,
) -> None:
    """List partners that several neurons have in common.

    The table has a column of weights for each neuron.
    """
    with table.opened() as connectome:
        neurons = which.read(connectome)
        frame = connectome.get_common_partners(neurons, direction.value, threshold, at_least)
        table.write(frame)


def types(
    signed: Signed,
    places: ByRegion,
    table: Table,
    ids: Ids = None,
    where: Where = None,
    regex: Regex = False,
    by: Annotated[
        str, typer.Option("--by", "-b", help="Text property that groups the neurons.")
    ] = "cell_class",
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="Only this postsynaptic neuron: a root id. Repeat."),
    ] = None,
    to_where: Annotated[
        list[str] | None,
        typer.Option(
            "--to-where", help="Only these postsynaptic neurons, as in --where. Default: all."
        ),
    ] = None,
    threshold: Threshold = 1,
    matrix: Annotated[
        str | None,
        typer.Option(
            "--matrix",
            help="Show a matrix of one measure: synapses, connections, mean_weight, "
            "share_of_output, share_of_input, or signed_synapses with --signed.",
        ),
    ] = None,
) -> None:
    """Sum connections from cell type to cell type.

    Of all neurons, or only from the ids or --where. Lists synapses, mean weights, and shares of
    input and output.
    """
    from graphapi.ask.types import type_matrix

    with table.opened() as connectome:
        pre = chosen_or_all(connectome, ids, where, regex)
        post = chosen_or_all(connectome, to, to_where, regex)
        frame = connectome.get_type_connectivity(
            by, pre, post, threshold, **signed.terms(), **places.terms()
        )
        if matrix is not None:
            frame = type_matrix(frame, matrix)  # type: ignore[arg-type]
        else:
            frame = frame.sort_values(
                ["synapses", "pre_type", "post_type"],
                ascending=[False, True, True],
                ignore_index=True,
            )
        table.write(frame)


def similarity(
    which: Neurons,
    table: Table,
    direction: Way = Direction.downstream,
    threshold: Threshold = 1,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Show the whole matrix, not a row per pair.")
    ] = False,
) -> None:
    """Compare neurons by whom they connect with.

    Similarity is the cosine of their weights, from 0 to 1; the most similar pairs come first.
    """
    with table.opened() as connectome:
        neurons = which.read(connectome)
        frame = connectome.get_similarity(neurons, direction.value, threshold)
        if matrix:
            frame.index.name = "neuron_id"
        else:
            frame = similar_pairs(frame)
        table.write(frame)
