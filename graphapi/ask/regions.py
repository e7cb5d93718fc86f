"""Connections within brain regions, the regions of a graph, and the whole graph as a matrix."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.ask.signed import SignedReader
from graphapi.common.notices import notice
from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph.results import Adjacency, Connections
from graphapi.graph.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import pandas as pd

    from graphapi.graph.selection import Selection
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
        terms = Terms()
        if neuron_ids is None:
            self._region_names(None)
            frame: pd.DataFrame = self.run(catalog()["region_sizes"]).to_pandas()
            frame.attrs = self._provenance(terms).attrs()
            return frame
        selection = self._select(neuron_ids, "neuron_ids", terms)
        frame = self._sums_by_region(terms, None, selection.unique)
        frame["all"] = frame["in_synapses"] + frame["out_synapses"]
        frame = frame.sort_values(
            ["root_id", "all", "region"], ascending=[True, False, True], ignore_index=True
        )
        frame = frame[
            ["root_id", "region", "in_synapses", "out_synapses", "in_partners", "out_partners"]
        ]
        frame.attrs = self._provenance(terms, selection).attrs()
        frame.attrs |= self._region_attrs(terms, None, by_region=True)
        return frame

    def _sums_by_region(
        self, terms: Terms, regions: str | Sequence[str] | None, ids: IdArray
    ) -> pd.DataFrame:
        """Return `root_id`, `region`, and synapses and partners of neurons each way there."""
        import pandas as pd

        sides = []
        for side, end in (("out", "pre"), ("in", "post")):
            rows = self._region_rows(terms, regions, **{"pre": None, "post": None, end: ids})
            summed = rows.groupby([end, "region"])["weight"].agg(["sum", "size"])
            summed.index.names = ["root_id", "region"]
            summed.columns = pd.Index([f"{side}_synapses", f"{side}_partners"])
            sides.append(summed)
        return pd.concat(sides, axis=1).fillna(0).astype(np.int64).reset_index()

    def _counts_by_region(
        self, terms: Terms, selection: Selection, regions: str | Sequence[str] | None
    ) -> pd.DataFrame:
        """Return synapse counts with a row for each neuron and region."""
        import pandas as pd

        named = {
            "pre": "out_partners", "post": "in_partners", "downstream_partners": "out_partners",
            "upstream_partners": "in_partners", "output_synapses": "out_synapses",
            "input_synapses": "in_synapses",
        }  # fmt: skip
        asked = pd.DataFrame({"neuron_id": selection.requested, "root_id": selection.resolved})
        found = self._sums_by_region(terms, regions, selection.unique)
        rows = asked.merge(found.sort_values(["root_id", "region"]), on="root_id", how="inner")
        index = pd.MultiIndex.from_frame(rows[["neuron_id", "region"]])
        frame = pd.DataFrame(
            {ours: rows[theirs].to_numpy() for ours, theirs in named.items()}, index=index
        )
        frame.attrs = self._provenance(terms, selection).attrs()
        frame.attrs |= self._region_attrs(terms, regions, by_region=True)
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

    def _region_names(self, regions: str | Sequence[str] | None) -> list[str]:
        """Check the names of regions; None stands for all that the graph has.

        Raises
        ------
        InputError
            The graph has no regions, or not this one.
        """
        known = self.materialization.regions
        if not known:
            raise InputError(
                f"{self.name} has no regions",
                hint="load it again: rows with a column of regions (--column region=NAME), or "
                "--regions with a CAVE table or a volume",
            )
        if regions is None:
            return list(known)
        asked = _listed(regions)
        if missing := [name for name in asked if name not in known]:
            close = difflib.get_close_matches(str(missing[0]), known, n=3)
            meant = f"did you mean {' or '.join(close)}? " if close else ""
            more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
            raise InputError(
                f"regions: {self.name} has no region {missing[0]!r}",
                hint=f"{meant}regions here: {', '.join(known[:_LISTED])}{more} (get_regions())",
            )
        return asked

    def _regions_here(self, terms: Terms) -> bool:
        """Return whether the graph itself answers about regions, and not CAVE.

        Raises
        ------
        InputError
            Neither can.
        """
        known = self.materialization.regions
        if known and self._in_graph(terms):
            return True
        if self.cave_source is not None and "column" in self.materialization.region_source:
            return False
        if known:
            raise InputError(
                "regions are known for the graph's own synapses only",
                hint="leave out materialization, min_size and clean=False, or regions",
            )
        self._region_names(None)
        return True

    def _region_rows(
        self,
        terms: Terms,
        regions: str | Sequence[str] | None,
        *,
        pre: IdArray | None,
        post: IdArray | None,
    ) -> pd.DataFrame:
        """Return `pre`, `post`, `region`, `weight` of pairs with enough synapses there."""
        if regions is not None and not _listed(regions):
            raise InputError("regions: the list is empty", hint="None counts all regions")
        if self._regions_here(terms):
            rows = self._rows_of_graph(self._region_names(regions), pre=pre, post=post)
        else:
            rows = self._rows_of_cave(terms, regions, pre=pre, post=post)
        if terms.threshold > 1 and len(rows):
            whole = rows.groupby(["pre", "post"])["weight"].transform("sum")
            rows = rows[whole >= terms.threshold].reset_index(drop=True)
        return rows

    def _rows_of_graph(
        self, names: Sequence[str], *, pre: IdArray | None, post: IdArray | None
    ) -> pd.DataFrame:
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
        return rows

    def _rows_of_cave(
        self,
        terms: Terms,
        regions: str | Sequence[str] | None,
        *,
        pre: IdArray | None,
        post: IdArray | None,
    ) -> pd.DataFrame:
        if pre is None and post is None:
            raise InputError(
                f"{self.name} has no regions, and CAVE is asked for some neurons only",
                hint="give neurons; or load the graph again with --regions",
            )
        rows = self.require_cave().in_regions(terms, self._cave_version(terms), pre, post)
        if regions is None:
            return rows
        asked, there = _listed(regions), sorted(set(rows["region"]))
        known = {*there, *self.materialization.regions}
        if missing := [name for name in asked if name not in known]:
            notice(
                f"regions: none of these synapses is in {', '.join(missing)}; they are in "
                f"{', '.join(there[:_LISTED]) or 'no region'}"
            )
        return rows[rows["region"].isin(asked)].reset_index(drop=True)

    def _region_attrs(
        self, terms: Terms, regions: str | Sequence[str] | None, *, by_region: bool = False
    ) -> dict[Hashable | None, Any]:
        """Return what a result says of its regions, for `.attrs`; empty if none were asked for."""
        if regions is None and not by_region:
            return {}
        told: dict[Hashable | None, Any] = {}
        if regions is not None:
            told["regions"] = _listed(regions)
        return told if self._regions_here(terms) else told | {"source": "cave"}

    def _whole_in(self, terms: Terms, regions: str | Sequence[str]) -> Adjacency:
        """Return all connections with their weights in some regions, as `_whole` does."""
        rows = over_regions(self._region_rows(terms, regions, pre=None, post=None))
        roots = self.root_ids()
        attrs = self._provenance(terms).attrs() | self._region_attrs(terms, regions)
        return Adjacency(roots, roots, Connections.from_frame(rows), attrs)

    def _found(
        self,
        terms: Terms,
        regions: str | Sequence[str] | None,
        *,
        pre: IdArray | None,
        post: IdArray | None,
    ) -> Connections:
        """Return connections, with their weights in some regions if regions are given."""
        if regions is None:
            return self._fetch(terms, pre=pre, post=post)
        rows = self._region_rows(terms, regions, pre=pre, post=post)
        return Connections.from_frame(over_regions(rows)).sorted()


def _listed(regions: str | Sequence[str]) -> list[str]:
    return [regions] if isinstance(regions, str) else list(dict.fromkeys(regions))


def over_regions(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum `pre`, `post`, `region`, `weight` over the regions of each pair, in order of pairs."""
    return rows.groupby(["pre", "post"])["weight"].sum().reset_index()
