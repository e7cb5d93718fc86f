"""Network motifs, and the network report of a connectome."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from graphapi.ask.regions import RegionReader

if TYPE_CHECKING:
    from pathlib import Path

    from graphapi.motifs.analysis import MotifAnalysis
    from graphapi.netreport.report import Report
    from graphapi.network.nulls import NullKind, NullModel


class MotifQuestions(RegionReader):
    """Questions about motifs and the whole network."""

    @cached_property
    def motifs(self) -> MotifAnalysis:
        """Motif search, census and roles; see `graphapi.motifs.analysis.MotifAnalysis`."""
        from graphapi.motifs.analysis import MotifAnalysis

        return MotifAnalysis(self, in_regions=lambda names: self.to_sparse(regions=names))

    def report(
        self,
        folder: str | Path,
        threshold: int = 1,
        neuron_ids: object = None,
        *,
        nulls: int = 100,
        model: NullModel | NullKind = "degree",
        by: str | None = None,
        top: int = 20,
        seed: int = 0,
        workers: int | None = None,
    ) -> Report:
        """Write a network report of the connectome: one HTML page, PNG figures and CSV tables.

        Parameters
        ----------
        folder
            Folder for the report; created if necessary. Existing files of the report are replaced.
        threshold
            Smallest weight of a connection, in synapses, inclusive.
        neuron_ids
            Root ids or `NeuronCriteria`: use only these neurons and the connections among them.
            None for all neurons.
        nulls
            Number of null graphs to compare with.
        model
            The null model; see `MotifAnalysis.null_model`.
        by
            A neuron property, such as `cell_class`: shown for hubs, and used for the roles in
            triads.
        top
            Number of hubs to list.
        seed
            Seed of null graphs and samples; the same seed gives the same report.
        workers
            Number of threads; None for one per core.

        Returns
        -------
        Report
            Paths of the files written, and the tables.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed (extra `figures`).
        InputError
            The folder is not writable, or `nulls` is less than 2.
        """
        from graphapi.common.threads import Stop
        from graphapi.netreport.report import write_report

        analysis = self.motifs
        chosen = analysis.null_model(model) if isinstance(model, str) else model
        made = self.materialization
        facts = {
            "datastack": f"{made.datastack}, version {made.version}, {made.timestamp}",
            "connections": f"of {threshold} or more synapses",
            "neurons": "all with a connection" if neuron_ids is None else "a selection of them",
        }
        if made.synthetic:
            facts["note"] = "this connectome is synthetic: made up by a program"
        return write_report(
            folder,
            analysis.graph(threshold, neuron_ids),
            chosen,
            title=f"{self.name} as a network",
            facts=facts,
            nulls=nulls,
            seed=seed,
            top=top,
            labels=None if by is None else analysis.labels(by),
            workers=workers,
            stop=Stop(self.timeout),
        )
