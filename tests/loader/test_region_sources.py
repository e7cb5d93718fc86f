"""Regions that rows do not say themselves: from a CAVE table, from a volume, at a load."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import cloudvolume
import numpy as np
import pandas as pd
import pytest

import graphapi
from graphapi.errors import (
    CavegraphError,
    InputError,
    LoadError,
    SourceSchemaError,
    TableNotFoundError,
)
from graphapi.imagery.labels import open_labels
from loader import CaveSource, FileSource, RegionVolume, load
from loader.sandbox.standin import Version, serve, write_folder
from loader.sources import regionvolume
from loader.work.settings import Settings

BASE = 576460752700000000
NAMES = ["AL_L", "LH_L", "MB_R"]
ALL = "MATCH (a:Neuron)-[c:CONNECTS_IN]->(b:Neuron) RETURN a.root_id, b.root_id, c.region, c.weight"
THEN = datetime(2024, 3, 1, 12, tzinfo=UTC)
#: Size in nm of the voxels of CAVE's points.
POINTS = (4, 4, 40)


def synapses(rows: int = 300, seed: int = 5) -> pd.DataFrame:
    """Rows with background, unresolved ends and autapses; points within 400 x 300 x 40 voxels."""
    rng = np.random.default_rng(seed)
    roots = np.array([0, 1, *(BASE + np.arange(8))])
    frame = pd.DataFrame({"id": np.cumsum(rng.integers(1, 9, rows))})
    for end in ("pre", "post"):
        frame[f"{end}_pt_root_id"] = rng.choice(roots, rows)
    frame["size"] = rng.integers(1, 60, rows).astype("float32")
    for end in ("pre", "post", "ctr"):
        for axis, most in zip("xyz", (400, 300, 40), strict=True):
            frame[f"{end}_pt_position_{axis}"] = rng.integers(0, most, rows)
    return frame


def regions_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a reference table: most synapses have a region, some an empty text, some none."""
    rng = np.random.default_rng(6)
    told = rows[rng.random(len(rows)) < 0.8]
    return pd.DataFrame(
        {
            "id": np.arange(len(told)) + 1,
            "target_id": told["id"].to_numpy(),
            "tag": rng.choice([*NAMES, ""], len(told)),
        }
    )


def served(folder: Path, rows: pd.DataFrame, **tables: pd.DataFrame) -> Path:
    about = {"schema_type": "reference_tag", "reference_table": "synapses"}
    return write_folder(
        folder,
        {"synapses": rows, **tables},
        datastack="toy_stack",
        versions=[Version(number=4, timestamp=THEN, is_merged=True)],
        metadata={name: about for name in tables if name != "cells"},
        synapse_table="synapses",
        resolution=POINTS,
    )


def source(server, **more) -> CaveSource:
    return CaveSource(server.datastack, server=server.url, token="0" * 32, **more)


def summed(rows: pd.DataFrame, region: pd.Series) -> list[list[object]]:
    """Weights by region, by pandas alone: `region` is by row, with gaps."""
    ends = rows["pre_pt_root_id"], rows["post_pt_root_id"]
    used = (ends[0] > 1) & (ends[1] > 1) & (ends[0] != ends[1])
    named = region.fillna("").replace("", "unassigned")
    counted = rows[used].groupby([ends[0][used], ends[1][used], named[used]]).size()
    return sorted([*key, weight] for key, weight in counted.items())


def loaded(place: str) -> list[list[object]]:
    with graphapi.Connectome.open(place) as connectome:
        return sorted(connectome.cypher(ALL).to_numpy().tolist())


def test_a_cave_table_says_the_region_of_each_synapse(place, tmp_path):
    rows = synapses()
    told = regions_of(rows)
    folder = served(tmp_path / "served", rows, places=told)
    with serve(folder, row_limit=90) as server:
        report = load(source(server, regions="places"), place, work=tmp_path / "w", progress=False)
    by_id = told.set_index("target_id")["tag"]
    assert loaded(place) == summed(rows, rows["id"].map(by_id))
    met = int((by_id != "").sum())
    line = f"regions from table 'places', column 'tag': {met} of {len(rows)} synapses have one"
    assert line in str(report)
    assert report.record.region_source == {"table": "places", "column": "tag"}


