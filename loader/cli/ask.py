"""Commands that read a graph."""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphapi.connectome import Connectome
from graphapi.errors import InputError
from graphapi.graph.conditions import AtLeast, AtMost, IsNull, Not, NotNull
from graphapi.graph.criteria import NeuronCriteria
from loader.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Whole numbers written as one would; `007` or a very long one is a text.
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")
_WHERE = re.compile(r"^(?P<field>[^=!<>]+?)\s*(?P<sign>!=|>=|<=|=)\s*(?P<value>.*)$")

Ids = Annotated[list[str] | None, typer.Argument(help="Root ids.", show_default=False)]
Graph = Annotated[
    str | None,
    typer.Option("--graph", "-g", help="Graph file or bolt:// address. Default: $CAVEGRAPH_URI."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        "-w",
        help="Neurons by annotation instead of ids: field=value, field=a,b, field!=value, "
        "field>=n, field<=n, field= (empty), field!= (not empty). Repeat to narrow.",
    ),
]
Regex = Annotated[bool, typer.Option("--regex", help="Values in --where are regular expressions.")]
Threshold = Annotated[int, typer.Option("--threshold", "-t", help="Smallest weight kept.")]
MinSize = Annotated[
    float | None, typer.Option("--min-size", help="Count only synapses of this size or more.")
]
Version = Annotated[
    str, typer.Option("--materialization", "-m", help="latest (the graph's), a version, or live.")
]
Csv = Annotated[str | None, typer.Option("--csv", help="Write CSV to this file; - to the screen.")]
Parquet = Annotated[str | None, typer.Option("--parquet", help="Write Parquet to this file.")]
Json = Annotated[
    str | None, typer.Option("--json", help="Write JSON, ids as texts; - to the screen.")
]
Rows = Annotated[
    int, typer.Option("--rows", min=0, help="Most rows shown on the terminal; 0 for all.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (neurons, upstream, downstream, adjacency, counts, synapses, cypher):
        app.command()(command)


def neurons(
    ids: Ids = None,
    where: Where = None,
    regex: Regex = False,
    fields: Annotated[
        str | None, typer.Option("--fields", help="Columns to show, separated by commas.")
    ] = None,
    graph: Graph = None,
    csv: Csv = None,
    parquet: Parquet = None,
    json: Json = None,
    rows: Rows = 20,
) -> None:
    """Neurons and their properties, by id or by annotation."""
    with opened(graph) as connectome:
        frame = connectome.get_neurons(chosen(connectome, ids, where, regex))
        if fields:
            names = [name.strip() for name in fields.split(",")]
            if unknown := [name for name in names if name not in frame.columns]:
                raise InputError(
                    f"no such column: {', '.join(unknown)}",
                    hint=f"columns: {', '.join(map(str, frame))}",
                )
            frame = frame[names]
        Output(csv, parquet, json, rows).write(frame)


def upstream(
    ids: Ids = None,
    where: Where = None,
    regex: Regex = False,
    threshold: Threshold = 1,
    min_size: MinSize = None,
    materialization: Version = "latest",
    graph: Graph = None,
    csv: Csv = None,
    parquet: Parquet = None,
    json: Json = None,
    rows: Rows = 20,
) -> None:
    """Show the connections onto neurons: pre, post, weight."""
    with opened(graph) as connectome:
        frame = connectome.get_connectivity(
            chosen(connectome, ids, where, regex),
            downstream=False,
            threshold=threshold,
            min_size=min_size,
            materialization=version(materialization),
        )
        Output(csv, parquet, json, rows).write(frame)


def downstream(
    ids: Ids = None,
    where: Where = None,
    regex: Regex = False,
    threshold: Threshold = 1,
    min_size: MinSize = None,
    materialization: Version = "latest",
    graph: Graph = None,
    csv: Csv = None,
    parquet: Parquet = None,
    json: Json = None,
    rows: Rows = 20,
) -> None:
    """Show the connections from neurons: pre, post, weight."""
    with opened(graph) as connectome:
        frame = connectome.get_connectivity(
            chosen(connectome, ids, where, regex),
            upstream=False,
            threshold=threshold,
            min_size=min_size,
            materialization=version(materialization),
        )
        Output(csv, parquet, json, rows).write(frame)


def adjacency(
    ids: Ids = None,
    where: Where = None,
    regex: Regex = False,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="Postsynaptic root ids; repeat. Default: the same neurons."),
    ] = None,
    to_where: Annotated[
        list[str] | None, typer.Option("--to-where", help="Postsynaptic neurons; as --where.")
    ] = None,
    threshold: Threshold = 1,
    min_size: MinSize = None,
    materialization: Version = "latest",
    graph: Graph = None,
    csv: Csv = None,
    parquet: Parquet = None,
    json: Json = None,
    rows: Rows = 20,
) -> None:
    """Matrix of weights; rows presynaptic, columns postsynaptic."""
    with opened(graph) as connectome:
        pre = chosen(connectome, ids, where, regex)
        post = chosen(connectome, to, to_where, regex) if to or to_where else pre
        frame = connectome.get_adjacency(
            pre,
            post,
            threshold=threshold,
            min_size=min_size,
            materialization=version(materialization),
        )
        frame.index.name = "pre"
        Output(csv, parquet, json, rows).write(frame)


