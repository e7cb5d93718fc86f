"""Images and meshes, through cloud-volume, on a real segmentation; and files beside them."""

from __future__ import annotations

import gzip
import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import requests

from graphapi.errors import StandinError
from loader.sandbox.standin import serve, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loader.sandbox.standin import RunningServer

SEGMENT = 25024949
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def em(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of two chunks, one of them packed."""
    place = tmp_path_factory.mktemp("em")
    scale = {
        "key": "4_4_40",
        "resolution": [4, 4, 40],
        "size": [64, 32, 8],
        "voxel_offset": [0, 0, 0],
        "chunk_sizes": [[32, 32, 8]],
        "encoding": "raw",
    }
    info = {"type": "image", "data_type": "uint8", "num_channels": 1, "scales": [scale]}
    (place / "info").write_text(json.dumps(info))
    (place / "4_4_40").mkdir()
    image = picture()
    for start, packed in ((0, False), (32, True)):
        chunk = image[start : start + 32].tobytes(order="F")
        name = f"{start}-{start + 32}_0-32_0-8"
        if packed:
            (place / "4_4_40" / f"{name}.gz").write_bytes(gzip.compress(chunk))
        else:
            (place / "4_4_40" / name).write_bytes(chunk)
    return place


def picture() -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(1).integers(0, 255, (64, 32, 8), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(shared_data: Path, em: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = pd.DataFrame({"id": [1], "pt_root_id": [(8 << 56) + 5]})
    place = write_folder(
        tmp_path_factory.mktemp("volumes") / "served",
        {"cells": rows},
        datastack="seen",
        volumes={"em": em, "seg": shared_data / "morphology" / "pinky40_precomputed"},
        image="em",
        segmentation="seg",
    )
    mesh = place / "volumes" / "seg" / "mesh_mip_2_err_40"
    root = (8 << 56) + 5
    (mesh / f"{root}:0").write_text((mesh / f"{SEGMENT}:0").read_text())
    # The real one names a scale that this cut-out does not have.
    (mesh / "info").write_text(json.dumps({"@type": "neuroglancer_legacy_mesh"}))
    (place.parent / "secret").write_text("outside")
    (place / "volumes" / "link").symlink_to(place.parent / "secret")
    (place / "volumes" / "circle").symlink_to("circle")
    (place / "volumes" / "em" / "there").symlink_to("back")
    (place / "volumes" / "em" / "back").symlink_to("there")
    (mesh / f"{root + 2}:0").symlink_to(f"{root + 2}:0")
    return place


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RunningServer]:
    with serve(folder, token=TOKEN) as running:
        yield running


def test_em_plain_and_packed(server: RunningServer, connect: Callable[..., Any]) -> None:
    volume = connect(server).info.image_cloudvolume(progress=False)
    assert np.array_equal(np.asarray(volume[:, :, :])[..., 0], picture())


def test_real_segmentation(server: RunningServer, folder: Path) -> None:
    from cloudvolume import CloudVolume

    direct = CloudVolume(f"file://{folder}/volumes/seg", progress=False)
    served = CloudVolume(f"precomputed://{server.url}/data/seg", progress=False)
    box = np.s_[100:140, 100:140, 60:70]
    assert np.array_equal(served[box], direct[box])
    assert len(np.unique(served[box])) > 1


def test_real_mesh(server: RunningServer, folder: Path) -> None:
    from cloudvolume import CloudVolume

    place = folder / "volumes" / "seg"
    direct = CloudVolume(f"file://{place}", progress=False).mesh.get(SEGMENT)
    served = CloudVolume(f"precomputed://{server.url}/data/seg", progress=False).mesh.get(SEGMENT)
    assert np.array_equal(served.vertices, direct.vertices)
    assert np.array_equal(served.faces, direct.faces)
    assert len(direct.faces) > 1000


def test_mesh_of_a_root_by_graphene(
    server: RunningServer, connect: Callable[..., Any], shared_data: Path
) -> None:
    root = (8 << 56) + 5
    volume = connect(server).info.segmentation_cloudvolume(progress=False)
    mesh = volume.mesh.get(root)[root]
    place = shared_data / "morphology" / "pinky40_precomputed" / "mesh_mip_2_err_40"
    fragment = gzip.decompress((place / f"{SEGMENT}:0:0-256_0-256_0-448.gz").read_bytes())
    count = int(np.frombuffer(fragment, "<u4", 1)[0])
    vertices = np.frombuffer(fragment, "<f4", 3 * count, offset=4).reshape(-1, 3)
    assert {tuple(v) for v in mesh.vertices} == {tuple(v) for v in vertices}


def test_a_root_without_a_mesh(server: RunningServer, connect: Callable[..., Any]) -> None:
    volume = connect(server).info.segmentation_cloudvolume(progress=False)
    with pytest.raises(IndexError):
        volume.mesh.get((8 << 56) + 77)


def test_the_segmentation_says_its_layers(
    server: RunningServer, connect: Callable[..., Any]
) -> None:
    info = connect(server).chunkedgraph.segmentation_info
    assert info["graph"]["n_layers"] == 8
    assert info["data_dir"] == f"{server.url}/data/seg"
    assert info["mesh"] == "mesh_mip_2_err_40"


def test_the_manifest_wants_a_token(server: RunningServer) -> None:
    url = f"{server.url}/meshing/api/v1/table/seen_seg/manifest/{(8 << 56) + 5}:0"
    assert requests.get(url, timeout=10, allow_redirects=False).status_code == 302
    good = requests.get(
        url, headers={"Authorization": f"Bearer {TOKEN}"}, params={"return_seg_ids": 1}, timeout=10
    ).json()
    assert good["seg_ids"] == [(8 << 56) + 5]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=10-19", 10, 20), ("bytes=8000-", 8000, None), ("bytes=-5", -5, None)],
)
def test_ranges(server: RunningServer, em: Path, asked: str, start: int, stop: int | None) -> None:
    content = (em / "4_4_40" / "0-32_0-32_0-8").read_bytes()
    url = f"{server.url}/data/em/4_4_40/0-32_0-32_0-8"
    answer = requests.get(url, headers={"Range": asked}, timeout=10)
    assert answer.status_code == 206
    assert answer.content == content[start:stop]
    assert answer.headers["Content-Range"].endswith(f"/{len(content)}")


def test_a_range_beyond_the_end(server: RunningServer) -> None:
    url = f"{server.url}/data/em/4_4_40/0-32_0-32_0-8"
    assert requests.get(url, headers={"Range": "bytes=99999-"}, timeout=10).status_code == 416


def test_packed_files_say_so(server: RunningServer) -> None:
    url = f"{server.url}/data/em/4_4_40/32-64_0-32_0-8"
    answer = requests.get(url, timeout=10)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.content == picture()[32:].tobytes(order="F")
    assert requests.head(url, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "link",
        "circle",
        "circle/info",
        "em/there",
        "em/back/info",
        "../datastack.json",
        "em/../../datastack.json",
        "%2e%2e/datastack.json",
        "em/%2e%2e/%2e%2e/datastack.json",
        "..%2fdatastack.json",
        "..%5cdatastack.json",
        "%2fetc/passwd",
        "//etc/passwd",
        "em",
        "em/",
        "",
        "em/info%00.gz",
        "em/" + "x" * 5000,
    ],
)
def test_nothing_outside_is_served(server: RunningServer, path: str) -> None:
    prepared = requests.Request("GET", f"{server.url}/data/x").prepare()
    prepared.url = f"{server.url}/data/{path}"  # as it is: a client would tidy it up
    with requests.Session() as session:
        answer = session.send(prepared, timeout=10)
    assert answer.status_code == 404
    assert b"outside" not in answer.content
    assert b"datastack" not in answer.content


def test_the_mesh_of_a_circle_of_links_is_none(server: RunningServer) -> None:
    root = (8 << 56) + 7
    url = f"{server.url}/meshing/api/v1/table/seen_seg/manifest/{root}:0?verify=True"
    answer = requests.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"fragments": []})


@pytest.mark.parametrize(
    "link", ["datastack.json", "volumes", "tables/cells/v1.parquet", "views", ""]
)
def test_a_folder_with_a_circle_of_links_is_refused(tmp_path: Path, link: str) -> None:
    rows = pd.DataFrame({"id": [1], "cell_type": ["a"]})
    place = write_folder(tmp_path / "served", {"cells": rows}) / link
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(place.name)
    with pytest.raises(StandinError, match=r"back to itself"):
        serve(tmp_path / "served")
