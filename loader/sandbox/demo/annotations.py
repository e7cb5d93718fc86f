"""The annotation table, as people keep it in a shared spreadsheet: some root ids are stale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from loader.sandbox.demo.neurons import Group, Population, group_of

if TYPE_CHECKING:
    from loader.sandbox.demo.brain import Ints
    from loader.sandbox.demo.history import History

#: Columns of the export, in order.
FIELDS: Final = (
    "root_id", "root_id_processed", "supervoxel_id", "position", "nucleus_id",
    "nucleus_position", "root_position", "cave_table", "proofread", "status", "region",
    "proofreader_notes", "side", "nerve", "tract", "hemilineage", "flow", "super_class",
    "cell_class", "cell_type", "cell_subtype", "cell_instance", "known_nt", "known_nt_source",
    "alternative_names", "annotator_notes", "user_annotator", "user_proofreader", "ngl_link",
    "date_proofread",
)  # fmt: skip
#: Fields that hold several choices.
LIST_FIELDS: Final = ("status", "region", "user_annotator", "user_proofreader")

#: Rows whose neuron is lost: they have no root id and no supervoxel.
_LOST_ROWS: Final = 3
_FLOWS: Final = {"sensory": "afferent", "descending": "efferent"}


@dataclass(frozen=True)
class Second:
    """A second annotation row of a neuron.

    Attributes
    ----------
    neuron
        Index.
    annotated_as
        Group whose class the second row carries.
    on_twig
        True if the row was made on the twig, before it was merged.
    """

    neuron: int
    annotated_as: str
    on_twig: bool


def second_rows(
    population: Population, history: History, kept: Ints, rng: np.random.Generator
) -> list[Second]:
    """Choose six central-complex neurons that get two rows; three pairs of rows conflict."""
    twigs = set(history.twigs())
    edited = set(history.intervals.loc[history.intervals["end"].notna(), "piece"])

    def pick(group: str, *, merged: bool = False) -> int:
        members = [i for i in population.members(group).tolist() if i not in kept]
        members = [i for i in members if (i in twigs if merged else i not in edited)]
        return int(rng.choice(members))

    plain = rng.permutation([i for i in population.members("ER") if i not in edited])
    tangential = rng.permutation(
        [i for i in population.members("PBt") if i not in edited and i not in kept]
    )
    return [
        Second(pick("ER", merged=True), "ER", on_twig=True),
        Second(int(plain[0]), "ER", on_twig=False),
        Second(int(plain[1]), "FBt", on_twig=False),
        Second(int(tangential[0]), "PBt", on_twig=False),
        Second(int(tangential[1]), "EBc", on_twig=False),
        Second(pick("EBc", merged=True), "PBt", on_twig=True),
    ]


@dataclass(frozen=True)
class AnnotationPoints:
    """The segmentation at the point of each annotation row.

    Attributes
    ----------
    neuron
        Index, int64 (n,).
    annotated_as
        Group name whose class the row carries.
    root_id
        As written in the row, from the time when it was made; some are stale.
    first_root_id
        The root at version 1.
    supervoxel_id
        int64 (n,).
    voxels
        int64 (n, 3).
    nucleus_id
        int64 (n,), 0 where none is known.
    nucleus_voxels
        int64 (n, 3).
    proofread
        bool (n,).
    """

    neuron: Ints
    annotated_as: list[str]
    root_id: Ints
    first_root_id: Ints
    supervoxel_id: Ints
    voxels: Ints
    nucleus_id: Ints
    nucleus_voxels: Ints
    proofread: npt.NDArray[np.bool_]


def annotation_table(
    population: Population, at: AnnotationPoints, rng: np.random.Generator
) -> pd.DataFrame:
    """Write the rows.

    Returns
    -------
    pandas.DataFrame
        Columns `FIELDS`; ids and positions as text, choices as lists, None where nothing is
        known. Rows in no particular order, as in the spreadsheet.
    """
    rows = [_row(population, at, position, rng) for position in range(len(at.neuron))]
    rows += [_lost_row() for _ in range(_LOST_ROWS)]
    table = pd.DataFrame(rows, columns=list(FIELDS), dtype=object)  # None stays None
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def as_csv_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return list fields as text, with choices joined by commas, as in the spreadsheet's CSV."""
    flat = table.copy()
    for name in LIST_FIELDS:
        flat[name] = [None if value is None else ",".join(value) for value in flat[name]]
    return flat


def _row(
    population: Population, at: AnnotationPoints, position: int, rng: np.random.Generator
) -> dict[str, object]:
    neuron = int(at.neuron[position])
    group, side = group_of(at.annotated_as[position]), str(population.side[neuron])
    rank = int(np.searchsorted(population.members(str(population.group[neuron])), neuron))
    cell_type = group.cell_types[rank % len(group.cell_types)]
    nucleus = int(at.nucleus_id[position])
    proofread = bool(at.proofread[position])
    return {
        "root_id": str(at.root_id[position]),
        "root_id_processed": str(at.first_root_id[position]),
        "supervoxel_id": str(at.supervoxel_id[position]),
        "position": _text(at.voxels[position]),
        "nucleus_id": str(nucleus) if nucleus else None,
        "nucleus_position": _text(at.nucleus_voxels[position]) if nucleus else None,
        "root_position": _text(at.voxels[position]),
        "cave_table": "backbone_proofread" if proofread else None,
        "proofread": proofread,
        "status": _status(proofread, rng),
        "region": list(group.regions),
        "proofreader_notes": "checked twice" if rng.random() < 0.05 else None,
        "side": side,
        "nerve": "AN" if group.name == "ORN" else None,
        "tract": group.tract,
        "hemilineage": _hemilineage(group, rank),
        "flow": _FLOWS.get(group.super_class, "intrinsic"),
        "super_class": group.super_class,
        "cell_class": group.cell_class,
        "cell_type": cell_type,
        "cell_subtype": None,
        "cell_instance": f"{cell_type}_{side[0].upper()}{rank % 9 + 1}",
        "known_nt": group.transmitter,
        "known_nt_source": "invented" if group.transmitter else None,
        "alternative_names": f"{group.cell_class} {rank + 1}" if rng.random() < 0.1 else None,
        "annotator_notes": "synthetic",
        "user_annotator": [f"demo_annotator_{rank % 4 + 1}"],
        "user_proofreader": [f"demo_proofreader_{rank % 3 + 1}"] if proofread else None,
        "ngl_link": None,
        "date_proofread": f"2025-{rank % 9 + 1:02d}-{rank % 27 + 1:02d}" if proofread else None,
    }


def _status(proofread: bool, rng: np.random.Generator) -> list[str]:
    status = ["BACKBONE_PROOFREAD" if proofread else "TO_PROOFREAD"]
    if rng.random() < 0.08:
        status.append(str(rng.choice(["TRACING_ISSUE", "DAMAGED", "PARTIALLY_PROOFREAD"])))
    return status


def _hemilineage(group: Group, rank: int) -> str | None:
    return f"DM{rank % 4 + 1}" if group.name in ("EBc", "FBc") else None


def _lost_row() -> dict[str, object]:
    empty: dict[str, object] = dict.fromkeys(FIELDS)
    return empty | {
        "proofread": False,
        "status": ["MISSING_SOMA"],
        "side": "left",
        "cell_class": "descending_neuron",
        "super_class": "descending",
        "annotator_notes": "synthetic; lost in a merge",
    }


def _text(voxels: Ints) -> str:
    return ", ".join(str(int(value)) for value in voxels)
