"""A small datastack of two versions, and what a graph of each must hold, in plain pandas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from loader.sandbox.standin import Version, write_folder

if TYPE_CHECKING:
    from pathlib import Path

DATASTACK = "soak_stack"
SYNAPSES, NUCLEI, CELLS, NOTES = "synapses", "nuclei", "cells", "notes"
TABLES = (CELLS, NOTES)
NEWEST, OLDER = 5, 4
_BASE = 576_460_752_700_000_000
_WHEN = {
    OLDER: datetime(2024, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC),
    NEWEST: datetime(2024, 4, 1, 12, 0, 0, 500_000, tzinfo=UTC),
}
_ROWS = {OLDER: 230, NEWEST: 260}

Edges = dict[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Truth:
    """What a graph of one version holds.

    Parameters
    ----------
    edges
        (pre, post) to (weight, sum of sizes).
    totals
        Root id to incoming and outgoing synapses, upstream and downstream partners, autapses.
    annotations
        (table, id of the row, root id or None), in order.
    """

    edges: Edges
    totals: dict[int, tuple[int, ...]]
    annotations: list[tuple[str, int | None, int | None]]

    @property
    def rows(self) -> int:
        """Synapse rows that are in the graph, autapses included."""
        weights = sum(weight for weight, _ in self.edges.values())
        return weights + sum(total[4] for total in self.totals.values())


@dataclass(frozen=True)
class World:
    """A folder for the stand-in, a file of annotations beside it, and the truth by version."""

    folder: Path
    file: Path
    truth: dict[int, Truth]


def make_world(place: Path, *, split: bool, seed: int) -> World:
    """Write a datastack.

    Parameters
    ----------
    place
        A folder, made here.
    split
        Its versions are split ones: rows not looked up have root 1, and there is `created`.
        In merged ones they have no root.
    seed
        Of all rows.
    """
    rng = np.random.default_rng(seed)
    synapses = {number: _synapses(rng, rows, split=split) for number, rows in _ROWS.items()}
    nuclei, cells, notes = _nuclei(), _cells(), _notes()
    supervoxels = pd.DataFrame(
        {
            "supervoxel_id": [1020, 1003, 1011, 1005, 2001],
            "root_id": [_BASE + 1, _BASE + 1, _BASE + 40, _BASE + 2, _BASE + 4],
            "start": pd.Series([_WHEN[OLDER].replace(year=2023)] * 5).astype("datetime64[us, UTC]"),
            "end": pd.Series([None] * 5).astype("datetime64[us, UTC]"),
        }
    )
    folder = write_folder(
        place / "served",
        {SYNAPSES: synapses, NUCLEI: nuclei, CELLS: cells, NOTES: notes},
        datastack=DATASTACK,
        versions=[Version(number=n, timestamp=t, is_merged=not split) for n, t in _WHEN.items()],
        metadata={
            NUCLEI: {"schema_type": "nucleus_detection"},
            NOTES: {"schema_type": "reference_tag", "reference_table": NUCLEI},
        },
        synapse_table=SYNAPSES,
        soma_table=NUCLEI,
        supervoxels=supervoxels,
    )
    file = place / "CRANTb_meta.csv"
    file.write_text(
        f"_id,root_id,supervoxel_id,side\nr1,{_BASE + 50},1020,left\nr2,{_BASE + 2},1005,right\n"
        f"r3,,2001,left\n",
        encoding="utf-8",
    )
    return World(folder, file, {number: _truth(rows) for number, rows in synapses.items()})


def _synapses(rng: np.random.Generator, rows: int, *, split: bool) -> pd.DataFrame:
    roots = np.array([0, 1, *(_BASE + np.arange(24))])
    frame = pd.DataFrame(
        {
            "id": np.cumsum(rng.integers(1, 9, rows)),
            "valid": rng.random(rows) > 0.02,
            "pre_pt_root_id": pd.array(rng.choice(roots, rows), "Int64"),
            "post_pt_root_id": pd.array(rng.choice(roots, rows), "Int64"),
            "size": rng.integers(1, 60, rows).astype("float32"),
        }
    )
    if split:
        frame["created"] = pd.Timestamp("2024-01-01", tz="UTC")
    else:
        unresolved = (frame["pre_pt_root_id"] == 1) | (frame["post_pt_root_id"] == 1)
        frame = frame[~unresolved].reset_index(drop=True)
    return frame


def _nuclei() -> pd.DataFrame:
    frame = pd.DataFrame({"id": [7, 3, 5, 9], "volume": [30.5, None, 20.0, 1.0]})
    frame["pt_supervoxel_id"] = [1007, 1003, 1005, 1009]
    frame["pt_root_id"] = [_BASE + 1, _BASE + 1, _BASE + 2, 0]
    return _at_places(frame)


def _cells() -> pd.DataFrame:
    frame = pd.DataFrame({"id": [20, 3, 11, 12]})
    frame["cell_type"] = ["ER", "FBt", "PBt", "EBc"]
    frame["pt_supervoxel_id"] = [1020, 1003, 1011, 1]
    frame["pt_root_id"] = [_BASE + 1, _BASE + 1, _BASE + 40, 1]
    return _at_places(frame)


def _notes() -> pd.DataFrame:
    return pd.DataFrame({"id": [1, 2, 3], "target_id": [5, 7, 9], "tag": ["big", "odd", "lost"]})


def _at_places(frame: pd.DataFrame) -> pd.DataFrame:
    for place, axis in enumerate("xyz"):
        frame[f"pt_position_{axis}"] = np.arange(len(frame)) * 10 + place
    return frame


def _truth(rows: pd.DataFrame) -> Truth:
    kept = rows[rows["valid"]]
    pre, post = kept["pre_pt_root_id"].astype("int64"), kept["post_pt_root_id"].astype("int64")
    kept = pd.DataFrame({"pre": pre, "post": post, "size": kept["size"].astype("int64")})
    kept = kept[(kept["pre"] > 1) & (kept["post"] > 1)]
    summed = kept.groupby(["pre", "post"])["size"].agg(["size", "sum"])
    edges: Edges = {}
    known = [_BASE + 1, _BASE + 2, _BASE + 4, _BASE + 40]
    totals = {int(root): [0] * 5 for root in {*known, *kept["pre"], *kept["post"]}}
    for (one, other), (weight, size) in zip(summed.index, summed.to_numpy(), strict=True):
        if one == other:
            totals[one][4] += int(weight)
            continue
        edges[int(one), int(other)] = (int(weight), int(size))
        for root, synapses, partners in ((other, 0, 2), (one, 1, 3)):
            totals[root][synapses] += int(weight)
            totals[root][partners] += 1
    of_file = [("CRANTb_meta", None, _BASE + n) for n in (1, 2, 4)]
    of_cells = [(CELLS, 3, _BASE + 1), (CELLS, 11, _BASE + 40), (CELLS, 12, None)]
    of_notes = [(NOTES, 1, _BASE + 2), (NOTES, 2, _BASE + 1), (NOTES, 3, None)]
    annotations = [*of_file, *of_cells, (CELLS, 20, _BASE + 1), *of_notes]
    return Truth(edges, {root: tuple(total) for root, total in totals.items()}, annotations)
