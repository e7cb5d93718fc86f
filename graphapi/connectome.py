"""Connectome: one open graph, and everything that can be asked of it."""

from __future__ import annotations

from typing import cast

from graphapi.ask.export import ExportQuestions
from graphapi.ask.figures import FigureQuestions
from graphapi.ask.motifs import MotifQuestions
from graphapi.ask.partners import PartnerQuestions
from graphapi.ask.paths import PathQuestions
from graphapi.ask.types import TypeQuestions
from graphapi.graph.default import default_graph, open_default_by, set_default


class Connectome(
    FigureQuestions, PartnerQuestions, TypeQuestions, PathQuestions, ExportQuestions, MotifQuestions
):
    """One materialization version of a connectome, as a graph.

    Open one with `Connectome.open`. It can be used in a `with` statement.

    Every frame that is returned says in `.attrs` where it comes from: `datastack`,
    `version`, `timestamp`, `source` (`graph` or `cave`) and `id_mapping` (stale ids that
    were asked for, and the ids used instead).
    """


def default_connectome() -> Connectome:
    """Return the connectome that the module-level functions use.

    It is opened at the first use: `$CAVEGRAPH_URI`, else the graph in the user's data
    folder. `use` puts another in its place.

    Raises
    ------
    GraphNotFoundError, GraphIncompleteError, EngineError
        It cannot be opened.
    """
    return cast("Connectome", default_graph())


def use(connectome: Connectome | None) -> None:
    """Make a connectome the default; None goes back to opening `$CAVEGRAPH_URI`.

    The connectome that was the default before is not closed.
    """
    set_default(connectome)


open_default_by(Connectome.open)
