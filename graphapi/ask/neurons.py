"""Which neurons there are, and what is said of them."""

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
        """The fields that criteria can ask for; `fields.cell_class` lists a field's values."""
        return Fields(self, self.get_field_values)

    def criteria(self, **fields: Any) -> NeuronCriteria:
        """Make `NeuronCriteria` for this connectome; see there."""
        return NeuronCriteria(connectome=self, **fields)

    def get_annotations(self, neuron_ids: object, *, update_ids: bool = True) -> pd.DataFrame:
        """Give the annotation rows of some neurons, as they came from their source.

        Parameters
        ----------
        neuron_ids
            Root ids of any integer-like kind, or `NeuronCriteria`. With criteria, the rows
            of the neurons found, whether or not each row fits.
        update_ids
            Map ids that are not current at the graph's version; False refuses them.

        Returns
        -------
        pandas.DataFrame
            One line per row: a neuron may have several or none. `root_id` is int64 and
            current at the graph's version. In the order of the source.

        Raises
        ------
        UnknownRootIdError
            Ids that are not known.
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
            of a list counts as a value. Empty where no row has a value.

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
        """Give the merged properties of some neurons, one line each.

        Parameters
        ----------
        neuron_ids
            Root ids of any integer-like kind, or `NeuronCriteria`.
        update_ids
            Map ids that are not current at the graph's version; False refuses them.

        Returns
        -------
        pandas.DataFrame
            `root_id` (int64, ascending), the merged annotation fields, and the totals made
            at load: `in_synapses`, `out_synapses`, `in_partners`, `out_partners`, `autapses`.
        """
        terms = Terms(update_ids=update_ids)
        selection = self._select(neuron_ids, "neuron_ids", terms)
        frame = self.annotations.neurons_of(selection.unique)
        frame.attrs = self._provenance(terms, selection).attrs()
        return frame
