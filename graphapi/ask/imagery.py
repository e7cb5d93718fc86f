"""EM images, meshes and scenes of neurons, fetched from the graph's image sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from graphapi.ask.classes import ClassQuestions
from graphapi.common.progress import Progress
from graphapi.common.threads import in_order
from graphapi.errors import ImageryNotFoundError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyvista as pv

    from graphapi.imagery.meshes import Meshes


class ImageryQuestions(ClassQuestions):
    """Questions whose answer is an image, a mesh or a scene."""

    def plot_em_image(
        self,
        x: int,
        y: int,
        z: int,
        size: int = 1000,
        *,
        mip: int | None = None,
        plane: str = "xy",
        pad: bool = True,
        fill_missing: bool = False,
    ) -> npt.NDArray[np.uint8]:
        """Return an EM image centred at a position.

        Parameters
        ----------
        x, y, z
            Voxel of the datastack, as returned by `get_synapses` with `return_pixels=True`.
        size
            Width and height in pixels.
        mip
            Number of the image scale; None for the scale with the datastack's voxels.
        plane
            Two axes, the first to the right, the second down.
        pad
            Fill pixels outside the volume with 0; False raises an error instead.
        fill_missing
            Show chunks missing from the volume as 0; False raises an error instead.

        Returns
        -------
        numpy.ndarray
            Shape (size, size), rows down and columns to the right, for `imshow`. CRANTpy returns
            the transposed array; use `.T` to get it.

        Raises
        ------
        ImageryNotFoundError
            There is no image data at this position.
        """
        from graphapi.imagery.em import cut_out

        picture: npt.NDArray[np.uint8] = cut_out(
            self.image_source,
            (x, y, z),
            size,
            resolution=self.materialization.viewer_resolution,
            mip=mip,
            plane=plane,
            pad=pad,
            fill_missing=fill_missing,
            token=self._token_for(self.image_source),
        ).pixels
        return picture

    def get_meshes(
        self,
        neuron_ids: object,
        *,
        missing: Literal["error", "skip"] = "error",
        progress: bool = True,
    ) -> Meshes:
        """Fetch the meshes of neurons.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        missing
            What to do about neurons without a mesh: `'error'` raises an error that lists them;
            `'skip'` warns, and lists them in `.missing` of the result.
        progress
            Show a progress bar in a terminal or a notebook.

        Returns
        -------
        Meshes
            A dict from root id to mesh: `vertices` (nm) and `faces`. Meshes are cached on disk.
        """
        from graphapi.imagery.meshes import get_meshes

        selection = self._select(neuron_ids, "neuron_ids")
        return get_meshes(
            self._source("segmentation_source", "meshes"),
            selection.resolved,
            token=self._token_for(self._source("segmentation_source", "meshes")),
            missing=missing,
            progress=progress,
        )

    def get_skeletons(
        self, neuron_ids: object, *, progress: bool = True
    ) -> dict[int, pd.DataFrame]:
        """Fetch the skeletons of neurons from CAVE's skeleton service.

        CAVE makes a skeleton when it is first asked for, which can take minutes.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        progress
            Show a progress bar in a terminal or a notebook.

        Returns
        -------
        dict
            Root id to a table with the columns of SWC: `node` (from 1), `compartment` (1 soma,
            2 axon, 3 dendrite, 0 not known), `x`, `y`, `z` and `radius` (nm; 0 if not known),
            `parent` (a node of an earlier row; -1 where a tree begins).

        Raises
        ------
        ImageryNotFoundError
            CAVE has no skeleton of some neurons; the error lists them.
        CaveError
            The graph has no CAVE server, or it does not answer.
        """
        roots = list(dict.fromkeys(self._select(neuron_ids, "neuron_ids").resolved.tolist()))
        cave = self.require_cave().cave
        found: dict[int, pd.DataFrame] = {}
        with Progress("Fetching skeletons", len(roots), unit="neurons", shown=progress) as bar:
            answers = in_order(cave.skeletons.of, roots, at_once=cave.max_in_flight)
            for root, skeleton in zip(roots, answers, strict=True):
                if skeleton is not None:
                    found[root] = skeleton
                bar.advance()
        if missing := [str(root) for root in roots if root not in found]:
            raise ImageryNotFoundError(
                f"{cave.server} has no skeleton of {', '.join(missing)}",
                hint="not every datastack has a skeleton service; get_meshes fetches meshes",
            )
        return found

    def to_navis(
        self,
        neuron_ids: object,
        *,
        missing: Literal["error", "skip"] = "error",
        progress: bool = True,
    ) -> Any:
        """Fetch neurons as navis objects; needs the extra `navis` (licensed under the GPL).

        Parameters
        ----------
        neuron_ids, missing, progress
            See `get_meshes`.

        Returns
        -------
        navis.NeuronList
            A `MeshNeuron` for each neuron, in nm; its `id` is the root id.

        Raises
        ------
        MissingExtraError
            navis is not installed.
        """
        return self.get_meshes(neuron_ids, missing=missing, progress=progress).to_navis()

    def get_brain_mesh_scene(
        self,
        neuron_ids: object,
        *,
        brain_mesh_color: str = "grey",
        brain_mesh_alpha: float = 0.1,
        neuron_mesh_alpha: float = 1.0,
        neuron_mesh_colors: str | Iterable[Any] | Mapping[int, Any] | None = None,
        by: str | None = None,
        backend: str = "static",
        omit_failures: bool | None = None,
        progress: bool = True,
        synapses: Any = None,
        scale_bar: bool = True,
    ) -> pv.Plotter:
        """Build a 3D scene of neurons with the outline of the brain.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        brain_mesh_color, brain_mesh_alpha, neuron_mesh_alpha
            Colour of the outline, and opacities from 0 to 1.
        neuron_mesh_colors
            One colour for all, one for each neuron in their order, or a dict by root id. None: a
            colour for each neuron, or for each class if `by` is given.
        by
            A property of neurons, such as `'cell_class'`: neurons have the colours of
            `get_class_colors`, and a legend names them.
        backend
            How a notebook shows it: `'static'`, `'html'`, `'client'`, `'server'`, `'trame'` or
            `'none'`.
        omit_failures
            True skips neurons without a mesh, with a warning that lists them; None and False
            raise an error.
        progress
            Show a progress bar in a terminal or a notebook.
        synapses
            Positions in nm, shape (n, 3), or a dict of such arrays: drawn as points.
        scale_bar
            Draw a scale bar.

        Returns
        -------
        pyvista.Plotter
            Not shown yet: call `.show()` or `.screenshot(path)`. A synthetic brain is marked.

        Raises
        ------
        InputError
            The colours do not match the neurons, or both colours and `by` are given.
        UnknownFieldError
            Neurons have no property `by`.
        """
        from graphapi.common.palette import colors_by_id
        from graphapi.imagery.scene import brain_scene
        from graphapi.imagery.volume import read_brain_mesh

        selection = self._select(neuron_ids, "neuron_ids")
        meshes = self.get_meshes(
            selection.resolved, missing="skip" if omit_failures else "error", progress=progress
        )
        roots = selection.resolved.tolist()
        legend: dict[str, Any] = {}
        if by is not None:
            neuron_mesh_colors, legend = self._painted(roots, by, neuron_mesh_colors)
        colors = colors_by_id(roots, neuron_mesh_colors)
        outline = self._address("brain_mesh_source")
        return brain_scene(
            meshes,
            colors=colors,
            brain=read_brain_mesh(outline, self._token_for(outline)) if outline else None,
            brain_color=brain_mesh_color,
            brain_alpha=brain_mesh_alpha,
            neuron_alpha=neuron_mesh_alpha,
            backend=backend,
            synapses=synapses,
            legend=legend,
            scale_bar=scale_bar,
            note=self._note() if self.materialization.synthetic else "",
        )

    def _painted(
        self, roots: list[int], by: str, colors: object
    ) -> tuple[dict[int, Any], dict[str, Any]]:
        """Return the colour of each neuron by its class, and the classes with their numbers."""
        from graphapi.common.palette import class_colors
        from graphapi.plots.classes import group_sorted, read_classes

        if colors is not None:
            raise InputError("colours were given twice", hint="pass either colors or by, not both")
        groups = group_sorted(roots, read_classes(self._classes_of(roots, by), by))
        paint = class_colors([name for name, _ in groups], self.get_class_colors(by))
        chosen = {root: paint[name] for name, members in groups for root in members}
        return chosen, {f"{name} (n={len(ids)})": paint[name] for name, ids in groups}

    def plot_segmentation_image(
        self,
        x: int,
        y: int,
        z: int,
        size: int = 1000,
        *,
        mip: int | None = None,
        plane: str = "xy",
        pad: bool = True,
        fill_missing: bool = False,
    ) -> npt.NDArray[np.uint64]:
        """Return the segmentation in the same window as `plot_em_image`: a root id per pixel.

        Parameters
        ----------
        x, y, z, size, mip, plane, pad, fill_missing
            See `plot_em_image`.

        Returns
        -------
        numpy.ndarray
            uint64, shape (size, size): root ids at the graph's version, 0 where there is none.
        """
        from graphapi.imagery.em import segmentation_image

        source = self.cave_source
        picture: npt.NDArray[np.uint64] = segmentation_image(
            self._source("segmentation_source", "segmentation"),
            (x, y, z),
            size,
            resolution=self.materialization.viewer_resolution,
            mip=mip,
            plane=plane,
            pad=pad,
            fill_missing=fill_missing,
            to_roots=None if source is None else source.roots_of,
            token=self._token_for(self._source("segmentation_source", "segmentation")),
        )
        return picture

    def neuroglancer_link(
        self,
        neuron_ids: object,
        *,
        colors: str | Iterable[Any] | Mapping[int, Any] | None = None,
        by: str | None = None,
        synapses: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None,
        position: Sequence[int] | None = None,
        viewer: str | None = None,
    ) -> str:
        """Return a Neuroglancer link that shows neurons in colour, and synapses as lines.

        Parameters
        ----------
        neuron_ids
            Root ids or `NeuronCriteria`.
        colors
            One for all, one for each in order, or a dict by root id. None: a colour for each
            neuron, or for each class if `by` is given.
        by
            A property of neurons: they have the colours of `get_class_colors`.
        synapses
            Rows of `get_synapses` in pixels, or a dict of such frames by layer name.
        position
            Voxel to centre the view on.
        viewer
            Address of a Neuroglancer; None for the public one.
        """
        from graphapi.imagery.neuroglancer import DEFAULT_VIEWER, link_of, neuroglancer_state

        selection = self._select(neuron_ids, "neuron_ids")
        segmentation = self._source("segmentation_source", "segmentation")
        if by is not None:
            colors = self._painted(selection.resolved.tolist(), by, colors)[0]
        state = neuroglancer_state(
            resolution=self.materialization.viewer_resolution,
            image=self._address("image_source") or None,
            segmentation=segmentation,
            root_ids=selection.resolved,
            colors=colors,
            synapses=synapses,
            position=position,
        )
        return link_of(state, viewer or DEFAULT_VIEWER)

    @property
    def image_source(self) -> str:
        """Address of the EM volume.

        Raises
        ------
        ImageryNotFoundError
            The graph has no image source.
        """
        return self._source("image_source", "EM images")

    def _address(self, name: str) -> str:
        """Return an address of the record; `{server}` in it stands for the CAVE server."""
        text: str = getattr(self.materialization, name)
        source = self.cave_source
        made = self.materialization.server
        if source is None or not text:
            return text
        if source.server != made and made:
            text = text.replace(made, source.server)
        return text.replace("{server}", source.server)

    def _source(self, name: str, what: str) -> str:
        address = self._address(name)
        if not address:
            raise ImageryNotFoundError(
                f"{self.name} has no source of {what}",
                hint="load the graph from CAVE, where the datastack names its volumes",
            )
        return address

    def _token_for(self, address: str) -> str | None:
        from graphapi.imagery.info import parse_source

        source = self.cave_source
        if source is None or not parse_source(address).takes_token:
            return None
        return source.token_for(address)
