"""Links that open neurons and their synapses in Neuroglancer.

A link holds the viewer's whole state as JSON: nothing is uploaded, and it can be sent by mail. Ids
in it are strings, because JavaScript would round numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import pandas as pd

from graphapi.common.palette import OKABE_ITO, colors_by_id
from graphapi.errors import InputError
from graphapi.ids import parse_root_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from graphapi.common.palette import Color
    from graphapi.ids import RootIds

#: A Neuroglancer that can log in to CAVE servers.
DEFAULT_VIEWER = "https://spelunker.cave-explorer.org"
#: Browsers refuse longer addresses.
MAX_LENGTH = 2_000_000
_NAMES = {
    "black": "#000000",
    "blue": "#0000ff",
    "cyan": "#00ffff",
    "gray": "#808080",
    "green": "#008000",
    "grey": "#808080",
    "lime": "#00ff00",
    "magenta": "#ff00ff",
    "orange": "#ffa500",
    "pink": "#ffc0cb",
    "purple": "#800080",
    "red": "#ff0000",
    "white": "#ffffff",
    "yellow": "#ffff00",
}


def neuroglancer_state(
    *,
    resolution: Sequence[float],
    image: str | None = None,
    segmentation: str | None = None,
    root_ids: RootIds = (),
    colors: Color | Iterable[Color] | Mapping[int, Color] | None = None,
    synapses: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None,
    position: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Return a viewer's state that shows neurons in colour, and synapses as lines.

    Parameters
    ----------
    resolution
        Size in nm of the voxels in which positions are given, x, y, z.
    image, segmentation
        Sources of the layers; None for no such layer.
    root_ids
        Neurons to show; needs `segmentation`.
    colors
        One colour for all, one for each neuron in order, or a dict by root id; None for the
        default palette. `#rrggbb`, tuples of 3 numbers from 0 to 1, or plain names.
    synapses
        Synapse rows with `pre_pt_position` and `post_pt_position` in voxels, or a dict of such
        rows by layer name. `id` and `size` are shown if present; root ids link a synapse to its
        neurons.
    position
        Voxel in the middle of the view; None for the first synapse, else the viewer's default.

    Returns
    -------
    dict
        The state as JSON values.

    Raises
    ------
    InputError
        An argument is not valid.
    """
    dimensions = _dimensions(resolution)
    ids = list(dict.fromkeys(parse_root_ids(root_ids).tolist()))
    if ids and segmentation is None:
        raise InputError("root_ids need a segmentation", hint="pass segmentation= too")
    layers: list[dict[str, Any]] = []
    if image is not None:
        layers.append({"type": "image", "source": image, "name": "image"})
    if segmentation is not None:
        layers.append(_segments(segmentation, ids, colors))
    rows = _by_name(synapses)
    for number, (name, frame) in enumerate(rows.items()):
        color = OKABE_ITO[(number + 1) % len(OKABE_ITO)]
        layers.append(_annotations(name, frame, dimensions, color, segmentation is not None))
    if len({layer["name"] for layer in layers}) < len(layers):
        raise InputError("two layers have the same name; 'image' and 'segmentation' are taken")
    state: dict[str, Any] = {"dimensions": dimensions, "layers": layers, "layout": "xy-3d"}
    centre = _centre(position, rows)
    if centre is not None:
        state["position"] = centre
    if layers:
        state["selectedLayer"] = {"layer": layers[-1]["name"], "visible": True}
    return state


def link_of(state: Mapping[str, Any], viewer: str) -> str:
    """Return the link that opens a state in a viewer.

    Raises
    ------
    InputError
        The viewer has no such address, or the link is too long for a browser.
    """
    if urlsplit(viewer).scheme not in ("http", "https"):
        raise InputError(
            f"{viewer!r} is not the address of a viewer",
            hint="it must start with https:// or http://",
        )
    text = json.dumps(state, separators=(",", ":"))
    link = f"{viewer.rstrip('/')}/#!{quote(text, safe='')}"
    if len(link) > MAX_LENGTH:
        raise InputError(
            f"the link has {len(link):,} characters, but browsers accept only {MAX_LENGTH:,}",
            hint="pass fewer synapses",
        )
    return link


