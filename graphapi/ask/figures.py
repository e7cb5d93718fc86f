"""Figures by one call each: neurons in, matplotlib axes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from graphapi.ask.connectivity import ConnectivityQuestions
from graphapi.ask.imagery import ImageryQuestions
from graphapi.ask.neurons import NeuronQuestions
from graphapi.ask.subgraph import SubgraphQuestions

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from matplotlib.axes import Axes

    from graphapi.ask.partners import Direction
    from graphapi.common.htmlpage import HtmlPage


class FigureQuestions(NeuronQuestions, ConnectivityQuestions, SubgraphQuestions, ImageryQuestions):
    """Questions whose answer is drawn; `graphapi.plots` draws frames that are there already."""

    def plot_adjacency(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        *,
        symmetric: bool = False,
        by: str | None = None,
        log: bool = False,
        title: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw who synapses onto whom as a heatmap.

        Parameters
        ----------
        pre_ids, post_ids, threshold, symmetric
            See `get_adjacency`.
        by
            A property of neurons: rows and columns are sorted by it, with boundaries and labels.
            None: columns by their synapses, largest first, rows below the column they are
            strongest in, with ids where there are few.
        log
            Colours by the logarithm.
        title
            Heading.
        ax
            Axes to draw on; None for new ones.

        Returns
        -------
        matplotlib.axes.Axes
            Rows presynaptic, columns postsynaptic.

        Raises
        ------
        UnknownFieldError
            Neurons have no property `by`.
        """
        from graphapi.plots.heatmap import adjacency_heatmap

        frame = self.get_adjacency(pre_ids, post_ids, threshold, symmetric=symmetric)
        if by is None:
            return adjacency_heatmap(frame, order="strongest", log=log, title=title, ax=ax)
        classes = self._classes_of([*frame.index, *frame.columns], by)
        return adjacency_heatmap(frame, classes, log=log, title=title, ax=ax)

    def plot_partner_classes(
        self,
        neuron_ids: object,
        direction: Direction = "downstream",
        threshold: int = 1,
        *,
        by: str = "cell_class",
        axes: Iterable[Axes] | None = None,
    ) -> Any:
        """Draw of which classes the partners are: numbers of connections, and mean weights.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        direction
            `'downstream'` or `'upstream'`.
        threshold
            Smallest weight, in synapses, inclusive.
        by
            The property that is counted; partners without are `Unknown`.
        axes
            Two axes to draw on; None for new ones.

        Returns
        -------
        numpy.ndarray of matplotlib.axes.Axes
            Two; classes with most connections first.
        """
        from graphapi.ask.partners import check_direction
        from graphapi.plots.bars import partner_classes

        check_direction(direction)
        downstream = direction == "downstream"
        found = self.get_connectivity(neuron_ids, not downstream, downstream, threshold)
        side: Literal["pre", "post"] = "post" if downstream else "pre"
        return partner_classes(found, side, self._classes_of(found[side], by), by=by, axes=axes)

    def plot_synapse_counts(
        self, neuron_ids: object, threshold: int = 1, *, ax: Axes | None = None
    ) -> Axes:
        """Draw how many upstream and downstream partners each neuron has.

        Parameters
        ----------
        neuron_ids, threshold
            See `get_synapse_counts`.
        ax
            Axes to draw on; None for new ones.

        Returns
        -------
        matplotlib.axes.Axes
            Two bars a neuron.
        """
        from graphapi.plots.bars import synapse_counts

        return synapse_counts(self.get_synapse_counts(neuron_ids, threshold), ax=ax)

    def plot_synapse_sizes(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        min_size: float | None = None,
        *,
        by: str | None = None,
        bins: int = 50,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw a histogram of synapse sizes, one colour a neuron, stacked; asks CAVE for rows.

        Parameters
        ----------
        pre_ids, post_ids, threshold, min_size
            See `get_synapses`.
        by
            Column to colour by; None: the presynaptic neuron where `pre_ids` are given, else
            the postsynaptic one.
        bins
            Number of bins.
        ax
            Axes to draw on; None for new ones.

        Returns
        -------
        matplotlib.axes.Axes
            Neurons with most synapses at the bottom.
        """
        from graphapi.plots.sizes import synapse_sizes

        rows = self.get_synapses(pre_ids, post_ids, threshold, min_size)
        side = "pre" if pre_ids is not None else "post"
        return synapse_sizes(rows, by or f"{side}_pt_root_id", bins=bins, ax=ax)

    def plot_synapses_in_em(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        min_size: float | None = None,
        *,
        synapses: pd.DataFrame | None = None,
        count: int = 3,
        size: int = 500,
        mip: int | None = None,
        plane: str = "xy",
        overlay: bool = False,
        axes: Iterable[Axes] | None = None,
    ) -> Any:
        """Show the EM around the largest synapses, with their pre- and postsynaptic sites.

        Parameters
        ----------
        pre_ids, post_ids, threshold, min_size
            See `get_synapses`.
        synapses
            Rows of `get_synapses` in pixels, instead of neurons.
        count
            How many synapses at most, the largest first.
        size
            Pixels a side.
        mip, plane
            See `plot_em_image`.
        overlay
            Tint the two neurons by the segmentation, at the graph's moment.
        axes
            Axes to draw on, one a synapse; None for new ones.

        Returns
        -------
        numpy.ndarray of matplotlib.axes.Axes
            One a synapse. Sites in other slices are hollow, and the legend tells how far away.
        """
        from graphapi.plots.em import em_panels

        rows = synapses
        if rows is None:
            rows = self.get_synapses(pre_ids, post_ids, threshold, min_size)
        options: dict[str, Any] = {"mip": mip, "plane": plane}
        token = self._token_for(self.image_source)
        if overlay:
            source = self.cave_source
            options["segmentation"] = self._source("segmentation_source", "segmentation")
            token = self._token_for(options["segmentation"]) or token
            options["to_roots"] = None if source is None else source.roots_of
        return em_panels(
            self.image_source,
            rows,
            count,
            resolution=self.materialization.viewer_resolution,
            size=size,
            token=token,
            axes=axes,
            **options,
        )

    def plot_connectivity(
        self,
        neuron_ids: object,
        grow: int = 0,
        threshold: int = 1,
        *,
        by: str = "cell_class",
        level: Literal["class", "neuron"] = "class",
        ax: Axes | None = None,
    ) -> Axes:
        """Draw a subgraph as nodes and arrows.

        Parameters
        ----------
        neuron_ids, grow, threshold
            See `get_subgraph`.
        by
            The property that groups and colours.
        level
            `'class'`: a node a class; `'neuron'`: a node a neuron.
        ax
            Axes to draw on; None for new ones.

        Returns
        -------
        matplotlib.axes.Axes
            Arrows as wide as the square root of their weight.
        """
        from graphapi.plots.diagram import connectivity_diagram

        part = self.get_subgraph(neuron_ids, grow, threshold)
        return connectivity_diagram(part, by=by, level=level, ax=ax)

    def view_subgraph(
        self,
        neuron_ids: object,
        grow: int = 0,
        threshold: int = 1,
        *,
        by: str = "cell_class",
        height: int = 600,
    ) -> HtmlPage:
        """Show a subgraph to be looked at by hand: move, zoom, drag, click.

        Parameters
        ----------
        neuron_ids, grow, threshold
            See `get_subgraph`.
        by
            The property that colours and names neurons.
        height
            Height in a notebook, in pixels.

        Returns
        -------
        HtmlPage
            Notebooks show it; `.save(path)` writes an HTML page that fetches nothing.
            `graphapi.plots.to_neo4j_viz` makes the same for neo4j-viz.
        """
        from graphapi.plots.network import network_view

        return network_view(self.get_subgraph(neuron_ids, grow, threshold), by=by, height=height)

    def _classes_of(self, neuron_ids: Iterable[int], by: str) -> pd.Series[Any]:
        from graphapi.errors import UnknownFieldError

        frame = self.get_neurons(sorted({int(root) for root in neuron_ids}))
        if by not in frame.columns:
            raise UnknownFieldError(
                f"neurons of {self.name} have no property '{by}'",
                hint=f"there are: {', '.join(map(str, frame.columns))}",
            )
        classes: pd.Series[Any] = frame.set_index("root_id")[by]
        return classes
