"""The colours of classes and neurons: a class has the same colour in every figure.

The first six are from Okabe and Ito's palette, which people with any colour vision can
distinguish. Its yellow and black are omitted, because they are hard to see on white or in
outlines. Each further colour is as far as possible, in CIELAB, from all colours before it, from
white, black and the grey of `Unknown`, with normal vision and without red or green cones.
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
#: Colours of classes, the largest class first.
PALETTE = (
    *OKABE_ITO[:6],
    "#664411", "#CCCC77", "#9988FF", "#880077", "#DD3355", "#FFBBAA", "#22DDDD", "#664455",
    "#0044AA", "#BB8844", "#445533", "#BB3377", "#DDCC44", "#88BB88", "#AA5522", "#776699",
    "#EE77DD", "#007777", "#0077EE", "#FF9955", "#DDAABB", "#44DDFF", "#AA66CC", "#337755",
    "#992233", "#88AAFF", "#669911", "#AA9966", "#55AABB", "#6655CC", "#66CC55", "#773366",
    "#774499", "#009933", "#77DDAA", "#DD6677", "#AA77BB", "#008844", "#991111", "#FFAADD",
    "#CC3399", "#DD6655",
)  # fmt: skip
#: Name and colour of neurons without a class; classes beyond the palette have this colour too.
UNKNOWN, UNKNOWN_COLOR = "Unknown", "#999999"

Color = str | tuple[float, ...]


def default_colors(count: int) -> list[str]:
    """Return `count` colours for neurons, the same ones each time; the palette repeats."""
    return list(islice(cycle(PALETTE), count))


def class_colors(names: Iterable[str], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a colour for each class.

    Parameters
    ----------
    names
        Classes, in the order in which colours are assigned: the largest first.
    known
        Colours that are already assigned, such as for a whole connectome. Other classes get the
        remaining colours.

    Returns
    -------
    dict
        Colour by class. `Unknown`, and classes beyond the palette, are grey.
    """
    taken = dict(known or {})
    free = iter([color for color in PALETTE if color not in set(taken.values())])
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name == UNKNOWN:
            taken[name] = UNKNOWN_COLOR
        elif name not in taken:
            taken[name] = next(free, UNKNOWN_COLOR)
    return {name: taken[name] for name in wanted}


def colors_by_id(
    ids: Sequence[int], colors: Color | Iterable[Color] | Mapping[int, Color] | None
) -> dict[int, Color]:
    """Return the colour of each neuron.

    Parameters
    ----------
    ids
        Distinct root ids.
    colors
        One colour for all neurons (a name, `#rrggbb`, or a tuple of 3 or 4 numbers from 0 to 1),
        a sequence with one colour per neuron, a mapping from root id to colour, or None for the
        default palette.

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
