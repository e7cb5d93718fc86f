"""The legend, the scale bar and the note of a scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.imagery.geometry import length_text, round_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.common.palette import Color

#: Names of the actors.
SCALE_BAR, NOTE = "scale bar", "note"
_GREY = (0.3, 0.3, 0.3)
#: Lines of a legend; beyond them, only the number of further lines is shown.
MOST_LINES = 24


def add_legend(plotter: Any, lines: Sequence[tuple[str, Color]]) -> None:
    """Write names at the upper left, each beside its colour."""
    shown: list[Any] = [[name, color] for name, color in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append([f"and {len(lines) - MOST_LINES} more", _GREY])
    longest = max(len(name) for name, _ in shown)
    legend = plotter.add_legend(
        shown,
        bcolor=None,
        face="circle",
        loc="upper left",
        size=(min(0.4, 0.03 + 0.008 * longest), min(0.9, 0.03 * len(shown))),
    )
    legend.GetEntryTextProperty().SetColor(0.1, 0.1, 0.1)


def add_note(plotter: Any, note: str) -> None:
    """Write a line at the lower right."""
    plotter.add_text(note, position="lower_right", font_size=8, color=_GREY, name=NOTE)


def add_scale_bar(plotter: Any) -> None:
    """Draw a scale bar at the lower left, valid at the distance of the camera's focus.

    It is measured whenever the scene is drawn, and is therefore also right after zooming.
    """
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D, vtkTextActor

    points = vtkPoints()
    points.SetNumberOfPoints(2)
    line = vtkCellArray()
    line.InsertNextCell(2, [0, 1])
    data = vtkPolyData()
    data.SetPoints(points)
    data.SetLines(line)
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputData(data)
    bar = vtkActor2D()
    bar.SetMapper(mapper)
    bar.GetProperty().SetColor(*_GREY)
    bar.GetProperty().SetLineWidth(4)
    text = vtkTextActor()
    text.GetTextProperty().SetColor(*_GREY)
    text.GetTextProperty().SetJustificationToCentered()

    def measure(renderer: Any, _event: object) -> None:
        width, height = renderer.GetSize()
        length = round_length(width * 0.2 * _nm_per_pixel(renderer))
        pixels = length / _nm_per_pixel(renderer)
        left, low = width * 0.03, height * 0.04
        points.SetPoint(0, left, low, 0)
        points.SetPoint(1, left + pixels, low, 0)
        points.Modified()
        text.SetInput(length_text(length))
        text.GetTextProperty().SetFontSize(max(11, round(height * 0.022)))
        text.SetPosition(left + pixels / 2, low + height * 0.012)

    plotter.add_actor(bar, name=SCALE_BAR, reset_camera=False, pickable=False)
    plotter.add_actor(text, name=f"{SCALE_BAR} length", reset_camera=False, pickable=False)
    plotter.renderer.AddObserver("StartEvent", measure)


def _nm_per_pixel(renderer: Any) -> float:
    """Return the size of a pixel in the plane of the camera's focus."""
    camera = renderer.GetActiveCamera()
    half_angle = np.radians(camera.GetViewAngle() / 2)
    return float(2 * camera.GetDistance() * np.tan(half_angle) / renderer.GetSize()[1])
