"""One demo datastack for all tests of this folder, read back with plain pandas."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from loader.sandbox.demo import make_demo
from support.once import made_once

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = 576460752732847432


@dataclass(frozen=True)
class Made:
    """A demo folder and what it holds, by way of its files alone."""

    folder: Path

    def table(self, name: str, version: int = 3) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "tables" / name / f"v{version}.parquet")

    @cached_property
    def record(self) -> dict:
        return json.loads((self.folder / "datastack.json").read_text())

    def time_of(self, version: int) -> pd.Timestamp:
        (found,) = (v for v in self.record["versions"] if v["version"] == version)
        return pd.Timestamp(found["timestamp"])

    @cached_property
    def intervals(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "chunkedgraph" / "supervoxels.parquet")

    @cached_property
    def edits(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "chunkedgraph" / "edits.parquet")

    def roots_at(self, when: pd.Timestamp) -> pd.Series:
        """Root by supervoxel at a time."""
        held = self.intervals
        alive = held[(held.start <= when) & (held.end.isna() | (held.end > when))]
        assert alive.supervoxel_id.is_unique
        return alive.set_index("supervoxel_id").root_id

    @cached_property
    def synapses(self) -> pd.DataFrame:
        return self.table("synapses_v2")

    @cached_property
    def weights(self) -> pd.DataFrame:
        """pre, post, weight at version 3: no autapses, background or unresolved rows."""
        rows = self.synapses
        pre, post = rows.pre_pt_root_id, rows.post_pt_root_id
        kept = rows[(pre > 1) & (post > 1) & (pre != post)]
        pairs = kept.groupby(["pre_pt_root_id", "post_pt_root_id"]).size().reset_index()
        return pairs.set_axis(["pre", "post", "weight"], axis=1)

    @cached_property
    def annotations(self) -> pd.DataFrame:
        """The annotation rows, with `now`: the root at version 3, 0 where there is none."""
        rows = pd.read_parquet(self.folder / "annotations.parquet")
        current = self.roots_at(self.time_of(3))
        rows["now"] = [
            0 if text is None else int(current[int(text)]) for text in rows.supervoxel_id
        ]
        return rows

    def projection_neurons(self, side: str) -> list[int]:
        rows = self.annotations
        wanted = (rows.cell_class == "olfactory_projection_neuron") & (rows.tract == "mALT")
        return sorted(set(rows[wanted & (rows.side == side)].now))

    @cached_property
    def central_complex(self) -> pd.DataFrame:
        rows = self.annotations
        classes = rows.cell_class.isin(["EBc", "ER", "FBt", "PBt"])
        regions = rows.region.map(lambda found: found is not None and "CX" in found)
        return rows[classes & regions]


@pytest.fixture(scope="session")
def demo(demo_datastack: Path) -> Made:
    return Made(demo_datastack)


@pytest.fixture(scope="session")
def other_seed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    def make(folder: Path) -> None:
        make_demo(folder, seed=11, progress=False, volumes=False)

    return Made(made_once(tmp_path_factory, "demo-eleven", make))


@pytest.fixture(params=["demo", "other_seed"])
def either(request: pytest.FixtureRequest) -> Made:
    """Each seed in turn: what the tutorial prints holds for all of them."""
    return request.getfixturevalue(request.param)
