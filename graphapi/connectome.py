"""The `Connectome` class: one open graph with all its questions."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import cast

from graphapi.ask.export import ExportQuestions
from graphapi.ask.groups import GroupQuestions
from graphapi.ask.motifs import MotifQuestions
from graphapi.ask.paths import PathQuestions
from graphapi.ask.typefigures import TypeFigures
from graphapi.common.keywords import with_suggestions
from graphapi.graph.default import default_graph, open_default_by, set_default

#: Counts that a notebook shows; `materialization` has all of them.
_SHOWN = {"neurons": "neurons", "connections": "connections", "synapses_kept": "synapses"}


@with_suggestions
class Connectome(
    TypeFigures,
    GroupQuestions,
    PathQuestions,
    ExportQuestions,
    MotifQuestions,
):
    """One materialization version of a connectome, as a graph.

    Open one with `Connectome.open`; a `with` statement closes it.

    Every DataFrame returned records its provenance in `.attrs`: `datastack`, `version`,
    `timestamp`, `source` (`graph` or `cave`) and `id_mapping` (stale ids that were passed, and
    the current ids used instead).
    """

    def _repr_html_(self) -> str:
        made = self.materialization
        kind = "<b>SYNTHETIC</b>, not measured. " if made.synthetic else ""
        counts = ", ".join(f"{made.counts.get(n, 0):,} {said}" for n, said in _SHOWN.items())
        return (
            f"<b>{escape(self.name)}</b> ({escape(self.engine.name)} at "
            f"<code>{escape(self.engine.uri)}</code>)<br>{kind}{counts}<br>"
            f"fields: {', '.join(f'<code>{escape(name)}</code>' for name in self.fields)}"
        )


def default_connectome() -> Connectome:
    """Return the connectome that the module-level functions use.

    It is opened on first use: `$CAVEGRAPH_URI`, else the graph in the user's data folder. `use`
    changes it.

    Raises
    ------
    GraphNotFoundError, GraphIncompleteError, EngineError
        The graph cannot be opened.
    """
    return cast("Connectome", default_graph())


def use(connectome: Connectome | str | Path | None) -> None:
    """Make a connectome the default.

    Parameters
    ----------
    connectome
        An open connectome, or the path or address of a graph to open. None: open
        `$CAVEGRAPH_URI` or the user's graph again on next use. The previous default is not
        closed.

    Raises
    ------
    GraphNotFoundError, GraphIncompleteError, EngineError
        The graph cannot be opened; the default does not change.
    """
    opened = Connectome.open(connectome) if isinstance(connectome, (str, Path)) else connectome
    set_default(opened)


open_default_by(Connectome.open)
