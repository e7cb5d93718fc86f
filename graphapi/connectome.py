"""Connectome: one open graph, and everything that can be asked of it."""

from __future__ import annotations

from graphapi.calls.analysis import AnalysisCalls
from graphapi.calls.figures import FigureCalls
from graphapi.calls.motifs import MotifCalls


class Connectome(FigureCalls, AnalysisCalls, MotifCalls):
    """One materialization version of a connectome, as a graph.

    Open one with `Connectome.open`. It can be used in a `with` statement.

    Every frame that is returned says in `.attrs` where it comes from: `datastack`,
    `version`, `timestamp`, `source` (`graph` or `cave`) and `id_mapping` (stale ids that
    were asked for, and the ids used instead).
    """
