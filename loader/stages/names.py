"""Property names: which are reserved, and what an annotation field is called in the graph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphapi.engines.queries import quoted
from graphapi.errors import InputError, SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Prefix of an annotation field whose name is reserved.
PREFIX = "raw_"
#: Totals of every neuron.
TOTALS = ("in_synapses", "out_synapses", "in_partners", "out_partners", "autapses")
#: Names that a load uses itself; `supervoxel_id` and `nucleus_id` may come from annotations.
RESERVED = frozenset(
    {
        "annotation_id",
        "annotation_table",
        "display_name",
        "row_id",
        "root_id",
        *TOTALS,
        "soma_position",
        "soma_volume",
        "transmitter",
        "transmitter_score",
        "transmitter_source",
        # Names of the embedded engine.
        "_id",
        "_label",
        "_src",
        "_dst",
    }
)


_TYPED = re.compile(
    r"(\w+):(string|char|byte|short|int|long|float|double|boolean|date|(local)?(date)?time|point"
    r"(\{.*\})?)(\[\])?$",
    re.IGNORECASE,
)


def graph_names(columns: Iterable[str], where: str, *, reserved: Iterable[str] = ()) -> list[str]:
    """Return the property names for a table's columns.

    Parameters
    ----------
    columns
        Column names, in order.
    where
        The table, for the message.
    reserved
        Names that are reserved besides `RESERVED`.

    Returns
    -------
    list of str
        One name per column: the column's own; with the prefix `raw_` if that is reserved; with
        `_2`, `_3`, ... if it differs from an earlier one only in case, which the embedded engine
        ignores.

    Raises
    ------
    SourceSchemaError
        A name is empty or contains a back-tick, a backslash or a control character.
    """
    taken = {name.lower() for name in (*RESERVED, *reserved)}
    seen: set[str] = set()
    named = []
    for column in columns:
        _check(column, where)
        base = PREFIX + column if column.lower() in taken else column
        named.append(told_apart(base, seen, first=2))
    return named


def without_type(column: str) -> str:
    """Return a column's name without the type that neo4j-admin and neuPrint write behind it."""
    return _TYPED.sub(r"\1", column)


def told_apart(name: str, seen: set[str], *, first: int) -> str:
    """Return a name, with a number if `seen` has it in any case; add it to `seen`."""
    new, number = name, first
    while new.lower() in seen:
        new, number = f"{name}_{number}", number + 1
    seen.add(new.lower())
    return new


def _check(column: str, where: str) -> None:
    try:
        quoted(column)
    except InputError as error:
        raise SourceSchemaError(
            f"{where}: the column name {column!r} cannot be a property name",
            hint="rename the column: no back-tick, backslash or control character",
        ) from error
