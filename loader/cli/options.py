"""Options that several commands share, in groups: a command names a group, typer sees each option.

A group is a dataclass whose fields are options. `with_groups` puts the options of every group
that a command takes into the command's signature, and hands the command the filled groups.
"""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from graphapi.connectome import Connectome
from graphapi.errors import InputError
from loader.cli.output import Output
from loader.cli.values import chosen, version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from graphapi.graph.criteria import NeuronCriteria

Ids = Annotated[
    list[str] | None,
    typer.Argument(help="Root ids; - reads them from standard input.", show_default=False),
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
        help="Neurons by annotation instead of ids: field=value, field=a,b, field!=value, "
        "field>=n, field<=n, field= (empty), field!= (not empty). Repeat to narrow. Quote a "
        'value that has a comma: field="a,b".',
    ),
]
Regex = Annotated[bool, typer.Option("--regex", help="Values in --where are regular expressions.")]
Threshold = Annotated[int, typer.Option("--threshold", "-t", help="Smallest weight kept.")]


@dataclass(frozen=True)
class Neurons:
    """Which neurons a command is about."""

    ids: Ids = None
    where: Where = None
    regex: Regex = False

    def read(self, connectome: Connectome) -> list[str] | NeuronCriteria:
        """Return the ids, or criteria; refuses both at once, and neither."""
        return chosen(connectome, self.ids, self.where, self.regex)


@dataclass(frozen=True)
class Some:
    """Which neurons a command is limited to; all of them where nothing is said."""

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
        float | None, typer.Option("--min-size", help="Count only synapses of this size or more.")
    ] = None
    materialization: Annotated[
        str,
        typer.Option("--materialization", "-m", help="latest (the graph's), a version, or live."),
    ] = "latest"

    def terms(self) -> dict[str, Any]:
        """Return the keywords that the calls of `Connectome` take."""
        return {
            "threshold": self.threshold,
            "min_size": self.min_size,
            "materialization": version(self.materialization),
        }


@dataclass(frozen=True)
class Table:
    """Which graph is asked, and where the table goes."""

    graph: Graph = None
    csv: Annotated[
        str | None, typer.Option("--csv", help="Write CSV to this file; - to the screen.")
    ] = None
    csv_safe: Annotated[
        bool,
        typer.Option(
            "--csv-safe",
            help="CSV for spreadsheets: ids stay exact, and no text is run as a formula "
            "(both get a leading apostrophe).",
        ),
    ] = False
    parquet: Annotated[
        str | None, typer.Option("--parquet", help="Write Parquet to this file.")
    ] = None
    json: Annotated[
        str | None, typer.Option("--json", help="Write JSON, ids as texts; - to the screen.")
    ] = None
    columns: Annotated[
        str | None,
        typer.Option("--columns", "--fields", help="Only these columns, separated by commas."),
    ] = None
    rows: Annotated[
        int, typer.Option("--rows", min=0, help="Most rows shown on the terminal; 0 for all.")
    ] = 20
    wide: Annotated[
        bool, typer.Option("--wide", help="Show every column, wider than the terminal if need be.")
    ] = False

    @contextmanager
    def opened(self) -> Iterator[Connectome]:
        """Open the graph that the command is about, and close it after."""
        with opened(self.graph) as connectome:
            yield connectome

    def write(self, frame: pd.DataFrame, ids: frozenset[str] = frozenset()) -> None:
        """Write or show a table; `ids` names columns that hold ids besides the usual ones."""
        if self.csv_safe and not self.csv:
            raise InputError("--csv-safe changes what --csv writes", hint="add --csv FILE")
        names = [name.strip() for name in self.columns.split(",")] if self.columns else None
        Output(
            csv=self.csv,
            parquet=self.parquet,
            json=self.json,
            rows=self.rows,
            ids=ids,
            columns=names,
            csv_safe=self.csv_safe,
            wide=self.wide,
        ).write(frame)


@contextmanager
def opened(graph: str | None) -> Iterator[Connectome]:
    """Open the graph a command is about, and close it after."""
    connectome = Connectome.open(graph)
    try:
        yield connectome
    finally:
        connectome.close()


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Spread the groups that a command takes into options of their own.

    Parameters
    ----------
    command
        A function; each parameter whose type is a dataclass stands for the options that are
        its fields. Of two groups with an option of one name the first counts for both.
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

    # typer reads the signature and the types of what it is handed
    ordered = sorted(spread.values(), key=lambda one: one.default is not inspect.Parameter.empty)
    filled.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
    filled.__annotations__ = {one.name: one.annotation for one in ordered}
    del filled.__wrapped__
    return filled


def _option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )
