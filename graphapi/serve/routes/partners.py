"""The partners of neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.engines.queries import catalog
from graphapi.serve.answer import Answer, Shown
from graphapi.serve.astext import command, cypher_text, python_call
from graphapi.serve.desk import Question

if TYPE_CHECKING:
    from graphapi.serve.desk import Desk
    from graphapi.serve.given import Given


def partners(desk: Desk, given: Given) -> Answer:
    """List the partners of neurons, with their shares of input and output."""
    connectome = desk.connectome
    neurons = given.neurons(connectome)
    direction = given.choice("direction", ("upstream", "downstream"), "downstream")
    threshold = given.whole("threshold", 1, least=1)
    frame = connectome.get_partners(neurons.value, direction, threshold)  # type: ignore[arg-type]
    ids = [int(root) for root in frame["neuron"].unique()]
    shown = Shown(
        python_call(connectome, "get_partners", _0=neurons, _1=direction, threshold=threshold),
        cypher_text(
            catalog()[direction], connectome.engine.name, {"ids": ids, "threshold": threshold}
        ),
        command(
            connectome, "partners", neurons, "--direction", direction, "--threshold", threshold
        ),
    )
    return Answer(frame, shown=shown)


QUESTIONS = [Question("/api/v1/partners", partners, ("neurons", "regex", "direction", "threshold"))]
