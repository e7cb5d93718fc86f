"""Neurons and their annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.ask.fields import Fields
from graphapi.graph.criteria import NeuronCriteria, check_field
from graphapi.graph.fieldvalues import count_values
from graphapi.graph.reader import Reader
from graphapi.graph.terms import Terms

if TYPE_CHECKING:
    import pandas as pd


class NeuronQuestions(Reader):
    """Questions about neurons and their annotations."""

    @property
    def fields(self) -> Fields:
        """The fields that criteria can use; `fields.cell_class` lists the values of a field."""
        return Fields(self, self.get_field_values)

    def criteria(self, **fields: Any) -> NeuronCriteria:
        """Return `NeuronCriteria` for this connectome; see there for the arguments."""
        return NeuronCriteria(connectome=self, **fields)

    def get_annotations(self, neuron_ids: object, *, update_ids: bool = True) -> pd.DataFrame:
        """Return the raw annotation rows of some neurons.

        Parameters
        ----------
        neuron_ids
            Root ids of any integer-like kind, or `NeuronCriteria`. With criteria, all rows of the
            neurons found are returned, even rows that do not match.
        update_ids
            Map stale ids to ids at the graph's version; False raises an error for them.

        Returns
        -------
        pandas.DataFrame
            Annotation rows in the order of the source; a neuron may have several or none.
            `root_id` is int64, at the graph's version.

        Raises
        ------
        UnknownRootIdError
            Some ids are not known.
        """
        terms = Terms(update_ids=update_ids)
        selection = self._select(neuron_ids, "neuron_ids", terms)
        frame = self.annotations.of(selection.unique)
        frame.attrs = self._provenance(terms, selection).attrs()
        return frame

    def get_field_values(self, field: str) -> pd.DataFrame:
        """Return the values of an annotation field or neuron property, with their counts.

        Parameters
        ----------
        field
            One of `NeuronCriteria.available_fields()`.

        Returns
        -------
        pandas.DataFrame
            `value` (as the field's type), `rows` (annotation rows that have it) and `neurons`
            (distinct neurons), int64; most neurons first, then by value as text. Each element
            of a list counts as a value. Empty if no row has a value.

        Raises
        ------
        UnknownFieldError
            The graph has no such field.
        """
        import pandas as pd

        check_field(field, self)
        counts = count_values(self.annotations, self.root_ids(), field)
        frame = pd.DataFrame(counts, columns=["value", "rows", "neurons"])
        frame = frame.astype({"rows": "int64", "neurons": "int64"})
        frame.attrs = self._provenance(Terms(), None).attrs()
        return frame

    def get_neurons(self, neuron_ids: object, *, update_ids: bool = True) -> pd.DataFrame:
        """Return the merged properties of some neurons, one row per neuron.

        Parameters
        ----------
        neuron_ids
            Root ids of any integer-like kind, or `NeuronCriteria`.
        update_ids
            Map stale ids to ids at the graph's version; False raises an error for them.

        Returns
        -------
        pandas.DataFrame
            `root_id` (int64, sorted), the merged annotation fields, and the totals computed by
            the load: `in_synapses`, `out_synapses`, `in_partners`, `out_partners`, `autapses`.
        """
        terms = Terms(update_ids=update_ids)
        selection = self._select(neuron_ids, "neuron_ids", terms)
        frame = self.annotations.neurons_of(selection.unique)
        frame.attrs = self._provenance(terms, selection).attrs()
        return frame
