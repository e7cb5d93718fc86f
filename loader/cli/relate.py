"""Commands beyond single connections: paths, partners, types, similarity."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from loader.cli.options import Neurons, Some, Table, Threshold, with_groups
from loader.cli.values import chosen

if TYPE_CHECKING:
    import pandas as pd

_PATH_IDS = frozenset({"source", "target", "root_ids"})
_PARTNER_IDS = frozenset({"neuron", "partner", "other"})


class Direction(StrEnum):
    """Which partners."""

    upstream = "upstream"
    downstream = "downstream"


class PathKind(StrEnum):
    """Which paths."""

    shortest = "shortest"
    strongest = "strongest"
    all = "all"


Way = Annotated[
    Direction,
    typer.Option(
        "--direction",
        "-d",
        help="upstream: neurons that synapse onto them; downstream: neurons they synapse onto.",
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
        list[str] | None, typer.Option("--to", help="Root ids where paths end; repeat.")
    ] = None,
    to_where: Annotated[
        list[str] | None, typer.Option("--to-where", help="Neurons where paths end; as --where.")
    ] = None,
    kind: Annotated[
        PathKind,
        typer.Option(
            "--kind",
            "-k",
            help="shortest: all with the fewest hops; strongest: the one whose weakest connection "
            "is strongest; all: every one that visits no neuron twice.",
        ),
    ] = PathKind.shortest,
    max_hops: Annotated[int, typer.Option("--max-hops", help="Longest path.")] = 4,
    threshold: Threshold = 1,
    limit: Annotated[
        int, typer.Option("--limit", help="Most paths; where there are more, a warning says so.")
    ] = 10_000,
) -> None:
    """Paths from neurons to neurons, with their weights."""
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
    """Partners of neurons, with their shares of in- and output."""
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
        typer.Option("--at-least", help="Of how many of the neurons; default: of all of them."),
    ] = None,
) -> None:
    """Partners that several neurons have in common.

    With a column of weights for each neuron.
    """
    with table.opened() as connectome:
        neurons = which.read(connectome)
        frame = connectome.get_common_partners(neurons, direction.value, threshold, at_least)
        table.write(frame, _PARTNER_IDS)


def types(
    which: Some,
    table: Table,
    by: Annotated[
        str, typer.Option("--by", "-b", help="Text property that neurons are grouped by.")
    ] = "cell_class",
    to_where: Annotated[
        list[str] | None,
        typer.Option("--to-where", help="Only these postsynaptic neurons; default: all."),
    ] = None,
    threshold: Threshold = 1,
    matrix: Annotated[
        str | None,
        typer.Option(
            "--matrix",
            help="A matrix of one measure instead: synapses, connections, mean_weight, "
            "share_of_output, share_of_input.",
        ),
    ] = None,
) -> None:
    """Sum connectivity from type to type.

    Synapses, means, and fractions of input and output.
    """
    from graphapi.ask.types import type_matrix

    with table.opened() as connectome:
        pre = which.read(connectome)
        post = chosen(connectome, None, to_where, which.regex) if to_where else None
        frame = connectome.get_type_connectivity(by, pre, post, threshold)
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
        bool, typer.Option("--matrix", help="The whole matrix instead of a line a pair.")
    ] = False,
) -> None:
    """How alike neurons are in whom they connect with.

    Cosine of their weights, from 0 to 1; the most alike first.
    """
    with table.opened() as connectome:
        neurons = which.read(connectome)
        frame = connectome.get_similarity(neurons, direction.value, threshold)
        if matrix:
            frame.index.name = "neuron_id"
        else:
            frame = _pairs(frame)
        table.write(frame, _PARTNER_IDS)


def _pairs(matrix: pd.DataFrame) -> pd.DataFrame:
    """Turn a symmetric matrix into one line a pair, the most alike first."""
    import numpy as np
    import pandas as pd

    first, second = np.triu_indices(len(matrix), k=1)
    ids = matrix.index.to_numpy()
    frame = pd.DataFrame(
        {
            "neuron": ids[first],
            "other": ids[second],
            "similarity": matrix.to_numpy()[first, second],
        }
    )
    return frame.sort_values(
        ["similarity", "neuron", "other"], ascending=[False, True, True], ignore_index=True
    )
