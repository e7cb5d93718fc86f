"""Connectivity between types of neurons: sums, means and shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from graphapi.engines.queries import catalog
from graphapi.errors import InputError, UnknownFieldError
from graphapi.graph.reader import Reader
from graphapi.graph.terms import Terms

if TYPE_CHECKING:
    import pandas as pd

Measure = Literal["synapses", "connections", "mean_weight", "share_of_output", "share_of_input"]
MEASURES = ("synapses", "connections", "mean_weight", "share_of_output", "share_of_input")
UNKNOWN = "Unknown"


class TypeQuestions(Reader):
    """Questions about types of neurons."""

    def get_type_connectivity(
        self,
        by: str = "cell_class",
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
    ) -> pd.DataFrame:
        """Sum the connectivity between types of neurons.

        Parameters
        ----------
        by
            The text property of neurons that is their type: `cell_class`, `side`, ...
        pre_ids, post_ids
            Root ids or `NeuronCriteria`: only these neurons; None for all.
        threshold
            Smallest weight of a connection that counts, in synapses, inclusive.

        Returns
        -------
        pandas.DataFrame
            `pre_type`, `post_type`, `connections`, `synapses` (int64), `mean_weight`,
            `share_of_output` and `share_of_input` (of all synapses counted here that the pre
            type makes, or the post type receives). Neurons without the property are `Unknown`.
            Sorted by type. `graphapi.type_matrix` converts any of these columns to a matrix.

        Raises
        ------
        UnknownFieldError
            Neurons have no such text property.
        """
        kinds = self.annotations.neuron_types
        if kinds.get(by) != "string":
            texts = sorted(name for name, kind in kinds.items() if kind == "string")
            raise UnknownFieldError(
                f"neurons of {self.name} have no text property '{by}'",
                hint=f"group by one of: {', '.join(texts) or 'none'}",
            )
        terms = Terms(threshold=threshold)
        pre, post = self._select_ends(pre_ids, post_ids, terms)
        if pre is None and post is None:
            query = catalog()["type_connectivity"].with_property(by)
            table = self.run(query, {"threshold": int(threshold)})
        else:
            query = catalog()["type_connectivity_between"].with_property(by)
            params = {
                "pre_ids": (self.root_ids() if pre is None else pre.unique).tolist(),
                "post_ids": (self.root_ids() if post is None else post.unique).tolist(),
            }
            table = self.run(query, {**params, "threshold": int(threshold)})
        frame: pd.DataFrame = table.to_pandas()
        frame[["pre_type", "post_type"]] = frame[["pre_type", "post_type"]].fillna(UNKNOWN)
        frame = frame.groupby(["pre_type", "post_type"], as_index=False, sort=True).sum()
        total_out = frame.groupby("pre_type")["synapses"].transform("sum")
        total_in = frame.groupby("post_type")["synapses"].transform("sum")
        frame["mean_weight"] = frame["synapses"] / frame["connections"]
        frame["share_of_output"] = frame["synapses"] / total_out
        frame["share_of_input"] = frame["synapses"] / total_in
        frame.attrs = self._provenance(terms, pre, post).attrs()
        return frame


def type_matrix(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Convert a type table to a matrix: rows pre, columns post, with the same types on both.

    Parameters
    ----------
    frame
        A result of `Connectome.get_type_connectivity`.
    measure
        The column to put in the cells.

    Returns
    -------
    pandas.DataFrame
        int64 for counts, float64 otherwise; 0 where types are not connected.
    """
    if measure not in MEASURES:
        raise InputError(f"measure: {measure!r} is not one of {', '.join(MEASURES)}")
    types = np.union1d(frame["pre_type"].to_numpy(str), frame["post_type"].to_numpy(str))
    wide = frame.pivot_table(
        index="pre_type", columns="post_type", values=measure, aggfunc="sum", fill_value=0
    ).reindex(index=types, columns=types, fill_value=0)
    return wide.astype(np.int64 if measure in ("synapses", "connections") else np.float64)
