"""The same question as Python and as a command line; as Cypher: `ascypher`.

These texts are for people to copy. Nothing here is ever run: queries of the server take values as
parameters.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from graphapi.graph.conditions import Condition
from graphapi.graph.criteria import is_argument
from graphapi.serve.given import Chosen

if TYPE_CHECKING:
    from graphapi.connectome import Connectome


def python_call(connectome: Connectome, method: str, **arguments: object) -> str:
    """Return a call as Python code; None and arguments named `_0` to `_9` are as in a call."""
    return python_code(connectome, call(method, **arguments))


def python_code(connectome: Connectome, *lines: str) -> str:
    """Return lines as Python code that opens the graph first; the last one is the answer."""
    opened = f"connectome = cp.Connectome.open({connectome.engine.uri!r})"
    return "\n".join(["import graphapi as cp", "", opened, *lines])


def call(method: str, **arguments: object) -> str:
    """Return a call of a method; arguments named `_0` to `_9` have no name in it."""
    said = [
        literal(value) if name.startswith("_") else f"{name}={literal(value)}"
        for name, value in arguments.items()
    ]
    return f"connectome.{method}({', '.join(said)})"


def command(connectome: Connectome, name: str, *parts: object) -> str:
    """Return a command line; neurons become ids or --where, None and empty parts are left out."""
    said = ["cavegraph", *name.split()]
    for part in parts:
        if isinstance(part, Chosen):
            said += _options(part)
        elif isinstance(part, (list, tuple)):
            said += [str(one) for one in part]
        elif part not in (None, ""):
            said.append(str(part))
    said += ["--graph", connectome.engine.uri]
    return " ".join(shlex.quote(one) for one in said)


def end_options(chosen: Chosen | None, option: str) -> list[str]:
    """Return the options that name the neurons of another end: `--to` and `--to-where`."""
    if chosen is None:
        return []
    if chosen.where:
        return [part for one in chosen.where for part in (f"{option}-where", one)]
    return [part for one in chosen.ids for part in (option, str(one))]


def region_options(regions: list[str] | None) -> list[str]:
    """Return the options that name regions."""
    return [part for one in regions or () for part in ("--region", one)]


def _options(chosen: Chosen) -> list[str]:
    if not chosen.where:
        return list(chosen.ids)
    said = [part for one in chosen.where for part in ("--where", one)]
    return [*said, "--regex"] if chosen.regex else said


def _criteria(chosen: Chosen) -> str:
    said = ["regex=True"] if chosen.regex else []
    if all(is_argument(name) for name in chosen.fields):
        said += [f"{name}={literal(value)}" for name, value in chosen.fields.items()]
        return f"connectome.criteria({', '.join(said)})"
    fields = ", ".join(f"{name!r}: {literal(value)}" for name, value in chosen.fields.items())
    return f"cp.NeuronCriteria.of({', '.join([f'{{{fields}}}', *said, 'connectome=connectome'])})"


def literal(value: object) -> str:
    """Return a value as Python code."""
    if isinstance(value, Chosen):
        if value.where:
            return _criteria(value)
        return "[" + ", ".join(str(int(one)) for one in value.ids) + "]"
    if isinstance(value, Condition):
        return f"cp.{value!r}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(one) for one in value) + "]"
    return repr(value)
