"""Which column of a table of connections is which, and what a row is: known, asked, or refused."""

# ruff: noqa: S608  (SQL here is built of names quoted by loader.work.duck, never of values)

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from graphapi.errors import SourceSchemaError
from loader.sources import dumps
from loader.sources.idcolumns import holds_wholes
from loader.work.duck import identifier, literal, one_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from loader.sources.rowfilter import RowFilter

#: Given as the weight column, it says that a row is one synapse.
NO_WEIGHT = "none"
#: Columns that only a table of single synapses has.
_OF_SYNAPSES = re.compile(
    r"((pre|post|ctr|syn|synapse|pt)_?)*(x|y|z|location|(pt_)?position(_[xyz])?|coord\w*)"
    r"(_(pre|post))?(\.[xyz])?$|cleft_score$|connection_score$|conf(idence)?(_(pre|post))?$"
    r"|\w*supervoxel_id$",
    re.IGNORECASE,
)
#: Columns of ids and of row numbers: whole numbers, but no counts.
_OF_IDS = re.compile(
    r"id$|\w+[_.]id$|\w*Id$|\w*_index$|__index_level_\d+__$|column0$|unnamed.*$", re.I
)
_ELECTRICAL = ("electrical", "gap junction", "gap_junction", "gapjunction", "gap", "electric")
_CHEMICAL = ("chemical", "chem", "synapse")


@dataclass(frozen=True)
class Roles:
    """What a table of connections was taken for.

    Parameters
    ----------
    columns
        Our name of a column to the table's.
    rows
        What a row is.
    shape
        The published dump; None for a table that is known by its words only.
    told
        Our names that the user said.
    """

    columns: dict[str, str]
    rows: Literal["synapses", "pairs"]
    shape: dumps.Shape | None = None
    told: tuple[str, ...] = field(default=())

    @property
    def is_certain(self) -> bool:
        """True where nobody has to look at the rows to know what one is."""
        return self.shape is not None or "weight" in self.told

    @property
    def fills_down(self) -> bool:
        """True where an id that is left out is that of the row above."""
        return self.shape is not None and self.shape.fill_down


def assign(types: Mapping[str, str], asked: Mapping[str, str], where: str) -> Roles:
    """Decide which column is which, by the names alone.

    Parameters
    ----------
    types
        DuckDB's type of each column.
    asked
        What the user said: our name to the table's column; `{'weight': 'none'}` for rows
        that are single synapses.
    where
        The table, for messages.

    Raises
    ------
    SourceSchemaError
        A column that was asked for is not there, two have an equal claim, or there is none.
    """
    said = {
        ours: theirs for ours, theirs in asked.items() if (ours, theirs) != ("weight", NO_WEIGHT)
    }
    if missing := sorted(set(said.values()) - types.keys()):
        raise SourceSchemaError(f"{where}: no column {missing}", hint=f"it has {list(types)}")
    shape = None if {"pre", "post"} & asked.keys() else dumps.recognise(types, "connections", where)
    found = _of_shape(shape, types) if shape else {}
    if shape and NO_WEIGHT in asked.values() and shape.rows == "pairs":
        found.pop("weight", None)
    found |= said
    for ours in dumps.ROLES:
        is_ours_to_find = shape is None or ours in ("pre", "post")
        if ours in found or not is_ours_to_find or asked.get(ours) == NO_WEIGHT:
            continue
        claims = [c for c in dumps.named(ours, types) if c not in found.values()]
        if len(claims) > 1:
            raise SourceSchemaError(
                f"{where}: {claims} may each be the column of '{ours}'",
                hint=" or ".join(f"--column {ours}={claim}" for claim in claims),
            )
        found.update((ours, claim) for claim in claims)
    _require_ends(found, types, where)
    if "weight" in found:
        found.pop("size", None)
    else:
        found.pop("size_sum", None)
    rows: Literal["synapses", "pairs"] = "pairs" if "weight" in found else "synapses"
    return Roles(found, rows, shape, tuple(asked))


def _of_shape(shape: dumps.Shape, types: Mapping[str, str]) -> dict[str, str]:
    there = {ours: dumps.find(theirs, types) for ours, theirs in shape.roles.items()}
    return {ours: theirs for ours, theirs in there.items() if theirs}


