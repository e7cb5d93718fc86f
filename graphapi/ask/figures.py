"""Figures of neurons, each drawn by one call that returns matplotlib axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from graphapi.ask.connectivity import ConnectivityQuestions
from graphapi.ask.effective import EffectiveQuestions
from graphapi.ask.imagery import ImageryQuestions
from graphapi.ask.influence import InfluenceQuestions
from graphapi.ask.subgraph import SubgraphQuestions

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from matplotlib.axes import Axes

    from graphapi.ask.partners import Direction
    from graphapi.common.htmlpage import HtmlPage


class FigureQuestions(
    ConnectivityQuestions,
    SubgraphQuestions,
    InfluenceQuestions,
    EffectiveQuestions,
    ImageryQuestions,
):
    """Questions whose answer is drawn; `graphapi.plots` draws frames that you already have.

    Every figure names the graph, says if it is synthetic, and gives the threshold.
    """

    def plot_adjacency(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
        *,
        symmetric: bool = False,
        by: str | None = None,
        order: Literal["given", "strongest"] | None = None,
        log: bool = False,
        title: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw an adjacency matrix as a heatmap.

        Parameters
        ----------
        pre_ids, post_ids, threshold, symmetric
            See `get_adjacency`.
        by
            A property of neurons: rows and columns are sorted by it, with boundaries, labels and
            the colours of `get_class_colors`. None: ids are shown, if there are few.
        order
            `'strongest'`: columns by their synapses, largest first, and each row with the others
            that are strongest in the same column; within each class, if `by` is given.
            `'given'`: by root id. None: `'strongest'` without `by`, else `'given'`.
        log
            Colour by the logarithm.
        title
            Heading.
        ax
            Axes to draw on; None for new ones.

        Returns
        -------
        matplotlib.axes.Axes
            Rows presynaptic, columns postsynaptic; pairs without synapses stay empty.

        Raises
        ------
        UnknownFieldError
            Neurons have no property `by`.
        """
        from graphapi.plots.heatmap import adjacency_heatmap

        frame = self.get_adjacency(pre_ids, post_ids, threshold, symmetric=symmetric)
        options: dict[str, Any] = {"log": log, "title": title, "ax": ax}
        if by is None:
            axes = adjacency_heatmap(frame, order=order or "strongest", **options)
        else:
            classes = self._classes_of([*frame.index, *frame.columns], by)
            options |= {"by": by, "colors": self.get_class_colors(by), "order": order or "given"}
            axes = adjacency_heatmap(frame, classes, **options)
        return self._noted(axes, threshold)

    def plot_partner_classes(
        self,
        neuron_ids: object,
        direction: Direction = "downstream",
        threshold: int = 1,
        *,
        by: str = "cell_class",
        axes: Iterable[Axes] | None = None,
    ) -> Any:
        """Draw the partners' classes: numbers of connections, and mean weights.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        direction
            `'downstream'` or `'upstream'`.
        threshold
            Smallest weight, in synapses, inclusive.
        by
            The property that is counted; partners without it are `Unknown`.
        axes
            Two axes to draw on; None for new ones.

        Returns
        -------
        numpy.ndarray of matplotlib.axes.Axes
            Two; classes with most connections first, in the colours of `get_class_colors`.
        """
        from graphapi.ask.partners import check_direction
        from graphapi.plots.bars import partner_classes

        check_direction(direction)
        downstream = direction == "downstream"
        found = self.get_connectivity(neuron_ids, not downstream, downstream, threshold)
        side: Literal["pre", "post"] = "post" if downstream else "pre"
        classes = self._classes_of(found[side], by)
        pair = partner_classes(
            found, side, classes, by=by, colors=self.get_class_colors(by), axes=axes
        )
        self._noted(pair[-1], threshold)
        return pair

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
            Two bars for each neuron.
        """
        from graphapi.plots.bars import synapse_counts

        axes = synapse_counts(self.get_synapse_counts(neuron_ids, threshold), ax=ax)
        return self._noted(axes, threshold)

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
        """Draw a stacked histogram of synapse sizes, one colour for each neuron; asks CAVE.

        Parameters
        ----------
        pre_ids, post_ids, threshold, min_size
            See `get_synapses`.
        by
            Column to colour by; None: the presynaptic neuron if `pre_ids` are given, else
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
        axes = synapse_sizes(rows, by or f"{side}_pt_root_id", bins=bins, ax=ax)
        return self._noted(axes, threshold, min_size)

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
            Width and height in pixels.
        mip, plane
            See `plot_em_image`.
        overlay
            Tint and outline the two neurons, from the segmentation at the graph's version.
        axes
            Axes to draw on, one for each synapse; None for new ones.

        Returns
        -------
        numpy.ndarray of matplotlib.axes.Axes
            One for each synapse. Arrows point at the sites; that of a site in another section is
            hollow, and the legend says how far away it is.
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
        panels = em_panels(
            self.image_source,
            rows,
            count,
            resolution=self.materialization.viewer_resolution,
            size=size,
            token=token,
            axes=axes,
            **options,
        )
        if len(panels):
            mine = synapses is None
            self._noted(panels[-1], threshold if mine else None, min_size if mine else None)
        return panels

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
            `'class'`: a node for each class; `'neuron'`: a node for each neuron.
        ax
            Axes to draw on; None for new ones.

        Returns
        -------
        matplotlib.axes.Axes
            Arrows as wide as the square root of their weight, in the colours of
            `get_class_colors`.
        """
        from graphapi.plots.diagram import connectivity_diagram

        part = self.get_subgraph(neuron_ids, grow, threshold)
        axes = connectivity_diagram(part, by=by, level=level, colors=self._colors_by(by), ax=ax)
        return self._noted(axes, threshold)

    def plot_influence(
        self,
        seeds: object,
        silenced: object = (),
        threshold: int = 5,
        *,
        by: str | None = None,
        top: int = 20,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw which neurons, or which classes, seed neurons influence most.

        Parameters
        ----------
        seeds, silenced, threshold, by
            See `get_influence`; one group of seeds.
        top
            Number of neurons or classes.
        ax
            Axes to draw on; None for new ones.

        Returns
        -------
        matplotlib.axes.Axes
            Dots of adjusted influence, the largest at the top; seeds are orange, classes in the
            colours of `get_class_colors`.
        """
        from graphapi.plots.ranking import influence_ranking

        found = self.get_influence(seeds, silenced, threshold=threshold, by=by)
        colors = None if by is None else self.get_class_colors(by)
        place = 1 if isinstance(seeds, Mapping) else 0  # behind the name of the group
        named = None if by is None else str(found.columns[place])
        axes = influence_ranking(found, by=named, top=top, colors=colors, ax=ax)
        return self._noted(axes, threshold)

    def plot_contributing_paths(
        self,
        pre_ids: object,
        post_ids: object,
        hops: int = 2,
        threshold: int = 1,
        *,
        by: str = "cell_class",
        limit: int = 30,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the paths of types that carry effective connectivity, a layer for each hop.

        Parameters
        ----------
        pre_ids, post_ids, threshold, by
            See `get_contributing_paths`.
        hops
            Number of hops of each path.
        limit
            Largest number of paths of at most `hops` hops; the figure gives their share.
        ax
            Axes to draw on; None for new ones.

        Returns
        -------
        matplotlib.axes.Axes
            Bands as wide as contributions, in the colours of `get_class_colors`.
        """
        from graphapi.plots.layers import path_layers

        paths = self.get_contributing_paths(
            pre_ids, post_ids, hops, threshold, by=by, limit=limit
        )  # fmt: skip
        axes = path_layers(paths, by=by, hops=hops, colors=self.get_class_colors(by), ax=ax)
        return self._noted(axes, threshold)

    def view_subgraph(
        self,
        neuron_ids: object,
        grow: int = 0,
        threshold: int = 1,
        *,
        by: str = "cell_class",
        height: int = 600,
    ) -> HtmlPage:
        """Show a subgraph to explore by hand: move, zoom, drag, click.

        Parameters
        ----------
        neuron_ids, grow, threshold
            See `get_subgraph`.
        by
            The property that colours and names neurons; colours are those of
            `get_class_colors`.
        height
            Height in a notebook, in pixels.

        Returns
        -------
        HtmlPage
            Notebooks show it; `.save(path)` writes an HTML page that fetches nothing.
            `graphapi.plots.to_neo4j_viz` makes the same for neo4j-viz.
        """
        from graphapi.plots.network import network_view

        return network_view(
            self.get_subgraph(neuron_ids, grow, threshold),
            by=by,
            height=height,
            colors=self._colors_by(by),
            note=self._note(threshold),
        )

    def _noted(self, ax: Axes, threshold: int | None, min_size: float | None = None) -> Axes:
        """Write the graph and the thresholds of a figure below it."""
        from graphapi.plots.canvas import add_note

        add_note(ax, self._note(threshold, min_size))
        return ax
