"""Scenes that turn under the mouse, and neurons for navis: what is in them."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphapi.errors import InputError, MissingExtraError
from graphapi.imagery.mesh import Mesh
from graphapi.imagery.meshes import get_meshes
from graphapi.imagery.navis_neurons import to_navis
from graphapi.imagery.scene import brain_scene, save_page

REAL = (25024949, 28792756)
#: Too large for a float to hold.
ROOT = 576460752732847433


def mesh(shift: float) -> Mesh:
    corners = np.array([(0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10)], float) + shift
    return Mesh.of(corners, [(0, 1, 2), (0, 2, 3), (0, 1, 3), (1, 2, 3)], "tetrahedron")


def points_in(page: Path) -> list[np.ndarray]:
    """All sets of points that a page of vtk.js holds, decoded without PyVista."""
    text = page.read_text("utf-8")
    packed = re.findall(r'base64Str = "([A-Za-z0-9+/=]+)"', text)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed[-1]))) as archive:
        told: dict[str, Any] = json.loads(archive.read("index.json"))
    return [
        np.frombuffer(base64.b64decode(entry["content"]), "<f4").reshape(-1, 3)
        for entry in told["hashes"].values()
        if entry.get("vtk") == "vtkPoints"
    ]


def test_page_holds_neurons_and_synapses_where_they_are(tmp_path: Path) -> None:
    meshes = {ROOT: mesh(0), ROOT + 1: mesh(500)}
    plotter = brain_scene(
        meshes, brain=mesh(-50), synapses=np.array([[700.0, 710.0, 720.0]]), synapse_size=4
    )
    found = points_in(save_page(plotter, tmp_path / "scene.html"))
    plotter.close()
    for expected in (meshes[ROOT], meshes[ROOT + 1], mesh(-50)):
        assert any(np.array_equal(points, expected.vertices) for points in found)
    balls = [p for p in found if len(p) > 8]
    assert len(balls) == 1
    np.testing.assert_allclose((balls[0].min(0) + balls[0].max(0)) / 2, (700, 710, 720), atol=0.1)


def test_real_neurons_in_a_page(pinky40: Path, tmp_path: Path) -> None:
    meshes = get_meshes(pinky40, REAL)
    plotter = brain_scene(meshes)
    found = points_in(save_page(plotter, tmp_path / "scene.html"))
    plotter.close()
    sizes = sorted(len(m.vertices) for m in meshes.values())
    assert sorted(len(points) for points in found) == sizes


def test_page_that_cannot_be_written(tmp_path: Path) -> None:
    plotter = brain_scene({ROOT: mesh(0)})
    with pytest.raises(InputError, match="cannot write"):
        save_page(plotter, tmp_path / "no" / "such" / "scene.html")
    plotter.close()


def test_navis_neurons(pinky40: Path) -> None:
    pytest.importorskip("navis")
    meshes = get_meshes(pinky40, REAL)
    neurons = to_navis({**meshes, ROOT: mesh(0)})
    assert [int(neuron.id) for neuron in neurons] == [*REAL, ROOT]
    for neuron, expected in zip(neurons, meshes.values(), strict=False):
        np.testing.assert_array_equal(neuron.vertices, expected.vertices)
        np.testing.assert_array_equal(neuron.faces, expected.faces)
        assert str(neuron.units) == "1 nanometer"


def test_navis_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "navis", None)
    with pytest.raises(MissingExtraError, match=r"cavegraph\[navis\]"):
        to_navis({ROOT: mesh(0)})
