"""Annotation tables of CAVE: names of fields, and tables in long form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError, SourceSchemaError
from loader.sources.dumps import NO_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

#: Columns that a load needs under CAVE's names.
_KEPT = re.compile(
    r"id|valid|target_id|\w*_(root_id|supervoxel_id|position)(_[xyz])?(_ref)?|id_ref"
)
#: A column with more values than this is free text, not a kind column.
_MOST_KINDS = 500


@dataclass(frozen=True)
class AnnotationTable:
    """An annotation table of CAVE.

    Parameters
    ----------
    name
        Name of the table.
    fields
        Column of the table to the name of its field in the graph, if they differ.
    kind_column, value_column
        For a table in long form, where each row states one property of one neuron: the columns
        with the property's name and its value. Each kind becomes a field, which is missing in
        rows of other kinds. Set both or neither.
    transmitter
        `transmitter` and `transmitter_score` to their columns, if they are not recognised by
        their names; `{'transmitter': 'none'}` leaves transmitters out. Columns are named as in
        the graph, after `fields` and `kind_column`.
    """

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    kind_column: str = ""
    value_column: str = ""
    transmitter: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if bool(self.kind_column) != bool(self.value_column):
            raise InputError(
                f"table '{self.name}': kind_column and value_column go together",
                hint="set both, or neither",
            )
        targets = list(self.fields.values())
        wrong = [c for c in (*self.fields, *targets) if not c or _KEPT.fullmatch(c)]
        if wrong or len(set(targets)) != len(targets):
            raise InputError(
                f"table '{self.name}': fields cannot be renamed as {dict(self.fields)}",
                hint="ids, roots, supervoxels and positions keep their names, and new names "
                "must differ",
            )

    def key(self) -> Any:
        """Return what determines this table's rows, as JSON values."""
        how: list[Any] = [dict(self.fields), self.kind_column, self.value_column]
        if self.transmitter:
            how.append(dict(self.transmitter))
        return [self.name, *how] if any(how) else self.name

    def reshape(self, rows: pa.Table) -> pa.Table:
        """Rename columns, and turn long form into one column per kind.

        Parameters
        ----------
        rows
            All rows of the table, as served.

        Returns
        -------
        pyarrow.Table
            The same number of rows, in the same order.

        Raises
        ------
        SourceSchemaError
            A named column is missing, or a new name is already used.
        """
        self._require([*filter(None, (self.kind_column, self.value_column))], rows)
        if self.kind_column:
            rows = self._widened(rows)
        self._require([*self.fields], rows)
        renamed = [self.fields.get(column, column) for column in rows.column_names]
        self._refuse_twice(renamed)
        shaped = rows.rename_columns(renamed)
        self._require([c for c in self.transmitter.values() if c != NO_COLUMN], shaped)
        return shaped

    def _require(self, columns: list[str], rows: pa.Table) -> None:
        if missing := [column for column in columns if column not in rows.column_names]:
            raise SourceSchemaError(
                f"table '{self.name}' has no column {missing}",
                hint=f"columns: {rows.column_names}; correct the preset, or load with --no-preset",
            )

    def _widened(self, rows: pa.Table) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        kinds, values = rows[self.kind_column], rows[self.value_column]
        if not pa.types.is_string(kinds.type):
            raise SourceSchemaError(
                f"table '{self.name}': column '{self.kind_column}' has {kinds.type}, not text"
            )
        found = sorted(kind for kind in pc.unique(kinds).to_pylist() if kind)
        if len(found) > _MOST_KINDS:
            raise SourceSchemaError(
                f"table '{self.name}': column '{self.kind_column}' has {len(found)} kinds",
                hint="a table in long form has few kinds; is this the right column?",
            )
        rest = rows.drop_columns([self.kind_column, self.value_column])
        self._refuse_twice([*rest.column_names, *found])
        nothing = pa.scalar(None, values.type)
        for kind in found:
            chosen = pc.fill_null(pc.equal(kinds, kind), fill_value=False)
            rest = rest.append_column(kind, pc.if_else(chosen, values, nothing))
        return rest

    def _refuse_twice(self, names: list[str]) -> None:
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SourceSchemaError(
                f"table '{self.name}': each of {twice} would be two fields",
                hint="rename one of them with `fields` in your own preset",
            )