def test_a_column_of_the_synapse_table_says_regions_by_itself(tmp_path):
    rows = synapses()
    rows["neuropil"] = np.random.default_rng(1).choice([*NAMES, None], len(rows))
    place = str(tmp_path / "g.lbug")
    with serve(served(tmp_path / "served", rows)) as server:
        report = load(source(server, keep=["size>=5"]), place, work=tmp_path / "w", progress=False)
        kept = rows[rows["size"] >= 5]
        assert loaded(place) == summed(kept, kept["neuropil"])
        assert "regions from column 'neuropil'" in str(report)
        load(source(server, regions="none"), place, replace=True, progress=False)
    with graphapi.Connectome.open(place) as connectome:
        assert connectome.materialization.regions == ()


REFUSED = {
    "no such table": ("nowhere", TableNotFoundError, "no table 'nowhere'"),
    "not about synapses": ("cells", SourceSchemaError, "does not say regions of the synapses"),
    "no such column": ("places?region=area", SourceSchemaError, "no column 'area'"),
    "two regions for a synapse": ("twice", SourceSchemaError, "has two regions, 'AL_L' and 'LH_L'"),
    "other synapses": ("others", SourceSchemaError, "a region for none of 300 synapses"),
    "settings of a volume": ("places?mip=1", InputError, "are not settings of a CAVE table"),
}


@pytest.fixture(scope="module")
def wrong_tables(tmp_path_factory):
    rows = synapses()
    told = regions_of(rows)
    twice = pd.DataFrame({"id": [1, 2], "target_id": rows["id"][[3, 3]], "tag": ["LH_L", "AL_L"]})
    folder = served(
        tmp_path_factory.mktemp("served") / "folder",
        rows,
        places=told,
        twice=twice,
        others=told.assign(target_id=told["target_id"] + 10**6),
        cells=pd.DataFrame({"id": [1], "pt_root_id": [BASE], "tag": ["a"]}),
    )
    with serve(folder) as server:
        yield server


@pytest.mark.parametrize("what", REFUSED)
def test_a_table_that_does_not_fit_is_refused(what, wrong_tables, tmp_path):
    asked, kind, message = REFUSED[what]
    with pytest.raises(kind, match=message):
        load(source(wrong_tables, regions=asked), tmp_path / "g.lbug", progress=False)
    assert not (tmp_path / "g.lbug").exists()


def by_region(frame: pd.DataFrame) -> list[list[object]]:
    return sorted(frame[["pre", "post", "region", "weight"]].to_numpy().tolist())


def test_cave_is_asked_for_regions_that_the_graph_does_not_have(tmp_path):
    rows = synapses()
    rows["neuropil"] = np.random.default_rng(1).choice([*NAMES, None], len(rows))
    told = regions_of(rows)
    own, joined = str(tmp_path / "own.lbug"), str(tmp_path / "joined.lbug")
    with serve(served(tmp_path / "served", rows, places=told), row_limit=90) as server:
        load(source(server, regions="none"), own, progress=False)
        load(source(server, regions="places"), joined, progress=False)
        access = {"server": server.url, "token": "0" * 32}
        with graphapi.Connectome.open(own, **access) as connectome:
            neurons = connectome.root_ids()
            found = connectome.get_connectivity(neurons, by_region=True)
            assert by_region(found) == summed(rows, rows["neuropil"])
            assert found.attrs["source"] == "cave"
            some = connectome.get_adjacency(neurons, neurons, regions="AL_L")
            in_al = [
                weight for *_, name, weight in summed(rows, rows["neuropil"]) if name == "AL_L"
            ]
            assert some.to_numpy().sum() == sum(in_al)
            counts = connectome.get_regions(neurons)
            assert counts["in_synapses"].sum() == found["weight"].sum()
            with pytest.raises(InputError, match="CAVE is asked for some neurons only"):
                connectome.to_sparse(regions="AL_L")
            with pytest.warns(UserWarning, match="none of these synapses is in AL_X"):
                assert connectome.get_connectivity(neurons, regions="AL_X").empty
        with graphapi.Connectome.open(joined, **access) as connectome:
            found = connectome.get_connectivity(neurons, min_size=20, by_region=True)
            large = rows[rows["size"] >= 20]
            by_id = told.set_index("target_id")["tag"]
            assert by_region(found) == summed(large, large["id"].map(by_id))
            assert found.attrs["source"] == "cave"
            here = connectome.get_connectivity(neurons, by_region=True)
            assert here.attrs["source"] == "graph"


SHAPE, OFFSET, VOXEL = (90, 70, 20), (4, 2, 0), (16, 16, 80)


