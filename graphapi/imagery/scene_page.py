"""A scene as a page that you turn and zoom with the mouse, drawn by WebGL and our own script.

PyVista's own pages come from trame, which starts a server and may download a viewer.
"""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.htmlpage import HtmlPage
from graphapi.imagery.scene_extras import SCALE_BAR

if TYPE_CHECKING:
    import pyvista as pv

#: The places of VTK's corner annotations, by number.
_PLACES = (
    "lower left", "lower right", "upper left", "upper right",
    "lower edge", "right", "left", "upper edge",
)  # fmt: skip
_SCRIPT = (Path(__file__).parent / "scene_page.js").read_text("utf-8")
_STYLE = (
    "canvas{width:100%;height:100%;display:block;cursor:grab}"
    "div{position:absolute;font:13px sans-serif;color:#333;pointer-events:none}"
    "#told{left:8px;bottom:6px;font-size:12px;color:#777}"
    "#legend{left:12px;top:10px;line-height:1.6}"
    "#legend i{display:inline-block;width:10px;height:10px;border-radius:5px;margin-right:7px}"
    "#scale{left:12px;bottom:32px;border-bottom:3px solid #444;text-align:center;display:none}"
    ".upper{top:10px}.lower{bottom:6px}.right{right:10px}.left{left:12px}"
    ".upper.left{top:auto;bottom:64px}.edge{width:100%;text-align:center}"
)


def scene_page(plotter: pv.Plotter) -> HtmlPage:
    """Make a page of a scene.

    Parameters
    ----------
    plotter
        A result of `brain_scene`, not yet closed.

    Returns
    -------
    HtmlPage
        Every surface of the scene with its colour and opacity, seen from the camera, and the
        scene's legend, scale bar and texts. Drag to turn, hold Shift to move, use the wheel to
        zoom. Notebooks show it; `.save(path)` writes a file that opens anywhere and fetches
        nothing.
    """
    meshes = [
        _surface(name, actor)
        for name, actor in plotter.actors.items()
        if hasattr(getattr(actor, "mapper", None), "dataset")  # texts and bars have none
    ]
    camera = plotter.camera
    scene = {
        "meshes": [mesh for mesh in meshes if mesh],
        "position": list(map(float, camera.position)),
        "focus": list(map(float, camera.focal_point)),
        "up": list(map(float, camera.up)),
        "angle": float(camera.view_angle),
        "scale": SCALE_BAR in plotter.actors,
    }
    # `<` is not in base64 or in numbers; within a name it could end the script.
    told = json.dumps(scene, separators=(",", ":")).replace("<", "\\u003c")
    texts = "".join(
        f"<div class='{place}'>{html.escape(text)}</div>" for place, text in _texts(plotter)
    )
    body = (
        f"<canvas></canvas><div id='legend'>{_legend(plotter)}</div>{texts}"
        "<div id='scale'></div><div id='told'></div>"
    )
    script = f"const SCENE={told};\n{_SCRIPT}"
    return HtmlPage.of(body, style=_STYLE, script=script)


def _legend(plotter: pv.Plotter) -> str:
    """Return the lines of the scene's legend, each with its colour."""
    box: Any = plotter.legend
    if box is None:
        return ""
    return "".join(
        f"<span><i style='background:rgb({_percent(box.GetEntryColor(i))})'></i>"
        f"{html.escape(box.GetEntryString(i))}</span><br>"
        for i in range(box.GetNumberOfEntries())
    )


def _percent(color: tuple[float, ...]) -> str:
    return ",".join(f"{part:.1%}" for part in color)


def _texts(plotter: pv.Plotter) -> list[tuple[str, str]]:
    """Return the texts in the corners and at the edges of a scene, with their places."""
    written: list[tuple[str, str]] = []
    for actor in plotter.actors.values():
        if actor.IsA("vtkCornerAnnotation"):
            corners: Any = actor
            texts = (corners.GetText(number) for number in range(len(_PLACES)))
            written += [(place, text) for place, text in zip(_PLACES, texts, strict=True) if text]
    return written


def _surface(name: str, actor: Any) -> dict[str, Any] | None:
    """Return an actor's triangles as little-endian bytes in base64."""
    data = actor.mapper.dataset
    surface = data.extract_surface(algorithm=None).triangulate()
    if not surface.n_cells:
        return None
    points = np.asarray(surface.points, dtype="<f4")
    faces = np.asarray(surface.regular_faces, dtype="<u4")
    return {
        "name": name,
        "color": [round(float(part), 4) for part in actor.prop.color.float_rgb],
        "opacity": float(actor.prop.opacity),
        "points": base64.b64encode(points.tobytes()).decode(),
        "faces": base64.b64encode(faces.tobytes()).decode(),
    }
