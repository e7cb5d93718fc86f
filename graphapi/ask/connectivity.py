"""Connections, adjacency matrices, synapse counts and synapse rows of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from graphapi.ask.regions import RegionReader, over_regions
from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph.results import Adjacency, Connections
from graphapi.graph.terms import Terms, Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import pyarrow as pa

    from graphapi.graph.selection import Selection
    from graphapi.ids import IdArray
    from graphapi.network.signs import Signs


class ConnectivityQuestions(RegionReader):
    """Questions about connections and synapses."""

    def get_connectivity(
        self,
        neuron_ids: object,
        upstream: bool = True,
        downstream: bool = True,
        threshold: int = 1,
        min_size: float | None = None,
        materialization: Version = "latest",
        clean: bool = True,
        update_ids: bool = True,
        *,
        regions: str | Sequence[str] | None = None,
        by_region: bool = False,
    ) -> pd.DataFrame:
        """Return all connections of some neurons.

        Parameters
        ----------
        neuron_ids
            Root ids of any integer-like kind, or `NeuronCriteria`.
        upstream
            Include connections onto the neurons.
        downstream
            Include connections from the neurons.
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        min_size
            Count only synapses of at least this size. None: the size the graph was loaded with.
        materialization
            `'latest'`: the graph's version. Another version, or `'live'`, queries CAVE.
        clean
            False keeps autapses, background (root 0) and unresolved ends (root 1); queries CAVE.
        update_ids
            Map stale ids to current ones; False raises an error for them.
        regions
            Count only synapses in these regions; `threshold` applies to their sum. None: all
            synapses. `get_regions` lists the regions of a graph.
        by_region
            Return a row for each region of a connection.

        Returns
        -------
        pandas.DataFrame
            `pre`, `post`, `weight`, int64. A connection between two of the neurons is listed
            once. Sorted by weight, largest first, then pre, then post. Without connections: no
            rows, the same dtypes. With `by_region` also `region`, and `weight` is that in the
            region; sorted by the weight of the whole connection, then pre, post, region.

        Raises
        ------
        UnknownRootIdError
            Some ids are not known.
        InputError
            The graph has no regions, or not these.
        CaveError
            The call needs CAVE, and CAVE did not give a complete answer.
        """
        terms = Terms(threshold, min_size, materialization, clean, update_ids)
        if not (upstream or downstream):
            raise InputError("upstream and downstream are both False")

        def ask(neuron_ids: IdArray) -> tuple[pd.DataFrame, tuple[IdArray, ...]]:
            if by_region or regions is not None:
                frame = self._connectivity_in(terms, neuron_ids, upstream, downstream, regions)
                if not by_region:
                    frame = Connections.from_frame(over_regions(frame)).sorted().to_frame()
            elif downstream and upstream:
                frame = self._fetch_around(terms, neuron_ids).to_frame()
            elif downstream:
                frame = self._fetch(terms, pre=neuron_ids, post=None).to_frame()
            else:
                frame = self._fetch(terms, pre=None, post=neuron_ids).to_frame()
            return frame, (frame["pre"].to_numpy(), frame["post"].to_numpy())

        frame, chosen = self._select_by(ask, terms, neuron_ids=neuron_ids)
        frame.attrs = self._provenance(terms, chosen["neuron_ids"]).attrs()
        frame.attrs |= self._region_attrs(terms, regions, by_region=by_region)
        return frame

    def _connectivity_in(
        self,
        terms: Terms,
        ids: IdArray,
        upstream: bool,
        downstream: bool,
        regions: str | Sequence[str] | None,
    ) -> pd.DataFrame:
        """Return the connections of neurons by region: `pre`, `post`, `region`, `weight`."""
        import pandas as pd

        parts = []
        if downstream:
            parts.append(self._region_rows(terms, regions, pre=ids, post=None))
        if upstream:
            into = self._region_rows(terms, regions, pre=None, post=ids)
            parts.append(into[~into["pre"].isin(ids)] if downstream else into)
        frame = pd.concat(parts, ignore_index=True)
        whole = frame.groupby(["pre", "post"])["weight"].transform("sum")
        order = np.lexsort((frame["region"], frame["post"], frame["pre"], -whole))
        return frame.iloc[order].reset_index(drop=True)

    @overload
    def get_adjacency(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        min_size: float | None = None,
        materialization: Version = "latest",
        symmetric: bool = False,
        clean: bool = True,
        update_ids: bool = True,
        *,
        regions: str | Sequence[str] | None = None,
        signed: bool = False,
        signs: Signs | None = None,
        form: Literal["frame"] = "frame",
    ) -> pd.DataFrame: ...

    @overload
    def get_adjacency(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        min_size: float | None = None,
        materialization: Version = "latest",
        symmetric: bool = False,
        clean: bool = True,
        update_ids: bool = True,
        *,
        regions: str | Sequence[str] | None = None,
        signed: bool = False,
        signs: Signs | None = None,
        form: Literal["sparse"],
    ) -> Adjacency: ...

    @overload
    def get_adjacency(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        min_size: float | None = None,
        materialization: Version = "latest",
        symmetric: bool = False,
        clean: bool = True,
        update_ids: bool = True,
        *,
        regions: str | Sequence[str] | None = None,
        signed: bool = False,
        signs: Signs | None = None,
        form: Literal["arrow"],
    ) -> pa.Table: ...

    def get_adjacency(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        min_size: float | None = None,
        materialization: Version = "latest",
        symmetric: bool = False,
        clean: bool = True,
        update_ids: bool = True,
        *,
        regions: str | Sequence[str] | None = None,
        signed: bool = False,
        signs: Signs | None = None,
        form: str = "frame",
    ) -> pd.DataFrame | Adjacency | pa.Table:
        """Return the adjacency matrix of weights between neurons.

        Parameters
        ----------
        pre_ids, post_ids
            Root ids or `NeuronCriteria` of rows and columns. At least one is required; if one is
            omitted, it is all partners of the other.
        threshold, min_size, materialization, clean, update_ids
            See `get_connectivity`.
        symmetric
            Use all neurons of both sides for rows and for columns. Weights stay directed.
        regions
            Count only synapses in these regions; see `get_connectivity`.
        signed
            Give each weight the sign of its presynaptic neuron, from the property `transmitter`.
            `threshold` applies to the number of synapses. Connections without a sign are left
            out. `.attrs['signs']` holds the table, its choice for neurons of unknown transmitter
            and their number, and the number of connections left out.
        signs
            With `signed`: `'fly'` (glutamate inhibits), `'mammal'` (glutamate excites), or a
            table of transmitter to 1, -1 or 0, with `unknown`; see `graphapi.SIGNS`. There is no
            default.
        form
            `'frame'`: a dense DataFrame. `'sparse'`: an `Adjacency` (labels, connections,
            `to_sparse()`) without zeros. `'arrow'`: an Arrow table `pre, post, weight`.

        Returns
        -------
        pandas.DataFrame or Adjacency or pyarrow.Table
            int64; rows are presynaptic, columns postsynaptic, both sorted by root id. Requested
            neurons without connections keep their row or column.

        Raises
        ------
        InputError
            Neither `pre_ids` nor `post_ids` is given, a dense matrix would not fit in memory, or
            `signed` is given without `signs`.
        UnknownRootIdError
            Some ids are not known.
        """
        if form not in ("frame", "sparse", "arrow"):
            raise InputError(f"form: {form!r} is not 'frame', 'sparse' or 'arrow'")
        if pre_ids is None and post_ids is None:
            raise InputError(
                "get_adjacency needs pre_ids, post_ids or both",
                hint="for the whole graph, use to_sparse()",
            )
        terms = Terms(threshold, min_size, materialization, clean, update_ids)

        def ask(
            pre_ids: IdArray | None = None, post_ids: IdArray | None = None
        ) -> tuple[Connections, tuple[IdArray, IdArray]]:
            found = self._found(terms, regions, pre=pre_ids, post=post_ids)
            return found, (found.pre, found.post)

        ends = {"pre_ids": pre_ids, "post_ids": post_ids}
        given = {what: ids for what, ids in ends.items() if ids is not None}
        found, chosen = self._select_by(ask, terms, **given)
        pre, post = chosen.get("pre_ids"), chosen.get("post_ids")
        rows = np.unique(found.pre) if pre is None else pre.unique
        columns = np.unique(found.post) if post is None else post.unique
        if symmetric:
            rows = columns = np.union1d(rows, columns)
        attrs = self._provenance(terms, pre, post).attrs() | self._region_attrs(terms, regions)
        if signed:
            found, attrs["signs"] = self._signed(found, signs, terms)
        matrix = Adjacency(rows, columns, found, attrs)
        if form == "sparse":
            return matrix
        return matrix.to_arrow() if form == "arrow" else matrix.to_frame()

    def get_synapse_counts(
        self,
        neuron_ids: object,
        threshold: int = 1,
        min_size: float | None = None,
        materialization: Version = "latest",
        clean: bool = True,
        update_ids: bool = True,
        *,
        regions: str | Sequence[str] | None = None,
        by_region: bool = False,
    ) -> pd.DataFrame:
        """Count the upstream and downstream partners and synapses of neurons.

        Parameters
        ----------
        neuron_ids
            Root ids of any integer-like kind, or `NeuronCriteria`.
        threshold
            Smallest weight of a connection that counts, in synapses, inclusive.
        min_size, materialization, clean, update_ids
            See `get_connectivity`.
        regions
            Count only synapses in these regions; see `get_connectivity`.
        by_region
            Return a row for each neuron and region where it has synapses. `threshold` applies
            to the sum over regions.

        Returns
        -------
        pandas.DataFrame
            Index `neuron_id`: the ids passed, in input order, with repeats. int64 columns with
            CRANTpy's names: `pre` (partners of the neuron as presynaptic: downstream) and `post`
            (upstream). The same with clear names: `downstream_partners`, `upstream_partners`.
            And the synapses of these connections: `output_synapses`, `input_synapses`. With
            `by_region`, the index is `neuron_id` and `region`, regions in alphabetical order.
        """
        import pandas as pd

        terms = Terms(threshold, min_size, materialization, clean, update_ids)
        if by_region:
            selection = self._select(neuron_ids, "neuron_ids", terms)
            return self._counts_by_region(terms, selection, regions)

        def ask(neuron_ids: IdArray) -> tuple[tuple[_Tally, _Tally], tuple[IdArray, IdArray]]:
            if regions is not None or not self._in_graph(terms):
                out = _tallied(self._found(terms, regions, pre=neuron_ids, post=None), "pre")
                into = _tallied(self._found(terms, regions, pre=None, post=neuron_ids), "post")
            elif terms.threshold == 1:
                out, into = self._summed_at_load(neuron_ids)
            else:
                out = self._counted("downstream_counts", neuron_ids, terms)
                into = self._counted("upstream_counts", neuron_ids, terms)
            return (out, into), (out.roots, into.roots)

        tallies, chosen = self._select_by(ask, terms, neuron_ids=neuron_ids)
        selection = chosen["neuron_ids"]
        out, into = (tally.of(selection) for tally in tallies)
        frame = pd.DataFrame(
            {
                "pre": out[0],
                "post": into[0],
                "downstream_partners": out[0],
                "upstream_partners": into[0],
                "output_synapses": out[1],
                "input_synapses": into[1],
            },
            index=pd.Index(selection.requested, name="neuron_id"),
        )
        frame.attrs = self._provenance(terms, selection).attrs()
        frame.attrs |= self._region_attrs(terms, regions)
        return frame

    def _summed_at_load(self, neuron_ids: IdArray) -> tuple[_Tally, _Tally]:
        """Read the totals that the load stored on the neurons, over all their connections."""
        table = self.run(catalog()["partners_of"], {"ids": neuron_ids.tolist()})
        out, into = (
            _Tally.of_columns(table, f"{way}_partners", f"{way}_synapses") for way in ("out", "in")
        )
        return out, into

    def _counted(self, query: str, neuron_ids: IdArray, terms: Terms) -> _Tally:
        params = {"ids": neuron_ids.tolist(), "threshold": int(terms.threshold)}
        return _Tally.of_columns(self.run(catalog()[query], params), "partners", "synapses")

    def get_synapses(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        min_size: float | None = None,
        materialization: Version = "latest",
        return_pixels: bool = True,
        clean: bool = True,
        update_ids: bool = True,
    ) -> pd.DataFrame:
        """Fetch all raw synapse rows of some neurons from CAVE.

        Parameters
        ----------
        pre_ids, post_ids
            Root ids or `NeuronCriteria`; at least one is required. Both: synapses from the first
            onto the second.
        threshold
            Keep the rows of connections with at least this many synapses.
        min_size
            Keep synapses of at least this size; applied before `threshold`. None: the size the
            graph was loaded with.
        materialization
            `'latest'`: the graph's version; or another version; or `'live'`.
        return_pixels
            Return positions in voxels of the datastack, as lists of int; False for nanometres.
        clean
            Drop autapses, and rows with background (root 0) or an unresolved end (root 1).
        update_ids
            Map stale ids to current ones; False raises an error for them.

        Returns
        -------
        pandas.DataFrame
            `pre_pt_root_id`, `post_pt_root_id`, then the table's other columns in their order.
            Rows are sorted by `id`.

        Raises
        ------
        IncompleteAnswerError
            CAVE's answer lacks rows that CAVE counted. A partial result is never returned.
        CaveError
            CAVE does not answer, or the graph was made from files.
        """
        terms = Terms(threshold, min_size, materialization, clean, update_ids)
        if pre_ids is None and post_ids is None:
            raise InputError("get_synapses needs pre_ids, post_ids or both")
        self.require_cave()
        pre, post = self._select_ends(pre_ids, post_ids, terms)
        return self._fetch_synapses(terms, pre, post, return_pixels=return_pixels)

    def get_cave_client(self) -> Any:
        """Return the `caveclient.CAVEclient` of the graph's datastack and version."""
        return self.require_cave().client()


