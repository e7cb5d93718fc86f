"""What a MATCH asks about synapses: those of one neuron, or those between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.errors import InputError
from graphapi.serve.neuprint.tree import Constant, Operation, Property, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from graphapi.serve.neuprint.synapserows import Side
    from graphapi.serve.neuprint.tree import Expression, Node, Pattern

#: Labels of neurons.
NEURONS = frozenset(("Neuron", "Segment", "Cell"))
#: The relationships between neurons.
CONNECTS = "ConnectsTo"
_SET, _SYNAPSE = "SynapseSet", "Synapse"
_SHAPES = (
    "write (n:Neuron)-[:Contains]->(:SynapseSet)-[:Contains]->(s:Synapse), "
    "or two of these with (s)-[:SynapsesTo]->(t)"
)


class NotHereError(InputError):
    """The query is about something that the graph does not have."""


@dataclass(frozen=True)
class Asked:
    """Names of the synapses that a MATCH asks for, and of their neurons; empty for none.

    If there is one synapse, `post` and `post_neuron` are empty, and `pre` may be at either end of
    its row.
    """

    pre: str
    pre_neuron: str
    post: str = ""
    post_neuron: str = ""


def is_about_synapses(pattern: Pattern) -> bool:
    """Return whether a pattern has more than neurons and their connections."""
    known = {*NEURONS, "Meta"}
    labels = (label for node in pattern.nodes for label in node.labels)
    types = (kind for edge in pattern.edges for kind in edge.types)
    return any(one not in known for one in labels) or any(one != CONNECTS for one in types)


def foreign(patterns: Sequence[Pattern]) -> str:
    """Return what patterns have beside neurons and connections, in words."""
    for pattern in patterns:
        for node in pattern.nodes:
            for label in node.labels:
                if label not in NEURONS and label != "Meta":
                    return f"nodes with the label {label}"
    types = (kind for pattern in patterns for edge in pattern.edges for kind in edge.types)
    return f"relationships {next(kind for kind in types if kind != CONNECTS)}"


def asked(patterns: Sequence[Pattern]) -> Asked:
    """Recognise what is asked about synapses.

    Parameters
    ----------
    patterns
        Patterns for which `is_about_synapses` is true, with a name for each node.

    Raises
    ------
    NotHereError
        They are about something else than synapses, or of another shape.
    """
    _refuse_others(patterns)
    edges = [
        (*((a.name, b.name) if edge.forward else (b.name, a.name)), *edge.types)
        for pattern in patterns
        for a, b, edge in zip(pattern.nodes, pattern.nodes[1:], pattern.edges, strict=False)
    ]
    kinds = _kinds(node for pattern in patterns for node in pattern.nodes)
    held = [(holder, part) for holder, part, kind in edges if kind == "Contains"]
    for holder, part in held:
        if kinds[part] == _SYNAPSE and not kinds[holder]:
            kinds[holder] = _SET
    owners = {part: holder for holder, part in held if kinds[part] == _SET}
    sets = {part: holder for holder, part in held if kinds[part] == _SYNAPSE}
    pairs = [(pre, post) for pre, post, kind in edges if kind == "SynapsesTo"]
    together = [(pre, post) for pre, post, kind in edges if kind == CONNECTS]
    sound = (
        len(owners) + len(sets) == len(held)
        and all(kinds[one] == _SET for one in sets.values())
        and all(kinds[one] in ("", *NEURONS) for one in owners.values())
        and {name for name, kind in kinds.items() if kind == _SYNAPSE} <= set(sets)
        and set(owners) == set(sets.values())
    )
    if sound and len(sets) == 1 and not pairs and not together:
        (synapse,) = sets
        return Asked(synapse, owners[sets[synapse]])
    if sound and len(sets) == 2 and len(pairs) == 1 and set(pairs[0]) == set(sets):
        pre, post = pairs[0]
        if all(one == (sets[pre], sets[post]) for one in together) and sets[pre] != sets[post]:
            return Asked(pre, owners[sets[pre]], post, owners[sets[post]])
    raise NotHereError("the query asks for synapses in a pattern of another shape", hint=_SHAPES)


def sides_of(synapse: str, conditions: Sequence[Expression]) -> list[Side]:
    """Return at which ends of its row a synapse may be: `s.type = 'pre'` leaves one."""
    kind = Property(Variable(synapse), "type")
    sides: list[Side] = ["pre", "post"]
    for one in conditions:
        if isinstance(one, Operation) and one.sign == "=" and kind in one.operands:
            values = [part.value for part in one.operands if isinstance(part, Constant)]
            sides = [side for side in sides if not values or side in values]
    return sides


def _refuse_others(patterns: Sequence[Pattern]) -> None:
    for pattern in patterns:
        for node in pattern.nodes:
            for label in node.labels:
                if label not in (*NEURONS, _SET, _SYNAPSE):
                    raise NotHereError(
                        f"there are no nodes with the label {label} in this graph, and this server "
                        "asks CAVE for synapses only",
                        hint="get_cave_client of graphapi reads other tables of the datastack",
                    )
        for edge in pattern.edges:
            if edge.types not in ((CONNECTS,), ("Contains",), ("SynapsesTo",)):
                raise NotHereError(
                    f"there are no relationships {':'.join(edge.types) or 'without a type'} "
                    "between synapses here",
                    hint=_SHAPES,
                )
        if pattern.name or pattern.finder or any(edge.varies for edge in pattern.edges):
            raise NotHereError("the query asks for paths through synapses", hint=_SHAPES)


def _kinds(nodes: Iterable[Node]) -> dict[str, str]:
    """Return one label of each node; empty where it has none."""
    found: dict[str, str] = {}
    for node in nodes:
        label = node.labels[0] if node.labels else ""
        found[node.name] = found.get(node.name) or label
    return found
