"""Read values from the command line: ids, criteria, parameters, versions."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError
from graphapi.graph.criteria import NeuronCriteria
from graphapi.graph.written import WHOLE, condition, listed
from graphapi.network.signs import SIGNS

if TYPE_CHECKING:
    from graphapi.connectome import Connectome

_STDIN = "-"


def chosen(
    connectome: Connectome,
    ids: list[str] | None,
    where: list[str] | None,
    regex: bool,
    end: str = "",
) -> list[str] | NeuronCriteria:
    """Return the neurons that a command is about: ids or criteria, not both.

    `end` is the option that names the ends, `--to`; empty for the neurons to begin with.
    """
    option = f"{end or '-'}-where"
    if ids and where:
        raise InputError(f"{end or 'root ids'} and {option} cannot be combined")
    if ids:
        return _from_stdin() if ids == [_STDIN] else _split(",".join(ids))
    if not where:
        raise InputError(
            f"no neurons given{end and f' with {end}'}",
            hint=f"give {end or 'root'} {'ROOT_ID' if end else 'ids'}, or {option} field=value "
            "(`cavegraph info` lists the fields)",
        )
    fields: dict[str, Any] = {}
    for text in where:
        name, wanted = condition(text, f"{option} ")
        if name in fields:
            raise InputError(f"{option} {name} appears twice", hint="list values as a,b")
        fields[name] = wanted
    return NeuronCriteria.of(fields, connectome=connectome, regex=regex)


def chosen_or_all(
    connectome: Connectome, ids: list[str] | None, where: list[str] | None, regex: bool
) -> list[str] | NeuronCriteria | None:
    """Return the neurons that a command is limited to; None for all."""
    return chosen(connectome, ids, where, regex) if ids or where else None


def sign_table(text: str) -> str | dict[str, int]:
    """Read `--signed`: the name of a table of signs, or a JSON file that holds one."""
    path = Path(text)
    if text in SIGNS or not path.is_file():
        return text
    try:
        table = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"--signed '{text}' cannot be read as JSON: {error}") from error
    if not isinstance(table, dict):
        raise InputError(
            f"--signed '{text}' holds no table", hint='write {"acetylcholine": 1, "gaba": -1, ...}'
        )
    return table


def names(text: str) -> list[str]:
    """Split names at commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def version(text: str) -> int | str:
    """Read `--materialization`."""
    return int(text) if WHOLE.fullmatch(text) else text


def parameters(texts: list[str]) -> dict[str, Any]:
    """Read `--param name=value`.

    Commas make a list, except inside double quotes. Whole numbers stay exact. A value in square
    brackets is a list in JSON, also of one value.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.isidentifier():
            raise InputError(f"--param '{text}'", hint="write it as name=value")
        if value.startswith("["):
            values[name] = _json_list(text, value)
            continue
        parts = listed(value)
        values[name] = parts[0] if len(parts) == 1 else parts
    return values


def _split(text: str) -> list[str]:
    """Split ids at commas, semicolons and spaces."""
    return [one for one in re.split(r"[\s,;]+", text) if one]


def _from_stdin() -> list[str]:
    ids = _split(sys.stdin.read())
    if not ids:
        raise InputError(
            "standard input contains no root ids",
            hint="write one per line, or separate them with commas",
        )
    return ids


def _json_list(text: str, value: str) -> list[Any]:
    try:
        found: list[Any] = json.loads(value)
    except ValueError as error:
        raise InputError(
            f"--param '{text}' begins like a list in JSON, but is not one",
            hint="put double quotes around a text that begins with '[': name=\"[x\"",
        ) from error
    return found
