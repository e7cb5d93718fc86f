"""Recognise tables of published dumps by their columns; one TOML file per family."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from graphapi.common.transmitters import transmitter
from graphapi.errors import SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PLAIN = "plain.toml"
_PLACEHOLDERS = {"{digits}": r"(\d+)", "{dataset}": r"([A-Za-z]+_\d+)"}
#: Our names for columns of connections or synapse rows.
ROLES = ("pre", "post", "weight", "size", "size_sum", "valid")
#: Our names of what else a row may hold, if the table has a column for it.
EXTRA_ROLES = ("region", "transmitter")
#: Our names of the columns that hold the transmitter.
TRANSMITTER_ROLES = ("transmitter", "transmitter_score")
#: As the column of a role: there is no such column.
NO_COLUMN = "none"
#: The columns of single synapses in FlyWire's tables: a score for each transmitter.
_SCORES = ("gaba", "ach", "glut", "oct", "ser", "da")
_AVERAGE = "_avg"


@dataclass(frozen=True)
class Shape:
    """One kind of table of one family of dumps.

    Parameters
    ----------
    family, what
        The family, and a description of the table.
    columns
        Columns that a table of this shape has; `{digits}` stands for any digits, `{dataset}` for
        any data set and version, such as `banc_888`.
    only_these
        Whether it has no other columns.
    rows
        What a row of connections is.
    roles
        Our column name to the dump's; columns may be missing.
    root_id
        Column of root ids in an annotation table.
    twin
        Column with a second root id, if a row is about two neurons, such as a left and a right one.
    about
        Meaning of other columns: `region`, `transmitter`, ...; for the record.
    of_pair
        Columns that are the same in all rows of a pair, so that they do not tell rows apart.
    kinds
        Column with kinds of rows that are never summed together.
    lists
        Columns of values joined by commas.
    na
        Words that mean no value, besides the usual ones.
    fill_down
        Whether a missing id means the same as in the row above.
    may_lack_ids
        Whether rows without an id are normal.
    one_is_unresolved
        Whether root id 1 means "not looked up".
    source, citation, licence
        Source, citation and licence of the family.
    """

    family: str
    what: str
    columns: tuple[str, ...]
    only_these: bool = False
    rows: Literal["synapses", "pairs"] = "synapses"
    roles: Mapping[str, str] = field(default_factory=dict)
    root_id: str = "root_id"
    twin: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    of_pair: tuple[str, ...] = ()
    kinds: str = ""
    lists: tuple[str, ...] = ()
    na: tuple[str, ...] = ()
    fill_down: bool = False
    may_lack_ids: bool = False
    one_is_unresolved: bool = False
    source: str = ""
    citation: str = ""
    licence: str = ""

    def fits(self, there: Iterable[str]) -> bool:
        """Return whether a table with these columns has this shape."""
        names = list(there)
        if self.only_these and len(names) != len(self.columns):
            return False
        return all(find(column, names) for column in self.columns)

    def described(self) -> dict[str, str]:
        """Return the description for a graph's record."""
        told = {
            "family": self.family,
            "what": self.what,
            "source": self.source,
            "citation": self.citation,
            "licence": self.licence,
        }
        return {name: text for name, text in told.items() if text}


def find(column: str, there: Iterable[str]) -> str | None:
    """Return the table's column that matches a name of a TOML file; None if there is none."""
    if "{" not in column:
        return column if column in set(there) else None
    pattern = re.escape(column)
    for word, expression in _PLACEHOLDERS.items():
        pattern = pattern.replace(re.escape(word), expression)
    return next((name for name in there if re.fullmatch(pattern, name)), None)


def id_prefix(column: str) -> str:
    """Return the digits in a column's name that belong in front of its ids; usually none.

    Codex's synapse table has them: `pre_root_id_720575940`.
    """
    found = re.fullmatch(r"(?:pre|post)_root_id_(\d+)", column)
    return found[1] if found else ""


