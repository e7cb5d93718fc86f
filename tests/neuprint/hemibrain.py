"""A made-up brain in the shape that Janelia publishes the hemibrain in.

It holds what neuprint-python's own tests ask for: their body ids, types and regions, and two
neurons with more than 10,000 partners. Nothing of it was measured.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Regions that do not overlap, and what the larger ones consist of; `SNP+MB` overlaps both.
PRIMARY = ["AB(L)", "AB(R)", "AL(R)", "CA(R)", "CRE(R)", "EB", "FB", "LAL(R)", "LH(R)", "NO", "PB",
           "PED(R)", "SIP(R)", "SLP(R)", "SMP(R)", "aL(R)", "gL(R)"]  # fmt: skip
PARTS = {
    "CX": ["AB(L)", "AB(R)", "EB", "FB", "NO", "PB"],
    "MB(R)": ["CA(R)", "PED(R)", "aL(R)", "gL(R)"],
    "SNP(R)": ["SIP(R)", "SLP(R)", "SMP(R)"],
    "INP": ["CRE(R)", "SNP+MB"],
    "SNP+MB": ["SNP(R)", "MB(R)"],
}
#: The primary regions in each region, written by hand.
INSIDE: Mapping[str, set[str]] = {
    **{one: {one} for one in PRIMARY},
    **{one: set(PARTS[one]) for one in ("CX", "MB(R)", "SNP(R)")},
    "SNP+MB": {*PARTS["SNP(R)"], *PARTS["MB(R)"]},
    "INP": {"CRE(R)", *PARTS["SNP(R)"], *PARTS["MB(R)"]},
}
APL, SOURCE, TARGET = 425790257, 329566174, 294792184
#: The bodies that neuprint-python's tests ask about, and their types.
BODIES = {
    TARGET: "olfactory multi vPN mlALT", SOURCE: "OA-VPM3", 329599710: "mPN2", 417199910: "MBON01",
    420274150: "AVM03m_pct", 424379864: "AVM03e_pct", APL: "APL", 451982486: "MBON02",
    480927537: "KCg-m", 481268653: "KCg-m",
}  # fmt: skip
#: Further neurons: two that are not connected, and rings of the ellipsoid body.
OTHERS = {879442155: "Delta7", 5813027103: "FB4Y", 5813037876: "Delta6G", 5813027016: "FB4Y",
          611: "ExR1", 612: "ExR2", 613: "ER4d", 614: None}  # fmt: skip
FRAGMENTS = range(1_000_000, 1_010_500)


@dataclass(frozen=True)
class Hemibrain:
    """The files, and the rows behind them.

    Attributes
    ----------
    folder
        Has `hemibrain.feather`, `neurons.feather`, `primary.txt` and `hemibrain.toml`.
    neurons
        One row a named neuron.
    rows
        Weights by region: `pre`, `post`, `roi` (None for no primary region), `weight`.
    """

    folder: Path
    neurons: pd.DataFrame
    rows: pd.DataFrame

    @property
    def weights(self) -> pd.Series:
        """Weights by pair."""
        return self.rows.groupby(["pre", "post"])["weight"].sum()

    def inside(self, region: str) -> pd.DataFrame:
        """The rows in a region, primary or larger."""
        return self.rows[self.rows["roi"].isin(INSIDE[region])]


def written(folder: Path) -> Hemibrain:
    """Draw the brain from a seed, and write its files."""
    dice = np.random.default_rng(16)
    rows = _rows(dice)
    neurons = _neurons(dice)
    _connections(rows).to_feather(folder / "hemibrain.feather")
    neurons.to_feather(folder / "neurons.feather")
    (folder / "primary.txt").write_text("\n".join(PRIMARY))
    listed = "\n".join(f"{json.dumps(name)} = {json.dumps(parts)}" for name, parts in PARTS.items())
    (folder / "hemibrain.toml").write_text(
        f'datastack = "hemibrain"\n\n[neuprint.regions]\n{listed}\n'
    )
    return Hemibrain(folder, neurons, rows)


def _neurons(dice: np.random.Generator) -> pd.DataFrame:
    kinds = BODIES | OTHERS
    instances = [None if kind is None else f"{kind}_{'LR'[n % 7 > 0]}" for n, kind in
                 enumerate(kinds.values())]  # fmt: skip
    frame = pd.DataFrame({"bodyId": list(kinds), "type": list(kinds.values())})
    frame["instance"] = instances
    frame["status"] = ["Orphan" if one == 614 else "Traced" for one in kinds]
    frame["statusLabel"] = ["Orphan" if one == 614 else "Roughly traced" for one in kinds]
    frame["cropped"] = [one in (420274150, 424379864) for one in kinds]
    frame["cellBodyFiber"] = [f"PDM{n % 4}" for n in range(len(kinds))]
    frame["size"] = dice.integers(10**8, 6 * 10**9, len(kinds))
    frame["mito"] = dice.integers(10, 900, len(kinds))
    frame["somaRadius"] = dice.integers(200, 700, len(kinds)) / 2
    frame["somaLocation"] = dice.integers(1000, 30_000, (len(kinds), 3)).tolist()
    return frame


def _rows(dice: np.random.Generator) -> pd.DataFrame:
    """Draw weights by region: among the named, and to the fragments."""
    parts: list[tuple[int, int, str | None, int]] = []
    named = [*BODIES, 613, 614]
    for pre in named:
        for post in named:
            if pre != post and (dice.random() < 0.5 or (pre, post) == (SOURCE, APL)):
                places = dice.choice(len(PRIMARY), dice.integers(1, 5), replace=False)
                where = [PRIMARY[place] for place in places] + [None] * (dice.random() < 0.4)
                parts += [(pre, post, roi, int(dice.integers(1, 60))) for roi in where]
    ring = [879442155, 5813037876, 611, 612, 5813027016]
    for k, pre in enumerate(ring):
        parts += [(pre, ring[k - 1], "EB", 30), (pre, ring[k - 1], "FB", 5 + k)]
    parts.append((5813027103, 611, "FB", 12))
    # a path of two steps from one to the other, and heavy ends for questions about thresholds
    parts += [(SOURCE, APL, "SLP(R)", 61), (APL, TARGET, "AL(R)", 62)]
    parts += [(APL, SOURCE, "SMP(R)", 2500), (SOURCE, 417199910, "AL(R)", 2400)]
    for k, post in enumerate(FRAGMENTS):
        parts.append((APL if k % 5 else SOURCE, post, PRIMARY[k % 17] if k % 3 else None, 1))
    frame = pd.DataFrame(parts, columns=["pre", "post", "roi", "weight"])
    return frame.groupby(["pre", "post", "roi"], dropna=False, as_index=False)["weight"].sum()


def _connections(rows: pd.DataFrame) -> pd.DataFrame:
    """Return neuPrint's table of connections: a pair a row, with the JSON of all its regions."""
    found: dict[tuple[int, int], dict[str, int]] = {}
    for pre, post, roi, weight in rows.itertuples(index=False):
        counts = found.setdefault((pre, post), {"": 0})
        counts[""] += weight
        for name, inside in INSIDE.items():
            if roi in inside:
                counts[name] = counts.get(name, 0) + weight
    pairs = list(found)
    infos = [{n: {"pre": w, "post": w} for n, w in one.items() if n} for one in found.values()]
    return pd.DataFrame(
        {
            ":START_ID(Body-ID)": [pre for pre, _ in pairs],
            ":END_ID(Body-ID)": [post for _, post in pairs],
            "weight:int": [one[""] for one in found.values()],
            "roiInfo:string": [json.dumps(one) for one in infos],
        }
    )