def _require_ends(found: Mapping[str, str], types: Mapping[str, str], where: str) -> None:
    if missing := [name for name in ("pre", "post") if name not in found]:
        raise SourceSchemaError(
            f"{where}: no column for {missing}; it has {list(types)}",
            hint="say which with --column pre=NAME --column post=NAME "
            "(in Python columns={'pre': ..., 'post': ...})",
        )
    if found["pre"] == found["post"]:
        raise SourceSchemaError(f"{where}: '{found['pre']}' cannot be both pre and post")
    prefixes = [dumps.id_prefix(found[end]) for end in ("pre", "post")]
    if prefixes[0] != prefixes[1]:
        raise SourceSchemaError(
            f"{where}: '{found['pre']}' and '{found['post']}' do not lack the same digits",
            hint="both names must end in the digits that belong in front of the ids, or neither",
        )


class RowsInDoubt:
    """Rows of a table that no family's shape fits: what is certain, and what must be asked.

    Parameters
    ----------
    connection, view, types
        Where the rows are.
    roles
        What the columns' names say.
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
        """Require that it is certain that a row is one synapse.

        It is where the table has what only single synapses have (a place, a score) and no
        other column could be a count; or where rows repeat, which summed ones do not.

        Raises
        ------
        SourceSchemaError
            A row may be a whole connection; asks which column is the weight.
        """
        free = [name for name in self._types if name not in self._used]
        marked = [name for name in free if _OF_SYNAPSES.match(name)]
        counts = [
            n for n in free if n not in marked and not _OF_IDS.match(n) and self._holds_wholes(n)
        ]
        ends = [self._roles.columns["pre"], self._roles.columns["post"]]
        has_id = any(name.lower() in ("id", "synapse_id", "syn_id") for name in free)
        if counts and not (marked and self._repeats(ends)):
            raise SourceSchemaError(
                f"{self._where}: is a row one synapse, or is {_any_of(counts)} the number of "
                "synapses?",
                hint=" or ".join(f"--column weight={name}" for name in counts)
                + "; --column weight=none if each row is one synapse",
            )
        if marked or has_id:
            return
        said = [n for n in free if self._types[n] not in ("FLOAT", "DOUBLE")]
        if self._has_rows() and not self._repeats([*ends, *said]):
            raise SourceSchemaError(
                f"{self._where}: each row occurs once, and no column says how many synapses it is",
                hint="--column weight=NAME names the number of synapses; --column weight=none "
                "if each row is one synapse",
            )

    def require_one_kind(self, filters: Sequence[RowFilter]) -> None:
        """Require that chemical and electrical rows are not summed together.

        Raises
        ------
        SourceSchemaError
            A column holds both, and no filter chooses.
        """
        chosen = {f.column for f in filters}
        shape = self._roles.shape
        looked = [shape.kinds] if shape and shape.kinds else []
        if shape is None:
            looked = [
                n for n, kind in self._types.items() if n not in self._used and _is_text(kind)
            ]
        for name in looked:
            if name in chosen:
                continue
            kinds = self._kinds(name)
            if kinds:
                raise SourceSchemaError(
                    f"{self._where}, column '{name}': rows of different kinds, {kinds}, are not "
                    "summed together",
                    hint=" or ".join(f"--keep '{name}={kind}'" for kind in kinds),
                )

    def _kinds(self, name: str) -> list[str]:
        column = f"lower(trim(CAST({identifier(name)} AS VARCHAR)))"
        listed = ", ".join(literal(word) for word in (*_ELECTRICAL, *_CHEMICAL))
        rows = self._connection.execute(
            f"SELECT DISTINCT {column}, {identifier(name)} FROM {self._view} "
            f"WHERE {column} IN ({listed}) ORDER BY 2"
        ).fetchall()
        there = {row[0] for row in rows}
        both = there & set(_ELECTRICAL) and there & set(_CHEMICAL)
        return [str(row[1]) for row in rows] if both else []

    def _holds_wholes(self, name: str) -> bool:
        return holds_wholes(self._connection, self._view, name, self._types[name])

    def _has_rows(self) -> bool:
        found = one_row(self._connection, f"SELECT count(*) AS n FROM {self._view}")
        return bool(found["n"])

    def _repeats(self, names: Sequence[str]) -> bool:
        """Tell whether two rows agree in these columns."""
        listed = ", ".join(map(identifier, names))
        found = one_row(
            self._connection,
            f"SELECT (SELECT count(*) FROM {self._view}) AS n, "
            f"(SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {self._view})) AS m",
        )
        return bool(found["n"] > found["m"])


def _is_text(kind: str) -> bool:
    return kind == "VARCHAR" or kind.startswith("ENUM")


def _any_of(names: Sequence[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)
