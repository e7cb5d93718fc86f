"""Drawings made by hand: nothing in them is cut off, in a font as wide as any."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SVG = "{http://www.w3.org/2000/svg}"


def texts(path: Path) -> list[tuple[str, float, float, float]]:
    """Each text with where it begins and ends across, and where it stands, in DejaVu Sans."""
    found = []

    def walk(element: Any, inherited: dict[str, str]) -> None:
        own = {**inherited, **element.attrib}
        if element.tag == f"{SVG}text":
            bold = own.get("font-weight", "normal")
            font = FontProperties(family="DejaVu Sans", weight=bold)
            outline = TextPath((0, 0), element.text, float(own["font-size"]), prop=font)
            width, x = outline.get_extents().width, float(own["x"])
            start = x - width / 2 if own.get("text-anchor") == "middle" else x
            found.append((element.text, start, start + width, float(own["y"])))
        for child in element:
            walk(child, own)

    walk(ET.parse(path).getroot(), {})  # noqa: S314
    return found


@pytest.mark.parametrize("path", sorted(IMAGES.glob("*.svg")), ids=lambda path: path.name)
def test_no_text_is_clipped(path: Path) -> None:
    root = ET.parse(path).getroot()  # noqa: S314
    x, y, width, height = map(float, root.get("viewBox").split())
    clipped = [
        text
        for text, start, end, base in texts(path)
        if start < x + 4 or end > x + width - 4 or not y + 12 < base < y + height - 4
    ]
    assert clipped == []


def test_text_in_circles_stays_in_them() -> None:
    path = IMAGES / "graph_model.svg"
    circles = [
        tuple(float(circle.get(name)) for name in ("cx", "cy", "r"))
        for circle in ET.parse(path).getroot().iter(f"{SVG}circle")  # noqa: S314
    ]
    inside = 0
    for text, start, end, base in texts(path):
        for cx, cy, radius in circles:
            if abs(base - cy) < radius and start < cx < end:
                half = (radius**2 - (base - 4 - cy) ** 2) ** 0.5
                assert cx - half < start, text
                assert end < cx + half, text
                inside += 1
    assert inside == 10
