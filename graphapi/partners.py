"""Partners of neurons: shared ones, their share of input and output, how alike they are."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from graphapi.connectivity import MOST_DENSE_CELLS, Terms, fetch, provenance
from graphapi.engines.queries import catalog
from graphapi.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from graphapi.graph.results import Connections
    from graphapi.graph.selection import Selection
    from graphapi.ids import IdArray
    from graphapi.opengraph import OpenGraph

Direction = Literal["upstream", "downstream"]


def get_partners(
    connectome: OpenGraph, neuron_ids: object, *, direction: Direction, threshold: int
) -> pd.DataFrame:
    """See `Connectome.get_partners`."""
    import pandas as pd

    selection, found = _partners(connectome, neuron_ids, direction, threshold)
    mine, theirs = _sides(found, direction)
    totals = totals_of(connectome, np.union1d(found.pre, found.post))
    frame = pd.DataFrame(
        {
            "neuron": mine,
            "partner": theirs,
            "weight": found.weight,
            "share_of_output": found.weight / totals["out_synapses"].reindex(found.pre).to_numpy(),
            "share_of_input": found.weight / totals["in_synapses"].reindex(found.post).to_numpy(),
        }
    )
    frame.attrs = provenance(connectome, Terms(threshold=threshold), selection).attrs()
    return frame


def get_common_partners(
    connectome: OpenGraph,
    neuron_ids: object,
    *,
    direction: Direction,
    threshold: int,
    at_least: int | None,
) -> pd.DataFrame:
    """See `Connectome.get_common_partners`."""
    import pandas as pd

    if at_least is not None and at_least < 1:
        raise InputError(f"at_least: {at_least} is less than 1")
    selection, found = _partners(connectome, neuron_ids, direction, threshold)
    wanted = len(selection.unique) if at_least is None else at_least
    mine, theirs = _sides(found, direction)
    wide = pd.DataFrame({"partner": theirs, "neuron": mine, "weight": found.weight}).pivot_table(
        index="partner", columns="neuron", values="weight", aggfunc="sum", fill_value=0
    )
    wide = wide.reindex(columns=selection.unique, fill_value=0).astype(np.int64)
    shared = (wide > 0).sum(axis=1).astype(np.int64)
    frame = wide[shared >= wanted].copy()
    frame.insert(0, "shared_by", shared[shared >= wanted])
    frame.insert(1, "weight", wide[shared >= wanted].sum(axis=1).astype(np.int64))
    frame.columns.name = None
    frame.index = frame.index.astype(np.int64)
    frame = frame.reset_index().sort_values(
        ["shared_by", "weight", "partner"], ascending=[False, False, True], ignore_index=True
    )
    frame.attrs = provenance(connectome, Terms(threshold=threshold), selection).attrs()
    return frame


def get_similarity(
    connectome: OpenGraph, neuron_ids: object, *, direction: Direction, threshold: int
) -> pd.DataFrame:
    """See `Connectome.get_similarity`."""
    import pandas as pd
    import scipy.sparse as sp

    selection, found = _partners(connectome, neuron_ids, direction, threshold)
    neurons = selection.unique
    if len(neurons) ** 2 > MOST_DENSE_CELLS:
        raise InputError(
            f"a matrix of {len(neurons):,} x {len(neurons):,} neurons does not fit in memory",
            hint=f"ask about at most {isqrt(MOST_DENSE_CELLS):,} neurons at once",
        )
    mine, theirs = _sides(found, direction)
    partners = np.unique(theirs)
    rows, columns = np.searchsorted(neurons, mine), np.searchsorted(partners, theirs)
    matrix = sp.csr_array(
        (found.weight.astype(float), (rows, columns)), shape=(len(neurons), len(partners))
    )
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scaled = matrix.multiply(
        np.divide(1.0, length, where=length > 0, out=np.zeros_like(length))[:, None]
    )
    values = (scaled @ scaled.T).toarray()
    frame = pd.DataFrame(values, index=pd.Index(neurons), columns=pd.Index(neurons))
    frame.attrs = provenance(connectome, Terms(threshold=threshold), selection).attrs()
    return frame


def totals_of(connectome: OpenGraph, ids: IdArray) -> pd.DataFrame:
    """Give all input and output synapses of neurons: index `root_id`, two int64 columns."""
    table = connectome.run(catalog()["totals_of"], {"ids": ids.tolist()})
    frame: pd.DataFrame = table.to_pandas().set_index("root_id")
    return frame


def check_direction(direction: str) -> None:
    """Refuse anything but `upstream` and `downstream`."""
    if direction not in ("upstream", "downstream"):
        raise InputError(f"direction: {direction!r} is neither 'upstream' nor 'downstream'")


def _partners(
    connectome: OpenGraph, neuron_ids: object, direction: Direction, threshold: int
) -> tuple[Selection, Connections]:
    check_direction(direction)
    selection = connectome.selector.select(neuron_ids, what="neuron_ids")
    ids, terms = selection.unique, Terms(threshold=threshold)
    if direction == "downstream":
        return selection, fetch(connectome, terms, pre=ids, post=None)
    return selection, fetch(connectome, terms, pre=None, post=ids)


def _sides(found: Connections, direction: Direction) -> tuple[IdArray, IdArray]:
    downstream = direction == "downstream"
    return (found.pre, found.post) if downstream else (found.post, found.pre)
