"""Connectivity from type to type: sums, means and fractions over cell classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from graphapi.connectivity import Terms, provenance
from graphapi.engines.queries import catalog
from graphapi.errors import InputError, UnknownFieldError

if TYPE_CHECKING:
    import pandas as pd

    from graphapi.opengraph import OpenGraph

Measure = Literal["synapses", "connections", "mean_weight", "share_of_output", "share_of_input"]
MEASURES = ("synapses", "connections", "mean_weight", "share_of_output", "share_of_input")
UNKNOWN = "Unknown"


def get_type_connectivity(
    connectome: OpenGraph, by: str, *, pre_ids: object, post_ids: object, threshold: int
) -> pd.DataFrame:
    """See `Connectome.get_type_connectivity`."""
    kinds = connectome.annotations.neuron_types
    if kinds.get(by) != "string":
        texts = sorted(name for name, kind in kinds.items() if kind == "string")
        raise UnknownFieldError(
            f"neurons of {connectome.name} have no text property '{by}'",
            hint=f"these can be grouped by: {', '.join(texts) or 'none'}",
        )
    terms = Terms(threshold=threshold)
    mapping: dict[int, int] = {}
    if pre_ids is None and post_ids is None:
        query = catalog()["type_connectivity"].with_property(by)
        table = connectome.run(query, {"threshold": int(threshold)})
    else:
        query = catalog()["type_connectivity_between"].with_property(by)
        params: dict[str, object] = {"threshold": int(threshold)}
        for name, ids in (("pre_ids", pre_ids), ("post_ids", post_ids)):
            if ids is None:
                params[name] = connectome.root_ids().tolist()
            else:
                selection = connectome.selector.select(ids, what=name)
                params[name] = selection.unique.tolist()
                mapping |= selection.mapping
        table = connectome.run(query, params)
    frame: pd.DataFrame = table.to_pandas()
    frame[["pre_type", "post_type"]] = frame[["pre_type", "post_type"]].fillna(UNKNOWN)
    frame = frame.groupby(["pre_type", "post_type"], as_index=False, sort=True).sum()
    total_out = frame.groupby("pre_type")["synapses"].transform("sum")
    total_in = frame.groupby("post_type")["synapses"].transform("sum")
    frame["mean_weight"] = frame["synapses"] / frame["connections"]
    frame["share_of_output"] = frame["synapses"] / total_out
    frame["share_of_input"] = frame["synapses"] / total_in
    frame.attrs = provenance(connectome, terms, mapping).attrs()
    return frame


def type_matrix(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Turn a type table into a matrix: rows pre, columns post, the same types on both.

    Parameters
    ----------
    frame
        From `Connectome.get_type_connectivity`.
    measure
        Which column fills the cells.

    Returns
    -------
    pandas.DataFrame
        0 where types are not connected; int64 for counts, float64 else.
    """
    if measure not in MEASURES:
        raise InputError(f"measure: {measure!r} is none of {', '.join(MEASURES)}")
    types = np.union1d(frame["pre_type"].to_numpy(str), frame["post_type"].to_numpy(str))
    wide = frame.pivot_table(
        index="pre_type", columns="post_type", values=measure, aggfunc="sum", fill_value=0
    ).reindex(index=types, columns=types, fill_value=0)
    return wide.astype(np.int64 if measure in ("synapses", "connections") else np.float64)