def read_neuroglancer_link(link: str) -> dict[str, Any]:
    """Return the state that a link holds.

    Raises
    ------
    InputError
        The link holds no state; it may refer to one on a server.
    """
    _, mark, text = link.partition("#!")
    try:
        state = json.loads(unquote(text))
    except ValueError:
        state = None
    if not mark or not isinstance(state, dict):
        raise InputError("this link holds no Neuroglancer state", hint="it should contain '#!{'")
    return state


def _dimensions(resolution: Sequence[float]) -> dict[str, list[Any]]:
    sizes = [float(value) for value in resolution]
    if len(sizes) != 3 or not all(size > 0 for size in sizes):
        raise InputError(
            f"{resolution!r} is not a resolution", hint="pass three positive numbers, nm per voxel"
        )
    # By way of decimal text: 8e-09 is exact, but 8 * 1e-9 is not.
    return {axis: [float(f"{size!r}e-9"), "m"] for axis, size in zip("xyz", sizes, strict=True)}


def _segments(source: str, ids: Sequence[int], colors: Any) -> dict[str, Any]:
    chosen = colors_by_id(ids, colors)
    return {
        "type": "segmentation",
        "source": source,
        "name": "segmentation",
        "segments": [str(i) for i in ids],
        "segmentColors": {str(i): _hex(color) for i, color in chosen.items()},
    }


def _by_name(
    synapses: pd.DataFrame | Mapping[str, pd.DataFrame] | None,
) -> Mapping[str, pd.DataFrame]:
    if synapses is None:
        return {}
    rows = synapses if isinstance(synapses, Mapping) else {"synapses": synapses}
    for name, frame in rows.items():
        if not isinstance(frame, pd.DataFrame):
            raise InputError(f"{name} must be a data frame, not {type(frame).__name__}")
        missing = {"pre_pt_position", "post_pt_position"} - set(frame.columns)
        if missing:
            raise InputError(f"{name} lack the column(s) {', '.join(sorted(missing))}")
    return rows


def _annotations(
    name: str,
    rows: pd.DataFrame,
    dimensions: Mapping[str, Any],
    color: str,
    linked: bool,
) -> dict[str, Any]:
    layer: dict[str, Any] = {
        "type": "annotation",
        "name": name,
        "source": {
            "url": "local://annotations",
            "transform": {"outputDimensions": dict(dimensions)},
        },
        "annotationColor": color,
        "annotations": [_line(number, row) for number, row in enumerate(rows.to_dict("records"))],
    }
    if linked:
        layer["linkedSegmentationLayer"] = {"segments": "segmentation"}
    return layer


def _line(number: int, row: Mapping[Any, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {
        "type": "line",
        "id": str(row.get("id", number)),
        "pointA": _point(row["pre_pt_position"]),
        "pointB": _point(row["post_pt_position"]),
    }
    if "size" in row:
        line["description"] = f"size {row['size']:g}"
    sides = [row[key] for key in ("pre_pt_root_id", "post_pt_root_id") if key in row]
    roots = [str(int(root)) for root in sides if not pd.isna(root) and int(root) != 0]
    if roots:
        line["segments"] = [roots]
    return line


def _centre(position: Sequence[int] | None, rows: Mapping[str, pd.DataFrame]) -> list[float] | None:
    if position is not None:
        return _point(position)
    first = next((frame for frame in rows.values() if len(frame)), None)
    return None if first is None else _point(first["pre_pt_position"].iloc[0])


def _point(position: Any) -> list[float]:
    try:
        x, y, z = (float(value) for value in position)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{position!r} is not a position", hint="pass three numbers, in voxels"
        ) from error
    # The middle of the voxel, where Neuroglancer puts its own marks.
    return [x + 0.5, y + 0.5, z + 0.5]


def _hex(color: Color) -> str:
    if isinstance(color, str):
        text = _NAMES.get(color.lower(), color)
        digits = text.removeprefix("#")
        if (
            text.startswith("#")
            and len(digits) == 6
            and set(digits.lower()) <= set("0123456789abcdef")
        ):
            return text.lower()
    elif len(color) == 3 and all(0 <= part <= 1 for part in color):
        return "#" + "".join(f"{round(part * 255):02x}" for part in color)
    raise InputError(
        f"{color!r} is not a colour for Neuroglancer",
        hint=f"use #rrggbb, three numbers from 0 to 1, or one of {', '.join(_NAMES)}",
    )
