"""The tutorial's questions, asked of a graph: tables printed, figures written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphapi import plots

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from graphapi.connectome import Connectome

#: The neuron whose partners the tutorial looks at; the synthetic brain has one of this id.
SAMPLE = 576460752732847432
CENTRAL_COMPLEX = ("EBc", "ER", "FBt", "PBt")
PROJECTION_NEURON = "olfactory_projection_neuron"


@dataclass
class Tour:
    """Asks, prints and draws.

    Parameters
    ----------
    connectome
        The loaded demo.
    folder
        Where figures go.
    say
        Prints a text.
    """

    connectome: Connectome
    folder: Path
    say: Callable[[str], None]
    figures: list[Path] = field(default_factory=list)

    def run(self) -> list[Path]:
        """Ask everything; gives the figures' files."""
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
        return self.figures

    def outputs(self) -> None:
        """Fetch raw synapses of three projection neurons, and see the largest in EM."""
        neurons = self.connectome.criteria(cell_class=PROJECTION_NEURON, side="right", tract="mALT")
        sample = neurons.get_roots()[:3]
        self._title(
            f"Synapses of 3 of the {len(neurons)} right mALT projection neurons (from CAVE)"
        )
        synapses = self.connectome.get_synapses(pre_ids=sample, threshold=3, min_size=10)
        synapses = synapses.sort_values("size", ascending=False)
        each = synapses.groupby("pre_pt_root_id").size().rename("synapses").reset_index()
        self._table(each)
        self._save("synapse_sizes", plots.synapse_sizes(synapses))
        made = self.connectome.materialization
        panels = plots.em_panels(
            self.connectome.image_source, synapses, 3, resolution=made.viewer_resolution
        )
        self._save("em_of_largest_synapses", panels)

    def inputs(self) -> None:
        """See who synapses onto five projection neurons."""
        neurons = self.connectome.criteria(cell_class=PROJECTION_NEURON, side="right", tract="mALT")
        adjacency = self.connectome.get_adjacency(post_ids=neurons.get_roots()[:5], threshold=3)
        self._title(
            f"Inputs of 5 projection neurons: {adjacency.shape[0]} neurons, 3 synapses or more"
        )
        totals = adjacency.agg(["sum", "max"]).T.rename_axis("neuron").reset_index()
        self._table(totals.assign(inputs=(adjacency > 0).sum().to_numpy()))
        self._save("inputs_of_projection_neurons", plots.adjacency_heatmap(adjacency))

    def central_complex(self) -> None:
        """Show the central complex as a matrix, and class by class."""
        neurons = self.connectome.criteria(cell_class=list(CENTRAL_COMPLEX), region="CX")
        self._title(f"Central complex: {len(neurons)} neurons")
        rows = self.connectome.get_annotations(neurons)
        self._table(rows["cell_class"].value_counts().reset_index())
        adjacency = self.connectome.get_adjacency(neurons, neurons, threshold=3, symmetric=True)
        heatmap = plots.adjacency_heatmap(adjacency, self._classes(neurons), log=True)
        self._save("central_complex", heatmap)
        types = self.connectome.get_type_connectivity(
            "cell_class", pre_ids=neurons, post_ids=neurons, threshold=3
        )
        self._table(types.sort_values("synapses", ascending=False).head(6))

    def partners(self) -> None:
        """See what a neuron of the protocerebral bridge synapses onto."""
        found = self.connectome.get_connectivity(SAMPLE, upstream=False, threshold=5)
        self._title(f"Downstream of PBt neuron {SAMPLE}: {len(found)} partners, 5 synapses or more")
        self._table(found.head(5))
        classes = self._classes(found["post"])
        self._save("partner_classes", plots.partner_classes(found, "post", classes))

    def counts(self) -> None:
        """Count the partners of three left projection neurons."""
        neurons = self.connectome.criteria(cell_class=PROJECTION_NEURON, side="left", tract="mALT")
        counts = self.connectome.get_synapse_counts(neurons.get_roots()[:3], threshold=5)
        self._title("Partners of 3 left projection neurons, 5 synapses or more")
        plain = counts.drop(columns=["pre", "post"]).reset_index()
        self._table(plain)
        self._save("synapse_counts", plots.synapse_counts(counts))

    def paths(self) -> None:
        """See what synapse rows cannot answer in one go: two hops and more."""
        sources = self.connectome.criteria(cell_class="ER", region="CX")
        found = self.connectome.get_strongest_paths(
            sources.get_roots()[:3], [SAMPLE], max_hops=3, threshold=3
        )
        self._title("Strongest paths from 3 ER neurons to that PBt neuron, at most 3 hops")
        columns = ["source", "hops", "weakest", "root_ids"]
        self._table(found[columns].assign(root_ids=found["root_ids"].map(_arrow)))

    def scene(self) -> None:
        """Draw the two connected populations in the brain."""
        ebc = self.connectome.criteria(cell_class="EBc", region="CX").get_roots()
        pbt = self.connectome.criteria(cell_class="PBt", region="CX").get_roots()
        colors = {int(root): "#D55E00" for root in ebc} | {int(root): "#0072B2" for root in pbt}
        self._title(f"{len(ebc)} EBc (orange) and {len(pbt)} PBt (blue) neurons in the brain")
        plotter = self.connectome.get_brain_mesh_scene(list(colors), neuron_mesh_colors=colors)
        plotter.window_size = (1400, 900)
        plotter.zoom_camera(1.8)
        plotter.add_text("synthetic data", position="lower_right", font_size=8, color="grey")
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

    def _save(self, name: str, axes: Any) -> None:
        import matplotlib.pyplot as plt

        figure = axes.figure if hasattr(axes, "figure") else axes[0].figure
        place = self.folder / f"{name}.png"
        figure.text(0.99, 0.005, "synthetic data", ha="right", va="bottom", fontsize=7, color="0.4")
        figure.savefig(place, dpi=130, bbox_inches="tight")
        plt.close(figure)
        self.figures.append(place)


def _arrow(roots: list[int]) -> str:
    return " > ".join(f"..{root % 10**6:06d}" for root in roots)
