"""Write a client's query in the words of our graph model, token by token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.engines.allowed import LADYBUG, NEO4J
from graphapi.engines.owncypher import admit
from graphapi.engines.queries import quoted
from graphapi.serve.neuprint.synapsepatterns import NotHereError

if TYPE_CHECKING:
    from graphapi.engines.tokens import Token
    from graphapi.serve.neuprint.neurons import NeuronTable

_LABELS = {
    "Neuron": "Neuron",
    "Segment": "Neuron",
    "ConnectsTo": "CONNECTS",
    "CONNECTS": "CONNECTS",
}
_CLOSES = {"(": ")", "[": "]", "{": "}"}


def for_engine(text: str, table: NeuronTable, engine: str) -> str:
    """Return a query with our labels and properties; texts in quotes stay as they are.

    Parameters
    ----------
    text
        What the client sent, out of its time box.
    table
        The properties of neurons.
    engine
        The engine's name.

    Raises
    ------
    NotHereError
        It names labels, relationships or properties that the graph does not have. The database
        would find nothing, and that would look like an answer.
    """
    dialect = NEO4J if engine == "neo4j" else LADYBUG
    tokens, _ = admit(text, dialect, ())
    if not any(token.kind == "sign" and token.text == ":" for token in tokens):
        raise NotHereError("the query names no label", hint="write (n:Neuron)")
    written: list[str] = []
    open_brackets: list[str] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.text in _CLOSES and token.kind == "sign":
            open_brackets.append(token.text)
        elif token.text in _CLOSES.values() and token.kind == "sign" and open_brackets:
            open_brackets.pop()
        inside = open_brackets[-1] if open_brackets else ""
        before = tokens[place - 1].text if place else ""
        after = tokens[place + 1].text if place + 1 < len(tokens) else ""
        named = token.kind in ("word", "quoted name")
        if named and before in (":", "|") and inside in ("(", "["):
            written.append(_label(token))
        elif named and before == "." and after != "(" and place > 1 and _is_name(tokens[place - 2]):
            written.append(_property(token, table))
        elif named and after == ":" and inside == "{":
            written.append(_key(token, table))
        elif token.upper == "EXISTS" and token.kind == "word" and _is_property(tokens, place + 1):
            owner, name = tokens[place + 2].text, tokens[place + 4]
            written.append(f"({owner}.{_property(name, table)} IS NOT NULL)")
            place += 5
        else:
            written.append(token.text)
        place += 1
    return _joined(written)


def _is_name(token: Token) -> bool:
    return token.kind in ("word", "quoted name") or token.text in (")", "]")


def _is_property(tokens: list[Token], place: int) -> bool:
    """Return whether `(x.name)` is here."""
    texts = [token.text for token in tokens[place : place + 5]]
    return len(texts) == 5 and texts[0] == "(" and texts[2] == "." and texts[4] == ")"


def _label(token: Token) -> str:
    if token.name not in _LABELS:
        raise NotHereError(
            f"there is nothing of the kind {token.name} in this graph",
            hint="ask about :Neuron, :Segment and :ConnectsTo",
        )
    return _LABELS[token.name]


def _property(token: Token, table: NeuronTable) -> str:
    name = token.name
    if name == "weight":
        return "weight"
    field = _field(name, table)
    if field:
        return quoted(field)
    raise NotHereError(
        f"the database has no property {name!r} that it can compare as the query asks",
        hint=f"it has: weight, {', '.join(one for one in table.names if _field(one, table))}",
    )


def _key(token: Token, table: NeuronTable) -> str:
    field = _field(token.name, table)
    return quoted(field) if field else token.text


def _field(name: str, table: NeuronTable) -> str:
    return "root_id" if name == "bodyId" else table.field_of(name)


def _joined(written: list[str]) -> str:
    return " ".join(written).replace(" . ", ".")
