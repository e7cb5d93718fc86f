"""Who connects to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from graphapi import connectivity as _connectivity
from graphapi.connectivity import Materialization as Version
from graphapi.connectivity import Terms
from graphapi.errors import InputError
from graphapi.opengraph import OpenGraph

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class ConnectivityCalls(OpenGraph):
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
    ) -> pd.DataFrame:
        """Give all connections of some neurons.

        Parameters
        ----------
        neuron_ids
            Root ids of any integer-like kind, or `NeuronCriteria`.
        upstream
            Include connections onto the neurons.
        downstream
            Include connections from the neurons.
        threshold
            Smallest weight of an ordered pair, in synapses, inclusive.
        min_size
            Count only synapses of at least this size. None: as the graph was loaded.
        materialization
            `'latest'`: the graph's version. Another version or `'live'` asks CAVE.
        clean
            False keeps autapses, background (root 0) and unresolved ends (root 1); asks CAVE.
        update_ids
            Map ids that are not current; False refuses them.

        Returns
        -------
        pandas.DataFrame
            `pre`, `post`, `weight`, int64; a connection between two of the neurons is there
            once. By weight, largest first, then pre, then post. Empty with the same dtypes
            where there is none.

        Raises
        ------
        UnknownRootIdError
            Ids that are not known.
        CaveError
            CAVE had to be asked and could not answer in full.
        """
        terms = Terms(threshold, min_size, materialization, clean, update_ids)
        return _connectivity.get_connectivity(
            self, neuron_ids, terms, upstream=upstream, downstream=downstream
        )

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
        form: Literal["sparse"],
    ) -> _connectivity.Adjacency: ...

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
        form: str = "frame",
    ) -> pd.DataFrame | _connectivity.Adjacency | pa.Table:
        """Give the matrix of weights between neurons.

        Parameters
        ----------
        pre_ids, post_ids
            Root ids or `NeuronCriteria` of rows and columns; at least one of them. A side
            that is left out has every partner of the other side.
        threshold, min_size, materialization, clean, update_ids
            See `get_connectivity`.
        symmetric
            Rows and columns have the same neurons: all of both sides. Weights stay directed.
        form
            `'frame'`: dense. `'sparse'`: an `Adjacency` (labels, connections, `to_sparse()`)
            without the zeros. `'arrow'`: an Arrow table `pre, post, weight`.

        Returns
        -------
        pandas.DataFrame or Adjacency or pyarrow.Table
            Rows are presynaptic, columns postsynaptic, both ascending, int64. Neurons that
            were asked for keep their row or column where they have no connection.

        Raises
        ------
        InputError
            Neither side is given, or a dense matrix would not fit in memory.
        UnknownRootIdError
            Ids that are not known.
        """
        if form not in ("frame", "sparse", "arrow"):
            raise InputError(f"form: {form!r} is none of 'frame', 'sparse', 'arrow'")
        terms = Terms(threshold, min_size, materialization, clean, update_ids)
        found = _connectivity.get_adjacency(self, pre_ids, post_ids, terms, symmetric=symmetric)
        if form == "sparse":
            return found
        return found.to_arrow() if form == "arrow" else found.to_frame()

    def get_synapse_counts(
        self,
        neuron_ids: object,
        threshold: int = 1,
        min_size: float | None = None,
        materialization: Version = "latest",
        clean: bool = True,
        update_ids: bool = True,
    ) -> pd.DataFrame:
        """Count partners and synapses of neurons, each way.

        Parameters
        ----------
        neuron_ids
            Root ids of any integer-like kind, or `NeuronCriteria`.
        threshold
            Smallest weight of a connection that counts, in synapses, inclusive.
        min_size, materialization, clean, update_ids
            See `get_connectivity`.

        Returns
        -------
        pandas.DataFrame
            Index `neuron_id`: the ids asked for, in their order, repeats kept. int64 columns
            `pre` (partners where the neuron is presynaptic: downstream) and `post`
            (upstream), as CRANTpy names them, and the same in plain words:
            `downstream_partners`, `upstream_partners`; and `output_synapses`,
            `input_synapses` over these connections.
        """
        terms = Terms(threshold, min_size, materialization, clean, update_ids)
        return _connectivity.get_synapse_counts(self, neuron_ids, terms)

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
        """Fetch raw synapse rows from CAVE, all of them.

        Parameters
        ----------
        pre_ids, post_ids
            Root ids or `NeuronCriteria`; at least one of them. Both: synapses from the one
            to the other.
        threshold
            Keep the rows of ordered pairs with at least this many synapses.
        min_size
            Keep synapses of at least this size; applied before `threshold`. None: as the
            graph was loaded.
        materialization
            `'latest'`: the graph's version; a version; or `'live'`.
        return_pixels
            Positions in voxels of the datastack, as lists of int; False: in nanometres.
        clean
            Leave out autapses and rows with background (root 0) or an unresolved end (root 1).
        update_ids
            Map ids that are not current; False refuses them.

        Returns
        -------
        pandas.DataFrame
            `pre_pt_root_id`, `post_pt_root_id`, then the table's own columns in its own order;
            rows ascending by `id`.

        Raises
        ------
        IncompleteAnswerError
            CAVE's answer lacks rows that it has counted; never a partial frame.
        CaveError
            CAVE cannot be asked, or the graph was made from files.
        """
        terms = Terms(threshold, min_size, materialization, clean, update_ids)
        if pre_ids is None and post_ids is None:
            raise InputError("get_synapses needs pre_ids, post_ids or both")
        return self.require_cave().synapses(pre_ids, post_ids, terms, return_pixels=return_pixels)

    def get_cave_client(self) -> Any:
        """Give the `caveclient.CAVEclient` of the graph's datastack and version."""
        return self.require_cave().client()
