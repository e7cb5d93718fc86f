"""Connectivity between types of neurons: sums, means and shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from graphapi.ask.properties import check_text_property
from graphapi.ask.regions import RegionReader, over_regions
from graphapi.common.palette import UNKNOWN
from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph.results import Connections
from graphapi.graph.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from graphapi.graph.selection import Selection
    from graphapi.network.signs import Signs

Measure = Literal[
    "synapses", "connections", "mean_weight", "share_of_output", "share_of_input", "signed_synapses"
]
MEASURES = get_args(Measure)
_WHOLE = ("synapses", "connections", "signed_synapses")


class TypeQuestions(RegionReader):
    """Questions about types of neurons."""

    def get_type_connectivity(
        self,
        by: str = "cell_class",
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        *,
        regions: str | Sequence[str] | None = None,
        by_region: bool = False,
        signed: bool = False,
        signs: Signs | None = None,
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
        regions
            Count only synapses in these regions; see `get_connectivity`.
        by_region
            Return a row for each region, with the column `region`.
        signed, signs
            Add the column `signed_synapses` (int64): synapses of excitatory minus those of
            inhibitory neurons. See `get_adjacency` for the table of signs, which must be given.

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
        check_text_property(self, by)
        terms = Terms(threshold=threshold)
        pre, post = self._select_ends(pre_ids, post_ids, terms)
        frame: pd.DataFrame
        if by_region or regions is not None:
            frame = self._types_in(by, terms, pre, post, regions, by_region=by_region)
        else:
            frame = self._type_table(by, threshold, pre, post)
        total_out = frame.groupby("pre_type")["synapses"].transform("sum")
        total_in = frame.groupby("post_type")["synapses"].transform("sum")
        frame["mean_weight"] = frame["synapses"] / frame["connections"]
        frame["share_of_output"] = frame["synapses"] / total_out
        frame["share_of_input"] = frame["synapses"] / total_in
        frame.attrs = self._provenance(terms, pre, post).attrs()
        frame.attrs |= self._region_attrs(terms, regions, by_region=by_region)
        if signed:
            ends = {
                "pre": None if pre is None else pre.unique,
                "post": None if post is None else post.unique,
            }
            if by_region:
                rows = self._region_rows(terms, regions, **ends)
            else:
                rows = self._found(terms, regions, **ends).to_frame()
            self._add_signed(frame, by, rows, terms, signs)
        return frame

    def _type_table(
        self, by: str, threshold: int, pre: Selection | None, post: Selection | None
    ) -> pd.DataFrame:
        """Sum connections and synapses by type, in the database."""
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
        return frame.groupby(["pre_type", "post_type"], as_index=False, sort=True).sum()

    def _types_in(
        self,
        by: str,
        terms: Terms,
        pre: Selection | None,
        post: Selection | None,
        regions: str | Sequence[str] | None,
        *,
        by_region: bool,
    ) -> pd.DataFrame:
        """Sum connections and synapses in regions by type."""
        rows = self._region_rows(
            terms,
            regions,
            pre=None if pre is None else pre.unique,
            post=None if post is None else post.unique,
        )
        if not by_region:
            rows = over_regions(rows)
        types = self._types(by)
        roots = self.root_ids()
        for end in ("pre", "post"):
            rows[f"{end}_type"] = types[np.searchsorted(roots, rows[end])]
        keys = ["pre_type", "post_type", *(["region"] if by_region else [])]
        found = rows.groupby(keys)["weight"].agg(["size", "sum"]).reset_index()
        return found.rename(columns={"size": "connections", "sum": "synapses"})

    def _types(self, by: str) -> np.ndarray[Any, np.dtype[np.object_]]:
        """Return the type of every neuron, in the order of root ids."""
        names = [UNKNOWN if v is None else v for v in self.annotations.neuron_column(by)]
        return np.array(names, dtype=object)

    def _add_signed(
        self,
        frame: pd.DataFrame,
        by: str,
        rows: pd.DataFrame,
        terms: Terms,
        signs: Signs | None,
    ) -> None:
        """Add signed synapses to a type table, from rows of single connections."""
        import pandas as pd

        keys = [name for name in ("pre_type", "post_type", "region") if name in frame.columns]
        pairs = rows.groupby(["pre", "post"])["weight"].sum().reset_index()
        found, frame.attrs["signs"] = self._signed(Connections.from_frame(pairs), signs, terms)
        sign = found.to_frame()
        sign["sign"] = np.sign(sign.pop("weight"))
        rows = rows.merge(sign, on=["pre", "post"], how="inner")
        rows["signed_synapses"] = rows["weight"] * rows["sign"]
        types, roots = self._types(by), self.root_ids()
        for end in ("pre", "post"):
            rows[f"{end}_type"] = types[np.searchsorted(roots, rows[end])]
        sums = rows.groupby(keys)["signed_synapses"].sum()
        places = pd.MultiIndex.from_frame(frame[keys])
        frame["signed_synapses"] = sums.reindex(places, fill_value=0).to_numpy(dtype=np.int64)


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
    if measure not in frame.columns:
        raise InputError(
            f"the type table has no {measure}", hint="get_type_connectivity(..., signed=True)"
        )
    types = np.union1d(frame["pre_type"].to_numpy(str), frame["post_type"].to_numpy(str))
    wide = frame.pivot_table(
        index="pre_type", columns="post_type", values=measure, aggfunc="sum", fill_value=0
    ).reindex(index=types, columns=types, fill_value=0)
    return wide.astype(np.int64 if measure in _WHOLE else np.float64)
