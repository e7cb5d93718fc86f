"""The neurons of the brain: annotated neurons by group, and bare segments around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from loader.sandbox.demo.brain import Ints

#: The neuron that the tutorial names by its id; here a made-up PBt neuron.
SAMPLE_ROOT: Final = 576460752732847432
#: All root ids of the demo share these leading digits: layer 8 of the segmentation.
_FIRST_ROOT: Final = 576460752700000000
_ROOT_SPAN: Final = 100_000_000
#: Number of spare root ids, for edited neurons at other times.
_SPARE_ROOTS: Final = 400


@dataclass(frozen=True)
class Group:
    """Neurons of one kind.

    Parameters
    ----------
    name
        Name of the group, unique here; the annotated class is `cell_class`.
    count
        Number of neurons.
    cell_class, super_class, cell_types, transmitter
        As annotated; neurons get the types in turn.
    regions
        As annotated, a multi-select field.
    pools
        Pools of its un-annotated partners; `*` stands for the side's letter.
    side
        `right`, `left`, `centre`, or `both` for alternating right and left.
    tract
        As annotated, or None.
    """

    name: str
    count: int
    cell_class: str
    super_class: str
    cell_types: tuple[str, ...]
    transmitter: str | None
    regions: tuple[str, ...]
    pools: tuple[str, ...]
    side: str = "both"
    tract: str | None = None


_PN_TYPES: Final = tuple(f"uPN_T1_{number:02d}" for number in range(1, 18))
_PN: Final = ("olfactory_projection_neuron", "projection_neuron", _PN_TYPES, "acetylcholine")
_PN_PLACES: Final = (("AL", "CA", "LH"), ("AL_*", "CA_*", "LH_*"))
_CX: Final = (("CX",), ("CX", "CX", "LAL"))

#: The order is that of the neurons' indices.
GROUPS: Final = (
    Group("mALT_right", 34, *_PN, *_PN_PLACES, "right", "mALT"),
    Group("mALT_left", 30, *_PN, *_PN_PLACES, "left", "mALT"),
    Group("lALT_right", 9, *_PN, *_PN_PLACES, "right", "lALT"),
    Group("lALT_left", 8, *_PN, *_PN_PLACES, "left", "lALT"),
    Group("ER", 135, "ER", "central_complex", ("ER1", "ER2", "ER3/4", "ER5"), "GABA", *_CX),
    Group("FBt", 90, "FBt", "central_complex", ("FBt1", "FBt2", "FBt5/6"), "dopamine", *_CX),
    Group("PBt", 62, "PBt", "central_complex", ("Delta7", "PBt2", "PBt?"), "glutamate", *_CX),
    Group("EBc", 46, "EBc", "central_complex", ("EPG/PEG", "EPGt"), "acetylcholine", *_CX),
    Group("FBc", 40, "FBc", "central_complex", ("PFN?", "PFL", "hDelta"), "acetylcholine", *_CX),
    Group("KC_spiny", 90, "spiny_kenyon_cell", "mushroom_body", ("KCs",), "acetylcholine, sNPF",
          ("MB",), ("CA_*", "OTHER")),
    Group("KC_smooth", 40, "smooth_kenyon_cell", "mushroom_body", ("KCm",), "acetylcholine, sNPF",
          ("MB",), ("CA_*", "OTHER")),
    Group("LN", 48, "antennal_lobe_local_neuron", "local_neuron", ("LN1", "LN2", "LN3"), "GABA",
          ("AL",), ("AL_*",)),
    Group("ORN", 30, "olfactory_receptor_neuron", "sensory", ("ORN",), "acetylcholine",
          ("AL",), ("AL_*",)),
    Group("LHN", 36, "lateral_horn_neuron", "central_brain", ("LHN1", "LHN2"), "acetylcholine",
          ("LH",), ("LH_*", "OTHER")),
    Group("MBON", 16, "mushroom_body_output_neuron", "mushroom_body", ("MBON1", "MBON2"),
          "glutamate", ("MB", "LAL"), ("CA_*", "OTHER")),
    Group("DN", 24, "descending_neuron", "descending", ("DNa", "DNb"), None,
          ("LAL", "GNG"), ("LAL", "OTHER")),
    Group("OLT", 20, "optic_lobe_tangential", "visual_projection", ("LT1",), "GABA",
          ("OL",), ("OTHER",)),
)  # fmt: skip

#: Number of un-annotated segments in each neuropil.
POOLS: Final = {
    "AL_R": 700, "AL_L": 500, "CA_R": 900, "CA_L": 500, "LH_R": 400, "LH_L": 300,
    "CX": 1500, "LAL": 500, "OTHER": 1200,
}  # fmt: skip


@dataclass(frozen=True)
class Population:
    """All neurons of the brain by index: annotated neurons first, then bare segments.

    Attributes
    ----------
    root_id
        Root at the last version, int64 (n,), distinct; ascending within a group or pool.
    group
        Name of the group, or of the pool for a bare segment; str (n,).
    side
        `right`, `left` or `centre`; str (n,).
    annotated
        Number of annotated neurons; their indices are smaller than this.
    spare_roots
        More distinct ids, int64, for roots at other times.
    """

    root_id: Ints
    group: npt.NDArray[np.str_]
    side: npt.NDArray[np.str_]
    annotated: int
    spare_roots: Ints

    def __len__(self) -> int:
        return len(self.root_id)

    def members(self, *groups: str) -> Ints:
        """Return the indices of the neurons of these groups or pools, ascending."""
        return np.flatnonzero(np.isin(self.group, groups))

    def on_side(self, group: str, side: str) -> Ints:
        """Return the indices of a group's neurons on one side, ascending."""
        return np.flatnonzero((self.group == group) & (self.side == side))

    @property
    def sample(self) -> int:
        """Return the index of `SAMPLE_ROOT`."""
        return int(np.flatnonzero(self.root_id == SAMPLE_ROOT)[0])


def make_population(rng: np.random.Generator) -> Population:
    """Draw root ids and assign them to the groups and pools."""
    sizes = {group.name: group.count for group in GROUPS} | POOLS
    total = sum(sizes.values())
    drawn = rng.choice(_ROOT_SPAN, size=total + _SPARE_ROOTS + 1, replace=False) + _FIRST_ROOT
    drawn = drawn[drawn != SAMPLE_ROOT][: total + _SPARE_ROOTS].astype(np.int64)
    root_id = drawn[:total]
    names = np.repeat(list(sizes), list(sizes.values()))
    root_id[np.flatnonzero(names == "PBt")[0]] = SAMPLE_ROOT
    for name in sizes:
        root_id[names == name] = np.sort(root_id[names == name])
    return Population(root_id, names, _sides(names), sum(g.count for g in GROUPS), drawn[total:])


def group_of(name: str) -> Group:
    """Return the group of this name."""
    return next(group for group in GROUPS if group.name == name)


def _sides(names: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    sides = np.full(len(names), "centre", dtype="<U6")
    for group in GROUPS:
        members = np.flatnonzero(names == group.name)
        sides[members] = group.side
        if group.side == "both":
            sides[members] = np.where(np.arange(len(members)) % 2 == 0, "right", "left")
    for pool in POOLS:
        if pool.endswith(("_R", "_L")):
            sides[names == pool] = "right" if pool.endswith("_R") else "left"
    return sides
