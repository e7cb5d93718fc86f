"""Three-dimensional scenes: neurons in a brain, with PyVista."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.palette import OKABE_ITO, colors_by_id
from graphapi.errors import InputError, MissingExtraError
from graphapi.imagery.display import has_display, prepare_off_screen
from graphapi.imagery.scene_extras import add_legend, add_note, add_scale_bar

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyvista as pv

    from graphapi.common.palette import Color
    from graphapi.imagery.mesh import Mesh

BACKENDS = ("static", "html", "client", "server", "trame", "none")
#: Diameter of a synapse in nm.
SYNAPSE_SIZE = 500.0


def brain_scene(
    meshes: Mapping[int, Mesh],
    *,
    colors: Color | Iterable[Color] | Mapping[int, Color] | None = None,
    brain: Mesh | None = None,
    brain_color: Color = "grey",
    brain_alpha: float = 0.1,
    neuron_alpha: float = 1.0,
    backend: str = "static",
    synapses: Any = None,
    synapse_colors: Mapping[str, Color] | None = None,
    synapse_size: float = SYNAPSE_SIZE,
    legend: Mapping[str, Color] | None = None,
    scale_bar: bool = False,
    note: str = "",
) -> pv.Plotter:
    """Build a scene of neurons, the outline of a brain and synapses, without showing it yet.

    The camera looks along z from the front, with y downwards, as in CRANTpy. Without a screen,
    `.show()` draws into memory and returns, and `.screenshot(path)` writes the picture.

    Parameters
    ----------
    meshes
        Neurons by root id; may be empty.
    colors
        One colour for all, one for each neuron in the order of `meshes`, or a dict by root id,
        which may also hold other neurons. None: a palette for any colour vision.
    brain
        The outline, or None. Only the side that faces the camera is drawn.
    brain_color, brain_alpha, neuron_alpha
        Colour of the outline, and opacities from 0 to 1.
    backend
        How a notebook shows the scene: 'static' (a picture), 'html', 'client', 'server', 'trame'
        (these need the `trame` package) or 'none'.
    synapses
        Positions in nm, shape (n, 3), or a dict of such arrays by name: each name has its own
        colour and a line in the legend.
    synapse_colors
        Colours by name; other names get colours from the palette.
    synapse_size
        Diameter in nm.
    legend
        Colours by name, for a legend at the upper left.
    scale_bar
        Draw a scale bar at the lower left, valid at the distance of the camera's focus.
    note
        A line of text at the lower right, such as the source of the data.

    Returns
    -------
    pyvista.Plotter
        Actors are named `brain`, `neuron <root id>`, `synapses <name>`, `scale bar` and `note`.

    Raises
    ------
    InputError
        Colours do not match the neurons or are not colours, an opacity is not from 0 to 1, the
        backend or the synapses are not valid, or the machine cannot draw.
    MissingExtraError
        PyVista is not installed.
    """
    _check_options(backend, brain_alpha, neuron_alpha, synapse_size)
    chosen = colors_by_id(list(meshes), colors)
    points = _synapses_by_name(synapses)
    pyvista = _pyvista()
    plotter: pv.Plotter = pyvista.Plotter(off_screen=None if has_display() else True)
    if brain is not None:
        # Without its far side: seen through each other, folds of both sides look like creases.
        _add(plotter, brain, "brain", brain_color, brain_alpha, smooth=True, culling="back")
    for root_id, mesh in meshes.items():
        _add(plotter, mesh, f"neuron {root_id}", chosen[root_id], neuron_alpha)
    named = _add_synapses(plotter, points, dict(synapse_colors or {}), synapse_size)
    lines = [(name, _checked(color, name)) for name, color in (legend or {}).items()]
    if lines or named:
        add_legend(plotter, [*lines, *named])
    if scale_bar:
        add_scale_bar(plotter)
    if note:
        add_note(plotter, note)
    plotter.view_xy(negative=True)  # type: ignore[call-arg]
    plotter.set_viewup([0, -1, 1])  # type: ignore[arg-type]
    if plotter.notebook:
        # Only for this scene: a global backend would change the user's other plots.
        plotter.show = partial(plotter.show, jupyter_backend=backend)  # type: ignore[method-assign]
    atexit.unregister(_end_quietly)  # once, however many scenes there are
    atexit.register(_end_quietly)
    return plotter


def _end_quietly() -> None:
    """Remove the finalizers of PyVista's objects at the end of the process.

    With `dill` loaded, which cloud-volume does, the main script outlives the libraries, and the
    objects of a scene that it still holds then fail noisily to clean up. PyVista still closes its
    windows after this.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "pyvista":
            for kind in list(vars(module).values()):
                if isinstance(kind, type) and "__del__" in vars(kind):
                    kind.__del__ = lambda _self: None  # type: ignore[attr-defined]


