"""A scene as a page that turns and zooms under the mouse, by WebGL and a script of our own.

PyVista's own pages come from trame, which starts a server and downloads a viewer when it does.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.htmlpage import HtmlPage

if TYPE_CHECKING:
    import pyvista as pv

_SCRIPT = (Path(__file__).parent / "scene_page.js").read_text("utf-8")
_STYLE = (
    "canvas{width:100%;height:100%;display:block;cursor:grab}"
    "#told{position:absolute;left:8px;bottom:6px;font:12px sans-serif;color:#555}"
)


def scene_page(plotter: pv.Plotter, *, height: int = 600) -> HtmlPage:
    """Make a page of a scene.

    Parameters
    ----------
    plotter
        As `brain_scene` gives it, not yet closed.
    height
        Height in a notebook, in pixels.

    Returns
    -------
    HtmlPage
        Every surface of the scene, in its colour and opacity, seen from where the camera is.
        Drag to turn, with Shift to move, wheel to zoom. Notebooks show it; `.save(path)` writes
        a file that opens anywhere and fetches nothing.
    """
    meshes = [
        _surface(name, actor)
        for name, actor in plotter.actors.items()
        if getattr(actor, "mapper", None) is not None
    ]
    camera = plotter.camera
    scene = {
        "meshes": [mesh for mesh in meshes if mesh],
        "position": list(map(float, camera.position)),
        "focus": list(map(float, camera.focal_point)),
        "up": list(map(float, camera.up)),
    }
    # `<` is no part of base64 or of numbers, and would end the script within a name.
    told = json.dumps(scene, separators=(",", ":")).replace("<", "\\u003c")
    body = "<canvas></canvas><div id='told'></div>"
    script = f"const SCENE={told};\n{_SCRIPT}"
    return HtmlPage.of(body, style=_STYLE, script=script, height=height)


def _surface(name: str, actor: Any) -> dict[str, Any] | None:
    """Give an actor's triangles as little-endian bytes in base64."""
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
