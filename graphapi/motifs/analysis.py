"""All motif questions about an open connectome: search, census, comparison with null graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from graphapi.common.keywords import with_suggestions
from graphapi.errors import InputError
from graphapi.motifs.narrowed import Narrowing
from graphapi.motifs.search import MotifSearch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from graphapi.motifs.search import Motif
    from graphapi.network.graph import DirectedGraph
    from graphapi.network.nulls import NullKind, NullModel
    from graphapi.network.significance import Comparison, Measure


@with_suggestions
class MotifAnalysis(MotifSearch):
    """All motif questions; `Connectome.motifs` is one."""

    def census(
        self,
        threshold: int = 1,
        neuron_ids: object = None,
        *,
        isolated: bool = False,
        regions: str | Sequence[str] | None = None,
    ) -> dict[str, int]:
        """Count the triads of all 16 classes, exactly.

        Parameters
        ----------
        threshold, neuron_ids, isolated
            See `graph`. Classes 003, 012 and 102 depend on the number of neurons, and
            therefore on `isolated`.
        regions
            Count only synapses in these regions; see `search`.

        Returns
        -------
        dict
            Number of triads per class, with networkx's names and in its order.
        """
        from graphapi.network.census import triad_census

        narrowing = Narrowing.of(regions)
        chosen = self if narrowing == self.narrowing else self._narrowed(narrowing)
        graph = chosen.graph(threshold, neuron_ids, isolated=isolated)
        return triad_census(graph, stop=self._stop())

    def participation(self, threshold: int = 1, neuron_ids: object = None) -> pd.DataFrame:
        """Count, for every neuron, the triads of each class that it is part of.

        Returns
        -------
        pandas.DataFrame
            Index `root_id`, a column for every class, int64.
        """
        from graphapi.network.census import participation

        return self._frame(
            lambda graph: participation(graph, stop=self._stop()), threshold, neuron_ids
        )

    def roles(
        self, by: str | None = None, threshold: int = 1, neuron_ids: object = None
    ) -> pd.DataFrame:
        """Count how often each role in each class of triad is taken.

        Parameters
        ----------
        by
            A neuron property, such as `cell_class`: one row per value. None: one row per neuron.
        threshold, neuron_ids
            See `graph`.
        """
        from graphapi.network.census import role_counts
        from graphapi.network.labelled import label_roles

        def count(graph: DirectedGraph) -> pd.DataFrame:
            stop = self._stop()
            if by is None:
                return role_counts(graph, stop=stop)
            return label_roles(graph, self.labels(by), stop=stop)

        return self._frame(count, threshold, neuron_ids)

    def labelled_census(
        self, by: str, threshold: int = 1, neuron_ids: object = None
    ) -> pd.DataFrame:
        """Count connected triads by the labels (cell classes, for example) of their neurons.

        Parameters
        ----------
        by
            A neuron property with at most 100 different values.
        threshold, neuron_ids
            See `graph`.

        Returns
        -------
        pandas.DataFrame
            `triad`, `label_0`, `label_1`, `label_2`, `count`, the most frequent first; see
            `graphapi.network.labelled`.
        """
        from graphapi.network.labelled import labelled_census

        labels = self.labels(by)
        return self._frame(
            lambda graph: labelled_census(graph, labels, stop=self._stop()), threshold, neuron_ids
        )

    def weights(self, threshold: int = 1, neuron_ids: object = None) -> pd.DataFrame:
        """Return how strong the connections in each class of triad are."""
        from graphapi.network.weighted import weighted_census

        return self._frame(
            lambda graph: weighted_census(graph, stop=self._stop()), threshold, neuron_ids
        )

    def significance(
        self,
        motifs: Mapping[str, Motif] | None = None,
        model: NullModel | NullKind = "degree",
        nulls: int = 100,
        threshold: int = 1,
        neuron_ids: object = None,
        *,
        induced: bool = False,
        seed: int = 0,
        workers: int | None = None,
    ) -> Comparison:
        """Compare how often motifs occur with how often they occur in null graphs.

        Parameters
        ----------
        motifs
            Motifs by name, as for `search`; they may have conditions on neurons and weights.
            None: the 16 classes of triads, which is much faster.
        model
            What the null graphs keep: a `NullModel` (see `null_model`) or the name of one.
        nulls
            Number of null graphs.
        threshold, neuron_ids
            See `graph`.
        induced
            For `motifs`: the neurons of a match have no connections but the motif's. Triad
            classes are always induced.
        seed
            Seed of the null graphs.
        workers
            Number of threads; None for one per core.

        Returns
        -------
        Comparison
            `.table`: observed, mean, standard deviation, z and empirical p of each motif;
            `.values`: the counts in each null graph.
        """
        from graphapi.network.census import triad_census
        from graphapi.network.significance import compare

        if not (motifs is None or isinstance(motifs, Mapping)):
            raise InputError(
                "motifs have names here, as rows of the result",
                hint="significance({'three-cycle': 'A -> B; B -> C; C -> A'})",
            )
        graph, chosen = self.graph(threshold, neuron_ids), self._model(model)
        stop = self._stop()
        measures: dict[str, Measure] = {
            "triad": lambda one: triad_census(one, workers=1, stop=stop)
        }
        if motifs is not None:
            from graphapi.motifs.counting import MotifCounts
            from graphapi.motifs.plan import Rules

            rules = Rules(induced=induced)
            measures = {"motif": MotifCounts(self._connectome, self._schema, motifs, rules, stop)}
        (found,) = compare(
            graph, chosen, measures, nulls=nulls, seed=seed, workers=workers, stop=stop
        ).values()
        return found
