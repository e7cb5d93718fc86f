"""Labels at points: voxels against exact fractions, and volumes written by cloud-volume."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import cloudvolume
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphapi.errors import CaveResponseError, ImageryNotFoundError, InputError
from graphapi.imagery.geometry import Scale
from graphapi.imagery.labels import Labels, open_labels

OFFSET, SHAPE, CHUNK = (5, 3, 2), (40, 28, 14), (16, 16, 8)
RESOLUTION = (16, 16, 40)


def written(folder: Path, array: np.ndarray, encoding: str = "raw", **more: object) -> str:
    """Write a volume with cloud-volume, chunks of zeros left out, and names of some ids."""
    info = cloudvolume.CloudVolume.create_new_info(
        num_channels=1,
        layer_type="segmentation",
        data_type=str(array.dtype),
        encoding=encoding,
        resolution=RESOLUTION,
        voxel_offset=OFFSET,
        volume_size=array.shape,
        chunk_size=CHUNK,
    )
    info |= more
    volume = cloudvolume.CloudVolume(
        f"file://{folder}", info=info, progress=False, delete_black_uploads=True, compress=False
    )
    volume.commit_info()
    volume[:, :, :] = array[..., None]
    return f"precomputed://file://{folder}"


def made(dtype: str = "uint16", seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    array = rng.choice([0, 1, 7, 300], SHAPE).astype(dtype)
    array[:16, :16, :8] = 0  # the first chunk is not stored
    return array


def named(folder: Path, properties: list[dict[str, object]]) -> None:
    (folder / "names").mkdir(parents=True, exist_ok=True)
    inline = {"ids": ["1", "7", "300"], "properties": properties}
    (folder / "names" / "info").write_text(
        json.dumps({"@type": "neuroglancer_segment_properties", "inline": inline})
    )


@given(
    points=st.lists(st.tuples(*[st.integers(-(10**6), 10**6)] * 3), min_size=1, max_size=5),
    own=st.tuples(*[st.sampled_from([1, 4, 4.5, 16.3, 40])] * 3),
    other=st.tuples(*[st.sampled_from([1, 3, 8, 16.5, 45])] * 3),
)
@settings(max_examples=60, deadline=None)
def test_the_voxel_of_a_point_is_exact(points, own, other):
    labels = Labels(None, Scale(0, other, (0, 0, 0), (1, 1, 1)), (1, 1, 1), {})
    found = labels.voxels(np.array(points), own)
    want = [
        [
            math.floor((Fraction(p) + Fraction(1, 2)) * Fraction(str(a)) / Fraction(str(b)))
            for p, a, b in zip(point, own, other, strict=True)
        ]
        for point in points
    ]
    assert found.tolist() == want


@pytest.mark.parametrize(
    ("encoding", "dtype"), [("raw", "uint16"), ("compressed_segmentation", "uint64")]
)
def test_labels_are_those_of_the_array(tmp_path, encoding, dtype):
    array = made(dtype)
    labels = open_labels(written(tmp_path / "v", array, encoding))
    rng = np.random.default_rng(3)
    voxels = rng.integers(-5, 60, (3000, 3))
    found, missing = labels.at(voxels, labels.chunks(voxels))
    inside = ((voxels >= OFFSET) & (voxels < np.add(OFFSET, SHAPE))).all(axis=1)
    place = np.where(inside[:, None], voxels - OFFSET, 0)
    want = np.where(inside, array[tuple(place.T)], 0)
    assert found.tolist() == want.tolist()
    assert missing == int((inside & (place < CHUNK).all(axis=1)).sum()) > 0
    assert labels.name_of(300) == "300"


def test_names_are_the_labels_of_segment_properties(tmp_path):
    label = {"id": "label", "type": "label", "values": ["AL", " ", "LH"]}
    other = {"id": "name", "type": "string", "values": ["a", "b", "c"]}
    named(tmp_path / "v", [other, label])
    source = written(tmp_path / "v", made(), segment_properties="names")
    labels = open_labels(source)
    assert [labels.name_of(n) for n in (1, 7, 300, 8)] == ["AL", "7", "LH", "8"]
    before = labels.checksum
    named(tmp_path / "v", [other])
    assert open_labels(source).name_of(7) == "b"
    assert open_labels(source).checksum != before
    named(tmp_path / "v", [{"id": "label", "type": "label", "values": ["AL"]}])
    with pytest.raises(CaveResponseError, match="segment properties"):
        open_labels(source)


def test_a_public_server_sees_no_token(tmp_path, web):
    array = made()
    written(tmp_path / "v", array)
    labels = open_labels(f"precomputed://{web.url}/v", token="secret-token-of-mine")
    voxels = np.argwhere(array == 7)[:50] + np.array(OFFSET)
    found, _ = labels.at(voxels, labels.chunks(voxels))
    assert set(found.tolist()) == {7}
    assert len(web.requests) > 1
    assert {shown for _, shown in web.requests} == {None}


def test_what_cannot_be_read_is_an_error(tmp_path):
    source = written(tmp_path / "v", made())
    with pytest.raises(InputError, match="there is no mip 3"):
        open_labels(source, mip=3)
    with pytest.raises(InputError, match="not a precomputed segmentation"):
        open_labels(written(tmp_path / "image", made(), type="image"))
    with pytest.raises(ImageryNotFoundError):
        open_labels(tmp_path / "nothing")
    labels = open_labels(source)
    for chunk in (tmp_path / "v" / labels.volume.info["scales"][0]["key"]).iterdir():
        chunk.write_bytes(b"damaged")
    voxels = np.array([[44, 30, 15]])
    with pytest.raises(CaveResponseError, match="cannot be read"):
        labels.at(voxels, labels.chunks(voxels))
