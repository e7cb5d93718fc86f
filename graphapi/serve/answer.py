"""An answer: a table or other values, where they come from, and how to ask elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from starlette.responses import Response

    from graphapi.connectome import Connectome


@dataclass(frozen=True)
class Shown:
    """The same question elsewhere; empty where it cannot be asked there."""

    python: str = ""
    cypher: str = ""
    command_line: str = ""


@dataclass
class Answer:
    """An answer to one question.

    Attributes
    ----------
    table
        The table of the answer; it is what `format=csv` and others give.
    values
        Further values, already fit for JSON.
    shown
        The same question elsewhere.
    attrs
        The attributes of a DataFrame of `graphapi`; None for those of `table`.
    ids
        Columns of the table that hold ids, besides those whose name says so.
    content
        The whole response, for answers that are pictures or pages.
    """

    table: pd.DataFrame | None = None
    values: dict[str, Any] = field(default_factory=dict)
    shown: Shown = field(default_factory=Shown)
    attrs: dict[Any, Any] | None = None
    ids: frozenset[str] = frozenset()
    content: Response | None = None

    def provenance(self, connectome: Connectome) -> dict[str, Any]:
        """Return where the answer comes from, as JSON."""
        attrs = self.attrs
        if attrs is None:
            attrs = {} if self.table is None else self.table.attrs
        made = connectome.materialization
        mapping = attrs.get("id_mapping", {})
        return {
            "datastack": made.datastack,
            "version": attrs.get("version", made.version),
            "timestamp": attrs.get("timestamp", made.timestamp),
            "source": attrs.get("source", "graph"),
            "load_id": made.load_id,
            "loaded_at": made.loaded_at,
            "synthetic": made.synthetic,
            "engine": connectome.engine.name,
            "checks": checks(connectome),
            "id_mapping": {str(old): str(new) for old, new in mapping.items()},
        }


def checks(connectome: Connectome) -> list[str]:
    """Return what was checked of a graph, one sentence each."""
    made = connectome.materialization
    held = ["the load is complete", "the graph is the one that was opened"]
    if made.checksums:
        held.append("counts and checksums were equal to the source's when it was loaded")
    return held
