"""Partners of neurons: shares of input and output, common partners, similarity."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from graphapi.ask.properties import PropertyQuestions
from graphapi.ask.regions import RegionReader
from graphapi.engines.queries import catalog
from graphapi.errors import InputError
from graphapi.graph.results import MOST_DENSE_CELLS
from graphapi.graph.terms import Terms, check_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from graphapi.graph.results import Connections
    from graphapi.graph.selection import Selection
    from graphapi.ids import IdArray

Direction = Literal["upstream", "downstream"]


class PartnerQuestions(RegionReader, PropertyQuestions):
    """Questions about the partners of neurons."""

    def get_partners(
        self,
        neuron_ids: object,
        direction: Direction = "downstream",
        threshold: int = 1,
        *,
        regions: str | Sequence[str] | None = None,
        partner_ids: object = None,
        properties: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Return the upstream or downstream partners of neurons, with their share of synapses.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        direction
            `'downstream'`: neurons they synapse onto; `'upstream'`: neurons that synapse
            onto them.
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        regions
            Count only synapses in these regions; see `get_connectivity`.
        partner_ids
            Root ids or `NeuronCriteria`: list only these partners; None for all.
        properties
            Properties of the partners to add, as columns `partner_cell_class`, ...

        Returns
        -------
        pandas.DataFrame
            `neuron`, `partner`, `weight` (int64), `share_of_output` (of all output synapses
            of the presynaptic neuron) and `share_of_input` (of all input synapses of the
            postsynaptic neuron), float64 from 0 to 1. The totals do not depend on `threshold`,
            `regions` and `partner_ids`. Sorted by weight, largest first. `get_partner_groups`
            sums them by class.

        Raises
        ------
        UnknownFieldError
            Neurons have no such property.
        """
        import pandas as pd

        chosen, found = self._partners(neuron_ids, direction, threshold, regions, partner_ids)
        mine, theirs = _sides(found, direction)
        totals = self._totals_of(np.union1d(found.pre, found.post))
        frame = pd.DataFrame(
            {
                "neuron": mine,
                "partner": theirs,
                "weight": found.weight,
                "share_of_output": found.weight
                / totals["out_synapses"].reindex(found.pre).to_numpy(),
                "share_of_input": found.weight
                / totals["in_synapses"].reindex(found.post).to_numpy(),
            }
        )
        terms = Terms(threshold=threshold)
        frame.attrs = self._provenance(terms, *chosen.values()).attrs()
        frame.attrs |= self._region_attrs(terms, regions)
        return frame if properties is None else self._with_partners(frame, properties)

    def _with_partners(self, frame: pd.DataFrame, properties: str | Sequence[str]) -> pd.DataFrame:
        """Add properties of the partners, and not of the neurons."""
        made = self.add_properties(frame.drop(columns="neuron"), properties)
        made.insert(0, "neuron", frame["neuron"])
        return made

    def get_common_partners(
        self,
        neuron_ids: object,
        direction: Direction = "upstream",
        threshold: int = 1,
        at_least: int | None = None,
    ) -> pd.DataFrame:
        """Return the partners that several neurons share.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        direction
            `'upstream'`: common inputs; `'downstream'`: common outputs.
        threshold
            Smallest weight of each connection, in synapses, inclusive.
        at_least
            Return partners of at least this many of the neurons; None for all of them.

        Returns
        -------
        pandas.DataFrame
            `partner`, `shared_by` (number of neurons), `weight` (total synapses with them), and a
            column of weights for each neuron, int64. Sorted by `shared_by`, then `weight`,
            largest first.
        """
        import pandas as pd

        if at_least is not None:
            check_count("at_least", at_least)
        chosen, found = self._partners(neuron_ids, direction, threshold)
        selection = chosen["neuron_ids"]
        wanted = len(selection.unique) if at_least is None else at_least
        mine, theirs = _sides(found, direction)
        wide = pd.DataFrame(
            {"partner": theirs, "neuron": mine, "weight": found.weight}
        ).pivot_table(
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
        frame.attrs = self._provenance(Terms(threshold=threshold), selection).attrs()
        return frame

    def get_similarity(
        self, neuron_ids: object, direction: Direction = "downstream", threshold: int = 1
    ) -> pd.DataFrame:
        """Return how similar the connectivity of neurons is: the cosine of their weights.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        direction
            `'downstream'`: compare the partners they synapse onto; `'upstream'`: compare the
            partners that synapse onto them.
        threshold
            Smallest weight of a connection, in synapses, inclusive.

        Returns
        -------
        pandas.DataFrame
            float64 from 0 to 1, rows and columns sorted by root id. A neuron without partners
            has 0 with all neurons, including itself.
        """
        import pandas as pd
        import scipy.sparse as sp

        chosen, found = self._partners(neuron_ids, direction, threshold)
        selection = chosen["neuron_ids"]
        neurons = selection.unique
        if len(neurons) ** 2 > MOST_DENSE_CELLS:
            raise InputError(
                f"a matrix of {len(neurons):,} x {len(neurons):,} neurons does not fit in memory",
                hint=f"pass at most {isqrt(MOST_DENSE_CELLS):,} neurons at a time",
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
        frame.attrs = self._provenance(Terms(threshold=threshold), selection).attrs()
        return frame

    def _totals_of(self, neuron_ids: IdArray) -> pd.DataFrame:
        """Return all input and output synapses of neurons: index `root_id`, two int64 columns."""
        table = self.run(catalog()["totals_of"], {"ids": neuron_ids.tolist()})
        frame: pd.DataFrame = table.to_pandas().set_index("root_id")
        return frame

    def _partners(
        self,
        neuron_ids: object,
        direction: Direction,
        threshold: int,
        regions: str | Sequence[str] | None = None,
        partner_ids: object = None,
    ) -> tuple[dict[str, Selection], Connections]:
        """Return what names neurons, read, and the connections with partners."""
        check_direction(direction)
        terms = Terms(threshold=threshold)
        named = {"neuron_ids": neuron_ids}
        if partner_ids is not None:
            named["partner_ids"] = partner_ids

        def ask(
            neuron_ids: IdArray, partner_ids: IdArray | None = None
        ) -> tuple[Connections, tuple[IdArray, IdArray]]:
            if direction == "downstream":
                found = self._found(terms, regions, pre=neuron_ids, post=None)
            else:
                found = self._found(terms, regions, pre=None, post=neuron_ids)
            shown = (found.pre, found.post)
            if partner_ids is not None:
                found = found.where(np.isin(_sides(found, direction)[1], partner_ids))
            return found, shown

        found, chosen = self._select_by(ask, terms, **named)
        return chosen, found


def check_direction(direction: str) -> None:
    """Raise an error unless the direction is `upstream` or `downstream`."""
    if direction not in ("upstream", "downstream"):
        raise InputError(f"direction: {direction!r} is neither 'upstream' nor 'downstream'")


def similar_pairs(matrix: pd.DataFrame) -> pd.DataFrame:
    """Turn the matrix of `get_similarity` into one row per pair, the most similar first.

    Returns
    -------
    pandas.DataFrame
        `neuron`, `other`, `similarity`, with the `.attrs` of the matrix.
    """
    import pandas as pd

    first, second = np.triu_indices(len(matrix), k=1)
    ids = matrix.index.to_numpy()
    frame = pd.DataFrame(
        {
            "neuron": ids[first],
            "other": ids[second],
            "similarity": matrix.to_numpy()[first, second],
        }
    ).sort_values(
        ["similarity", "neuron", "other"], ascending=[False, True, True], ignore_index=True
    )
    frame.attrs = matrix.attrs
    return frame


def _sides(found: Connections, direction: Direction) -> tuple[IdArray, IdArray]:
    downstream = direction == "downstream"
    return (found.pre, found.post) if downstream else (found.post, found.pre)
