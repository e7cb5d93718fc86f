"""What several routes share: parameters that mean the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.errors import InputError, UnknownFieldError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from graphapi.connectome import Connectome
    from graphapi.ids import IdArray
    from graphapi.serve.given import Given

#: Tried in this order where a request does not say by which property neurons are grouped.
_CLASSES = ("cell_class", "super_class", "cell_type", "class", "type", "primary_type")

#: The group of neurons that have no class.
UNKNOWN = "Unknown"


def text_properties(connectome: Connectome) -> list[str]:
    """Return the properties of neurons that hold one text."""
    fields = connectome.materialization.neuron_fields
    return [item.name for item in fields if item.type == "string"]


def neurons_of(connectome: Connectome, root_ids: Sequence[int] | IdArray) -> pd.DataFrame:
    """Return the properties of neurons of the graph, which may be none."""
    if len(root_ids):
        return connectome.get_neurons(root_ids)
    return connectome.get_neurons(connectome.root_ids()[:1]).iloc[:0]


def grouping(connectome: Connectome, given: Given) -> str | None:
    """Return the property that groups neurons; None if there is none and none was asked for.

    Raises
    ------
    UnknownFieldError
        Neurons have no such text property.
    """
    known = text_properties(connectome)
    if not given.has("by"):
        usual = [one for one in _CLASSES if one in known]
        return usual[0] if usual else None
    asked = given.text("by")
    if asked not in known:
        raise UnknownFieldError(
            f"by: neurons of {connectome.name} have no text property {asked[:60]!r}",
            hint=f"one of {', '.join(known) or 'none'}",
        )
    return asked


def properties_of(given: Given, name: str, known: list[str]) -> list[str]:
    """Return the properties of neurons that a request names, some of `known`.

    Raises
    ------
    InputError
        One is not known.
    """
    asked = [one for text in given.texts(name) for one in text.split(",") if one]
    for one in asked:
        if one not in known:
            raise InputError(
                f"{name}: neurons have no such property: {one[:60]!r}",
                hint=f"one of {', '.join(known) or 'none'}",
            )
    return asked


def fields_of(connectome: Connectome, given: Given) -> list[str]:
    """Return the properties that an answer has for each neuron, besides its own columns."""
    known = [item.name for item in connectome.materialization.neuron_fields]
    return properties_of(given, "fields", known)


def regions_of(given: Given) -> list[str] | None:
    """Return the regions that count; None for all."""
    named = given.texts("regions")
    return named or None


def threshold_of(given: Given, default: int = 1) -> int:
    """Return the smallest weight that counts."""
    return given.whole("threshold", default, least=1)


def class_colors(connectome: Connectome, by: str | None) -> dict[str, str]:
    """Return the colour of each class; empty without classes."""
    return {} if by is None else connectome.get_class_colors(by)
