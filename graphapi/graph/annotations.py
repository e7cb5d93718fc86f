"""Raw annotation rows, and properties of neurons.

A neuron may have several rows, from one table or several, and they may contradict each other.
Criteria match rows (`graphapi.graph.rowmatching`). The merged values on the `:Neuron` nodes are
for reading; the loader reports their conflicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.engines.queries import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from graphapi.graph.materialization import Materialization
    from graphapi.ids import IdArray


class AnnotationRows:
    """The graph's annotation rows. Columns are fetched on first use and kept.

    Parameters
    ----------
    materialization
        The graph's record.
    run
        Function that runs a query file on the graph.
    """

    def __init__(self, materialization: Materialization, run: Callable[..., pa.Table]) -> None:
        self._run = run
        self.types = {item.name: item.type for item in materialization.annotation_fields}
        self.neuron_types = {item.name: item.type for item in materialization.neuron_fields}
        #: The annotation tables that have a field, as the record names them; empty if all have it.
        self.sources = {item.name: item.source for item in materialization.annotation_fields}
        self._rows: dict[str, Sequence[object]] = {}
        self._neurons: dict[str, Sequence[object]] = {}

    def column(self, name: str) -> Sequence[object]:
        """Return one field of all rows, in the order of `annotation_id`."""
        if name not in self._rows:
            self._rows[name] = self._fetch("all_annotations", {name: self.types[name]}, name)
        return self._rows[name]

    def roots(self) -> IdArray:
        """Return the root id of all rows, int64; 0 for rows without a neuron."""
        return np.array([value or 0 for value in self.column("root_id")], dtype=np.int64)

    def rows_from(self, sources: str) -> npt.NDArray[np.bool_]:
        """Return whether each row is of one of the tables that the record names so."""
        if len(set(self.sources.values()) - {""}) < 2:  # one table
            return np.ones(len(self.column("root_id")), dtype=bool)
        tables = self.column("annotation_table")
        there = {table: f", {table}, " in f", {sources}, " for table in set(tables)}
        return np.fromiter((there[table] for table in tables), dtype=bool, count=len(tables))

    def neuron_column(self, name: str) -> Sequence[object]:
        """Return one property of all neurons, in the order of `root_id`."""
        if name not in self._neurons:
            types = {name: self.neuron_types[name]}
            self._neurons[name] = self._fetch("all_neuron_properties", types, name)
        return self._neurons[name]

    def of(self, neuron_ids: IdArray) -> pd.DataFrame:
        """Return the rows of some neurons, with all fields, in the order of the source."""
        query = catalog()["annotations_of"].with_properties(self.types)
        return to_frame(self._run(query, {"ids": neuron_ids.tolist()}), self.types)

    def neurons_of(self, neuron_ids: IdArray) -> pd.DataFrame:
        """Return the properties of some neurons, sorted by root id."""
        query = catalog()["neurons_of"].with_properties(self.neuron_types)
        types = {"root_id": "int", **self.neuron_types}
        return to_frame(self._run(query, {"ids": neuron_ids.tolist()}), types)

    def _fetch(self, name: str, types: Mapping[str, str], column: str) -> Sequence[object]:
        query = catalog()[name].with_properties(types)
        values: Sequence[object] = self._run(query).column(column).to_pylist()
        return values


def to_frame(table: pa.Table, columns: Mapping[str, str]) -> pd.DataFrame:
    """Convert an engine's answer to a DataFrame; ids never become floats.

    Parameters
    ----------
    table
        An engine's answer.
    columns
        Declared type of each column, in the order of the result.

    Returns
    -------
    pandas.DataFrame
        Whole numbers are int64, or `Int64` with missing values; other numbers are float64.
        Texts and lists are objects, with None where missing. Bools are bool, or objects with
        None where missing.
    """
    import pandas as pd

    data: dict[str, object] = {}
    for name, kind in columns.items():
        column = table.column(name)
        if kind == "int":
            whole = column.null_count == 0
            data[name] = column.to_numpy() if whole else pd.array(column.to_pylist(), "Int64")
        elif kind == "float" or (kind == "bool" and column.null_count == 0):
            data[name] = column.to_numpy()
        else:
            data[name] = pd.Series(column.to_pylist(), dtype=object)
    return pd.DataFrame(data, columns=list(columns))


def for_pandas(table: pa.Table) -> pa.Table:
    """Mark whole-number columns with missing values, so that pandas reads them as `Int64`.

    Without the mark, `pandas.read_parquet` and `to_pandas` convert such a column of ids to floats,
    and so to other ids. Other readers ignore the mark.
    """
    import pandas as pd
    import pyarrow as pa

    frame = pd.DataFrame(
        {
            item.name: pd.array([], dtype="Int64")
            if pa.types.is_integer(item.type) and table.column(item.name).null_count
            else pd.array([], dtype=object)
            for item in table.schema
        }
    )
    marks = pa.Schema.from_pandas(frame, preserve_index=False).metadata or {}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **marks})


def any_frame(table: pa.Table) -> pd.DataFrame:
    """Convert the answer to a user's query to a DataFrame; ids stay whole numbers.

    Whole numbers beyond int64, such as a sum of root ids, become Python ints.
    """
    import pandas as pd
    import pyarrow as pa

    kinds, beyond = {}, {}
    for place, item in enumerate(table.schema):
        if pa.types.is_decimal(item.type) and item.type.scale == 0:
            column = table.column(place)
            try:
                table = table.set_column(place, item.name, column.cast(pa.int64()))
            except pa.ArrowInvalid:  # one of them is larger
                numbers = [None if n is None else int(n) for n in column.to_pylist()]
                beyond[item.name] = pd.Series(numbers, dtype=object)
        kinds[item.name] = _kind(table.schema.field(item.name).type)
    return to_frame(table, kinds).assign(**beyond)


def _kind(arrow_type: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_integer(arrow_type):
        return "int"
    if pa.types.is_floating(arrow_type):
        return "float"
    return "bool" if pa.types.is_boolean(arrow_type) else "any"
