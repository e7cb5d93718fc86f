"""Commands beyond single connections: paths, partners, types, similarity."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from graphapi.ask.partners import similar_pairs
from loader.cli.options import ByRegion, Neurons, Signed, Some, Table, Threshold, with_groups
from loader.cli.values import chosen

if TYPE_CHECKING:
    pass

_PATH_IDS = frozenset({"source", "target", "root_ids"})
_PARTNER_IDS = frozenset({"neuron", "partner", "other"})


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
    for command in (paths, partners, common, types, similarity):
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
        end = chosen(connectome, to, to_where, which.regex)
        if kind is PathKind.strongest:
            frame = connectome.get_strongest_paths(start, end, max_hops, threshold)
        elif kind is PathKind.shortest:
            frame = connectome.get_shortest_paths(start, end, max_hops, threshold, limit)
        else:
            frame = connectome.get_paths(start, end, max_hops, threshold, limit)
        table.write(frame, _PATH_IDS)


def partners(
    which: Neurons,
    table: Table,
    direction: Way = Direction.downstream,
    threshold: Threshold = 1,
) -> None:
    """List partners of neurons, with shares of input and output."""
    with table.opened() as connectome:
        neurons = which.read(connectome)
        frame = connectome.get_partners(neurons, direction.value, threshold)
        table.write(frame, _PARTNER_IDS)


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
        table.write(frame, _PARTNER_IDS)


def types(
    which: Some,
    signed: Signed,
    places: ByRegion,
    table: Table,
    by: Annotated[
        str, typer.Option("--by", "-b", help="Text property that groups the neurons.")
    ] = "cell_class",
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

    Lists synapses, mean weights, and shares of input and output.
    """
    from graphapi.ask.types import type_matrix

    with table.opened() as connectome:
        pre = which.read(connectome)
        post = chosen(connectome, None, to_where, which.regex) if to_where else None
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
        table.write(frame, _PARTNER_IDS)
