"""Commands that read a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from graphapi.errors import InputError
from loader.cli.options import (
    ByRegion,
    Counting,
    Ids,
    Neurons,
    Regex,
    Regions,
    Signed,
    Table,
    Threshold,
    Where,
    with_groups,
)
from loader.cli.values import chosen, chosen_or_all, parameters

if TYPE_CHECKING:
    import pandas as pd

Pre = Annotated[list[str] | None, typer.Option("--pre", help="Presynaptic root id. Repeat.")]
Post = Annotated[list[str] | None, typer.Option("--post", help="Postsynaptic root id. Repeat.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (
        neurons,
        values,
        upstream,
        downstream,
        adjacency,
        subgraph,
        counts,
        regions,
        synapses,
        cypher,
    ):
        app.command()(with_groups(command))


def neurons(which: Neurons, table: Table) -> None:
    """List neurons and their properties."""
    with table.opened() as connectome:
        table.write(connectome.get_neurons(which.read(connectome)))


def values(
    field: Annotated[
        str, typer.Argument(help="Annotation field or neuron property; see `cavegraph info`.")
    ],
    table: Table,
) -> None:
    """List the values of a field, with their rows and neurons."""
    with table.opened() as connectome:
        table.write(connectome.get_field_values(field))


def upstream(which: Neurons, counting: Counting, places: ByRegion, table: Table) -> None:
    """List the connections onto neurons: pre, post, weight."""
    with table.opened() as connectome:
        table.write(
            connectome.get_connectivity(
                which.read(connectome), downstream=False, **counting.terms(), **places.terms()
            )
        )


def downstream(which: Neurons, counting: Counting, places: ByRegion, table: Table) -> None:
    """List the connections from neurons: pre, post, weight."""
    with table.opened() as connectome:
        table.write(
            connectome.get_connectivity(
                which.read(connectome), upstream=False, **counting.terms(), **places.terms()
            )
        )


def adjacency(
    which: Neurons,
    counting: Counting,
    signed: Signed,
    places: Regions,
    table: Table,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="Postsynaptic root id. Repeat. Default: the same neurons."),
    ] = None,
    to_where: Annotated[
        list[str] | None, typer.Option("--to-where", help="Postsynaptic neurons, as in --where.")
    ] = None,
) -> None:
    """Show weights as a matrix: rows are pre, columns post."""
    with table.opened() as connectome:
        pre = which.read(connectome)
        post = chosen(connectome, to, to_where, which.regex, "--to") if to or to_where else pre
        frame = connectome.get_adjacency(
            pre, post, **counting.terms(), **signed.terms(), **places.terms()
        )
        frame.index.name = "pre"
        table.write(frame)


def subgraph(
    which: Neurons,
    table: Table,
    grow: Annotated[
        int, typer.Option("--grow", help="First add all neurons within this many hops.")
    ] = 0,
    threshold: Threshold = 1,
) -> None:
    """List all connections among neurons: pre, post, weight."""
    with table.opened() as connectome:
        part = connectome.get_subgraph(which.read(connectome), grow, threshold, form="sparse")
        frame = part.connections.sorted().to_frame()
        frame.attrs = part.attrs
        table.write(frame)


def counts(which: Neurons, counting: Counting, places: ByRegion, table: Table) -> None:
    """Count partners and synapses of neurons, each way."""
    with table.opened() as connectome:
        frame = connectome.get_synapse_counts(
            which.read(connectome), **counting.terms(), **places.terms()
        )
        if places.by_region:
            frame = frame.reset_index("region")
        table.write(frame.drop(columns=["pre", "post"]))


def synapses(
    which: Neurons,
    counting: Counting,
    table: Table,
    pre: Pre = None,
    post: Post = None,
    pre_where: Annotated[
        list[str] | None, typer.Option("--pre-where", help="Presynaptic neurons, as in --where.")
    ] = None,
    post_where: Annotated[
        list[str] | None, typer.Option("--post-where", help="Postsynaptic neurons, as in --where.")
    ] = None,
    nm: Annotated[
        bool, typer.Option("--nm", help="Give positions in nanometres, not voxels.")
    ] = False,
) -> None:
    """Fetch raw synapse rows from CAVE, never truncated.

    Ids or --where select rows with these neurons on either side; --pre and --post select
    rows from one set of neurons to another.
    """
    sides = ((pre, pre_where), (post, post_where))
    if (which.ids or which.where) and any(map(any, sides)):
        raise InputError(
            "root ids or --where cannot be combined with --pre and --post",
            hint="use only --pre and --post for rows from one set of neurons to another",
        )
    with table.opened() as connectome:
        rows = {"return_pixels": not nm, **counting.terms()}
        if which.ids or which.where:
            neurons = which.read(connectome)
            out = connectome.get_synapses(neurons, None, **rows)
            into = connectome.get_synapses(None, neurons, **rows)
            table.write(_either(out, into))
            return
        ends = [chosen_or_all(connectome, ids, where, which.regex) for ids, where in sides]
        table.write(connectome.get_synapses(ends[0], ends[1], **rows))


def regions(
    table: Table,
    ids: Ids = None,
    where: Where = None,
    regex: Regex = False,
) -> None:
    """List regions with their synapses, or those of some neurons."""
    with table.opened() as connectome:
        some = chosen_or_all(connectome, ids, where, regex)
        table.write(connectome.get_regions(some))


def cypher(
    query: Annotated[str, typer.Argument(help="One Cypher query that only reads.")],
    table: Table,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            help="Set $name: name=value, name=a,b for a list, "
            'name="a,b" for a string with a comma, name=["a,b"] for a list in JSON. Repeat.',
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Stop after this many seconds.")
    ] = None,
) -> None:
    """Run your own Cypher query; it may only read the graph."""
    with table.opened() as connectome:
        table.write(connectome.cypher(query, parameters(param or []), timeout=timeout))


def _either(out: pd.DataFrame, into: pd.DataFrame) -> pd.DataFrame:
    """Join the rows of both sides; a row between two of the neurons appears once."""
    import pandas as pd

    rows = pd.concat([out, into]).drop_duplicates("id").sort_values("id", ignore_index=True)
    rows.attrs = {
        **out.attrs,
        "id_mapping": {**out.attrs.get("id_mapping", {}), **into.attrs.get("id_mapping", {})},
    }
    return rows
