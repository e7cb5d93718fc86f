"""One label for each neuron: a cell class, a region, a side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    import pandas as pd

    from graphapi.network.graph import DirectedGraph

Ints = npt.NDArray[np.int64]

#: The label of neurons that have none.
UNKNOWN = "Unknown"


def column_of(name: str, taken: Container[str]) -> str:
    """Return the name of a property's column, with an underscore if the result has such a column.

    >>> column_of("group", ["group", "influence"])
    'group_'
    """
    while name in taken:
        name += "_"
    return name


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of a graph's neurons.

    Parameters
    ----------
    names
        Distinct labels, sorted.
    code
        int64, (n,): position in `names` of each neuron's label.
    """

    names: tuple[str, ...]
    code: Ints

    @classmethod
    def of(cls, graph: DirectedGraph, labels: Mapping[int, Any] | pd.Series[Any]) -> Labels:
        """Read labels by root id.

        Parameters
        ----------
        graph
            The graph whose neurons to label.
        labels
            Labels by root id: a mapping, or a Series whose index is root ids. Neurons that are
            not in it or have a missing value are labelled `Unknown`; other ids are ignored.

        Raises
        ------
        InputError
            A root id has two labels, or the labels are not by root id.
        """
        import pandas as pd

        series = labels if isinstance(labels, pd.Series) else pd.Series(dict(labels), dtype=object)
        if series.size and not pd.api.types.is_integer_dtype(series.index):
            raise InputError(
                f"labels: the index is {series.index.dtype}, not root ids",
                hint="pass a dict of root id to label, or a Series with index root_id (int64)",
            )
        # A new index: pandas fills an index's look-up table when it is first used, and null
        # graphs are drawn in threads that share the labels.
        own = pd.Index(np.array(series.index, dtype=np.int64))
        series = pd.Series(series.array, index=own)
        if not series.index.is_unique:
            twice = series.index[series.index.duplicated()][0]
            raise InputError(f"labels: root id {twice} has more than one label")
        return cls.of_values(series.reindex(pd.Index(graph.root_ids)))

    @classmethod
    def of_values(cls, values: Sequence[object] | pd.Series[Any]) -> Labels:
        """Read one label for each neuron, in order; missing values are `Unknown`."""
        import pandas as pd

        series = pd.Series(values, dtype=object)
        texts = series.where(series.notna(), UNKNOWN).astype(str)
        names, code = np.unique(texts.to_numpy(dtype=str), return_inverse=True)
        return cls(tuple(names.tolist()), code.astype(np.int64))

    def pairs_of(self, pre: Ints, post: Ints) -> Ints:
        """Return the number of each connection's pair of labels, by the positions of its ends."""
        return self.code[pre] * len(self.names) + self.code[post]

    def count_pairs(self, pre: Ints, post: Ints) -> Ints:
        """Count connections from each label to each: int64, (labels, labels)."""
        size = len(self.names)
        counts = np.bincount(self.pairs_of(pre, post), minlength=size * size)
        return counts.reshape(size, size)
