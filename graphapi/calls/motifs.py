"""Network motifs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from graphapi.calls.export import ExportCalls

if TYPE_CHECKING:
    from graphapi.motifs.analysis import MotifAnalysis


class MotifCalls(ExportCalls):
    """Questions about motifs."""

    @cached_property
    def motifs(self) -> MotifAnalysis:
        """Motif search, census, roles; see `graphapi.motifs.analysis.MotifAnalysis`."""
        from graphapi.motifs.analysis import MotifAnalysis

        return MotifAnalysis(self)