def counts(
    ids: Ids = None,
    where: Where = None,
    regex: Regex = False,
    threshold: Threshold = 1,
    min_size: MinSize = None,
    materialization: Version = "latest",
    graph: Graph = None,
    csv: Csv = None,
    parquet: Parquet = None,
    json: Json = None,
    rows: Rows = 20,
) -> None:
    """Partners and synapses of neurons, each way."""
    with opened(graph) as connectome:
        frame = connectome.get_synapse_counts(
            chosen(connectome, ids, where, regex),
            threshold=threshold,
            min_size=min_size,
            materialization=version(materialization),
        )
        plain = frame.drop(columns=["pre", "post"])
        Output(csv, parquet, json, rows).write(plain)


def synapses(
    pre: Annotated[
        list[str] | None, typer.Option("--pre", help="Presynaptic root ids; repeat.")
    ] = None,
    post: Annotated[
        list[str] | None, typer.Option("--post", help="Postsynaptic root ids; repeat.")
    ] = None,
    pre_where: Annotated[
        list[str] | None, typer.Option("--pre-where", help="Presynaptic neurons; as --where.")
    ] = None,
    post_where: Annotated[
        list[str] | None, typer.Option("--post-where", help="Postsynaptic neurons; as --where.")
    ] = None,
    regex: Regex = False,
    threshold: Threshold = 1,
    min_size: MinSize = None,
    materialization: Version = "latest",
    nm: Annotated[bool, typer.Option("--nm", help="Positions in nanometres, not voxels.")] = False,
    graph: Graph = None,
    csv: Csv = None,
    parquet: Parquet = None,
    json: Json = None,
    rows: Rows = 20,
) -> None:
    """Raw synapse rows, complete, from CAVE."""
    with opened(graph) as connectome:
        frame = connectome.get_synapses(
            chosen(connectome, pre, pre_where, regex) if pre or pre_where else None,
            chosen(connectome, post, post_where, regex) if post or post_where else None,
            threshold=threshold,
            min_size=min_size,
            materialization=version(materialization),
            return_pixels=not nm,
        )
        Output(csv, parquet, json, rows).write(frame)


def cypher(
    query: Annotated[str, typer.Argument(help="One Cypher query that reads.")],
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", help="name=value for $name; whole numbers stay exact."),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Stop the query after this many seconds.")
    ] = None,
    graph: Graph = None,
    csv: Csv = None,
    parquet: Parquet = None,
    json: Json = None,
    rows: Rows = 20,
) -> None:
    """Run your own Cypher; anything that writes is refused."""
    with opened(graph) as connectome:
        frame = connectome.cypher(query, parameters(param or []), timeout=timeout)
        Output(csv, parquet, json, rows).write(frame)


@contextmanager
def opened(graph: str | None) -> Iterator[Connectome]:
    """Open the graph a command is about, and close it after."""
    connectome = Connectome.open(graph)
    try:
        yield connectome
    finally:
        connectome.close()


def chosen(
    connectome: Connectome, ids: list[str] | None, where: list[str] | None, regex: bool
) -> list[str] | NeuronCriteria:
    """Read the neurons of a command: ids, or criteria, not both."""
    if ids and where:
        raise InputError("give root ids or --where, not both")
    if ids:
        return ids
    if not where:
        raise InputError(
            "no neurons given", hint="give root ids, or --where field=value (see `cavegraph info`)"
        )
    fields: dict[str, Any] = {}
    for text in where:
        name, wanted = condition(text)
        if name in fields:
            raise InputError(f"--where {name} is given twice", hint="list values as a,b")
        fields[name] = wanted
    return NeuronCriteria(connectome=connectome, regex=regex, **fields)


def condition(text: str) -> tuple[str, Any]:
    """Read one `--where`."""
    match = _WHERE.match(text)
    if match is None:
        raise InputError(f"--where '{text}'", hint="write it as field=value")
    sign, value = match["sign"], match["value"]
    if sign in (">=", "<="):
        return match["field"], (AtLeast if sign == ">=" else AtMost)(_number(value, text))
    if value == "":
        return match["field"], IsNull() if sign == "=" else NotNull()
    values: Any = [_value(part.strip()) for part in value.split(",")]
    return match["field"], Not(values) if sign == "!=" else values


def version(text: str) -> int | str:
    """Read `--materialization`."""
    return int(text) if _WHOLE.fullmatch(text) else text


def parameters(texts: list[str]) -> dict[str, Any]:
    """Read `--param name=value`; commas make a list, whole numbers become numbers."""
    values: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.isidentifier():
            raise InputError(f"--param '{text}'", hint="write it as name=value")
        parts = [_value(part) for part in value.split(",")]
        values[name] = parts[0] if len(parts) == 1 else parts
    return values


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if _WHOLE.fullmatch(text) else text


def _number(text: str, where: str) -> float | int:
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise InputError(f"--where '{where}': '{text}' is no number")
    return number
