"""The real connectomes beside the repository, as plain frames, and their reference values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

REAL = {
    "larva": "larva_winding2023 (all types)",
    "larva_ad": "larva_winding2023 (axo-dendritic)",
    "worm": "celegans_cook2019 hermaphrodite (chemical, all cells)",
    "microns": "microns_pinky100_v185",
}


def computed(name: str) -> dict[str, Any]:
    """Give the reference values of one of `REAL`."""
    need_data()
    return json.loads((DATA / "reference" / "computed.json").read_text())[REAL[name]]


def real_edges(name: str) -> pd.DataFrame:
    """Give `pre`, `post`, `weight` of one of `REAL`, int64, autapses too."""
    need_data()
    if name in ("larva", "larva_ad"):
        edges = pd.read_parquet(DATA / "larva_winding2023" / "edges.parquet")
        edges["weight"] = edges["weight" if name == "larva" else "ad_weight"]
    elif name == "worm":
        edges = pd.read_parquet(DATA / "celegans_cook2019" / "hermaphrodite_edges.parquet")
        cells = {
            cell: k + 1 for k, cell in enumerate(np.unique(np.r_[edges["pre"], edges["post"]]))
        }
        edges = edges.assign(
            pre=edges["pre"].map(cells), post=edges["post"].map(cells), weight=edges["chemical"]
        )
    else:
        edges = pd.read_parquet(DATA / "microns_pinky100_v185" / "synapses.parquet")
        edges = edges.rename(columns={"pre_pt_root_id": "pre", "post_pt_root_id": "post"})
        edges["weight"] = 1
    edges = edges.loc[edges["weight"] > 0, ["pre", "post", "weight"]]
    return edges.astype("int64").reset_index(drop=True)


def need_data() -> None:
    """Skip the test where the data are not beside the repository."""
    if not DATA.exists():
        pytest.skip("../shared/data is absent")
