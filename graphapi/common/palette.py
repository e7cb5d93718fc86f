"""Colours that people with any kind of colour vision can tell apart.

Okabe and Ito's eight colours, black last; beyond eight, they come again.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, TypeGuard

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OKABE_ITO = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#F0E442",
    "#000000",
)
#: What has no class.
UNKNOWN_COLOR = "#999999"

Color = str | tuple[float, ...]


def default_colors(count: int) -> list[str]:
    """Give `count` colours, the same ones each time."""
    return list(islice(cycle(OKABE_ITO), count))


def colors_by_id(
    ids: Sequence[int], colors: Color | Iterable[Color] | Mapping[int, Color] | None
) -> dict[int, Color]:
    """Give each neuron its colour.

    Parameters
    ----------
    ids
        Root ids, each once.
    colors
        One colour for all (a name, `#rrggbb`, or a tuple of 3 or 4 numbers from 0 to 1), one for
        each in order, a mapping that has each id, or None for the default palette.

    Raises
    ------
    InputError
        There are too few or too many colours, or an id has none.
    """
    if colors is None:
        return dict(zip(ids, default_colors(len(ids)), strict=True))
    if isinstance(colors, Mapping):
        return _from_mapping(ids, colors)
    if isinstance(colors, str) or _is_rgb(colors):
        return dict.fromkeys(ids, colors)
    given: list[Any] = list(colors)
    if len(given) != len(ids):
        raise InputError(
            f"{len(given)} colours were given for {len(ids)} neurons",
            hint="give one colour for all, or one for each neuron in order, or a dict by root id",
        )
    return dict(zip(ids, given, strict=True))


def _from_mapping(ids: Sequence[int], colors: Mapping[int, Color]) -> dict[int, Color]:
    without = [i for i in ids if i not in colors]
    if without:
        raise InputError(
            f"no colour was given for {len(without)} neurons: {', '.join(map(str, without[:10]))}",
            hint="give one colour for all, or one for each neuron in order, or a dict by root id",
        )
    return {i: colors[i] for i in ids}


def _is_rgb(colors: object) -> TypeGuard[tuple[float, ...]]:
    return (
        isinstance(colors, tuple)
        and len(colors) in (3, 4)
        and all(isinstance(part, (int, float)) for part in colors)
    )