def write_volume(folder: Path) -> tuple[str, np.ndarray]:
    """A volume of regions 1 to 4 in blocks, with gaps; regions 1 to 3 have names.

    Its second scale has other labels, so that it shows which scale is read.
    """
    rng = np.random.default_rng(8)
    blocks = rng.choice([0, 1, 2, 3, 4], (9, 7, 4), p=[0.4, 0.15, 0.15, 0.15, 0.15])
    array = blocks.repeat(10, 0).repeat(10, 1).repeat(5, 2).astype(np.uint32)
    info = cloudvolume.CloudVolume.create_new_info(
        1, "segmentation", "uint32", "compressed_segmentation", VOXEL, OFFSET, SHAPE,
        chunk_size=(32, 32, 16),
    )  # fmt: skip
    info["segment_properties"] = "names"
    volume = cloudvolume.CloudVolume(f"file://{folder}", info=info, progress=False)
    volume.add_scale((2, 2, 1))
    volume.commit_info()
    volume[:, :, :] = array[..., None]
    half = cloudvolume.CloudVolume(f"file://{folder}", mip=1, progress=False)
    half[:, :, :] = np.full((*half.shape[:3], 1), 4, np.uint32)
    label = {"id": "label", "type": "label", "values": NAMES}
    (folder / "names").mkdir()
    (folder / "names" / "info").write_text(
        json.dumps({"inline": {"ids": ["1", "2", "3"], "properties": [label]}})
    )
    return f"precomputed://file://{folder}", array


def looked_up(array: np.ndarray, nanometres: np.ndarray) -> pd.Series:
    """The region at each place, by numpy alone; None where there is none."""
    voxels = np.floor(nanometres / VOXEL).astype(int) - OFFSET
    inside = ((voxels >= 0) & (voxels < SHAPE)).all(axis=1)
    labels = array[tuple(np.where(inside[:, None], voxels, 0).T)]
    names = np.array([None, *NAMES, "4"], dtype=object)
    return pd.Series(np.where(inside, names[labels], None))


def places(rows: pd.DataFrame, point: str) -> np.ndarray:
    """The middle of each voxel, in nm."""
    axes = [f"{point}_pt_position_{axis}" for axis in "xyz"]
    return (rows[axes].to_numpy() + 0.5) * POINTS


@pytest.mark.parametrize("point", ["", "post"])
def test_a_volume_says_the_region_at_each_synapse(point, tmp_path):
    volume, array = write_volume(tmp_path / "volume")
    rows, place = synapses(), str(tmp_path / "g.lbug")
    asked = f"{volume}?point={point}" if point else volume
    with serve(served(tmp_path / "served", rows)) as server:
        report = load(source(server, regions=asked), place, work=tmp_path / "w", progress=False)
    regions = looked_up(array, places(rows, point or "ctr"))
    assert loaded(place) == summed(rows, regions)
    assert 0 < regions.isna().sum() < len(rows)
    line = f"mip 0 (16 x 16 x 80 nm), at points in 4 x 4 x 40 nm: {regions.notna().sum()} of 300"
    assert line in str(report)


def in_a_file(rows: pd.DataFrame, path: Path) -> Path:
    """Rows with the places of their pre points in nm, and of their post points as lists."""
    frame = rows[["pre_pt_root_id", "post_pt_root_id"]].copy()
    frame[["pre_x", "pre_y", "pre_z"]] = places(rows, "pre") + 0.25
    frame["post_position"] = list(places(rows, "post"))
    if path.suffix == ".csv":
        frame.drop(columns="post_position").to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_points_of_a_file_are_looked_up(name, tmp_path):
    volume, array = write_volume(tmp_path / "volume")
    rows, place = synapses(), str(tmp_path / "g.lbug")
    path = in_a_file(rows, tmp_path / name)
    point = "post" if name == "rows.parquet" else "pre"
    asked = RegionVolume(volume, point=point, resolution=(1, 1, 1))
    load(FileSource(path, regions=asked), place, progress=False)
    shift = 0 if point == "post" else 0.25
    assert loaded(place) == summed(rows, looked_up(array, places(rows, point) + shift))
    if point == "pre":
        load(FileSource(path, regions=f"{volume}?resolution=1,1,1&mip=1"), place, replace=True)
        assert {region for _, _, region, _ in loaded(place)} == {"4", "unassigned"}


def test_a_look_up_goes_on_where_it_stopped(tmp_path, monkeypatch):
    volume, array = write_volume(tmp_path / "volume")
    rows, place = synapses(5000), str(tmp_path / "g.lbug")
    path = in_a_file(rows, tmp_path / "rows.parquet")
    monkeypatch.setattr(regionvolume, "_ROWS_AT_A_TIME", 2048)
    asked = FileSource(path, regions=f"{volume}?resolution=1,1,1")
    read: list[int] = []
    one = regionvolume._looked_up

    def counted(labels, sorted_rows, number):
        read.append(number)
        return one(labels, sorted_rows, number)

    def stop(step: str) -> None:
        if step == "regions/000001":
            raise KeyboardInterrupt

    monkeypatch.setattr(regionvolume, "_looked_up", counted)
    options = {"work": tmp_path / "w", "progress": False, "in_flight": 1}
    with pytest.raises(KeyboardInterrupt):
        load(asked, place, on_step=stop, **options)
    load(asked, place, **options)
    assert sorted(read) == [0, 1, 2]
    assert loaded(place) == summed(rows, looked_up(array, places(rows, "pre") + 0.25))


def test_a_volume_that_does_not_fit_is_refused(tmp_path):
    volume, _ = write_volume(tmp_path / "volume")
    path = in_a_file(synapses(), tmp_path / "rows.parquet")
    weights = tmp_path / "weights.csv"
    weights.write_text("pre,post,weight,x,y,z\n1,2,3,4,5,6\n")
    far = f"{volume}?resolution=1000,1000,1000"
    asks = {
        "does not say the resolution": (path, volume),
        "a region at none of 300 synapses; 300 lie outside": (path, far),
        "no columns with the point of 'ctr'": (path, f"{volume}?point=ctr&resolution=1,1,1"),
        "a connection with its weight, and has no point": (weights, f"{volume}?resolution=1,1,1"),
        "files have no tables of CAVE": (path, "places"),
        "not three positive numbers": (path, f"{volume}?resolution=4,4"),
    }
    for message, (file, regions) in asks.items():
        with pytest.raises(CavegraphError, match=message):
            load(FileSource(file, regions=regions), tmp_path / "g.lbug", progress=False)
    assert not (tmp_path / "g.lbug").exists()
    with pytest.raises(LoadError, match="does not fit into 100kB"):
        regionvolume._at_once(open_labels(volume), Settings(memory_limit="100kB"))


NEUPRINT = pd.DataFrame(
    {
        ":START_ID(Body-ID)": [1, 1, 2, 3],
        ":END_ID(Body-ID)": [2, 3, 1, 2],
        "weight:int": [10, 4, 6, 5],
        "roiInfo:string": [
            '{"CX": {"pre": 9, "post": 9}, "EB": {"pre": 5, "post": 5}, "a/b~(R)": {"post": 4}}',
            '{"CX": {"post": 4}, "EB": {"pre": 1}}',
            "{}",
            '{"EB": {"post": 5}, "CX": {"post": 5}}',
        ],
    }
)


@pytest.mark.parametrize("name", ["rows.csv", "rows.feather"])
def test_regions_of_neuprint_that_are_named_sum_to_the_weight(name, tmp_path):
    path, place = tmp_path / name, str(tmp_path / "g.lbug")
    write = NEUPRINT.to_feather if name == "rows.feather" else NEUPRINT.to_csv
    write(path, **({} if name == "rows.feather" else {"index": False}))
    primary = tmp_path / "primary.txt"
    primary.write_text("EB\na/b~(R)\n\n")
    report = load(FileSource(path, regions=primary), place, progress=False)
    assert loaded(place) == [
        [1, 2, "EB", 5], [1, 2, "a/b~(R)", 4], [1, 2, "unassigned", 1],
        [1, 3, "unassigned", 4], [2, 1, "unassigned", 6], [3, 2, "EB", 5],
    ]  # fmt: skip
    assert "regions from 'roiInfo:string'" in str(report)
    load(FileSource(path), place, replace=True, progress=False)
    with graphapi.Connectome.open(place) as connectome:
        assert connectome.materialization.regions == ()
        assert connectome.get_connectivity([1])["weight"].tolist() == [10, 6, 4]
    wrong = {"EB\nCX\n": "because they overlap", "EB\nEBB\n": r"no connection .* in \['EBB'\]"}
    for names, message in wrong.items():
        primary.write_text(names)
        with pytest.raises(SourceSchemaError, match=message):
            load(FileSource(path, regions=primary), tmp_path / "no.lbug", progress=False)
    broken = NEUPRINT.assign(**{"roiInfo:string": "{EB}"})
    broken.to_csv(tmp_path / "broken.csv", index=False)
    primary.write_text("EB\n")
    with pytest.raises(SourceSchemaError, match=r"4 values are not JSON, such as '\{EB\}'"):
        load(FileSource(tmp_path / "broken.csv", regions=primary), tmp_path / "no.lbug")
