"""What a load did, for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from graphapi.graph.materialization import Materialization
    from loader.checks.verify import VerifyReport

_LEFT_OUT = {
    "rows_invalid": "marked invalid",
    "rows_unresolved": "without a root id on one side",
    "rows_background": "with background (0) on one side",
    "rows_below_min_size": "below the smallest size",
    "rows_zero_weight": "with weight 0",
    "rows_autapse": "of a neuron with itself (counted on the neuron)",
}


@dataclass(frozen=True)
class LoadReport:
    """What a load did; prints well.

    Parameters
    ----------
    uri
        Where the graph is.
    record
        What it says about itself, with all counts.
    checks
        What was verified; None where the graph was there already.
    conflicts
        `root_id`, `field`, `values`, `chosen`: annotation rows of one neuron that disagree;
        None where the graph was there already.
    seconds
        For each part of the load.
    was_there
        This very graph was there already, and nothing was done.
    compared
        Neurons whose totals were asked of CAVE too, and are the same.
    next_steps
        What is left to do by hand; empty where the graph can be asked.
    """

    uri: str
    record: Materialization
    checks: VerifyReport | None = None
    conflicts: pd.DataFrame | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    was_there: bool = False
    compared: int = 0
    next_steps: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Rows seen, kept and left out, neurons, connections, annotation rows."""
        return self.record.counts

    def __str__(self) -> str:
        counts, record = self.counts, self.record
        title = f"{record.datastack} at version {record.version} in {self.uri}"
        if self.was_there:
            return f"{title}: there already, complete; nothing to do"
        lines = [
            title,
            (
                f"  {counts['neurons']:,} neurons, {counts['connections']:,} connections of "
                f"{counts['synapses_kept']:,} synapses"
            ),
            f"  {counts['rows']:,} rows read, {counts['rows_kept']:,} kept",
        ]
        for name, meaning in _LEFT_OUT.items():
            if counts.get(name):
                lines.append(f"    {counts[name]:,} {meaning}")
        if counts["annotation_rows"]:
            lines.append(
                f"  {counts['annotation_rows']:,} annotation rows, "
                f"{counts['annotation_rows_attached']:,} of them on a neuron; "
                f"{counts['annotation_conflicts']:,} conflicts between rows of one neuron"
            )
        lines += [f"  note: {note}" for note in record.notes]
        if self.checks is not None:
            lines.append(f"  verified: {len(self.checks.checks)} checks hold")
        if self.compared:
            lines.append(f"  {self.compared} neurons have the totals that CAVE says of them")
        if self.seconds:
            parts = ", ".join(f"{name} {value:.1f} s" for name, value in self.seconds.items())
            lines.append(f"  {parts}")
        if self.next_steps:
            lines.append(self.next_steps)
        return "\n".join(lines)