def _pyvista() -> Any:
    prepare_off_screen()
    try:
        import pyvista
    except ImportError as error:
        raise MissingExtraError("pyvista", "viz") from error
    return pyvista


def _check_options(backend: str, brain: float, neurons: float, size: float) -> None:
    if backend not in BACKENDS:
        raise InputError(
            f"there is no backend {backend!r}", hint=f"choose one of {', '.join(BACKENDS)}"
        )
    for name, alpha in (("brain_alpha", brain), ("neuron_alpha", neurons)):
        if not 0 <= alpha <= 1:
            raise InputError(f"{name} must be from 0 (invisible) to 1 (solid), not {alpha!r}")
    if not size > 0:
        raise InputError(f"synapse_size must be positive, not {size!r}")


def _add(
    plotter: Any,
    mesh: Mesh,
    name: str,
    color: Color,
    alpha: float,
    *,
    smooth: bool = False,
    culling: str | None = None,
) -> None:
    surface = _pyvista().PolyData.from_regular_faces(mesh.vertices, mesh.faces)
    if surface.n_points:
        if smooth:  # with our own normals: PyVista would turn triangles around
            surface = surface.compute_normals(
                cell_normals=False, consistent_normals=False, split_vertices=False
            )
        plotter.add_mesh(
            surface,
            name=name,
            color=_checked(color, name),
            opacity=alpha,
            smooth_shading=smooth,
            culling=culling,
        )


def _add_synapses(
    plotter: Any, points: Mapping[str, Any], colors: dict[str, Color], size: float
) -> list[tuple[str, Color]]:
    """Add synapses, and return the lines of their legend."""
    pyvista = _pyvista()
    named: list[tuple[str, Color]] = []
    # From the end of the palette: its first colours are those of the neurons.
    palette = OKABE_ITO[::-1]
    for number, (name, places) in enumerate(points.items()):
        color = _checked(colors.get(name, palette[number % len(palette)]), name)
        if not len(places):
            continue
        ball = pyvista.Sphere(radius=size / 2, theta_resolution=8, phi_resolution=8)
        balls = pyvista.PolyData(places).glyph(geom=ball, scale=False, orient=False)
        plotter.add_mesh(balls, name=f"synapses {name}".strip(), color=color)
        if name:
            named.append((name, color))
    return named


def _synapses_by_name(synapses: Any) -> dict[str, Any]:
    if synapses is None:
        return {}
    named = dict(synapses) if isinstance(synapses, Mapping) else {"": synapses}
    return {str(name): _positions(places) for name, places in named.items()}


def _positions(places: Any) -> Any:
    try:
        array = np.array([list(place) for place in places], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("synapses must be positions in nm, shape (n, 3)") from error
    if not len(array):
        return array.reshape(0, 3)
    if array.ndim != 2 or array.shape[1] != 3 or not np.isfinite(array).all():
        raise InputError(f"synapses must be positions in nm, shape (n, 3), not {array.shape}")
    return array


def _checked(color: Color, what: str) -> Any:
    try:
        if color is None:  # PyVista would take its own default
            raise TypeError("not a colour")
        return _pyvista().Color(color)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{color!r}, given for {what}, is not a colour",
            hint="use a name such as 'red', '#rrggbb', or a tuple of 3 or 4 numbers from 0 to 1",
        ) from error
