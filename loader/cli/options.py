"""Options that several commands share, in groups.

A group is a dataclass whose fields are options. `with_groups` adds the options of each group
to the command's signature, where typer sees them, and passes the filled groups to the command.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from graphapi.connectome import Connectome
from graphapi.errors import InputError
from loader.cli.output import Output
from loader.cli.values import chosen, names, sign_table, version

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from graphapi.graph.criteria import NeuronCriteria

Ids = Annotated[
    list[str] | None,
    typer.Argument(help="Root ids, or - to read them from standard input.", show_default=False),
]
Graph = Annotated[
    str | None,
    typer.Option("--graph", "-g", help="Graph file or bolt:// address. Default: $CAVEGRAPH_URI."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        "-w",
        help="Select neurons by annotation: field=value, field=a,b, field!=value, field>=n, "
        "field<=n, field= (empty), field!= (not empty). Repeat to narrow. Quote a value that "
        'contains a comma: field="a,b".',
    ),
]
Regex = Annotated[
    bool, typer.Option("--regex", help="Read the values in --where as regular expressions.")
]
Properties = Annotated[
    str | None,
    typer.Option("--properties", help="Add these neuron properties to each row: a,b."),
]
Threshold = Annotated[
    int, typer.Option("--threshold", "-t", help="Ignore connections with a smaller weight.")
]


@dataclass(frozen=True)
class Neurons:
    """Which neurons a command is about."""

    ids: Ids = None
    where: Where = None
    regex: Regex = False

    def read(self, connectome: Connectome) -> list[str] | NeuronCriteria:
        """Return ids or criteria; raise if both are given, or neither."""
        return chosen(connectome, self.ids, self.where, self.regex)


@dataclass(frozen=True)
class Some:
    """Which neurons a command is limited to; by default all."""

    where: Where = None
    regex: Regex = False

    def read(self, connectome: Connectome) -> NeuronCriteria | None:
        """Return criteria, or None for all neurons."""
        if not self.where:
            return None
        found = chosen(connectome, None, self.where, self.regex)
        return None if isinstance(found, list) else found


@dataclass(frozen=True)
class Counting:
    """Which synapses count, and at which version."""

    threshold: Threshold = 1
    min_size: Annotated[
        float | None, typer.Option("--min-size", help="Ignore synapses smaller than this.")
    ] = None
    materialization: Annotated[
        str,
        typer.Option(
            "--materialization", "-m", help="latest (the graph's version), a number, or live."
        ),
    ] = "latest"

    def terms(self) -> dict[str, Any]:
        """Return keyword arguments for the methods of `Connectome`."""
        return {
            "threshold": self.threshold,
            "min_size": self.min_size,
            "materialization": version(self.materialization),
        }


@dataclass(frozen=True)
class Regions:
    """Which regions count."""

    region: Annotated[
        list[str] | None,
        typer.Option("--region", help="Count only synapses in this region. Repeat."),
    ] = None

    def terms(self) -> dict[str, Any]:
        """Return keyword arguments for the methods of `Connectome`."""
        return {"regions": self.region} if self.region else {}


@dataclass(frozen=True)
class ByRegion(Regions):
    """Which regions count, and whether each has a row."""

    by_region: Annotated[bool, typer.Option("--by-region", help="Show a row for each region.")] = (
        False
    )

    def terms(self) -> dict[str, Any]:
        """Return keyword arguments for the methods of `Connectome`."""
        return super().terms() | ({"by_region": True} if self.by_region else {})


@dataclass(frozen=True)
class Signed:
    """Whether weights have signs, and which."""

    signed: Annotated[
        str | None,
        typer.Option(
            "--signed",
            help="Give weights the sign of the presynaptic neuron's transmitter: fly (glutamate "
            "inhibits), mammal (glutamate excites), or a JSON file with a table of your own.",
        ),
    ] = None

    def terms(self) -> dict[str, Any]:
        """Return keyword arguments for the methods of `Connectome`."""
        if self.signed is None:
            return {}
        return {"signed": True, "signs": sign_table(self.signed)}


@dataclass(frozen=True)
class Table:
    """Which graph to query, and where the table goes."""

    graph: Graph = None
    csv: Annotated[
        str | None, typer.Option("--csv", help="Write CSV to this file, or - for standard output.")
    ] = None
    csv_safe: Annotated[
        bool,
        typer.Option(
            "--csv-safe",
            help="With --csv: put an apostrophe before ids and formulas, so that a "
            "spreadsheet does not round or run them.",
        ),
    ] = False
    parquet: Annotated[
        str | None, typer.Option("--parquet", help="Write Parquet to this file.")
    ] = None
    json: Annotated[
        str | None,
        typer.Option("--json", help="Write JSON, with ids as strings; - for standard output."),
    ] = None
    columns: Annotated[
        str | None,
        typer.Option("--columns", "--fields", help="Show only these columns: a,b,c."),
    ] = None
    rows: Annotated[
        int, typer.Option("--rows", min=0, help="Show at most this many rows; 0 for all.")
    ] = 20
    wide: Annotated[
        bool, typer.Option("--wide", help="Show every column, even if the table is too wide.")
    ] = False

    def opened(self) -> Connectome:
        """Open the graph; a context manager that closes it."""
        return Connectome.open(self.graph)

    def write(self, frame: pd.DataFrame, ids: frozenset[str] = frozenset()) -> None:
        """Write or show a table; `ids` names further columns that hold ids."""
        if self.csv_safe and not self.csv:
            raise InputError("--csv-safe needs --csv", hint="add --csv FILE")
        Output(
            csv=self.csv,
            parquet=self.parquet,
            json=self.json,
            rows=self.rows,
            ids=ids,
            columns=names(self.columns) if self.columns else None,
            csv_safe=self.csv_safe,
            wide=self.wide,
        ).write(frame)


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Turn the groups that a command takes into single options.

    Parameters
    ----------
    command
        A function. A parameter whose type is a dataclass stands for the options that are the
        dataclass's fields. If two groups have an option of the same name, the first one counts.
    """
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, type] = {}
    spread: dict[str, inspect.Parameter] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        kind = hints[name]
        if isinstance(kind, type) and is_dataclass(kind):
            groups[name] = kind
            types = get_type_hints(kind, include_extras=True)
            for item in fields(kind):
                assert item.default is not MISSING, f"{kind.__name__}.{item.name}"  # noqa: S101
                spread.setdefault(item.name, _option(item.name, types[item.name], item.default))
        else:
            spread[name] = _option(name, kind, parameter.default)

    @functools.wraps(command)
    def filled(**given: Any) -> None:
        made = {
            name: kind(**{item.name: given[item.name] for item in fields(kind)})
            for name, kind in groups.items()
        }
        taken = {item.name for kind in groups.values() for item in fields(kind)}
        command(**made, **{k: v for k, v in given.items() if k not in taken})

    # typer reads the signature and the annotations of this function
    ordered = sorted(spread.values(), key=lambda one: one.default is not inspect.Parameter.empty)
    filled.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
    filled.__annotations__ = {one.name: one.annotation for one in ordered}
    del filled.__wrapped__
    return filled


def _option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )
