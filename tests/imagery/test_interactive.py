"""Scenes that turn under the mouse, and neurons for navis: what is in them."""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphapi.errors import InputError, MissingExtraError
from graphapi.imagery.mesh import Mesh
from graphapi.imagery.meshes import Meshes, get_meshes
from graphapi.imagery.scene import brain_scene
from graphapi.imagery.scene_page import scene_page

REAL = (25024949, 28792756)
#: Too large for a float to hold.
ROOT = 576460752732847433


def mesh(shift: float) -> Mesh:
    corners = np.array([(0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10)], float) + shift
    return Mesh.of(corners, [(0, 1, 2), (0, 2, 3), (0, 1, 3), (1, 2, 3)], "tetrahedron")


def surfaces(page: str) -> dict[str, dict[str, Any]]:
    """What a page holds by name, decoded without our reader."""
    told = json.loads(re.search(r"const SCENE=(\{.*?\});\n", page)[1])
    return {
        mesh["name"]: {
            **mesh,
            "points": np.frombuffer(base64.b64decode(mesh["points"]), "<f4").reshape(-1, 3),
            "faces": np.frombuffer(base64.b64decode(mesh["faces"]), "<u4").reshape(-1, 3),
        }
        for mesh in told["meshes"]
    }


def test_page_holds_neurons_and_synapses_where_they_are() -> None:
    meshes = {ROOT: mesh(0), ROOT + 1: mesh(500)}
    plotter = brain_scene(
        meshes,
        colors=["#ff0000", "#0000ff"],
        brain=mesh(-50),
        synapses={"in": np.array([[700.0, 710.0, 720.0]])},
        synapse_size=4,
    )
    found = surfaces(scene_page(plotter).page)
    plotter.close()
    assert set(found) == {"brain", f"neuron {ROOT}", f"neuron {ROOT + 1}", "synapses in"}
    for name, expected in (("brain", mesh(-50)), (f"neuron {ROOT}", meshes[ROOT])):
        np.testing.assert_array_equal(found[name]["points"], expected.vertices)
        np.testing.assert_array_equal(found[name]["faces"], expected.faces)
    assert found[f"neuron {ROOT}"]["color"] == [1, 0, 0]
    assert found[f"neuron {ROOT + 1}"]["color"] == [0, 0, 1]
    assert (found["brain"]["opacity"], found[f"neuron {ROOT}"]["opacity"]) == (0.1, 1.0)
    ball = found["synapses in"]["points"]
    np.testing.assert_allclose((ball.min(0) + ball.max(0)) / 2, (700, 710, 720), atol=0.1)


def test_real_neurons_in_a_page(pinky40: Path, tmp_path: Path) -> None:
    meshes = get_meshes(pinky40, REAL)
    plotter = brain_scene(meshes)
    page = scene_page(plotter)
    plotter.close()
    for root, expected in meshes.items():
        np.testing.assert_array_equal(
            surfaces(page.page)[f"neuron {root}"]["points"], expected.vertices
        )
    text = page.save(tmp_path / "scene.html").read_text("utf-8")
    assert text == page.page
    assert re.findall(r"(?:src|href)=|import\(|fetch\(|https?://", text) == []
    with pytest.raises(InputError, match="cannot write"):
        page.save(tmp_path / "no" / "scene.html")


def test_page_has_what_is_written_over_the_scene() -> None:
    plotter = brain_scene(
        {ROOT: mesh(0)},
        legend={"<b>ER</b> (n=1)": "#ff0000"},
        scale_bar=True,
        note="made up & synthetic",
    )
    plotter.add_text("mine", position="upper_right")
    page = scene_page(plotter).page
    plotter.close()
    assert "&lt;b&gt;ER&lt;/b&gt; (n=1)" in page
    assert "rgb(100.0%,0.0%,0.0%)" in page
    assert "<div class='lower right'>made up &amp; synthetic</div>" in page
    assert "<div class='upper right'>mine</div>" in page
    assert '"scale":true' in page
    assert set(surfaces(page)) == {f"neuron {ROOT}"}


def test_page_of_nothing() -> None:
    plotter = brain_scene({})
    assert surfaces(scene_page(plotter).page) == {}
    plotter.close()


def test_navis_neurons(pinky40: Path) -> None:
    pytest.importorskip("navis")
    meshes = get_meshes(pinky40, REAL)
    neurons = Meshes([*meshes.items(), (ROOT, mesh(0))]).to_navis()
    assert [int(neuron.id) for neuron in neurons] == [*REAL, ROOT]
    for neuron, expected in zip(neurons, meshes.values(), strict=False):
        np.testing.assert_array_equal(neuron.vertices, expected.vertices)
        np.testing.assert_array_equal(neuron.faces, expected.faces)
        assert str(neuron.units) == "1 nanometer"


def test_navis_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "navis", None)
    with pytest.raises(MissingExtraError, match=r"cavegraph\[navis\]"):
        Meshes([(ROOT, mesh(0))]).to_navis()
