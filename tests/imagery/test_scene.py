"""Scenes: what is in them, what is drawn, and that they need no screen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphapi.common.palette import OKABE_ITO, colors_by_id
from graphapi.errors import InputError
from graphapi.imagery import display
from graphapi.imagery.mesh import Mesh
from graphapi.imagery.meshes import Meshes, get_meshes
from graphapi.imagery.scene import brain_scene

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def box(low: Any, high: Any) -> Mesh:
    """An axis-parallel box."""
    x, y, z = zip(low, high, strict=True)
    corners = [(a, b, c) for a in x for b in y for c in z]
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [half for a, b, c, d in quads for half in ((a, b, c), (a, c, d))]
    return Mesh.of(corners, faces, "box")


@pytest.fixture
def two() -> dict[int, Mesh]:
    """One neuron at low x and y, one at high x and y."""
    return {11: box((0, 0, 0), (100, 100, 100)), 12: box((900, 900, 0), (1000, 1000, 100))}


def color_of(plotter: Any, name: str) -> tuple[float, ...]:
    return tuple(round(float(c), 3) for c in plotter.actors[name].prop.color.float_rgb)


def pixels(plotter: Any, near: tuple[float, float, float]) -> Any:
    """Rows and columns of pixels whose hue is that of a colour, whatever the light."""
    plotter.window_size = (300, 200)
    picture = np.asarray(plotter.screenshot(return_img=True), dtype=float)
    strong = picture.max(axis=2) > 60
    share = picture / np.maximum(picture.max(axis=2, keepdims=True), 1)
    return np.nonzero(strong & (np.abs(share - np.array(near)).max(axis=2) < 0.2))


def test_actors_colors_and_opacity(two: dict[int, Mesh]) -> None:
    plotter = brain_scene(
        two,
        colors=["red", "#0000ff"],
        brain=box((-500, -500, -500), (1500, 1500, 500)),
        neuron_alpha=0.8,
    )
    assert list(plotter.actors) == ["brain", "neuron 11", "neuron 12"]
    assert color_of(plotter, "neuron 11") == RED
    assert color_of(plotter, "neuron 12") == BLUE
    assert plotter.actors["neuron 12"].prop.opacity == 0.8
    assert plotter.actors["brain"].prop.opacity == 0.1
    np.testing.assert_array_equal(
        plotter.actors["neuron 12"].mapper.dataset.points, two[12].vertices
    )
    np.testing.assert_array_equal(
        plotter.actors["neuron 12"].mapper.dataset.regular_faces, two[12].faces
    )
    assert list(plotter.camera.up) == pytest.approx([0, -(0.5**0.5), 0.5**0.5])
    plotter.close()


def test_the_picture_shows_each_neuron_at_its_place(two: dict[int, Mesh]) -> None:
    plotter = brain_scene(two, colors=[RED, BLUE])
    red_rows, red_columns = pixels(plotter, RED)
    blue_rows, blue_columns = pixels(plotter, BLUE)
    assert len(red_rows) > 20
    assert len(blue_rows) > 20
    assert red_columns.max() < blue_columns.min(), "low x is left"
    assert red_rows.max() < blue_rows.min(), "low y is above"
    plotter.close()


@pytest.mark.parametrize(
    ("colors", "found"),
    [
        ("red", [RED, RED]),
        (RED, [RED, RED]),
        ([RED, "blue"], [RED, BLUE]),
        ({12: "blue", 11: "red"}, [RED, BLUE]),
        (np.array(["red", "blue"]), [RED, BLUE]),
    ],
)
def test_ways_to_give_colors(two: dict[int, Mesh], colors: Any, found: Any) -> None:
    plotter = brain_scene(two, colors=colors)
    assert [color_of(plotter, f"neuron {i}") for i in (11, 12)] == found
    plotter.close()


def test_default_colors_are_distinct_and_the_same_each_time() -> None:
    ids = list(range(1, 41))
    colors = list(colors_by_id(ids, None).values())
    assert colors[:6] == list(OKABE_ITO[:6])
    assert len(set(colors)) == 40


def test_colors_of_missing_meshes_may_be_given(two: dict[int, Mesh]) -> None:
    meshes = Meshes(two.items(), missing=[13])
    plotter = brain_scene(meshes, colors={11: "red", 13: "green", 12: "blue"})
    assert [color_of(plotter, f"neuron {i}") for i in (11, 12)] == [RED, BLUE]
    plotter.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"colors": ["red"]}, "1 colours were given for 2 neurons"),
        ({"colors": ["red"] * 3}, "3 colours were given for 2 neurons"),
        ({"colors": []}, "0 colours"),
        ({"colors": {11: "red"}}, "no colour was given for 1 neurons: 12"),
        ({"colors": "reddish"}, "'reddish', given for neuron 11, is not a colour"),
        ({"colors": ["red", None]}, "is not a colour"),
        ({"backend": "paper"}, "no backend 'paper'"),
        ({"brain_alpha": 1.5}, "brain_alpha"),
        ({"neuron_alpha": -1}, "neuron_alpha"),
        ({"synapses": [(1, 2)]}, "shape"),
        ({"synapses": [(1, 2, float("nan"))]}, "shape"),
        ({"synapses": "here"}, "positions"),
        ({"synapse_size": 0}, "synapse_size"),
    ],
)
def test_bad_options(two: dict[int, Mesh], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        brain_scene(two, **options)


def test_synapses_are_balls_of_their_size(two: dict[int, Mesh]) -> None:
    places = {"inputs": [[500, 500, 0]], "outputs": [[500, 0, 0], [500, 900, 50]], "none": []}
    plotter = brain_scene(two, synapses=places, synapse_size=60, synapse_colors={"inputs": "red"})
    names = [name for name in plotter.actors if name.startswith("synapses")]
    assert names == ["synapses inputs", "synapses outputs"]
    assert color_of(plotter, "synapses inputs") == RED
    ball = plotter.actors["synapses inputs"].mapper.dataset
    np.testing.assert_allclose(ball.center, [500, 500, 0], atol=1e-3)
    assert ball.bounds.z_max - ball.bounds.z_min == pytest.approx(60, abs=1e-3)
    both = plotter.actors["synapses outputs"].mapper.dataset
    assert (both.bounds.y_min, both.bounds.y_max) == pytest.approx((-30, 930), abs=3)
    assert plotter.legend is not None
    plotter.close()


def test_scale_bar_is_as_long_as_it_says(two: dict[int, Mesh]) -> None:
    plotter = brain_scene(two, colors=[RED, BLUE], scale_bar=True)
    plotter.window_size = (400, 300)
    said = set()
    for zoom in (1.0, 3.0):  # measured again after zooming
        plotter.zoom_camera(zoom)
        plotter.screenshot(return_img=True)
        data = plotter.actors["scale bar"].GetMapper().GetInput()
        (x0, y0, _), (x1, y1, _) = data.GetPoint(0), data.GetPoint(1)
        said.add(text := plotter.actors["scale bar length"].GetInput())
        number, unit = text.split()
        nm = float(number) * {"nm": 1, "\u00b5m": 1000}[unit]
        # The oracle: two places as far apart, in the plane of the focus, as VTK projects them.
        here = np.array(plotter.camera.focal_point)
        along = np.cross(np.array(plotter.camera.position) - here, plotter.camera.up)
        there = here + nm * along / np.linalg.norm(along)
        seen = []
        for place in (here, there):
            plotter.renderer.SetWorldPoint(*place, 1)
            plotter.renderer.WorldToDisplay()
            seen.append(plotter.renderer.GetDisplayPoint()[:2])
        assert x1 - x0 == pytest.approx(np.linalg.norm(np.subtract(*seen)), rel=0.01)
        assert y0 == y1
        assert 20 < x1 - x0 <= 80
    assert len(said) == 2
    plotter.close()


def test_legend_and_note(two: dict[int, Mesh]) -> None:
    plotter = brain_scene(
        two,
        colors=[RED, BLUE],
        legend={"ER (n=1)": "red", "EBc (n=1)": "blue"},
        synapses={"inputs": [[500, 500, 0]]},
        note="synthetic data",
    )
    box = plotter.legend
    lines = {
        box.GetEntryString(i): tuple(box.GetEntryColor(i)) for i in range(box.GetNumberOfEntries())
    }
    assert lines == {
        "ER (n=1)": RED,
        "EBc (n=1)": BLUE,
        "inputs": color_of(plotter, "synapses inputs"),
    }
    assert plotter.actors["note"].GetText(1) == "synthetic data"
    plotter.close()


def test_a_long_legend_says_how_much_it_leaves_out(two: dict[int, Mesh]) -> None:
    plotter = brain_scene(two, legend={f"type {i}": "red" for i in range(30)})
    box = plotter.legend
    assert box.GetNumberOfEntries() == 25
    assert box.GetEntryString(24) == "and 6 more"
    plotter.close()


def test_the_outline_is_smooth_and_one_layer(two: dict[int, Mesh]) -> None:
    plotter = brain_scene(two, brain=box((-9, -9, -9), (1500, 1500, 500)))
    look = plotter.actors["brain"].prop
    assert (look.culling, look.interpolation.name) == ("back", "PHONG")
    plotter.close()


def test_empty_scene() -> None:
    plotter = brain_scene({})
    assert not plotter.actors
    plotter.close()


def test_real_neurons(pinky40: Path) -> None:
    meshes = get_meshes(pinky40, [25024949, 28792756])
    plotter = brain_scene(meshes, colors=[RED, BLUE], backend="static")
    rows, columns = pixels(plotter, RED)
    assert np.ptp(rows) > 60, "8 um in a scene of 8 um"
    assert np.ptp(columns) > 60
    assert len(pixels(plotter, BLUE)[0]) > 300
    plotter.close()


SCRIPT = """
import numpy as np
from graphapi.imagery.mesh import Mesh
from graphapi.imagery.scene import brain_scene

