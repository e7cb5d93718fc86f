"""Annotation rows as they came from their source, and properties of neurons.

A neuron may have several rows, and they may contradict each other. Criteria match rows;
what is merged onto the `:Neuron` nodes is for reading, and its conflicts are reported
when a graph is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.engines.queries import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

    from graphapi.graph.materialization import Materialization
    from graphapi.ids import IdArray


class AnnotationTable:
    """The graph's annotation rows; columns are fetched when asked for, and kept.

    Parameters
    ----------
    materialization
        The graph's record.
    run
        Runs a query file on the graph.
    """

    def __init__(self, materialization: Materialization, run: Callable[..., pa.Table]) -> None:
        self._run = run
        self.types = {item.name: item.type for item in materialization.annotation_fields}
        self.neuron_types = {item.name: item.type for item in materialization.neuron_fields}
        self._rows: dict[str, Sequence[object]] = {}
        self._neurons: dict[str, Sequence[object]] = {}

    def column(self, name: str) -> Sequence[object]:
        """Give one field of all rows, in the order of `annotation_id`."""
        if name not in self._rows:
            self._rows[name] = self._fetch("all_annotations", {name: self.types[name]}, name)
        return self._rows[name]

    def roots(self) -> IdArray:
        """Give the root id of all rows, int64; 0 for a row that belongs to no neuron."""
        return np.array([value or 0 for value in self.column("root_id")], dtype=np.int64)

    def neuron_column(self, name: str) -> Sequence[object]:
        """Give one property of all neurons, in the order of `root_id`."""
        if name not in self._neurons:
            types = {name: self.neuron_types[name]}
            self._neurons[name] = self._fetch("all_neuron_properties", types, name)
        return self._neurons[name]

    def of(self, neuron_ids: IdArray) -> pd.DataFrame:
        """Give the rows of some neurons, every field, in the order they came in."""
        query = catalog()["annotations_of"].with_properties(self.types)
        return to_frame(self._run(query, {"ids": neuron_ids.tolist()}), self.types)

    def neurons_of(self, neuron_ids: IdArray) -> pd.DataFrame:
        """Give the properties of some neurons, ascending by root id."""
        query = catalog()["neurons_of"].with_properties(self.neuron_types)
        types = {"root_id": "int", **self.neuron_types}
        return to_frame(self._run(query, {"ids": neuron_ids.tolist()}), types)

    def _fetch(self, name: str, types: Mapping[str, str], column: str) -> Sequence[object]:
        query = catalog()[name].with_properties(types)
        values: Sequence[object] = self._run(query).column(column).to_pylist()
        return values


def to_frame(table: pa.Table, columns: Mapping[str, str]) -> pd.DataFrame:
    """Turn an answer into a frame without ever putting an id through a float.

    Parameters
    ----------
    table
        An engine's answer.
    columns
        Declared type per column, in the wanted order.

    Returns
    -------
    pandas.DataFrame
        int64 where a whole-number column has no gaps, else `Int64`; float64; texts and
        lists as objects with None for no value; bools as bool, or object with None.
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
    """Mark whole-number columns so that pandas reads them as `Int64`, gaps or not.

    Without the mark `pandas.read_parquet` and `to_pandas` turn a column of ids with a gap into
    floats, and so into other ids. Other readers ignore the mark.
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
    """Turn the answer to a person's own query into a frame; ids stay whole numbers.

    Whole numbers beyond int64, such as a sum of root ids, become Python's own.
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
