"""Figures of types of neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from graphapi.ask.figures import FigureQuestions
from graphapi.ask.types import TypeQuestions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes


class TypeFigures(FigureQuestions, TypeQuestions):
    """Questions about types whose answer is drawn."""

    def plot_region_types(
        self,
        by: str = "cell_class",
        neuron_ids: object = None,
        threshold: int = 1,
        *,
        side: Literal["output", "input"] = "output",
        regions: str | Sequence[str] | None = None,
        share: bool = False,
        most: int = 30,
        log: bool = False,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw where types of neurons make or receive their synapses, as a heatmap.

        Parameters
        ----------
        by
            The text property of neurons that is their type.
        neuron_ids
            Root ids or `NeuronCriteria`: only the synapses that these neurons make, or receive;
            None for all.
        threshold
            Smallest weight of a connection that counts, in synapses, inclusive.
        side
            `'output'`: synapses that neurons make; `'input'`: those that they receive.
        regions
            Show only these; `threshold` applies to the sum over them.
        share
            Colour by the share of the type's synapses, instead of their number.
        most
            Most types and most regions that are shown by themselves; the others are summed.
        log
            Colour by the logarithm; not with `share`.
        ax
            Axes to draw on; None for new ones.

        Returns
        -------
        matplotlib.axes.Axes
            Rows are types in the colours of `get_class_colors`, columns are regions; those with
            most synapses first.

        Raises
        ------
        InputError
            The graph has no regions.
        """
        from graphapi.plots.regions import region_heatmap

        found = self.get_type_connectivity(
            by,
            neuron_ids if side == "output" else None,
            neuron_ids if side == "input" else None,
            threshold,
            regions=regions,
            by_region=True,
        )
        colors = self.get_class_colors(by)
        axes = region_heatmap(
            found, side, by=by, share=share, most=most, colors=colors, log=log, ax=ax
        )
        return self._noted(axes, threshold)
