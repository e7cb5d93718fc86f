"""What neuPrint's names of properties mean in a graph."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Lines of the table that are values of `status`, not names of properties.
_STATUS = ("status_true", "status_without")
#: Names that take their value from the constant where the graph has no property for them.
_WITH_STATUS = ("status", "statusLabel")

Given = str | list[str]


@dataclass(frozen=True)
class Meaning:
    """Where the value of a neuPrint property comes from.

    Attributes
    ----------
    field
        Property of the graph's neurons; empty for a constant.
    constant
        The value of all neurons, if there is no field.
    true
        The value where the field is true; None to take the field as it is.
    """

    field: str = ""
    constant: str = ""
    true: str | None = None


def meanings(types: Mapping[str, str], given: Mapping[str, Given]) -> dict[str, Meaning]:
    """Return what neuPrint's names mean in a graph.

    Parameters
    ----------
    types
        Types of the neurons' properties.
    given
        Lines that replace those of `names.toml`.

    Returns
    -------
    dict
        By neuPrint's name; without the names for which the graph has nothing.

    Raises
    ------
    InputError
        A line of `given` is not one, or names a property that the graph does not have.
    """
    usual = tomllib.loads(files(__package__).joinpath("names.toml").read_text("utf-8"))
    _check(given, usual, types)
    table: dict[str, Given] = usual | dict(given)
    found: dict[str, Meaning] = {}
    for name, fields in table.items():
        if name in _STATUS:
            continue
        there = [one for one in _listed(fields) if one in types]
        if name not in given:  # a property of neuPrint is one value: a list says something else
            there = [one for one in there if not types[one].startswith("list")]
        if there:
            true = str(table["status_true"]) if types[there[0]] == "bool" else None
            found[name] = Meaning(there[0], true=true)
        elif name in _WITH_STATUS and table["status_without"]:
            found[name] = Meaning(constant=str(table["status_without"]))
    return found


def _listed(fields: Given) -> list[str]:
    return [fields] if isinstance(fields, str) else list(fields)


def _check(
    given: Mapping[str, Given], usual: Mapping[str, Given], types: Mapping[str, str]
) -> None:
    for name, fields in given.items():
        if name in ("bodyId", "roiInfo"):
            raise InputError(f"[neuprint] {name} cannot be changed")
        if name in _STATUS:
            if not isinstance(fields, str):
                raise InputError(f"[neuprint] {name} = {fields!r} is not a text")
            continue
        if not all(isinstance(one, str) for one in _listed(fields)):
            raise InputError(f"[neuprint] {name} = {fields!r} is not a list of names")
        if name not in usual and not any(one in types for one in _listed(fields)):
            raise InputError(
                f"[neuprint] {name}: the graph's neurons have none of {_listed(fields)}",
                hint=f"they have: {', '.join(types)}",
            )
