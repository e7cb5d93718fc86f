"""Add properties of neurons and connections to a DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.engines.queries import catalog
from graphapi.errors import InputError, UnknownFieldError
from graphapi.graph.criteria import check_field
from graphapi.graph.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from graphapi.ids import IdArray

#: Columns that hold root ids, and the prefixes of the columns added for them.
_PREFIXES = {
    "pre": "pre_",
    "post": "post_",
    "pre_pt_root_id": "pre_",
    "post_pt_root_id": "post_",
    "neuron": "neuron_",
    "partner": "partner_",
    "source": "source_",
    "target": "target_",
    "root_id": "",
    "neuron_id": "",
}
_SIZE = "size_sum"


class PropertyQuestions(Reader):
    """Questions about the neurons of a result."""

    def add_properties(self, frame: pd.DataFrame, properties: str | Sequence[str]) -> pd.DataFrame:
        """Return a copy of a DataFrame with properties of its neurons and connections added.

        Parameters
        ----------
        frame
            A result of `get_connectivity`, `get_synapse_counts`, `get_partners`, `get_synapses`,
            a path method, or `get_adjacency` with `form='frame'`.
        properties
            Neuron properties (see `NeuronCriteria.available_fields`), or `size_sum`, the total
            synapse size of a connection, for frames with `pre` and `post`.

        Returns
        -------
        pandas.DataFrame
            A new column for each id column and property: `pre_cell_class`, `post_cell_class`;
            plain `cell_class` for `root_id` and `neuron_id`. Rows and columns of an adjacency
            matrix become a `MultiIndex` of root id and properties. Neurons that are not in the
            graph have no value. Whole numbers with missing values are `Int64`. `.attrs` are kept.

        Raises
        ------
        UnknownFieldError
            Neurons have no such property.
        InputError
            The frame has no root ids, or the graph has no synapse sizes.
        """
        names = [properties] if isinstance(properties, str) else list(properties)
        of_neurons = [name for name in names if name != _SIZE]
        for name in of_neurons:
            check_field(name, self)
        if _is_matrix(frame):
            made = self._on_axes(frame, of_neurons)
        else:
            made = self._on_columns(frame, of_neurons)
        if _SIZE in names:
            made[_SIZE] = self._sizes(frame)
        made.attrs = dict(frame.attrs)
        return made

    def _on_columns(self, frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        made = frame.copy()
        ids = {name: frame[name] for name in _PREFIXES if name in frame.columns}
        if frame.index.name in _PREFIXES:
            ids[str(frame.index.name)] = frame.index.to_series()
        if not ids:
            raise InputError(
                "the frame has no column of root ids",
                hint=f"it needs at least one of: {', '.join(_PREFIXES)}",
            )
        for column, values in ids.items():
            found = self._properties(values.to_numpy(dtype=np.int64), names)
            for name in names:
                made[f"{_PREFIXES[column]}{name}"] = found[name].array
        return made

    def _on_axes(self, frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        import pandas as pd

        made = frame.copy()
        labels = []
        for side, axis in (("pre", frame.index), ("post", frame.columns)):
            ids = axis.to_numpy(dtype=np.int64)
            found = self._properties(ids, names)
            levels = [pd.Index(ids), *(found[name].array for name in names)]
            labels.append(pd.MultiIndex.from_arrays(levels, names=[side, *names]))
        made.index, made.columns = labels
        return made

    def _properties(self, ids: IdArray, names: Sequence[str]) -> pd.DataFrame:
        """Return properties in the order of some ids; missing where the graph has none."""
        known = self.annotations.neurons_of(np.unique(ids)).set_index("root_id", drop=False)
        table = known[list(names)]
        gaps = not np.isin(ids, known.index.to_numpy()).all()
        if gaps:  # a missing value would turn whole numbers into floats
            whole = [name for name in names if table[name].dtype == np.int64]
            table = table.astype(dict.fromkeys(whole, "Int64"))
        return table.reindex(ids)

    def _sizes(self, frame: pd.DataFrame) -> pd.Series[int]:
        import pandas as pd

        if not {"pre", "post"} <= set(frame.columns):
            raise InputError(
                f"'{_SIZE}' is a property of connections, but the frame has no pre and post columns"
            )
        if not self.materialization.has_size:
            raise InputError(f"{self.name} was loaded without synapse sizes")
        params = {
            "pre_ids": np.unique(frame["pre"]).tolist(),
            "post_ids": np.unique(frame["post"]).tolist(),
        }
        sizes = self.run(catalog()["sizes_between"], params).to_pandas()
        wanted = pd.MultiIndex.from_frame(frame[["pre", "post"]])
        found = sizes.set_index(["pre", "post"])[_SIZE].astype("Int64").reindex(wanted)
        values = found.array if found.hasnans else found.array.astype("int64")
        return pd.Series(values, index=frame.index)


def check_text_property(reader: Reader, name: str) -> None:
    """Raise an error that lists a graph's text properties unless neurons have this one."""
    kinds = reader.annotations.neuron_types
    if kinds.get(name) != "string":
        texts = sorted(one for one, kind in kinds.items() if kind == "string")
        raise UnknownFieldError(
            f"neurons of {reader.name} have no text property '{name}'",
            hint=f"group by one of these (by=, --by): {', '.join(texts) or 'none'}",
        )


def _is_matrix(frame: pd.DataFrame) -> bool:
    """Return whether a frame is an adjacency matrix: both axes are root ids."""
    return bool(
        frame.index.dtype == np.int64
        and frame.columns.dtype == np.int64
        and frame.index.name not in _PREFIXES
    )
