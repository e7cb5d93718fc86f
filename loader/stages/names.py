"""Property names: which are ours, and what an annotation field is called in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.engines.queries import quoted
from graphapi.errors import InputError, SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Put before an annotation field that is called like a property of ours.
PREFIX = "raw_"
#: Totals that every neuron gets.
TOTALS = ("in_synapses", "out_synapses", "in_partners", "out_partners", "autapses")
#: Names that a load makes itself; `supervoxel_id` and `nucleus_id` are left to annotations.
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
        # The embedded engine's own.
        "_id",
        "_label",
        "_src",
        "_dst",
    }
)


def graph_names(columns: Iterable[str], where: str, *, reserved: Iterable[str] = ()) -> list[str]:
    """Name the properties that columns become.

    Parameters
    ----------
    columns
        A table's column names, in order.
    where
        The table, for the message.
    reserved
        Names taken besides `RESERVED`.

    Returns
    -------
    list of str
        One for each column: the column's own name; with the prefix `raw_` where that is a
        property of ours; with `_2`, `_3`, ... where another column differs from it only in
        upper and lower case, which the embedded engine does not tell apart.

    Raises
    ------
    SourceSchemaError
        A name is empty or has a back-tick, a backslash or a control character.
    """
    taken = {name.lower() for name in (*RESERVED, *reserved)}
    seen: set[str] = set()
    named = []
    for column in columns:
        _check(column, where)
        base = PREFIX + column if column.lower() in taken else column
        name, number = base, 1
        while name.lower() in seen:
            number += 1
            name = f"{base}_{number}"
        seen.add(name.lower())
        named.append(name)
    return named


def _check(column: str, where: str) -> None:
    try:
        quoted(column)
    except InputError as error:
        raise SourceSchemaError(
            f"{where}: the column name {column!r} cannot be a property name",
            hint="rename the column: no back-tick, backslash or control character",
        ) from error
