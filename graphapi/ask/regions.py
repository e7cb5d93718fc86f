"""Connections within brain regions, the regions of a graph, and the whole graph as a matrix."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.ask.signed import SignedReader
from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph.results import Adjacency, Connections
from graphapi.graph.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from graphapi.ids import IdArray
    from graphapi.network.signs import Signs

#: Most regions that a message lists.
_LISTED = 12


class RegionReader(SignedReader):
    """A reader that can limit connections to regions."""

    def get_regions(self, neuron_ids: object = None) -> pd.DataFrame:
        """Return the regions of the graph, with their connections and synapses.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`: the regions of each of these neurons. None: all regions.

        Returns
        -------
        pandas.DataFrame
            Without `neuron_ids`: `region`, `connections`, `synapses`, most synapses first. With
            them: `root_id`, `region`, `in_synapses`, `out_synapses`, `in_partners`,
            `out_partners`, sorted by root id, most synapses first. Counts are int64, without
            autapses. `unassigned` is the region of synapses whose source has none for them.

        Raises
        ------
        InputError
            The graph has no regions.
        """
        import pandas as pd

        terms = Terms()
        names = self._region_names(None, terms)
        if neuron_ids is None:
            frame: pd.DataFrame = self.run(catalog()["region_sizes"]).to_pandas()
            frame.attrs = self._provenance(terms).attrs()
            return frame
        selection = self._select(neuron_ids, "neuron_ids", terms)
        ids = selection.unique
        sides = []
        for side, end in (("out", "pre"), ("in", "post")):
            rows = self._region_rows(terms, names, **{"pre": None, "post": None, end: ids})
            summed = rows.groupby([end, "region"])["weight"].agg(["sum", "size"])
            summed.index.names = ["root_id", "region"]
            summed.columns = pd.Index([f"{side}_synapses", f"{side}_partners"])
            sides.append(summed)
        frame = pd.concat(sides, axis=1).fillna(0).astype(np.int64).reset_index()
        frame["all"] = frame["in_synapses"] + frame["out_synapses"]
        frame = frame.sort_values(
            ["root_id", "all", "region"], ascending=[True, False, True], ignore_index=True
        )
        frame = frame[
            ["root_id", "region", "in_synapses", "out_synapses", "in_partners", "out_partners"]
        ]
        frame.attrs = self._provenance(terms, selection).attrs()
        return frame

    def to_sparse(
        self,
        threshold: int = 1,
        *,
        regions: str | Sequence[str] | None = None,
        signed: bool = False,
        signs: Signs | None = None,
    ) -> Adjacency:
        """Return the whole graph as an `Adjacency`; its `.to_sparse()` returns the CSR matrix.

        The graph is read once and kept for all calls that need it. Connections are sorted by pre,
        then post.

        Parameters
        ----------
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        regions
            Count only synapses in these regions; see `get_connectivity`.
        signed, signs
            Give weights the sign of the presynaptic neuron; see `get_adjacency`.
        """
        terms = Terms(threshold=threshold)
        whole = self._whole(terms) if regions is None else self._whole_in(terms, regions)
        if not signed:
            return whole
        found, told = self._signed(whole.connections, signs, terms)
        return Adjacency(whole.pre_ids, whole.post_ids, found, {**whole.attrs, "signs": told})

    def _region_names(self, regions: str | Sequence[str] | None, terms: Terms) -> list[str]:
        """Check the names of regions; None stands for all that the graph has.

        Raises
        ------
        InputError
            The graph has no regions, or not this one, or the call is about other synapses.
        """
        known = self.materialization.regions
        if not known:
            raise InputError(
                f"{self.name} has no regions",
                hint="load rows that have a column of regions; name it with --column region=NAME",
            )
        if not self._in_graph(terms):
            raise InputError(
                "regions are known for the graph's own synapses only",
                hint="leave out materialization, min_size and clean=False, or regions",
            )
        if regions is None:
            return list(known)
        asked = _listed(regions)
        if not asked:
            raise InputError("regions: the list is empty", hint="None counts all regions")
        if missing := [name for name in asked if name not in known]:
            close = difflib.get_close_matches(str(missing[0]), known, n=3)
            meant = f"did you mean {' or '.join(close)}? " if close else ""
            more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
            raise InputError(
                f"regions: {self.name} has no region {missing[0]!r}",
                hint=f"{meant}regions here: {', '.join(known[:_LISTED])}{more} (get_regions())",
            )
        return asked

    def _region_rows(
        self, terms: Terms, names: Sequence[str], *, pre: IdArray | None, post: IdArray | None
    ) -> pd.DataFrame:
        """Return `pre`, `post`, `region`, `weight` of pairs with enough synapses there."""
        params: dict[str, object] = {"regions": list(names)}
        if pre is not None and post is not None:
            query = "between_in_regions"
            params |= {"pre_ids": pre.tolist(), "post_ids": post.tolist()}
        elif pre is not None or post is not None:
            query = "upstream_in_regions" if pre is None else "downstream_in_regions"
            ids = post if pre is None else pre
            params["ids"] = [] if ids is None else ids.tolist()
        else:
            query = "all_in_regions"
        rows: pd.DataFrame = self.run(catalog()[query], params).to_pandas()
        if terms.threshold > 1 and len(rows):
            whole = rows.groupby(["pre", "post"])["weight"].transform("sum")
            rows = rows[whole >= terms.threshold].reset_index(drop=True)
        return rows

    def _whole_in(self, terms: Terms, regions: str | Sequence[str]) -> Adjacency:
        """Return all connections with their weights in some regions, as `_whole` does."""
        names = self._region_names(regions, terms)
        rows = over_regions(self._region_rows(terms, names, pre=None, post=None))
        roots = self.root_ids()
        attrs = self._provenance(terms).attrs() | region_attrs(regions)
        return Adjacency(roots, roots, Connections.from_frame(rows), attrs)

    def _fetch_in(
        self,
        terms: Terms,
        regions: str | Sequence[str],
        *,
        pre: IdArray | None,
        post: IdArray | None,
    ) -> Connections:
        """Return connections with their weights in some regions, as `_fetch` does."""
        rows = self._region_rows(terms, self._region_names(regions, terms), pre=pre, post=post)
        return Connections.from_frame(over_regions(rows)).sorted()

    def _found(
        self,
        terms: Terms,
        regions: str | Sequence[str] | None,
        *,
        pre: IdArray | None,
        post: IdArray | None,
    ) -> Connections:
        """Return connections, in some regions if regions are given."""
        if regions is None:
            return self._fetch(terms, pre=pre, post=post)
        return self._fetch_in(terms, regions, pre=pre, post=post)


def _listed(regions: str | Sequence[str]) -> list[str]:
    return [regions] if isinstance(regions, str) else list(dict.fromkeys(regions))


def over_regions(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum `pre`, `post`, `region`, `weight` over the regions of each pair, in order of pairs."""
    return rows.groupby(["pre", "post"])["weight"].sum().reset_index()


def region_attrs(regions: str | Sequence[str] | None) -> dict[str, Any]:
    """Return what a result says of its regions, for `.attrs`; empty for all regions."""
    return {} if regions is None else {"regions": _listed(regions)}
