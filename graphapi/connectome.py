"""Connectome: one open graph, and everything that can be asked of it."""

from __future__ import annotations

from graphapi.ask.analysis import AnalysisCalls
from graphapi.ask.figures import FigureCalls
from graphapi.ask.motifs import MotifCalls


class Connectome(FigureCalls, AnalysisCalls, MotifCalls):
    """One materialization version of a connectome, as a graph.

    Open one with `Connectome.open`. It can be used in a `with` statement.

    Every frame that is returned says in `.attrs` where it comes from: `datastack`,
    `version`, `timestamp`, `source` (`graph` or `cave`) and `id_mapping` (stale ids that
    were asked for, and the ids used instead).
    """