@dataclass(frozen=True)
class _Tally:
    """Numbers of partners and synapses of some neurons, whose root ids are sorted."""

    roots: IdArray
    partners: IdArray
    synapses: IdArray

    @classmethod
    def of_columns(cls, table: pa.Table, partners: str, synapses: str) -> _Tally:
        return cls(*(table.column(name).to_numpy() for name in ("root_id", partners, synapses)))

    def of(self, selection: Selection) -> tuple[IdArray, IdArray]:
        """Return both numbers in the order of a selection; 0 where there is none."""
        zeros = np.zeros(len(selection.resolved), dtype=np.int64)
        if not len(self.roots):
            return zeros, zeros
        place = np.minimum(self.roots.searchsorted(selection.resolved), len(self.roots) - 1)
        there = self.roots[place] == selection.resolved
        return np.where(there, self.partners[place], 0), np.where(there, self.synapses[place], 0)


def _tallied(found: Connections, side: str) -> _Tally:
    roots, place = np.unique(found.pre if side == "pre" else found.post, return_inverse=True)
    partners = np.bincount(place, minlength=len(roots)).astype(np.int64)
    synapses = np.zeros(len(roots), dtype=np.int64)
    np.add.at(synapses, place, found.weight)
    return _Tally(roots, partners, synapses)
