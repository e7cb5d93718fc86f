"""Say what a file is taken for, and how to overrule it, before its rows are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.sources import dumps
from loader.sources.matrix import COLUMNS, ROWS, presynaptic
from loader.sources.textfile import lacks_line_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loader.sources.dumps import Shape
    from loader.sources.rowroles import Roles
    from loader.sources.tablefile import TableFile

_A_ROW = {
    "pairs": "each row is a connection with its weight; rows of the same pair are summed",
    "synapses": "each row is one synapse",
}
_OVERRULE_ROWS = "--column pre=NAME --column post=NAME --column weight=NAME (or weight=none)"
_IN_PYTHON = "; in Python, columns={...}"


def of_rows(files: Sequence[str], roles: Roles, asked: Mapping[str, str]) -> list[str]:
    """Return what files of connections or synapse rows are taken for.

    Parameters
    ----------
    files
        Their names.
    roles
        How they are read.
    asked
        The user's settings: our column name to the files'.
    """
    what = named(roles.shape) or ("connections" if roles.rows == "pairs" else "synapses")
    return [
        f"{shown(files)}: taken for {what}",
        f"  {_A_ROW[roles.rows]}{_why_synapses(roles, asked)}",
        *_columns(roles.columns | roles.extras, roles.told, "known" if roles.shape else "guessed"),
        *_prefix(roles.columns["pre"]),
        f"  if this is wrong: {_OVERRULE_ROWS}{_IN_PYTHON}",
    ]


def cut_off(files: Sequence[TableFile]) -> list[str]:
    """Return a line for each plain text file whose last line has no end."""
    return [
        f"{file.name}: its last line has no line break; is the file complete?"
        for file in files
        if file.is_text and file.is_plain and lacks_line_end(file.path)
    ]


def of_matrix(files: Sequence[str], asked: Mapping[str, str]) -> list[str]:
    """Return what a matrix is taken for."""
    pre = presynaptic(asked)
    post = COLUMNS if pre == ROWS else ROWS
    return [
        f"{shown(files)}: taken for a matrix: {pre} are presynaptic, {post} postsynaptic",
        "  each value is a connection with its weight; 0, NA and empty cells are none",
        f"  if this is wrong: --column pre={post}{_IN_PYTHON}",
    ]


def of_view(view: str, columns: Mapping[str, str]) -> list[str]:
    """Return what a CAVE view is taken for."""
    return [
        f"{view}: taken for a view of connections",
        f"  {_A_ROW['pairs'].partition(';')[0]}",
        *_columns(columns, (), "guessed"),
        "  if this is wrong: leave out --connections-view, and the synapse table is read",
    ]


def of_annotations(
    files: Sequence[str],
    shape: Shape | None,
    ids: str,
    transmitter: Mapping[str, str],
    told: Sequence[str],
) -> list[str]:
    """Return what an annotation file is taken for.

    Parameters
    ----------
    files, shape
        Its name, and the kind of published table.
    ids
        Column of ids; empty for none.
    transmitter
        Columns of transmitters.
    told
        Our column names that the user set.
    """
    columns = ({"root_id": ids} if ids else {}) | dict(transmitter)
    return [
        f"{shown(files)}: taken for annotations{f' ({named(shape)})' if shape else ''}",
        *_columns(columns, told, "known" if shape else "guessed"),
        f"  if this is wrong: -a 'FILE?root_id=NAME&transmitter=NAME'{_IN_PYTHON}",
    ]


def named(shape: Shape | None) -> str:
    """Return family and kind of a published table; empty for none."""
    return f"{shape.family}: {shape.what}" if shape else ""


def shown(files: Sequence[str]) -> str:
    """Return the name of the first file, and how many there are besides."""
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"


def _columns(columns: Mapping[str, str], told: Sequence[str], how: str) -> list[str]:
    """Return which column is which: first those that the user named."""
    said = {ours: theirs for ours, theirs in columns.items() if ours in told}
    found = {ours: theirs for ours, theirs in columns.items() if ours not in told}
    parts = {"you named": said, f"{how} by their names": found}
    return [
        f"  columns {why}: {', '.join(f'{ours} = {theirs}' for ours, theirs in some.items())}"
        for why, some in parts.items()
        if some
    ]


def _why_synapses(roles: Roles, asked: Mapping[str, str]) -> str:
    if roles.rows == "pairs" or roles.shape:
        return ""
    if asked.get("weight") == dumps.NO_COLUMN:
        return ", as you specified"
    return ": no column is known as a weight (guessed)"


def _prefix(column: str) -> list[str]:
    digits = dumps.id_prefix(column)
    return [f"  ids begin with {digits}, from the column names"] if digits else []
