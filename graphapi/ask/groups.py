"""Partners of neurons summed by class, and left neurons against right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.ask.partners import PartnerQuestions
from graphapi.ask.properties import check_text_property
from graphapi.common.palette import UNKNOWN
from graphapi.errors import InputError
from graphapi.graph.terms import Terms
from graphapi.network.labels import column_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from graphapi.ask.partners import Direction
    from graphapi.ids import IdArray

_SIDES = ("left", "right")
#: Columns beside the properties.
_SUMMED = ("partners", "neurons", "connections", "weight", "share")
#: How annotators write a side, in small letters.
_WRITTEN = {"left": "left", "l": "left", "right": "right", "r": "right"}
_WAYS: tuple[Direction, ...] = ("upstream", "downstream")


class GroupQuestions(PartnerQuestions):
    """Questions about groups of partners."""

    def get_partner_groups(
        self,
        neuron_ids: object,
        by: str | Sequence[str] = "cell_class",
        direction: Direction = "downstream",
        threshold: int = 1,
        *,
        regions: str | Sequence[str] | None = None,
        partner_ids: object = None,
    ) -> pd.DataFrame:
        """Sum the partners of neurons by class, or by several properties of the partners.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        by
            One or more text properties of the partners: `cell_class`, `['cell_class', 'side']`.
        direction, threshold, regions, partner_ids
            See `get_partners`.

        Returns
        -------
        pandas.DataFrame
            A column for each property (`Unknown` where a partner has no value; a property called
            as one of the next columns gets an underscore: `weight_`), `partners` and `neurons`
            (each counted once), `connections`, `weight` (synapses), int64, and `share` (of all
            synapses counted here), float64. Sorted by weight, largest first.

        Raises
        ------
        UnknownFieldError
            Neurons have no such text property.
        """
        names = [by] if isinstance(by, str) else list(dict.fromkeys(by))
        if not names:
            raise InputError("by: no property named", hint="by='cell_class'")
        for name in names:
            check_text_property(self, name)
        found = self.get_partners(
            neuron_ids,
            direction,
            threshold,
            regions=regions,
            partner_ids=partner_ids,
            properties=names,
        )
        columns = [column_of(name, _SUMMED) for name in names]
        kinds = [f"partner_{name}" for name in names]
        made: pd.DataFrame = (
            found.fillna(dict.fromkeys(kinds, UNKNOWN))
            .groupby(kinds)
            .agg(
                partners=("partner", "nunique"),
                neurons=("neuron", "nunique"),
                connections=("weight", "size"),
                weight=("weight", "sum"),
            )
            .rename_axis(index=dict(zip(kinds, columns, strict=True)))
            .reset_index()
        )
        made["share"] = made["weight"] / made["weight"].sum()
        rising = [False] + [True] * len(names)
        made = made.sort_values(["weight", *columns], ascending=rising, ignore_index=True)
        made.attrs = found.attrs
        return made

    def compare_sides(
        self, neuron_ids: object, by: str = "cell_class", side: str = "side", threshold: int = 1
    ) -> pd.DataFrame:
        """Compare the partners of left neurons with those of right ones, class by class.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`: usually the neurons of one type.
        by
            The text property that groups the partners.
        side
            The text property that holds a neuron's side: `left` or `right`, `L` or `R`.
        threshold
            Smallest weight of a connection, in synapses, inclusive.

        Returns
        -------
        pandas.DataFrame
            `direction` (`upstream` or `downstream`), `partner_type` (`Unknown` where a partner
            has no value), `left` and `right` (int64: synapses of the left and of the right
            neurons), `left_per_neuron` and `right_per_neuron` (float64, missing for a side without
            neurons) and `missing_on` (`left`, `right` or None): the side whose neurons have no
            such connection, although there are some. Sorted by synapses of both, most first.
            `.attrs['members']` has the root ids of the `left`, the `right` and all `other`
            neurons.

        Raises
        ------
        UnknownFieldError
            Neurons have no such text property.
        """
        import pandas as pd

        for name in (by, side):
            check_text_property(self, name)
        terms = Terms(threshold=threshold)
        selection = self._select(neuron_ids, "neuron_ids", terms)
        ids = selection.unique
        written = self._properties(ids, [side])[side].str.strip().str.lower()
        of_side = pd.Series(written.map(_WRITTEN).to_numpy(dtype=object), index=ids)
        members = {one: ids[(of_side == one).to_numpy()] for one in _SIDES}
        both = np.concatenate(list(members.values()))
        tables = [self._by_side(both, of_side, way, by, threshold) for way in _WAYS]
        frame = pd.concat(tables, ignore_index=True)
        for one in _SIDES:
            count = len(members[one])
            frame[f"{one}_per_neuron"] = frame[one] / count if count else np.nan
        frame["missing_on"] = None
        for one in _SIDES:
            if len(members[one]):
                frame.loc[frame[one] == 0, "missing_on"] = one
        frame["both"] = frame["left"] + frame["right"]
        frame = frame.sort_values(
            ["both", "direction", "partner_type"], ascending=[False, True, True], ignore_index=True
        ).drop(columns="both")
        frame.attrs = self._provenance(terms, selection).attrs()
        others = ids[of_side.isna().to_numpy()]
        frame.attrs["members"] = {
            name: one.tolist() for name, one in {**members, "other": others}.items()
        }
        return frame

    def _by_side(
        self,
        ids: IdArray,
        of_side: pd.Series[str],
        direction: Direction,
        by: str,
        threshold: int,
    ) -> pd.DataFrame:
        """Return the synapses of each side with each class of partners in one direction."""
        import pandas as pd

        columns = ["direction", "partner_type", *_SIDES]
        if not len(ids):
            empty = pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
            return empty.astype(dict.fromkeys(_SIDES, "int64"))
        found = self.get_partners(ids, direction, threshold, properties=by)
        kinds = found[f"partner_{by}"].fillna(UNKNOWN).rename("partner_type")
        sides = found["neuron"].map(of_side)
        sums = found["weight"].groupby([kinds, sides]).sum().unstack(fill_value=0)
        sums = sums.reindex(columns=list(_SIDES), fill_value=0).astype("int64").reset_index()
        sums.insert(0, "direction", direction)
        return sums[columns]
