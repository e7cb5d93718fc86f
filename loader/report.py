"""The report of a load."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loader.sources.taken import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from graphapi.graph.materialization import Materialization
    from loader.checks.verify import VerifyReport

_LEFT_OUT = {
    "rows_filtered": "left out by --keep",
    "rows_repeated": "repeated for another nucleus of the same neuron",
    "rows_invalid": "marked invalid",
    "rows_unresolved": "without a root id on one side",
    "rows_background": "with background (0) on one side",
    "rows_outside": "not between two neurons of --only",
    "rows_below_min_size": "below --min-size",
    "rows_zero_weight": "with weight 0",
    "rows_autapse": "from a neuron to itself (autapses, counted on the neuron)",
}


@dataclass(frozen=True)
class LoadReport:
    """The result of a load; `print` it for a summary.

    Parameters
    ----------
    uri
        Where the graph is.
    record
        The graph's record, with all counts.
    checks
        The checks that ran; None if the graph existed already.
    conflicts
        Annotation rows of one neuron that disagree: `root_id`, `field`, `values`, `chosen`.
        None if the graph existed already.
    seconds
        Seconds of each part of the load.
    was_there
        The same graph existed already, and nothing was done.
    compared
        Number of neurons whose totals were compared with CAVE and are the same.
    next_steps
        What is left to do by hand; empty if the graph can be queried.
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
        """Counts of rows read, kept and left out, of neurons, connections, annotation rows."""
        return self.record.counts

    def __str__(self) -> str:
        counts, record = self.counts, self.record
        title = f"{record.datastack} at version {record.version} in {self.uri}"
        if self.was_there:
            return f"{title}: exists already and is complete; nothing to do"
        lines = [
            title,
            *(["  SYNTHETIC: made up by a program, not measured"] if record.synthetic else []),
            (
                f"  {counts['neurons']:,} neurons, {counts['connections']:,} connections of "
                f"{counts['synapses_kept']:,} synapses"
            ),
            f"  {counts['rows']:,} rows read, {counts['rows_kept']:,} kept",
        ]
        lines += [f"    {what}" for what in left_out(counts)]
        if counts["annotation_rows"]:
            lines.append(
                f"  {counts['annotation_rows']:,} annotation rows, "
                f"{counts['annotation_rows_attached']:,} of them attached to a neuron; "
                f"{counts['annotation_conflicts']:,} conflicts between rows of the same neuron"
            )
            if counts.get("annotation_rows_outside"):
                lines.append(
                    f"    {counts['annotation_rows_outside']:,} rows of other neurons left out"
                )
            if "neurons_annotated" in counts:
                lines.append(
                    f"  {counts['neurons_annotated']:,} neurons are annotated, "
                    f"{counts['neurons_annotated_unconnected']:,} of them without connections; "
                    f"{counts['neurons_unannotated']:,} have connections but no annotation"
                )
        if "neurons_with_transmitter" in counts:
            lines.append(
                f"  {counts['neurons_with_transmitter']:,} of {counts['neurons']:,} neurons have "
                "a transmitter"
            )
        lines += [
            *described(record.reading, brief=True),
            *(f"  note: {note}" for note in record.notes),
        ]
        if self.checks is not None:
            lines.append(f"  verified: {len(self.checks.checks)} checks passed")
        if self.compared:
            lines.append(f"  {self.compared} neurons have the same totals in CAVE")
        if self.seconds:
            parts = ", ".join(f"{name} {value:.1f} s" for name, value in self.seconds.items())
            lines.append(f"  {parts}")
        if self.next_steps:
            lines.append(self.next_steps)
        return "\n".join(lines)


def left_out(counts: Mapping[str, int]) -> list[str]:
    """Return how many rows were left out for each reason."""
    return [
        f"{counts[name]:,} {meaning}" for name, meaning in _LEFT_OUT.items() if counts.get(name)
    ]


def described(reading: Mapping[str, Any], *, brief: bool = False) -> list[str]:
    """Return lines on how each source was read; empty for CAVE tables.

    Parameters
    ----------
    reading
        As in the graph's record.
    brief
        Leave out which column is which, which a load has said before it read the files.
    """
    lines = []
    rows = reading.get("connections", {})
    if rows:
        read = shown(rows.get("files") or [rows["table"]])
        lines.append(f"  {read} read as {_family(rows)}{rows['what']}")
        columns = rows.get("columns", {})
        if columns and not brief:
            lines.append(
                f"    {', '.join(f'{ours} = {theirs}' for ours, theirs in columns.items())}"
            )
        if rows.get("id_prefix") and not brief:
            lines.append(f"    ids begin with {rows['id_prefix']}, from the column names")
        if rows.get("not_used"):
            lines.append(f"    columns not used: {', '.join(rows['not_used'])}")
        lines += [f"    {told}" for told in rows.get("regions", [])]
        if rows.get("keep"):
            lines.append(f"    rows kept: {' and '.join(rows['keep'])}")
    for table in reading.get("annotations", []):
        met = ""
        if "neurons" in table:
            met = f", {table['connected']:,} of {table['neurons']:,} neurons with connections"
        what = f"{_family(table)}{table['what']}, " if table.get("what") else ""
        said = f", transmitters in '{table['transmitter']}'" if table.get("transmitter") else ""
        ids = f"ids in '{table['id_column']}'"
        lines.append(f"  {shown(table['files'])}: {what}{ids}{said}{met}")
        if table.get("note"):
            lines.append(f"    {table['note']}")
    if reading.get("only"):
        lines.append(f"  only connections between the neurons of {reading['only']}")
    marked = [
        name for t in (rows, *reading.get("annotations", [])) for name in t.get("synthetic", [])
    ]
    if marked:
        lines.append(f"  marked as synthetic: {shown(list(dict.fromkeys(marked)))}")
    cited = [t["citation"] for t in (rows, *reading.get("annotations", [])) if t.get("citation")]
    return [*lines, *(f"  cite: {text}" for text in dict.fromkeys(cited))]


def _family(table: Mapping[str, Any]) -> str:
    return f"{table['family']}: " if table.get("family") else ""
