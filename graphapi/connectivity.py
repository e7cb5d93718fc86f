"""Connections of neurons: from the graph, or from complete CAVE rows where it must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph.results import Connections, Provenance
from graphapi.graph.whole import whole_table

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd
    import pyarrow as pa
    import scipy.sparse as sp

    from graphapi.engines.queries import Query
    from graphapi.graph.selection import Selection
    from graphapi.ids import IdArray
    from graphapi.opengraph import OpenGraph

Materialization = int | Literal["latest", "live"] | str
#: Most cells of a matrix that is still made as a frame: 3.2 GB of int64.
MOST_DENSE_CELLS = 400_000_000
_MOST_SYNAPSES = np.iinfo(np.int64).max


def check_min_size(min_size: object) -> None:
    """Refuse what is no size of a synapse; None means no smallest size.

    Raises
    ------
    InputError
        It is negative, infinite, not a number, or no number at all.
    """
    if min_size is None:
        return
    number = isinstance(min_size, (int, float, np.integer, np.floating))
    if not number or isinstance(min_size, bool) or not 0 <= min_size < np.inf:  # type: ignore[operator]
        raise InputError(
            f"min_size: {min_size!r} is no size",
            hint="a number in the units of the synapse table's size column, from 0 up",
        )


@dataclass(frozen=True)
class Terms:
    """What counts as a connection in a call.

    Parameters
    ----------
    threshold
        Smallest weight of an ordered pair, in synapses, inclusive.
    min_size
        Smallest size of a synapse, inclusive; None for what the graph was loaded with.
    materialization
        A version; `latest` for the graph's own; `live` for now.
    clean
        Leave out autapses and rows with background on one side.
    update_ids
        Map ids that are not current.
    moment
        What `live` means: one moment for all of a call, also where it asks CAVE several times.
    """

    threshold: int = 1
    min_size: float | None = None
    materialization: Materialization = "latest"
    clean: bool = True
    update_ids: bool = True
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        if isinstance(self.threshold, bool) or not isinstance(self.threshold, (int, np.integer)):
            raise InputError(f"threshold: {self.threshold!r} is no whole number of synapses")
        if self.threshold < 1:
            raise InputError(
                f"threshold: {self.threshold} is less than 1",
                hint="1 keeps every connection; a pair without synapses is no connection",
            )
        if self.threshold > _MOST_SYNAPSES:
            raise InputError(f"threshold: {self.threshold} is more synapses than any pair can have")
        check_min_size(self.min_size)
        if isinstance(self.materialization, bool):
            raise InputError(f"materialization: {self.materialization} is no version")


def get_connectivity(
    connectome: OpenGraph, neuron_ids: object, terms: Terms, *, upstream: bool, downstream: bool
) -> pd.DataFrame:
    """See `Connectome.get_connectivity`."""
    if not (upstream or downstream):
        raise InputError("upstream and downstream are both False: nothing is asked for")
    selection = _select(connectome, neuron_ids, "neuron_ids", terms)
    ids = selection.unique
    if downstream and upstream and in_graph(connectome, terms):
        parts = _both_ways(connectome, terms, ids)
    else:
        parts = []
        if downstream:
            parts.append(fetch(connectome, terms, pre=ids, post=None))
        if upstream:
            parts.append(fetch(connectome, terms, pre=None, post=ids))
    if downstream and upstream:  # what lies between the given neurons came with the first part
        parts[1] = parts[1].where(~np.isin(parts[1].pre, ids))
    found = parts[0] if len(parts) == 1 else parts[0].joined(parts[1]).sorted()
    frame = found.to_frame()
    frame.attrs = provenance(connectome, terms, selection).attrs()
    return frame


@dataclass(frozen=True)
class Adjacency:
    """A matrix of weights with its labels.

    Parameters
    ----------
    pre_ids, post_ids
        Row and column labels, int64, ascending.
    connections
        The non-zero cells.
    attrs
        Where the weights come from, as in the `.attrs` of frames.
    """

    pre_ids: IdArray
    post_ids: IdArray
    connections: Connections
    attrs: dict[Hashable | None, Any] = field(default_factory=dict)

    def to_sparse(self) -> sp.csr_array:
        """Give the weights as int64 CSR, rows = `pre_ids`, columns = `post_ids`."""
        import scipy.sparse as sp

        rows = np.searchsorted(self.pre_ids, self.connections.pre)
        columns = np.searchsorted(self.post_ids, self.connections.post)
        shape = (len(self.pre_ids), len(self.post_ids))
        return sp.csr_array((self.connections.weight, (rows, columns)), shape=shape)

    def to_arrow(self) -> pa.Table:
        """Give the non-zero cells as an Arrow table `pre, post, weight`, int64.

        The schema's metadata holds `attrs` as JSON, under `cavegraph`.
        """
        import json

        import pyarrow as pa

        columns = {
            "pre": self.connections.pre,
            "post": self.connections.post,
            "weight": self.connections.weight,
        }
        # ids in JSON are texts
        told = {str(name): value for name, value in self.attrs.items()}
        if mapping := told.get("id_mapping"):
            told["id_mapping"] = {str(old): str(new) for old, new in mapping.items()}
        return pa.table(columns, metadata={"cavegraph": json.dumps(told)})

    def to_frame(self) -> pd.DataFrame:
        """Give the dense matrix, int64, index and columns without a name; with `attrs`.

        Raises
        ------
        InputError
            The matrix would be larger than 3.2 GB.
        """
        import pandas as pd

        if len(self.pre_ids) * len(self.post_ids) > MOST_DENSE_CELLS:
            raise InputError(
                f"a dense matrix of {len(self.pre_ids):,} x {len(self.post_ids):,} neurons "
                "does not fit in memory",
                hint="ask for form='sparse' or form='arrow'",
            )
        values = np.zeros((len(self.pre_ids), len(self.post_ids)), dtype=np.int64)
        rows = np.searchsorted(self.pre_ids, self.connections.pre)
        values[rows, np.searchsorted(self.post_ids, self.connections.post)] = (
            self.connections.weight
        )
        frame = pd.DataFrame(values, index=pd.Index(self.pre_ids), columns=pd.Index(self.post_ids))
        frame.attrs = dict(self.attrs)
        return frame


def get_adjacency(
    connectome: OpenGraph, pre_ids: object, post_ids: object, terms: Terms, *, symmetric: bool
) -> Adjacency:
    """See `Connectome.get_adjacency`."""
    if pre_ids is None and post_ids is None:
        raise InputError(
            "get_adjacency needs pre_ids, post_ids or both",
            hint="for the whole graph use to_sparse()",
        )
    pre = None if pre_ids is None else _select(connectome, pre_ids, "pre_ids", terms)
    post = None if post_ids is None else _select(connectome, post_ids, "post_ids", terms)
    found = fetch(
        connectome,
        terms,
        pre=None if pre is None else pre.unique,
        post=None if post is None else post.unique,
    )
    rows = np.unique(found.pre) if pre is None else pre.unique
    columns = np.unique(found.post) if post is None else post.unique
    if symmetric:
        rows = columns = np.union1d(rows, columns)
    mapping = {**(pre.mapping if pre else {}), **(post.mapping if post else {})}
    return Adjacency(rows, columns, found, provenance(connectome, terms, mapping).attrs())


def get_synapse_counts(connectome: OpenGraph, neuron_ids: object, terms: Terms) -> pd.DataFrame:
    """See `Connectome.get_synapse_counts`."""
    import pandas as pd

    selection = _select(connectome, neuron_ids, "neuron_ids", terms)
    if in_graph(connectome, terms) and terms.threshold == 1:
        out, into = _summed_at_load(connectome, selection)
    elif in_graph(connectome, terms):
        out = _counted(connectome, "downstream_counts", selection, terms)
        into = _counted(connectome, "upstream_counts", selection, terms)
    else:
        out = _tallied(fetch(connectome, terms, pre=selection.unique, post=None), "pre", selection)
        into = _tallied(
            fetch(connectome, terms, pre=None, post=selection.unique), "post", selection
        )
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
    frame.attrs = provenance(connectome, terms, selection).attrs()
    return frame


def fetch(
    connectome: OpenGraph, terms: Terms, *, pre: IdArray | None, post: IdArray | None
) -> Connections:
    """Find the connections from `pre` to `post`; None stands for all neurons.

    Parameters
    ----------
    connectome
        The open graph.
    terms
        What counts as a connection.
    pre, post
        Current root ids, each once. Both None: the whole graph.

    Returns
    -------
    Connections
        By weight, largest first, then pre, then post.
    """
    if (pre is not None and not len(pre)) or (post is not None and not len(post)):
        nothing = np.array([], dtype=np.int64)
        return Connections(nothing, nothing, nothing)
    if not in_graph(connectome, terms):
        return connectome.require_cave().connections(terms, pre=pre, post=post).sorted()
    if pre is not None and post is not None:
        query = catalog()["between"]
        params: dict[str, object] = {"threshold": int(terms.threshold)}
        params |= {"pre_ids": pre.tolist(), "post_ids": post.tolist()}
    elif pre is not None:
        query, params = _one_way("downstream", pre, terms)
    elif post is not None:
        query, params = _one_way("upstream", post, terms)
    else:
        return Connections.from_arrow(whole_table(connectome, terms.threshold))
    return Connections.from_arrow(connectome.run(query, params))


def _both_ways(connectome: OpenGraph, terms: Terms, ids: IdArray) -> list[Connections]:
    """Find what goes out of neurons and what comes in, by one round to the database."""
    if not len(ids):
        return [Connections(ids, ids, ids)] * 2
    asked = [_one_way(way, ids, terms) for way in ("downstream", "upstream")]
    return [Connections.from_arrow(answer) for answer in connectome.run_together(asked)]


def _one_way(way: str, ids: IdArray, terms: Terms) -> tuple[Query, dict[str, object]]:
    """Choose the query: that for one neuron is the quickest."""
    threshold: dict[str, object] = {"threshold": int(terms.threshold)}
    if len(ids) == 1:
        return catalog()[f"{way}_of_one"], {"id": int(ids[0]), **threshold}
    return catalog()[way], {"ids": ids.tolist(), **threshold}


def in_graph(connectome: OpenGraph, terms: Terms) -> bool:
    """Tell whether the graph itself can answer exactly on these terms."""
    made = connectome.materialization
    own_version = terms.materialization == "latest" or terms.materialization == made.version
    own_size = terms.min_size is None or terms.min_size == made.min_size
    return own_version and own_size and terms.clean


def provenance(
    connectome: OpenGraph, terms: Terms, mapped: Selection | dict[int, int]
) -> Provenance:
    """Say where an answer on these terms comes from."""
    made = connectome.materialization
    mapping = mapped if isinstance(mapped, dict) else mapped.mapping
    if in_graph(connectome, terms):
        return Provenance(made.datastack, made.version, made.timestamp, "graph", mapping)
    version, timestamp = connectome.require_cave().moment(terms)
    return Provenance(made.datastack, version, timestamp, "cave", mapping)


def _select(connectome: OpenGraph, ids: object, what: str, terms: Terms) -> Selection:
    if terms.materialization in ("latest", connectome.materialization.version):
        return connectome.selector.select(ids, what=what, update_ids=terms.update_ids)
    return connectome.require_cave().select(ids, what=what, terms=terms)


def _summed_at_load(
    connectome: OpenGraph, selection: Selection
) -> tuple[tuple[IdArray, IdArray], tuple[IdArray, IdArray]]:
    """Take the totals that neurons carry: those of all their connections."""
    table = connectome.run(catalog()["partners_of"], {"ids": selection.unique.tolist()})
    roots = table.column("root_id").to_numpy()

    def side(way: str) -> tuple[IdArray, IdArray]:
        partners = table.column(f"{way}_partners").to_numpy()
        return _spread(roots, partners, table.column(f"{way}_synapses").to_numpy(), selection)

    return side("out"), side("in")


def _counted(
    connectome: OpenGraph, query: str, selection: Selection, terms: Terms
) -> tuple[IdArray, IdArray]:
    params = {"ids": selection.unique.tolist(), "threshold": int(terms.threshold)}
    table = connectome.run(catalog()[query], params)
    return _spread(
        table.column("root_id").to_numpy(),
        table.column("partners").to_numpy(),
        table.column("synapses").to_numpy(),
        selection,
    )


def _tallied(found: Connections, side: str, selection: Selection) -> tuple[IdArray, IdArray]:
    roots, place = np.unique(found.pre if side == "pre" else found.post, return_inverse=True)
    partners = np.bincount(place, minlength=len(roots)).astype(np.int64)
    synapses = np.zeros(len(roots), dtype=np.int64)
    np.add.at(synapses, place, found.weight)
    return _spread(roots, partners, synapses, selection)


def _spread(
    roots: IdArray, partners: IdArray, synapses: IdArray, selection: Selection
) -> tuple[IdArray, IdArray]:
    """Bring per-root numbers into the order asked for; 0 where a root has none."""
    zeros = np.zeros(len(selection.resolved), dtype=np.int64)
    if not len(roots):
        return zeros, zeros
    place = np.minimum(np.searchsorted(roots, selection.resolved), len(roots) - 1)
    there = roots[place] == selection.resolved
    return np.where(there, partners[place], 0), np.where(there, synapses[place], 0)
