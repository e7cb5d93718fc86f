"""Beyond single connections: paths, shared partners, types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.opengraph import OpenGraph

if TYPE_CHECKING:
    import pandas as pd

    from graphapi.partners import Direction


class AnalysisCalls(OpenGraph):
    """Questions that raw synapse rows cannot answer in one go."""

    def get_partners(
        self, neuron_ids: object, direction: Direction = "downstream", threshold: int = 1
    ) -> pd.DataFrame:
        """Give partners one way, with their share of input and output.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        direction
            `'downstream'`: neurons they synapse onto; `'upstream'`: neurons that synapse
            onto them.
        threshold
            Smallest weight, in synapses, inclusive.

        Returns
        -------
        pandas.DataFrame
            `neuron`, `partner`, `weight` (int64), `share_of_output` (of all output synapses
            of the presynaptic neuron) and `share_of_input` (of all input synapses of the
            postsynaptic one), float64 from 0 to 1; totals do not depend on `threshold`. By
            weight, largest first.
        """
        from graphapi.partners import get_partners

        return get_partners(self, neuron_ids, direction=direction, threshold=threshold)

    def get_common_partners(
        self,
        neuron_ids: object,
        direction: Direction = "upstream",
        threshold: int = 1,
        at_least: int | None = None,
    ) -> pd.DataFrame:
        """Give the partners that several neurons share.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        direction
            `'upstream'`: common inputs; `'downstream'`: common outputs.
        threshold
            Smallest weight of each connection, in synapses, inclusive.
        at_least
            Of how many of the neurons; None for all of them.

        Returns
        -------
        pandas.DataFrame
            `partner`, `shared_by` (how many neurons), `weight` (all synapses with them), and a
            column of weights for each neuron, int64. Most shared first, then heaviest.
        """
        from graphapi.partners import get_common_partners

        return get_common_partners(
            self, neuron_ids, direction=direction, threshold=threshold, at_least=at_least
        )

    def get_similarity(
        self, neuron_ids: object, direction: Direction = "downstream", threshold: int = 1
    ) -> pd.DataFrame:
        """Tell how alike neurons are in whom they connect with: cosine of their weights.

        Returns
        -------
        pandas.DataFrame
            float64 from 0 to 1, rows and columns ascending by root id. A neuron without
            partners is 0 to all, itself too.
        """
        from graphapi.partners import get_similarity

        return get_similarity(self, neuron_ids, direction=direction, threshold=threshold)

    def get_type_connectivity(
        self,
        by: str = "cell_class",
        pre_ids: object = None,
        post_ids: object = None,
        threshold: int = 1,
    ) -> pd.DataFrame:
        """Sum connectivity from type to type.

        Parameters
        ----------
        by
            A text property of neurons: `cell_class`, `side`, ...
        pre_ids, post_ids
            Only these neurons; None for all.
        threshold
            Smallest weight of a connection that counts, in synapses, inclusive.

        Returns
        -------
        pandas.DataFrame
            `pre_type`, `post_type`, `connections`, `synapses` (int64), `mean_weight`, and
            `share_of_output`, `share_of_input` (of all synapses counted here of the pre, the
            post type). Neurons without the property are `Unknown`. Ascending by type.
            `graphapi.type_matrix` makes a matrix of any of these.

        Raises
        ------
        UnknownFieldError
            Neurons have no such text property.
        """
        from graphapi.celltypes import get_type_connectivity

        return get_type_connectivity(
            self, by, pre_ids=pre_ids, post_ids=post_ids, threshold=threshold
        )

    def get_shortest_paths(
        self,
        sources: object,
        targets: object,
        max_hops: int = 6,
        threshold: int = 1,
        limit: int = 10_000,
    ) -> pd.DataFrame:
        """Give all paths with the fewest hops from each source to each target.

        Parameters
        ----------
        sources, targets
            Root ids or `NeuronCriteria`.
        max_hops
            Longest path looked for.
        threshold
            Smallest weight of each connection on the way, in synapses, inclusive.
        limit
            Most paths given; when there are more, `CutOffWarning` says so and
            `.attrs['complete']` is False.

        Returns
        -------
        pandas.DataFrame
            `source`, `target`, `hops`, `weakest` (smallest weight on the way), `root_ids`
            (the neurons from end to end) and `weights`. Pairs that are farther apart than
            `max_hops`, or not connected, have no row.
        """
        from graphapi.paths import get_shortest_paths, read_ends

        ends = read_ends(self, sources, targets, max_hops, threshold)
        return get_shortest_paths(self, ends, limit=limit)

    def get_strongest_paths(
        self, sources: object, targets: object, max_hops: int = 4, threshold: int = 1
    ) -> pd.DataFrame:
        """Give the path whose weakest connection is strongest, for each source and target.

        Of several such paths the one with the fewest hops is given.

        Returns
        -------
        pandas.DataFrame
            As `get_shortest_paths`; at most one row for each pair.
        """
        from graphapi.paths import get_strongest_paths, read_ends

        return get_strongest_paths(self, read_ends(self, sources, targets, max_hops, threshold))

    def get_paths(
        self,
        sources: object,
        targets: object,
        max_hops: int = 3,
        threshold: int = 1,
        limit: int = 10_000,
    ) -> pd.DataFrame:
        """Give all paths of at most some hops that visit no neuron twice.

        Parameters
        ----------
        limit
            Most paths given; when there are more, `CutOffWarning` says so and
            `.attrs['complete']` is False.

        Returns
        -------
        pandas.DataFrame
            As `get_shortest_paths`, fewest hops first.
        """
        from graphapi.paths import get_paths, read_ends

        ends = read_ends(self, sources, targets, max_hops, threshold)
        return get_paths(self, ends, limit=limit)
