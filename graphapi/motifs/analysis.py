"""Motif analysis of an open connectome: search in the graph, census and nulls on its matrix."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from graphapi.motifs.search import MotifSearch, schema_of
from graphapi.network.analysis import NetworkAnalysis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from graphapi.motifs.binding import MotifSchema
    from graphapi.motifs.search import Method, Motif
    from graphapi.network.nulls import NullKind, NullModel
    from graphapi.network.significance import Comparison, Measure


class MotifAnalysis(NetworkAnalysis):
    """What can be asked about motifs; `Connectome.motifs` is one.

    Parameters
    ----------
    connectome
        The open graph.
    """

    def search(
        self,
        motif: Motif,
        limit: int | None = None,
        unique: bool = True,
        induced: bool = False,
        distinct: bool = True,
        annotate: Iterable[str] | None = None,
        timeout: float | None = None,
        method: Method = "auto",
    ) -> pd.DataFrame:
        """Find all subgraphs that match a motif; see `graphapi.motifs.search.MotifSearch`.

        Parameters
        ----------
        motif
            A DotMotif program (`"A -> B; B -> C; C -> A"`), the path of a file that holds
            one, or a `Pattern`.
        limit
            Most matches given; None for all.
        unique
            Each subgraph once, whatever the motif's symmetry.
        induced
            No connections among the neurons of a match but the motif's.
        distinct
            Different nodes of the motif are different neurons.
        annotate
            Neuron properties to add for every node.
        timeout
            Seconds after which the search is stopped.
        method
            `'compiled'` (in memory), `'cypher'` (in the database) or `'auto'`.

        Returns
        -------
        pandas.DataFrame
            A column of root ids for every node, then weights of the connections.
        """
        frame = self._search.search(
            motif, limit, unique, induced, distinct, annotate, timeout, method
        )
        frame.attrs |= self._attrs({})
        return frame

    def count(
        self,
        motif: Motif,
        unique: bool = True,
        induced: bool = False,
        distinct: bool = True,
        timeout: float | None = None,
        method: Method = "auto",
    ) -> int:
        """Count the matches of a motif without listing them; see `search`."""
        return self._search.count(motif, unique, induced, distinct, timeout, method)

    def census(
        self, threshold: int = 1, neuron_ids: object = None, *, isolated: bool = False
    ) -> dict[str, int]:
        """Count the triads of all 16 classes, exactly.

        Parameters
        ----------
        threshold, neuron_ids, isolated
            See `graph`. Classes 003, 012 and 102 depend on the number of neurons, so on
            `isolated`.

        Returns
        -------
        dict
            Number of triads per class, with networkx's names and in its order.
        """
        from graphapi.network.census import triad_census

        return triad_census(self.graph(threshold, neuron_ids, isolated=isolated))

    def participation(self, threshold: int = 1, neuron_ids: object = None) -> pd.DataFrame:
        """Count, for every neuron, the triads of each class that it is part of.

        Returns
        -------
        pandas.DataFrame
            Index `root_id`, a column for every class, int64.
        """
        from graphapi.network.census import participation

        return self._frame(participation, threshold, neuron_ids)

    def roles(
        self, by: str | None = None, threshold: int = 1, neuron_ids: object = None
    ) -> pd.DataFrame:
        """Count who takes which role in which class of triad.

        Parameters
        ----------
        by
            A neuron property (`cell_class`): one line a value of it. None: one line a neuron.
        threshold, neuron_ids
            See `graph`.
        """
        if by is None:
            from graphapi.network.census import role_counts

            return self._frame(role_counts, threshold, neuron_ids)
        from graphapi.network.labelled import label_roles

        return self._frame(partial(label_roles, labels=self.labels(by)), threshold, neuron_ids)

    def labelled_census(
        self, by: str, threshold: int = 1, neuron_ids: object = None
    ) -> pd.DataFrame:
        """Count connected triads by the cell classes, or the like, of all three neurons.

        Parameters
        ----------
        by
            A neuron property with at most some tens of values.
        threshold, neuron_ids
            See `graph`.

        Returns
        -------
        pandas.DataFrame
            `triad`, `label_0`, `label_1`, `label_2`, `count`, the most frequent first; see
            `graphapi.network.labelled`.
        """
        from graphapi.network.labelled import labelled_census

        return self._frame(partial(labelled_census, labels=self.labels(by)), threshold, neuron_ids)

    def weights(self, threshold: int = 1, neuron_ids: object = None) -> pd.DataFrame:
        """Tell how strong the connections in each class of triad are."""
        from graphapi.network.weighted import weighted_census

        return self._frame(weighted_census, threshold, neuron_ids)

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
        """Tell which motifs there are more of, or fewer, than in null graphs.

        Parameters
        ----------
        motifs
            Motifs by name, as for `search`; they may have conditions on neurons and weights.
            None: the 16 classes of triads, which is much faster.
        model
            What the null graphs keep: a `NullModel` (see `null_model`) or the name of one.
        nulls
            How many null graphs.
        threshold, neuron_ids
            See `graph`.
        induced
            For `motifs`: no connections among the neurons of a match but the motif's. The
            classes of triads always are.
        seed
            Of the null graphs.
        workers
            Threads; None: one for each core.

        Returns
        -------
        Comparison
            `.table`: observed, mean, deviation, z and empirical p for each motif; `.values`:
            the counts in each null graph.
        """
        from graphapi.network.census import triad_census
        from graphapi.network.significance import compare

        graph = self.graph(threshold, neuron_ids)
        measures: dict[str, Measure] = {"triad": lambda one: triad_census(one, workers=1)}
        if motifs is not None:
            from graphapi.motifs.counting import MotifCounts
            from graphapi.motifs.plan import Rules

            measures = {
                "motif": MotifCounts(self._connectome, self._schema, motifs, Rules(induced=induced))
            }
        (found,) = compare(
            graph, self._model(model), measures, nulls=nulls, seed=seed, workers=workers
        ).values()
        return found

    def to_cypher(
        self,
        motif: Motif,
        unique: bool = True,
        induced: bool = False,
        distinct: bool = True,
        count: bool = False,
    ) -> tuple[str, dict[str, object]]:
        """Write a motif as Cypher, to change it, or to run it elsewhere.

        Parameters
        ----------
        motif, unique, induced, distinct
            See `search`.
        count
            Ask for the number of matches only.

        Returns
        -------
        tuple
            The query in the dialect of this graph's database, and its parameters: what
            `connectome.cypher(*motifs.to_cypher(motif))` runs.
        """
        from graphapi.motifs.binding import bind
        from graphapi.motifs.compile import compile_query
        from graphapi.motifs.plan import Rules, make_plan
        from graphapi.motifs.search import read_motif

        pattern = bind(read_motif(motif), self._schema)
        plan = make_plan(pattern, Rules(unique, induced, distinct))
        query, params = compile_query(pattern, plan, count=count)
        return query.text_for(self._connectome.engine.name), params

    @cached_property
    def _schema(self) -> MotifSchema:
        made = self._connectome.materialization
        return schema_of(made.neuron_fields, has_size=made.has_size)

    @cached_property
    def _search(self) -> MotifSearch:
        return MotifSearch(self._connectome, self._schema)
