"""Decide which column of a table is which, and whether a row is a synapse or a connection."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from graphapi.errors import SourceSchemaError
from loader.sources import dumps
from loader.sources.idcolumns import holds_wholes, is_text
from loader.stages.aggregate import SCORE
from loader.work.duck import identifier, one_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from loader.sources.rowfilter import RowFilter

#: Columns that only tables of synapses have.
_OF_SYNAPSES = re.compile(
    r"((pre|post|ctr|syn|synapse|pt)_?)*(x|y|z|location|(pt_)?position(_[xyz])?|coord\w*)"
    r"(_(pre|post))?(\.[xyz])?$|((pre|post|ctr)_)?pos_?[xyz](_(vx|nm))?$|cleft_score$|connection_score$|conf(idence)?(_(pre|post))?$"
    r"|\w*supervoxel_id$",
    re.IGNORECASE,
)
#: Columns of ids and row numbers: whole numbers, but not counts.
_OF_IDS = re.compile(
    r"id$|\w+[_.]id$|\w*Id$|\w*_index$|__index_level_\d+__$|column0$|unnamed.*$", re.I
)
#: Columns that only number the rows.
INDEX = re.compile(r"(__index_level_\d+__|column0|unnamed.*|index)$", re.IGNORECASE)
#: Columns without a name.
_MOST_SHOWN = 40
_UNNAMED = re.compile(r"column\d+$")
#: Columns by which a table repeats a connection, once for each nucleus of a neuron.
NUCLEI = re.compile(r"(pre|post)_(nuc|nucleus|soma)_id$")
#: Columns that tell kinds of rows apart, by their name; by a value; or by saying yes or no.
_OF_KINDS = re.compile(
    r"((synapse|syn|edge|connection|conn|link)[_ ]?)?(type|typ|kind|class|category|modality)$"
    r"|(data[_ ]?set|animal|individual|specimen|replicate|time[_ ]?point|version)$",
    re.IGNORECASE,
)
_ELECTRICAL = r"ej|gj|gap|elec|.*electric.*|.*gap[ _-]?junction.*"
_IS_ELECTRICAL = re.compile(r"\w*(electrical|gap_?junction)\w*$", re.IGNORECASE)


@dataclass(frozen=True)
class Roles:
    """How a table of connections is read.

    Parameters
    ----------
    columns
        Our column name to the table's.
    rows
        What a row is.
    shape
        The kind of published table; None for a table that is recognised only by column names.
    told
        Our column names that the user set.
    extras
        What else the rows say: `region`, `transmitter`, or `nt_gaba`, `nt_glutamate`, ... for
        scores, to the table's columns. They do not decide what a row is.
    """

    columns: dict[str, str]
    rows: Literal["synapses", "pairs"]
    shape: dumps.Shape | None = None
    told: tuple[str, ...] = field(default=())
    extras: dict[str, str] = field(default_factory=dict)

    @property
    def is_certain(self) -> bool:
        """Return whether it is certain what a row is, without reading rows."""
        return self.shape is not None or "weight" in self.told

    @property
    def fills_down(self) -> bool:
        """Return whether a missing id means the same as in the row above."""
        return self.shape is not None and self.shape.fill_down


#: How the pairs of a matrix are read.
MATRIX = Roles({n: n for n in ("pre", "post", "weight")}, "pairs", told=("weight",))


def assign(types: Mapping[str, str], asked: Mapping[str, str], where: str) -> Roles:
    """Decide which column is which, by name.

    Parameters
    ----------
    types
        DuckDB's type of each column.
    asked
        The user's settings: our name to the table's column; `{'weight': 'none'}` if each row is
        one synapse.
    where
        The table, for messages.

    Raises
    ------
    SourceSchemaError
        A named column does not exist, several columns fit, or none does.
    """
    may_lack = ("weight", *dumps.EXTRA_ROLES)
    said = {
        ours: theirs
        for ours, theirs in asked.items()
        if not (ours in may_lack and theirs == dumps.NO_COLUMN)
    }
    if missing := sorted(set(said.values()) - types.keys()):
        raise SourceSchemaError(f"{where}: no column {missing}", hint=f"columns: {list(types)}")
    said = {ours: theirs for ours, theirs in said.items() if ours not in dumps.EXTRA_ROLES}
    shape = None if {"pre", "post"} & asked.keys() else dumps.recognise(types, "connections", where)
    found = _of_shape(shape, types) if shape else {}
    if shape and asked.get("weight") == dumps.NO_COLUMN and shape.rows == "pairs":
        found.pop("weight", None)
    found |= said
    for ours in dumps.ROLES:
        is_ours_to_find = shape is None or ours in ("pre", "post")
        if ours in found or not is_ours_to_find or asked.get(ours) == dumps.NO_COLUMN:
            continue
        claims = [c for c in dumps.named(ours, types) if c not in found.values()]
        if len(claims) > 1:
            raise SourceSchemaError(
                f"{where}: each of {claims} could be the column '{ours}'",
                hint=" or ".join(f"--column {ours}={claim}" for claim in claims),
            )
        found.update((ours, claim) for claim in claims)
    _require_ends(found, types, where)
    _require_no_twin({o: c for o, c in found.items() if o not in said}, types, where)
    if "weight" in found:
        found.pop("size", None)
    else:
        found.pop("size_sum", None)
    rows: Literal["synapses", "pairs"] = "pairs" if "weight" in found else "synapses"
    return Roles(found, rows, shape, tuple(asked), _extras(types, shape, asked))


def _extras(
    types: Mapping[str, str], shape: dumps.Shape | None, asked: Mapping[str, str]
) -> dict[str, str]:
    found = {}
    about = shape.about.get("region") if shape else None
    region = (
        asked.get("region")
        or (dumps.find(about, types) if about else None)
        or next(iter(dumps.named("region", types)), None)
    )
    if region and region != dumps.NO_COLUMN:
        found["region"] = region
    for ours, theirs in dumps.transmitter_columns(types, shape, asked).items():
        if ours == "transmitter":
            found[ours] = theirs
        elif ours not in dumps.TRANSMITTER_ROLES:
            found[f"{SCORE}{ours}"] = theirs
    return found


def _of_shape(shape: dumps.Shape, types: Mapping[str, str]) -> dict[str, str]:
    there = {ours: dumps.find(theirs, types) for ours, theirs in shape.roles.items()}
    return {ours: theirs for ours, theirs in there.items() if theirs}


def _require_ends(found: Mapping[str, str], types: Mapping[str, str], where: str) -> None:
    if missing := [name for name in ("pre", "post") if name not in found]:
        raise SourceSchemaError(
            f"{where}: no column for {' and '.join(missing)} among {_shown(list(types))}",
            hint=_no_header_hint(list(types))
            or "name the columns with --column pre=NAME --column post=NAME "
            "(in Python, columns={'pre': ..., 'post': ...}); "
            + ("in a matrix, --column pre=rows or pre=columns; " if len(missing) > 1 else "")
            + "a table of neurons goes with -a, after the file of connections",
        )
    if found["pre"] == found["post"]:
        raise SourceSchemaError(f"{where}: '{found['pre']}' cannot be both pre and post")
    prefixes = [dumps.id_prefix(found[end]) for end in ("pre", "post")]
    if prefixes[0] != prefixes[1]:
        raise SourceSchemaError(
            f"{where}: '{found['pre']}' and '{found['post']}' name different first digits of ids",
            hint="both column names must end in the same digits, or neither in any",
        )


def _shown(names: Sequence[str]) -> str:
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _no_header_hint(names: Sequence[str]) -> str:
    """Return what to do if these names are hardly those of columns; empty if they may be."""
    if names[0].startswith(("#", "%", "//")):
        return (
            "the first line must name the columns: remove the line if it is only a comment, or "
            f"only its '{re.sub(r'[^#%/].*', '', names[0], flags=re.DOTALL)}' if it names them"
        )
    if len(names) == 1:
        return (
            "the first line must name the columns, separated by commas, tabs, semicolons or pipes; "
            "remove lines above it, or name the columns in a file for --header"
        )
    if all(INDEX.match(name) or _UNNAMED.match(name) for name in names[1:]):
        return "most columns have no name; remove lines above the one that names the columns"
    return ""


def _require_no_twin(found: Mapping[str, str], types: Mapping[str, str], where: str) -> None:
    """Refuse a column if another name differs from it only in case, or by an added number.

    DuckDB adds the number where names differ in case only.
    """
    for ours, name in found.items():
        twin = re.compile(rf"{re.escape(name)}(_\d+)?$", re.IGNORECASE)
        twins = [other for other in types if other != name and twin.match(other)]
        if twins:
            raise SourceSchemaError(
                f"{where}: each of {[name, *twins]} could be the column '{ours}'",
                hint=" or ".join(f"--column {ours}={claim}" for claim in (name, *twins)),
            )


class RowsInDoubt:
    """Checks of rows whose meaning may be ambiguous.

    Parameters
    ----------
    connection, view, types
        DuckDB, and the view with its columns.
    roles
        How the table is read, by its column names.
    where
        The table, for messages.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        view: str,
        types: Mapping[str, str],
        roles: Roles,
        where: str,
    ) -> None:
        self._connection = connection
        self._view = view
        self._types = types
        self._roles = roles
        self._where = where
        self._used = set(roles.columns.values())

    def require_rows_are_synapses(self) -> None:
        """Refuse a table in which a row might not be one synapse.

        A row is one synapse if the table has columns that only synapses have (a position, a
        score) and no other column could be a count, or if rows repeat, which connections do not.

        Raises
        ------
        SourceSchemaError
            A row may be a whole connection; the message asks for the weight column.
        """
        free = [name for name in self._types if name not in self._used]
        marked = [name for name in free if _OF_SYNAPSES.match(name)]
        counts = [
            n for n in free if n not in marked and not _OF_IDS.match(n) and self._holds_wholes(n)
        ]
        ends = [self._roles.columns["pre"], self._roles.columns["post"]]
        has_id = any(name.lower() in ("id", "synapse_id", "syn_id") for name in free)
        lists = [f"'{name}'" for name in free if self._types[name].endswith("[]")]
        values = f"; {' and '.join(lists)} with several values a row cannot be counted"
        values = f"{values}: write their number as a column" if lists and not marked else ""
        if counts and not (marked and self._repeats(ends)):
            raise SourceSchemaError(
                f"{self._where}: is a row one synapse, or is {_any_of(counts)} the number of "
                "synapses?",
                hint="use "
                + " or ".join(f"--column weight={name}" for name in counts)
                + ", or --column weight=none if each row is one synapse"
                + values,
            )
        if marked or has_id:
            return
        said = [n for n in free if self._types[n] not in ("FLOAT", "DOUBLE")]
        if self._has_rows() and not self._repeats([*ends, *said]):
            raise SourceSchemaError(
                f"{self._where}: each row occurs once, but no column gives its number of synapses",
                hint="use --column weight=NAME, or --column weight=none if each row is one synapse"
                + values,
            )

    def require_one_kind(self, filters: Sequence[RowFilter]) -> None:
        """Refuse to sum chemical and electrical synapses together.

        Raises
        ------
        SourceSchemaError
            A column contains both, and no filter chooses one.
        """
        chosen = {f.column for f in filters}
        shape = self._roles.shape
        looked = [shape.kinds] if shape and shape.kinds else []
        if shape is None:
            looked = [name for name in self._types if name not in self._used]
        for name in looked:
            if name in chosen:
                continue
            kinds = self._kinds(name)
            if kinds:
                raise SourceSchemaError(
                    f"{self._where}, column '{name}': rows of different kinds, {kinds}, cannot be "
                    "summed",
                    hint="choose "
                    + " or ".join(f"--keep '{name}={kind}'" for kind in kinds)
                    + f"; --keep '{name}!=' if they are to be summed all the same",
                )

    def _kinds(self, name: str) -> list[str]:
        """Return some values of a column that tells kinds of rows apart; none if it does not."""
        column = f"trim(CAST({identifier(name)} AS VARCHAR))"
        shape = self._roles.shape
        is_pairs = self._roles.rows == "pairs"
        is_named = (is_pairs and bool(_OF_KINDS.match(name))) or bool(shape and shape.kinds == name)
        if not (is_named or _IS_ELECTRICAL.match(name) or is_text(self._types[name])):
            return []
        rows = self._connection.execute(
            f"SELECT {column}, bool_or(regexp_full_match(lower({column}), $1)) "
            f"FROM {self._view} WHERE {column} <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 4",
            [_ELECTRICAL],
        ).fetchall()
        kinds = sorted(str(row[0]) for row in rows)
        if len({kind.lower() for kind in kinds}) < 2:
            return []
        yes_or_no = {kind.lower() for kind in kinds} in ({"true", "false"}, {"0", "1"})
        marked = any(row[1] for row in rows) or (_IS_ELECTRICAL.match(name) and yes_or_no)
        return kinds if is_named or marked else []

    def _holds_wholes(self, name: str) -> bool:
        return holds_wholes(self._connection, self._view, name, self._types[name])

    def _has_rows(self) -> bool:
        found = one_row(self._connection, f"SELECT count(*) AS n FROM {self._view}")
        return bool(found["n"])

    def _repeats(self, names: Sequence[str]) -> bool:
        """Return whether two rows have the same values in these columns."""
        listed = ", ".join(map(identifier, names))
        found = one_row(
            self._connection,
            f"SELECT (SELECT count(*) FROM {self._view}) AS n, "
            f"(SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {self._view})) AS m",
        )
        return bool(found["n"] > found["m"])


def _any_of(names: Sequence[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)