mesh = Mesh.of([(0, 0, 0), (10, 0, 0), (0, 10, 0)], [(0, 1, 2)], "triangle")
plotter = brain_scene({1: mesh}, backend="static")
plotter.window_size = (192, 108)
plotter.zoom_camera(1.5)
plotter.screenshot("scene.png")
plotter.show()
print("shown")
"""


def without_screen() -> dict[str, str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "VTK_DEFAULT_OPENGL_WINDOW")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2])}


def test_script_without_a_screen_shows_and_ends_quietly(tmp_path: Path) -> None:
    script = "import dill\n" + SCRIPT  # dill makes the script outlive its libraries
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=without_screen(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "shown\n", "")
    import matplotlib.image

    assert matplotlib.image.imread(tmp_path / "scene.png").shape[:2] == (108, 192)


@pytest.mark.parametrize(
    "kept",
    [
        "kept = [plotter]",
        "kept = {'renderer': plotter.renderer}; del plotter",
        "def kept(): pass\nkept.plotter, kept.again = plotter, kept",
        "kept = [brain_scene({1: mesh}) for _ in range(3)]",
    ],
)
def test_a_scene_that_is_kept_anywhere_ends_quietly(tmp_path: Path, kept: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import dill\n{SCRIPT}\n{kept}\n"],
        env=without_screen(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "shown\n", "")


def test_notebook_without_a_screen_holds_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbclient = pytest.importorskip("nbclient")
    from nbformat import v4

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "VTK_DEFAULT_OPENGL_WINDOW"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    book = v4.new_notebook(cells=[v4.new_code_cell(SCRIPT)])
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    kinds = [set(output.get("data", {})) for output in book.cells[0].outputs]
    assert any("image/png" in kind for kind in kinds)


def test_machine_that_cannot_draw(monkeypatch: pytest.MonkeyPatch, two: dict[int, Mesh]) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "VTK_DEFAULT_OPENGL_WINDOW"):
        monkeypatch.delenv(name, raising=False)

    def absent(library: str) -> None:
        raise OSError(f"{library}: cannot open shared object file")

    monkeypatch.setattr(display.ctypes, "CDLL", absent)
    with pytest.raises(InputError, match="apt-get install libegl1"):
        brain_scene(two)


def test_screen_or_choice_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.delenv("VTK_DEFAULT_OPENGL_WINDOW", raising=False)
    display.prepare_off_screen()
    assert "VTK_DEFAULT_OPENGL_WINDOW" not in os.environ
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "mine")
    display.prepare_off_screen()
    assert os.environ["VTK_DEFAULT_OPENGL_WINDOW"] == "mine"
