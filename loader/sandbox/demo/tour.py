"""The tutorial's queries, run on a graph: prints tables and writes figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from loader.sandbox.demo.neurons import SAMPLE_ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from graphapi.connectome import Connectome

CENTRAL_COMPLEX = ("EBc", "ER", "FBt", "PBt")
#: Modules whose package has another name.
_PACKAGES = {"cloudvolume": "cloud-volume"}
PROJECTION_NEURON = "olfactory_projection_neuron"


@dataclass
class Tour:
    """Runs the queries, prints tables, and draws what the installed packages can draw.

    Parameters
    ----------
    connectome
        The loaded demo.
    folder
        Folder for the figures.
    say
        Called with each text to print.
    """

    connectome: Connectome
    folder: Path
    say: Callable[[str], None]
    figures: list[Path] = field(default_factory=list)
    not_drawn: dict[str, list[str]] = field(default_factory=dict)

    def run(self) -> list[Path]:
        """Run all queries; return the figures' files."""
        if _there("matplotlib"):
            import matplotlib as mpl

            mpl.use("Agg")
        self.folder.mkdir(parents=True, exist_ok=True)
        for question in (
            self.outputs,
            self.inputs,
            self.central_complex,
            self.partners,
            self.counts,
            self.paths,
            self.scene,
        ):
            question()
        if self.not_drawn:
            self.say("")
        for name, packages in self.not_drawn.items():
            self.say(f"Not drawn: {name}.png, which needs {' and '.join(packages)}")
        if self.not_drawn:
            self.say("  -> pip install 'cavegraph[viz]' installs all of them")
        return self.figures

    def outputs(self) -> None:
        """Fetch raw synapses of three projection neurons, and show the largest in EM."""
        neurons = self.connectome.criteria(cell_class=PROJECTION_NEURON, side="right", tract="mALT")
        sample = neurons.get_roots()[:3]
        self._title(
            f"Synapses of 3 of the {len(neurons)} right mALT projection neurons (from CAVE)"
        )
        synapses = self.connectome.get_synapses(pre_ids=sample, threshold=3, min_size=10)
        synapses = synapses.sort_values("size", ascending=False)
        each = synapses.groupby("pre_pt_root_id").size().rename("synapses").reset_index()
        self._table(each)
        self._draw(
            "synapse_sizes",
            lambda: self.connectome.plot_synapse_sizes(sample, threshold=3, min_size=10),
        )
        self._draw(
            "em_of_largest_synapses",
            lambda: self.connectome.plot_synapses_in_em(synapses=synapses, size=240, overlay=True),
            "cloudvolume",
        )

    def inputs(self) -> None:
        """Show the neurons that synapse onto five projection neurons."""
        neurons = self.connectome.criteria(cell_class=PROJECTION_NEURON, side="right", tract="mALT")
        sample = neurons.get_roots()[:5]
        adjacency = self.connectome.get_adjacency(post_ids=sample, threshold=3)
        self._title(
            f"Inputs of 5 projection neurons: {adjacency.shape[0]} neurons, 3 synapses or more"
        )
        totals = adjacency.agg(["sum", "max"]).T.rename_axis("neuron").reset_index()
        self._table(totals.assign(inputs=(adjacency > 0).sum().to_numpy()))
        self._draw(
            "inputs_of_projection_neurons",
            lambda: self.connectome.plot_adjacency(post_ids=sample, threshold=3),
        )

    def central_complex(self) -> None:
        """Show the central complex as a matrix, and counts for each class."""
        neurons = self.connectome.criteria(cell_class=list(CENTRAL_COMPLEX), region="CX")
        rows = self.connectome.get_annotations(neurons)
        classes = self._classes(neurons)
        self._title(f"Central complex: {len(neurons)} neurons with {len(rows)} annotation rows")
        counted = {"rows": ("root_id", "size"), "neurons": ("root_id", "nunique")}
        by_class = rows.groupby("cell_class").agg(**counted)
        by_class["in_figure"] = classes.value_counts()
        self._table(by_class.sort_values("rows", ascending=False).reset_index())
        self.say(
            "rows: annotation rows of a class. neurons: those with such a row, so a neuron with "
            "rows\nof two classes counts in both. in_figure: each neuron once, by its merged class."
        )
        self._draw(
            "central_complex",
            lambda: self.connectome.plot_adjacency(
                neurons, neurons, 3, symmetric=True, by="cell_class", log=True
            ),
        )
        types = self.connectome.get_type_connectivity(
            "cell_class", pre_ids=neurons, post_ids=neurons, threshold=3
        )
        self._table(types.sort_values("synapses", ascending=False).head(6))

    def partners(self) -> None:
        """Show the downstream partners of a neuron of the protocerebral bridge."""
        found = self.connectome.get_connectivity(SAMPLE_ROOT, upstream=False, threshold=5)
        self._title(
            f"Downstream of PBt neuron {SAMPLE_ROOT}: {len(found)} partners, 5 synapses or more"
        )
        self._table(found.head(5))
        self._draw(
            "partner_classes",
            lambda: self.connectome.plot_partner_classes(SAMPLE_ROOT, "downstream", 5),
        )

    def counts(self) -> None:
        """Count the partners of three left projection neurons."""
        neurons = self.connectome.criteria(cell_class=PROJECTION_NEURON, side="left", tract="mALT")
        sample = neurons.get_roots()[:3]
        counts = self.connectome.get_synapse_counts(sample, threshold=5)
        self._title("Partners of 3 left projection neurons, 5 synapses or more")
        plain = counts.drop(columns=["pre", "post"]).reset_index()
        self._table(plain)
        self._draw("synapse_counts", lambda: self.connectome.plot_synapse_counts(sample, 5))

    def paths(self) -> None:
        """Show paths of two hops and more, which synapse rows alone do not give."""
        sources = self.connectome.criteria(cell_class="ER", region="CX")
        found = self.connectome.get_strongest_paths(
            sources.get_roots()[:3], [SAMPLE_ROOT], max_hops=3, threshold=3
        )
        self._title("Strongest paths from 3 ER neurons to that PBt neuron, at most 3 hops")
        columns = ["source", "hops", "weakest", "root_ids"]
        self._table(found[columns].assign(root_ids=found["root_ids"].map(_arrow)))

    def scene(self) -> None:
        """Draw two connected populations in the brain."""
        pair = self.connectome.criteria(cell_class=["EBc", "PBt"], region="CX")
        classes = self._classes(pair)
        rows = self.connectome.get_annotations(pair)
        counts = rows.groupby("cell_class")["root_id"].nunique()
        merged = ", ".join(f"{size} {name}" for name, size in classes.value_counts().items())
        self._title(
            f"In the brain: {counts['EBc']} neurons with an EBc row, {counts['PBt']} with a PBt row"
            f" (each once, by its merged class: {merged})"
        )
        if not self._can_draw("brain_scene", "pyvista", "cloudvolume"):
            return
        plotter = self.connectome.get_brain_mesh_scene(pair, by="cell_class", brain_mesh_alpha=0.15)
        plotter.window_size = (1400, 900)
        plotter.zoom_camera(1.8)
        place = self.folder / "brain_scene.png"
        plotter.screenshot(place)
        plotter.close()
        self.figures.append(place)

    def _classes(self, neurons: object) -> pd.Series[Any]:
        frame = self.connectome.get_neurons(neurons)
        return frame.set_index("root_id")["cell_class"].fillna("Unknown")

    def _title(self, text: str) -> None:
        self.say(f"\n{text}\n{'-' * len(text)}")

    def _table(self, frame: pd.DataFrame) -> None:
        self.say(frame.to_string(index=False))

    def _can_draw(self, name: str, *modules: str) -> bool:
        """Return whether a figure's packages are installed; note the missing ones."""
        missing = [module for module in modules if not _there(module)]
        if missing:
            self.not_drawn[name] = [_PACKAGES.get(module, module) for module in missing]
        return not missing

    def _draw(self, name: str, draw: Callable[[], Any], *modules: str) -> None:
        if not self._can_draw(name, "matplotlib", *modules):
            return
        import matplotlib.pyplot as plt

        axes = draw()
        figure = axes.figure if hasattr(axes, "figure") else axes[0].figure
        place = self.folder / f"{name}.png"
        figure.savefig(place, dpi=130, bbox_inches="tight")
        plt.close(figure)
        self.figures.append(place)


def _there(module: str) -> bool:
    return find_spec(module) is not None


def _arrow(roots: list[int]) -> str:
    return " > ".join(f"..{root % 10**6:06d}" for root in roots)
