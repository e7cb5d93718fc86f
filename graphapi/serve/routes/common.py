"""What several routes share: parameters that mean the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.errors import UnknownFieldError

if TYPE_CHECKING:
    from graphapi.connectome import Connectome
    from graphapi.serve.given import Given

#: Tried in this order where a request does not say by which property neurons are grouped.
_CLASSES = ("cell_class", "super_class", "cell_type", "class", "type")


def text_properties(connectome: Connectome) -> list[str]:
    """Return the properties of neurons that hold one text."""
    fields = connectome.materialization.neuron_fields
    return [item.name for item in fields if item.type == "string"]


def grouping(connectome: Connectome, given: Given, name: str = "by") -> str | None:
    """Return the property that groups neurons; None if there is none and none was asked for.

    Raises
    ------
    UnknownFieldError
        Neurons have no such text property.
    """
    known = text_properties(connectome)
    if not given.has(name):
        usual = [one for one in _CLASSES if one in known]
        return usual[0] if usual else None
    asked = given.text(name)
    if asked not in known:
        raise UnknownFieldError(
            f"{name}: neurons of {connectome.name} have no text property {asked[:60]!r}",
            hint=f"one of {', '.join(known) or 'none'}",
        )
    return asked


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