def recognise(
    there: Iterable[str], kind: Literal["connections", "annotations"], where: str
) -> Shape | None:
    """Find the shape of a table.

    Parameters
    ----------
    there
        Its columns, in any order.
    kind
        How the user loads it.
    where
        The table, for the message.

    Returns
    -------
    Shape or None
        Of the shapes that fit, the one with the most columns.

    Raises
    ------
    SourceSchemaError
        Two shapes that differ in meaning fit equally well.
    """
    names = list(there)
    fitting = [shape for shape in shapes()[kind] if shape.fits(names)]
    if not fitting:
        return None
    most = max(len(shape.columns) for shape in fitting)
    best = [shape for shape in fitting if len(shape.columns) == most]
    if len({(str(s.roles), s.rows, s.root_id, s.fill_down) for s in best}) > 1:
        told = "; ".join(f"{s.family}: {s.what}" for s in best)
        raise SourceSchemaError(
            f"{where} could be one of several things: {told}",
            hint="name its columns with --column pre=NAME --column post=NAME",
        )
    return best[0]


@cache
def shapes() -> dict[str, tuple[Shape, ...]]:
    """Read all shapes that come with this program, by `connections` and `annotations`."""
    found: dict[str, list[Shape]] = {"connections": [], "annotations": []}
    folder = files("loader.sources.dumps")
    for name in sorted(item.name for item in folder.iterdir()):
        if name.endswith(".toml") and name != _PLAIN:
            content = tomllib.loads((folder / name).read_text("utf-8"))
            for kind, known in found.items():
                known.extend(_shape(content, entry, name) for entry in content.get(kind, []))
    return {kind: tuple(known) for kind, known in found.items()}


@cache
def words() -> dict[str, tuple[str, ...]]:
    """Read the column names that are recognised in any table, by our names."""
    text = (files("loader.sources.dumps") / _PLAIN).read_text("utf-8")
    return {ours: tuple(theirs) for ours, theirs in tomllib.loads(text)["words"].items()}


def named(ours: str, there: Iterable[str]) -> list[str]:
    """Return the columns that match our name; if none matches exactly, ignore case."""
    names = list(there)
    known = words()[ours]
    exact = [column for column in (find(word, names) for word in known) if column]
    if exact:
        return exact
    lower = {word.lower() for word in known}
    return [name for name in names if name.lower() in lower]


def transmitter_columns(
    there: Iterable[str], shape: Shape | None, said: Mapping[str, str]
) -> dict[str, str]:
    """Find the columns of a table that hold transmitters.

    Parameters
    ----------
    there
        The table's columns.
    shape
        What it was taken for.
    said
        What the user says: `transmitter` and `transmitter_score` to a column, or to `none`.

    Returns
    -------
    dict
        `transmitter`, and `transmitter_score` where there is one, to a column of names; or
        our words for several transmitters to columns of scores; empty if there are none.
    """
    names = list(there)
    if said.get("transmitter") == NO_COLUMN:
        return {}
    found: dict[str, str] = {}
    for role in TRANSMITTER_ROLES:
        known = find(shape.about[role], names) if shape and role in shape.about else None
        column = said.get(role) or known or next(iter(named(role, names)), None)
        if column and column != NO_COLUMN:
            found[role] = column
    if "transmitter" in found:
        return found
    averages = [name for name in names if name.endswith(_AVERAGE)]
    scores = averages or (list(_SCORES) if set(_SCORES) <= set(names) else [])
    words = {transmitter(name.removesuffix(_AVERAGE)): name for name in scores}
    several = {word: name for word, name in words.items() if word}
    return several if len(several) > 1 else {}


def _shape(content: Mapping[str, Any], entry: Mapping[str, Any], where: str) -> Shape:
    allowed = set(Shape.__dataclass_fields__) - {"family", "source", "citation", "licence"}
    if unknown := entry.keys() - allowed:
        raise SourceSchemaError(f"{where}: unknown keys {sorted(unknown)}")
    given: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()
    }
    return Shape(
        family=content["name"],
        source=content["source"],
        citation=content["citation"],
        licence=content["licence"],
        **given,
    )
